// SPDX-License-Identifier: Apache-2.0
#include "cpu/cpu.h"

#include <algorithm>
#include <limits>
#include <string>

#include "common/sim_time.h"

namespace epoch {
namespace {

__extension__ using Wide = unsigned __int128;
constexpr std::uint64_t kPsPerSecond = 1'000'000'000'000;

}  // namespace

Cpu::Cpu(const sc_core::sc_module_name& name, const CpuConfig& config)
    : sc_module(name),
      bus("bus"),
      software_interrupt("software_interrupt"),
      timer_interrupt("timer_interrupt"),
      external_interrupt("external_interrupt"),
      period_ps_(clock_period_ps(config.clock_mhz)),
      quantum_cycles_(std::max<std::uint64_t>(1, config.quantum_ns * 1000 / period_ps_)),
      grants_direct_(config.transport == Transport::lt ||
                     (config.icache.size_kib != 0 && config.dcache.size_kib != 0)),
      timebase_hz_(config.timebase_hz),
      hart_(*this, config),
      master_(bus, config.transport),
      inputs_(software_interrupt, timer_interrupt, external_interrupt) {
  SC_HAS_PROCESS(Cpu);
  bus.register_nb_transport_bw(this, &Cpu::nb_transport_bw);
  bus.register_invalidate_direct_mem_ptr(this, &Cpu::invalidate_direct);
  SC_THREAD(execute);
  SC_METHOD(trace_interrupts);
  sensitive << software_interrupt << timer_interrupt << external_interrupt;
}

void Cpu::execute() {
  pc_trace_.set(now_ps(), hart_.pc());
  sleeping_trace_.set(now_ps(), 0);
  for (;;) {
    hart_.set_interrupts(interrupts());
    note_latency();
    const Hart::Exit exit = hart_.run(quantum_cycles_);
    wake_ = false;
    synchronise();
    if (exit == Hart::Exit::wait_for_interrupt) sleep();
    if (exit == Hart::Exit::halted) break;
  }
  if (on_unhandled_trap) on_unhandled_trap(hart_.last_trap());
}

void Cpu::sleep() {
  sleep_.begin(now_ps());
  sleeping_trace_.set(now_ps(), 1);
  if (log_.on(LogLevel::debug)) log_.write(LogLevel::debug, now_ps(), "asleep in WFI");
  for (hart_.set_interrupts(interrupt_levels()); !hart_.interrupt_pending() && !wake_;
       hart_.set_interrupts(interrupt_levels())) {
    wait(inputs_.changed() | woken_);
  }
  hart_.sleep_until(first_cycle_at(now_ps()));
  sleep_.end(now_ps());
  if (log_.on(LogLevel::debug)) log_.write(LogLevel::debug, now_ps(), "awake");
  sleeping_trace_.set(now_ps(), 0);
}

void Cpu::wake() {
  wake_ = true;
  if (sleeping()) woken_.notify(sc_core::SC_ZERO_TIME);
}

HartDebugger& Cpu::attach_debugger() {
  if (debugger_ == nullptr) debugger_ = std::make_unique<HartDebugger>(hart_);
  return *debugger_;
}

// With a payload of its own: the hart's may be under way.
unsigned Cpu::debug_transport(tlm::tlm_command command, std::uint64_t address, std::uint8_t* data,
                              unsigned bytes) {
  tlm::tlm_generic_payload payload;
  payload.set_command(command);
  payload.set_address(address);
  payload.set_data_ptr(data);
  payload.set_data_length(bytes);
  payload.set_streaming_width(bytes);
  return bus->transport_dbg(payload);
}

void Cpu::synchronise() {
  const std::uint64_t now = now_ps();
  if (local_ps() > now) wait(from_ps(local_ps() - now));
}

// The access happens at the hart's own time; whatever the target adds to it, in the annotated delay
// or by waiting, stalls the hart up to its next clock edge.
BusReply Cpu::transport(tlm::tlm_command command, std::uint32_t address, std::uint8_t* data,
                        unsigned bytes) {
  synchronise();
  const BusMaster::Answer answer = master_.access(command, address, data, bytes);
  const std::uint64_t done = std::max(first_cycle_at(answer.done_ps), hart_.cycles());
  return {answer.ok, answer.dmi_allowed, done - hart_.cycles()};
}

tlm::tlm_sync_enum Cpu::nb_transport_bw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                        sc_core::sc_time& delay) {
  return master_.at().nb_transport_bw(payload, phase, delay);
}

BusReply Cpu::read(std::uint32_t address, std::uint8_t* data, unsigned bytes) {
  return transport(tlm::TLM_READ_COMMAND, address, data, bytes);
}

BusReply Cpu::write(std::uint32_t address, const std::uint8_t* data, unsigned bytes) {
  return transport(tlm::TLM_WRITE_COMMAND, address, const_cast<std::uint8_t*>(data), bytes);
}

BusReply Cpu::fetch(std::uint32_t address, std::uint8_t* data) {
  return transport(tlm::TLM_READ_COMMAND, address, data, 2);
}

