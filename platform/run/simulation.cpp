// SPDX-License-Identifier: Apache-2.0
#include "run/simulation.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "boot_rom.h"
#include "common/sim_time.h"
#include "config/json_text.h"
#include "config/key_value.h"
#include "errors.h"
#include "memory_map.h"
#include "native/native_program.h"
#include "report/map_report.h"

namespace epoch {
namespace {

// Limits, signals and traces are looked after this often. It changes no result: the kernel's
// schedule is the same however it is sliced.
constexpr std::uint64_t kSlicePs = 100'000'000;
constexpr std::uint64_t kUnmappedShown = 10;
constexpr const char* kNoInput =
    "; the firmware waits for input on the UART, which has none (uart.input=stdin reads from here)";

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

std::string progress_text(std::uint64_t simulated_ps, std::uint64_t instructions, double wall_s) {
  char text[120];
  std::snprintf(text, sizeof text, "%s simulated, %.1f million instructions, %.0f s",
                time_text(simulated_ps).c_str(), static_cast<double>(instructions) / 1e6, wall_s);
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

Simulation::Simulation(const ScenarioConfig& config, const Workload& workload,
                       Soc::Elaboration order)
    : config_(config),
      workload_(workload),
      uart_line_(make_uart_line(config.uart)),
      console_(uart_line_.output),
      soc_(config, order),
      inspection_(soc_, config, workload),
      access_text_(workload.elf, inspection_.registers()),
      monitor_(
          soc_, inspection_, recorder_, access_text_, [this] { return statistics(); },
          memory_map_text(platform_regions(config), loaded_regions(workload))) {
  connect_callbacks();
  load();
  watch_tohost(config);
  start_native(config);
}

void Simulation::connect_callbacks() {
  soc_.uart->on_transmit = [this](std::uint8_t byte) { console_.put(byte); };
  soc_.simctl->on_exit = [this](std::uint32_t code) { on_exit(code); };
  // The firmware's handler gives up: the trap that it was called for is the hart's latest.
  soc_.simctl->on_trap = [this](std::uint32_t mcause) {
    if (soc_.native_cpu) return end({"trap", inspection_.native_trap(mcause), kExitTrap, 0});
    TrapInfo trap = soc_.cpu->hart().last_trap();
    trap.cause = mcause;
    on_trap(trap, "given up by the firmware's handler");
  };
  if (soc_.cpu) {
    soc_.cpu->on_unhandled_trap = [this](const TrapInfo& trap) {
      on_trap(trap, "no handler: mtvec is 0");
    };
  }
  soc_.interconnect->on_unmapped = [this](const UnmappedAccess& access) { on_unmapped(access); };
  soc_.interconnect->on_access = [this](const BusAccess& access) { on_access(access); };
  for (unsigned i = 0; i < soc_.epochcores.size(); ++i) {
    soc_.epochcores[i]->on_command([this, i](std::uint64_t time_ps, const CommandView& command) {
      recorder_.command(time_ps, i, command);
      if (events_ != nullptr) events_->command(time_ps, i, command);
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

// The `tohost` convention of riscv-tests: a write of code * 2 + 1 ends the run. Other values ask a
// host for services, by way of `fromhost`; there is none here.
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
  attach(vcd);
}

void Simulation::attach(TraceSink& sink) {
  signals_.add(sink);
  soc_.attach_trace(signals_);
}

void Simulation::log_to(LogWriter& log) {
  log_ = &log;
  soc_.attach_log(log);
  bus_log_.attach(log, *soc_.interconnect);
  log.refuse_unknown_scopes();
  log.before_output = [this] { progress_.erase(); };
}

void Simulation::trace_events_to(const std::filesystem::path& file, std::uint64_t limit_bytes,
                                 Json about) {
  about_events_ = std::move(about);
  events_ = std::make_unique<MachineTrace>(file, limit_bytes, soc_, workload_.elf,
                                           inspection_.registers());
  attach(events_->signals());
}

void Simulation::trace_mmio_to(const std::filesystem::path& file) {
  mmio_ = std::make_unique<MmioTrace>(file, access_text_);
}

void Simulation::trace_instructions_to(const std::filesystem::path& file,
                                       std::vector<AddressRange32> ranges) {
  instructions_ = std::make_unique<InstructionTrace>(file, workload_.elf, std::move(ranges),
                                                     soc_.cpu->hart(), soc_.cpu->period_ps());
  soc_.cpu->observe_instructions(*instructions_);
}

void Simulation::count_instructions() {
  profile_ = std::make_unique<Profile>(workload_.elf);
  soc_.cpu->observe_instructions(*profile_);
}

void Simulation::debug_on(const DebuggerOptions& options) {
  debugger_ = std::make_unique<Debugger>(soc_, monitor_, options);
  debugger_->before_wait = [this] {
    console_.flush();
    if (log_ != nullptr) log_->flush();
    progress_.erase();
  };
  debugger_->run_is_over = [this] { return ending_.has_value(); };
  debugger_->on_kill = [this] { end({"killed", "killed by the debugger", kExitInterrupted, 0}); };
}

// The device tree is where the boot rom's code would find it; the ELF says what belongs to the
// program, so that all other memory is used as by the ELF itself.
void Simulation::start_native(const ScenarioConfig& config) {
  if (!soc_.native_cpu) return;
  NativeBoot boot;
  boot.hart = config.cpu.hart_id;
  boot.device_tree = config.memory_map.boot_rom + kDeviceTreeOffset;
  std::uint64_t first = ~std::uint64_t{0}, end = 0;
  for (const ElfSegment& segment : workload_.elf.segments()) {
    first = std::min<std::uint64_t>(first, segment.address);
    end = std::max<std::uint64_t>(end, std::uint64_t{segment.address} + segment.memory_bytes);
  }
  boot.program = {"program", first, end - first};
  soc_.native_cpu->program = [this, boot](NativeCpu& cpu) { workload_.native->run(cpu, boot); };
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

void Simulation::record_series() {
  series_ = std::make_unique<SeriesSet>();
  soc_.record_series(*series_);
}

std::vector<Series> Simulation::series() {
  return series_ == nullptr ? std::vector<Series>{} : series_->read(now_ps());
}

// Accesses of the hart know the instruction that makes them: its pc is exact during a transaction.
void Simulation::on_access(const BusAccess& access) {
  if (on_bus_access) on_bus_access(access);
  if (checks_ != nullptr) checks_->on_access(access);
  bus_log_.access(access);
  if (events_ != nullptr) events_->access(access);
  const bool is_hart = soc_.cpu && access.initiator == "cpu";
  const RecordedAccess recorded(access, is_hart ? soc_.cpu->hart().pc() : 0);
  const bool is_memory =
      access.range != nullptr && !inspection_.registers().has(access.range->name);
  if (is_memory) {
    recorder_.memory_access(recorded);
  } else {
    recorder_.register_access(recorded);
    if (mmio_ != nullptr) mmio_->access(recorded);
  }
  if (debugger_ != nullptr) debugger_->on_bus_access(access);
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
  if ((value & 1) != 0) return on_exit(value >> 1);
  if (value == 0) return;
  end({"host call",
       "the firmware wrote " + hex_address(value) +
           " to tohost: a host call, which the platform does not serve; it understands exit codes, "
           "(code << 1) | 1, and prints what the UART at the device tree's address is sent",
       kExitPlatform, 0});
}

void Simulation::on_trap(const TrapInfo& trap, const std::string& by) {
  if (!ending_) trapped_ = trap;
  const std::string text = inspection_.trap(trap, by);
  if (debugger_ != nullptr) debugger_->stop_at_trap(trap.cause, text);
  end({"trap", text, kExitTrap, 0});
}

void Simulation::on_unmapped(const UnmappedAccess& access) {
  if (++unmapped_ > kUnmappedShown) return;
  progress_.erase();
  std::fprintf(stderr, "epochvp: %s, at %s\n", inspection_.unmapped(access).c_str(),
               time_text(now_ps()).c_str());
}

std::string Simulation::deadlock() const {
  const std::string before =
      soc_.cpu ? " before pc " + inspection_.place(soc_.cpu->hart().pc()) : "";
  bool waiting = false;
  for (unsigned i = 0; i < soc_.epochcores.size(); ++i) {
    waiting = waiting || inspection_.blockage(i).kind == Blockage::firmware;
  }
  return "deadlock: nothing is left to happen; the hart sleeps in WFI" + before +
         (waiting ? ", while EpochCore waits for firmware" : ", and no interrupt is coming") +
         (soc_.uart->interrupts_on_input() ? kNoInput : "") + inspection_.engines();
}

// A debugger may want to see why, and may know how to go on.
void Simulation::on_nothing_left() {
  const std::string text = deadlock();
  if (debugger_ != nullptr && debugger_->stop_in_deadlock(text)) return;
  end({"deadlock", text, kExitDeadlock, 0});
}

// Where the hart is and what each engine waits for, when a run is stopped from outside.
std::string Simulation::whereabouts() const {
  return "; the hart is " + inspection_.position() + (soc_.sleeping() ? ", asleep in WFI" : "") +
         inspection_.engines();
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

void Simulation::receive() {
  if (uart_line_.input == nullptr || !soc_.uart->listens()) return;
  for (const char byte : uart_line_.input->read(soc_.uart->room())) {
    soc_.uart->receive(static_cast<std::uint8_t>(byte));
  }
}

bool Simulation::await_input(const GiveUp& give_up) {
  if (uart_line_.input == nullptr || !soc_.uart->interrupts_on_input() || soc_.uart->room() == 0) {
    return false;
  }
  console_.flush();
  while (!sc_core::sc_pending_activity()) {
    if (debugger_ != nullptr) debugger_->poll();
    if (ending_ || give_up()) return true;
    if (uart_line_.input->wait() == UartInput::Wait::ended) return false;
    receive();
  }
  return true;
}

void Simulation::run_until_ended(const RunLimits& limits) {
  const double started = wall_seconds();
  const auto wall = [&] {
    return wall_seconds() - started - (debugger_ != nullptr ? debugger_->attended_s() : 0);
  };
  const GiveUp give_up = [&] {
    return interrupted != 0 || (limits.wall_s && wall() >= *limits.wall_s);
  };
  if (debugger_ != nullptr) debugger_->gave_up = give_up;
  uart_line_.output->await_listener(give_up);
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  while (!ending_) {
    if (vcd_ != nullptr) vcd_->advance(now_ps());
    if (log_ != nullptr) log_->advance(now_ps());
    if (events_ != nullptr) events_->advance(now_ps());
    if (mmio_ != nullptr) mmio_->advance(now_ps());
    if (debugger_ != nullptr) debugger_->poll();
    if (ending_) break;
    if (interrupted != 0) {
      end({"interrupted", "interrupted" + whereabouts(), kExitInterrupted, 0});
    } else if (limits.simulated_ps && now_ps() >= *limits.simulated_ps) {
      end({"simulated-time limit",
           "the limit of " + time_text(*limits.simulated_ps) + " simulated time is reached" +
               whereabouts(),
           kExitLimit, 0});
    } else if (limits.wall_s && wall() >= *limits.wall_s) {
      end({"wall-time limit",
           "the limit on wall time is reached at " + time_text(now_ps()) + " simulated" +
               whereabouts(),
           kExitLimit, 0});
    } else if (!advance(limits) && !await_input(give_up)) {
      on_nothing_left();
    }
    if (ending_) break;
    receive();
    console_.flush();
    // Behind an unfinished line of the firmware's the progress would overwrite it.
    if ((!progress_.shares_terminal() || console_.at_line_start()) && progress_.due()) {
      progress_.show(progress_text(now_ps(), soc_.instructions(), wall()));
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
  const std::string lost = soc_.conservation();
  if (!lost.empty() && ending_->exit_status != kExitPlatform)
    ending_ =
        Ending{"platform error", "platform error: bytes do not agree: " + lost, kExitPlatform, 0};
  // Not in the hart's thread, whose stack is small.
  if (trapped_) ending_->message += inspection_.backtrace(*trapped_);
  console_.flush();
  const std::string problem = uart_line_.output->problem();
  if (!problem.empty() && ending_->exit_status == 0)
    ending_ = Ending{"output lost", problem, kExitUnavailable, 0};
  progress_.erase();
  if (debugger_ != nullptr) debugger_->finished(ending_->exit_status);
  if (vcd_ != nullptr) vcd_->finish(now_ps());
  if (log_ != nullptr) log_->finish();
  if (events_ != nullptr) {
    about_events_["end"] = ending_->reason;
    about_events_["simulated_us"] = static_cast<double>(now_ps()) / 1e6;
    events_->finish(now_ps(), std::move(about_events_));
  }
  if (mmio_ != nullptr) mmio_->finish();
  if (instructions_ != nullptr) instructions_->finish();
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
  summary.instructions = soc_.instructions();
  summary.wall_s = wall_seconds() - started - (debugger_ != nullptr ? debugger_->waited_s() : 0);
  summary.peak_memory_bytes = peak_memory_bytes();
  return summary;
}

PostMortem Simulation::post_mortem(const RunSummary& summary) const {
  return make_post_mortem(summary, inspection_, recorder_, access_text_, console_.tail());
}

}  // namespace epoch
