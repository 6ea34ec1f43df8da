// SPDX-License-Identifier: Apache-2.0
#include "epochcore/pe_grid/fast_drain.h"

#include <cstring>

#include "epochcore/pe_grid/line.h"
#include "epochcore/pe_grid/number_format.h"
#include "epochcore/pe_grid/transcendental.h"

namespace epoch {

namespace {

// v = integer sum * scale
EPOCH_KERNEL void scale_row(float* v, const float* scale, unsigned count) {
  for (unsigned i = 0; i < count; ++i) v[i] = static_cast<float>(int_of_word(v[i])) * scale[i];
}
EPOCH_KERNEL void add_row(float* v, const float* other, unsigned count) {
  for (unsigned i = 0; i < count; ++i) v[i] = v[i] + other[i];
}
EPOCH_KERNEL void add_product_row(float* v, const float* d, const float* u, unsigned count) {
  for (unsigned i = 0; i < count; ++i) v[i] = v[i] + (d[i] * u[i]);
}
EPOCH_KERNEL void add_integer_product_row(float* v, const float* d, const float* u,
                                          unsigned count) {
  for (unsigned i = 0; i < count; ++i) v[i] = v[i] + (d[i] * static_cast<float>(int_of_word(u[i])));
}
EPOCH_KERNEL void gelu_row(float* v, unsigned count) {
  for (unsigned i = 0; i < count; ++i) v[i] = gelu(v[i]);
}
EPOCH_KERNEL void gelu_tanh_row(float* v, unsigned count) {
  for (unsigned i = 0; i < count; ++i) v[i] = gelu_tanh(v[i]);
}
EPOCH_KERNEL void glu_row(float* v, unsigned count) {
  for (unsigned i = 0; i < count; ++i) v[i] = v[2 * i] * sigmoid(v[2 * i + 1]);
}
EPOCH_KERNEL void relu_row(float* v, unsigned count) {
  for (unsigned i = 0; i < count; ++i) v[i] = relu(v[i]);
}
EPOCH_KERNEL void silu_row(float* v, unsigned count) {
  for (unsigned i = 0; i < count; ++i) v[i] = silu(v[i]);
}
EPOCH_KERNEL void sigmoid_row(float* v, unsigned count) {
  for (unsigned i = 0; i < count; ++i) v[i] = sigmoid(v[i]);
}
EPOCH_KERNEL void tanh_row(float* v, unsigned count) {
  for (unsigned i = 0; i < count; ++i) v[i] = tanh(v[i]);
}

EPOCH_KERNEL void convert_row(const float* v, unsigned count, float* result) {
  for (unsigned i = 0; i < count; ++i) result[i] = flushed_fp32(v[i]);
}
EPOCH_KERNEL void convert_row_bf16(const float* v, unsigned count, float* result) {
  for (unsigned i = 0; i < count; ++i) result[i] = round_to_bf16(flushed_fp32(v[i]));
}
EPOCH_KERNEL void convert_row_int8(const float* v, unsigned count, float scale, float* result) {
  for (unsigned i = 0; i < count; ++i) result[i] = word_of_int(round_to_int8(v[i] * scale));
}

EPOCH_KERNEL void count_events(const float* v, unsigned count, NumericEvents& events) {
  std::uint32_t infinite = 0, nan = 0;
  for (unsigned i = 0; i < count; ++i) {
    const std::uint32_t magnitude = bits_of_float(v[i]) & 0x7FFFFFFFu;
    infinite += magnitude == 0x7F800000u ? 1u : 0u;
    nan += magnitude > 0x7F800000u ? 1u : 0u;
  }
  events.overflow += infinite;
  events.nan += nan;
}

}  // namespace

FastDrain::FastDrain(const CoefficientBlock& block, const ArrayCommand& command, const float* extra,
                     const float* scale, float* y, NumericEvents& events)
    : block_(block),
      command_(command),
      extra_(extra),
      scale_(scale),
      y_(y),
      events_(events),
      lanes_(block.mode == ArrayMode::edge ? 2 * block.channels : block.lanes()),
      outputs_(PeArray::outputs(block, command.drained())) {}

void FastDrain::finish(unsigned time, float* values) {
  float* const row = y_ + std::size_t{time} * lanes_;
  if (command_.partial && block_.type == NumberType::int8) {
    std::memcpy(row, values, lanes_ * sizeof(float));
  } else if (command_.partial || block_.mode == ArrayMode::edge) {
    convert_row(values, lanes_, row);
  } else {
    // With `shift` a step's value belongs to the time before; the last time has none of this
    // direction, and the value of time 0 belongs nowhere.
    if (command_.shift && time == command_.steps - 1) drain_stored_only(time);
    if (command_.shift && time == 0) return;
    drain(values, time, command_.shift ? time - 1 : time);
  }
}

void FastDrain::drain(float* v, unsigned time, unsigned target) {
  const bool mac = block_.mode == ArrayMode::mac, int8 = block_.type == NumberType::int8;
  if (scale_ != nullptr && int8) scale_row(v, scale_, lanes_);
  if (command_.use_extra && mac) add_row(v, extra_, lanes_);
  if (command_.use_extra && !mac)
    (int8 ? add_integer_product_row : add_product_row)(
        v, extra_, command_.u + std::size_t{time} * lanes_, lanes_);
  const float* const stored =
      command_.stored == nullptr ? nullptr : command_.stored + std::size_t{target} * outputs_;
  if (stored != nullptr && !mac) add_row(v, stored, lanes_);
  activate(v);
  if (stored != nullptr && mac) add_row(v, stored, outputs_);
  write(v, target);
}

void FastDrain::drain_stored_only(unsigned time) {
  const float* const stored = command_.stored + std::size_t{time} * outputs_;
  only_.assign(stored, stored + outputs_);
  activate(only_.data());
  write(only_.data(), time);
}

void FastDrain::activate(float* v) {
  switch (command_.activation) {
    case Activation::none:
      break;
    case Activation::gelu:
      gelu_row(v, lanes_);
      break;
    case Activation::glu:
      glu_row(v, outputs_);
      break;
    case Activation::gelu_tanh:
      gelu_tanh_row(v, lanes_);
      break;
    case Activation::relu:
      relu_row(v, lanes_);
      break;
    case Activation::silu:
      silu_row(v, lanes_);
      break;
    case Activation::sigmoid:
      sigmoid_row(v, lanes_);
      break;
    case Activation::tanh:
      tanh_row(v, lanes_);
      break;
  }
}

void FastDrain::write(const float* v, unsigned target) {
  float* const row = y_ + std::size_t{target} * outputs_;
  if (command_.output == NumberType::int8) {
    count_events(v, outputs_, events_);
    convert_row_int8(v, outputs_, command_.output_scale, row);
    return;
  }
  (command_.output == NumberType::bf16 ? convert_row_bf16 : convert_row)(v, outputs_, row);
  count_events(row, outputs_, events_);
}

}  // namespace epoch
