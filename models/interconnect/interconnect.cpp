// SPDX-License-Identifier: Apache-2.0
#include "interconnect/interconnect.h"

#include <algorithm>
#include <stdexcept>

#include "common/sim_time.h"

namespace epoch {

Interconnect::Interconnect(const sc_core::sc_module_name& module_name,
                           const InterconnectConfig& config)
    : sc_module(module_name),
      from_initiator("from_initiator", config.initiator_ports),
      to_target("to_target", config.target_ports),
      period_ps_(clock_period_ps(config.clock_mhz)),
      width_bytes_(config.width_bytes) {
  if (config.width_bytes == 0 || period_ps_ == 0)
    throw std::invalid_argument("interconnect: width_bytes and clock_mhz must be positive");
}

Interconnect::TargetSocket& Interconnect::add_initiator(const std::string& initiator_name,
                                                        bool reserves) {
  const std::size_t id = initiators_.size();
  if (id == from_initiator.size())
    throw std::length_error("interconnect: no port left for initiator " + initiator_name);
  Initiator& initiator = initiators_.emplace_back();
  initiator.name = initiator_name;
  initiator.info.initiator = static_cast<unsigned>(id);
  initiator.info.reserves = reserves;
  TargetSocket& socket = from_initiator[id];
  const int tag = static_cast<int>(id);
  socket.register_b_transport(this, &Interconnect::b_transport, tag);
  socket.register_get_direct_mem_ptr(this, &Interconnect::get_direct_mem_ptr, tag);
  socket.register_transport_dbg(this, &Interconnect::transport_dbg, tag);
  return socket;
}

Interconnect::InitiatorSocket& Interconnect::add_target(const std::string& target_name,
                                                        std::uint64_t base, std::uint64_t size) {
  const std::size_t port = targets_.size();
  if (port == to_target.size())
    throw std::length_error("interconnect: no port left for target " + target_name);
  map_.add(target_name, base, size);
  targets_.emplace_back().name = target_name;
  to_target[port].register_invalidate_direct_mem_ptr(this, &Interconnect::invalidate_direct_mem_ptr,
                                                     static_cast<int>(port));
  return to_target[port];
}

void Interconnect::end_of_elaboration() {
  for (std::size_t i = 0; i < initiators_.size(); ++i)
    if (from_initiator[i].get_base_port().size() == 0)
      SC_REPORT_ERROR(name(), ("initiator " + initiators_[i].name + " is not bound").c_str());
  for (std::size_t i = 0; i < targets_.size(); ++i)
    if (to_target[i].get_base_port().size() == 0)
      SC_REPORT_ERROR(name(), ("target " + targets_[i].name + " is not bound").c_str());
}

void Interconnect::b_transport(int id, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  Initiator& initiator = initiators_[static_cast<std::size_t>(id)];
  const AddressRange* range = map_.find(payload.get_address(), payload.get_data_length());
  const std::uint64_t arrival = now_ps(delay);
  route(initiator, range, payload, delay);
  if (on_access)
    on_access({arrival, initiator.name, range, payload.get_address(), payload.get_data_ptr(),
               payload.get_data_length(), payload.is_write(), payload.is_response_ok(),
               now_ps(delay)});
}

void Interconnect::route(Initiator& initiator, const AddressRange* range,
                         tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  if (range == nullptr) {
    ++initiator.traffic.errors;
    refuse(initiator, payload);
    return;
  }
  Target& target = targets_[range->port];
  if (initiator.address.attached()) {
    initiator.address.set(now_ps(delay), payload.get_address());
    initiator.target.set(now_ps(delay), range->port);
  }
  add_bus_time(initiator, target, payload.get_data_length(), delay);
  forward(initiator, *range, payload, delay);
  count(initiator.traffic, payload);
  count(target.traffic, payload);
}

void Interconnect::refuse(const Initiator& initiator, tlm::tlm_generic_payload& payload) {
  payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
  if (on_unmapped)
    on_unmapped(
        {initiator.name, payload.get_address(), payload.get_data_length(), payload.is_write()});
}

void Interconnect::add_bus_time(Initiator& initiator, Target& target, unsigned bytes,
                                sc_core::sc_time& delay) {
  const std::uint64_t cycles = (std::uint64_t{bytes} + width_bytes_ - 1) / width_bytes_;
  const std::uint64_t transfer = cycles * period_ps_;
  std::uint64_t waiting = 0;
  if (initiator.info.reserves) {
    const std::uint64_t arrival = now_ps(delay);
    const std::uint64_t start = std::max(arrival, target.free_ps);
    waiting = start - arrival;
    target.free_ps = start + transfer;
    for (Traffic* traffic : {&initiator.traffic, &target.traffic}) {
      traffic->busy_ps += transfer;
      traffic->waiting_ps += waiting;
    }
    if (target.busy.attached()) {
      target.busy.set(start, 1);
      target.owner.set(start, 1 + initiator.info.initiator);
      target.busy.set(target.free_ps, 0);
      target.owner.set(target.free_ps, 0);
    }
  }
  delay += from_ps(waiting + transfer);
}

void Interconnect::forward(Initiator& initiator, const AddressRange& range,
                           tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  const std::uint64_t address = payload.get_address();
  BusInfo* const outer = payload.set_extension(&initiator.info);
  payload.set_address(address - range.base);
  to_target[range.port]->b_transport(payload, delay);
  payload.set_address(address);
  payload.set_extension(outer);
}

void Interconnect::count(Traffic& traffic, const tlm::tlm_generic_payload& payload) const {
  if (!payload.is_response_ok()) {
    ++traffic.errors;
  } else if (payload.is_read()) {
    ++traffic.reads;
    traffic.read_bytes += payload.get_data_length();
  } else if (payload.is_write()) {
    ++traffic.writes;
    traffic.write_bytes += payload.get_data_length();
  }
}

bool Interconnect::get_direct_mem_ptr(int, tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
  const std::uint64_t address = payload.get_address();
  const AddressRange* range = map_.find(address);
  if (range == nullptr) {
    const AddressMap::Gap gap = map_.gap(address);
    dmi.allow_none();
    dmi.set_start_address(gap.first);
    dmi.set_end_address(gap.last);
    return false;
  }
  payload.set_address(address - range->base);
  const bool granted = to_target[range->port]->get_direct_mem_ptr(payload, dmi);
  payload.set_address(address);
  const std::uint64_t last = range->size - 1;
  const std::uint64_t start = std::min<std::uint64_t>(dmi.get_start_address(), last);
  const std::uint64_t end = std::min<std::uint64_t>(dmi.get_end_address(), last);
  dmi.set_start_address(range->base + start);
  dmi.set_end_address(range->base + end);
  dmi.set_read_latency(dmi.get_read_latency() + from_ps(period_ps_));
  dmi.set_write_latency(dmi.get_write_latency() + from_ps(period_ps_));
  return granted;
}

unsigned Interconnect::transport_dbg(int, tlm::tlm_generic_payload& payload) {
  const std::uint64_t address = payload.get_address();
  const AddressRange* range = map_.find(address, payload.get_data_length());
  if (range == nullptr) return 0;
  payload.set_address(address - range->base);
  const unsigned count = to_target[range->port]->transport_dbg(payload);
  payload.set_address(address);
  return count;
}

void Interconnect::invalidate_direct_mem_ptr(int port, sc_dt::uint64 start, sc_dt::uint64 end) {
  const auto is_port = [port](const AddressRange& r) {
    return r.port == static_cast<std::size_t>(port);
  };
  const auto range = std::find_if(map_.ranges().begin(), map_.ranges().end(), is_port);
  const std::uint64_t last = range->size - 1;
  if (start > last) return;
  for (std::size_t i = 0; i < initiators_.size(); ++i)
    from_initiator[i]->invalidate_direct_mem_ptr(range->base + start,
                                                 range->base + std::min<std::uint64_t>(end, last));
}

void Interconnect::attach_trace(TraceSink& sink) {
  const std::string scope = name();
  std::vector<std::string> owners{"idle"}, names;
  for (const Initiator& initiator : initiators_) owners.push_back(initiator.name);
  for (const Target& target : targets_) names.push_back(target.name);
  for (Initiator& initiator : initiators_) {
    initiator.address.attach(sink, scope + "." + initiator.name, "address", 64);
    initiator.target.attach(sink, scope + "." + initiator.name, "target", 8, names);
  }
  for (Target& target : targets_) {
    target.busy.attach(sink, scope + "." + target.name, "busy", 1);
    target.owner.attach(sink, scope + "." + target.name, "initiator", 8, owners);
    target.busy.set(now_ps(), 0);
    target.owner.set(now_ps(), 0);
  }
}

void Interconnect::statistics(Statistics& out) const {
  for (const Initiator& initiator : initiators_)
    report(out, std::string(name()) + ".initiator." + initiator.name, initiator.traffic);
  for (const Target& target : targets_)
    report(out, std::string(name()) + ".target." + target.name, target.traffic);
}

void Interconnect::report(Statistics& out, const std::string& scope, const Traffic& t) const {
  const auto ns = [](std::uint64_t ps) { return static_cast<double>(ps) / 1e3; };
  out.push_back({scope + ".reads", t.reads, "access", "Reads answered OK, DMI excluded"});
  out.push_back({scope + ".writes", t.writes, "access", "Writes answered OK, DMI excluded"});
  out.push_back({scope + ".read_bytes", t.read_bytes, "B", "Bytes of those reads"});
  out.push_back({scope + ".write_bytes", t.write_bytes, "B", "Bytes of those writes"});
  out.push_back({scope + ".errors", t.errors, "access", "Accesses answered with an error"});
  out.push_back({scope + ".busy", ns(t.busy_ps), "ns", "Time the port was reserved"});
  out.push_back(
      {scope + ".waiting", ns(t.waiting_ps), "ns", "Time reserving accesses waited for the port"});
}

}  // namespace epoch
