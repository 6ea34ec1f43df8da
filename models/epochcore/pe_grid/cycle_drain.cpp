// SPDX-License-Identifier: Apache-2.0
#include "epochcore/pe_grid/cycle_drain.h"

#include <algorithm>

#include "epochcore/pe_grid/line.h"
#include "epochcore/pe_grid/transcendental.h"

namespace epoch {

CycleDrain::CycleDrain(const ArrayConfig& config, const CoefficientBlock& block,
                       const ArrayCommand& command, float* y, NumericEvents& events)
    : block_(block),
      command_(command),
      lanes_(config.drain_lanes),
      outputs_(command.partial ? block.channels : PeArray::outputs(block, command.activation)),
      y_(y),
      events_(events) {}

void CycleDrain::clock() {
  if (waiting_ == 0 && entered_ < arrived_) waiting_ = block_.channels;
  if (waiting_ == 0) return;
  waiting_ -= std::min(waiting_, lanes_);
  if (waiting_ == 0) ++entered_;
}

// Not inlined: the arithmetic stays inside the caller's FlushToZero scope.
__attribute__((noinline)) void CycleDrain::take(unsigned step, const float* y) {
  ++arrived_;
  const unsigned time = command_.reverse ? command_.steps - 1 - step : step;
  if (command_.partial)
    partial_row(time, y);
  else if (block_.mode == ArrayMode::mac)
    gemm_row(time, y);
  else
    ssm_row(time, y);
}

void CycleDrain::partial_row(unsigned time, const float* y) {
  for (unsigned c = 0; c < block_.channels; ++c) y_[time * outputs_ + c] = canonical_nan(y[c]);
}

// With `shift`, what was summed at a time belongs to the time before: the last time has stored
// only, the value of time 0 is dropped.
void CycleDrain::ssm_row(unsigned time, const float* y) {
  if (command_.shift && time == command_.steps - 1)
    for (std::size_t at = time * outputs_; at < (time + 1) * outputs_; ++at) {
      const float v = command_.stored[at];
      write(&y_[at], command_.activation == Activation::gelu ? gelu(v) : v);
    }
  if (command_.shift && time == 0) return;
  const unsigned target = command_.shift ? time - 1 : time;
  for (unsigned c = 0; c < block_.channels; ++c)
    write(&y_[target * outputs_ + c], ssm_value(y[c], c, time, target));
}

float CycleDrain::ssm_value(float v, unsigned channel, unsigned time, unsigned target) const {
  if (command_.use_extra) {
    const float through = block_.extra[channel] * command_.u[time * outputs_ + channel];
    v = v + through;
  }
  if (command_.stored != nullptr) v = v + command_.stored[target * outputs_ + channel];
  if (command_.activation == Activation::gelu) v = gelu(v);
  return v;
}

void CycleDrain::gemm_row(unsigned time, const float* y) {
  for (unsigned i = 0; i < outputs_; ++i) write(&y_[time * outputs_ + i], gemm_value(y, i, time));
}

float CycleDrain::gemm_column(const float* y, unsigned column) const {
  if (!command_.use_extra) return y[column];
  return y[column] + block_.extra[column];
}

float CycleDrain::gemm_value(const float* y, unsigned output, unsigned time) const {
  float v;
  if (command_.activation == Activation::glu) {
    const float value = gemm_column(y, 2 * output), gate = gemm_column(y, 2 * output + 1);
    v = value * sigmoid(gate);
  } else {
    v = gemm_column(y, output);
  }
  if (command_.activation == Activation::gelu) v = gelu(v);
  if (command_.stored != nullptr) v = v + command_.stored[time * outputs_ + output];
  return v;
}

// Conversion to the output type: fp32 with one NaN and no subnormals; numeric events are counted.
void CycleDrain::write(float* result, float v) {
  std::uint32_t bits = bits_of_float(canonical_nan(v));
  const std::uint32_t exponent = bits >> 23 & 0xFFu;
  if (exponent == 0) bits &= 0x80000000u;
  if (exponent == 0xFF) ++(bits << 9 == 0 ? events_.overflow : events_.nan);
  *result = float_of_bits(bits);
}

}  // namespace epoch