// What is written back is what memory holds when the line reaches it, whoever wrote it: the data
// are memory's own.
BusReply Cpu::transfer_line(std::uint32_t address, unsigned bytes, bool write) {
  std::uint8_t data[kLongestLine];
  if (!write) return transport(tlm::TLM_READ_COMMAND, address, data, bytes);
  synchronise();
  tlm::tlm_dmi dmi;
  if (!direct_memory(tlm::TLM_WRITE_COMMAND, address, dmi)) return {};
  std::uint8_t* const line = dmi.get_dmi_ptr() + (address - dmi.get_start_address());
  return transport(tlm::TLM_WRITE_COMMAND, address, line, bytes);
}

bool Cpu::direct_memory(tlm::tlm_command command, std::uint32_t address, tlm::tlm_dmi& dmi) {
  tlm::tlm_generic_payload payload;
  payload.set_command(command);
  payload.set_address(address);
  return bus->get_direct_mem_ptr(payload, dmi) && address >= dmi.get_start_address() &&
         address <= dmi.get_end_address();
}

// Every byte of it costs a bus access in at, unless caches stand in front of it.
std::optional<DirectRegion> Cpu::direct_region(std::uint32_t address, bool write) {
  tlm::tlm_dmi dmi;
  if (!grants_direct_ ||
      !direct_memory(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND, address, dmi))
    return std::nullopt;
  constexpr sc_dt::uint64 top = std::numeric_limits<std::uint32_t>::max();
  return DirectRegion{static_cast<std::uint32_t>(dmi.get_start_address()),
                      static_cast<std::uint32_t>(std::min(dmi.get_end_address(), top)),
                      dmi.get_dmi_ptr(), dmi.is_read_allowed(), dmi.is_write_allowed()};
}

void Cpu::invalidate_direct(sc_dt::uint64 first, sc_dt::uint64 last) {
  constexpr sc_dt::uint64 top = std::numeric_limits<std::uint32_t>::max();
  if (first > top) return;
  hart_.revoke_direct(static_cast<std::uint32_t>(first),
                      static_cast<std::uint32_t>(std::min(last, top)));
}

std::uint64_t Cpu::time() {
  return static_cast<std::uint64_t>(static_cast<Wide>(local_ps()) * timebase_hz_ / kPsPerSecond);
}

std::uint32_t Cpu::interrupts() {
  synchronise();
  return interrupt_levels();
}

void Cpu::on_jump(std::uint64_t cycle, std::uint32_t pc) {
  pc_trace_.set(cycle * period_ps_, pc);
}

void Cpu::trace_interrupts() {
  inputs_.trace([&](unsigned number, bool up) { latency_.level(number, up, now_ps()); });
}

// Before each run, which takes a pending interrupt first: a write to mie or mstatus and MRET end
// the run before.
void Cpu::note_latency() {
  latency_.takeable(hart_.takeable_interrupts(), local_ps());
  const std::optional<std::uint32_t> taken = hart_.interrupt_to_take();
  if (!taken) return;
  latency_.taken(*taken & ~cause::interrupt, local_ps());
  if (log_.on(LogLevel::info))
    log_.write(LogLevel::info, local_ps(), "takes interrupt %u at pc 0x%08x",
               *taken & ~cause::interrupt, unsigned{hart_.pc()});
}

void Cpu::attach_trace(TraceSink& sink) {
  pc_trace_.attach(sink, name(), "pc", 32);
  sleeping_trace_.attach(sink, name(), "sleeping", 1);
  inputs_.attach_trace(sink, name());
  hart_.observe(*this);
}

void Cpu::statistics(Statistics& out) const {
  const std::string scope = std::string(name()) + ".";
  const HartCounts& counts = hart_.counts();
  out.push_back({scope + "instructions", hart_.instructions(), "instruction", "retired"});
  out.push_back({scope + "cycles", hart_.cycles(), "cycle", "clock cycles, asleep ones included"});
  out.push_back({scope + "bus_accesses", counts.bus_accesses, "access",
                 "loads, stores and fetches that went over the bus (devices, and memory before "
                 "direct access was granted)"});
  out.push_back({scope + "direct_bytes", counts.direct_bytes, "B",
                 "loaded and stored by direct memory access, which occupies no bus"});
  out.push_back({scope + "traps", counts.traps, "trap", "exceptions taken"});
  out.push_back({scope + "interrupts", counts.interrupts, "interrupt", "interrupts taken"});
  out.push_back({scope + "interrupt_latency.mean", latency_.mean_ps() / 1000.0, "ns",
                 "from an enabled interrupt's rise to its trap"});
  out.push_back({scope + "interrupt_latency.max",
                 static_cast<double>(latency_.longest_ps()) / 1000.0, "ns", "the longest of them"});
  out.push_back({scope + "interrupt_latency.bound",
                 static_cast<double>(quantum_cycles_ * period_ps_) / 1000.0, "ns",
                 "the quantum: no interrupt waits longer, but for the instruction or bus access "
                 "under way"});
  out.push_back({scope + "icache_misses", counts.icache_misses, "line",
                 "fetched over the bus for the instruction cache"});
  out.push_back({scope + "dcache_misses", counts.dcache_misses, "line",
                 "read over the bus for the data cache"});
  out.push_back({scope + "dcache_write_backs", counts.dcache_write_backs, "line",
                 "written back over the bus by the data cache"});
  out.push_back({scope + "wfi_time", static_cast<double>(sleep_.total(now_ps())) / 1000.0, "ns",
                 "simulated time asleep in WFI"});
}

}  // namespace epoch
