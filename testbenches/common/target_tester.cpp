// SPDX-License-Identifier: Apache-2.0
#include "common/target_tester.h"

#include <cstring>

#include "common/bus_info.h"

namespace epoch {

TargetTester::TargetTester(const sc_core::sc_module_name& module_name, std::size_t bytes)
    : sc_module(module_name), socket("socket"), memory(bytes) {
  SC_HAS_PROCESS(TargetTester);
  SC_METHOD(respond);
  sensitive << respond_event_;
  dont_initialize();
  socket.register_b_transport(this, &TargetTester::b_transport);
  socket.register_nb_transport_fw(this, &TargetTester::nb_transport_fw);
  socket.register_get_direct_mem_ptr(this, &TargetTester::get_direct_mem_ptr);
  socket.register_transport_dbg(this, &TargetTester::transport_dbg);
}

void TargetTester::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  const BusInfo* info = payload.get_extension<BusInfo>();
  log.push_back({payload.get_command(), payload.get_address(), payload.get_data_length(),
                 sc_core::sc_time_stamp() + delay, info != nullptr,
                 info != nullptr ? info->initiator : 0, info != nullptr && info->reserves});
  if (before_access) before_access(payload);
  if (latency != sc_core::sc_max_time()) delay += latency;
  payload.set_response_status(response);
  if (response == tlm::TLM_OK_RESPONSE && !move(payload))
    payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

tlm::tlm_sync_enum TargetTester::nb_transport_fw(tlm::tlm_generic_payload& payload,
                                                 tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  if (phase == tlm::END_RESP) {
    responding_ = false;
    respond_event_.notify(delay);
    return tlm::TLM_COMPLETED;
  }
  sc_core::sc_time done = delay;
  b_transport(payload, done);
  payload.acquire();
  if (latency != sc_core::sc_max_time()) {
    answers_.emplace(sc_core::sc_time_stamp() + done, &payload);
    respond_event_.notify(answers_.begin()->first - sc_core::sc_time_stamp());
  }
  phase = tlm::END_REQ;
  return tlm::TLM_UPDATED;
}

void TargetTester::respond() {
  if (responding_ || answers_.empty()) return;
  const auto first = answers_.begin();
  if (first->first > sc_core::sc_time_stamp())
    return respond_event_.notify(first->first - sc_core::sc_time_stamp());
  tlm::tlm_generic_payload& payload = *first->second;
  answers_.erase(first);
  responding_ = true;
  tlm::tlm_phase phase = tlm::BEGIN_RESP;
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  if (socket->nb_transport_bw(payload, phase, delay) != tlm::TLM_ACCEPTED) {
    responding_ = false;
    respond_event_.notify(delay);
  }
  payload.release();
}

bool TargetTester::move(tlm::tlm_generic_payload& payload) {
  const std::uint64_t address = payload.get_address();
  const unsigned length = payload.get_data_length();
  if (address > memory.size() || length > memory.size() - address) return false;
  if (payload.is_read()) std::memcpy(payload.get_data_ptr(), memory.data() + address, length);
  if (payload.is_write()) std::memcpy(memory.data() + address, payload.get_data_ptr(), length);
  return true;
}

bool TargetTester::get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi& dmi) {
  dmi.init();
  if (!grants_dmi) return false;
  dmi.allow_read_write();
  dmi.set_dmi_ptr(memory.data());
  dmi.set_start_address(0);
  dmi.set_end_address(memory.size() - 1);
  return true;
}

unsigned TargetTester::transport_dbg(tlm::tlm_generic_payload& payload) {
  return move(payload) ? payload.get_data_length() : 0;
}

void TargetTester::invalidate_dmi(std::uint64_t first, std::uint64_t last) {
  socket->invalidate_direct_mem_ptr(first, last);
}

}  // namespace epoch
