// SPDX-License-Identifier: Apache-2.0
#include "reference/mamba_reference.h"

#include <cmath>
#include <stdexcept>

#include "reference/row_functions.h"

namespace epoch {

using Kind = Signal::Kind;

// Channel by channel over time, tap K - 1 at the present step, then silu; the window moves on.
std::vector<double> MambaReference::convolved(const MambaLayer& layer, LayerState& state,
                                              const std::vector<double>& rows) const {
  const std::size_t width = model_.conv_channels(), taps = model_.config.taps;
  std::vector<double> history = state.window;
  history.insert(history.end(), rows.begin(), rows.end());
  std::vector<double> result(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::size_t channel = i % width;
    double sum = layer.conv_bias.empty() ? 0 : layer.conv_bias[channel];
    for (std::size_t tap = 0; tap < taps; ++tap)
      sum += layer.conv_weight[channel * taps + tap] * history[i + tap * width];
    result[i] = silu(sum);
  }
  state.window.assign(history.end() - static_cast<std::ptrdiff_t>(state.window.size()),
                      history.end());
  return result;
}

// Mamba: dt, B and C are projections of x.
MambaReference::Scan MambaReference::first_scan(const MambaLayer& layer,
                                                std::vector<double> x) const {
  const std::size_t rank = model_.config.time_rank, state = model_.config.state;
  const std::size_t width = rank + 2 * state;
  const std::vector<double> projected = linear(layer.x_proj, {}, x, model_.config.inner);
  std::vector<double> delta =
      linear(layer.dt_proj, layer.dt_bias, columns(projected, width, 0, rank), rank);
  for (double& value : delta) value = softplus(value);
  return {std::move(x), std::move(delta), columns(projected, width, rank, state),
          columns(projected, width, rank + state, state)};
}

// Mamba-2: B and C went through the convolution, dt did not.
MambaReference::Scan MambaReference::second_scan(const MambaLayer& layer,
                                                 const std::vector<double>& conv,
                                                 const std::vector<double>& delta) const {
  const std::size_t inner = model_.config.inner, heads = model_.config.heads;
  const std::size_t shared = model_.config.groups * model_.config.state;
  const std::size_t width = inner + 2 * shared;
  Scan scan{columns(conv, width, 0, inner), delta, columns(conv, width, inner, shared),
            columns(conv, width, inner + shared, shared)};
  for (std::size_t i = 0; i < delta.size(); ++i)
    scan.delta[i] = softplus(delta[i] + layer.dt_bias[i % heads]);
  return scan;
}

// s[t] = exp(d A) s[t-1] + d B[t] x[t] ; y[t] = C[t] s[t] + D x[t]. In Mamba each channel is a head
// of its own, with an A for each state dimension; Mamba-2 has one A a head, B and C a group.
std::vector<double> MambaReference::scanned(const MambaLayer& layer, LayerState& state,
                                            const Scan& scan) const {
  const MambaConfig& config = model_.config;
  const std::size_t inner = config.inner, size = config.state;
  const std::size_t heads = config.second ? config.heads : inner;
  const std::size_t groups = config.second ? config.groups : 1;
  std::vector<double> y(scan.x.size());
  std::vector<double> a;
  for (const float log : layer.a_log) a.push_back(-std::exp(static_cast<double>(log)));
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::size_t step = i / inner, channel = i % inner;
    const std::size_t head = channel / (inner / heads), group = head / (heads / groups);
    const double delta = scan.delta[step * heads + head], x = scan.x[i];
    const double* b = scan.b.data() + (step * groups + group) * size;
    const double* c = scan.c.data() + (step * groups + group) * size;
    double* s = state.s.data() + channel * size;
    const double decay = config.second ? std::exp(delta * a[head]) : 0;
    double sum = 0;
    for (std::size_t n = 0; n < size; ++n) {
      s[n] = (config.second ? decay : std::exp(delta * a[channel * size + n])) * s[n] +
             delta * b[n] * x;
      sum += c[n] * s[n];
    }
    y[i] = sum + layer.d[head] * x;
  }
  return y;
}

