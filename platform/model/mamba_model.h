// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace epoch {

// Mamba and Mamba-2 language models with the configuration keys, tensor names and shapes of the
// published checkpoints (Hugging Face `MambaConfig`, `Mamba2Config`; README.md).

struct MambaConfig {
  bool second = false;  // Mamba-2
  std::string name;
  std::uint32_t vocabulary = 0;  // vocab_size, V
  std::uint32_t hidden = 0;      // hidden_size, H
  std::uint32_t inner = 0;       // intermediate_size, E = expand * H
  std::uint32_t state = 0;       // state_size, N
  std::uint32_t layers = 0;      // num_hidden_layers
  std::uint32_t taps = 0;        // conv_kernel, K
  std::uint32_t time_rank = 0;   // Mamba: time_step_rank
  std::uint32_t heads = 0;       // Mamba-2: num_heads, of head_dim = E / heads channels
  std::uint32_t groups = 1;      // Mamba-2: n_groups, of B and C
  double norm_epsilon = 1e-5;
  bool bias = false;  // of in_proj and out_proj
  bool conv_bias = true;
  bool norm_before_gate = false;  // Mamba-2: norm(y) * silu(z), not norm(y * silu(z))
};

struct MambaLayer {
  std::vector<float> norm;              // [H]
  std::vector<float> in_proj, in_bias;  // Mamba [2 E][H]: x, z; Mamba-2 [2 E + 2 G N + heads][H]:
                                        // z, x, B, C, dt
  std::vector<float> conv_weight, conv_bias;  // [channels][K]; Mamba E, Mamba-2 E + 2 G N channels
  std::vector<float> x_proj;                  // Mamba [rank + 2 N][E]: dt, B, C
  std::vector<float> dt_proj, dt_bias;        // Mamba [E][rank], [E]; Mamba-2: bias only, [heads]
  std::vector<float> a_log;                   // Mamba [E][N]; Mamba-2 [heads]
  std::vector<float> d;                       // Mamba [E]; Mamba-2 [heads]
  std::vector<float> gated_norm;              // Mamba-2 [E]
  std::vector<float> out_proj, out_bias;      // [H][E], [H]
};

struct MambaModel {
  MambaConfig config;
  std::string tensor_file;
  std::vector<float> embedding;  // [V][H]
  std::vector<MambaLayer> layers;
  std::vector<float> final_norm;  // [H]
  std::vector<float> head;        // [V][H]; the embedding where they are tied

  std::uint32_t conv_channels() const {
    return config.second ? config.inner + 2 * config.groups * config.state : config.inner;
  }
};

// Throws InputError, as load_s4_model.
MambaModel load_mamba_model(const std::string& folder);

}  // namespace epoch
