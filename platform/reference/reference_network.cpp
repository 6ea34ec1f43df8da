// SPDX-License-Identifier: Apache-2.0
#include "reference/reference_network.h"

#include <algorithm>
#include <stdexcept>

#include "reference/dense_reference.h"
#include "reference/mamba_reference.h"
#include "reference/s4_reference.h"

namespace epoch {

std::unique_ptr<ReferenceNetwork> ReferenceNetwork::make(NetworkModel model) {
  if (auto* s4 = std::get_if<S4Model>(&model)) return std::make_unique<S4Reference>(std::move(*s4));
  if (auto* mamba = std::get_if<MambaModel>(&model))
    return std::make_unique<MambaReference>(std::move(*mamba));
  return std::make_unique<DenseReference>(std::move(std::get<DenseModel>(model)));
}

bool reads_tokens(const NetworkModel& model) {
  if (const auto* s4 = std::get_if<S4Model>(&model)) return s4->config.vocabulary != 0;
  return std::holds_alternative<MambaModel>(model);
}

ReferenceInput input_from_file(const NetworkModel& model, const std::vector<std::uint8_t>& file) {
  ReferenceInput input;
  if (!reads_tokens(model)) {
    input.bytes = file;
    return input;
  }
  if (file.size() % 4 != 0) throw std::invalid_argument("token ids have four bytes each");
  for (std::size_t i = 0; i < file.size(); i += 4)
    input.tokens.push_back(file[i] | std::uint32_t{file[i + 1]} << 8 |
                           std::uint32_t{file[i + 2]} << 16 | std::uint32_t{file[i + 3]} << 24);
  return input;
}

std::size_t predicted_label(const std::vector<double>& logits) {
  return static_cast<std::size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

}  // namespace epoch
