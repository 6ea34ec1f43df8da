// SPDX-License-Identifier: Apache-2.0
#include "model/dense_model.h"

#include "errors.h"
#include "model/model_folder.h"

namespace epoch {
namespace {

DenseConfig read_config(ConfigReader& reader) {
  DenseConfig config;
  config.kind = reader.choice<DenseKind>(
      "model_type", {{"mlp", DenseKind::mlp}, {"lstm", DenseKind::lstm}, {"cnn", DenseKind::cnn}});
  config.name = reader.text_or("name", reader.folder_name());
  reader.text_or("description", "");
  config.input_width = reader.integer("input_width");
  config.input_scale = reader.positive("input_scale");
  config.input_mean = reader.number("input_mean");
  config.input_std = reader.positive("input_std");
  if (config.kind != DenseKind::lstm)
    config.activation = reader.choice_or<DenseActivation>("activation", DenseActivation::relu,
                                                          {{"none", DenseActivation::none},
                                                           {"relu", DenseActivation::relu},
                                                           {"gelu", DenseActivation::gelu},
                                                           {"silu", DenseActivation::silu},
                                                           {"sigmoid", DenseActivation::sigmoid},
                                                           {"tanh", DenseActivation::tanh}});
  if (config.kind == DenseKind::cnn) {
    config.height = reader.integer("input_height", 1, 4096);
    config.width = reader.integer("input_columns", 1, 4096);
  }
  config.labels = reader.integer("num_labels");
  reader.only("torch_dtype", "float32");
  return config;
}

std::vector<DenseLayer> plan_layers(ConfigReader& reader, const DenseConfig& config) {
  std::vector<DenseLayer> layers;
  const bool cnn = config.kind == DenseKind::cnn;
  const std::vector<std::uint32_t> sizes = reader.integers("hidden_sizes");
  std::vector<std::uint32_t> kernels(sizes.size(), 1), strides(sizes.size(), 1);
  if (cnn) {
    kernels = reader.integers("kernel_sizes");
    strides = reader.integers("strides");
    if (kernels.size() != sizes.size() || strides.size() != sizes.size())
      reader.refuse("kernel_sizes", "and 'strides' have one value for each of 'hidden_sizes'");
  }
  std::uint32_t inputs = config.input_width, height = config.height, width = config.width;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (kernels[i] > height || kernels[i] > width)
      reader.refuse("kernel_sizes", "is " + std::to_string(kernels[i]) + " for layer " +
                                        std::to_string(i) + ", whose image is " +
                                        std::to_string(height) + " x " + std::to_string(width));
    DenseLayer layer;
    layer.inputs = inputs;
    layer.outputs = inputs = sizes[i];
    layer.kernel = kernels[i];
    layer.stride = strides[i];
    if (cnn) {
      height = (height - kernels[i]) / strides[i] + 1;
      width = (width - kernels[i]) / strides[i] + 1;
    }
    layers.push_back(layer);
  }
  if (config.kind == DenseKind::lstm && layers.size() != 1)
    reader.refuse("hidden_sizes", "of an lstm has one value");
  return layers;
}

void read_lstm(TensorReader& reader, DenseLayer& layer) {
  const std::uint64_t gates = 4 * std::uint64_t{layer.outputs};
  layer.weight = reader.floats("lstm.weight_ih_l0", {gates, layer.inputs});
  layer.recurrent = reader.floats("lstm.weight_hh_l0", {gates, layer.outputs});
  layer.bias = reader.floats("lstm.bias_ih_l0", {gates});
  const std::vector<float> second = reader.floats("lstm.bias_hh_l0", {gates});
  for (std::size_t i = 0; i < second.size(); ++i) layer.bias[i] += second[i];
}

void read_layer(TensorReader& reader, const DenseConfig& config, std::uint32_t index,
                DenseLayer& layer) {
  const std::string prefix = layer_prefix("layers.", index);
  TensorReader::Shape shape = {layer.outputs, layer.inputs};
  if (config.kind == DenseKind::cnn) {
    shape.push_back(layer.kernel);
    shape.push_back(layer.kernel);
  }
  layer.weight = reader.floats(prefix + "weight", shape);
  layer.bias = reader.floats(prefix + "bias", {layer.outputs});
}

}  // namespace

DenseModel load_dense_model(const std::string& folder) {
  ConfigReader config(folder);
  DenseModel model;
  model.config = read_config(config);
  model.layers = plan_layers(config, model.config);
  config.finish();
  TensorReader reader(folder);
  model.tensor_file = reader.where();
  for (std::uint32_t i = 0; i < model.layers.size(); ++i) {
    if (model.config.kind == DenseKind::lstm)
      read_lstm(reader, model.layers[i]);
    else
      read_layer(reader, model.config, i, model.layers[i]);
  }
  const std::uint64_t width = model.layers.back().outputs;
  model.decoder_weight = reader.floats("decoder.weight", {model.config.labels, width});
  model.decoder_bias = reader.floats("decoder.bias", {model.config.labels});
  reader.finish();
  return model;
}

}  // namespace epoch
