// SPDX-License-Identifier: Apache-2.0
#include "run/simulation.h"

#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "common/sim_time.h"
#include "config/json_text.h"
#include "config/key_value.h"
#include "errors.h"
#include "memory_map.h"

namespace epoch {
namespace {

// Limits, signals and traces are looked after this often. It changes no result: the kernel's
// schedule is the same however it is sliced.
constexpr std::uint64_t kSlicePs = 100'000'000;
constexpr std::uint64_t kUnmappedShown = 10;

volatile std::sig_atomic_t interrupted = 0;

double wall_seconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

std::uint64_t peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

const char* trap_name(std::uint32_t mcause) {
  switch (mcause) {
    case 0:
      return "instruction address misaligned";
    case cause::instruction_access_fault:
      return "instruction access fault";
    case cause::illegal_instruction:
      return "illegal instruction";
    case cause::breakpoint:
      return "breakpoint";
    case cause::load_address_misaligned:
      return "load address misaligned";
    case cause::load_access_fault:
      return "load access fault";
    case cause::store_address_misaligned:
      return "store address misaligned";
    case cause::store_access_fault:
      return "store access fault";
    case cause::ecall_from_m:
      return "environment call";
    default:
      return (mcause & cause::interrupt) != 0 ? "interrupt" : "unknown cause";
  }
}

std::string registers_text(const TrapInfo& trap) {
  static const char* names[32] = {"zero", "ra", "sp",  "gp",  "tp", "t0", "t1", "t2",
                                  "s0",   "s1", "a0",  "a1",  "a2", "a3", "a4", "a5",
                                  "a6",   "a7", "s2",  "s3",  "s4", "s5", "s6", "s7",
                                  "s8",   "s9", "s10", "s11", "t3", "t4", "t5", "t6"};
  std::string text;
  for (unsigned i = 1; i < 32; ++i) {
    char item[40];
    std::snprintf(item, sizeof item, "%s%-4s %08x", i % 8 == 1 ? "\n  " : "  ", names[i],
                  trap.x[i]);
    text += item;
  }
  return text;
}

}  // namespace

void end_run_on_interrupt() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // the console notices by itself
}

Simulation::Simulation(const ScenarioConfig& config, const Workload& workload)
    : workload_(workload), soc_(config) {
  connect_callbacks();
  load(config);
  watch_tohost(config);
}

void Simulation::connect_callbacks() {
  soc_.uart.on_transmit = [this](std::uint8_t byte) { console_.put(byte); };
  soc_.simctl.on_exit = [this](std::uint32_t code) { on_exit(code); };
  // The firmware's handler gives up: the trap that it was called for is the hart's latest.
  soc_.simctl.on_trap = [this](std::uint32_t mcause) {
    TrapInfo trap = soc_.cpu.hart().last_trap();
    trap.cause = mcause;
    on_trap(trap, "given up by the firmware's handler");
  };
  soc_.cpu.on_unhandled_trap = [this](const TrapInfo& trap) {
    on_trap(trap, "no handler: mtvec is 0");
  };
  soc_.interconnect.on_unmapped = [this](const UnmappedAccess& access) { on_unmapped(access); };
}

// Straight into the memories: they exist before the bus carries anything. Placement has checked
// that every range lies inside one of them.
void Simulation::load(const ScenarioConfig& config) {
  const Region sram{"sram", config.memory_map.sram, soc_.sram.size()};
  const auto put = [&](std::uint64_t address, const std::vector<std::uint8_t>& bytes) {
    std::uint8_t* memory = sram.contains(address, bytes.size())
                               ? soc_.sram.data() + (address - sram.base)
                               : soc_.dram.data() + (address - config.memory_map.dram);
    std::memcpy(memory, bytes.data(), bytes.size());
  };
  for (const ElfSegment& segment : workload_.elf.segments()) put(segment.address, segment.bytes);
  for (const Blob& blob : workload_.blobs) put(blob.address, blob.bytes);
  std::memcpy(soc_.boot_rom.data(), workload_.boot_rom.data(), workload_.boot_rom.size());
}

