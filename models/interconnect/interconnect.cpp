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
  serve(socket, tag);
  socket.register_get_direct_mem_ptr(this, &Interconnect::get_direct_mem_ptr, tag);
  socket.register_transport_dbg(this, &Interconnect::transport_dbg, tag);
  return socket;
}

Interconnect::InitiatorSocket& Interconnect::add_target(const std::string& target_name,
                                                        std::uint64_t base, std::uint64_t size,
                                                        Transport speaks) {
  const std::size_t port = targets_.size();
  if (port == to_target.size())
    throw std::length_error("interconnect: no port left for target " + target_name);
  map_.add(target_name, base, size);
  Target& target = targets_.emplace_back();
  target.name = target_name;
  target.speaks = speaks;
  serve(to_target[port], static_cast<int>(port));
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

void Interconnect::serve(InitiatorSocket&, int) {}

void Interconnect::tell_unmapped(const Initiator& initiator,
                                 const tlm::tlm_generic_payload& payload) const {
  if (on_unmapped)
    on_unmapped(
        {initiator.name, payload.get_address(), payload.get_data_length(), payload.is_write()});
}

void Interconnect::trace_request(Initiator& initiator, std::uint64_t ps, std::uint64_t address,
                                 std::size_t port) {
  if (!initiator.address.attached()) return;
  initiator.address.set(ps, address);
  initiator.target.set(ps, port);
}

void Interconnect::trace_busy(Target& target, unsigned initiator, std::uint64_t from_ps,
                              std::uint64_t to_ps) {
  if (!target.busy.attached()) return;
  target.busy.set(from_ps, 1);
  target.owner.set(from_ps, 1 + initiator);
  target.busy.set(to_ps, 0);
  target.owner.set(to_ps, 0);
}

void Interconnect::Traffic::count(const tlm::tlm_generic_payload& payload) {
  if (!payload.is_response_ok()) {
    ++errors;
  } else if (payload.is_read()) {
    ++reads;
    read_bytes += payload.get_data_length();
  } else if (payload.is_write()) {
    ++writes;
    write_bytes += payload.get_data_length();
  }
}

void Interconnect::record_answer(const Initiator& initiator,
                                 const tlm::tlm_generic_payload& payload, std::uint64_t ps) {
  if (payload.is_response_ok() && (payload.is_read() || payload.is_write()))
    initiator.bytes.of(payload.is_write())->add(ps, payload.get_data_length());
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

void Interconnect::record_series(SeriesSet& set) {
  for (Initiator& initiator : initiators_) {
    const std::string scope = std::string(name()) + ".initiator." + initiator.name;
    const auto add = [&](const char* direction, const char* description) {
      return &set.add(scope + direction, "B", description, SeriesValue::sum);
    };
    initiator.bytes = {
        add(".read_bytes", "Bytes of reads answered OK in the window, DMI excluded"),
        add(".write_bytes", "Bytes of writes answered OK in the window, DMI excluded")};
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
