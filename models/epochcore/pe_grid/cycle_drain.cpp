// SPDX-License-Identifier: Apache-2.0
#include "epochcore/pe_grid/cycle_drain.h"

#include <algorithm>

#include "epochcore/pe_grid/number_format.h"
#include "epochcore/pe_grid/timing.h"
#include "epochcore/pe_grid/transcendental.h"

namespace epoch {

CycleDrain::CycleDrain(const ArrayConfig& config, const CoefficientBlock& block,
                       const ArrayCommand& command, float* y, NumericEvents& events)
    : block_(block),
      command_(command),
      elements_(drained_elements(block)),
      lanes_(config.drain_lanes),
      outputs_(command.partial ? elements_ : PeArray::outputs(block, command.activation)),
      y_(y),
      events_(events) {}

void CycleDrain::clock() {
  if (waiting_ == 0 && entered_ < arrived_) waiting_ = elements_;
  if (waiting_ == 0) return;
  waiting_ -= std::min(waiting_, lanes_);
  if (waiting_ == 0) ++entered_;
}

// Not inlined: the arithmetic stays inside the caller's FlushToZero scope.
__attribute__((noinline)) void CycleDrain::take(unsigned step, const float* y) {
  ++arrived_;
  const unsigned time = command_.reverse ? command_.steps - 1 - step : step;
  if (command_.partial || block_.mode == ArrayMode::edge)
    raw_row(time, y);
  else if (block_.mode == ArrayMode::mac)
    gemm_row(time, y);
  else
    ssm_row(time, y);
}

void CycleDrain::raw_row(unsigned time, const float* y) {
  const bool integers = block_.type == NumberType::int8;
  for (unsigned i = 0; i < elements_; ++i)
    y_[time * outputs_ + i] = integers ? y[i] : flushed_fp32(y[i]);
}

// With `shift`, what was summed at a time belongs to the time before: the last time has stored
// only, the value of time 0 is dropped.
void CycleDrain::ssm_row(unsigned time, const float* y) {
  if (command_.shift && time == command_.steps - 1)
    for (std::size_t at = time * outputs_; at < (time + 1) * outputs_; ++at)
      write(&y_[at], activated(command_.stored[at]));
  if (command_.shift && time == 0) return;
  const unsigned target = command_.shift ? time - 1 : time;
  for (unsigned lane = 0; lane < elements_; ++lane)
    write(&y_[target * outputs_ + lane], ssm_value(y[lane], lane, time, target));
}

// The array's sum of a channel; an integer one gets its scale.
float CycleDrain::summed(float y, unsigned channel) const {
  if (block_.type != NumberType::int8) return y;
  return static_cast<float>(int_of_word(y)) * block_.scale[channel];
}

float CycleDrain::ssm_value(float y, unsigned lane, unsigned time, unsigned target) const {
  const unsigned channel = lane / block_.sequences;
  float v = summed(y, channel);
  if (command_.use_extra) {
    const float u = command_.u[time * outputs_ + lane];
    const float through =
        block_.extra[channel] *
        (block_.type == NumberType::int8 ? static_cast<float>(int_of_word(u)) : u);
    v = v + through;
  }
  if (command_.stored != nullptr) v = v + command_.stored[target * outputs_ + lane];
  return activated(v);
}

void CycleDrain::gemm_row(unsigned time, const float* y) {
  for (unsigned i = 0; i < outputs_; ++i) write(&y_[time * outputs_ + i], gemm_value(y, i, time));
}

float CycleDrain::gemm_column(const float* y, unsigned column) const {
  const float v = summed(y[column], column);
  return command_.use_extra ? v + block_.extra[column] : v;
}

float CycleDrain::gemm_value(const float* y, unsigned output, unsigned time) const {
  float v;
  if (command_.activation == Activation::glu) {
    const float value = gemm_column(y, 2 * output), gate = gemm_column(y, 2 * output + 1);
    v = value * sigmoid(gate);
  } else {
    v = activated(gemm_column(y, output));
  }
  if (command_.stored != nullptr) v = v + command_.stored[time * outputs_ + output];
  return v;
}

float CycleDrain::activated(float v) const {
  switch (command_.activation) {
    case Activation::none:
    case Activation::glu:  // of two columns: gemm_value
      break;
    case Activation::gelu:
      return gelu(v);
    case Activation::gelu_tanh:
      return gelu_tanh(v);
    case Activation::relu:
      return relu(v);
    case Activation::silu:
      return silu(v);
    case Activation::sigmoid:
      return sigmoid(v);
    case Activation::tanh:
      return tanh(v);
  }
  return v;
}

// Conversion to the output type; numeric events are counted.
void CycleDrain::write(float* result, float v) {
  float converted = flushed_fp32(v);
  if (command_.output == NumberType::bf16) converted = round_to_bf16(converted);
  const std::uint32_t bits = bits_of_float(converted);
  if ((bits >> 23 & 0xFFu) == 0xFF) ++(bits << 9 == 0 ? events_.overflow : events_.nan);
  if (command_.output == NumberType::int8)
    converted = word_of_int(round_to_int8(v * command_.output_scale));
  *result = converted;
}

}  // namespace epoch
