// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <complex>

#include "reference/second_network.h"
#include "reference/ssm_kernels.h"

namespace epoch::test {
namespace {

using Extended = std::complex<long double>;

struct LiquidMode {
  Extended a, b, c;
};

LiquidMode liquid_mode(const S4Config& config, const SsmTensors& ssm, std::size_t index) {
  const auto word = [&](const std::vector<float>& words) {
    return Extended(words[2 * index], words[2 * index + 1]);
  };
  if (config.discretization == Discretization::stored)
    return {word(ssm.a_bar), word(ssm.b), word(ssm.c)};
  const long double dt = std::exp(static_cast<double>(ssm.log_dt[index / config.modes]));
  const Extended lambda(-std::exp(static_cast<double>(ssm.log_a_re[index])), ssm.a_im[index]);
  if (config.discretization == Discretization::zoh) {
    const Extended a = std::exp(dt * lambda);
    return {a, word(ssm.b) * (a - 1.0L) / lambda, word(ssm.c)};
  }
  return {(2.0L / dt + lambda) / (2.0L / dt - lambda), 2.0L * word(ssm.b) / (2.0L / dt - lambda),
          word(ssm.c)};
}

// One channel's y of its own sequence u, without D.
Row liquid_channel(const S4Config& config, const SsmTensors& ssm, std::size_t row, const Row& u) {
  Row y;
  for (std::size_t t = 0; t < u.size(); ++t) {
    long double sum = 0;
    for (std::size_t i = row * config.modes; i < (row + 1) * config.modes; ++i) {
      const LiquidMode mode = liquid_mode(config, ssm, i);
      for (std::size_t k = 0; k <= t; ++k) {
        Extended term = mode.b * static_cast<long double>(u[k]);
        for (std::size_t j = k + 1; j <= t; ++j)
          term *= mode.a + mode.b * static_cast<long double>(u[j]);
        sum += 2 * (mode.c * term).real();
      }
    }
    y.push_back(static_cast<double>(sum));
  }
  return y;
}

void add_liquid(const S4Config& config, const SsmTensors& ssm, const Table& u, Table& y) {
  const std::size_t steps = u.size();
  for (std::size_t channel = 0; channel < config.channels; ++channel) {
    Row forwards, backwards;
    for (std::size_t t = 0; t < steps; ++t) forwards.push_back(u[t][channel]);
    backwards.assign(forwards.rbegin(), forwards.rend());
    const Row first = liquid_channel(config, ssm, channel, forwards);
    for (std::size_t t = 0; t < steps; ++t) y[t][channel] += first[t];
    if (config.directions == 1) continue;
    const Row second = liquid_channel(config, ssm, config.channels + channel, backwards);
    const std::size_t shift = config.shifted ? 1 : 0;
    for (std::size_t t = 0; t + shift < steps; ++t)
      y[t][channel] += second[steps - 1 - (t + shift)];
  }
}

// y[t] = sum_{s <= t} k0[t-s] u[s] + sum_{s > t} k1[s-t-1] u[s], or s >= t and k1[s-t].
void add_kernels(const S4Config& config, const SsmTensors& ssm, const Table& u, Table& y) {
  const std::size_t steps = u.size(), shift = config.shifted ? 1 : 0;
  for (std::size_t to = 0; to < config.channels; ++to) {
    for (std::size_t from = 0; from < config.channels; ++from) {
      if (to != from && config.kind != SsmKind::s5) continue;
      const Row forwards = ssm_kernel(config, ssm, 0, to, from, steps);
      for (std::size_t t = 0; t < steps; ++t) {
        for (std::size_t s = 0; s <= t; ++s) y[t][to] += forwards[t - s] * u[s][from];
      }
      if (config.directions == 1) continue;
      const Row backwards = ssm_kernel(config, ssm, 1, to, from, steps);
      for (std::size_t t = 0; t < steps; ++t) {
        for (std::size_t s = t + shift; s < steps; ++s)
          y[t][to] += backwards[s - t - shift] * u[s][from];
      }
    }
  }
}

Row normalised(const S4Config& config, const NormTensors& norm, const Row& row) {
  if (config.norm == NormKind::layer)
    return second_layer_norm(norm.weight, norm.bias, config.norm_epsilon, row);
  if (config.norm == NormKind::rms) return second_rms_norm(norm.weight, config.norm_epsilon, row);
  Row result;
  for (std::size_t i = 0; i < row.size(); ++i)
    result.push_back((row[i] - norm.running_mean[i]) /
                         std::sqrt(norm.running_variance[i] + config.norm_epsilon) *
                         norm.weight[i] +
                     norm.bias[i]);
  return result;
}

double gelu(const S4Config& config, double x) {
  return config.gelu == Gelu::erf ? second_gelu_erf(x) : second_gelu_tanh(x);
}

Row glu(const S4Config& config, const S4Layer& layer, const Row& y) {
  Row g;
  for (const double value : y) g.push_back(gelu(config, value));
  const Row mixed = second_linear(layer.output_weight, layer.output_bias, g);
  Row result;
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (config.glu == GluKind::full)
      result.push_back(mixed[i] * second_sigmoid(mixed[i + y.size()]));
    if (config.glu == GluKind::half1) result.push_back(g[i] * second_sigmoid(mixed[i]));
    if (config.glu == GluKind::half2) result.push_back(y[i] * second_sigmoid(mixed[i]));
    if (config.glu == GluKind::none) result.push_back(mixed[i]);
  }
  return result;
}

// The pooled features of one document's residual stream.
Row pooled(const S4Model& model, Table h) {
  const S4Config& config = model.config;
  for (const S4Layer& layer : model.layers) {
    Table z = h;
    if (config.prenorm) {
      for (Row& row : z) row = normalised(config, layer.norm, row);
    }
    const Table y = second_ssm(config, layer.ssm, z);
    for (std::size_t t = 0; t < h.size(); ++t) {
      const Row r = glu(config, layer, y[t]);
      for (std::size_t i = 0; i < r.size(); ++i) h[t][i] += r[i];
      if (!config.prenorm) h[t] = normalised(config, layer.norm, h[t]);
    }
  }
  Row result(config.channels);
  for (std::size_t t = config.pooling == Pooling::mean ? 0 : h.size() - 1; t < h.size(); ++t) {
    const Row row = config.final_norm ? normalised(config, model.final_norm, h[t]) : h[t];
    for (std::size_t i = 0; i < row.size(); ++i)
      result[i] += row[i] / static_cast<double>(config.pooling == Pooling::mean ? h.size() : 1);
  }
  return result;
}

Table embedded(const S4Model& model, const ReferenceInput& input) {
  const S4Config& config = model.config;
  if (config.vocabulary == 0)
    return second_linear(model.encoder_weight, model.encoder_bias,
                         second_rows(input.bytes, config.input_width, config.input_scale,
                                     config.input_mean, config.input_std));
  Table rows;
  for (const std::uint32_t token : input.tokens) {
    rows.emplace_back();
    for (std::size_t i = 0; i < config.channels; ++i)
      rows.back().push_back(model.embedding[token * config.channels + i]);
  }
  return rows;
}

}  // namespace

