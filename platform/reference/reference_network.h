// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "model/network_model.h"

namespace epoch {

// What a network reads: bytes [step][input_width], or token ids where it has an embedding. Of a
// retrieval network both documents, equally long, one after the other.
struct ReferenceInput {
  std::vector<std::uint8_t> bytes;
  std::vector<std::uint32_t> tokens;
};

// Values inside a network, as an observer is shown them; README.md says which family has which.
struct Signal {
  enum class Kind {
    stream,     // between layers: what enters layer `layer`; behind the last: layer = their number
    input,      // what the state-space part sees
    delta,      // Mamba: the step size d
    b,          // Mamba: B[t]
    c,          // Mamba: C[t]
    direction,  // of the S4 family: what direction `direction` adds to each step's y
    output,     // of the state-space part, D's share included
    features,   // what the decoder sees, [1][width]
  };
  Kind kind;
  std::size_t layer;
  std::size_t direction;
  std::size_t document;  // of a retrieval network
  std::size_t width;
  const std::vector<double>& values;  // [step][width]
};

// A model folder's network in float64 on its stored float32 weights, step by step: level 1 of truth
// (README.md). It shares no arithmetic with the array's models; functions come from libm.
class ReferenceNetwork {
 public:
  using Observer = std::function<void(const Signal&)>;

  virtual ~ReferenceNetwork() = default;
  static std::unique_ptr<ReferenceNetwork> make(NetworkModel model);

  // Logits of one sequence; of a perceptron: of each row; of a language model: behind the last
  // token. Throws std::invalid_argument for an input that is no sequence of this network.
  virtual std::vector<double> outputs(const ReferenceInput& input,
                                      const Observer& observer = {}) const = 0;
};

bool reads_tokens(const NetworkModel& model);
// The bytes of a file of inputs for this network: uint8, or little-endian uint32 token ids.
ReferenceInput input_from_file(const NetworkModel& model, const std::vector<std::uint8_t>& file);

// Index of the largest; the first of equals.
std::size_t predicted_label(const std::vector<double>& logits);

}  // namespace epoch
