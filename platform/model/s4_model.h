// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace epoch {

// The S4 family as a model folder stores it; README.md lists keys, tensors and equations.

enum class SsmKind { s4d, s4, s5, liquid };
enum class NormKind { layer, rms, batch };
enum class GluKind { none, full, half1, half2 };
enum class Pooling { mean, last };
enum class Discretization { stored, zoh, bilinear };
enum class Gelu { erf, tanh };

struct S4Config {
  SsmKind kind = SsmKind::s4d;
  std::string name;            // of the network; the folder's name unless the file says
  std::uint32_t channels = 0;  // d_model, H
  std::uint32_t modes = 0;     // complex modes of a channel and direction; of s5: of a layer
  std::uint32_t layers = 0;
  std::uint32_t directions = 1;  // 2 = bidirectional
  bool shifted = true;           // the second direction's own convention (README.md)
  NormKind norm = NormKind::layer;
  double norm_epsilon = 1e-5;
  bool prenorm = true;
  bool final_norm = false;
  Gelu gelu = Gelu::erf;
  GluKind glu = GluKind::full;
  Pooling pooling = Pooling::mean;
  Discretization discretization = Discretization::zoh;
  std::uint32_t truncated_steps = 0;  // s4: C is stored as C (I - A^L) for this L; 0 = as C
  std::uint32_t vocabulary = 0;       // of an embedding; 0 = a linear encoder of uint8 inputs
  std::uint32_t input_width = 1;      // linear encoder
  double input_scale = 1, input_mean = 0, input_std = 1;  // u = (input/scale - mean)/std
  std::uint32_t labels = 0;
  bool retrieval = false;  // two documents, and a head of two layers over both
};

struct NormTensors {
  std::vector<float> weight, bias;                    // [H]; rms has no bias
  std::vector<float> running_mean, running_variance;  // [H], batch only
};

// Complex words are [..][re, im]; `dirs` is the number of directions.
struct SsmTensors {
  std::vector<float> log_dt;          // [dirs][H]; s5 [modes]
  std::vector<float> log_a_re, a_im;  // [dirs][H][modes]; s5: a_re itself, [modes]
  std::vector<float> a_bar;           // stored: [dirs][H][modes][2]
  std::vector<float> b;               // [dirs][H][modes][2]; stored: b_bar; s5 [modes][H][2]
  std::vector<float> c;               // [dirs][H][modes][2]
  std::vector<float> p;               // s4: [dirs][H][modes][2]
  std::vector<float> d;               // [H]
};

struct S4Layer {
  NormTensors norm;
  SsmTensors ssm;
  std::vector<float> output_weight, output_bias;  // [columns][H]; full: H values, then their gates
};

struct S4Model {
  S4Config config;
  std::string tensor_file;                          // path, for messages
  std::vector<float> encoder_weight, encoder_bias;  // [H][input_width], [H]
  std::vector<float> embedding;                     // [vocabulary][H]
  std::vector<S4Layer> layers;
  NormTensors final_norm;
  std::vector<float> decoder_weight, decoder_bias;  // [labels][H], [labels]
  std::vector<float> head_weight, head_bias;        // retrieval: [H][4 H], [H], before the decoder

  // Rows of an output linear: 2 H for a full GLU, H otherwise.
  std::uint32_t output_columns() const {
    return config.glu == GluKind::full ? 2 * config.channels : config.channels;
  }
};

// Reads and checks a model folder of one of these kinds. Throws InputError: unknown, missing or
// impossible config keys; tensors that are missing, unknown, of another shape, or not finite.
S4Model load_s4_model(const std::string& folder);

}  // namespace epoch
