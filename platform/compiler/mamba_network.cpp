// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "compiler/families.h"

namespace epoch {
namespace {

std::vector<float> rows_of(const std::vector<float>& matrix, std::size_t width, std::size_t first,
                           std::size_t count) {
  const auto begin = matrix.begin() + static_cast<std::ptrdiff_t>(first * width);
  return {begin, begin + static_cast<std::ptrdiff_t>(count * width)};
}

// Empty stays empty: a linear without a bias.
std::vector<float> part_of(const std::vector<float>& values, std::size_t first, std::size_t count) {
  return values.empty() ? values : rows_of(values, 1, first, count);
}

class MambaNetwork {
 public:
  MambaNetwork(const MambaModel& model, NetworkBuilder& builder)
      : model_(model), config_(model.config), builder_(builder) {}

  // The stream between layers is fp32 (the checkpoints' residual_in_fp32).
  std::vector<std::uint8_t> build() {
    builder_.begin_layer("");
    const Value tokens = builder_.tensor(1, EPOCH_IMAGE_TYPE_UINT32);
    Value stream = builder_.tensor(config_.hidden, EPOCH_TYPE_FP32);
    builder_.gather("backbone.embeddings", tokens, stream, model_.embedding);
    for (std::uint32_t layer = 0; layer < config_.layers; ++layer) {
      const std::string name = "backbone.layers." + std::to_string(layer);
      layer == 0 ? builder_.name_layer(name) : builder_.begin_layer(name);
      stream = add_layer(model_.layers[layer], stream);
    }
    // Of a prompt only the last token's logits are wanted.
    const Value last = builder_.tensor(config_.hidden, EPOCH_TYPE_FP32, 1);
    builder_.last_pool(stream, last);
    builder_.begin_layer("");
    const Value normed = builder_.tensor(config_.hidden, builder_.narrow(), 1);
    builder_.rms_norm("backbone.norm_f", last, normed, model_.final_norm, config_.norm_epsilon);
    const Value logits = builder_.tensor(config_.vocabulary, EPOCH_TYPE_FP32, 1);
    builder_.linear("lm_head", normed, logits, {model_.head, {}});
    return builder_.finish(config_.name, tokens, logits);
  }

 private:
  Value add_layer(const MambaLayer& layer, Value stream) {
    const Value normed = builder_.tensor(config_.hidden);
    builder_.rms_norm("norm", stream, normed, layer.norm, config_.norm_epsilon);
    const Value gated = config_.second ? add_second_mixer(layer, normed) : add_mixer(layer, normed);
    const Value sum = builder_.tensor(config_.hidden, EPOCH_TYPE_FP32);
    Linear out{layer.out_proj, layer.out_bias};
    out.residual = &stream;
    builder_.linear("mixer.out_proj", gated, sum, out);
    return sum;
  }

  Value add_conv(const MambaLayer& layer, Value in) {
    const Value out = builder_.tensor(in.width);
    builder_.conv1d("mixer.conv1d", in, out, config_.taps, layer.conv_weight, layer.conv_bias,
                    EPOCH_FUNCTION_SILU);
    return out;
  }

  // ---- Mamba ----

  Value add_mixer(const MambaLayer& layer, Value normed) {
    const std::uint32_t inner = config_.inner, states = config_.state, rank = config_.time_rank;
    const Value xz = builder_.tensor(2 * inner);
    builder_.linear("mixer.in_proj", normed, xz, {layer.in_proj, layer.in_bias});
    const Value x = add_conv(layer, xz.part(0, inner));
    const Value projected = builder_.tensor(rank + 2 * states);  // dt, B, C
    builder_.linear("mixer.x_proj", x, projected, {layer.x_proj, {}});
    const Value dt = builder_.tensor(inner, EPOCH_TYPE_FP32);
    builder_.linear("mixer.dt_proj", projected.part(0, rank), dt, {layer.dt_proj, layer.dt_bias});
    const Value delta = builder_.tensor(inner, EPOCH_TYPE_FP32);
    builder_.map("mixer.softplus", dt, delta, EPOCH_FUNCTION_SOFTPLUS);
    const Value drive = builder_.tensor(inner);
    builder_.combine("mixer.drive", x, delta, drive, EPOCH_COMBINE_MULTIPLY);

    const Value b = projected.part(rank, states), c = projected.part(rank + states, states);
    Recurrence scan;
    scan.mode = EPOCH_MODE_SELECTIVE;
    scan.modes = states;
    for (const float word : layer.a_log) scan.values.words.push_back(-std::exp(double{word}));
    scan.values.extra.assign(layer.d.begin(), layer.d.end());
    scan.drive = &drive;
    scan.b = &b;
    scan.c = &c;
    scan.u = &x;
    const Value y = builder_.tensor(inner, EPOCH_TYPE_FP32);
    builder_.ssm("mixer.ssm", delta, y, std::move(scan));
    const Value gated = builder_.tensor(inner);
    builder_.combine("mixer.gate", y, xz.part(inner, inner), gated, EPOCH_COMBINE_MULTIPLY,
                     EPOCH_FUNCTION_SILU);
    return gated;
  }

