// SPDX-License-Identifier: Apache-2.0
#include "cpu_board.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace epoch {

CpuBoard::CpuBoard(const sc_core::sc_module_name& module_name, const CpuConfig& config)
    : sc_module(module_name),
      memory("memory", kMemoryBytes),
      device("device", 0x1000),
      cpu("cpu", config),
      from_cpu_("from_cpu"),
      to_memory_("to_memory"),
      to_device_("to_device") {
  from_cpu_.register_b_transport(this, &CpuBoard::b_transport);
  from_cpu_.register_get_direct_mem_ptr(this, &CpuBoard::get_direct_mem_ptr);
  to_memory_.register_invalidate_direct_mem_ptr(this, &CpuBoard::invalidate);
  cpu.bus.bind(from_cpu_);
  to_memory_.bind(memory.socket);
  to_device_.bind(device.socket);
  cpu.software_interrupt(software);
  cpu.timer_interrupt(timer);
  cpu.external_interrupt(external);
  memory.grants_dmi = true;
  cpu.on_unhandled_trap = [this](const TrapInfo& info) {
    trap = info;
    ended = true;
    end_time = sc_core::sc_time_stamp();
  };
}

void CpuBoard::load(std::uint32_t address, const std::vector<std::uint32_t>& words) {
  std::memcpy(memory.memory.data() + address, words.data(), 4 * words.size());
}

void CpuBoard::load_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  std::copy(bytes.begin(), bytes.end(), memory.memory.begin());
}

std::uint32_t CpuBoard::word(std::uint32_t address) const {
  std::uint32_t value = 0;
  std::memcpy(&value, memory.memory.data() + address, sizeof value);
  return value;
}

void CpuBoard::run_to_end() {
  for (int slice = 0; slice < 1000 && !ended; ++slice) sc_core::sc_start(1, sc_core::SC_MS);
  if (!ended) throw std::runtime_error("the program did not end in a second");
}

void CpuBoard::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  const std::uint64_t address = payload.get_address();
  if (address < kMemoryBytes) {
    to_memory_->b_transport(payload, delay);
    payload.set_dmi_allowed(memory.grants_dmi);
  } else if (address - kDevice < device.memory.size()) {
    payload.set_address(address - kDevice);
    to_device_->b_transport(payload, delay);
    payload.set_address(address);
  } else {
    payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
  }
}

bool CpuBoard::get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
  return payload.get_address() < kMemoryBytes && to_memory_->get_direct_mem_ptr(payload, dmi);
}

void CpuBoard::invalidate(sc_dt::uint64 first, sc_dt::uint64 last) {
  from_cpu_->invalidate_direct_mem_ptr(first, last);
}

}  // namespace epoch
