// SPDX-License-Identifier: Apache-2.0
// Every way in which the base protocol lets a target answer and an initiator accept: AtMaster and
// AtInterconnect with each of them, and a protocol checker between.
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <catch2/catch.hpp>
#include <memory>

#include "common/at_initiator_tester.h"
#include "common/sim_time.h"
#include "interconnect/at_interconnect.h"
#include "interconnect/protocol_checker.h"

using namespace epoch;

namespace {

constexpr std::uint64_t ns = 1000;

// A target that does nothing but answer, 50 ns after the request, in one of the protocol's shapes.
class ShapedTarget : public sc_core::sc_module {
 public:
  enum class Shape {
    completed,            // TLM_COMPLETED at BEGIN_REQ
    response_at_once,     // TLM_UPDATED, BEGIN_RESP
    end_request_at_once,  // TLM_UPDATED, END_REQ; BEGIN_RESP later
    end_request_delayed,  // the same, END_REQ annotated 30 ns late
    end_request_later,    // TLM_ACCEPTED; END_REQ 30 ns later, then BEGIN_RESP
    response_without_end  // TLM_ACCEPTED; BEGIN_RESP, which implies END_REQ
  };
  tlm_utils::simple_target_socket<ShapedTarget> socket;
  std::vector<std::uint64_t> arrivals;

  ShapedTarget(const sc_core::sc_module_name& module_name, Shape shape)
      : sc_module(module_name), socket("socket"), shape_(shape) {
    SC_HAS_PROCESS(ShapedTarget);
    socket.register_nb_transport_fw(this, &ShapedTarget::nb_transport_fw);
    SC_THREAD(run);
  }

 private:
  using Payload = tlm::tlm_generic_payload;

  tlm::tlm_sync_enum nb_transport_fw(Payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay) {
    if (phase == tlm::END_RESP) {
      ended_.notify(delay);
      return tlm::TLM_COMPLETED;
    }
    arrivals.push_back(now_ps(delay));
    if (shape_ == Shape::completed || shape_ == Shape::response_at_once) {
      payload.set_response_status(tlm::TLM_OK_RESPONSE);
      delay += from_ps(50 * ns);
      phase = tlm::BEGIN_RESP;
      return shape_ == Shape::completed ? tlm::TLM_COMPLETED : tlm::TLM_UPDATED;
    }
    payload.acquire();
    pending_.push_back({&payload, now_ps(delay)});
    begun_.notify(sc_core::SC_ZERO_TIME);
    if (shape_ == Shape::end_request_later || shape_ == Shape::response_without_end)
      return tlm::TLM_ACCEPTED;
    if (shape_ == Shape::end_request_delayed) delay += from_ps(30 * ns);
    phase = tlm::END_REQ;
    return tlm::TLM_UPDATED;
  }

  void wait_until(std::uint64_t ps) {
    if (ps > now_ps()) wait(from_ps(ps - now_ps()));
  }
  void run() {
    for (;;) {
      while (pending_.empty()) wait(begun_);
      const Pending first = pending_.front();
      pending_.pop_front();
      sc_core::sc_time delay;
      if (shape_ == Shape::end_request_later) {
        wait_until(first.arrival_ps + 30 * ns);
        tlm::tlm_phase phase = tlm::END_REQ;
        socket->nb_transport_bw(*first.payload, phase, delay);
      }
      wait_until(first.arrival_ps + 50 * ns);
      first.payload->set_response_status(tlm::TLM_OK_RESPONSE);
      tlm::tlm_phase phase = tlm::BEGIN_RESP;
      delay = sc_core::SC_ZERO_TIME;
      if (socket->nb_transport_bw(*first.payload, phase, delay) == tlm::TLM_ACCEPTED) wait(ended_);
      first.payload->release();
    }
  }

