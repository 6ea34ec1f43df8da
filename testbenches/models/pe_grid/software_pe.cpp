// SPDX-License-Identifier: Apache-2.0
#include "models/pe_grid/software_pe.h"

#include <cmath>

#include "models/pe_grid/soft_float.h"

using namespace epoch;

namespace {

float activated(Activation activation, float v) {
  switch (activation) {
    case Activation::gelu:
      return soft::gelu(v);
    case Activation::gelu_tanh:
      return soft::gelu_tanh(v);
    case Activation::relu:
      return soft::relu(v);
    case Activation::silu:
      return soft::silu(v);
    case Activation::sigmoid:
      return soft::sigmoid(v);
    case Activation::tanh:
      return soft::tanh(v);
    default:
      return v;
  }
}

unsigned words_of(ArrayMode mode) {
  return mode == ArrayMode::complex ? 4 : mode == ArrayMode::real ? 2 : 1;
}
unsigned parts_of(ArrayMode mode) {
  return mode == ArrayMode::complex ? 2 : mode == ArrayMode::real ? 1 : 0;
}

}  // namespace

void SoftwarePe::load(const CoefficientBlock& block) {
  mode_ = block.mode;
  channels_ = block.channels;
  modes_ = block.modes;
  words_.assign(block.words, block.words + channels_ * modes_ * words_of(mode_));
  extra_.clear();
  if (block.extra != nullptr) extra_.assign(block.extra, block.extra + channels_);
}

// array specification "Shape": channel i in column i mod C, segment floor(i / C) mod F.
SoftwarePe::Place SoftwarePe::place(unsigned channel, unsigned modes, unsigned mode,
                                    unsigned part) const {
  unsigned height = 0;
  while (height < modes) height += config_.segment_rows;
  const unsigned folds = height > config_.rows ? 1 : config_.rows / height;
  const unsigned segment = channel / config_.cols % folds;
  return {segment * height + mode, channel % config_.cols, part};
}

float& SoftwarePe::state(unsigned channel, unsigned modes, unsigned mode, unsigned part) {
  return state_[place(channel, modes, mode, part)];
}

std::vector<float> SoftwarePe::save_state(ArrayMode mode, unsigned channels, unsigned modes) const {
  std::vector<float> words;
  for (unsigned i = 0; i < channels; ++i)
    for (unsigned j = 0; j < modes; ++j)
      for (unsigned part = 0; part < parts_of(mode); ++part) {
        const auto found = state_.find(place(i, modes, j, part));
        const float x = found == state_.end() ? 0.0f : found->second;
        words.push_back(std::isnan(x) ? soft::from_bits(0x7FC00000u) : x);
      }
  return words;
}

void SoftwarePe::load_state(ArrayMode mode, unsigned channels, unsigned modes,
                            const std::vector<float>& words) {
  std::size_t at = 0;
  for (unsigned i = 0; i < channels; ++i)
    for (unsigned j = 0; j < modes; ++j)
      for (unsigned part = 0; part < parts_of(mode); ++part) state(i, modes, j, part) = words[at++];
}

float SoftwarePe::step_real(float y, unsigned channel, float u) {
  for (unsigned j = 0; j < modes_; ++j) {
    const float a = words_[(channel * modes_ + j) * 2], c = words_[(channel * modes_ + j) * 2 + 1];
    float& x = state(channel, modes_, j, 0);
    x = soft::add(soft::mul(a, x), u);
    y = soft::add(y, soft::mul(c, x));
  }
  return y;
}

float SoftwarePe::step_complex(float y, unsigned channel, float u) {
  for (unsigned j = 0; j < modes_; ++j) {
    const float* w = &words_[(channel * modes_ + j) * 4];
    const float ar = w[0], ai = w[1], cr = w[2], ci = w[3];
    float& xr = state(channel, modes_, j, 0);
    float& xi = state(channel, modes_, j, 1);
    const float re = soft::add(soft::sub(soft::mul(ar, xr), soft::mul(ai, xi)), u);
    const float im = soft::add(soft::mul(ar, xi), soft::mul(ai, xr));
    xr = re;
    xi = im;
    y = soft::add(y, soft::sub(soft::mul(cr, xr), soft::mul(ci, xi)));
  }
  return y;
}

float SoftwarePe::sum(const ArrayCommand& command, unsigned time, unsigned channel) {
  float y = command.accumulator == nullptr ? 0.0f : command.accumulator[time * channels_ + channel];
  if (mode_ == ArrayMode::mac) {
    for (unsigned k = 0; k < modes_; ++k)
      y = soft::add(y, soft::mul(words_[channel * modes_ + k], command.u[time * modes_ + k]));
    return y;
  }
  const float u = command.u[time * channels_ + channel];
  return mode_ == ArrayMode::real ? step_real(y, channel, u) : step_complex(y, channel, u);
}

std::vector<float> SoftwarePe::run(const ArrayCommand& command, NumericEvents& events) {
  if (command.zero_state)
    for (unsigned i = 0; i < channels_; ++i)
      for (unsigned j = 0; j < modes_; ++j)
        for (unsigned part = 0; part < parts_of(mode_); ++part) state(i, modes_, j, part) = 0.0f;
  std::vector<float> raw(command.steps * channels_);
  for (unsigned k = 0; k < command.steps; ++k) {
    const unsigned time = command.reverse ? command.steps - 1 - k : k;
    for (unsigned i = 0; i < channels_; ++i) raw[time * channels_ + i] = sum(command, time, i);
  }
  if (command.partial) return raw;
  std::vector<float> y =
      mode_ == ArrayMode::mac ? drain_gemm(command, raw) : drain_ssm(command, raw);
  for (float& v : y) {
    v = soft::flush(v);
    events.overflow += std::isinf(v) ? 1 : 0;
    events.nan += std::isnan(v) ? 1 : 0;
  }
  return y;
}

std::vector<float> SoftwarePe::drain_ssm(const ArrayCommand& command,
                                         const std::vector<float>& raw) {
  std::vector<float> y(raw.size());
  for (unsigned time = 0; time < command.steps; ++time)
    for (unsigned i = 0; i < channels_; ++i) {
      // With shift, what belongs to `time` was summed a step later; the last time has only stored.
      const unsigned from = command.shift ? time + 1 : time;
      float v = 0.0f;
      if (from < command.steps) {
        v = raw[from * channels_ + i];
        if (command.use_extra)
          v = soft::add(v, soft::mul(extra_[i], command.u[from * channels_ + i]));
        if (command.stored != nullptr) v = soft::add(v, command.stored[time * channels_ + i]);
      } else {
        v = command.stored[time * channels_ + i];
      }
      v = activated(command.activation, v);
      y[time * channels_ + i] = v;
    }
  return y;
}

std::vector<float> SoftwarePe::drain_gemm(const ArrayCommand& command,
                                          const std::vector<float>& raw) {
  std::vector<float> y;
  for (unsigned time = 0; time < command.steps; ++time) {
    auto biased = [&](unsigned i) {
      const float v = raw[time * channels_ + i];
      return command.use_extra ? soft::add(v, extra_[i]) : v;
    };
    const bool glu = command.activation == Activation::glu;
    for (unsigned i = 0; i < (glu ? channels_ / 2 : channels_); ++i) {
      float v = glu ? soft::mul(biased(2 * i), soft::sigmoid(biased(2 * i + 1))) : biased(i);
      v = activated(command.activation, v);
      if (command.stored != nullptr) v = soft::add(v, command.stored[y.size()]);
      y.push_back(v);
    }
  }
  return y;
}
