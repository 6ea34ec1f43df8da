// SPDX-License-Identifier: Apache-2.0
#include "epochcore/pe_grid.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/sim_time.h"
#include "epochcore/pe_grid/operands.h"
#include "epochcore/pe_grid/timing.h"

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
  if (command.opcode == EPOCH_OP_STREAMS) return 0;
  if (command.opcode == EPOCH_OP_STATE) {
    const bool beside = config_.state_shadow && !std::get<StateWork>(command.work).save;
    return beside ? state_end_ps_ : std::max(array_end_ps_, state_end_ps_);
  }
  const ArrayShape& shape = std::get<ArrayWork>(command.work).shape;
  const bool back_to_back = !state_saved_ && shape.mode == last_shape_.mode &&
                            shape.type == last_shape_.type && shape.modes == last_shape_.modes;
  std::uint64_t earliest = std::max(loaded, back_to_back ? stream_end_ps_ : array_end_ps_);
  if (!config_.state_shadow) earliest = std::max(earliest, state_end_ps_);
  if (!shadow_states_.empty()) earliest = std::max(earliest, shadow_state_end_ps_);
  return earliest;
}

// A command that reads what a running one has yet to publish gets the old bytes: the contract asks
// for a semaphore between the two. Hardware cannot tell; the statistic can.
void PeGrid::note_race(const LocalTile& operand) {
  for (const Running& running : running_)
    if (tiles_overlap(operand, running.destination)) ++races_;
}

// ---- start -----------------------------------------------------------------------------------

void PeGrid::start(const Command& command) {
  switch (command.opcode) {
    case EPOCH_OP_COEFF:
      start_load(command);
      break;
    case EPOCH_OP_STATE:
      start_state(command);
      break;
    case EPOCH_OP_STREAMS:
      start_streams(command);
      break;
    default:
      start_array(command);
  }
  schedule();
}

const std::uint8_t* PeGrid::read_bytes(const LocalTile& tile) {
  if (tile.rows == 0) return nullptr;
  note_race(tile);
  bytes_.resize(tile.bytes());
  local.read(tile, bytes_.data());
  return bytes_.data();
}

const float* PeGrid::read_operand(const LocalTile& tile, NumberType type, const ArrayWork& work,
                                  std::vector<float>& into) {
  if (tile.rows == 0) return nullptr;
  const std::size_t count = tile.bytes() / type_bytes(type);
  into.resize(count);
  if (work.shape.sequences == 1) {
    unpack_words(type, read_bytes(tile), count, into.data());
    return into.data();
  }
  rows_.resize(count);
  unpack_words(type, read_bytes(tile), count, rows_.data());
  interleave(rows_.data(), work.steps, work.shape, into.data());
  return into.data();
}

void PeGrid::start_load(const Command& command) {
  shadow_ = std::get<CoefficientWork>(command.work);
  shadow_words_.unpack(shadow_, read_bytes(shadow_.block));
  const CoefficientBlock block = shadow_words_.block(shadow_.shape);
  const std::uint64_t cycles = std::max<std::uint64_t>(1, array_->coefficient_cycles(block));
  loading_ = true;
  shadow_full_ = false;
  load_sequence_ = command.sequence;
  load_end_ps_ = now_ps() + cycles * period_ps_;
  load_cycles_ += cycles;
  claim(shadow_.block, shadow_.block.bytes(), cycles, now_ps(), load_end_ps_);
  update_transferring();
}

void PeGrid::swap_coefficients() {
  if (shadow_full_) array_->load(shadow_words_.block(shadow_.shape));
  shadow_full_ = false;
}

void PeGrid::swap_states() {
  for (const ShadowState& state : shadow_states_)
    array_->load_state(state.shape.block(), state.words.data());
  shadow_states_.clear();
}

// Enters a command that starts now among the running ones.
PeGrid::Running& PeGrid::push_running(std::uint32_t sequence, std::uint64_t end_ps) {
  running_.emplace_back();
  running_.back().sequence = sequence;
  running_.back().end_ps = end_ps;
  return running_.back();
}

