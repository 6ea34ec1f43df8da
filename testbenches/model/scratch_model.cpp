// SPDX-License-Identifier: Apache-2.0
#include "model/scratch_model.h"

#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

namespace epoch::test {
namespace {

using nlohmann::json;

// Words of configuration keys, in the order of the enumerations.
const char* const kKinds[] = {"s4d", "s4", "s5", "liquid_s4"};
const char* const kNorms[] = {"layer", "rms", "batch"};
const char* const kGlus[] = {"none", "full", "half1", "half2"};
const char* const kPoolings[] = {"mean", "last"};
const char* const kDiscretizations[] = {"stored", "zoh", "bilinear"};
const char* const kGelus[] = {"gelu", "gelu_tanh"};
const char* const kDense[] = {"mlp", "lstm", "cnn"};
const char* const kActivations[] = {"none", "relu", "gelu", "silu", "sigmoid", "tanh"};

template <class Word>
const char* word(const char* const* words, Word meaning) {
  return words[static_cast<std::size_t>(meaning)];
}

template <class Config>
json input_keys(const Config& config) {
  return {{"input_width", config.input_width},
          {"input_scale", config.input_scale},
          {"input_mean", config.input_mean},
          {"input_std", config.input_std}};
}

}  // namespace

std::vector<std::uint8_t> safetensors_file(const std::string& header,
                                           const std::vector<std::uint8_t>& data) {
  std::vector<std::uint8_t> file;
  for (unsigned byte = 0; byte < 8; ++byte)
    file.push_back(static_cast<std::uint8_t>(std::uint64_t{header.size()} >> 8 * byte));
  file.insert(file.end(), header.begin(), header.end());
  file.insert(file.end(), data.begin(), data.end());
  return file;
}

// Tests run side by side in one folder.
ScratchModel::ScratchModel(const NetworkModel& model) : path_("model-" + std::to_string(getpid())) {
  std::visit([&](const auto& family) { fill(family); }, model);
}

ScratchModel::~ScratchModel() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void ScratchModel::add(const std::string& name, const std::vector<std::uint64_t>& shape,
                       const std::vector<float>& values) {
  if (!values.empty()) tensors[name] = {shape, values};
}

// ---- The S4 family ----

void ScratchModel::fill_norm(const std::string& prefix, const NormTensors& norm) {
  const std::vector<std::uint64_t> shape = {norm.weight.size()};
  add(prefix + "weight", shape, norm.weight);
  add(prefix + "bias", shape, norm.bias);
  add(prefix + "running_mean", shape, norm.running_mean);
  add(prefix + "running_var", shape, norm.running_variance);
}

void ScratchModel::fill_ssm(const std::string& prefix, const S4Config& model,
                            const SsmTensors& ssm) {
  const std::uint64_t channels = model.channels, modes = model.modes;
  const auto shape = [&](std::vector<std::uint64_t> one) {
    if (model.directions > 1) one.insert(one.begin(), model.directions);
    return one;
  };
  add(prefix + "C", shape({channels, modes, 2}), ssm.c);
  add(prefix + "D", {channels}, ssm.d);
  if (model.kind == SsmKind::s5) {
    add(prefix + "Lambda_re", {modes}, ssm.log_a_re);
    add(prefix + "Lambda_im", {modes}, ssm.a_im);
    add(prefix + "log_step", {modes}, ssm.log_dt);
    add(prefix + "B", {modes, channels, 2}, ssm.b);
    return;
  }
  const bool stored = model.discretization == Discretization::stored;
  add(prefix + (stored ? "B_bar" : "B"), shape({channels, modes, 2}), ssm.b);
  add(prefix + "A_bar", shape({channels, modes, 2}), ssm.a_bar);
  add(prefix + "P", shape({channels, modes, 2}), ssm.p);
  add(prefix + "log_dt", shape({channels}), ssm.log_dt);
  add(prefix + "log_A_real", shape({channels, modes}), ssm.log_a_re);
  add(prefix + "A_imag", shape({channels, modes}), ssm.a_im);
}

void ScratchModel::fill(const S4Model& model) {
  const S4Config& c = model.config;
  const std::uint64_t width = c.channels, columns = model.output_columns();
  config = {{"model_type", word(kKinds, c.kind)},
            {"d_model", c.channels},
            {"d_state", 2 * c.modes},
            {"n_layers", c.layers},
            {"num_labels", c.labels},
            {"bidirectional", c.directions > 1},
            {"second_direction", c.shifted ? "shifted" : "inclusive"},
            {"encoder", c.vocabulary != 0 ? "embedding" : "linear"},
            {"norm", word(kNorms, c.norm)},
            {"norm_eps", c.norm_epsilon},
            {"prenorm", c.prenorm},
            {"final_norm", c.final_norm},
            {"activation", word(kGelus, c.gelu)},
            {"glu", word(kGlus, c.glu)},
            {"pooling", word(kPoolings, c.pooling)},
            {"decoder", c.retrieval ? "retrieval" : "linear"},
            {"discretization", word(kDiscretizations, c.discretization)}};
  config.update(c.vocabulary != 0 ? json({{"vocab_size", c.vocabulary}}) : input_keys(c));
  if (!c.name.empty()) config["name"] = c.name;
  if (c.kind == SsmKind::s4) config["c_truncated_at"] = c.truncated_steps;
  add("embedding.weight", {c.vocabulary, width}, model.embedding);
  add("encoder.weight", {width, c.input_width}, model.encoder_weight);
  add("encoder.bias", {width}, model.encoder_bias);
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const std::string prefix = "layers." + std::to_string(i) + ".";
    const S4Layer& layer = model.layers[i];
    fill_norm(prefix + "norm.", layer.norm);
    fill_ssm(prefix + "ssm.", c, layer.ssm);
    add(prefix + "output_linear.weight", {columns, width}, layer.output_weight);
    add(prefix + "output_linear.bias", {columns}, layer.output_bias);
  }
  if (c.final_norm) fill_norm("norm.", model.final_norm);
  add("decoder.0.weight", {width, 4 * width}, model.head_weight);
  add("decoder.0.bias", {width}, model.head_bias);
  const std::string decoder = c.retrieval ? "decoder.2." : "decoder.";
  add(decoder + "weight", {c.labels, width}, model.decoder_weight);
  add(decoder + "bias", {c.labels}, model.decoder_bias);
}

