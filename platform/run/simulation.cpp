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

}  // namespace

void end_run_on_interrupt() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // the console notices by itself
}

Simulation::Simulation(const ScenarioConfig& config, const Workload& workload,
                       Soc::Elaboration order)
    : config_(config),
      workload_(workload),
      soc_(config, order),
      inspection_(soc_, config, workload),
      access_text_(workload.elf, inspection_.registers()) {
  connect_callbacks();
  load();
  watch_tohost(config);
}

void Simulation::connect_callbacks() {
  soc_.uart->on_transmit = [this](std::uint8_t byte) { console_.put(byte); };
  soc_.simctl->on_exit = [this](std::uint32_t code) { on_exit(code); };
  // The firmware's handler gives up: the trap that it was called for is the hart's latest.
  soc_.simctl->on_trap = [this](std::uint32_t mcause) {
    TrapInfo trap = soc_.cpu->hart().last_trap();
    trap.cause = mcause;
    on_trap(trap, "given up by the firmware's handler");
  };
  soc_.cpu->on_unhandled_trap = [this](const TrapInfo& trap) {
    on_trap(trap, "no handler: mtvec is 0");
  };
  soc_.interconnect->on_unmapped = [this](const UnmappedAccess& access) { on_unmapped(access); };
  soc_.interconnect->on_access = [this](const BusAccess& access) { on_access(access); };
  for (unsigned i = 0; i < soc_.epochcores.size(); ++i) {
    soc_.epochcores[i]->on_command([this, i](std::uint64_t time_ps, const CommandView& command) {
      recorder_.command(time_ps, i, command);
      if (mmio_ != nullptr) mmio_->command(time_ps, epochcore_name(i), command);
      if (checks_ != nullptr) checks_->on_command(i, command);
    });
  }
  console_.before_output = [this] {
    if (progress_.shares_terminal()) progress_.erase();
  };
}

// Straight into the memories: they exist before the bus carries anything. Placement has checked
// that every range lies inside one of them.
void Simulation::load() {
  const auto put = [&](std::uint64_t address, const std::vector<std::uint8_t>& bytes) {
    if (!bytes.empty())
      std::memcpy(inspection_.memory(address, bytes.size()), bytes.data(), bytes.size());
  };
  for (const ElfSegment& segment : workload_.elf.segments()) put(segment.address, segment.bytes);
  for (const Blob& blob : workload_.blobs) put(blob.address, blob.bytes);
  std::memcpy(soc_.boot_rom->data(), workload_.boot_rom.data(), workload_.boot_rom.size());
}

// The `tohost` convention of riscv-tests: a write of code * 2 + 1 ends the run.
void Simulation::watch_tohost(const ScenarioConfig& config) {
  const std::optional<std::uint32_t> tohost = workload_.elf.symbol("tohost");
  if (!tohost) return;
  const Region sram{"sram", config.memory_map.sram, soc_.sram->size()};
  const Region dram{"dram", config.memory_map.dram, soc_.dram->size()};
  if (dram.contains(*tohost, 4)) {
    const std::uint64_t offset = *tohost - dram.base;
    soc_.dram->watch(offset, 4, [this, offset] { on_tohost(soc_.dram->data() + offset); });
  } else if (sram.contains(*tohost, 4)) {
    const std::uint64_t offset = *tohost - sram.base;
    soc_.sram->watch(offset, 4, [this, offset] { on_tohost(soc_.sram->data() + offset); });
  }
}

void Simulation::trace_to(VcdWriter& vcd) {
  vcd_ = &vcd;
  soc_.attach_trace(vcd);
}

void Simulation::trace_mmio_to(const std::filesystem::path& file) {
  mmio_ = std::make_unique<MmioTrace>(file, access_text_);
}

void Simulation::check(CheckOptions options) {
  if (!options.any()) return;
  checks_ = std::make_unique<DeviceChecks>(soc_, config_, inspection_, options);
  checks_->on_finding = [this](const std::string& text) {
    progress_.erase();
    std::fprintf(stderr, "epochvp: %s\n", text.c_str());
  };
}

Statistics Simulation::statistics() const {
  Statistics all = soc_.statistics();
  if (checks_ != nullptr) checks_->statistics(all);
  return all;
}