// The `tohost` convention of riscv-tests: a write of code * 2 + 1 ends the run.
void Simulation::watch_tohost(const ScenarioConfig& config) {
  const std::optional<std::uint32_t> tohost = workload_.elf.symbol("tohost");
  if (!tohost) return;
  const Region sram{"sram", config.memory_map.sram, soc_.sram.size()};
  const Region dram{"dram", config.memory_map.dram, soc_.dram.size()};
  if (dram.contains(*tohost, 4)) {
    const std::uint64_t offset = *tohost - dram.base;
    soc_.dram.watch(offset, 4, [this, offset] { on_tohost(soc_.dram.data() + offset); });
  } else if (sram.contains(*tohost, 4)) {
    const std::uint64_t offset = *tohost - sram.base;
    soc_.sram.watch(offset, 4, [this, offset] { on_tohost(soc_.sram.data() + offset); });
  }
}

void Simulation::trace_to(VcdWriter& vcd) {
  vcd_ = &vcd;
  soc_.attach_trace(vcd);
}

// ---- what ends a run ----------------------------------------------------------------------------

void Simulation::end(Ending ending) {
  if (ending_) return;  // the first reason counts
  ending_ = std::move(ending);
  sc_core::sc_stop();
}

void Simulation::on_exit(std::uint32_t code) {
  Ending ending{"exit", "", static_cast<int>(code), code};
  if (code > kExitFirmwareMax) {
    ending.exit_status = kExitFirmwareMax;
    ending.message = "the firmware exited with code " + std::to_string(code) + " (" +
                     hex_address(code) + "); exit status 63";
  }
  end(std::move(ending));
}

void Simulation::on_tohost(const std::uint8_t* word) {
  std::uint32_t value = 0;
  std::memcpy(&value, word, sizeof value);
  if ((value & 1) != 0) on_exit(value >> 1);
}

void Simulation::on_trap(const TrapInfo& trap, const std::string& by) {
  char text[200];
  std::snprintf(text, sizeof text, "unhandled trap: %s (mcause 0x%x, mtval 0x%08x) at pc %s; %s",
                trap_name(trap.cause), trap.cause, trap.tval, place_text(trap.pc).c_str(),
                by.c_str());
  end({"trap", text + registers_text(trap), kExitTrap, 0});
}

void Simulation::on_unmapped(const UnmappedAccess& access) {
  if (++unmapped_ > kUnmappedShown) return;
  std::fprintf(stderr, "epochvp: unmapped %s of %u bytes at %s by %s, %s\n",
               access.is_write ? "write" : "read", access.length,
               hex_address(access.address).c_str(), access.initiator.c_str(),
               time_text(now_ps()).c_str());
}

void Simulation::end_in_deadlock() {
  const std::uint32_t pc = soc_.cpu.hart().pc();
  end({"deadlock",
       "deadlock: nothing is left to happen; the hart sleeps in WFI before pc " + place_text(pc) +
           " with no interrupt coming; " + engines_text(),
       kExitDeadlock, 0});
}

std::string Simulation::place_text(std::uint32_t pc) const {
  const std::string symbol = workload_.elf.symbolize(pc);
  return hex_address(pc) + (symbol.empty() ? "" : " <" + symbol + ">");
}

