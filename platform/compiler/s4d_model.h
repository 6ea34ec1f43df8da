// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace epoch {

// config.json of a model folder; README.md lists the keys.
struct S4dConfig {
  std::string name;            // of the network; the folder's name unless the file says
  std::uint32_t channels = 0;  // d_model, H
  std::uint32_t modes = 0;     // d_state / 2: complex modes a channel
  std::uint32_t layers = 0;    // n_layers
  std::uint32_t input_width = 0;
  std::uint32_t labels = 0;  // num_labels
  double input_scale = 0;    // u = (input / input_scale - input_mean) / input_std
  double input_mean = 0;
  double input_std = 0;
  double norm_epsilon = 0;  // layer_norm_eps
};

// Complex tensors are [channel][mode][re, im], matrices [output][input].
struct S4dLayerTensors {
  std::vector<float> norm_weight, norm_bias;  // [H]
  std::vector<float> a_bar, b_bar, c;         // [H][modes][2]
  std::vector<float> d;                       // [H]
  std::vector<float> output_weight;           // [2 H][H]: H values, then their H gates
  std::vector<float> output_bias;             // [2 H]
};

// A model folder as it is stored: config.json and the float32 tensors of model.safetensors.
struct S4dModel {
  S4dConfig config;
  std::string tensor_file;                          // path, for messages
  std::vector<float> encoder_weight, encoder_bias;  // [H][input_width], [H]
  std::vector<S4dLayerTensors> layers;
  std::vector<float> decoder_weight, decoder_bias;  // [labels][H], [labels]
};

// Reads and checks a model folder. Throws InputError: unknown, missing or impossible config keys;
// tensors that are missing, unknown, of another type or shape, or not finite.
S4dModel load_s4d_model(const std::string& folder);

}  // namespace epoch