// Accesses of the hart know the instruction that makes them: its pc is exact during a transaction.
void Simulation::on_access(const BusAccess& access) {
  if (checks_ != nullptr) checks_->on_access(access);
  const bool is_hart = access.initiator == "cpu";
  const RecordedAccess recorded(access, is_hart ? soc_.cpu->hart().pc() : 0);
  const bool is_memory =
      access.range != nullptr && !inspection_.registers().has(access.range->name);
  if (is_memory) {
    recorder_.memory_access(recorded);
    return;
  }
  recorder_.register_access(recorded);
  if (mmio_ != nullptr) mmio_->access(recorded);
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
  end({"trap", inspection_.trap(trap, by), kExitTrap, 0});
}

void Simulation::on_unmapped(const UnmappedAccess& access) {
  if (++unmapped_ > kUnmappedShown) return;
  progress_.erase();
  std::fprintf(stderr, "epochvp: %s, at %s\n", inspection_.unmapped(access).c_str(),
               time_text(now_ps()).c_str());
}

void Simulation::end_in_deadlock() {
  const std::string pc = inspection_.place(soc_.cpu->hart().pc());
  bool waiting = false;
  for (unsigned i = 0; i < soc_.epochcores.size(); ++i) {
    waiting = waiting || inspection_.blockage(i).kind == Blockage::firmware;
  }
  end({"deadlock",
       "deadlock: nothing is left to happen; the hart sleeps in WFI before pc " + pc +
           (waiting ? ", while EpochCore waits for firmware" : ", and no interrupt is coming") +
           inspection_.engines(),
       kExitDeadlock, 0});
}

// Where the hart is and what each engine waits for, when a run is stopped from outside.
std::string Simulation::whereabouts() const {
  const Hart& hart = soc_.cpu->hart();
  return "; the hart is at pc " + inspection_.place(hart.pc()) +
         (soc_.cpu->sleeping() ? ", asleep in WFI" : "") + inspection_.engines();
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
    if (mmio_ != nullptr) mmio_->advance(now_ps());
    const double wall = wall_seconds() - started;
    if (interrupted != 0) {
      end({"interrupted", "interrupted" + whereabouts(), kExitInterrupted, 0});
    } else if (limits.simulated_ps && now_ps() >= *limits.simulated_ps) {
      end({"simulated-time limit",
           "the limit of " + time_text(*limits.simulated_ps) + " simulated time is reached" +
               whereabouts(),
           kExitLimit, 0});
    } else if (limits.wall_s && wall >= *limits.wall_s) {
      end({"wall-time limit",
           "the limit on wall time is reached at " + time_text(now_ps()) + " simulated" +
               whereabouts(),
           kExitLimit, 0});
    } else if (!advance(limits)) {
      end_in_deadlock();
    }
    if (ending_) break;
    console_.flush();
    // Behind an unfinished line of the firmware's the progress would overwrite it.
    if (!progress_.shares_terminal() || console_.at_line_start()) {
      progress_.show(wall, now_ps(), soc_.cpu->hart().instructions());
    }
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
  progress_.erase();
  if (vcd_ != nullptr) vcd_->finish(now_ps());
  if (mmio_ != nullptr) mmio_->finish();
  if (unmapped_ > kUnmappedShown) {
    std::fprintf(stderr, "epochvp: %llu unmapped accesses in all\n",
                 static_cast<unsigned long long>(unmapped_));
  }
  RunSummary summary;
  summary.reason = ending_->reason;
  summary.message = ending_->message;
  summary.exit_status = ending_->exit_status;
  summary.findings = checks_ != nullptr ? checks_->findings() : 0;
  if (summary.findings != 0) {
    if (summary.exit_status == 0) summary.exit_status = kExitFindings;
    const std::string count = std::to_string(summary.findings);
    summary.message += (summary.message.empty() ? "" : "; ") + count +
                       (summary.findings == 1 ? " finding of --check" : " findings of --check");
  }
  summary.firmware_code = ending_->firmware_code;
  summary.simulated_ps = now_ps();
  summary.instructions = soc_.cpu->hart().instructions();
  summary.wall_s = wall_seconds() - started;
  summary.peak_memory_bytes = peak_memory_bytes();
  return summary;
}

PostMortem Simulation::post_mortem(const RunSummary& summary) const {
  return make_post_mortem(summary, inspection_, recorder_, access_text_, console_.tail());
}

}  // namespace epoch