std::string Simulation::engines_text() const {
  static const char* engines[EPOCH_ENGINES] = {"dma_in", "dma_out", "pe_grid", "vector_unit"};
  static const char* states[] = {"idle", "blocked", "running", "stopped"};
  std::string text = "engines:";
  for (unsigned i = 0; i < EPOCH_ENGINES; ++i) {
    const std::uint32_t word = soc_.epochcore.registers().peek(EPOCH_REG_ENGINE_STATE + 4 * i);
    const std::uint32_t state = EPOCH_GET(word, ENGINE_STATE, STATE);
    const std::uint32_t blocked_on = EPOCH_GET(word, ENGINE_STATE, BLOCKED_ON);
    text += std::string(i == 0 ? " " : ", ") + engines[i] + " " +
            (state < 4 ? states[state] : std::to_string(state));
    if (blocked_on != 0) text += " on semaphore " + std::to_string(blocked_on - 1);
    const std::uint32_t queued = EPOCH_GET(word, ENGINE_STATE, QUEUED);
    if (queued != 0) text += " with " + std::to_string(queued) + " queued";
  }
  const CommandProcessor::Blockage blockage = soc_.epochcore.blockage();
  for (const std::string& line : blockage.lines) text += "; " + line;
  if (!blockage.lines.empty()) {
    text +=
        blockage.ring_empty ? "; the ring is empty: waiting for firmware" : "; the ring holds more";
  }
  return text;
}

// ---- running ------------------------------------------------------------------------------------

bool Simulation::advance(const RunLimits& limits) {
  if (!sc_core::sc_pending_activity()) return false;
  const std::uint64_t now = now_ps();
  const std::uint64_t next = now + to_ps(sc_core::sc_time_to_pending_activity());
  std::uint64_t until = std::max(now + kSlicePs, next);
  if (limits.simulated_ps) until = std::min(until, *limits.simulated_ps);
  // Time stops at the last thing that happens, except at a limit that comes before the next one.
  const auto policy = next > until ? sc_core::SC_RUN_TO_TIME : sc_core::SC_EXIT_ON_STARVATION;
  sc_core::sc_start(from_ps(until - now), policy);
  return true;
}

void Simulation::run_until_ended(const RunLimits& limits) {
  const double started = wall_seconds();
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  while (!ending_) {
    if (vcd_ != nullptr) vcd_->advance(now_ps());
    const std::uint32_t pc = soc_.cpu.hart().pc();
    if (interrupted != 0) {
      end({"interrupted", "interrupted at pc " + place_text(pc), kExitInterrupted, 0});
    } else if (limits.simulated_ps && now_ps() >= *limits.simulated_ps) {
      end({"simulated-time limit",
           "the limit of " + time_text(*limits.simulated_ps) +
               " simulated time is reached; the pc is " + place_text(pc) + "; " + engines_text(),
           kExitLimit, 0});
    } else if (limits.wall_s && wall_seconds() - started >= *limits.wall_s) {
      end({"wall-time limit",
           "the limit on wall time is reached at " + time_text(now_ps()) +
               " simulated; the pc is " + place_text(pc) + "; " + engines_text(),
           kExitLimit, 0});
    } else if (!advance(limits)) {
      end_in_deadlock();
    }
    if (!ending_) console_.flush();
  }
}

RunSummary Simulation::run(const RunLimits& limits) {
  const double started = wall_seconds();
  try {
    run_until_ended(limits);
  } catch (const std::exception& error) {  // a model's; what was measured so far is still written
    ending_ =
        Ending{"platform error", std::string("platform error: ") + one_line(error.what(), 400),
               kExitPlatform, 0};
  }
  console_.flush();
  if (vcd_ != nullptr) vcd_->finish(now_ps());
  if (unmapped_ > kUnmappedShown) {
    std::fprintf(stderr, "epochvp: %llu unmapped accesses in all\n",
                 static_cast<unsigned long long>(unmapped_));
  }
  RunSummary summary;
  summary.reason = ending_->reason;
  summary.message = ending_->message;
  summary.exit_status = ending_->exit_status;
  summary.firmware_code = ending_->firmware_code;
  summary.simulated_ps = now_ps();
  summary.instructions = soc_.cpu.hart().instructions();
  summary.wall_s = wall_seconds() - started;
  summary.peak_memory_bytes = peak_memory_bytes();
  return summary;
}

}  // namespace epoch
