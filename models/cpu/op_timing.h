// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "cpu/config.h"
#include "cpu/instruction.h"

namespace epoch {

// The timing table by operation, as cycles beyond the one that every instruction takes.
class OpTiming {
 public:
  explicit OpTiming(const InstructionTiming& timing);

  bool uniform() const { return uniform_; }  // every instruction takes one cycle
  std::uint32_t extra(Op op) const { return extra_[static_cast<std::size_t>(op)]; }
  // Of a branch or jump that changes the pc.
  std::uint32_t extra_taken(Op op) const { return taken_[static_cast<std::size_t>(op)]; }

 private:
  std::array<std::uint32_t, 256> extra_{};
  std::array<std::uint32_t, 256> taken_{};
  bool uniform_ = true;
};

}  // namespace epoch
