// SPDX-License-Identifier: Apache-2.0
#include "interconnect/lt_interconnect.h"

#include <algorithm>

#include "common/sim_time.h"

namespace epoch {

void LtInterconnect::serve(TargetSocket& socket, int tag) {
  using Method = void (Interconnect::*)(int, tlm::tlm_generic_payload&, sc_core::sc_time&);
  socket.register_b_transport(this, static_cast<Method>(&LtInterconnect::b_transport), tag);
}

void LtInterconnect::serve(InitiatorSocket&, int) {
  free_ps_.push_back(0);
}

void LtInterconnect::b_transport(int id, tlm::tlm_generic_payload& payload,
                                 sc_core::sc_time& delay) {
  Initiator& initiator = initiators_[static_cast<std::size_t>(id)];
  const AddressRange* range = map_.find(payload.get_address(), payload.get_data_length());
  const std::uint64_t arrival = now_ps(delay);
  route(initiator, range, payload, delay);
  if (on_access)
    on_access({arrival, initiator.name, range, payload.get_address(), payload.get_data_ptr(),
               payload.get_data_length(), payload.is_write(), payload.is_response_ok(), arrival,
               now_ps(delay)});
}

void LtInterconnect::route(Initiator& initiator, const AddressRange* range,
                           tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  if (range == nullptr) {
    ++initiator.traffic.errors;
    payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    tell_unmapped(initiator, payload);
    return;
  }
  trace_request(initiator, now_ps(delay), payload.get_address(), range->port);
  add_bus_time(initiator, range->port, payload.get_data_length(), delay);
  forward(initiator, *range, payload, delay);
  initiator.traffic.count(payload);
  if (initiator.bytes.asked()) record_answer(initiator, payload, now_ps(delay));
  targets_[range->port].traffic.count(payload);
}

void LtInterconnect::add_bus_time(Initiator& initiator, std::size_t port, unsigned bytes,
                                  sc_core::sc_time& delay) {
  const std::uint64_t transfer = beats(bytes) * period_ps();
  std::uint64_t waiting = 0;
  if (initiator.info.reserves) {
    Target& target = targets_[port];
    const std::uint64_t arrival = now_ps(delay);
    const std::uint64_t start = std::max(arrival, free_ps_[port]);
    waiting = start - arrival;
    free_ps_[port] = start + transfer;
    for (Traffic* traffic : {&initiator.traffic, &target.traffic}) {
      traffic->busy_ps += transfer;
      traffic->waiting_ps += waiting;
    }
    trace_busy(target, initiator.info.initiator, start, free_ps_[port]);
  }
  delay += from_ps(waiting + transfer);
}

void LtInterconnect::forward(Initiator& initiator, const AddressRange& range,
                             tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  const std::uint64_t address = payload.get_address();
  BusInfo* const outer = payload.set_extension(&initiator.info);
  payload.set_address(address - range.base);
  to_target[range.port]->b_transport(payload, delay);
  payload.set_address(address);
  payload.set_extension(outer);
}

}  // namespace epoch
