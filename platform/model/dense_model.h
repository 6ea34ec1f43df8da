// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace epoch {

// Plain networks: a perceptron, a recurrent and a convolutional one (README.md). Inputs are uint8,
// u = (input / scale - mean) / std.

enum class DenseKind { mlp, lstm, cnn };
enum class DenseActivation { none, relu, gelu, silu, sigmoid, tanh };

struct DenseConfig {
  DenseKind kind = DenseKind::mlp;
  std::string name;
  std::uint32_t input_width = 1;        // elements a row: mlp and lstm inputs, cnn channels
  std::uint32_t height = 1, width = 1;  // cnn: of the image
  double input_scale = 1, input_mean = 0, input_std = 1;
  DenseActivation activation = DenseActivation::relu;
  std::uint32_t labels = 0;
};

struct DenseLayer {
  std::uint32_t inputs = 0, outputs = 0;  // cnn: channels; lstm: inputs and hidden size
  std::uint32_t kernel = 1, stride = 1;   // cnn
  std::vector<float> weight;     // mlp [out][in]; cnn [out][in][kernel][kernel]; lstm ih [4 H][in]
  std::vector<float> recurrent;  // lstm hh [4 H][H]; gates i, f, g, o
  std::vector<float> bias;       // [out]; lstm [4 H]: ih + hh, added in fp32
};

struct DenseModel {
  DenseConfig config;
  std::string tensor_file;
  std::vector<DenseLayer> layers;
  std::vector<float> decoder_weight, decoder_bias;  // [labels][last layer's outputs], [labels]
};

// Throws InputError, as load_s4_model.
DenseModel load_dense_model(const std::string& folder);

}  // namespace epoch
