// SPDX-License-Identifier: Apache-2.0
#include "cpu/native_cpu.h"

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <string>

#include "common/sim_time.h"
#include "cpu/trap.h"

namespace epoch {
namespace {

constexpr int kStackBytes = 1 << 20;  // host code, the C library's printf included

}  // namespace

NativeCpu::NativeCpu(const sc_core::sc_module_name& name, const CpuConfig& config)
    : sc_module(name),
      bus("bus"),
      software_interrupt("software_interrupt"),
      timer_interrupt("timer_interrupt"),
      external_interrupt("external_interrupt"),
      period_ps_(clock_period_ps(config.clock_mhz)),
      inputs_(software_interrupt, timer_interrupt, external_interrupt),
      master_(bus, config.transport) {
  SC_HAS_PROCESS(NativeCpu);
  bus.register_nb_transport_bw(this, &NativeCpu::nb_transport_bw);
  bus.register_invalidate_direct_mem_ptr(this, &NativeCpu::invalidate_direct);
  SC_THREAD(execute);
  set_stack_size(kStackBytes);
  SC_METHOD(trace_interrupts);
  sensitive << software_interrupt << timer_interrupt << external_interrupt;
}

void NativeCpu::execute() {
  sleeping_trace_.set(now_ps(), 0);
  if (program) program(*this);
}

bool NativeCpu::transport(tlm::tlm_command command, std::uint64_t address, void* data,
                          unsigned bytes) {
  const std::uint64_t started = now_ps();
  const BusMaster::Answer answer = master_.access(command, address, data, bytes);
  const std::uint64_t end = std::max(answer.done_ps, started + period_ps_);
  ++bus_accesses_;
  if (!answer.ok) last_fault_ = Fault{address, command == tlm::TLM_WRITE_COMMAND};
  wait(from_ps(edge_after(end) - now_ps()));
  return answer.ok;
}

tlm::tlm_sync_enum NativeCpu::nb_transport_bw(tlm::tlm_generic_payload& payload,
                                              tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  return master_.at().nb_transport_bw(payload, phase, delay);
}

bool NativeCpu::read(std::uint64_t address, void* data, unsigned bytes) {
  return transport(tlm::TLM_READ_COMMAND, address, data, bytes);
}

bool NativeCpu::write(std::uint64_t address, const void* data, unsigned bytes) {
  return transport(tlm::TLM_WRITE_COMMAND, address, const_cast<void*>(data), bytes);
}

void NativeCpu::sleep(std::uint32_t enabled) {
  sleep_.begin(now_ps());
  sleeping_trace_.set(now_ps(), 1);
  while ((interrupts() & enabled) == 0) wait(inputs_.changed());
  const std::uint64_t edge = edge_after(now_ps());
  if (edge > now_ps()) wait(from_ps(edge - now_ps()));
  sleep_.end(now_ps());
  sleeping_trace_.set(now_ps(), 0);
}

void NativeCpu::spin(std::uint64_t cycles) {
  if (cycles != 0) wait(from_ps(cycles * period_ps_));
}

const NativeCpu::Window* NativeCpu::window(std::uint64_t address, std::uint64_t bytes) const {
  for (const Window& w : windows_) {
    if (address >= w.first && address <= w.last && bytes - 1 <= w.last - address) return &w;
  }
  return nullptr;
}

void* NativeCpu::pointer(std::uint64_t address, std::uint64_t bytes) {
  if (bytes == 0) bytes = 1;
  if (window(address, 1) == nullptr) {
    tlm::tlm_generic_payload payload;
    payload.set_command(tlm::TLM_READ_COMMAND);  // a rom grants no more than that
    payload.set_address(address);
    tlm::tlm_dmi dmi;
    if (!bus->get_direct_mem_ptr(payload, dmi)) return nullptr;
    windows_.push_back({dmi.get_start_address(), dmi.get_end_address(), dmi.get_dmi_ptr()});
  }
  const Window* found = window(address, bytes);
  return found == nullptr ? nullptr : found->host + (address - found->first);
}

std::uint64_t NativeCpu::address(const void* pointer) const {
  const auto* byte = static_cast<const std::uint8_t*>(pointer);
  const std::less_equal<> below;  // a total order, whatever the pointers belong to
  for (const Window& w : windows_) {
    if (below(w.host, byte) && below(byte, w.host + (w.last - w.first))) {
      return w.first + static_cast<std::uint64_t>(byte - w.host);
    }
  }
  throw std::invalid_argument("the native program asks for the bus address of its own memory");
}

void NativeCpu::invalidate_direct(sc_dt::uint64 first, sc_dt::uint64 last) {
  for (const Window& w : windows_) {
    if (w.first <= last && w.last >= first) {
      throw std::logic_error("direct access to memory was withdrawn from a native program");
    }
  }
}

void NativeCpu::trace_interrupts() {
  inputs_.trace([](unsigned, bool) {});
}

void NativeCpu::attach_trace(TraceSink& sink) {
  sleeping_trace_.attach(sink, name(), "sleeping", 1);
  inputs_.attach_trace(sink, name());
}

void NativeCpu::statistics(Statistics& out) const {
  const std::string scope = std::string(name()) + ".";
  out.push_back({scope + "cycles", now_ps() / period_ps_, "cycle", "clock cycles since reset"});
  out.push_back({scope + "bus_accesses", bus_accesses_, "access", "register accesses"});
  out.push_back({scope + "wfi_time", static_cast<double>(sleep_.total(now_ps())) / 1000.0, "ns",
                 "simulated time asleep"});
}

}  // namespace epoch
