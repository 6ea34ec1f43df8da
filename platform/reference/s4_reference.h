// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reference/reference_network.h"
#include "reference/state_space.h"

namespace epoch {

// s4d, s4, s5 and liquid_s4 networks.
class S4Reference : public ReferenceNetwork {
 public:
  explicit S4Reference(S4Model model) : model_(std::move(model)) {}

  const S4Model& model() const { return model_; }
  std::vector<double> outputs(const ReferenceInput& input,
                              const Observer& observer = {}) const override;

 private:
  std::vector<std::vector<double>> encoded(const ReferenceInput& input) const;
  std::vector<double> normalised(const NormTensors& norm, const std::vector<double>& rows) const;
  std::vector<double> features(std::vector<double> stream, std::size_t document,
                               const Observer& observer) const;
  std::vector<double> block(const S4Layer& layer, const std::vector<double>& y) const;
  double gelu(double x) const;

  S4Model model_;
};

}  // namespace epoch
