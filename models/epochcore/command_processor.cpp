// SPDX-License-Identifier: Apache-2.0
// CommandProcessor: dispatch, retirement, and what observers see of them.
#include "epochcore/command_processor.h"

#include <algorithm>

#include "common/sim_time.h"

namespace epoch {

namespace {

constexpr struct {
  unsigned opcode;
  const char* name;
} opcodes[] = {
#define EPOCH_X_NAME(name, value, engine, description) {value, #name},
    EPOCH_OPCODES(EPOCH_X_NAME)
#undef EPOCH_X_NAME
};

// State of a traced command signal: 0 idle, else 1 + place in the table of opcodes.
unsigned opcode_state(unsigned opcode) {
  unsigned state = 1;
  for (const auto& entry : opcodes) {
    if (entry.opcode == opcode) break;
    ++state;
  }
  return state;
}

}  // namespace

CommandProcessor::CommandProcessor(const sc_core::sc_module_name& module_name,
                                   const CommandProcessorConfig& config,
                                   tlm::tlm_initiator_socket<>& commands, Csr& csr,
                                   Counters& counters)
    : sc_module(module_name),
      config_(config),
      csr_(csr),
      counters_(counters),
      decoder_(config.limits),
      master_(commands, config.transport) {
  SC_HAS_PROCESS(CommandProcessor);
  SC_THREAD(fetch);
  SC_METHOD(dispatch);
  sensitive << dispatch_event_;
  dont_initialize();
  SC_METHOD(request_dispatch);
  sensitive << tick_event_;
  dont_initialize();
  SC_METHOD(expire_watchdog);
  sensitive << watchdog_event_;
  dont_initialize();
  SC_METHOD(trace_cause);
  sensitive << cause_event_;
  dont_initialize();
  attach_registers();
}

// ---- dispatch --------------------------------------------------------------------------------

// Every decision of a simulated time; runs after the processes that report to it.
void CommandProcessor::dispatch() {
  for (Engine* engine : engines_) engine->settle();
  take_reports();
  if (watchdog_expired_) check_watchdog();
  take_pending_error();
  apply_stop();
  if (stop_ < Stop::abort) {
    const std::uint64_t phase = now_ps() % config_.period_ps;
    if (phase == 0)
      start_commands();
    else
      tick_event_.notify(from_ps(config_.period_ps - phase));
  }
  finish_stop();
  observe();
}

// What the engines reported at this time, engines by number.
void CommandProcessor::take_reports() {
  if (reports_.size() > 1)
    std::stable_sort(reports_.begin(), reports_.end(),
                     [](const Report& a, const Report& b) { return a.engine < b.engine; });
  for (const Report& report : reports_) {
    if (report.kind == Report::Kind::drained) {
      idle_lane(report.engine);
      continue;
    }
    if (report.kind == Report::Kind::failed) {
      const Record& record = record_of(report.sequence);
      execution_error({report.error.code, report.sequence, report.error.address,
                       report.error.length, record.context});
      continue;
    }
    Lane& lane = lanes_[report.engine];
    clocks_.command_ended(record_of(report.sequence).opcode);
    if (--lane.running == 0) {
      lane.busy_ps += now_ps() - lane.busy_since;
      lane.command.set(now_ps(), 0);
    }
    retire(report.sequence);
  }
  reports_.clear();
}

void CommandProcessor::start_commands() {
  const std::uint64_t now = now_ps();
  std::uint64_t next = Engine::never;
  for (unsigned engine = 0; engine < EPOCH_ENGINES; ++engine) {
    std::deque<Command>& fifo = lanes_[engine].fifo;
    while (!fifo.empty() && waits_met(fifo.front())) {
      const std::uint64_t earliest = engines_[engine]->earliest_start(fifo.front());
      if (earliest > now) {
        next = std::min(next, earliest);
        break;
      }
      start_command(engine);
    }
  }
  if (next != Engine::never) tick_event_.notify(from_ps(next - now));
  if (control_ && control_ready()) run_control();
}

void CommandProcessor::start_command(unsigned engine) {
  Lane& lane = lanes_[engine];
  const Command& command = lane.fifo.front();
  const std::uint64_t now = now_ps();
  take_waits(command);
  counters_.command_started();
  enter(record_of(command.sequence), CommandView::State::running);
  engines_[engine]->start(command);
  clocks_.command_started(command.opcode);
  if (lane.running++ == 0) lane.busy_since = now;
  ++lane.started;
  lane.command.set(now, opcode_state(command.opcode));
  lane.sequence.set(now, command.sequence);
  lane.context.set(now, command.context);
  lane.fifo.pop_front();
  fetch_event_.notify(sc_core::SC_ZERO_TIME);
}

bool CommandProcessor::control_ready() const {
  if (!waits_met(*control_)) return false;
  if (control_->opcode != EPOCH_OP_FENCE) return true;
  return engines_idle() && std::all_of(lanes_.begin(), lanes_.end(),
                                       [](const Lane& lane) { return lane.fifo.empty(); });
}

void CommandProcessor::run_control() {
  const Command command = *control_;
  control_.reset();
  take_waits(command);
  counters_.command_started();
  if (command.opcode == EPOCH_OP_HALT) {
    fetch_on_ = false;
    ++generation_;
  }
  retire(command.sequence);
  fetch_event_.notify(sc_core::SC_ZERO_TIME);
  request_dispatch();  // its signals may release a head that was visited before
}

// ---- semaphores ------------------------------------------------------------------------------

// The lowest semaphore that keeps a command from starting, or -1.
int CommandProcessor::unmet_wait(const Command& command) const {
  int unmet = -1;
  for (const std::uint8_t wait : command.waits)
    if (wait != no_semaphore && semaphores_[wait] == 0 && (unmet < 0 || wait < unmet)) unmet = wait;
  return unmet;
}

bool CommandProcessor::waits_met(const Command& command) const {
  return unmet_wait(command) < 0;
}

void CommandProcessor::take_waits(const Command& command) {
  for (const std::uint8_t wait : command.waits)
    if (wait != no_semaphore) --semaphores_[wait];
}

// False: a semaphore would pass its maximum; the command signals neither and fails instead of
// retiring.
bool CommandProcessor::signal(const Record& record) {
  const bool same = record.signals[0] == record.signals[1];
  for (const std::uint8_t number : record.signals) {
    if (number == no_semaphore) continue;
    if (semaphores_[number] + (same ? 2 : 1) <= EPOCH_SEMAPHORE_MAX) continue;
    execution_error({EPOCH_ERROR_SEMAPHORE_OVERFLOW, record.sequence, number, 0, record.context});
    return false;
  }
  for (const std::uint8_t number : record.signals)
    if (number != no_semaphore) ++semaphores_[number];
  return true;
}

// ---- retirement ------------------------------------------------------------------------------

void CommandProcessor::retired(unsigned engine, std::uint32_t sequence) {
  reports_.push_back({Report::Kind::retired, engine, sequence, {}});
  request_dispatch();
}

void CommandProcessor::retire(std::uint32_t sequence) {
  Record& record = record_of(sequence);
  if (!signal(record)) return;
  enter(record, CommandView::State::retired);
  progress_ps_ = now_ps();
  counters_.command_retired();
  advance_completed();
}

void CommandProcessor::enter(Record& record, CommandView::State state) {
  record.state = state;
  if (engine_logs_[record.engine].on(LogLevel::warning)) log_entry(record);
  if (on_command) on_command(now_ps(), record);
}

void CommandProcessor::log_entry(const Record& record) const {
  static constexpr const char* states[] = {"fetched", "started", "retired", "dropped"};
  const bool dropped = record.state == CommandView::State::dropped;
  const LogLevel level = dropped ? LogLevel::warning : LogLevel::debug;
  const LogPoint& log = engine_logs_[record.engine];
  if (log.on(level))
    log.write(level, now_ps(), "%s sequence=%u context=0x%04x %s", opcode_name(record.opcode),
              unsigned{record.sequence}, unsigned{record.context},
              states[static_cast<unsigned>(record.state)]);
}

// COMPLETED moves in order; interrupts come after it has moved.
void CommandProcessor::advance_completed() {
  while (!records_.empty() && records_.front().state == CommandView::State::retired) {
    const Record record = records_.front();
    records_.pop_front();
    ++completed_;
    if (record.halt) {
      enabled_ = false;
      halted_ = true;
    }
    if (record.irq || record.halt) csr_.raise(EPOCH_IRQ_STATUS_DONE_MASK);
  }
}

void CommandProcessor::failed(unsigned engine, std::uint32_t sequence,
                              const ExecutionError& error) {
  reports_.push_back({Report::Kind::failed, engine, sequence, error});
  request_dispatch();
}

void CommandProcessor::drained(unsigned engine) {
  reports_.push_back({Report::Kind::drained, engine, 0, {}});
  request_dispatch();
}

// The engine has nothing left, whatever was running.
void CommandProcessor::idle_lane(unsigned engine) {
  Lane& lane = lanes_[engine];
  if (lane.running != 0) lane.busy_ps += now_ps() - lane.busy_since;
  lane.running = 0;
  clocks_.engine_cleared(engine);
  lane.command.set(now_ps(), 0);
}

// ---- state -----------------------------------------------------------------------------------

bool CommandProcessor::engines_idle() const {
  return std::none_of(engines_.begin(), engines_.end(),
                      [](const Engine* engine) { return engine->busy(); });
}

bool CommandProcessor::busy() const {
  return !records_.empty() || fetching_ || !engines_idle();
}

bool CommandProcessor::work_pending() const {
  return !records_.empty() || may_fetch() || stop_ != Stop::none;
}

// Why the array does nothing (array specification "exactly one cause a cycle").
Cause CommandProcessor::waiting_cause() const {
  const std::deque<Command>& fifo = lanes_[EPOCH_ENGINE_PE_GRID].fifo;
  if (fifo.empty()) return may_fetch() ? Cause::command_wait : Cause::idle;
  const int unmet = unmet_wait(fifo.front());
  return unmet < 0 ? Cause::dependency : blocked_cause(static_cast<unsigned>(unmet));
}

// By the engine of the earliest unretired command that signals the semaphore.
Cause CommandProcessor::blocked_cause(unsigned semaphore) const {
  for (const Record& record : records_) {
    if (record.state == CommandView::State::retired) continue;
    if (record.signals[0] != semaphore && record.signals[1] != semaphore) continue;
    if (record.engine == EPOCH_ENGINE_DMA_IN) return Cause::input_starved;
    return record.engine == EPOCH_ENGINE_DMA_OUT ? Cause::output_blocked : Cause::dependency;
  }
  return Cause::dependency;
}

// ---- observers -------------------------------------------------------------------------------

void CommandProcessor::observe_lane(unsigned engine) {
  Lane& lane = lanes_[engine];
  const int unmet = lane.fifo.empty() ? -1 : unmet_wait(lane.fifo.front());
  const bool blocked = unmet >= 0;
  const std::uint64_t now = now_ps();
  if (blocked && !lane.blocked) lane.blocked_since = now;
  if (!blocked && lane.blocked) lane.blocked_ps += now - lane.blocked_since;
  lane.blocked = blocked;
  lane.queued.set(now, lane.fifo.size());
  lane.blocked_on.set(now, blocked ? static_cast<std::uint64_t>(unmet) + 1 : 0);
}

void CommandProcessor::observe_clocks() {
  std::array<bool, ClockControl::modules> wanted{};
  for (const Lane& lane : lanes_)
    if (!lane.fifo.empty()) wanted[ClockControl::module_of(lane.fifo.front().opcode)] = true;
  clocks_.observe(now_ps() / config_.period_ps, wanted, busy() || work_pending());
}

void CommandProcessor::observe() {
  for (unsigned engine = 0; engine < EPOCH_ENGINES; ++engine) observe_lane(engine);
  observe_clocks();
  counters_.set_waiting(waiting_cause());
  const bool pending = work_pending();
  if (pending && !was_pending_) {
    progress_ps_ = now_ps();
    arm_watchdog();
  }
  was_pending_ = pending;
  if (!trace_head_.attached()) return;
  for (unsigned i = 0; i < EPOCH_SEMAPHORES; ++i)
    trace_semaphores_[i].set(now_ps(), semaphores_[i]);
  trace_head_.set(now_ps(), head_);
  trace_tail_.set(now_ps(), tail_);
  trace_completed_.set(now_ps(), completed_);
  trace_cause();
}

void CommandProcessor::trace_cause() {
  trace_cause_.set(now_ps(), static_cast<std::uint64_t>(counters_.cause()));
  const std::uint64_t next = counters_.next_change() * config_.period_ps;
  if (next > now_ps()) cause_event_.notify(from_ps(next - now_ps()));
}

void CommandProcessor::attach_trace(TraceSink& sink, const std::string& scope) {
  std::vector<std::string> commands_states{"idle"};
  for (const auto& opcode : opcodes) commands_states.emplace_back(opcode.name);
  for (unsigned i = 0; i < EPOCH_ENGINES; ++i) {
    const std::string engine = scope + "." + engine_name(i);
    lanes_[i].command.attach(sink, engine, "command", 8, commands_states);
    lanes_[i].sequence.attach(sink, engine, "sequence", 32);
    lanes_[i].context.attach(sink, engine, "context", 16);
    lanes_[i].queued.attach(sink, engine, "queued", 8);
    lanes_[i].blocked_on.attach(sink, engine, "blocked_on", 5);
    lanes_[i].command.set(now_ps(), 0);
  }
  std::vector<std::string> causes;
  for (unsigned i = 0; i <= static_cast<unsigned>(Cause::idle); ++i)
    causes.emplace_back(name_of(static_cast<Cause>(i)));
  trace_cause_.attach(sink, scope + ".pe_grid", "cause", 4, causes);
  trace_head_.attach(sink, scope + ".ring", "head", 32);
  trace_tail_.attach(sink, scope + ".ring", "tail", 32);
  trace_completed_.attach(sink, scope + ".ring", "completed", 32);
  for (unsigned i = 0; i < EPOCH_SEMAPHORES; ++i)
    trace_semaphores_[i].attach(sink, scope + ".semaphores", "s" + std::to_string(i), 8);
  request_dispatch();
}

void CommandProcessor::attach_log(LogSink& sink, const std::string& scope) {
  log_.attach(sink, scope + ".commands");
  for (unsigned i = 0; i < engine_logs_.size(); ++i)
    engine_logs_[i].attach(sink, scope + "." + engine_name(i));
}

void CommandProcessor::statistics(const std::string& prefix, Statistics& out) const {
  const std::uint64_t now = now_ps();
  for (unsigned i = 0; i < EPOCH_ENGINES; ++i) {
    const Lane& lane = lanes_[i];
    const std::string engine = prefix + "." + engine_name(i);
    const std::uint64_t busy_ps = lane.busy_ps + (lane.running != 0 ? now - lane.busy_since : 0);
    const std::uint64_t blocked_ps =
        lane.blocked_ps + (lane.blocked ? now - lane.blocked_since : 0);
    out.push_back({engine + ".commands", lane.started, "command", "Commands started"});
    out.push_back({engine + ".busy", busy_ps / config_.period_ps, "cycle",
                   "Array clock cycles with a command running"});
    out.push_back({engine + ".blocked", blocked_ps / config_.period_ps, "cycle",
                   "Array clock cycles with the FIFO head waiting for a semaphore"});
  }
  clocks_.statistics(prefix, now / config_.period_ps, out);
}

}  // namespace epoch