  struct Pending {
    Payload* payload;
    std::uint64_t arrival_ps;
  };
  const Shape shape_;
  std::deque<Pending> pending_;
  sc_core::sc_event begun_, ended_;
};

constexpr ShapedTarget::Shape shapes[] = {
    ShapedTarget::Shape::completed,           ShapedTarget::Shape::response_at_once,
    ShapedTarget::Shape::end_request_at_once, ShapedTarget::Shape::end_request_delayed,
    ShapedTarget::Shape::end_request_later,   ShapedTarget::Shape::response_without_end};

// An initiator that makes END_RESP wait: annotated, or in a call of its own 40 ns after BEGIN_RESP.
class SlowInitiator : public sc_core::sc_module, private tlm::tlm_mm_interface {
 public:
  tlm_utils::simple_initiator_socket<SlowInitiator> socket;
  std::vector<std::uint64_t> answers;

  SlowInitiator(const sc_core::sc_module_name& module_name, std::uint64_t address, bool annotates)
      : sc_module(module_name), socket("socket"), annotates_(annotates) {
    SC_HAS_PROCESS(SlowInitiator);
    socket.register_nb_transport_bw(this, &SlowInitiator::nb_transport_bw);
    for (auto& payload : payloads_) {
      payload.set_mm(this);
      payload.set_read();
      payload.set_address(address);
      payload.set_data_ptr(data_);
      payload.set_data_length(sizeof data_);
      payload.set_streaming_width(sizeof data_);
    }
    SC_THREAD(send);
    SC_METHOD(end_response);
    sensitive << end_;
    dont_initialize();
  }

 private:
  using Payload = tlm::tlm_generic_payload;
  void free(Payload*) override {}
  void send() {
    for (Payload& payload : payloads_) {
      payload.acquire();
      tlm::tlm_phase phase = tlm::BEGIN_REQ;
      sc_core::sc_time delay;
      socket->nb_transport_fw(payload, phase, delay);
      wait(request_ended_);
    }
  }
  tlm::tlm_sync_enum nb_transport_bw(Payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay) {
    if (phase == tlm::END_REQ) {
      request_ended_.notify(delay);
      return tlm::TLM_ACCEPTED;
    }
    answers.push_back(now_ps(delay));
    delay += from_ps(40 * ns);
    if (annotates_) {
      phase = tlm::END_RESP;
      return tlm::TLM_UPDATED;
    }
    responding_ = &payload;
    end_.notify(delay);
    return tlm::TLM_ACCEPTED;
  }
  void end_response() {
    tlm::tlm_phase phase = tlm::END_RESP;
    sc_core::sc_time delay;
    socket->nb_transport_fw(*responding_, phase, delay);
  }

  const bool annotates_;
  unsigned char data_[64];
  Payload payloads_[5];
  Payload* responding_ = nullptr;
  sc_core::sc_event request_ended_, end_;
};

// A checker whose violations are counted.
struct Watched {
  explicit Watched(const char* name) : checker(name) {
    checker.on_violation = [this](const std::string& text) { violations.push_back(text); };
  }
  ProtocolChecker checker;
  std::vector<std::string> violations;
};

}  // namespace

TEST_CASE("a master takes every shape of answer") {
  struct Pair {
    Pair(unsigned n, ShapedTarget::Shape shape)
        : master(("master" + std::to_string(n)).c_str()),
          watched(("hop" + std::to_string(n)).c_str()),
          target(("target" + std::to_string(n)).c_str(), shape) {
      master.socket.bind(watched.checker.from_initiator);
      watched.checker.to_target.bind(target.socket);
      master.outstanding = 3;
      for (unsigned i = 0; i < 10; ++i) master.read(64 * i, 64);
    }
    AtInitiatorTester master;
    Watched watched;
    ShapedTarget target;
  };
  std::vector<std::unique_ptr<Pair>> pairs;
  for (const auto shape : shapes)
    pairs.push_back(std::make_unique<Pair>(static_cast<unsigned>(pairs.size()), shape));
  sc_core::sc_start(10, sc_core::SC_US);
  for (const auto& pair : pairs) {
    CAPTURE(pair->target.name());
    pair->watched.checker.check_finished();
    CHECK(pair->watched.violations == std::vector<std::string>{});
    REQUIRE(pair->master.answers.size() == 10);
    for (std::size_t i = 0; i < 10; ++i) {
      CHECK(pair->master.answers[i].number == i);
      CHECK(pair->master.answers[i].status == tlm::TLM_OK_RESPONSE);
      CHECK(pair->master.answers[i].done_ps >= pair->target.arrivals[i] + 50 * ns);
    }
    CHECK(pair->master.answers[0].done_ps == 50 * ns);
    CHECK(pair->master.master().totals().read_bytes == 640);
  }
}

