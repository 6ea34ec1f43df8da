// SPDX-License-Identifier: Apache-2.0
//
// A debugger's conversation with a machine that is none.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "debugger/fake_target.h"
#include "debugger/session.h"

namespace epoch::gdb {
namespace {

struct Conversation {
  FakeTarget target;
  Session session{target};

  // The payloads of the answers; acknowledgements are left out.
  std::vector<std::string> answers(const std::string& bytes) {
    session.receive(bytes);
    return sent();
  }
  std::vector<std::string> sent() {
    PacketReader reader;
    reader.feed(session.take_output());
    std::vector<std::string> payloads;
    while (const auto event = reader.next()) {
      CHECK(event->kind != Event::Kind::malformed);
      if (event->kind == Event::Kind::packet) payloads.push_back(event->text);
    }
    return payloads;
  }
  std::string ask(const std::string& payload) {
    const auto payloads = answers(encode_packet(payload));
    return payloads.size() == 1 ? payloads[0] : std::to_string(payloads.size()) + " answers";
  }
};

TEST_CASE("packets are acknowledged until the debugger does not want it") {
  Conversation talk;
  talk.session.receive("$?#3f");
  CHECK(talk.session.take_output().substr(0, 2) == "+$");
  talk.session.receive("$?#40");
  CHECK(talk.session.take_output() == "-");
  talk.session.receive(encode_packet("QStartNoAckMode"));
  CHECK(talk.session.take_output() == "+$OK#9a");
  talk.session.receive("$T1#85");
  CHECK(talk.session.take_output() == "$OK#9a");
}

TEST_CASE("an answer that was not understood is sent again") {
  Conversation talk;
  talk.ask("qC");
  CHECK(talk.answers("-") == std::vector<std::string>{"QC1"});
  CHECK(talk.answers("-") == std::vector<std::string>{"QC1"});
}

TEST_CASE("what the stub can do") {
  Conversation talk;
  const std::string features = talk.ask("qSupported:multiprocess+;swbreak+;hwbreak+");
  for (const char* feature : {"PacketSize=4000", "swbreak+", "hwbreak+", "vContSupported+",
                              "qXfer:features:read+", "QStartNoAckMode+"}) {
    CHECK(features.find(feature) != std::string::npos);
  }
  CHECK(talk.ask("vCont?") == "vCont;c;C;s;S;r");
  CHECK(talk.ask("qAttached") == "1");
  CHECK(talk.ask("qfThreadInfo") == "m1");
  CHECK(talk.ask("qsThreadInfo") == "l");
  CHECK(talk.ask("Hg0") == "OK");
  CHECK(talk.ask("T1") == "OK");
  CHECK(talk.ask("T2") == "E01");
  CHECK(talk.ask("vMustReplyEmpty").empty());
}

TEST_CASE("the target description comes in pieces, with the numbers that GDB knows") {
  Conversation talk;
  std::string xml;
  for (;;) {
    char range[40];
    std::snprintf(range, sizeof range, "%zx,30", xml.size());
    const std::string piece = talk.ask(std::string("qXfer:features:read:target.xml:") + range);
    REQUIRE(!piece.empty());
    xml += piece.substr(1);
    if (piece[0] == 'l') break;
    REQUIRE(piece[0] == 'm');
    REQUIRE(piece.size() == 0x31);
  }
  CHECK(xml == target_xml(talk.target.registers()));
  for (const char* part :
       {"org.gnu.gdb.riscv.cpu", "org.gnu.gdb.riscv.csr", "riscv:rv32", "<osabi>none</osabi>",
        "name=\"pc\" bitsize=\"32\" type=\"code_ptr\" regnum=\"32\"",
        "name=\"mscratch\" bitsize=\"32\" type=\"int\" regnum=\"897\""}) {
    CAPTURE(part);
    CHECK(xml.find(part) != std::string::npos);
  }
  CHECK(xml.find("riscv.fpu") == std::string::npos);
  CHECK(target_xml({{"fa0", 43, TargetRegister::Feature::fpu}}).find("ieee_single") !=
        std::string::npos);
  CHECK(talk.ask("qXfer:features:read:target.xml:ffffffff,10") == "l");
  CHECK(talk.ask("qXfer:features:read:other.xml:0,10") == "E00");
}

TEST_CASE("registers") {
  Conversation talk;
  talk.target.values[1] = 0x11223344;
  talk.target.values[kPcNumber] = 0x80000000;
  const std::string all = talk.ask("g");
  REQUIRE(all.size() == 33 * 8);
  CHECK(all.substr(8, 8) == "44332211");
  CHECK(all.substr(32 * 8) == "00000080");
  std::string changed = all;
  changed.replace(5 * 8, 8, "01000000");
  CHECK(talk.ask("G" + changed) == "OK");
  CHECK(talk.target.values[5] == 1);
  CHECK(talk.ask("P381=efbeadde") == "OK");
  CHECK(talk.target.csr == 0xdeadbeef);
  CHECK(talk.ask("p381") == "efbeadde");
  CHECK(talk.ask("p382") == "E02");
  CHECK(talk.ask("P382=00000000") == "E.no such register");
  CHECK(talk.ask("p80000000000000000") == "E01");
  CHECK(talk.ask("G00") == "E01");
}

TEST_CASE("memory") {
  Conversation talk;
  CHECK(talk.ask("M1004,3:010203") == "OK");
  CHECK(talk.ask("m1003,5") == "0001020300");
  CHECK(talk.ask("X1008,4:\n$#}") == "OK");
  CHECK(talk.ask("m1008,4") == "0a24237d");
  CHECK(talk.ask("m1ffe,10") == "0000");
  CHECK(talk.ask("m2000,1") == "E0e");
  CHECK(talk.ask("X1008,0:") == "OK");
  CHECK(talk.ask("M1fff,2:0000") == "E.no memory there");
  CHECK(talk.ask("M1000,2:00") == "E01");
  CHECK(talk.ask("m1000,100000").size() == 2 * FakeTarget::kBytes);
}

TEST_CASE("breakpoints and watchpoints") {
  Conversation talk;
  for (const char* point : {"0,1000,2", "1,1002,4", "2,1004,1", "3,1008,8", "4,1010,4"}) {
    CHECK(talk.ask(std::string("Z") + point) == "OK");
  }
  CHECK(talk.target.points.size() == 5);
  CHECK(talk.target.points.count({PointKind::access_watch, 0x1010, 4}) == 1);
  CHECK(talk.ask("Z0,1000,2;X3,220027") == "OK");  // conditions are GDB's to check
  CHECK(talk.ask("z1,1002,4") == "OK");
  CHECK(talk.target.points.size() == 4);
  CHECK(talk.ask("Z5,1000,2").empty());
}

TEST_CASE("orders are given once, and a stop is told to who waits for it") {
  Conversation talk;
  CHECK(talk.answers(encode_packet("vCont;r1000,1010:1")).empty());
  CHECK(!talk.session.halted());
  const auto order = talk.session.take_order();
  REQUIRE(order);
  CHECK(order->kind == Order::Kind::step);
  CHECK(order->range_first == 0x1000);
  CHECK(order->range_last == 0x1010);
  CHECK(!talk.session.take_order());
  talk.target.values[kPcNumber] = 0x1010;
  talk.session.stopped({});
  const auto told = talk.sent();
  REQUIRE(told.size() == 1);
  CHECK(told[0].substr(0, 3) == "T05");
  CHECK(told[0].find("20:10100000;") != std::string::npos);
  talk.session.stopped({});
  CHECK(talk.sent().empty());
  CHECK(talk.ask("?") == told[0]);
}

TEST_CASE("every form of an order") {
  const std::vector<std::pair<std::string, Order::Kind>> orders = {
      {"c", Order::Kind::go_on},
      {"s", Order::Kind::step},
      {"C05", Order::Kind::go_on},
      {"S05", Order::Kind::step},
      {"c1000", Order::Kind::go_on},
      {"C05;1000", Order::Kind::go_on},
      {"vCont;c", Order::Kind::go_on},
      {"vCont;s:1;c", Order::Kind::step},
      {"vCont;C05:1", Order::Kind::go_on},
      {"vCont;s:2;c:-1", Order::Kind::go_on},
      {"k", Order::Kind::kill}};
  for (const auto& [text, kind] : orders) {
    CAPTURE(text);
    Conversation talk;
    CHECK(talk.answers(encode_packet(text)).empty());
    const auto order = talk.session.take_order();
    REQUIRE(order);
    CHECK(order->kind == kind);
    const bool names_pc = text.find("1000") != std::string::npos;
    CHECK(talk.target.values[kPcNumber] == (names_pc ? 0x1000u : 0u));
  }
  Conversation talk;
  CHECK(talk.ask("D") == "OK");
  CHECK(talk.session.take_order()->kind == Order::Kind::detach);
  Conversation other;
  CHECK(other.ask("vKill;1") == "OK");
  CHECK(other.session.take_order()->kind == Order::Kind::kill);
}

TEST_CASE("why the machine stands") {
  const std::vector<std::pair<StopReport, std::string>> reports = {
      {{kSignalInterrupt, StopReport::Detail::none, 0}, "T02"},
      {{kSignalTrap, StopReport::Detail::software_breakpoint, 0}, "T05swbreak:;"},
      {{kSignalTrap, StopReport::Detail::hardware_breakpoint, 0}, "T05hwbreak:;"},
      {{kSignalTrap, StopReport::Detail::write_watch, 0x80001234}, "T05watch:80001234;"},
      {{kSignalTrap, StopReport::Detail::read_watch, 4}, "T05rwatch:00000004;"},
      {{kSignalTrap, StopReport::Detail::access_watch, 0}, "T05awatch:00000000;"}};
  Conversation plain;
  plain.session.stopped(reports[1].first);
  CHECK(plain.ask("?").find("swbreak") == std::string::npos);  // who did not ask for it
  for (const auto& [report, text] : reports) {
    Conversation talk;
    talk.ask("qSupported:swbreak+;hwbreak+");
    talk.session.stopped(report);
    CHECK(talk.ask("?").substr(0, text.size()) == text);
  }
}

TEST_CASE("while the machine runs, only an interrupt is heard") {
  Conversation talk;
  talk.answers(encode_packet("c"));
  CHECK(talk.session.take_order());
  CHECK(talk.answers(encode_packet("p20")).empty());
  CHECK(!talk.session.take_interrupt());
  CHECK(talk.answers("\x03").empty());
  CHECK(talk.session.take_interrupt());
  CHECK(!talk.session.take_interrupt());
  talk.session.stopped({kSignalInterrupt, StopReport::Detail::none, 0});
  const auto told = talk.sent();
  REQUIRE(told.size() == 2);
  CHECK(told[0].substr(0, 3) == "T02");
  CHECK(told[1] == "00000000");
  CHECK(talk.answers("\x03").empty());  // it stands already
  CHECK(!talk.session.take_interrupt());
}

TEST_CASE("an interrupt right behind the order is not lost") {
  Conversation talk;
  talk.answers(encode_packet("c") + "\x03");
  CHECK(talk.session.take_order());
  CHECK(talk.session.take_interrupt());
}

TEST_CASE("monitor prints in pieces that fit") {
  Conversation talk;
  const std::string line(1500, 'x');
  const auto payloads = talk.answers(encode_packet("qRcmd," + to_hex(line)));
  REQUIRE(payloads.size() == 3);
  CHECK(from_hex(payloads[0].substr(1))->size() == 1024);
  CHECK(payloads[0].substr(1) + payloads[1].substr(1) == to_hex("you said " + line + "\n"));
  CHECK(payloads[2] == "OK");
  CHECK(talk.ask("qRcmd,0") == "E01");
}

TEST_CASE("the end of the program, and text before it") {
  Conversation talk;
  talk.session.print("nobody waits");
  CHECK(talk.sent().empty());
  talk.answers(encode_packet("c"));
  talk.session.print("hello");
  talk.session.exited(71);
  CHECK(talk.sent() == std::vector<std::string>{"O68656c6c6f", "W47"});
}

TEST_CASE("a session moves to another process") {
  Conversation talk;
  talk.ask("qSupported:swbreak+");
  talk.ask("QStartNoAckMode");
  Conversation other;
  other.session.resume(talk.session.suspended());
  other.session.stopped({kSignalTrap, StopReport::Detail::software_breakpoint, 0});
  other.session.receive(encode_packet("?"));
  CHECK(other.session.take_output().substr(0, 12) == "$T05swbreak:");
}

}  // namespace
}  // namespace epoch::gdb
