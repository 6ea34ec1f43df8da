// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <systemc>
#include <tlm>
#include <vector>

#include "common/at_master.h"

namespace epoch {

// A bus master of transport at under a test's control: sends what was put, keeping at most
// `outstanding` under way, and logs the answers.
//
//   AtInitiatorTester dma("dma");
//   dma.socket.bind(bus.add_initiator("dma", Share{}));
//   dma.read(0x80000000, 256);          // at time 0; from a process: now
//   sc_start();
//   CHECK(dma.answers[0].done_ps == 88'000);
class AtInitiatorTester : public sc_core::sc_module, private AtMaster::Client {
 public:
  tlm_utils::simple_initiator_socket<AtInitiatorTester> socket;

  explicit AtInitiatorTester(const sc_core::sc_module_name& name);

  std::size_t outstanding = ~std::size_t{0};
  // Bytes of the next request in the order of put; data of a read are in answers.
  void read(std::uint64_t address, unsigned bytes);
  void write(std::uint64_t address, const std::vector<std::uint8_t>& data);

  struct Answer {
    std::size_t number;  // in the order of put
    std::uint64_t done_ps;
    tlm::tlm_response_status status;
    std::vector<std::uint8_t> data;
  };
  std::vector<Answer> answers;  // in the order in which they came
  const AtMaster& master() const { return master_; }
  // Told of each answer.
  std::function<void(const Answer&)> on_answer;

 private:
  struct Request {
    tlm::tlm_command command;
    std::uint64_t address;
    std::vector<std::uint8_t> data;
  };
  void send();
  void answered(AtMaster::Transaction& transaction, std::uint64_t done_ps) override;
  tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay);

  AtMaster master_;
  std::deque<Request> requests_;  // all of them: data stay where they are
  std::size_t sent_ = 0;
  std::deque<std::uint64_t> completing_;  // of answers that are known, in order
  sc_core::sc_event put_;
};

}  // namespace epoch