TEST_CASE("the interconnect takes every shape of answer") {
  AtInterconnect bus("bus", InterconnectConfig{});
  std::vector<std::unique_ptr<AtInitiatorTester>> masters;
  std::vector<std::unique_ptr<Watched>> hops;
  std::vector<std::unique_ptr<ShapedTarget>> targets;
  for (unsigned n = 0; n < std::size(shapes); ++n) {
    const std::string number = std::to_string(n);
    masters.push_back(std::make_unique<AtInitiatorTester>(("m" + number).c_str()));
    masters.back()->socket.bind(bus.add_initiator("m" + number, Share{}));
    hops.push_back(std::make_unique<Watched>(("hop" + number).c_str()));
    targets.push_back(std::make_unique<ShapedTarget>(("target" + number).c_str(), shapes[n]));
    bus.add_target("target" + number, 0x1000 * n, 0x1000, Transport::at)
        .bind(hops.back()->checker.from_initiator);
    hops.back()->checker.to_target.bind(targets.back()->socket);
    // This target knows of no response exclusion: it must not be asked before it is done.
    if (shapes[n] == ShapedTarget::Shape::response_at_once) masters.back()->outstanding = 1;
    for (unsigned i = 0; i < 10; ++i) masters.back()->read(0x1000 * n + 64 * i, 64);
  }
  sc_core::sc_start(10, sc_core::SC_US);
  // The edge after 0, a beat and the pipeline; the edge after the answer, a beat and the pipeline.
  constexpr std::uint64_t arrival = 6 * ns, done = 58 * ns + 4 * ns;
  for (unsigned n = 0; n < std::size(shapes); ++n) {
    CAPTURE(n);
    hops[n]->checker.check_finished();
    CHECK(hops[n]->violations == std::vector<std::string>{});
    REQUIRE(masters[n]->answers.size() == 10);
    CHECK(targets[n]->arrivals[0] == arrival);
    CHECK(masters[n]->answers[0].done_ps == done);
  }
  using Shape = ShapedTarget::Shape;
  const auto second = [&](Shape shape) {
    return targets[static_cast<std::size_t>(shape)]->arrivals[1] - arrival;
  };
  CHECK(second(Shape::end_request_at_once) == 2 * ns);
  CHECK(second(Shape::end_request_delayed) >= 30 * ns);
  CHECK(second(Shape::end_request_later) >= 30 * ns);
  CHECK(second(Shape::response_without_end) >= 50 * ns);
  CHECK(bus.conservation().empty());
}

TEST_CASE("an initiator that holds END_RESP back holds up its own responses only") {
  AtInterconnect bus("bus", InterconnectConfig{});
  SlowInitiator annotating("annotating", 0, true), calling("calling", 0, false);
  AtInitiatorTester quick("quick");
  ShapedTarget target("target", ShapedTarget::Shape::end_request_at_once);
  Watched first("first"), second("second");
  annotating.socket.bind(first.checker.from_initiator);
  first.checker.to_target.bind(bus.add_initiator("annotating", Share{}));
  calling.socket.bind(second.checker.from_initiator);
  second.checker.to_target.bind(bus.add_initiator("calling", Share{}));
  quick.socket.bind(bus.add_initiator("quick", Share{}));
  bus.add_target("target", 0, 0x1000, Transport::at).bind(target.socket);
  for (unsigned i = 0; i < 5; ++i) quick.read(0, 64);
  sc_core::sc_start(10, sc_core::SC_US);
  for (const SlowInitiator* slow : {&annotating, &calling}) {
    REQUIRE(slow->answers.size() == 5);
    for (std::size_t i = 1; i < 5; ++i) CHECK(slow->answers[i] >= slow->answers[i - 1] + 40 * ns);
  }
  CHECK(quick.answers.size() == 5);
  for (Watched* watched : {&first, &second}) {
    watched->checker.check_finished();
    CHECK(watched->violations == std::vector<std::string>{});
  }
}
