// SPDX-License-Identifier: Apache-2.0
#include "model/s4_model.h"

#include "errors.h"
#include "model/model_folder.h"

namespace epoch {
namespace {

using Shape = TensorReader::Shape;

void read_input(ConfigReader& reader, S4Config& config) {
  const bool embedding = reader.choice_or<bool>("encoder", reader.has("vocab_size"),
                                                {{"linear", false}, {"embedding", true}});
  if (embedding) {
    config.vocabulary = reader.integer("vocab_size");
    return;
  }
  config.input_width = reader.integer("input_width");
  config.input_scale = reader.positive("input_scale");
  config.input_mean = reader.number("input_mean");
  config.input_std = reader.positive("input_std");
}

void read_norm(ConfigReader& reader, S4Config& config) {
  config.norm = reader.choice_or<NormKind>(
      "norm", NormKind::layer,
      {{"layer", NormKind::layer}, {"rms", NormKind::rms}, {"batch", NormKind::batch}});
  config.norm_epsilon =
      reader.positive(reader.has("layer_norm_eps") ? "layer_norm_eps" : "norm_eps");
  config.prenorm = reader.flag_or("prenorm", true);
  config.final_norm = reader.flag_or("final_norm", false);
}

// true is "full", false "none".
GluKind read_glu(ConfigReader& reader) {
  if (reader.is_flag("glu")) return reader.flag("glu") ? GluKind::full : GluKind::none;
  return reader.choice<GluKind>("glu", {{"full", GluKind::full},
                                        {"half1", GluKind::half1},
                                        {"half2", GluKind::half2},
                                        {"none", GluKind::none}});
}

void read_state_space(ConfigReader& reader, S4Config& config) {
  const std::uint32_t dimensions = reader.integer("d_state", 2);
  // Liquid-S4 counts as its code does, N // 2; the others refuse to drop a dimension.
  if (dimensions % 2 != 0 && config.kind != SsmKind::liquid) {
    reader.refuse("d_state", "counts real dimensions, 2 a complex mode: " +
                                 std::to_string(dimensions) + " is odd");
  }
  config.modes = dimensions / 2;
  config.directions = reader.flag_or("bidirectional", false) ? 2 : 1;
  config.shifted = reader.choice_or<bool>("second_direction", config.kind != SsmKind::s5,
                                          {{"shifted", true}, {"inclusive", false}});
  if (config.kind == SsmKind::s5 && config.shifted) {
    reader.refuse("second_direction", "is \"shifted\": s5 is \"inclusive\"");
  }
  config.discretization =
      reader.choice<Discretization>("discretization", {{"stored", Discretization::stored},
                                                       {"zoh", Discretization::zoh},
                                                       {"bilinear", Discretization::bilinear}});
  const bool diagonal = config.kind == SsmKind::s4d || config.kind == SsmKind::liquid;
  if (config.discretization == Discretization::stored && !diagonal) {
    reader.refuse("discretization", "is \"stored\", which s4d and liquid_s4 may be");
  }
  if (config.kind == SsmKind::s4) {
    if (config.discretization != Discretization::bilinear)
      reader.refuse("discretization", "of s4 is \"bilinear\"");
    config.truncated_steps = reader.integer_or("c_truncated_at", 0, 0, 1u << 24);
  }
}

S4Config read_config(const std::string& folder) {
  ConfigReader reader(folder);
  S4Config config;
  config.kind = reader.choice<SsmKind>("model_type", {{"s4d", SsmKind::s4d},
                                                      {"s4", SsmKind::s4},
                                                      {"s5", SsmKind::s5},
                                                      {"liquid_s4", SsmKind::liquid}});
  config.name = reader.text_or("name", reader.folder_name());
  reader.text_or("description", "");
  config.channels = reader.integer("d_model");
  config.layers = reader.integer("n_layers", 1, kMostLayers);
  read_state_space(reader, config);
  read_input(reader, config);
  read_norm(reader, config);
  config.gelu = reader.choice_or<Gelu>("activation", Gelu::erf,
                                       {{"gelu", Gelu::erf}, {"gelu_tanh", Gelu::tanh}});
  config.glu = read_glu(reader);
  config.pooling =
      reader.choice<Pooling>("pooling", {{"mean", Pooling::mean}, {"last", Pooling::last}});
  config.labels = reader.integer("num_labels");
  config.retrieval =
      reader.choice_or<bool>("decoder", false, {{"linear", false}, {"retrieval", true}});
  reader.only("torch_dtype", "float32");
  reader.finish();
  return config;
}

NormTensors read_norm_tensors(TensorReader& reader, const std::string& prefix,
                              const S4Config& config) {
  const Shape shape = {config.channels};
  NormTensors norm;
  norm.weight = reader.floats(prefix + "weight", shape);
  if (config.norm != NormKind::rms) norm.bias = reader.floats(prefix + "bias", shape);
  if (config.norm == NormKind::batch) {
    norm.running_mean = reader.floats(prefix + "running_mean", shape);
    norm.running_variance = reader.floats(prefix + "running_var", shape);
  }
  return norm;
}

// [dirs][...] where there are two directions, [...] where there is one.
Shape by_direction(const S4Config& config, Shape shape) {
  if (config.directions > 1) shape.insert(shape.begin(), config.directions);
  return shape;
}

SsmTensors read_s5(TensorReader& reader, const std::string& prefix, const S4Config& config) {
  const std::uint64_t width = config.channels, modes = config.modes;
  SsmTensors ssm;
  ssm.log_dt = reader.floats(prefix + "log_step", {modes});
  ssm.log_a_re = reader.floats(prefix + "Lambda_re", {modes});
  ssm.a_im = reader.floats(prefix + "Lambda_im", {modes});
  ssm.b = reader.floats(prefix + "B", {modes, width, 2});
  ssm.c = reader.floats(prefix + "C", by_direction(config, {width, modes, 2}));
  ssm.d = reader.floats(prefix + "D", {width});
  return ssm;
}

SsmTensors read_diagonal(TensorReader& reader, const std::string& prefix, const S4Config& config) {
  const std::uint64_t width = config.channels, modes = config.modes;
  const Shape complex = by_direction(config, {width, modes, 2});
  SsmTensors ssm;
  ssm.c = reader.floats(prefix + "C", complex);
  ssm.d = reader.floats(prefix + "D", {width});
  if (config.discretization == Discretization::stored) {
    ssm.a_bar = reader.floats(prefix + "A_bar", complex);
    ssm.b = reader.floats(prefix + "B_bar", complex);
    return ssm;
  }
  ssm.log_dt = reader.floats(prefix + "log_dt", by_direction(config, {width}));
  ssm.log_a_re = reader.floats(prefix + "log_A_real", by_direction(config, {width, modes}));
  ssm.a_im = reader.floats(prefix + "A_imag", by_direction(config, {width, modes}));
  // s4d may leave B out: it is 1.
  ssm.b = config.kind == SsmKind::s4d ? reader.floats_if_there(prefix + "B", complex)
                                      : reader.floats(prefix + "B", complex);
  if (ssm.b.empty()) {
    ssm.b.assign(ssm.c.size(), 0.0f);
    for (std::size_t i = 0; i < ssm.b.size(); i += 2) ssm.b[i] = 1.0f;
  }
  if (config.kind == SsmKind::s4) ssm.p = reader.floats(prefix + "P", complex);
  return ssm;
}

}  // namespace

S4Model load_s4_model(const std::string& folder) {
  S4Model model;
  model.config = read_config(folder);
  const S4Config& config = model.config;
  const std::uint64_t width = config.channels;
  TensorReader reader(folder);
  model.tensor_file = reader.where();
  if (config.vocabulary != 0) {
    model.embedding = reader.floats("embedding.weight", {config.vocabulary, width});
  } else {
    model.encoder_weight = reader.floats("encoder.weight", {width, config.input_width});
    model.encoder_bias = reader.floats("encoder.bias", {width});
  }
  for (std::uint32_t i = 0; i < config.layers; ++i) {
    const std::string prefix = layer_prefix("layers.", i);
    S4Layer layer;
    layer.norm = read_norm_tensors(reader, prefix + "norm.", config);
    layer.ssm = config.kind == SsmKind::s5 ? read_s5(reader, prefix + "ssm.", config)
                                           : read_diagonal(reader, prefix + "ssm.", config);
    const std::uint64_t columns = model.output_columns();
    layer.output_weight = reader.floats(prefix + "output_linear.weight", {columns, width});
    layer.output_bias = reader.floats(prefix + "output_linear.bias", {columns});
    model.layers.push_back(std::move(layer));
  }
  if (config.final_norm) model.final_norm = read_norm_tensors(reader, "norm.", config);
  if (config.retrieval) {
    model.head_weight = reader.floats("decoder.0.weight", {width, 4 * width});
    model.head_bias = reader.floats("decoder.0.bias", {width});
  }
  const std::string decoder = config.retrieval ? "decoder.2." : "decoder.";
  model.decoder_weight = reader.floats(decoder + "weight", {config.labels, width});
  model.decoder_bias = reader.floats(decoder + "bias", {config.labels});
  reader.finish();
  return model;
}

}  // namespace epoch