// ---- Mamba ----

void ScratchModel::fill(const MambaModel& model) {
  const MambaConfig& c = model.config;
  const std::uint64_t hidden = c.hidden, inner = c.inner, conv = model.conv_channels();
  const std::uint64_t in = c.second ? inner + conv + c.heads : 2 * inner;
  config = {{"model_type", c.second ? "mamba2" : "mamba"},
            {"vocab_size", c.vocabulary},
            {"hidden_size", c.hidden},
            {"state_size", c.state},
            {"num_hidden_layers", c.layers},
            {"conv_kernel", c.taps},
            {"layer_norm_epsilon", c.norm_epsilon},
            {"use_bias", c.bias},
            {"use_conv_bias", c.conv_bias}};
  config.update(c.second ? json({{"num_heads", c.heads},
                                 {"head_dim", c.inner / c.heads},
                                 {"n_groups", c.groups},
                                 {"norm_before_gate", c.norm_before_gate}})
                         : json({{"intermediate_size", c.inner}, {"time_step_rank", c.time_rank}}));
  if (!c.name.empty()) config["name"] = c.name;
  add("backbone.embeddings.weight", {c.vocabulary, hidden}, model.embedding);
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const std::string prefix = "backbone.layers." + std::to_string(i) + ".",
                      mixer = prefix + "mixer.";
    const MambaLayer& layer = model.layers[i];
    add(prefix + "norm.weight", {hidden}, layer.norm);
    add(mixer + "in_proj.weight", {in, hidden}, layer.in_proj);
    add(mixer + "in_proj.bias", {in}, layer.in_bias);
    add(mixer + "conv1d.weight", {conv, 1, c.taps}, layer.conv_weight);
    add(mixer + "conv1d.bias", {conv}, layer.conv_bias);
    add(mixer + "x_proj.weight", {c.time_rank + 2 * std::uint64_t{c.state}, inner}, layer.x_proj);
    add(mixer + "dt_proj.weight", {inner, c.time_rank}, layer.dt_proj);
    add(mixer + (c.second ? "dt_bias" : "dt_proj.bias"), {layer.dt_bias.size()}, layer.dt_bias);
    if (c.second)
      add(mixer + "A_log", {c.heads}, layer.a_log);
    else
      add(mixer + "A_log", {inner, c.state}, layer.a_log);
    add(mixer + "D", {layer.d.size()}, layer.d);
    add(mixer + "norm.weight", {inner}, layer.gated_norm);
    add(mixer + "out_proj.weight", {hidden, inner}, layer.out_proj);
    add(mixer + "out_proj.bias", {hidden}, layer.out_bias);
  }
  add("backbone.norm_f.weight", {hidden}, model.final_norm);
  add("lm_head.weight", {c.vocabulary, hidden}, model.head);
}

