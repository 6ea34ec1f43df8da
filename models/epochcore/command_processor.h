// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <systemc>
#include <vector>

#include "common/bus_master.h"
#include "common/log.h"
#include "common/statistics.h"
#include "common/trace.h"
#include "epochcore/clock_control.h"
#include "epochcore/counters.h"
#include "epochcore/csr.h"
#include "epochcore/engine.h"

namespace epoch {

struct CommandProcessorConfig {
  Transport transport = Transport::lt;
  std::uint64_t period_ps = 1000;
  unsigned fifo_depth = 16;
  Limits limits;
};

// Sees the ring from inside the device, at the times at which it takes effect.
class RingObserver {
 public:
  virtual ~RingObserver() = default;
  // CTRL.enable, with nothing in flight; fetch begins at `head`.
  virtual void on_enable(std::uint32_t head) = 0;
  // RING_TAIL, accepted; one that was kept while disabled comes with enable.
  virtual void on_doorbell(std::uint32_t tail) = 0;
  // A correct command, in ring order, before it can start.
  virtual void on_fetch(const Command& command) = 0;
};

// Fetches descriptors in ring order over its own bus master, decodes, queues each in its engine's
// FIFO, dispatches from the FIFO heads, keeps semaphores, COMPLETED, errors, abort, reset and the
// watchdog.
//
// Order within one simulated time: register accesses come first and see the device as earlier times
// left it; they and the engines only record what happened. Then dispatch(), a delta cycle later,
// lets engines publish, retires, takes errors, stops and starts, engines by number. Fetch goes
// last. So the order in which the kernel runs the processes of one time does not matter.
class CommandProcessor : public sc_core::sc_module, public EngineClient {
 public:
  // Fetches over `commands`, the device's socket, whose owner hands nb_transport_bw to at_master().
  CommandProcessor(const sc_core::sc_module_name& module_name, const CommandProcessorConfig& config,
                   tlm::tlm_initiator_socket<>& commands, Csr& csr, Counters& counters);
  // The engines in the order of EPOCH_ENGINE_*; before simulation starts.
  void bind_engines(const std::array<Engine*, EPOCH_ENGINES>& engines) { engines_ = engines; }

  void retired(unsigned engine, std::uint32_t sequence) override;
  void failed(unsigned engine, std::uint32_t sequence, const ExecutionError& error) override;
  void drained(unsigned engine) override;
  void wake() override { request_dispatch(); }

  // Told when a command is fetched (queued), starts (running), retires, or is dropped by a stop;
  // costs a branch while empty.
  std::function<void(std::uint64_t time_ps, const CommandView&)> on_command;

  // Cost a branch while there are none.
  std::vector<RingObserver*> ring_observers;

  // The commands between COMPLETED and HEAD, in ring order; a retired one waits for its turn.
  std::vector<CommandView> pending() const { return {records_.begin(), records_.end()}; }

  AtMaster& at_master() { return master_.at(); }
  const AtMaster& at_master() const { return master_.at(); }
  void attach_trace(TraceSink& sink, const std::string& scope);
  // Scopes `commands` (the ring and its errors) and one for each engine.
  void attach_log(LogSink& sink, const std::string& scope);
  void statistics(const std::string& prefix, Statistics& out) const;

 private:
  // Why the device is stopping, mildest first.
  //   precise  decode or ring error: what was fetched still runs
  //   abort    running commands finish, queued ones are dropped
  //   error    running commands are cancelled too
  //   reset    and everything is cleared
  enum class Stop { none, precise, abort, error, reset };

  // A fetched command that has not retired, or has but an earlier one has not.
  struct Record : CommandView {
    bool irq = false;
    bool halt = false;
  };

  // What an engine reported, until dispatch() looks at it.
  struct Report {
    enum class Kind { retired, failed, drained } kind;
    unsigned engine;
    std::uint32_t sequence;
    ExecutionError error;
  };

  struct Lane {  // what the processor knows of an engine
    std::deque<Command> fifo;
    unsigned running = 0;
    bool blocked = false;  // its head waits for a semaphore
    std::uint64_t busy_since = 0;
    std::uint64_t busy_ps = 0;
    std::uint64_t blocked_since = 0;
    std::uint64_t blocked_ps = 0;
    std::uint64_t started = 0;
    TracePoint command, sequence, context, queued, blocked_on;
  };

