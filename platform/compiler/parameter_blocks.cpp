// SPDX-License-Identifier: Apache-2.0
#include "compiler/parameter_blocks.h"

#include <cstring>

#include "compiler/number_words.h"

namespace epoch {
namespace {

// Appends words to a block that begins at a byte offset of `bytes`.
class BlockWriter {
 public:
  BlockWriter(std::vector<std::uint8_t>& bytes, std::uint32_t offset)
      : bytes_(bytes), begin_(offset), cursor_(offset) {}

  void put(std::uint32_t word, unsigned width) {
    std::memcpy(bytes_.data() + cursor_, &word, width);  // little endian, as the hardware
    cursor_ += width;
  }
  void put_fp32(double value) { put(bits_of(value), 4); }
  void put_narrow(double value, NumberType type) {
    switch (type) {
      case NumberType::fp32:
        return put_fp32(value);
      case NumberType::int8:
        return put(static_cast<std::uint8_t>(static_cast<std::int8_t>(value)), 1);
      default:
        return put(bf16_of(value), 2);
    }
  }
  void align() { cursor_ = begin_ + (cursor_ - begin_ + 3) / 4 * 4; }

 private:
  std::vector<std::uint8_t>& bytes_;
  std::size_t begin_, cursor_;
};

// Words of a mode's pole come first; the first of them is its real part.
void put_mode(BlockWriter& writer, const std::vector<WordKind>& kinds, ArrayMode mode,
              NumberType type, const double* values) {
  for (std::size_t w = 0; w < kinds.size(); ++w) {
    if (kinds[w] == WordKind::pole)
      writer.put(pole_of(values[w], type, w == 0).word, word_bytes(kinds[w], mode, type));
    else if (kinds[w] == WordKind::wide)
      writer.put_fp32(values[w]);
    else
      writer.put_narrow(values[w], type);
  }
}

}  // namespace

std::vector<std::uint8_t> ssm_parameters(const epoch_ssm_layout& layout, const SsmValues& values) {
  const auto mode = static_cast<ArrayMode>(layout.mode);
  const auto type = static_cast<NumberType>(layout.type);
  const std::vector<WordKind>& kinds = coefficient_words(mode);
  const bool integers = type == NumberType::int8;
  std::vector<std::uint8_t> bytes(epoch_ssm_bytes(&layout));
  for (std::uint32_t pass = 0; pass < layout.passes; ++pass) {
    const std::size_t first = std::size_t{pass} * layout.channels_per_pass;
    const std::size_t end = first + epoch_ssm_pass_channels(&layout, pass);
    for (std::uint32_t block = 0; block < layout.blocks; ++block) {
      BlockWriter writer(bytes, epoch_ssm_block_offset(&layout, pass, block));
      const std::size_t first_mode = std::size_t{block} * layout.modes_per_block;
      const std::size_t end_mode = first_mode + epoch_ssm_block_modes(&layout, block);
      for (std::size_t channel = first; channel < end; ++channel)
        for (std::size_t m = first_mode; m < end_mode; ++m)
          put_mode(writer, kinds, mode, type,
                   values.words.data() + (channel * layout.modes + m) * kinds.size());
      writer.align();
      for (std::size_t channel = first; integers && channel < end; ++channel)
        writer.put_fp32(values.scale[channel]);
      if (layout.extra == 0 || block + 1 != layout.blocks) continue;
      for (std::size_t channel = first; channel < end; ++channel)
        integers ? writer.put_fp32(values.extra[channel])
                 : writer.put_narrow(values.extra[channel], type);
    }
  }
  return bytes;
}

std::vector<std::uint8_t> gemm_parameters(const epoch_gemm_layout& layout,
                                          const GemmValues& values) {
  const auto type = static_cast<NumberType>(layout.type);
  std::vector<std::uint8_t> bytes(epoch_gemm_bytes(&layout));
  for (std::uint32_t output_fold = 0; output_fold < layout.output_folds; ++output_fold) {
    const std::size_t first = std::size_t{output_fold} * layout.outputs_per_fold;
    const std::size_t end = first + epoch_gemm_fold_outputs(&layout, output_fold);
    for (std::uint32_t input_fold = 0; input_fold < layout.input_folds; ++input_fold) {
      BlockWriter writer(bytes, epoch_gemm_block_offset(&layout, output_fold, input_fold));
      const std::size_t first_input = std::size_t{input_fold} * layout.inputs_per_fold;
      const std::size_t end_input = first_input + epoch_gemm_fold_inputs(&layout, input_fold);
      for (std::size_t output = first; output < end; ++output)
        for (std::size_t i = first_input; i < end_input; ++i)
          writer.put_narrow(values.weight[output * layout.inputs + i], type);
      writer.align();
      for (std::size_t output = first; type == NumberType::int8 && output < end; ++output)
        writer.put_fp32(values.scale[output]);
      if (layout.extra == 0 || input_fold + 1 != layout.input_folds) continue;
      for (std::size_t output = first; output < end; ++output)
        writer.put_fp32(values.extra[output]);
    }
  }
  return bytes;
}

std::vector<std::uint8_t> fp32_bytes(const std::vector<float>& values) {
  std::vector<std::uint8_t> bytes(values.size() * sizeof(float));
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

std::vector<std::uint8_t> bf16_bytes(const std::vector<float>& values) {
  std::vector<std::uint8_t> bytes(values.size() * sizeof(std::uint16_t));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint16_t word = bf16_of(values[i]);
    std::memcpy(bytes.data() + 2 * i, &word, sizeof word);
  }
  return bytes;
}

}  // namespace epoch