std::vector<std::uint8_t> PeGrid::result_buffer(const LocalTile& tile) {
  std::vector<std::uint8_t> buffer;
  if (!spare_.empty()) {
    buffer = std::move(spare_.back());
    spare_.pop_back();
  }
  buffer.resize(tile.bytes());
  return buffer;
}

void PeGrid::start_array(const Command& command) {
  const auto& work = std::get<ArrayWork>(command.work);
  const NumberType type = work.shape.type;
  swap_coefficients();
  swap_states();
  ArrayCommand run{work};
  const bool streamed = work.drive.rows != 0, edge = work.shape.mode == ArrayMode::edge;
  const float* const source =
      read_operand(work.source, streamed || edge ? NumberType::fp32 : type, work, source_);
  (streamed ? run.decay : run.u) = source;
  run.drive = read_operand(work.drive, type, work, drive_);
  run.b = read_operand(work.b, type, work, b_);
  run.c = read_operand(work.c, type, work, c_);
  if (streamed) run.u = read_operand(work.u, type, work, u_);
  run.stored = read_operand(work.stored, work.stored_type, work, stored_);
  run.accumulator = read_operand(work.accumulator, NumberType::fp32, work, accumulator_);

  const CoefficientBlock block = work.shape.block();
  results_.resize(std::size_t{work.steps} * PeArray::outputs(block, work.drained()));
  NumericEvents events;
  ArrayTiming timing = array_->run(run, results_.data(), events);
  const std::uint64_t lanes = config_.pe_grid.drain_lanes;
  const std::uint64_t drain =
      std::uint64_t{work.steps} * ((drained_elements(block) + lanes - 1) / lanes);
  // Results leave in order: behind those of the command before come at least this one's own.
  array_end_ps_ = std::max(now_ps() + std::max<std::uint64_t>(1, timing.total) * period_ps_,
                           array_end_ps_ + drain * period_ps_);
  timing.total = (array_end_ps_ - now_ps()) / period_ps_;  // waiting for the drain included
  stream_end_ps_ = now_ps() + std::max<std::uint64_t>(1, timing.stream) * period_ps_;
  Running& running = push_running(command.sequence, array_end_ps_);
  running.destination = work.destination;
  running.events = events;
  publish_words(work, running);
  state_saved_ = false;
  last_shape_ = work.shape;
  const std::uint64_t done = std::uint64_t{work.steps} * work.shape.lanes() * work.shape.modes;
  (work.shape.mode == ArrayMode::mac ? macs_ : ssm_updates_) += done;
  claim_ports(work, timing);
  counters_.execute(timing);
}

// The array's results as the bytes that the command will write.
void PeGrid::publish_words(const ArrayWork& work, Running& running) {
  const bool raw = work.partial || work.shape.mode == ArrayMode::edge;
  const float* words = results_.data();
  if (work.shape.sequences > 1) {
    rows_.resize(results_.size());
    separate(results_.data(), work.steps, work.shape, rows_.data());
    words = rows_.data();
  }
  running.result = result_buffer(work.destination);
  pack_words(raw ? NumberType::fp32 : work.output, words, results_.size(), running.result.data());
}

void PeGrid::start_streams(const Command& command) {
  push_running(command.sequence, now_ps() + period_ps_);
}

// Rates are whole bytes a cycle, rounded up: what the schedule takes on average.
void PeGrid::claim(const LocalTile& tile, std::uint64_t bytes, std::uint64_t interval,
                   std::uint64_t from_ps, std::uint64_t until_ps) {
  if (tile.rows == 0) return;
  const std::uint64_t cycles = std::max<std::uint64_t>(1, interval);
  const std::uint64_t rate = (bytes + cycles - 1) / cycles;
  buffers_[EPOCH_LOCAL_BUFFER(tile.address)]->claim(rate, from_ps, until_ps);
}

void PeGrid::claim_ports(const ArrayWork& work, const ArrayTiming& timing) {
  const std::uint64_t now = now_ps();
  const auto step_bytes = [&](const LocalTile& tile) { return tile.bytes() / work.steps; };
  for (const LocalTile* operand :
       {&work.source, &work.stored, &work.accumulator, &work.drive, &work.b, &work.c, &work.u})
    claim(*operand, step_bytes(*operand), timing.interval, now, stream_end_ps_);
  const std::uint64_t stream_ps = stream_end_ps_ - now;
  const std::uint64_t first_result =
      array_end_ps_ - now > stream_ps ? array_end_ps_ - stream_ps : now;
  claim(work.destination, step_bytes(work.destination), timing.interval, first_result,
        array_end_ps_);
}

