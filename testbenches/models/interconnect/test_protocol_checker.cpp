// SPDX-License-Identifier: Apache-2.0
// Initiators and targets that break the base protocol, each in one way: the rule must fire, and
// name the hop and the transaction. Well-behaved ones on every hop: test_at_interconnect.
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "interconnect/protocol_checker.h"

using Catch::Contains;
using epoch::ProtocolChecker;
using sc_core::SC_NS;
using sc_core::sc_time;
using sc_core::SC_ZERO_TIME;

namespace {

// Both ends of a hop, whose calls are the test's; answers of the other side by `forward` and
// `backward`, TLM_ACCEPTED without.
struct Ends : sc_core::sc_module, tlm::tlm_mm_interface {
  using Payload = tlm::tlm_generic_payload;
  using Answer = tlm::tlm_sync_enum (*)(Payload&, tlm::tlm_phase&, sc_time&);

  tlm_utils::simple_initiator_socket<Ends> initiator{"initiator"};
  tlm_utils::simple_target_socket<Ends> target{"target"};
  ProtocolChecker checker{"hop"};
  std::vector<std::string> violations;
  Answer forward = nullptr, backward = nullptr;
  Payload one, two;
  unsigned char data[64] = {};

  explicit Ends(const sc_core::sc_module_name& name) : sc_module(name) {
    initiator.register_nb_transport_bw(this, &Ends::nb_transport_bw);
    target.register_nb_transport_fw(this, &Ends::nb_transport_fw);
    initiator.bind(checker.from_initiator);
    checker.to_target.bind(target);
    checker.on_violation = [this](const std::string& text) { violations.push_back(text); };
    for (Payload* payload : {&one, &two}) fill(*payload);
  }
  void fill(Payload& payload) {
    payload.set_mm(this);
    payload.acquire();
    payload.set_write();
    payload.set_address(payload.get_address() + 0x100);
    payload.set_data_ptr(data);
    payload.set_data_length(16);
    payload.set_streaming_width(16);
    payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  }
  void free(Payload*) override {}
  tlm::tlm_sync_enum nb_transport_fw(Payload& payload, tlm::tlm_phase& phase, sc_time& delay) {
    return forward != nullptr ? forward(payload, phase, delay) : tlm::TLM_ACCEPTED;
  }
  tlm::tlm_sync_enum nb_transport_bw(Payload& payload, tlm::tlm_phase& phase, sc_time& delay) {
    return backward != nullptr ? backward(payload, phase, delay) : tlm::TLM_ACCEPTED;
  }
  // The initiator, or the target, sends a phase.
  void send(Payload& payload, tlm::tlm_phase phase, double delay_ns = 0) {
    sc_time delay(delay_ns, SC_NS);
    initiator->nb_transport_fw(payload, phase, delay);
  }
  void answer(Payload& payload, tlm::tlm_phase phase, double delay_ns = 0) {
    sc_time delay(delay_ns, SC_NS);
    if (phase == tlm::BEGIN_RESP && status_ok) payload.set_response_status(tlm::TLM_OK_RESPONSE);
    target->nb_transport_bw(payload, phase, delay);
  }
  bool status_ok = true;

  void expect(const std::string& rule) const {
    REQUIRE(violations.size() == 1);
    CHECK_THAT(violations[0], Contains(rule) && Contains("hop: ") && Contains("0x00000100") &&
                                  Contains("write of 16 bytes"));
  }
};

struct Bench {
  Ends ends{"ends"};
  Bench() { sc_core::sc_start(SC_ZERO_TIME); }
};

}  // namespace

TEST_CASE("all four phases, one by one and shortened, are no violation") {
  Bench bench;
  Ends& ends = bench.ends;
  ends.send(ends.one, tlm::BEGIN_REQ);
  ends.answer(ends.one, tlm::END_REQ, 1);
  ends.send(ends.two, tlm::BEGIN_REQ, 1);
  ends.answer(ends.one, tlm::BEGIN_RESP, 2);
  ends.send(ends.one, tlm::END_RESP, 3);
  ends.answer(ends.two, tlm::BEGIN_RESP, 3);  // implies END_REQ
  CHECK(ends.checker.unfinished() == 1);
  ends.send(ends.two, tlm::END_RESP, 3);
  ends.fill(ends.one);
  ends.forward = [](Ends::Payload& payload, tlm::tlm_phase&, sc_time&) {
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
    return tlm::TLM_COMPLETED;
  };
  ends.send(ends.one, tlm::BEGIN_REQ, 4);
  ends.checker.check_finished();
  CHECK(ends.violations == std::vector<std::string>{});
  CHECK(ends.checker.finished() == 3);
}

TEST_CASE("a second BEGIN_REQ before END_REQ breaks request exclusion") {
  Bench bench;
  Ends& ends = bench.ends;
  ends.send(ends.two, tlm::BEGIN_REQ);
  ends.send(ends.one, tlm::BEGIN_REQ);
  ends.expect("request exclusion");
  CHECK_THAT(ends.violations[0], Contains("transaction 2"));
}

TEST_CASE("a second BEGIN_RESP before END_RESP breaks response exclusion") {
  Bench bench;
  Ends& ends = bench.ends;
  for (Ends::Payload* payload : {&ends.two, &ends.one}) {
    ends.send(*payload, tlm::BEGIN_REQ);
    ends.answer(*payload, tlm::END_REQ);
  }
  ends.answer(ends.two, tlm::BEGIN_RESP);
  ends.answer(ends.one, tlm::BEGIN_RESP);
  ends.expect("response exclusion");
}

TEST_CASE("the same transaction cannot begin twice") {
  Bench bench;
  Ends& ends = bench.ends;
  ends.send(ends.one, tlm::BEGIN_REQ);
  ends.send(ends.one, tlm::BEGIN_REQ);
  ends.expect("BEGIN_REQ of a transaction that has not ended");
}

