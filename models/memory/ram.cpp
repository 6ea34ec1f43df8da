// SPDX-License-Identifier: Apache-2.0
#include "memory/ram.h"

#include "common/sim_time.h"

namespace epoch {

Ram::Ram(const sc_core::sc_module_name& module_name, const RamConfig& config)
    : sc_module(module_name),
      socket("socket"),
      storage_(config.size,
               config.read_only ? Storage::Rights::read_only : Storage::Rights::read_write),
      latency_(from_ps(ns_to_ps(config.latency_ns))) {
  socket.register_b_transport(this, &Ram::b_transport);
  socket.register_get_direct_mem_ptr(this, &Ram::get_direct_mem_ptr);
  socket.register_transport_dbg(this, &Ram::transport_dbg);
}

void Ram::watch(std::uint64_t address, std::uint64_t bytes, std::function<void()> callback) {
  storage_.watch(address, bytes, std::move(callback));
  if (dmi_granted_) socket->invalidate_direct_mem_ptr(0, storage_.size() - 1);
}

void Ram::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  delay += latency_;
  storage_.serve(payload);
  if (payload.is_response_error()) return;
  if (payload.is_read()) read_bytes_ += payload.get_data_length();
  if (payload.is_write()) write_bytes_ += payload.get_data_length();
}

bool Ram::get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
  const bool granted = storage_.get_direct_mem_ptr(payload, dmi);
  dmi.set_read_latency(latency_);
  dmi.set_write_latency(latency_);
  dmi_granted_ = dmi_granted_ || granted;
  return granted;
}

unsigned Ram::transport_dbg(tlm::tlm_generic_payload& payload) {
  return storage_.debug(payload);
}

void Ram::statistics(Statistics& out) const {
  const std::string scope = name();
  out.push_back({scope + ".read_bytes", read_bytes_, "B", "Bytes read, DMI excluded"});
  out.push_back({scope + ".write_bytes", write_bytes_, "B", "Bytes written, DMI excluded"});
}

}  // namespace epoch
