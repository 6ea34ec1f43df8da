// SPDX-License-Identifier: Apache-2.0
#include "epochcore/vector_unit.h"

#include <algorithm>

#include "common/sim_time.h"
#include "epochcore/operand_words.h"
#include "epochcore/vector_ops.h"

namespace epoch {

namespace {

// Start-up: operand fetch, pipeline and, for the norms, the latency of square root and division.
constexpr std::uint64_t plain_startup = 4;
constexpr std::uint64_t norm_startup = 32;
constexpr std::uint64_t layernorm_passes = 3;  // mean, variance, normalise
constexpr std::uint64_t rmsnorm_passes = 2;    // square, normalise

// Pipeline stages of a function, a stage an operation, a divider of 8 (as the drain's).
std::uint64_t function_latency(unsigned function) {
  constexpr std::uint64_t exponential = 13, divide = 8, sigmoid = exponential + 1 + divide;
  switch (function) {
    case EPOCH_FUNCTION_RELU:
      return 1;
    case EPOCH_FUNCTION_EXP:
      return 1 + exponential;
    case EPOCH_FUNCTION_SIGMOID:
      return sigmoid;
    case EPOCH_FUNCTION_SILU:
      return sigmoid + 1;
    case EPOCH_FUNCTION_TANH:
      return 1 + exponential + 1 + divide;
    case EPOCH_FUNCTION_GELU:
      return 2 + exponential + 4;
    case EPOCH_FUNCTION_GELU_TANH:
      return 4 + sigmoid + 1;
    case EPOCH_FUNCTION_SOFTPLUS:  // exp; 2+y, divide, square; six multiplies and adds; 2s*, + max
      return exponential + 1 + divide + 1 + 12 + 2;
    default:
      return 0;
  }
}

NumberType type_of(Element element) {
  return element == Element::bf16 ? NumberType::bf16 : NumberType::fp32;
}

std::uint64_t ceil_div(std::uint64_t a, std::uint64_t b) {
  return (a + b - 1) / b;
}

std::uint64_t ceil_log2(std::uint64_t value) {
  std::uint64_t bits = 0;
  while ((std::uint64_t{1} << bits) < value) ++bits;
  return bits;
}

}  // namespace

std::uint64_t vector_cycles(unsigned opcode, const VectorWork& work, unsigned lanes) {
  const std::uint64_t rows = work.rows;
  const std::uint64_t length = work.length;
  const std::uint64_t elements = ceil_div(rows * length, lanes);
  switch (opcode) {
    case EPOCH_OP_LAYERNORM:  // a lane owns a row: its sums run in ascending order
      return norm_startup + ceil_div(rows, lanes) * length * layernorm_passes;
    case EPOCH_OP_RMSNORM:
      return norm_startup + ceil_div(rows, lanes) * length * rmsnorm_passes;
    case EPOCH_OP_POOL:  // a lane owns a column
      return plain_startup + ceil_div(length, lanes) * (rows + (work.scale ? 1 : 0));
    case EPOCH_OP_CONV1D:  // a tap a cycle
      return plain_startup + function_latency(work.function) + elements * work.count;
    case EPOCH_OP_ARGMAX:  // lanes share a row, and compare in a tree
      return plain_startup + ceil_log2(lanes) + rows * ceil_div(length, lanes);
    default:  // AFFINE, MAP, COMBINE
      return plain_startup + function_latency(work.function) + elements;
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

// Elements of a tile as fp32; returns when the last one has moved.
sc_core::sc_time VectorUnit::read_floats(const LocalTile& tile, Element element, float* into) {
  bytes_.resize(tile.bytes());
  const sc_core::sc_time moved = local.read(tile, bytes_.data());
  unpack_words(type_of(element), bytes_.data(), tile.bytes() / element_bytes(element), into);
  return moved;
}

sc_core::sc_time VectorUnit::read_operands(const VectorWork& work) {
  const bool history = history_.rows != 0;
  const std::size_t before = history ? std::size_t{history_.rows} * work.length : 0;
  sc_core::sc_time last = sc_core::SC_ZERO_TIME;
  const auto read = [&](const LocalTile& tile, Element element, std::vector<float>& into,
                        std::size_t from) {
    into.resize(from + tile.bytes() / element_bytes(element));
    last = std::max(last, read_floats(tile, element, into.data() + from));
  };
  if (work.source_element == Element::uint8) {
    bytes_.resize(work.source.bytes());
    last = local.read(work.source, bytes_.data());
  } else {
    read(work.source, work.source_element, source_, before);
  }
  if (history && !work.zero)
    last = std::max(last, read_floats(history_, work.second_element, source_.data()));
  else
    std::fill_n(source_.begin(), before, 0.0f);
  if (work.second.rows != 0 && !history) read(work.second, work.second_element, second_, 0);
  if (work.parameters.rows != 0) read(work.parameters, Element::fp32, parameters_, 0);
  if (work.accumulate) read(work.destination, Element::fp32, floats_, 0);
  return last;
}

void VectorUnit::compute(unsigned opcode, const VectorWork& work) {
  elements_ += std::uint64_t{work.rows} * work.length;
  result_.resize(work.destination.bytes());
  if (opcode == EPOCH_OP_ARGMAX) {
    vector_argmax(source_.data(), reinterpret_cast<std::uint32_t*>(result_.data()), work.rows,
                  work.length);
    return;
  }
  const std::size_t results = work.destination.bytes() / element_bytes(work.destination_element);
  floats_.resize(results);
  compute_floats(opcode, work);
  vector_convert(floats_.data(), results, work.destination_element, work.immediate1,
                 result_.data());
  if (history_.rows != 0) {
    history_result_.resize(history_.bytes());
    const std::size_t words = std::size_t{history_.rows} * work.length;
    pack_words(type_of(work.second_element), source_.data() + source_.size() - words, words,
               history_result_.data());  // bits as they came, of a NaN too
  }
}

void VectorUnit::compute_floats(unsigned opcode, const VectorWork& work) {
  const float* const first = parameters_.data();
  const float* const second = first + work.length;
  float* const out = floats_.data();
  const float* const gain = work.gain ? first : nullptr;
  switch (opcode) {
    case EPOCH_OP_AFFINE:
      vector_affine(bytes_.data(), out, std::uint64_t{work.rows} * work.length, work.immediate0,
                    work.immediate1);
      break;
    case EPOCH_OP_LAYERNORM:
      vector_layernorm(source_.data(), out, work.rows, work.length, first, second, work.immediate0);
      break;
    case EPOCH_OP_RMSNORM:
      vector_rmsnorm(source_.data(), out, work.rows, work.length, first, work.immediate0);
      break;
    case EPOCH_OP_POOL:
      vector_pool(source_.data(), out, work.rows, work.length, work.accumulate,
                  work.scale ? &work.immediate0 : nullptr);
      break;
    case EPOCH_OP_MAP:
      vector_map(work, source_.data(), gain, work.bias ? (work.gain ? second : first) : nullptr,
                 out);
      break;
    case EPOCH_OP_COMBINE:
      vector_combine(work, source_.data(), second_.data(), gain, out);
      break;
    default:  // CONV1D
      vector_conv1d(work, source_.data(), first,
                    work.bias ? first + std::size_t{work.count} * work.length : nullptr, out);
  }
}

// Operands stream in, and results out, beside the computation; only what does not fit beside it
// lengthens the command. The write is made so that it ends with the command.
void VectorUnit::start(const Command& command) {
  const auto& work = std::get<VectorWork>(command.work);
  sequence_ = command.sequence;
  destination_ = work.destination;
  history_ = command.opcode == EPOCH_OP_CONV1D ? work.second : LocalTile{};
  const std::uint64_t read_ps = to_ps(read_operands(work));
  compute(command.opcode, work);
  const std::uint64_t compute_ps = vector_cycles(command.opcode, work, lanes_) * period_ps_;
  const std::uint64_t peak = peak_[EPOCH_LOCAL_BUFFER(destination_.address)];
  const std::uint64_t written = destination_.bytes() + history_.bytes();
  const std::uint64_t write_ps = ceil_div(written, peak) * period_ps_;
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
  sc_core::sc_time written = local.write(destination_, result_.data());
  if (history_.rows != 0)
    written = std::max(written, local.write(history_, history_result_.data()));
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
