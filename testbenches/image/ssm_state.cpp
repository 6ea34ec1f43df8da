// SPDX-License-Identifier: Apache-2.0
#include "image/ssm_state.h"

#include <algorithm>
#include <cmath>

namespace epoch::test {
namespace {

// Type int8 (integer_arithmetic.h): poles have 14 fraction bits, the state 8; registers have 32
// bits and clamp; a product is shifted right, halves up.
constexpr int kPoleBits = 14, kStateBits = 8;

std::int64_t clamped(std::int64_t value) {
  return std::clamp<std::int64_t>(value, INT32_MIN, INT32_MAX);
}

std::int64_t product(std::int64_t factor, std::int64_t x, int bits) {
  return clamped(static_cast<std::int64_t>(
      std::floor(std::ldexp(static_cast<double>(factor * x), -bits) + 0.5)));
}

}  // namespace

SsmState::SsmState(const ImageOp& op)
    : op_(op),
      mode_(EPOCH_FORMAT_MODE(op.op.format)),
      channels_(op.op.width_in),
      modes_(op.op.modes),
      words_(words_of_mode(mode_)) {
  const bool integers = EPOCH_FORMAT_TYPE(op.op.format) == EPOCH_TYPE_INT8;
  x_.resize(integers ? 0 : channels_ * modes_);
  re_.resize(integers ? channels_ * modes_ : 0);
  im_ = re_;
}

SsmState::Output SsmState::step(const Input& input) {
  return x_.empty() ? step_integers(input) : step_numbers(input);
}

SsmState::Terms SsmState::terms(std::size_t channel, std::size_t mode, const Input& input) const {
  const double* k = op_.words.data() + (channel * modes_ + mode) * words_;
  const auto word = [&](std::size_t i) { return Complex(k[2 * i], k[2 * i + 1]); };
  const double u = input.source[mode_ == EPOCH_MODE_EDGE ? 2 * channel : channel];
  switch (mode_) {
    case EPOCH_MODE_REAL:
      return {k[0], u, k[1], 0, 0};
    case EPOCH_MODE_COMPLEX:
      return {word(0), u, word(1), 0, 0};
    case EPOCH_MODE_LIQUID_REAL:
      return {k[0] + k[1] * u, k[1] * u, k[2], 0, 0};
    case EPOCH_MODE_LIQUID_COMPLEX:
      return {word(0) + word(1) * u, word(1) * u, word(2), 0, 0};
    case EPOCH_MODE_DPLR:
      return {word(0), u, word(3), word(2), word(1)};
    case EPOCH_MODE_SELECTIVE:
      return {std::exp(u * k[0]), input.b[mode] * input.drive[channel], input.c[mode], 0, 0};
    case EPOCH_MODE_SSD:
      return {u, input.b[mode] * input.drive[channel], input.c[mode], 0, 0};
    default:  // edge
      return {word(0), Complex(u, input.source[2 * channel + 1]), 1, 0, 0};
  }
}

SsmState::Output SsmState::step_numbers(const Input& input) {
  Output out;
  for (std::size_t channel = 0; channel < channels_; ++channel) {
    Complex* const x = x_.data() + channel * modes_;
    double feedback = 0, y = 0, magnitude = 0;
    for (std::size_t mode = 0; mode_ == EPOCH_MODE_DPLR && mode < modes_; ++mode)
      feedback += (terms(channel, mode, input).w * x[mode]).real();
    for (std::size_t mode = 0; mode < modes_; ++mode) {
      const Terms k = terms(channel, mode, input);
      x[mode] = k.a * x[mode] + k.g - k.p * feedback;
      y += (k.c * x[mode]).real();
      magnitude += std::sqrt(std::norm(k.c) * std::norm(x[mode]));
    }
    out.y.push_back(y);
    out.magnitude.push_back(magnitude);
    if (mode_ != EPOCH_MODE_EDGE) continue;
    out.y.push_back(x[0].imag());
    out.magnitude.push_back(magnitude);
  }
  return out;
}

SsmState::Output SsmState::step_integers(const Input& input) {
  Output out;
  for (std::size_t channel = 0; channel < channels_; ++channel) {
    const auto u = static_cast<std::int64_t>(input.source[channel]);
    std::int64_t y = 0;
    double magnitude = 0;
    for (std::size_t mode = 0; mode < modes_; ++mode) integer_mode(channel, mode, u, y, magnitude);
    out.y.push_back(static_cast<double>(y) * op_.scale[channel]);
    out.magnitude.push_back(magnitude * op_.scale[channel]);
  }
  return out;
}

// real: x' = a x + u, y + c x'; complex: with four products of re and im.
void SsmState::integer_mode(std::size_t channel, std::size_t mode, std::int64_t u, std::int64_t& y,
                            double& magnitude) {
  const std::size_t i = channel * modes_ + mode;
  const bool is_complex = mode_ == EPOCH_MODE_COMPLEX;
  const double* k = op_.words.data() + i * words_;
  const auto pole = [](double word) {
    return static_cast<std::int64_t>(std::ldexp(word, kPoleBits));
  };
  const std::int64_t ar = pole(k[0]), ai = is_complex ? pole(k[1]) : 0;
  const auto cr = static_cast<std::int64_t>(k[is_complex ? 2 : 1]);
  const auto ci = static_cast<std::int64_t>(is_complex ? k[3] : 0);
  std::int64_t &re = re_[i], &im = im_[i];
  const std::int64_t turned = clamped(product(ar, re, kPoleBits) - product(ai, im, kPoleBits));
  im = clamped(product(ar, im, kPoleBits) + product(ai, re, kPoleBits));
  re = clamped(turned + u * (1 << kStateBits));
  y = clamped(y + clamped(product(cr, re, kStateBits) - product(ci, im, kStateBits)));
  const auto length = [](std::int64_t a, std::int64_t b) {
    return std::hypot(static_cast<double>(a), static_cast<double>(b));
  };
  magnitude += std::ldexp(length(cr, ci) * length(re, im), -kStateBits);
}

}  // namespace epoch::test
