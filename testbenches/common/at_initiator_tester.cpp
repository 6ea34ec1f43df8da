// SPDX-License-Identifier: Apache-2.0
#include "common/at_initiator_tester.h"

#include <algorithm>

#include "common/sim_time.h"

namespace epoch {

AtInitiatorTester::AtInitiatorTester(const sc_core::sc_module_name& module_name)
    : sc_module(module_name), socket("socket"), master_(socket) {
  SC_HAS_PROCESS(AtInitiatorTester);
  socket.register_nb_transport_bw(this, &AtInitiatorTester::nb_transport_bw);
  SC_METHOD(send);
  sensitive << put_;
}

void AtInitiatorTester::read(std::uint64_t address, unsigned bytes) {
  requests_.push_back({tlm::TLM_READ_COMMAND, address, std::vector<std::uint8_t>(bytes)});
  if (sc_core::sc_is_running()) put_.notify(sc_core::SC_ZERO_TIME);
}

void AtInitiatorTester::write(std::uint64_t address, const std::vector<std::uint8_t>& data) {
  requests_.push_back({tlm::TLM_WRITE_COMMAND, address, data});
  if (sc_core::sc_is_running()) put_.notify(sc_core::SC_ZERO_TIME);
}

void AtInitiatorTester::send() {
  const auto later = [](std::uint64_t ps) { return ps > now_ps(); };
  completing_.erase(completing_.begin(),
                    std::find_if(completing_.begin(), completing_.end(), later));
  while (sent_ < requests_.size() && sent_ - answers.size() + completing_.size() < outstanding) {
    Request& request = requests_[sent_];
    AtMaster::Transaction& transaction =
        master_.make(*this, request.command, request.address, request.data.data(),
                     static_cast<unsigned>(request.data.size()));
    transaction.tag = sent_++;
    master_.send(transaction);
  }
  if (sent_ < requests_.size() && !completing_.empty())
    put_.notify(from_ps(completing_.front() - now_ps()));
}

// The next one is sent when the answer is complete, not when it is known.
void AtInitiatorTester::answered(AtMaster::Transaction& transaction, std::uint64_t done_ps) {
  answers.push_back({transaction.tag, done_ps, transaction.get_response_status(),
                     requests_[transaction.tag].data});
  completing_.push_back(done_ps);
  if (on_answer) on_answer(answers.back());
  if (sent_ < requests_.size()) put_.notify(from_ps(completing_.front() - now_ps()));
}

tlm::tlm_sync_enum AtInitiatorTester::nb_transport_bw(tlm::tlm_generic_payload& payload,
                                                      tlm::tlm_phase& phase,
                                                      sc_core::sc_time& delay) {
  return master_.nb_transport_bw(payload, phase, delay);
}

}  // namespace epoch