// y * silu(z); Mamba-2 normalises that, or y before it.
std::vector<double> MambaReference::gated(const MambaLayer& layer, const std::vector<double>& y,
                                          const std::vector<double>& z) const {
  const MambaConfig& config = model_.config;
  std::vector<double> result = config.norm_before_gate && config.second
                                   ? rms_norm(layer.gated_norm, config.norm_epsilon, y)
                                   : y;
  for (std::size_t i = 0; i < z.size(); ++i) result[i] *= silu(z[i]);
  return config.second && !config.norm_before_gate
             ? rms_norm(layer.gated_norm, config.norm_epsilon, result)
             : result;
}

std::vector<double> MambaReference::mixed(
    const MambaLayer& layer, LayerState& state, const std::vector<double>& normed,
    const std::function<void(Kind, std::size_t, const std::vector<double>&)>& show) const {
  const MambaConfig& config = model_.config;
  const std::size_t inner = config.inner, conv = model_.conv_channels();
  const std::vector<double> in = linear(layer.in_proj, layer.in_bias, normed, config.hidden);
  const std::size_t width = config.second ? inner + conv + config.heads : 2 * inner;
  const std::size_t first = config.second ? inner : 0;  // of x; z takes the other place
  const std::vector<double> z = columns(in, width, config.second ? 0 : inner, inner);
  std::vector<double> x = convolved(layer, state, columns(in, width, first, conv));
  const Scan scan = config.second
                        ? second_scan(layer, x, columns(in, width, inner + conv, config.heads))
                        : first_scan(layer, std::move(x));
  const std::size_t shared = (config.second ? config.groups : 1) * config.state;
  show(Kind::input, inner, scan.x);
  show(Kind::delta, config.second ? config.heads : inner, scan.delta);
  show(Kind::b, shared, scan.b);
  show(Kind::c, shared, scan.c);
  const std::vector<double> y = scanned(layer, state, scan);
  show(Kind::output, inner, y);
  return linear(layer.out_proj, layer.out_bias, gated(layer, y, z), inner);
}

// The last token's logits.
std::vector<double> MambaReference::advance(const std::vector<std::uint32_t>& tokens,
                                            std::vector<LayerState>& states,
                                            const Observer& observer) const {
  const MambaConfig& config = model_.config;
  const std::size_t hidden = config.hidden, layers = model_.layers.size();
  if (tokens.empty()) throw std::invalid_argument("the input has no token");
  states.resize(layers);
  std::vector<double> h = gathered(model_.embedding, hidden, tokens);
  for (std::size_t i = 0; i < layers; ++i) {
    const MambaLayer& layer = model_.layers[i];
    const auto show = [&](Kind kind, std::size_t width, const std::vector<double>& values) {
      if (observer) observer({kind, i, 0, 0, width, values});
    };
    states[i].window.resize((config.taps - 1) * model_.conv_channels());
    states[i].s.resize(std::size_t{config.inner} * config.state);
    show(Kind::stream, hidden, h);
    const std::vector<double> r =
        mixed(layer, states[i], rms_norm(layer.norm, config.norm_epsilon, h), show);
    for (std::size_t k = 0; k < h.size(); ++k) h[k] += r[k];
  }
  if (observer) observer({Kind::stream, layers, 0, 0, hidden, h});
  const std::vector<double> last(h.end() - static_cast<std::ptrdiff_t>(hidden), h.end());
  const std::vector<double> features = rms_norm(model_.final_norm, config.norm_epsilon, last);
  if (observer) observer({Kind::features, layers, 0, 0, hidden, features});
  return linear(model_.head, {}, features, hidden);
}

std::vector<double> MambaReference::outputs(const ReferenceInput& input,
                                            const Observer& observer) const {
  std::vector<LayerState> states;
  return advance(input.tokens, states, observer);
}

MambaReference::Decoded MambaReference::decode(const ReferenceInput& prompt,
                                               std::size_t count) const {
  std::vector<LayerState> states;
  std::vector<std::uint32_t> next = prompt.tokens;
  Decoded decoded;
  for (std::size_t i = 0; i < count; ++i) {
    const std::vector<double> logits = advance(next, states, {});
    next = {static_cast<std::uint32_t>(predicted_label(logits))};
    decoded.tokens.push_back(next[0]);
    decoded.logits.insert(decoded.logits.end(), logits.begin(), logits.end());
  }
  return decoded;
}

}  // namespace epoch