TEST_CASE("END_REQ twice") {
  Bench bench;
  Ends& ends = bench.ends;
  ends.send(ends.one, tlm::BEGIN_REQ);
  ends.answer(ends.one, tlm::END_REQ);
  ends.answer(ends.one, tlm::END_REQ);
  ends.expect("END_REQ does not follow BEGIN_REQ");
}

TEST_CASE("BEGIN_RESP twice") {
  Bench bench;
  Ends& ends = bench.ends;
  ends.send(ends.one, tlm::BEGIN_REQ);
  ends.answer(ends.one, tlm::BEGIN_RESP);
  ends.answer(ends.one, tlm::BEGIN_RESP);
  ends.expect("a second BEGIN_RESP");
}

TEST_CASE("END_RESP before BEGIN_RESP") {
  Bench bench;
  Ends& ends = bench.ends;
  ends.send(ends.one, tlm::BEGIN_REQ);
  ends.send(ends.one, tlm::END_RESP);
  ends.expect("END_RESP does not follow BEGIN_RESP");
}

TEST_CASE("a phase of the other direction") {
  Bench bench;
  Ends& ends = bench.ends;
  ends.send(ends.one, tlm::BEGIN_REQ);
  ends.send(ends.one, tlm::END_REQ);
  ends.expect("an initiator sent END_REQ");
  ends.violations.clear();
  ends.answer(ends.one, tlm::END_RESP);
  ends.expect("a target sent END_RESP");
}

TEST_CASE("a phase of a transaction that has not begun, or has ended") {
  Bench bench;
  Ends& ends = bench.ends;
  ends.answer(ends.one, tlm::END_REQ);
  ends.expect("END_REQ of no transaction");
}

TEST_CASE("a phase before the one that it follows") {
  Bench bench;
  Ends& ends = bench.ends;
  ends.send(ends.one, tlm::BEGIN_REQ, 10);
  ends.answer(ends.one, tlm::END_REQ, 9);
  ends.expect("time: END_REQ");
}

TEST_CASE("each attribute that a target must leave alone") {
  struct Case {
    const char* rule;
    void (*bend)(Ends&);
  };
  const Case cases[] = {
      {"the command was changed", [](Ends& e) { e.one.set_read(); }},
      {"the data pointer was changed", [](Ends& e) { e.one.set_data_ptr(e.data + 1); }},
      {"the data length was changed", [](Ends& e) { e.one.set_data_length(8); }},
      {"the byte enable pointer was changed", [](Ends& e) { e.one.set_byte_enable_ptr(e.data); }},
      {"the streaming width was changed", [](Ends& e) { e.one.set_streaming_width(4); }},
  };
  Bench bench;
  Ends& ends = bench.ends;
  for (const Case& each : cases) {
    ends.send(ends.one, tlm::BEGIN_REQ);
    each.bend(ends);
    ends.answer(ends.one, tlm::BEGIN_RESP);
    ends.send(ends.one, tlm::END_RESP);
    ends.expect(each.rule);
    ends.violations.clear();
    ends.one.set_address(0);
    ends.one.set_byte_enable_ptr(nullptr);
    ends.fill(ends.one);
  }
}

TEST_CASE("the address is an interconnect's to change") {
  Bench bench;
  Ends& ends = bench.ends;
  ends.send(ends.one, tlm::BEGIN_REQ);
  ends.one.set_address(0);
  ends.answer(ends.one, tlm::END_REQ);
  CHECK(ends.violations.empty());
}

TEST_CASE("a response without a status") {
  Bench bench;
  Ends& ends = bench.ends;
  ends.status_ok = false;
  ends.send(ends.one, tlm::BEGIN_REQ);
  ends.answer(ends.one, tlm::BEGIN_RESP);
  ends.expect("response status is INCOMPLETE at BEGIN_RESP");
}

TEST_CASE("a request with a status") {
  Bench bench;
  Ends& ends = bench.ends;
  ends.one.set_response_status(tlm::TLM_OK_RESPONSE);
  ends.send(ends.one, tlm::BEGIN_REQ);
  ends.expect("response status is not INCOMPLETE at BEGIN_REQ");
}

TEST_CASE("a payload without a reference") {
  Bench bench;
  Ends& ends = bench.ends;
  ends.one.release();
  ends.send(ends.one, tlm::BEGIN_REQ);
  ends.expect("without a manager or reference");
}

TEST_CASE("a payload released before its end") {
  Bench bench;
  Ends& ends = bench.ends;
  ends.send(ends.one, tlm::BEGIN_REQ);
  ends.one.release();
  ends.answer(ends.one, tlm::END_REQ);
  ends.expect("released before its end");
}

TEST_CASE("a payload without a manager") {
  Bench bench;
  Ends& ends = bench.ends;
  tlm::tlm_generic_payload payload;
  payload.set_write();
  payload.set_address(0x100);
  payload.set_data_ptr(ends.data);
  payload.set_data_length(16);
  payload.set_streaming_width(16);
  ends.send(payload, tlm::BEGIN_REQ);
  ends.expect("without a manager or reference");
}

TEST_CASE("a transaction that the run leaves") {
  Bench bench;
  Ends& ends = bench.ends;
  ends.send(ends.one, tlm::BEGIN_REQ);
  ends.checker.check_finished();
  ends.expect("lost");
}

TEST_CASE("a violation that nobody asks for is a SystemC error") {
  Bench bench;
  Ends& ends = bench.ends;
  ends.checker.on_violation = nullptr;
  CHECK_THROWS_WITH(ends.send(ends.one, tlm::END_RESP), Contains("END_RESP of no transaction"));
}
