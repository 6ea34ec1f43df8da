// SPDX-License-Identifier: Apache-2.0
//
// The frames of GDB's protocol, against examples worked out by hand from its manual.
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "debugger/packet.h"

namespace epoch::gdb {
namespace {

using Kind = Event::Kind;

std::vector<Event> all(PacketReader& reader) {
  std::vector<Event> events;
  while (const auto event = reader.next()) events.push_back(*event);
  return events;
}

std::vector<Event> all(const std::string& bytes) {
  PacketReader reader;
  reader.feed(bytes);
  return all(reader);
}

TEST_CASE("a packet is what stands between $ and #, if its checksum is right") {
  const auto events = all("$g#67");
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == Kind::packet);
  CHECK(events[0].text == "g");
  CHECK(all("$#00")[0].text.empty());
  CHECK(all("$OK#9a")[0].text == "OK");
  CHECK(all("$OK#9A")[0].text == "OK");
  for (const char* wrong : {"$g#68", "$g#6g", "$g# 7", "$OK#00"}) {
    CAPTURE(wrong);
    CHECK(all(wrong).at(0).kind == Kind::malformed);
  }
}

TEST_CASE("escapes are undone on the way in and made on the way out") {
  CHECK(all("$}\x03#80").at(0).text == "#");
  CHECK(all("$}]#da").at(0).text == "}");
  CHECK(all("$}#7d").at(0).kind == Kind::malformed);
  CHECK(encode_packet("OK") == "$OK#9a");
  CHECK(encode_packet("") == "$#00");
  CHECK(encode_packet("#") == "$}\x03#80");
  std::string every;
  for (int byte = 0; byte < 256; ++byte) every += static_cast<char>(byte);
  const auto events = all(encode_packet(every));
  REQUIRE(events.size() == 1);
  CHECK(events[0].text == every);
}

TEST_CASE("single bytes mean something outside of a packet only") {
  const auto events = all("+-\x03noise\r\n+$+-\x03#5b");
  REQUIRE(events.size() == 5);
  CHECK(events[0].kind == Kind::acknowledge);
  CHECK(events[1].kind == Kind::resend);
  CHECK(events[2].kind == Kind::interrupt);
  CHECK(events[3].kind == Kind::acknowledge);
  CHECK(events[4].text == "+-\x03");
}

TEST_CASE("a packet may come in any pieces") {
  const std::string stream = "+" + encode_packet("m80000000,4") + "\x03$g#67-";
  const auto whole = all(stream);
  REQUIRE(whole.size() == 5);
  CHECK(whole[1].kind == Kind::packet);
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    PacketReader reader;
    reader.feed(stream.substr(0, cut));
    auto events = all(reader);
    reader.feed(stream.substr(cut));
    for (const Event& event : all(reader)) events.push_back(event);
    REQUIRE(events.size() == whole.size());
    for (std::size_t i = 0; i < whole.size(); ++i) CHECK(events[i].text == whole[i].text);
  }
}

TEST_CASE("what is lost on the way costs its packet and no other") {
  const auto begun = all("$m8000$g#67");
  REQUIRE(begun.size() == 2);
  CHECK(begun[0].kind == Kind::malformed);
  CHECK(begun[1].text == "g");
}

TEST_CASE("a packet without end is dropped, and its memory with it") {
  PacketReader reader;
  reader.feed("$");
  unsigned malformed = 0;
  for (unsigned n = 0; n < 100; ++n) {
    reader.feed(std::string(1000, 'x'));
    for (const Event& event : all(reader)) malformed += event.kind == Kind::malformed ? 1 : 0;
  }
  CHECK(malformed == 1);
  reader.feed("#00$g#67");
  const auto after = all(reader);
  REQUIRE(!after.empty());
  CHECK(after.back().text == "g");
  CHECK(all("$" + std::string(kPacketBytes + 1, 'x') + "#00").at(0).kind == Kind::malformed);
}

TEST_CASE("hexadecimal") {
  CHECK(to_hex(std::string("\x00\x7f\xff", 3)) == "007fff");
  CHECK(from_hex("007fFF") == std::string("\x00\x7f\xff", 3));
  CHECK(from_hex("") == "");
  CHECK(!from_hex("0"));
  CHECK(!from_hex("0g"));
  CHECK(hex_number("80000000") == 0x80000000u);
  CHECK(hex_number("ffffffffffffffff") == ~std::uint64_t{0});
  CHECK(!hex_number("10000000000000000"));
  CHECK(!hex_number(""));
  CHECK(!hex_number("-1"));
  CHECK(word_hex(0x12345678) == "78563412");
  CHECK(hex_word("78563412") == 0x12345678u);
  CHECK(!hex_word("7856341"));
  CHECK(!hex_word("785634120"));
}

}  // namespace
}  // namespace epoch::gdb