Table second_ssm(const S4Config& config, const SsmTensors& ssm, const Table& u) {
  Table y(u.size(), Row(config.channels));
  if (config.kind == SsmKind::liquid)
    add_liquid(config, ssm, u, y);
  else
    add_kernels(config, ssm, u, y);
  for (std::size_t t = 0; t < u.size(); ++t) {
    for (std::size_t i = 0; i < config.channels; ++i) y[t][i] += ssm.d[i] * u[t][i];
  }
  return y;
}

std::vector<double> second_s4(const S4Model& model, const ReferenceInput& input) {
  const Table rows = embedded(model, input);
  if (!model.config.retrieval)
    return second_linear(model.decoder_weight, model.decoder_bias, pooled(model, rows));
  const auto half = rows.begin() + static_cast<std::ptrdiff_t>(rows.size() / 2);
  const Row p = pooled(model, Table(rows.begin(), half));
  const Row q = pooled(model, Table(half, rows.end()));
  Row both(4 * p.size());
  for (std::size_t i = 0; i < p.size(); ++i) {
    both[i] = p[i];
    both[p.size() + i] = q[i];
    both[2 * p.size() + i] = p[i] - q[i];
    both[3 * p.size() + i] = p[i] * q[i];
  }
  Row hidden = second_linear(model.head_weight, model.head_bias, both);
  for (double& value : hidden) value = gelu(model.config, value);
  return second_linear(model.decoder_weight, model.decoder_bias, hidden);
}

}  // namespace epoch::test
