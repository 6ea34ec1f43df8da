// SPDX-License-Identifier: Apache-2.0
// AtInterconnect: from BEGIN_REQ of an initiator to the target.
#include <algorithm>

#include "common/sim_time.h"
#include "interconnect/at_interconnect.h"

namespace epoch {

bool AtInterconnect::may_grant(const Slave& slave) const {
  return slave.request == nullptr && slave.outstanding < target_limit_;
}

// A transaction that has begun is not held up by its initiator's limit.
bool AtInterconnect::may_ask(const Master& master) const {
  return master.outstanding < initiator_limit_ || master.request->granted != 0;
}

std::uint64_t AtInterconnect::candidates(const Slave& slave, std::uint64_t edge_ps) const {
  std::uint64_t bits = 0;
  for (std::uint64_t rest = slave.asking; rest != 0; rest &= rest - 1) {
    const Master& master = masters_[lowest_bit(rest)];
    if (master.request_ps <= edge_ps && may_ask(master)) bits |= rest & -rest;
  }
  return bits;
}

std::uint64_t AtInterconnect::next_grant(const Slave& slave) const {
  if (!may_grant(slave)) return never;
  std::uint64_t edge_ps = never;
  for (std::uint64_t rest = slave.asking; rest != 0; rest &= rest - 1) {
    const Master& master = masters_[lowest_bit(rest)];
    if (may_ask(master)) edge_ps = std::min(edge_ps, master.request_ps);
  }
  return std::max(edge_ps, slave.request_free_ps);
}

void AtInterconnect::grant_requests(std::uint64_t edge_ps) {
  for (std::uint64_t rest = asked_; rest != 0; rest &= rest - 1) {
    const unsigned port = lowest_bit(rest);
    Slave& slave = slaves_[port];
    if (slave.request_free_ps > edge_ps || !may_grant(slave)) continue;
    const std::uint64_t asking = candidates(slave, edge_ps);
    if (asking != 0) grant(slave.arbiter.pick(asking), port, edge_ps);
  }
}

// A write's data occupy the request channel, of a read one beat does.
void AtInterconnect::grant(unsigned id, unsigned port, std::uint64_t edge_ps) {
  Master& master = masters_[id];
  Slave& slave = slaves_[port];
  Flight& flight = *master.request;
  const unsigned bytes = piece_bytes(flight);
  const std::uint64_t address = flight.address + flight.granted;
  const std::uint64_t cycles =
      flight.payload->is_write() ? std::max<std::uint64_t>(1, beats(address, bytes)) : 1;
  const std::uint64_t busy_ps = cycles * period_ps();
  if (flight.granted == 0) ++master.outstanding;
  ++slave.outstanding;
  slave.request_free_ps = edge_ps + busy_ps;
  const std::uint64_t waiting_ps = edge_ps - flight.since_ps;
  initiators_[id].traffic.waiting_ps += waiting_ps;
  initiators_[id].traffic.busy_ps += busy_ps;
  if (port < targets_.size()) {
    targets_[port].traffic.waiting_ps += waiting_ps;
    targets_[port].traffic.busy_ps += busy_ps;
    trace_busy(targets_[port], id, edge_ps, slave.request_free_ps);
  }
  Piece& piece = make_piece(flight, bytes);
  const bool last = flight.granted >= flight.length;
  master.request_ps = flight.since_ps = slave.request_free_ps;
  if (last) {
    master.request = nullptr;
    slave.asking &= ~(std::uint64_t{1} << id);
    if (slave.asking == 0) asked_ &= ~(std::uint64_t{1} << port);
  }
  tlm::tlm_generic_payload& payload = *flight.payload;
  pass_on(piece, port, busy_ps + latency_ps_);
  if (last) end_request(id, payload, busy_ps - period_ps());
}

// Up to the next multiple of max_burst_bytes. What will be refused goes whole.
unsigned AtInterconnect::piece_bytes(const Flight& flight) const {
  const std::uint64_t address = flight.address + flight.granted;
  const unsigned left = flight.length - flight.granted;
  const auto room = static_cast<unsigned>(max_burst_ - address % max_burst_);
  const bool plain = flight.range != nullptr && flight.payload->get_byte_enable_ptr() == nullptr &&
                     flight.payload->get_streaming_width() >= flight.length &&
                     flight.payload->get_data_ptr() != nullptr;
  return plain ? std::min(left, room) : left;
}

AtInterconnect::Piece& AtInterconnect::make_piece(Flight& flight, unsigned bytes) {
  Piece& piece = pieces_.take();
  piece.initiator = flight.initiator;
  piece.reserves = true;
  piece.flight = &flight;
  piece.completed = false;
  const std::uint64_t base = flight.range != nullptr ? flight.range->base : 0;
  if (bytes == flight.length) {
    piece.payload = flight.payload;
    flight.outer = piece.payload->set_extension<BusInfo>(&piece);
    piece.payload->set_address(flight.address - base);
  } else {
    flight.split = true;
    if (!piece.own.has_mm()) piece.own.set_mm(this);
    piece.own.acquire();
    piece.own.set_command(flight.payload->get_command());
    piece.own.set_address(flight.address + flight.granted - base);
    piece.own.set_data_ptr(flight.payload->get_data_ptr() + flight.granted);
    piece.own.set_data_length(bytes);
    piece.own.set_streaming_width(bytes);
    piece.own.set_byte_enable_ptr(nullptr);
    piece.own.set_dmi_allowed(false);
    piece.own.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    piece.own.set_extension<BusInfo>(&piece);
    piece.payload = &piece.own;
  }
  flight.granted += bytes;
  ++flight.open;
  ++flight.unanswered;
  return piece;
}

void AtInterconnect::pass_on(Piece& piece, unsigned port, std::uint64_t delay_ps) {
  Slave& slave = slaves_[port];
  if (port == targets_.size() || targets_[port].speaks == Transport::lt) {
    piece.ready_ps = now_ps() + delay_ps;
    slave.arriving.push(piece);
    arriving_ |= std::uint64_t{1} << port;
    return;
  }
  slave.request = piece.payload;
  tlm::tlm_phase phase = tlm::BEGIN_REQ;
  sc_core::sc_time delay = from_ps(delay_ps);
  const tlm::tlm_sync_enum status = to_target[port]->nb_transport_fw(*piece.payload, phase, delay);
  if (status == tlm::TLM_ACCEPTED) return;
  slave.request = nullptr;
  const std::uint64_t at_ps = now_ps(delay);
  if (to_ps(delay) > delay_ps)  // the target makes the next one wait
    slave.request_free_ps = std::max(slave.request_free_ps, edge_after(at_ps));
  piece.completed = status == tlm::TLM_COMPLETED;
  if (piece.completed || phase == tlm::BEGIN_RESP) take_response(port, piece, at_ps);
}

// The next BEGIN_REQ, sent at this time, can be granted when the target's channel is free again.
void AtInterconnect::end_request(unsigned id, tlm::tlm_generic_payload& payload,
                                 std::uint64_t delay_ps) {
  tlm::tlm_phase phase = tlm::END_REQ;
  sc_core::sc_time delay = from_ps(delay_ps);
  from_initiator[id]->nb_transport_bw(payload, phase, delay);
}

// ---- targets that speak lt
// -----------------------------------------------------------------------

void AtInterconnect::serve_arrivals(std::uint64_t now) {
  for (std::uint64_t rest = arriving_; rest != 0; rest &= rest - 1) {
    const unsigned port = lowest_bit(rest);
    Fifo& arriving = slaves_[port].arriving;
    while (arriving.first != nullptr && arriving.first->ready_ps <= now)
      serve_arrival(port, arriving.pop());
    if (arriving.first == nullptr) arriving_ &= ~(std::uint64_t{1} << port);
  }
}

void AtInterconnect::serve_arrival(unsigned port, Piece& piece) {
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  if (port < targets_.size()) {
    to_target[port]->b_transport(*piece.payload, delay);
  } else {
    piece.payload->set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    tell_unmapped(initiators_[piece.flight->initiator], *piece.payload);
  }
  take_response(port, piece, now_ps(delay));
}

}  // namespace epoch
