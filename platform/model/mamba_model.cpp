// SPDX-License-Identifier: Apache-2.0
#include "model/mamba_model.h"

#include "errors.h"
#include "model/model_folder.h"

namespace epoch {
namespace {

// A width that others make.
std::uint32_t width(const ConfigReader& reader, const char* key, std::uint64_t made) {
  if (made > kLargestWidth) {
    reader.refuse(key, "makes a width of " + std::to_string(made) + ", above the limit of " +
                           std::to_string(kLargestWidth));
  }
  return static_cast<std::uint32_t>(made);
}

void read_second(ConfigReader& reader, MambaConfig& config) {
  config.heads = reader.integer("num_heads");
  config.inner =
      width(reader, "head_dim", std::uint64_t{config.heads} * reader.integer("head_dim"));
  if (reader.has("expand") &&
      std::uint64_t{reader.integer("expand")} * config.hidden != config.inner) {
    reader.refuse("expand", "times hidden_size is not num_heads times head_dim, " +
                                std::to_string(config.inner));
  }
  config.groups = reader.integer("n_groups");
  if (config.heads % config.groups != 0) {
    reader.refuse("n_groups", "does not divide num_heads, " + std::to_string(config.heads));
  }
  width(reader, "state_size", config.inner + std::uint64_t{2} * config.groups * config.state);
  config.norm_before_gate = reader.flag_or("norm_before_gate", false);
  reader.only("rms_norm", true);
  reader.only("time_step_limit", nlohmann::json::array({0.0, "Infinity"}));
  reader.ignore({"chunk_size"});
}

void read_first(ConfigReader& reader, MambaConfig& config) {
  const std::uint64_t expand = reader.integer_or("expand", 2);
  config.inner = reader.has("intermediate_size") ? reader.integer("intermediate_size")
                                                 : width(reader, "expand", expand * config.hidden);
  const std::uint32_t usual = (config.hidden + 15) / 16;  // ceil(H / 16)
  if (reader.has("time_step_rank") && !reader.is_text("time_step_rank")) {
    config.time_rank = reader.integer("time_step_rank");
  } else {
    reader.only("time_step_rank", "auto");
    config.time_rank = usual;
  }
}

MambaConfig read_config(const std::string& folder) {
  ConfigReader reader(folder);
  MambaConfig config;
  config.second = reader.choice<bool>("model_type", {{"mamba", false}, {"mamba2", true}});
  config.name = reader.text_or("name", reader.folder_name());
  config.vocabulary = reader.integer("vocab_size");
  config.hidden = reader.integer("hidden_size");
  config.state = reader.integer("state_size");
  config.layers = reader.integer("num_hidden_layers", 1, kMostLayers);
  config.taps = reader.integer("conv_kernel", 1, 64);
  config.norm_epsilon = reader.positive("layer_norm_epsilon");
  config.bias = reader.flag_or("use_bias", false);
  config.conv_bias = reader.flag_or("use_conv_bias", true);
  config.second ? read_second(reader, config) : read_first(reader, config);
  reader.only("hidden_act", "silu");
  // What training, generation and other runtimes read.
  reader.ignore({"description",
                 "torch_dtype",
                 "dtype",
                 "architectures",
                 "transformers_version",
                 "bos_token_id",
                 "eos_token_id",
                 "pad_token_id",
                 "initializer_range",
                 "residual_in_fp32",
                 "time_step_scale",
                 "time_step_min",
                 "time_step_max",
                 "time_step_init_scheme",
                 "time_step_floor",
                 "rescale_prenorm_residual",
                 "use_cache",
                 "use_mambapy",
                 "_name_or_path",
                 "intermediate_size",
                 "n_layer",
                 "d_inner",
                 "d_model",
                 "fused_add_norm",
                 "rms_norm",
                 "ssm_cfg",
                 "pad_vocab_size_multiple",
                 "tie_word_embeddings"});
  reader.finish();
  return config;
}

MambaLayer read_layer(TensorReader& reader, const std::string& prefix, const MambaModel& model) {
  const MambaConfig& config = model.config;
  const std::uint64_t hidden = config.hidden, inner = config.inner, state = config.state;
  const std::uint64_t conv = model.conv_channels(), rank = config.time_rank;
  const std::uint64_t in = config.second ? inner + conv + config.heads : 2 * inner;
  const std::string mixer = prefix + "mixer.";
  MambaLayer layer;
  layer.norm = reader.floats(prefix + "norm.weight", {hidden});
  layer.in_proj = reader.floats(mixer + "in_proj.weight", {in, hidden});
  layer.conv_weight = reader.floats(mixer + "conv1d.weight", {conv, 1, config.taps});
  if (config.conv_bias) layer.conv_bias = reader.floats(mixer + "conv1d.bias", {conv});
  if (config.bias) layer.in_bias = reader.floats(mixer + "in_proj.bias", {in});
  if (config.second) {
    layer.dt_bias = reader.floats(mixer + "dt_bias", {config.heads});
    layer.a_log = reader.floats(mixer + "A_log", {config.heads});
    layer.d = reader.floats(mixer + "D", {config.heads});
    layer.gated_norm = reader.floats(mixer + "norm.weight", {inner});
  } else {
    layer.x_proj = reader.floats(mixer + "x_proj.weight", {rank + 2 * state, inner});
    layer.dt_proj = reader.floats(mixer + "dt_proj.weight", {inner, rank});
    layer.dt_bias = reader.floats(mixer + "dt_proj.bias", {inner});
    layer.a_log = reader.floats(mixer + "A_log", {inner, state});
    layer.d = reader.floats(mixer + "D", {inner});
  }
  layer.out_proj = reader.floats(mixer + "out_proj.weight", {hidden, inner});
  if (config.bias) layer.out_bias = reader.floats(mixer + "out_proj.bias", {hidden});
  return layer;
}

}  // namespace

MambaModel load_mamba_model(const std::string& folder) {
  MambaModel model;
  model.config = read_config(folder);
  const std::uint64_t hidden = model.config.hidden, vocabulary = model.config.vocabulary;
  TensorReader reader(folder);
  model.tensor_file = reader.where();
  // The first published checkpoints say `embedding`, Hugging Face's `embeddings`.
  const bool old_name = reader.has("backbone.embedding.weight");
  model.embedding = reader.floats(
      old_name ? "backbone.embedding.weight" : "backbone.embeddings.weight", {vocabulary, hidden});
  for (std::uint32_t i = 0; i < model.config.layers; ++i)
    model.layers.push_back(read_layer(reader, layer_prefix("backbone.layers.", i), model));
  model.final_norm = reader.floats("backbone.norm_f.weight", {hidden});
  model.head = reader.floats_if_there("lm_head.weight", {vocabulary, hidden});
  if (model.head.empty()) model.head = model.embedding;
  reader.finish();
  return model;
}

}  // namespace epoch