  // ---- Mamba-2 ----

  Value add_second_mixer(const MambaLayer& layer, Value normed) {
    const std::uint32_t inner = config_.inner, heads = config_.heads;
    const std::uint32_t convolved = model_.conv_channels(), wide = inner + convolved;
    // z, x, B, C as the array reads them; dt in fp32.
    const Value zxbc = builder_.tensor(wide);
    builder_.linear(
        "mixer.in_proj", normed, zxbc,
        {rows_of(layer.in_proj, config_.hidden, 0, wide), part_of(layer.in_bias, 0, wide)});
    const Value dt = builder_.tensor(heads, EPOCH_TYPE_FP32);
    builder_.linear(
        "mixer.in_proj", normed, dt,
        {rows_of(layer.in_proj, config_.hidden, wide, heads), part_of(layer.in_bias, wide, heads)});
    const Value xbc = add_conv(layer, zxbc.part(inner, convolved));
    const Value delta = builder_.tensor(heads, EPOCH_TYPE_FP32);
    builder_.map("mixer.softplus", dt, delta, EPOCH_FUNCTION_SOFTPLUS, {}, layer.dt_bias);
    const Value y = add_heads(layer, xbc, delta);
    return add_gated_norm(layer, y, zxbc.part(0, inner));
  }

  // a_k = exp(d A) and d x by head, then the scan of each group, which shares B and C.
  Value add_heads(const MambaLayer& layer, Value xbc, Value delta) {
    const std::uint32_t inner = config_.inner, states = config_.state, groups = config_.groups;
    const std::uint32_t head = inner / config_.heads, group = inner / groups;
    std::vector<float> a, d;
    for (std::uint32_t channel = 0; channel < inner; ++channel) {
      a.push_back(static_cast<float>(-std::exp(double{layer.a_log[channel / head]})));
      d.push_back(layer.d[channel / head]);
    }
    const Value x = xbc.part(0, inner);
    const Value decay = builder_.tensor(inner, EPOCH_TYPE_FP32);
    builder_.map("mixer.decay", delta, decay, EPOCH_FUNCTION_EXP, a);
    const Value drive = builder_.tensor(inner);
    builder_.combine("mixer.drive", x, delta, drive, EPOCH_COMBINE_MULTIPLY);
    const Value y = builder_.tensor(inner, EPOCH_TYPE_FP32);
    for (std::uint32_t g = 0; g < groups; ++g) {
      const Value b = xbc.part(inner + g * states, states);
      const Value c = xbc.part(inner + (groups + g) * states, states);
      const Value part = drive.part(g * group, group), u = x.part(g * group, group);
      Recurrence scan;
      scan.mode = EPOCH_MODE_SSD;
      scan.modes = states;
      scan.values.extra.assign(d.begin() + std::ptrdiff_t{g} * group,
                               d.begin() + std::ptrdiff_t{g + 1} * group);
      scan.drive = &part;
      scan.b = &b;
      scan.c = &c;
      scan.u = &u;
      builder_.ssm("mixer.ssm", decay.part(g * group, group), y.part(g * group, group),
                   std::move(scan));
    }
    return y;
  }

  Value add_gated_norm(const MambaLayer& layer, Value y, Value z) {
    const Value out = builder_.tensor(config_.inner);
    const Value between = builder_.tensor(config_.inner, EPOCH_TYPE_FP32);
    if (config_.norm_before_gate) {
      builder_.rms_norm("mixer.norm", y, between, layer.gated_norm, config_.norm_epsilon);
      builder_.combine("mixer.gate", between, z, out, EPOCH_COMBINE_MULTIPLY, EPOCH_FUNCTION_SILU);
    } else {
      builder_.combine("mixer.gate", y, z, between, EPOCH_COMBINE_MULTIPLY, EPOCH_FUNCTION_SILU);
      builder_.rms_norm("mixer.norm", between, out, layer.gated_norm, config_.norm_epsilon);
    }
    return out;
  }

  const MambaModel& model_;
  const MambaConfig& config_;
  NetworkBuilder& builder_;
};

}  // namespace

std::vector<std::uint8_t> build_mamba(const MambaModel& model, NetworkBuilder& builder) {
  return MambaNetwork(model, builder).build();
}

}  // namespace epoch