// ---- Plain networks ----

void ScratchModel::fill(const DenseModel& model) {
  const DenseConfig& c = model.config;
  const bool lstm = c.kind == DenseKind::lstm, cnn = c.kind == DenseKind::cnn;
  config = {{"model_type", word(kDense, c.kind)}, {"num_labels", c.labels}};
  config.update(input_keys(c));
  if (!c.name.empty()) config["name"] = c.name;
  if (!lstm) config["activation"] = word(kActivations, c.activation);
  if (cnn) {
    config["input_height"] = c.height;
    config["input_columns"] = c.width;
  }
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const std::string prefix = "layers." + std::to_string(i) + ".";
    const DenseLayer& layer = model.layers[i];
    config["hidden_sizes"].push_back(layer.outputs);
    std::vector<std::uint64_t> shape = {layer.outputs, layer.inputs};
    if (cnn) {
      config["kernel_sizes"].push_back(layer.kernel);
      config["strides"].push_back(layer.stride);
      shape.insert(shape.end(), 2, layer.kernel);
    }
    if (lstm) {
      const std::uint64_t gates = 4 * std::uint64_t{layer.outputs};
      add("lstm.weight_ih_l0", {gates, layer.inputs}, layer.weight);
      add("lstm.weight_hh_l0", {gates, layer.outputs}, layer.recurrent);
      add("lstm.bias_ih_l0", {gates}, layer.bias);
      add("lstm.bias_hh_l0", {gates}, std::vector<float>(gates));
      continue;
    }
    add(prefix + "weight", shape, layer.weight);
    add(prefix + "bias", {layer.outputs}, layer.bias);
  }
  add("decoder.weight", {c.labels, model.layers.back().outputs}, model.decoder_weight);
  add("decoder.bias", {c.labels}, model.decoder_bias);
}

// ---- Files ----

void ScratchModel::write() const {
  std::filesystem::create_directories(path_);
  std::ofstream(path_ + "/config.json") << config.dump(1);
  json header;
  std::vector<std::uint8_t> data;
  for (const auto& [name, tensor] : tensors) {
    const std::size_t begin = data.size();
    data.resize(begin + tensor.values.size() * sizeof(float));
    std::memcpy(data.data() + begin, tensor.values.data(), data.size() - begin);
    header[name] = {
        {"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {begin, data.size()}}};
  }
  const std::vector<std::uint8_t> file = safetensors_file(header.dump(), data);
  std::ofstream(path_ + "/model.safetensors", std::ios::binary)
      .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
}

NetworkModel ScratchModel::load() const {
  write();
  return load_model(path_);
}

}  // namespace epoch::test