void PeGrid::start_state(const Command& command) {
  const auto& work = std::get<StateWork>(command.work);
  const CoefficientBlock shape = work.shape.block();
  const std::uint64_t cycles = std::max<std::uint64_t>(1, array_->state_cycles(shape));
  state_cycles_ += cycles;
  state_end_ps_ = now_ps() + cycles * period_ps_;
  Running& running = push_running(command.sequence, state_end_ps_);
  running.state = true;
  results_.resize(work.block.bytes() / sizeof(float));
  if (work.save) {
    swap_states();
    array_->save_state(shape, results_.data());
    running.result = result_buffer(work.block);
    std::memcpy(running.result.data(), results_.data(), running.result.size());
    running.destination = work.block;
    state_saved_ = true;
  } else {
    std::memcpy(results_.data(), read_bytes(work.block), work.block.bytes());
    if (config_.state_shadow) {
      shadow_states_.push_back({work.shape, results_});
      shadow_state_end_ps_ = state_end_ps_;
    } else {
      array_->load_state(shape, results_.data());
      state_saved_ = true;
    }
  }
  claim(work.block, work.block.bytes(), cycles, now_ps(), state_end_ps_);
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
  if (done.destination.rows != 0) spare_.push_back(std::move(done.result));  // else: it has none
}

// Counts infinite and NaN outputs and clamped states; with the trap enabled they are an error and
// nothing is published.
bool PeGrid::trapped(const Running& done) {
  if (done.events.overflow == 0 && done.events.nan == 0 && done.events.saturated == 0) return false;
  counters_.add(Counters::NUMERIC_SATURATED, done.events.saturated);
  counters_.add(Counters::NUMERIC_OVERFLOW, done.events.overflow);
  counters_.add(Counters::NUMERIC_NAN, done.events.nan);
  csr_.raise(EPOCH_IRQ_STATUS_NUMERIC_MASK);
  if (!csr_.numeric_trap()) return false;
  const std::uint32_t code = done.events.overflow != 0 ? EPOCH_ERROR_NUMERIC_OVERFLOW
                             : done.events.nan != 0    ? EPOCH_ERROR_NUMERIC_NAN
                                                       : EPOCH_ERROR_NUMERIC_SATURATED;
  client_.failed(
      EPOCH_ENGINE_PE_GRID, done.sequence,
      {code, done.destination.address, static_cast<std::uint32_t>(done.destination.bytes())});
  return true;
}

void PeGrid::update_transferring() {
  const bool state = std::any_of(running_.begin(), running_.end(),
                                 [](const Running& running) { return running.state; });
  counters_.set_transferring(loading_ || state);
}

void PeGrid::cancel() {
  step_event_.cancel();
  loading_ = false;
  shadow_full_ = false;
  swap_states();  // what has retired is the array's state
  running_.clear();
  array_end_ps_ = stream_end_ps_ = state_end_ps_ = now_ps();
  for (Scratchpad* buffer : buffers_) buffer->release_claims();
  update_transferring();
  counters_.stop_execution();
}

void PeGrid::reset() {
  array_ = PeArray::make(config_.fidelity, config_.pe_grid);
}

void PeGrid::statistics(const std::string& prefix, Statistics& out) const {
  out.push_back({prefix + ".ssm_updates", ssm_updates_, "update",
                 "State updates: steps x channels x sequences x modes of SSM commands"});
  out.push_back({prefix + ".macs", macs_, "MAC", "Multiply-accumulates of GEMM commands"});
  out.push_back({prefix + ".coefficient_cycles", load_cycles_, "cycle",
                 "Cycles of COEFF commands, hidden or exposed"});
  out.push_back({prefix + ".races", races_, "operand",
                 "Operands read before a running command published them: a semaphore is missing"});
  out.push_back({prefix + ".state_cycles", state_cycles_, "cycle", "Cycles of STATE commands"});
}

}  // namespace epoch
