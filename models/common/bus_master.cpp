// SPDX-License-Identifier: Apache-2.0
#include "common/bus_master.h"

#include "common/sim_time.h"

namespace epoch {

BusMaster::Answer BusMaster::access(tlm::tlm_command command, std::uint64_t address, void* data,
                                    unsigned bytes) {
  auto* const at = static_cast<std::uint8_t*>(data);
  if (transport_ == Transport::lt) return access_lt(command, address, at, bytes);
  waiting_ = true;
  answered_.cancel();
  at_.send(at_.make(*this, command, address, at, bytes));
  while (waiting_ || answer_.done_ps > now_ps()) wait(answered_);
  return answer_;
}

void BusMaster::answered(AtMaster::Transaction& transaction, std::uint64_t done_ps) {
  waiting_ = false;
  answer_ = {transaction.is_response_ok(), transaction.is_dmi_allowed(), done_ps};
  answered_.notify(from_ps(done_ps - now_ps()));
}

BusMaster::Answer BusMaster::access_lt(tlm::tlm_command command, std::uint64_t address,
                                       std::uint8_t* data, unsigned bytes) {
  payload_.set_command(command);
  payload_.set_address(address);
  payload_.set_data_ptr(data);
  payload_.set_data_length(bytes);
  payload_.set_streaming_width(bytes);
  payload_.set_byte_enable_ptr(nullptr);
  payload_.set_dmi_allowed(false);
  payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  socket_->b_transport(payload_, delay);
  return {payload_.is_response_ok(), payload_.is_dmi_allowed(), now_ps(delay)};
}

}  // namespace epoch