  // command_fetch.cpp
  void fetch();
  bool may_fetch() const;
  unsigned fetch_burst();
  bool issue(const Descriptor& words, std::uint64_t generation);
  bool queue(const Command& command, std::uint64_t generation);
  bool execute_at_head(const Command& command, std::uint64_t generation);
  void align_to_clock();
  void take_turn();

  // command_processor.cpp: dispatch and retirement
  void dispatch();
  void request_dispatch() { dispatch_event_.notify(sc_core::SC_ZERO_TIME); }
  void take_reports();
  void start_commands();
  void start_command(unsigned engine);
  bool control_ready() const;
  void run_control();
  bool waits_met(const Command& command) const;
  int unmet_wait(const Command& command) const;
  void take_waits(const Command& command);
  bool signal(const Record& record);
  Record& record_of(std::uint32_t sequence) {
    return records_[sequence - records_.front().sequence];
  }
  void enter(Record& record, CommandView::State state);
  void log_entry(const Record& record) const;
  void log_stop(Stop stop) const;
  void push_record(const Command& command);
  void retire(std::uint32_t sequence);
  void advance_completed();
  void idle_lane(unsigned engine);
  void observe();
  void observe_lane(unsigned engine);
  void observe_clocks();
  void trace_cause();
  Cause waiting_cause() const;
  Cause blocked_cause(unsigned semaphore) const;
  bool engines_idle() const;
  bool work_pending() const;
  bool busy() const;

  // command_control.cpp: registers, errors, stopping
  void attach_registers();
  void write_control(std::uint32_t value);
  void write_ring_register(std::uint32_t offset, std::uint32_t value);
  void write_tail(std::uint32_t value);
  void enable();
  std::uint32_t read_control() const;
  std::uint32_t read_status() const;
  std::uint32_t read_engine_state(unsigned engine) const;
  bool ring_valid() const;
  std::uint64_t ring_base() const;
  void precise_error(const ErrorReport& error);
  void execution_error(const ErrorReport& error);
  void note_error(const ErrorReport& error);
  void take_pending_error();
  void begin_stop(Stop stop);
  void apply_stop();
  void finish_stop();
  void finish_reset();
  void expire_watchdog() {
    watchdog_expired_ = true;
    request_dispatch();
  }
  void check_watchdog();
  void arm_watchdog();

  const CommandProcessorConfig config_;
  Csr& csr_;
  Counters& counters_;
  std::array<Engine*, EPOCH_ENGINES> engines_{};
  CommandDecoder decoder_;

  sc_core::sc_event fetch_event_;
  sc_core::sc_event dispatch_event_;
  sc_core::sc_event tick_event_;  // next clock edge at which a command can start
  sc_core::sc_event watchdog_event_;
  sc_core::sc_event cause_event_;

  // Ring.
  bool enabled_ = false;
  bool fetch_on_ = false;
  bool halted_ = false;
  bool stopped_ = false;    // by an error or abort, until enable or reset
  bool tail_kept_ = false;  // doorbell while disabled
  std::uint32_t head_ = 0;
  std::uint32_t tail_ = 0;
  std::uint32_t completed_ = 0;

  // Fetch.
  static constexpr unsigned fetch_descriptors = 4;
  BusMaster master_;
  std::array<Descriptor, fetch_descriptors> descriptors_{};
  bool fetching_ = false;           // a bus transaction is under way
  std::uint64_t generation_ = 0;    // moves when fetched but not queued descriptors become invalid
  std::optional<Command> control_;  // waits at the head

  // Dispatch.
  std::array<Lane, EPOCH_ENGINES> lanes_;
  ClockControl clocks_;
  std::deque<Record> records_;  // [completed_, head_)
  std::vector<Report> reports_;
  std::array<std::uint8_t, EPOCH_SEMAPHORES> semaphores_{};

  // Stopping.
  Stop stop_ = Stop::none;
  Stop applied_stop_ = Stop::none;  // what FIFOs and engines know of
  bool abort_requested_ = false;
  bool drain_failed_ = false;
  std::optional<ErrorReport> pending_error_;
  std::uint64_t progress_ps_ = 0;  // last retirement, or when work or a drain began
  bool was_pending_ = false;
  bool watchdog_expired_ = false;  // its event has come

  std::array<TracePoint, EPOCH_SEMAPHORES> trace_semaphores_;
  LogPoint log_;
  std::array<LogPoint, EPOCH_ENGINE_CONTROL + 1> engine_logs_;
  TracePoint trace_head_, trace_tail_, trace_completed_, trace_cause_;
};

}  // namespace epoch
