// SPDX-License-Identifier: Apache-2.0
// AtInterconnect: from a target's response to the initiator.
#include <algorithm>

#include "common/sim_time.h"
#include "interconnect/at_interconnect.h"

namespace epoch {

// The target has answered at `ps`; its bytes have moved.
void AtInterconnect::take_response(unsigned port, Piece& piece, std::uint64_t ps) {
  Flight& flight = *piece.flight;
  const tlm::tlm_generic_payload& payload = *piece.payload;
  if (port < targets_.size()) targets_[port].traffic.count(payload);
  if (!payload.is_response_ok()) {
    flight.status = payload.get_response_status();
  } else if (payload.is_read() || payload.is_write()) {
    flight.ok_bytes += payload.get_data_length();
    inside_bytes_ += payload.get_data_length();
  }
  piece.ready_ps = edge_after(ps);
  Slave& slave = slaves_[port];
  const bool first = slave.responses.first == nullptr;
  slave.responses.push(piece);
  if (first) show_first(port);
  if (--flight.unanswered == 0 && flight.granted >= flight.length && on_access) tell_access(flight);
}

void AtInterconnect::show_first(unsigned port) {
  const Piece* const first = slaves_[port].responses.first;
  if (first == nullptr) return;
  const unsigned id = first->flight->initiator;
  masters_[id].answering |= std::uint64_t{1} << port;
  answering_ |= std::uint64_t{1} << id;
}

std::uint64_t AtInterconnect::candidates(const Master& master, std::uint64_t edge_ps) const {
  std::uint64_t bits = 0;
  for (std::uint64_t rest = master.answering; rest != 0; rest &= rest - 1) {
    const Slave& slave = slaves_[lowest_bit(rest)];
    if (slave.responses.first->ready_ps <= edge_ps && slave.response_free_ps <= edge_ps)
      bits |= rest & -rest;
  }
  return bits;
}

std::uint64_t AtInterconnect::next_grant(const Master& master) const {
  if (master.answered != nullptr) return never;
  std::uint64_t edge_ps = never;
  for (std::uint64_t rest = master.answering; rest != 0; rest &= rest - 1) {
    const Slave& slave = slaves_[lowest_bit(rest)];
    edge_ps = std::min(edge_ps, std::max(slave.responses.first->ready_ps, slave.response_free_ps));
  }
  return std::max(edge_ps, master.response_free_ps);
}

void AtInterconnect::grant_responses(std::uint64_t edge_ps) {
  for (std::uint64_t rest = answering_; rest != 0; rest &= rest - 1) {
    const unsigned id = lowest_bit(rest);
    Master& master = masters_[id];
    if (master.answered != nullptr || master.response_free_ps > edge_ps) continue;
    const std::uint64_t answering = candidates(master, edge_ps);
    if (answering != 0) grant_response(id, master.turn.pick(answering), edge_ps);
  }
}

// A read's data occupy the response channel; of a write, or an error, one beat does.
void AtInterconnect::grant_response(unsigned id, unsigned port, std::uint64_t edge_ps) {
  Master& master = masters_[id];
  Slave& slave = slaves_[port];
  Piece& piece = slave.responses.pop();
  master.answering &= ~(std::uint64_t{1} << port);
  if (master.answering == 0) answering_ &= ~(std::uint64_t{1} << id);
  const tlm::tlm_generic_payload& payload = *piece.payload;
  const bool has_data = payload.is_read() && payload.is_response_ok();
  const std::uint64_t cycles =
      has_data ? beats(payload.get_address(), payload.get_data_length()) : 1;
  const std::uint64_t busy_ps = cycles * period_ps();
  const std::uint64_t waiting_ps = edge_ps - piece.ready_ps;
  slave.response_free_ps = master.response_free_ps = edge_ps + busy_ps;
  slave.response_busy_ps += busy_ps;
  slave.response_waiting_ps += waiting_ps;
  master.response_busy_ps += busy_ps;
  master.response_waiting_ps += waiting_ps;
  --slave.outstanding;
  if (port < targets_.size() && targets_[port].speaks == Transport::at && !piece.completed) {
    tlm::tlm_phase phase = tlm::END_RESP;
    sc_core::sc_time delay = from_ps(busy_ps - period_ps());
    to_target[port]->nb_transport_fw(*piece.payload, phase, delay);
  }
  show_first(port);
  Flight& flight = *piece.flight;
  end_piece(piece);
  if (--flight.open == 0 && flight.granted >= flight.length) answer(flight, busy_ps + latency_ps_);
}

void AtInterconnect::end_piece(Piece& piece) {
  Flight& flight = *piece.flight;
  if (flight.split) return piece.own.release();  // free() takes the piece back
  piece.payload->set_extension<BusInfo>(flight.outer);
  piece.payload->set_address(flight.address);
  pieces_.put(piece);
}

void AtInterconnect::free(tlm::tlm_generic_payload* payload) {
  pieces_.put(static_cast<Piece&>(*payload->get_extension<BusInfo>()));
}

void AtInterconnect::answer(Flight& flight, std::uint64_t delay_ps) {
  const unsigned id = flight.initiator;
  Master& master = masters_[id];
  tlm::tlm_generic_payload& payload = *flight.payload;
  if (flight.split) payload.set_response_status(flight.status);
  --master.outstanding;
  --master.in_flight;
  Initiator& initiator = initiators_[id];
  initiator.traffic.count(payload);
  if (initiator.bytes.asked()) record_answer(initiator, payload, now_ps() + delay_ps);
  inside_bytes_ -= flight.ok_bytes;
  if (!payload.is_response_ok()) failed_bytes_ += flight.ok_bytes;
  flights_.put(flight);
  master.answered = &payload;
  tlm::tlm_phase phase = tlm::BEGIN_RESP;
  sc_core::sc_time delay = from_ps(delay_ps);
  if (from_initiator[id]->nb_transport_bw(payload, phase, delay) == tlm::TLM_ACCEPTED) return;
  master.answered = nullptr;
  if (to_ps(delay) > delay_ps)  // the initiator makes the next one wait
    master.response_free_ps = std::max(master.response_free_ps, edge_after(now_ps(delay)));
  payload.release();
}

void AtInterconnect::tell_access(const Flight& flight) {
  const tlm::tlm_generic_payload& payload = *flight.payload;
  on_access({now_ps(), initiators_[flight.initiator].name, flight.range, flight.address,
             payload.get_data_ptr(), flight.length, payload.is_write(),
             flight.status == tlm::TLM_OK_RESPONSE, flight.arrival_ps, now_ps()});
}

}  // namespace epoch
