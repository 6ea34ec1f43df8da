// SPDX-License-Identifier: Apache-2.0
#include "epochcore/operand_words.h"

#include <cstring>

#include "epochcore/pe_grid/number_format.h"
#include "epochcore/pe_grid/operands.h"

namespace epoch {

namespace {

float word_at(const std::uint8_t* bytes, unsigned width, bool integer) {
  if (width == 4) {
    float word;
    std::memcpy(&word, bytes, sizeof word);
    return word;
  }
  if (width == 2) {
    std::uint16_t half;
    std::memcpy(&half, bytes, sizeof half);
    return integer ? word_of_int(static_cast<std::int16_t>(half)) : widen_bf16(half);
  }
  return word_of_int(static_cast<std::int8_t>(*bytes));
}

}  // namespace

void unpack_words(NumberType type, const std::uint8_t* bytes, std::size_t count, float* words) {
  const unsigned width = type_bytes(type);
  if (type == NumberType::fp32) {
    std::memcpy(words, bytes, count * sizeof(float));
    return;
  }
  for (std::size_t i = 0; i < count; ++i)
    words[i] = word_at(bytes + i * width, width, type == NumberType::int8);
}

void pack_words(NumberType type, const float* words, std::size_t count, std::uint8_t* bytes) {
  switch (type) {
    case NumberType::fp32:
      std::memcpy(bytes, words, count * sizeof(float));
      break;
    case NumberType::bf16:
    case NumberType::bf16d:
      for (std::size_t i = 0; i < count; ++i) {
        const std::uint16_t half = bf16_of_word(words[i]);
        std::memcpy(bytes + 2 * i, &half, sizeof half);
      }
      break;
    case NumberType::int8:
      for (std::size_t i = 0; i < count; ++i)
        bytes[i] = static_cast<std::uint8_t>(int_of_word(words[i]));
      break;
  }
}

void BlockWords::unpack(const CoefficientWork& work, const std::uint8_t* bytes) {
  const ArrayShape& shape = work.shape;
  const bool integer = shape.type == NumberType::int8;
  const std::uint8_t* at = bytes;
  words.clear();
  for (std::size_t i = std::size_t{shape.channels} * shape.modes; i > 0; --i)
    for (const WordKind kind : coefficient_words(shape.mode)) {
      const unsigned width = word_bytes(kind, shape.mode, shape.type);
      words.push_back(word_at(at, width, integer));
      at += width;
    }
  at = bytes + (at - bytes + 3) / 4 * 4;
  const auto take = [&](std::vector<float>& list, unsigned width) {
    list.clear();
    for (unsigned channel = 0; channel < shape.channels; ++channel, at += width)
      list.push_back(word_at(at, width, false));
  };
  scale.clear();
  extra.clear();
  if (integer) take(scale, 4);
  if (work.extra) take(extra, extra_bytes(shape.mode, shape.type));
}

CoefficientBlock BlockWords::block(const ArrayShape& shape) const {
  CoefficientBlock block = shape.block();
  block.words = words.data();
  if (!scale.empty()) block.scale = scale.data();
  if (!extra.empty()) block.extra = extra.data();
  return block;
}

void interleave(const float* rows, std::size_t steps, const ArrayShape& shape, float* lanes) {
  const std::size_t channels = shape.channels, sequences = shape.sequences;
  for (std::size_t z = 0; z < sequences; ++z)
    for (std::size_t t = 0; t < steps; ++t)
      for (std::size_t c = 0; c < channels; ++c)
        lanes[(t * channels + c) * sequences + z] = *rows++;
}

void separate(const float* lanes, std::size_t steps, const ArrayShape& shape, float* rows) {
  const std::size_t channels = shape.channels, sequences = shape.sequences;
  for (std::size_t z = 0; z < sequences; ++z)
    for (std::size_t t = 0; t < steps; ++t)
      for (std::size_t c = 0; c < channels; ++c)
        *rows++ = lanes[(t * channels + c) * sequences + z];
}

}  // namespace epoch
