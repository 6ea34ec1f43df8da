// SPDX-License-Identifier: Apache-2.0
#include "grid/seeded_words.h"

#include "epochcore/pe_grid/number_format.h"
#include "grid/grid_case.h"
#include "split_mix.h"

namespace epoch {

namespace {

class Words {
 public:
  explicit Words(std::uint64_t seed) : random_(seed) {}
  // A multiple of 2^-23 in [-1, 1), exact in fp32.
  float signed_unit() {
    const auto draw = static_cast<std::int32_t>(random_.next() >> 40) - (1 << 23);
    return static_cast<float>(draw) * 0x1p-23f;
  }
  // In (0, 1].
  float unit() { return static_cast<float>((random_.next() >> 41) + 1) * 0x1p-23f; }

 private:
  SplitMix64 random_;
};

float word_for(const GridOperand& operand, const CoefficientBlock& block, Words& random) {
  const std::string& name = operand.name;
  const bool coefficient = operand.section == "coefficients";
  const bool delta = block.type == NumberType::bf16d;
  if (coefficient && name == "A") return random.unit() * -16.0f;
  // |ar| < 0.7 and |ai| < 0.7: inside the unit circle. As a - 1: ar - 1 in [-1, -0.3].
  if (coefficient && (name == "a" || name == "ar"))
    return delta ? random.unit() * -0.7f - 0.3f : random.signed_unit() * 0.7f;
  if (coefficient && name == "ai") return random.signed_unit() * 0.7f;
  if (!coefficient && name == "a") return random.unit();
  if (operand.section == "inputs" && name == "d") return random.unit() * 0.125f;
  // dplr's rank-1 term is small against the diagonal, so that their sum stays stable.
  if (coefficient && (name[0] == 'w' || name[0] == 'p') && name.size() == 2)
    return random.signed_unit() * 0.0625f;
  if (operand.section == "state") return 0.0f;
  return random.signed_unit();
}

}  // namespace

void make_seeded_words(GridCase& grid_case, std::uint64_t seed) {
  Words random(seed);
  for (GridOperand& operand : grid_case.operands) {
    operand.words.resize(operand.rows * operand.columns);
    for (float& word : operand.words) {
      word = word_for(operand, grid_case.block, random);
      if (operand.bytes == 2) word = round_to_bf16(word);
    }
  }
}

}  // namespace epoch
