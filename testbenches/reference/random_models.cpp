// SPDX-License-Identifier: Apache-2.0
#include "reference/random_models.h"

#include <algorithm>
#include <cmath>

namespace epoch::test {

std::uint32_t RandomModels::integer(std::uint32_t least, std::uint32_t most) {
  return std::uniform_int_distribution<std::uint32_t>(least, most)(random_);
}

std::vector<float> RandomModels::normals(std::size_t count, double scale, double mean) {
  std::normal_distribution<double> normal(mean, scale);
  std::vector<float> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(static_cast<float>(normal(random_)));
  return values;
}

NormTensors RandomModels::norm(const S4Config& config) {
  NormTensors norm;
  norm.weight = normals(config.channels, 0.2, 1);
  if (config.norm != NormKind::rms) norm.bias = normals(config.channels, 0.3);
  if (config.norm == NormKind::batch) {
    norm.running_mean = normals(config.channels, 0.5);
    for (std::uint32_t i = 0; i < config.channels; ++i)
      norm.running_variance.push_back(static_cast<float>(integer(500, 2000)) / 1000);
  }
  return norm;
}

SsmTensors RandomModels::ssm(const S4Config& config, double dt_min, double dt_max) {
  const bool shared = config.kind == SsmKind::s5;
  const std::size_t modes = config.modes, channels = config.channels;
  const std::size_t rows = shared ? 1 : channels * config.directions;             // of lambda
  const std::size_t steps = std::max<std::size_t>(2, shared ? modes : channels);  // of dt
  SsmTensors ssm;
  for (std::size_t i = 0; i < (shared ? modes : rows); ++i) {
    const double place = static_cast<double>(i % steps) / static_cast<double>(steps - 1);
    ssm.log_dt.push_back(static_cast<float>(std::log(dt_min) + place * std::log(dt_max / dt_min)));
  }
  for (std::size_t i = 0; i < rows * modes; ++i) {
    ssm.log_a_re.push_back(shared ? -0.5f : static_cast<float>(std::log(0.5)));
    ssm.a_im.push_back(static_cast<float>(std::acos(-1.0) * static_cast<double>(i % modes)));
  }
  const std::size_t words = channels * modes * 2;  // of a direction
  ssm.c = normals(words * config.directions);
  ssm.d = normals(channels);
  ssm.b = shared ? normals(words) : normals(rows * modes * 2);
  if (config.kind == SsmKind::liquid) {
    for (float& word : ssm.b) word = std::tanh(word) * 0.08f;
  }
  if (config.kind == SsmKind::s4) ssm.p = normals(rows * modes * 2);
  if (config.discretization != Discretization::stored) return ssm;
  for (std::size_t i = 0; i < rows * modes; ++i) {
    const double dt = std::exp(static_cast<double>(ssm.log_dt[i / modes])), angle = ssm.a_im[i];
    ssm.a_bar.push_back(static_cast<float>(std::exp(-dt / 2) * std::cos(dt * angle)));
    ssm.a_bar.push_back(static_cast<float>(std::exp(-dt / 2) * std::sin(dt * angle)));
  }
  for (std::size_t i = 0; i < ssm.b.size(); ++i) ssm.b[i] *= std::exp(ssm.log_dt[i / 2 / modes]);
  ssm.log_dt = ssm.log_a_re = ssm.a_im = {};
  return ssm;
}

S4Config RandomModels::s4_config(SsmKind kind) {
  S4Config config;
  config.kind = kind;
  config.channels = integer(2, 6);
  config.modes = integer(2, 5);
  config.layers = integer(1, 3);
  config.directions = integer(1, 2);
  config.shifted = kind != SsmKind::s5 && coin();
  config.norm = static_cast<NormKind>(integer(0, 2));
  config.prenorm = coin();
  config.final_norm = coin();
  config.gelu = static_cast<Gelu>(integer(0, 1));
  config.glu = static_cast<GluKind>(integer(0, 3));
  config.pooling = static_cast<Pooling>(integer(0, 1));
  const bool may_be_stored = kind == SsmKind::s4d || kind == SsmKind::liquid;
  config.discretization = static_cast<Discretization>(integer(may_be_stored ? 0 : 1, 2));
  if (kind == SsmKind::s4) {
    config.discretization = Discretization::bilinear;
    config.truncated_steps = coin() ? 32 : 0;  // a power of two, for the second opinion's FFT
  }
  config.vocabulary = coin() ? 11 : 0;
  config.input_width = integer(1, 3);
  config.input_scale = 255;
  config.input_mean = 0.4;
  config.input_std = 0.25;
  config.labels = integer(2, 5);
  config.retrieval = integer(0, 3) == 0;
  return config;
}

S4Model RandomModels::s4(SsmKind kind) {
  S4Model model;
  model.config = s4_config(kind);
  const S4Config& config = model.config;
  const std::size_t width = config.channels;
  if (config.vocabulary != 0) {
    model.embedding = normals(config.vocabulary * width);
  } else {
    model.encoder_weight = normals(width * config.input_width);
    model.encoder_bias = normals(width, 0.5);
  }
  for (std::uint32_t i = 0; i < config.layers; ++i) {
    S4Layer layer;
    layer.norm = norm(config);
    layer.ssm = ssm(config, 1e-3, 0.3);
    layer.output_weight = normals(model.output_columns() * width, 0.5);
    layer.output_bias = normals(model.output_columns(), 0.5);
    model.layers.push_back(layer);
  }
  if (config.final_norm) model.final_norm = norm(config);
  if (config.retrieval) {
    model.head_weight = normals(width * 4 * width, 0.5);
    model.head_bias = normals(width, 0.5);
  }
  model.decoder_weight = normals(config.labels * width);
  model.decoder_bias = normals(config.labels);
  return model;
}

MambaLayer RandomModels::mamba_layer(const MambaModel& model) {
  const MambaConfig& config = model.config;
  const std::size_t inner = config.inner, conv = model.conv_channels();
  const std::size_t in = config.second ? inner + conv + config.heads : 2 * inner;
  MambaLayer layer;
  layer.norm = normals(config.hidden, 0.2, 1);
  layer.in_proj = normals(in * config.hidden, 0.5);
  if (config.bias) layer.in_bias = normals(in, 0.3);
  layer.conv_weight = normals(conv * config.taps, 0.5);
  if (config.conv_bias) layer.conv_bias = normals(conv, 0.3);
  if (config.second) {
    layer.dt_bias = normals(config.heads, 1, -2);
    layer.a_log = normals(config.heads);
    layer.d = normals(config.heads);
    layer.gated_norm = normals(inner, 0.2, 1);
  } else {
    layer.x_proj = normals((config.time_rank + 2 * config.state) * inner, 0.5);
    layer.dt_proj = normals(inner * config.time_rank);
    layer.dt_bias = normals(inner, 1, -2);
    layer.a_log = normals(inner * config.state);
    layer.d = normals(inner);
  }
  layer.out_proj = normals(config.hidden * inner, 0.5);
  if (config.bias) layer.out_bias = normals(config.hidden, 0.3);
  return layer;
}

MambaModel RandomModels::mamba(bool second) {
  MambaModel model;
  MambaConfig& config = model.config;
  config.second = second;
  config.vocabulary = integer(5, 20);
  config.hidden = integer(2, 6);
  config.state = integer(1, 4);
  config.layers = integer(1, 3);
  config.taps = integer(1, 4);
  config.groups = second ? integer(1, 2) : 1;
  config.heads = second ? config.groups * integer(1, 3) : 0;
  config.inner = second ? config.heads * integer(1, 3) : 2 * config.hidden;
  config.time_rank = second ? 0 : integer(1, 3);
  config.bias = coin();
  config.conv_bias = coin();
  config.norm_before_gate = second && coin();
  model.embedding = normals(config.vocabulary * config.hidden);
  for (std::uint32_t i = 0; i < config.layers; ++i) model.layers.push_back(mamba_layer(model));
  model.final_norm = normals(config.hidden, 0.2, 1);
  model.head = coin() ? model.embedding : normals(config.vocabulary * config.hidden);
  return model;
}

DenseModel RandomModels::dense(DenseKind kind) {
  DenseModel model;
  DenseConfig& config = model.config;
  config.kind = kind;
  config.input_width = integer(1, 4);
  config.height = kind == DenseKind::cnn ? integer(8, 9) : 1;
  config.width = kind == DenseKind::cnn ? integer(8, 9) : 1;
  config.input_scale = 255;
  config.input_mean = 0.3;
  config.input_std = 0.5;
  config.activation = static_cast<DenseActivation>(integer(0, 5));
  config.labels = integer(2, 5);
  std::uint32_t inputs = config.input_width;
  for (std::uint32_t i = 0; i < (kind == DenseKind::lstm ? 1 : integer(1, 3)); ++i) {
    DenseLayer layer;
    layer.inputs = inputs;
    layer.outputs = inputs = integer(2, 6);
    if (kind == DenseKind::cnn) {
      layer.kernel = integer(1, 2);
      layer.stride = integer(1, 2);
    }
    const std::size_t gates = (kind == DenseKind::lstm ? 4 : 1) * layer.outputs;
    layer.weight = normals(gates * layer.inputs * layer.kernel * layer.kernel, 0.7);
    if (kind == DenseKind::lstm) layer.recurrent = normals(gates * layer.outputs, 0.7);
    layer.bias = normals(gates, 0.5);
    model.layers.push_back(layer);
  }
  model.decoder_weight = normals(config.labels * inputs);
  model.decoder_bias = normals(config.labels);
  return model;
}

ReferenceInput RandomModels::input(const NetworkModel& model) {
  std::size_t steps = integer(1, 30);
  std::uint32_t vocabulary = 0, width = 1;
  if (const auto* s4 = std::get_if<S4Model>(&model)) {
    vocabulary = s4->config.vocabulary;
    width = s4->config.input_width;
    if (s4->config.retrieval) steps *= 2;
  } else if (const auto* mamba = std::get_if<MambaModel>(&model)) {
    vocabulary = mamba->config.vocabulary;
  } else {
    const DenseConfig& config = std::get<DenseModel>(model).config;
    width = config.input_width;
    if (config.kind == DenseKind::cnn) steps = config.height * config.width;
  }
  ReferenceInput input;
  for (std::size_t i = 0; vocabulary != 0 && i < steps; ++i)
    input.tokens.push_back(integer(0, vocabulary - 1));
  for (std::size_t i = 0; vocabulary == 0 && i < steps * width; ++i)
    input.bytes.push_back(static_cast<std::uint8_t>(integer(0, 255)));
  return input;
}

}  // namespace epoch::test
