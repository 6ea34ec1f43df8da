// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reference/reference_network.h"

namespace epoch {

// A perceptron, a recurrent and a convolutional network.
class DenseReference : public ReferenceNetwork {
 public:
  explicit DenseReference(DenseModel model) : model_(std::move(model)) {}

  const DenseModel& model() const { return model_; }
  std::vector<double> outputs(const ReferenceInput& input,
                              const Observer& observer = {}) const override;

 private:
  std::vector<double> activated(std::vector<double> values) const;
  std::vector<double> perceptron(std::vector<double> rows, const Observer& observer) const;
  std::vector<double> recurrent(const std::vector<double>& rows, const Observer& observer) const;
  std::vector<double> convolutional(std::vector<double> pixels, const Observer& observer) const;

  DenseModel model_;
};

}  // namespace epoch
