// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "reference/second_network.h"

namespace epoch::test {
namespace {

// Columns [first, first + count) of each row.
Table cut(const Table& rows, std::size_t first, std::size_t count) {
  Table result;
  for (const Row& row : rows) {
    const auto begin = row.begin() + static_cast<std::ptrdiff_t>(first);
    result.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(count));
  }
  return result;
}

// silu of torch.nn.Conv1d(groups = channels, padding = K - 1), cut to the sequence.
Table convolved(const MambaLayer& layer, std::size_t taps, const Table& rows) {
  Table result = rows;
  for (std::size_t t = 0; t < rows.size(); ++t) {
    for (std::size_t channel = 0; channel < rows[t].size(); ++channel) {
      double sum = layer.conv_bias.empty() ? 0 : layer.conv_bias[channel];
      for (std::size_t back = 0; back < taps && back <= t; ++back)
        sum += rows[t - back][channel] * layer.conv_weight[channel * taps + taps - 1 - back];
      result[t][channel] = second_silu(sum);
    }
  }
  return result;
}

// sums[t] = d[0] + ... + d[t] of one column, in extended precision.
std::vector<long double> running_sums(const Table& delta, std::size_t column) {
  std::vector<long double> sums;
  for (const Row& row : delta) sums.push_back((sums.empty() ? 0 : sums.back()) + row[column]);
  return sums;
}

Table first_scan(const MambaModel& model, const MambaLayer& layer, const Table& x) {
  const std::size_t rank = model.config.time_rank, size = model.config.state;
  const Table projected = second_linear(layer.x_proj, {}, x);
  Table delta = second_linear(layer.dt_proj, layer.dt_bias, cut(projected, 0, rank));
  for (Row& row : delta) {
    for (double& value : row) value = second_softplus(value);
  }
  const Table b = cut(projected, rank, size), c = cut(projected, rank + size, size);
  Table y(x.size(), Row(model.config.inner));
  for (std::size_t e = 0; e < model.config.inner; ++e) {
    const std::vector<long double> sums = running_sums(delta, e);
    for (std::size_t t = 0; t < x.size(); ++t) {
      long double sum = layer.d[e] * x[t][e];
      for (std::size_t k = 0; k <= t; ++k) {
        for (std::size_t n = 0; n < size; ++n) {
          const long double a = -std::exp(static_cast<double>(layer.a_log[e * size + n]));
          sum += c[t][n] * std::exp(a * (sums[t] - sums[k])) * delta[k][e] * b[k][n] * x[k][e];
        }
      }
      y[t][e] = static_cast<double>(sum);
    }
  }
  return y;
}

// By head: M[t][k] = (C[t] . B[k]) exp(A (sums[t] - sums[k])) d[k] below and on the diagonal, Y = M
// X.
Table second_scan(const MambaModel& model, const MambaLayer& layer, const Table& conv,
                  Table delta) {
  const MambaConfig& config = model.config;
  const std::size_t size = config.state, width = config.inner / config.heads;
  const Table x = cut(conv, 0, config.inner);
  for (Row& row : delta) {
    for (std::size_t i = 0; i < row.size(); ++i)
      row[i] = second_softplus(row[i] + layer.dt_bias[i]);
  }
  Table y(x.size(), Row(config.inner));
  for (std::size_t head = 0; head < config.heads; ++head) {
    const std::size_t group = head * config.groups / config.heads;
    const Table b = cut(conv, config.inner + group * size, size);
    const Table c = cut(conv, config.inner + (config.groups + group) * size, size);
    const std::vector<long double> sums = running_sums(delta, head);
    const long double a = -std::exp(static_cast<double>(layer.a_log[head]));
    for (std::size_t t = 0; t < x.size(); ++t) {
      for (std::size_t k = 0; k <= t; ++k) {
        long double m = 0;
        for (std::size_t n = 0; n < size; ++n) m += c[t][n] * b[k][n];
        m *= std::exp(a * (sums[t] - sums[k])) * delta[k][head];
        for (std::size_t e = head * width; e < (head + 1) * width; ++e)
          y[t][e] += static_cast<double>(m * x[k][e]);
      }
      for (std::size_t e = head * width; e < (head + 1) * width; ++e)
        y[t][e] += layer.d[head] * x[t][e];
    }
  }
  return y;
}

Row gated(const MambaConfig& config, const MambaLayer& layer, Row y, const Row& z) {
  if (config.second && config.norm_before_gate)
    y = second_rms_norm(layer.gated_norm, config.norm_epsilon, y);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] *= second_silu(z[i]);
  if (config.second && !config.norm_before_gate)
    y = second_rms_norm(layer.gated_norm, config.norm_epsilon, y);
  return y;
}

}  // namespace

std::vector<double> second_mamba(const MambaModel& model,
                                 const std::vector<std::uint32_t>& tokens) {
  const MambaConfig& config = model.config;
  const std::size_t inner = config.inner, conv = model.conv_channels();
  Table h;
  for (const std::uint32_t token : tokens) {
    h.emplace_back();
    for (std::size_t i = 0; i < config.hidden; ++i)
      h.back().push_back(model.embedding[token * config.hidden + i]);
  }
  for (const MambaLayer& layer : model.layers) {
    Table in;
    for (const Row& row : h)
      in.push_back(second_linear(layer.in_proj, layer.in_bias,
                                 second_rms_norm(layer.norm, config.norm_epsilon, row)));
    const Table x = convolved(layer, config.taps, cut(in, config.second ? inner : 0, conv));
    const Table z = cut(in, config.second ? 0 : inner, inner);
    const Table y = config.second
                        ? second_scan(model, layer, x, cut(in, inner + conv, config.heads))
                        : first_scan(model, layer, x);
    for (std::size_t t = 0; t < h.size(); ++t) {
      const Row r = second_linear(layer.out_proj, layer.out_bias, gated(config, layer, y[t], z[t]));
      for (std::size_t i = 0; i < r.size(); ++i) h[t][i] += r[i];
    }
  }
  return second_linear(model.head, {},
                       second_rms_norm(model.final_norm, config.norm_epsilon, h.back()));
}

}  // namespace epoch::test
