// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reference/reference_network.h"

namespace epoch {

// Mamba and Mamba-2 language models.
class MambaReference : public ReferenceNetwork {
 public:
  explicit MambaReference(MambaModel model) : model_(std::move(model)) {}

  const MambaModel& model() const { return model_; }
  std::vector<double> outputs(const ReferenceInput& input,
                              const Observer& observer = {}) const override;

  // Greedy decoding: `count` tokens behind the prompt, each the largest logit's, and the logits
  // [count][vocabulary] that each was chosen by.
  struct Decoded {
    std::vector<std::uint32_t> tokens;
    std::vector<double> logits;
  };
  Decoded decode(const ReferenceInput& prompt, std::size_t count) const;

 private:
  // What a layer remembers between steps.
  struct LayerState {
    std::vector<double> window;  // the convolution's last K - 1 inputs, [step][channel]
    std::vector<double> s;       // [inner][state]
  };
  // What the recurrence reads, [step][...].
  struct Scan {
    std::vector<double> x, delta, b, c;
  };

  std::vector<double> advance(const std::vector<std::uint32_t>& tokens,
                              std::vector<LayerState>& states, const Observer& observer) const;
  std::vector<double> mixed(
      const MambaLayer& layer, LayerState& state, const std::vector<double>& normed,
      const std::function<void(Signal::Kind, std::size_t, const std::vector<double>&)>& show) const;
  std::vector<double> convolved(const MambaLayer& layer, LayerState& state,
                                const std::vector<double>& rows) const;
  Scan first_scan(const MambaLayer& layer, std::vector<double> x) const;
  Scan second_scan(const MambaLayer& layer, const std::vector<double>& conv,
                   const std::vector<double>& delta) const;
  std::vector<double> scanned(const MambaLayer& layer, LayerState& state, const Scan& scan) const;
  std::vector<double> gated(const MambaLayer& layer, const std::vector<double>& y,
                            const std::vector<double>& z) const;

  MambaModel model_;
};

}  // namespace epoch
