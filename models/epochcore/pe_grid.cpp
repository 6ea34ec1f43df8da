// SPDX-License-Identifier: Apache-2.0
#include "epochcore/pe_grid.h"

#include <algorithm>
#include <utility>

#include "common/sim_time.h"

namespace epoch {

PeGrid::PeGrid(const sc_core::sc_module_name& module_name, const EpochCoreConfig& config,
               std::uint64_t period_ps, EngineClient& client, Csr& csr, Counters& counters,
               std::vector<Scratchpad*> buffers)
    : sc_module(module_name),
      config_(config),
      period_ps_(period_ps),
      client_(client),
      csr_(csr),
      counters_(counters),
      buffers_(std::move(buffers)),
      array_(PeArray::make(config.fidelity, config.pe_grid)) {
  SC_HAS_PROCESS(PeGrid);
  SC_METHOD(wake);
  sensitive << step_event_;
  dont_initialize();
}

// ---- when a command may start ----------------------------------------------------------------

std::uint64_t PeGrid::earliest_start(const Command& command) const {
  const std::uint64_t loaded = loading_ ? load_end_ps_ : 0;
  if (command.opcode == EPOCH_OP_COEFF) return loaded;
  if (running_.empty()) return command.opcode == EPOCH_OP_STATE ? 0 : loaded;
  if (command.opcode == EPOCH_OP_STATE) return array_end_ps_;
  const auto& work = std::get<ArrayWork>(command.work);
  const bool back_to_back =
      !last_was_state_ && work.mode == last_mode_ && work.modes == last_modes_;
  return std::max(loaded, back_to_back ? stream_end_ps_ : array_end_ps_);
}

// A command that reads what a running one has yet to publish gets the old bytes: the contract asks
// for a semaphore between the two. Hardware cannot tell; the statistic can.
void PeGrid::note_race(const LocalTile& operand) {
  for (const Running& running : running_)
    if (tiles_overlap(operand, running.destination)) ++races_;
}

// ---- start -----------------------------------------------------------------------------------

void PeGrid::start(const Command& command) {
  if (command.opcode == EPOCH_OP_COEFF)
    start_load(command);
  else if (command.opcode == EPOCH_OP_STATE)
    start_state(command);
  else
    start_array(command);
  schedule();
}

const float* PeGrid::read_floats(const LocalTile& tile, std::vector<float>& into) {
  if (tile.rows == 0) return nullptr;
  note_race(tile);
  into.resize(tile.bytes() / sizeof(float));
  local.read(tile, into.data());
  return into.data();
}

CoefficientBlock PeGrid::shadow_block() const {
  CoefficientBlock block;
  block.mode = shadow_.mode;
  block.channels = shadow_.channels;
  block.modes = shadow_.modes;
  block.words = shadow_words_.data();
  if (shadow_.extra) block.extra = shadow_words_.data() + shadow_words_.size() - shadow_.channels;
  return block;
}

void PeGrid::start_load(const Command& command) {
  shadow_ = std::get<CoefficientWork>(command.work);
  read_floats(shadow_.block, shadow_words_);
  const std::uint64_t cycles =
      std::max<std::uint64_t>(1, array_->coefficient_cycles(shadow_block()));
  loading_ = true;
  shadow_full_ = false;
  load_sequence_ = command.sequence;
  load_end_ps_ = now_ps() + cycles * period_ps_;
  load_cycles_ += cycles;
  claim(shadow_.block, cycles, now_ps(), load_end_ps_);
  update_transferring();
}

void PeGrid::swap_coefficients() {
  if (!shadow_full_) return;
  array_->load(shadow_block());
  shadow_full_ = false;
}

// Enters a command that starts now among the running ones; its results occupy the drain pipeline
// for `drain_cycles`.
PeGrid::Running& PeGrid::push_running(std::uint32_t sequence, std::uint64_t cycles,
                                      std::uint64_t drain_cycles) {
  running_.emplace_back();
  Running& running = running_.back();
  running.sequence = sequence;
  // Results leave in order: behind those of the command before come at least this one's own.
  const std::uint64_t end_ps = now_ps() + std::max<std::uint64_t>(1, cycles) * period_ps_;
  array_end_ps_ = std::max(end_ps, array_end_ps_ + drain_cycles * period_ps_);
  running.end_ps = array_end_ps_;
  return running;
}

std::vector<float> PeGrid::result_buffer(const LocalTile& tile) {
  std::vector<float> buffer;
  if (!spare_.empty()) {
    buffer = std::move(spare_.back());
    spare_.pop_back();
  }
  buffer.resize(tile.bytes() / sizeof(float));
  return buffer;
}

void PeGrid::start_array(const Command& command) {
  const auto& work = std::get<ArrayWork>(command.work);
  swap_coefficients();
  ArrayCommand run;
  run.steps = work.steps;
  run.u = read_floats(work.source, u_);
  run.stored = read_floats(work.stored, stored_);
  run.accumulator = read_floats(work.accumulator, accumulator_);
  run.use_extra = work.use_extra;
  run.partial = work.partial;
  run.reverse = work.reverse;
  run.shift = work.shift;
  run.zero_state = work.zero_state;
  run.activation = work.activation;

  std::vector<float> result = result_buffer(work.destination);
  NumericEvents events;
  ArrayTiming timing = array_->run(run, result.data(), events);
  const unsigned lanes = config_.pe_grid.drain_lanes;
  const std::uint64_t drain = std::uint64_t{work.steps} * ((work.channels + lanes - 1) / lanes);
  Running& running = push_running(command.sequence, timing.total, drain);
  timing.total = (running.end_ps - now_ps()) / period_ps_;  // waiting for the drain included
  running.result = std::move(result);
  running.destination = work.destination;
  running.events = events;
  stream_end_ps_ = now_ps() + std::max<std::uint64_t>(1, timing.stream) * period_ps_;
  last_was_state_ = false;
  last_mode_ = work.mode;
  last_modes_ = work.modes;
  const std::uint64_t work_done = std::uint64_t{work.steps} * work.channels * work.modes;
  (work.mode == ArrayMode::mac ? macs_ : ssm_updates_) += work_done;
  claim_ports(work, timing);
  counters_.execute(timing);
}

// Rates are whole bytes a cycle, rounded up: what the schedule takes on average.
void PeGrid::claim(const LocalTile& tile, std::uint64_t interval, std::uint64_t from_ps,
                   std::uint64_t until_ps) {
  if (tile.rows == 0) return;
  const std::uint64_t cycles = std::max<std::uint64_t>(1, interval);
  const std::uint64_t rate = (tile.row_bytes + cycles - 1) / cycles;
  buffers_[EPOCH_LOCAL_BUFFER(tile.address)]->claim(rate, from_ps, until_ps);
}

void PeGrid::claim_ports(const ArrayWork& work, const ArrayTiming& timing) {
  const std::uint64_t now = now_ps();
  for (const LocalTile* operand : {&work.source, &work.stored, &work.accumulator})
    claim(*operand, timing.interval, now, stream_end_ps_);
  const std::uint64_t stream_ps = stream_end_ps_ - now;
  const std::uint64_t first_result =
      array_end_ps_ - now > stream_ps ? array_end_ps_ - stream_ps : now;
  claim(work.destination, timing.interval, first_result, array_end_ps_);
}

void PeGrid::start_state(const Command& command) {
  const auto& work = std::get<StateWork>(command.work);
  const std::uint64_t cycles =
      std::max<std::uint64_t>(1, array_->state_cycles(work.mode, work.channels, work.modes));
  state_cycles_ += cycles;
  Running& running = push_running(command.sequence, cycles, 0);
  running.state = true;
  if (work.save) {
    running.result = result_buffer(work.block);
    array_->save_state(work.mode, work.channels, work.modes, running.result.data());
    running.destination = work.block;
  } else {
    const float* words = read_floats(work.block, u_);
    array_->load_state(work.mode, work.channels, work.modes, words);
  }
  claim(work.block, cycles, now_ps(), array_end_ps_);
  last_was_state_ = true;
  update_transferring();
}

// ---- end -------------------------------------------------------------------------------------

void PeGrid::schedule() {
  std::uint64_t next = never;
  if (loading_) next = load_end_ps_;
  if (!running_.empty()) next = std::min(next, running_.front().end_ps);
  if (next != never) step_event_.notify(from_ps(next - now_ps()));
}

void PeGrid::settle() {
  const std::uint64_t now = now_ps();
  if (loading_ && load_end_ps_ <= now) end_load();
  while (!running_.empty() && running_.front().end_ps <= now) end_running();
  schedule();
}

void PeGrid::end_load() {
  loading_ = false;
  shadow_full_ = true;
  update_transferring();
  client_.retired(EPOCH_ENGINE_PE_GRID, load_sequence_);
}

void PeGrid::end_running() {
  Running done = std::move(running_.front());
  running_.pop_front();
  if (done.state) update_transferring();
  if (!trapped(done)) {
    if (done.destination.rows != 0) local.write(done.destination, done.result.data());
    client_.retired(EPOCH_ENGINE_PE_GRID, done.sequence);
  }
  spare_.push_back(std::move(done.result));
}

// Counts infinite and NaN outputs; with the trap enabled they are an error and nothing is
// published.
bool PeGrid::trapped(const Running& done) {
  if (done.events.overflow == 0 && done.events.nan == 0) return false;
  counters_.add(Counters::NUMERIC_OVERFLOW, done.events.overflow);
  counters_.add(Counters::NUMERIC_NAN, done.events.nan);
  csr_.raise(EPOCH_IRQ_STATUS_NUMERIC_MASK);
  if (!csr_.numeric_trap()) return false;
  const std::uint32_t code =
      done.events.overflow != 0 ? EPOCH_ERROR_NUMERIC_OVERFLOW : EPOCH_ERROR_NUMERIC_NAN;
  client_.failed(
      EPOCH_ENGINE_PE_GRID, done.sequence,
      {code, done.destination.address, static_cast<std::uint32_t>(done.destination.bytes())});
  return true;
}

void PeGrid::update_transferring() {
  const bool state = !running_.empty() && running_.back().state;
  counters_.set_transferring(loading_ || state);
}

void PeGrid::cancel() {
  step_event_.cancel();
  loading_ = false;
  shadow_full_ = false;
  running_.clear();
  array_end_ps_ = stream_end_ps_ = now_ps();
  for (Scratchpad* buffer : buffers_) buffer->release_claims();
  update_transferring();
  counters_.stop_execution();
}

void PeGrid::reset() {
  array_ = PeArray::make(config_.fidelity, config_.pe_grid);
}

void PeGrid::statistics(const std::string& prefix, Statistics& out) const {
  out.push_back({prefix + ".ssm_updates", ssm_updates_, "update",
                 "State updates: steps x channels x modes of SSM commands"});
  out.push_back({prefix + ".macs", macs_, "MAC", "Multiply-accumulates of GEMM commands"});
  out.push_back({prefix + ".coefficient_cycles", load_cycles_, "cycle",
                 "Cycles of COEFF commands, hidden or exposed"});
  out.push_back({prefix + ".races", races_, "operand",
                 "Operands read before a running command published them: a semaphore is missing"});
  out.push_back({prefix + ".state_cycles", state_cycles_, "cycle", "Cycles of STATE commands"});
}

}  // namespace epoch
