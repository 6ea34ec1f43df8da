// SPDX-License-Identifier: Apache-2.0
#include "compiler/parameter_blocks.h"

#include <cstring>

namespace epoch {
namespace {

// Appends floats to a block that begins at a byte offset of `bytes`.
class BlockWriter {
 public:
  BlockWriter(std::vector<std::uint8_t>& bytes, std::uint32_t offset)
      : bytes_(bytes), cursor_(offset) {}

  void write(const float* values, std::size_t count) {
    std::memcpy(bytes_.data() + cursor_, values, count * sizeof(float));
    cursor_ += count * sizeof(float);
  }

 private:
  std::vector<std::uint8_t>& bytes_;
  std::size_t cursor_;
};

}  // namespace

std::vector<std::uint8_t> ssm_parameters(const epoch_ssm_layout& layout,
                                         const std::vector<float>& coefficients,
                                         const std::vector<float>& extra) {
  std::vector<std::uint8_t> bytes(epoch_ssm_bytes(&layout));
  for (std::uint32_t pass = 0; pass < layout.passes; ++pass) {
    const std::size_t first_channel = std::size_t{pass} * layout.channels_per_pass;
    const std::uint32_t channels = epoch_ssm_pass_channels(&layout, pass);
    for (std::uint32_t block = 0; block < layout.blocks; ++block) {
      BlockWriter writer(bytes, epoch_ssm_block_offset(&layout, pass, block));
      const std::size_t first_mode = std::size_t{block} * layout.modes_per_block;
      for (std::size_t channel = first_channel; channel < first_channel + channels; ++channel) {
        const std::size_t mode = channel * layout.modes + first_mode;
        writer.write(coefficients.data() + mode * layout.mode_words,
                     std::size_t{epoch_ssm_block_modes(&layout, block)} * layout.mode_words);
      }
      if (layout.extra && block + 1 == layout.blocks) {
        writer.write(extra.data() + first_channel, channels);
      }
    }
  }
  return bytes;
}

std::vector<std::uint8_t> gemm_parameters(const epoch_gemm_layout& layout,
                                          const std::vector<float>& weight,
                                          const std::vector<float>& extra) {
  std::vector<std::uint8_t> bytes(epoch_gemm_bytes(&layout));
  for (std::uint32_t output_fold = 0; output_fold < layout.output_folds; ++output_fold) {
    const std::size_t first_output = std::size_t{output_fold} * layout.outputs_per_fold;
    const std::uint32_t outputs = epoch_gemm_fold_outputs(&layout, output_fold);
    for (std::uint32_t input_fold = 0; input_fold < layout.input_folds; ++input_fold) {
      BlockWriter writer(bytes, epoch_gemm_block_offset(&layout, output_fold, input_fold));
      const std::size_t first_input = std::size_t{input_fold} * layout.inputs_per_fold;
      for (std::size_t output = first_output; output < first_output + outputs; ++output) {
        writer.write(weight.data() + output * layout.inputs + first_input,
                     epoch_gemm_fold_inputs(&layout, input_fold));
      }
      if (layout.extra && input_fold + 1 == layout.input_folds) {
        writer.write(extra.data() + first_output, outputs);
      }
    }
  }
  return bytes;
}

}  // namespace epoch
