// SPDX-License-Identifier: Apache-2.0
#include "interconnect/at_interconnect.h"

#include <algorithm>
#include <stdexcept>

#include "common/sim_time.h"

namespace epoch {

AtInterconnect::AtInterconnect(const sc_core::sc_module_name& module_name,
                               const InterconnectConfig& config)
    : Interconnect(module_name, config),
      arbitration_(config.arbitration),
      latency_ps_(config.latency_cycles * period_ps()),
      initiator_limit_(config.outstanding_per_initiator),
      target_limit_(config.outstanding_per_target),
      max_burst_(config.max_burst_bytes) {
  SC_HAS_PROCESS(AtInterconnect);
  if (initiator_limit_ == 0 || target_limit_ == 0)
    throw std::invalid_argument("interconnect: outstanding limits must be positive");
  if (max_burst_ == 0 || (max_burst_ & (max_burst_ - 1)) != 0)
    throw std::invalid_argument("interconnect: max_burst_bytes must be a power of two");
  if (config.initiator_ports > 64 || config.target_ports > 63)
    throw std::invalid_argument("interconnect: at most 64 initiators and 63 targets");
  SC_METHOD(step);
  sensitive << wake_;
  dont_initialize();
}

// Payloads of its own that a run has left in flight still point at their piece.
AtInterconnect::~AtInterconnect() {
  for (Piece& piece : pieces_.all) piece.own.clear_extension<BusInfo>();
}

Interconnect::TargetSocket& AtInterconnect::add_initiator(const std::string& initiator_name,
                                                          const Share& share) {
  TargetSocket& socket = Interconnect::add_initiator(initiator_name, true);
  shares_.back() = share;
  return socket;
}

void AtInterconnect::serve(TargetSocket& socket, int tag) {
  using Method = tlm::tlm_sync_enum (Interconnect::*)(int, tlm::tlm_generic_payload&,
                                                      tlm::tlm_phase&, sc_core::sc_time&);
  socket.register_nb_transport_fw(this, static_cast<Method>(&AtInterconnect::nb_transport_fw), tag);
  shares_.emplace_back();
}

void AtInterconnect::serve(InitiatorSocket& socket, int tag) {
  using Method = tlm::tlm_sync_enum (Interconnect::*)(int, tlm::tlm_generic_payload&,
                                                      tlm::tlm_phase&, sc_core::sc_time&);
  socket.register_nb_transport_bw(this, static_cast<Method>(&AtInterconnect::nb_transport_bw), tag);
}

void AtInterconnect::end_of_elaboration() {
  Interconnect::end_of_elaboration();
  masters_.resize(initiators_.size());
  slaves_.resize(targets_.size() + 1);
  for (Slave& slave : slaves_) slave.arbiter = Arbiter(arbitration_, shares_);
}

void AtInterconnect::Fifo::push(Piece& piece) {
  (first == nullptr ? first : last->next) = &piece;
  last = &piece;
}

AtInterconnect::Piece& AtInterconnect::Fifo::pop() {
  Piece& piece = *first;
  first = piece.next;
  piece.next = nullptr;
  return piece;
}

// ---- calls from outside ------------------------------------------------------------------------

tlm::tlm_sync_enum AtInterconnect::nb_transport_fw(int id, tlm::tlm_generic_payload& payload,
                                                   tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  Master& master = masters_[static_cast<std::size_t>(id)];
  if (phase == tlm::BEGIN_REQ && master.request == nullptr) {
    begin_request(static_cast<unsigned>(id), payload, now_ps(delay));
    return tlm::TLM_ACCEPTED;
  }
  if (phase == tlm::END_RESP && master.answered == &payload) {
    master.answered = nullptr;
    payload.release();
    master.response_free_ps = std::max(master.response_free_ps, edge_after(now_ps(delay)));
    if (!stepping_) schedule();
    return tlm::TLM_COMPLETED;
  }
  SC_REPORT_ERROR(name(), (initiators_[static_cast<std::size_t>(id)].name +
                           " breaks the base protocol: phase " + phase.get_name())
                              .c_str());
  return tlm::TLM_ACCEPTED;
}

tlm::tlm_sync_enum AtInterconnect::nb_transport_bw(int port, tlm::tlm_generic_payload& payload,
                                                   tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  Slave& slave = slaves_[static_cast<std::size_t>(port)];
  const std::uint64_t at_ps = now_ps(delay);
  if (slave.request == &payload && (phase == tlm::END_REQ || phase == tlm::BEGIN_RESP)) {
    slave.request = nullptr;
    slave.request_free_ps = std::max(slave.request_free_ps, edge_after(at_ps));
  }
  if (phase == tlm::BEGIN_RESP) {
    auto& piece = static_cast<Piece&>(*payload.get_extension<BusInfo>());
    take_response(static_cast<unsigned>(port), piece, at_ps);
  }
  if (!stepping_) schedule();
  return tlm::TLM_ACCEPTED;
}

void AtInterconnect::begin_request(unsigned id, tlm::tlm_generic_payload& payload,
                                   std::uint64_t arrival_ps) {
  Master& master = masters_[id];
  payload.acquire();
  Flight& flight = flights_.take();
  flight.payload = &payload;
  flight.address = payload.get_address();
  flight.length = payload.get_data_length();
  flight.arrival_ps = flight.since_ps = arrival_ps;
  flight.initiator = id;
  flight.granted = flight.open = flight.unanswered = flight.ok_bytes = 0;
  flight.split = false;
  flight.status = tlm::TLM_OK_RESPONSE;
  const AddressRange* range = master.recent;
  if (range == nullptr || flight.address < range->base || flight.address > range->last() ||
      flight.length == 0 || flight.length - 1 > range->last() - flight.address)
    range = map_.find(flight.address, flight.length);
  flight.range = range;
  if (range != nullptr) {
    master.recent = range;
    trace_request(initiators_[id], arrival_ps, flight.address, range->port);
  }
  const std::size_t port = range != nullptr ? range->port : targets_.size();
  master.request = &flight;
  master.request_ps = edge_after(arrival_ps);
  ++master.in_flight;
  Slave& slave = slaves_[port];
  slave.asking |= std::uint64_t{1} << id;
  asked_ |= std::uint64_t{1} << port;
  if (!stepping_ && may_grant(slave)) wake_at(std::max(master.request_ps, slave.request_free_ps));
}

// ---- time --------------------------------------------------------------------------------------

void AtInterconnect::wake_at(std::uint64_t ps) {
  if (ps >= wake_ps_) return;
  wake_ps_ = ps;
  wake_.notify(from_ps(ps - now_ps()));
}

void AtInterconnect::step() {
  const std::uint64_t now = now_ps();
  wake_ps_ = never;
  stepping_ = true;
  if (arriving_ != 0) serve_arrivals(now);
  if (now % period_ps() == 0) {
    if (asked_ != 0) grant_requests(now);
    if (answering_ != 0) grant_responses(now);
  }
  stepping_ = false;
  schedule();
}

// The next time at which step() finds something to do. An edge's grants are made once.
void AtInterconnect::schedule() {
  std::uint64_t edge_ps = never;
  for (std::uint64_t rest = asked_; rest != 0; rest &= rest - 1)
    edge_ps = std::min(edge_ps, next_grant(slaves_[lowest_bit(rest)]));
  for (std::uint64_t rest = answering_; rest != 0; rest &= rest - 1)
    edge_ps = std::min(edge_ps, next_grant(masters_[lowest_bit(rest)]));
  if (edge_ps != never) edge_ps = std::max(edge_ps, edge_after(now_ps()));
  for (std::uint64_t rest = arriving_; rest != 0; rest &= rest - 1) {
    const Slave& slave = slaves_[lowest_bit(rest)];
    edge_ps = std::min(edge_ps, slave.arriving.first->ready_ps);
  }
  if (edge_ps != never) wake_at(edge_ps);
}

// ---- accounting --------------------------------------------------------------------------------

std::string AtInterconnect::conservation() const {
  std::uint64_t given = 0, taken = 0;
  for (const Target& target : targets_)
    given += target.traffic.read_bytes + target.traffic.write_bytes;
  for (const Initiator& initiator : initiators_)
    taken += initiator.traffic.read_bytes + initiator.traffic.write_bytes;
  if (given == taken + inside_bytes_ + failed_bytes_) return "";
  return std::string(name()) + ": targets moved " + std::to_string(given) +
         " bytes, initiators were answered " + std::to_string(taken) + ", " +
         std::to_string(inside_bytes_) + " are on their way, " + std::to_string(failed_bytes_) +
         " belong to transactions that failed";
}

void AtInterconnect::statistics(Statistics& out) const {
  Interconnect::statistics(out);
  const auto add = [&](const std::string& scope, std::uint64_t busy, std::uint64_t waiting) {
    const auto ns = [](std::uint64_t ps) { return static_cast<double>(ps) / 1e3; };
    out.push_back({scope + ".response_busy", ns(busy), "ns", "Time its response channel was busy"});
    out.push_back(
        {scope + ".response_waiting", ns(waiting), "ns", "Time responses waited for that channel"});
  };
  for (std::size_t i = 0; i < masters_.size(); ++i)
    add(std::string(name()) + ".initiator." + initiators_[i].name, masters_[i].response_busy_ps,
        masters_[i].response_waiting_ps);
  for (std::size_t i = 0; i < targets_.size(); ++i)
    add(std::string(name()) + ".target." + targets_[i].name, slaves_[i].response_busy_ps,
        slaves_[i].response_waiting_ps);
}

}  // namespace epoch
