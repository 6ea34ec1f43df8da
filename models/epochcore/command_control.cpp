// SPDX-License-Identifier: Apache-2.0
// CommandProcessor: its registers, errors, abort, reset and watchdog.
#include <algorithm>

#include "common/sim_time.h"
#include "epochcore/command_processor.h"

namespace epoch {

void CommandProcessor::attach_registers() {
  RegisterBank& bank = csr_.bank();
  bank.on_read(EPOCH_REG_CTRL, [this](unsigned) { return read_control(); });
  bank.on_write(EPOCH_REG_CTRL, [this](unsigned, std::uint32_t value) { write_control(value); });
  bank.on_read(EPOCH_REG_STATUS, [this](unsigned) { return read_status(); });
  bank.on_read(EPOCH_REG_RING_HEAD, [this](unsigned) { return head_; });
  bank.on_read(EPOCH_REG_RING_TAIL, [this](unsigned) { return tail_; });
  bank.on_write(EPOCH_REG_RING_TAIL, [this](unsigned, std::uint32_t value) { write_tail(value); });
  bank.on_read(EPOCH_REG_COMPLETED, [this](unsigned) { return completed_; });
  bank.on_read(EPOCH_REG_ENGINE_STATE, [this](unsigned i) { return read_engine_state(i); });
  bank.on_read(EPOCH_REG_SEMAPHORE, [this](unsigned i) { return std::uint32_t{semaphores_[i]}; });
  for (const std::uint32_t offset :
       {EPOCH_REG_RING_BASE_LO, EPOCH_REG_RING_BASE_HI, EPOCH_REG_RING_SIZE, EPOCH_REG_RING_START})
    bank.on_write(offset, [this, offset](unsigned, std::uint32_t value) {
      write_ring_register(offset, value);
    });
  bank.on_write(EPOCH_REG_WATCHDOG, [this](unsigned, std::uint32_t value) {
    csr_.bank().set(EPOCH_REG_WATCHDOG, value);
    arm_watchdog();
  });
}

// ---- registers -------------------------------------------------------------------------------

std::uint32_t CommandProcessor::read_control() const {
  return EPOCH_PUT(enabled_, CTRL, ENABLE) | EPOCH_PUT(abort_requested_, CTRL, ABORT) |
         EPOCH_PUT(stop_ == Stop::reset, CTRL, RESET);
}

std::uint32_t CommandProcessor::read_status() const {
  return EPOCH_PUT(enabled_, STATUS, ENABLED) | EPOCH_PUT(busy(), STATUS, BUSY) |
         EPOCH_PUT(head_ == tail_, STATUS, RING_EMPTY) | EPOCH_PUT(halted_, STATUS, HALTED) |
         EPOCH_PUT(csr_.error_pending(), STATUS, ERROR) |
         EPOCH_PUT(drain_failed_, STATUS, DRAIN_FAILED);
}

std::uint32_t CommandProcessor::read_engine_state(unsigned engine) const {
  const Lane& lane = lanes_[engine];
  const int unmet = lane.fifo.empty() ? -1 : unmet_wait(lane.fifo.front());
  unsigned state = EPOCH_STATE_IDLE;
  if (stopped_ || stop_ >= Stop::abort)
    state = EPOCH_STATE_STOPPED;
  else if (lane.running != 0)
    state = EPOCH_STATE_RUNNING;
  else if (unmet >= 0)
    state = EPOCH_STATE_BLOCKED;
  return EPOCH_PUT(state, ENGINE_STATE, STATE) | EPOCH_PUT(lane.fifo.size(), ENGINE_STATE, QUEUED) |
         EPOCH_PUT(unmet + 1, ENGINE_STATE, BLOCKED_ON);
}

void CommandProcessor::write_control(std::uint32_t value) {
  if (drain_failed_) return;
  if (EPOCH_GET(value, CTRL, RESET) != 0) {
    begin_stop(Stop::reset);
  } else if (EPOCH_GET(value, CTRL, ABORT) != 0) {
    abort_requested_ = true;
    begin_stop(Stop::abort);
  } else if (stop_ == Stop::none) {
    const bool on = EPOCH_GET(value, CTRL, ENABLE) != 0;
    if (on && !enabled_) enable();
    if (!on && enabled_) {  // what was fetched still runs
      enabled_ = fetch_on_ = false;
      ++generation_;
      fetch_event_.notify(sc_core::SC_ZERO_TIME);
      request_dispatch();
    }
  }
}

std::uint64_t CommandProcessor::ring_base() const {
  return csr_.bank().get(EPOCH_REG_RING_BASE_LO) |
         std::uint64_t{csr_.bank().get(EPOCH_REG_RING_BASE_HI)} << 32;
}

bool CommandProcessor::ring_valid() const {
  const std::uint32_t size = csr_.bank().get(EPOCH_REG_RING_SIZE);
  const bool size_ok = size >= 2 && size <= 4096 && (size & (size - 1)) == 0;
  const std::uint64_t last = ring_base() + sizeof(epoch_command) * std::uint64_t{size} - 1;
  return size_ok && ring_base() % sizeof(epoch_command) == 0 && last >= ring_base();
}

// 0 to 1 of CTRL.enable. Ignored while commands of the run before are in flight.
void CommandProcessor::enable() {
  if (busy()) return;
  head_ = completed_ = csr_.bank().get(EPOCH_REG_RING_START);
  if (!tail_kept_) tail_ = head_;
  const std::uint32_t tail = tail_;
  tail_kept_ = false;
  enabled_ = true;
  halted_ = stopped_ = false;
  if (!ring_valid()) {
    tail_ = head_;
    precise_error({EPOCH_ERROR_RING_CONFIG, head_, ring_base(), 0, 0});
    return;
  }
  for (RingObserver* observer : ring_observers) observer->on_enable(head_);
  if (log_.on(LogLevel::info))
    log_.write(LogLevel::info, now_ps(), "enabled at head %u", unsigned{head_});
  fetch_on_ = true;
  tail_ = head_;
  write_tail(tail);
}

void CommandProcessor::write_ring_register(std::uint32_t offset, std::uint32_t value) {
  if (enabled_) {
    precise_error({EPOCH_ERROR_RING_BUSY, head_, offset, 0, 0});
    return;
  }
  csr_.bank().set(offset, value);
  if (offset == EPOCH_REG_RING_START) tail_kept_ = false;
}

void CommandProcessor::write_tail(std::uint32_t value) {
  if (!enabled_) {
    tail_ = value;
    tail_kept_ = true;
    return;
  }
  if (value - head_ > csr_.bank().get(EPOCH_REG_RING_SIZE)) {
    precise_error({EPOCH_ERROR_RING_RANGE, head_, value, 0, 0});
    return;
  }
  tail_ = value;
  for (RingObserver* observer : ring_observers) observer->on_doorbell(value);
  if (log_.on(LogLevel::debug))
    log_.write(LogLevel::debug, now_ps(), "doorbell: head %u, tail %u", unsigned{head_},
               unsigned{tail_});
  fetch_event_.notify(sc_core::SC_ZERO_TIME);
  request_dispatch();
}

// ---- errors ----------------------------------------------------------------------------------

// Of the errors that one dispatch() finds the earliest command's is taken.
void CommandProcessor::note_error(const ErrorReport& error) {
  const bool earlier =
      !pending_error_ || static_cast<std::int32_t>(error.sequence - pending_error_->sequence) < 0;
  if (earlier) pending_error_ = error;
  request_dispatch();
}

void CommandProcessor::precise_error(const ErrorReport& error) {
  note_error(error);
  begin_stop(Stop::precise);
}

void CommandProcessor::execution_error(const ErrorReport& error) {
  note_error(error);
  begin_stop(Stop::error);
}

void CommandProcessor::take_pending_error() {
  if (!pending_error_) return;
  csr_.report(*pending_error_);
  if (log_.on(LogLevel::error))
    log_.write(LogLevel::error, now_ps(), "error %u %s: sequence=%u context=0x%04x address=0x%llx",
               unsigned{pending_error_->code}, error_name(pending_error_->code),
               unsigned{pending_error_->sequence}, unsigned{pending_error_->context},
               static_cast<unsigned long long>(pending_error_->address));
  pending_error_.reset();
}

// ---- stopping --------------------------------------------------------------------------------

// A milder request than one under way changes nothing, so that asking again does not put off the
// watchdog.
void CommandProcessor::begin_stop(Stop stop) {
  if (stop <= stop_) return;
  stop_ = stop;
  log_stop(stop);
  fetch_on_ = false;
  ++generation_;
  progress_ps_ = now_ps();
  fetch_event_.notify(sc_core::SC_ZERO_TIME);
  request_dispatch();
  arm_watchdog();
}

void CommandProcessor::log_stop(Stop stop) const {
  static constexpr const char* names[] = {"", "error in the ring: what was fetched still runs",
                                          "abort", "error: running commands are cancelled",
                                          "reset"};
  const LogLevel level =
      stop == Stop::reset || stop == Stop::abort ? LogLevel::info : LogLevel::warning;
  if (log_.on(level))
    log_.write(level, now_ps(), "stopping: %s", names[static_cast<unsigned>(stop)]);
}

// FIFOs and engines learn of a stop after what retires at its time.
void CommandProcessor::apply_stop() {
  if (applied_stop_ == stop_) return;
  applied_stop_ = stop_;
  if (stop_ >= Stop::abort) {
    for (Lane& lane : lanes_) lane.fifo.clear();
    control_.reset();
    decoder_.forget_coefficients();
  }
  if (stop_ >= Stop::error) {
    for (unsigned i = 0; i < EPOCH_ENGINES; ++i) {
      engines_[i]->cancel();
      if (!engines_[i]->busy()) idle_lane(i);
    }
  }
}

void CommandProcessor::finish_stop() {
  if (stop_ == Stop::none || fetching_ || !engines_idle() || drain_failed_) return;
  if (stop_ == Stop::precise && !records_.empty()) return;
  const bool reset = stop_ == Stop::reset;
  for (Record& record : records_) {
    if (record.state != CommandView::State::retired) enter(record, CommandView::State::dropped);
  }
  records_.clear();
  stop_ = applied_stop_ = Stop::none;
  if (log_.on(LogLevel::info)) log_.write(LogLevel::info, now_ps(), "stopped");
  abort_requested_ = false;
  enabled_ = false;
  halted_ = stopped_ = true;
  if (reset) finish_reset();
}

void CommandProcessor::finish_reset() {
  halted_ = stopped_ = false;
  tail_kept_ = false;
  head_ = tail_ = completed_;
  semaphores_.fill(0);
  for (Engine* engine : engines_) engine->reset();
}

// ---- watchdog --------------------------------------------------------------------------------

void CommandProcessor::arm_watchdog() {
  const std::uint64_t cycles = csr_.bank().get(EPOCH_REG_WATCHDOG);
  if (cycles == 0 || !work_pending()) return;
  const std::uint64_t deadline = progress_ps_ + cycles * config_.period_ps;
  watchdog_event_.notify(from_ps(deadline > now_ps() ? deadline - now_ps() : 0));
}

// Re-arms itself while retirements come, so that they cost nothing. One that comes at the very end
// still counts.
void CommandProcessor::check_watchdog() {
  watchdog_expired_ = false;
  const std::uint64_t cycles = csr_.bank().get(EPOCH_REG_WATCHDOG);
  if (cycles == 0 || !work_pending() || drain_failed_) return;
  if (now_ps() < progress_ps_ + cycles * config_.period_ps) {
    arm_watchdog();
    return;
  }
  if (stop_ >= Stop::abort) {
    drain_failed_ = true;
    enabled_ = false;
    return;
  }
  const std::uint16_t context = records_.empty() ? std::uint16_t{0} : records_.front().context;
  execution_error({EPOCH_ERROR_WATCHDOG, completed_, 0, 0, context});
}

}  // namespace epoch
