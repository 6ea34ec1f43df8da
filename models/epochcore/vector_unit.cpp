// SPDX-License-Identifier: Apache-2.0
#include "epochcore/vector_unit.h"

#include <algorithm>

#include "common/sim_time.h"
#include "epochcore/vector_ops.h"

namespace epoch {

namespace {

// Start-up: operand fetch, pipeline and, for LAYERNORM, the square root and division latency.
constexpr std::uint64_t affine_startup = 4;
constexpr std::uint64_t layernorm_startup = 32;
constexpr std::uint64_t pool_startup = 4;
constexpr std::uint64_t layernorm_passes = 3;  // mean, variance, normalise

std::uint64_t ceil_div(std::uint64_t a, std::uint64_t b) {
  return (a + b - 1) / b;
}

}  // namespace

std::uint64_t vector_cycles(unsigned opcode, const VectorWork& work, unsigned lanes) {
  const std::uint64_t rows = work.rows;
  const std::uint64_t length = work.length;
  switch (opcode) {
    case EPOCH_OP_AFFINE:
      return affine_startup + ceil_div(rows * length, lanes);
    case EPOCH_OP_LAYERNORM:  // a lane owns a row: its sums run in ascending order
      return layernorm_startup + ceil_div(rows, lanes) * length * layernorm_passes;
    default:  // POOL: a lane owns a column
      return pool_startup + ceil_div(length, lanes) * (rows + (work.scale ? 1 : 0));
  }
}

VectorUnit::VectorUnit(const sc_core::sc_module_name& module_name, const EpochCoreConfig& config,
                       std::uint64_t period_ps, EngineClient& client)
    : sc_module(module_name), lanes_(config.vector_lanes), period_ps_(period_ps), client_(client) {
  SC_HAS_PROCESS(VectorUnit);
  for (unsigned i = 0; i < EPOCH_BUFFERS; ++i) peak_[i] = config.buffer(i).peak_bytes();
  SC_METHOD(wake);
  sensitive << step_event_;
  dont_initialize();
}

std::uint64_t VectorUnit::earliest_start(const Command&) const {
  return busy() ? never : 0;
}

sc_core::sc_time VectorUnit::read_operands(const VectorWork& work) {
  source_.resize(work.source.bytes());
  sc_core::sc_time last = local.read(work.source, source_.data());
  if (work.parameters.rows != 0) {
    parameters_.resize(work.parameters.bytes() / sizeof(float));
    last = std::max(last, local.read(work.parameters, parameters_.data()));
  }
  result_.resize(work.destination.bytes() / sizeof(float));
  if (work.accumulate) last = std::max(last, local.read(work.destination, result_.data()));
  return last;
}

void VectorUnit::compute(unsigned opcode, const VectorWork& work) {
  const auto* floats = reinterpret_cast<const float*>(source_.data());
  const std::uint64_t elements = std::uint64_t{work.rows} * work.length;
  elements_ += elements;
  if (opcode == EPOCH_OP_AFFINE)
    vector_affine(source_.data(), result_.data(), elements, work.immediate0, work.immediate1);
  else if (opcode == EPOCH_OP_LAYERNORM)
    vector_layernorm(floats, result_.data(), work.rows, work.length, parameters_.data(),
                     parameters_.data() + work.length, work.immediate0);
  else
    vector_pool(floats, result_.data(), work.rows, work.length, work.accumulate,
                work.scale ? &work.immediate0 : nullptr);
}

// Operands stream in, and results out, beside the computation; only what does not fit beside it
// lengthens the command. The write is made so that it ends with the command.
void VectorUnit::start(const Command& command) {
  const auto& work = std::get<VectorWork>(command.work);
  sequence_ = command.sequence;
  destination_ = work.destination;
  const std::uint64_t read_ps = to_ps(read_operands(work));
  compute(command.opcode, work);
  const std::uint64_t compute_ps = vector_cycles(command.opcode, work, lanes_) * period_ps_;
  const std::uint64_t peak = peak_[EPOCH_LOCAL_BUFFER(destination_.address)];
  const std::uint64_t write_ps = ceil_div(destination_.bytes(), peak) * period_ps_;
  const std::uint64_t length_ps = std::max(compute_ps, read_ps + write_ps);
  end_ps_ = now_ps() + length_ps;
  phase_ = Phase::computing;
  publish_ps_ = end_ps_ - write_ps;
  step_event_.notify(from_ps(publish_ps_ - now_ps()));
}

void VectorUnit::settle() {
  if (phase_ == Phase::computing && publish_ps_ <= now_ps()) publish();
  if (phase_ == Phase::publishing && end_ps_ <= now_ps()) finish();
}

void VectorUnit::publish() {
  const sc_core::sc_time written = local.write(destination_, result_.data());
  phase_ = Phase::publishing;
  end_ps_ = std::max(end_ps_, now_ps(written));
  step_event_.notify(from_ps(end_ps_ - now_ps()));
}

void VectorUnit::finish() {
  phase_ = Phase::idle;
  client_.retired(EPOCH_ENGINE_VECTOR_UNIT, sequence_);
}

void VectorUnit::cancel() {
  step_event_.cancel();
  phase_ = Phase::idle;
}

void VectorUnit::statistics(const std::string& prefix, Statistics& out) const {
  out.push_back({prefix + ".elements", elements_, "element", "Source elements processed"});
}

}  // namespace epoch
