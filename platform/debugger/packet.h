// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace epoch::gdb {

// The frames of GDB's remote serial protocol (GDB manual, appendix E): "$" payload "#" and two
// hexadecimal digits of checksum; "+", "-" and 0x03 stand alone.

// What a stub announces as PacketSize. A longer frame is no packet.
constexpr std::size_t kPacketBytes = 0x4000;

struct Event {
  enum class Kind { packet, acknowledge, resend, interrupt, malformed };
  Kind kind = Kind::malformed;
  std::string text;  // the payload, unescaped; of a malformed one, why
};

// Cuts a stream of bytes into events. Bytes outside of a frame that mean nothing are skipped.
class PacketReader {
 public:
  void feed(std::string_view bytes) { input_.append(bytes); }
  std::optional<Event> next();

 private:
  std::optional<Event> frame();
  Event closed(std::size_t hash);

  std::string input_;
  std::size_t searched_ = 1;  // of a frame at the front: no end before this
  bool skipping_ = false;     // the rest of a frame that was too long
};

std::string encode_packet(std::string_view payload);

// Hexadecimal digits, two a byte. An odd count or another character is no text.
std::string to_hex(std::string_view bytes);
std::optional<std::string> from_hex(std::string_view digits);
// A number without prefix, at most 16 digits.
std::optional<std::uint64_t> hex_number(std::string_view digits);
// A register's or memory's four bytes, little endian, as eight digits.
std::string word_hex(std::uint32_t word);
std::optional<std::uint32_t> hex_word(std::string_view digits);

}  // namespace epoch::gdb
