// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "compiler/s4d_model.h"
#include "reference/s4d_layer.h"

namespace epoch {

// A model folder's network in float64 on its stored float32 weights: level 1 of truth (README.md).
// It shares no arithmetic with the array's models; functions come from libm.
class ReferenceNetwork {
 public:
  enum class Evaluation { recurrence, convolution };
  // Called with the residual stream [step][channel] after the encoder (stage 0) and after layer
  // i (stage i + 1).
  using Observer = std::function<void(std::size_t stage, const std::vector<double>& residual)>;

  explicit ReferenceNetwork(const S4dModel& model);

  const S4dConfig& config() const { return config_; }
  const S4dLayer& ssm(std::size_t layer) const { return layers_[layer].ssm; }

  // Logits of one sequence: input [step][input_width].
  std::vector<double> logits(const std::vector<std::uint8_t>& input,
                             Evaluation evaluation = Evaluation::recurrence,
                             const Observer& observer = {}) const;
  // What the layer's state-space part sees: layer normalisation of the residual stream.
  std::vector<double> normalised(std::size_t layer, const std::vector<double>& residual) const;

 private:
  struct Linear {
    std::size_t inputs = 0;
    std::size_t outputs = 0;
    std::vector<double> weight;  // [output][input]
    std::vector<double> bias;

    Linear() = default;
    Linear(const std::vector<float>& stored_weight, const std::vector<float>& stored_bias);
    void apply(const double* input, double* output) const;
  };
  struct Layer {
    std::vector<double> norm_weight, norm_bias;
    S4dLayer ssm;
    Linear output;
  };

  std::vector<double> encode(const std::vector<std::uint8_t>& input) const;
  void add_block(const Layer& layer, const std::vector<double>& y,
                 std::vector<double>& residual) const;
  std::vector<double> decode(const std::vector<double>& residual) const;

  S4dConfig config_;
  Linear encoder_;
  std::vector<Layer> layers_;
  Linear decoder_;
};

// Index of the largest; the first of equals.
std::size_t predicted_label(const std::vector<double>& logits);

}  // namespace epoch
