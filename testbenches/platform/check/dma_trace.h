// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "check/dma_checker.h"

namespace epoch::test {

// What a hart does around DMA, in program order.
struct DmaEvent {
  enum Kind { load, store, fence, block, submit, fetched, completed, drained } kind;
  std::uint32_t address = 0;  // load, store, block
  unsigned bytes = 0;
  unsigned before = 0, after = 0;  // fence
  BlockOperation operation = BlockOperation::clean;
  Submission submission;      // submit
  std::uint32_t counter = 0;  // fetched, completed
};
using DmaTrace = std::vector<DmaEvent>;
using DmaFindings = std::set<std::pair<int, std::uint32_t>>;  // kind, sequence

std::string text(const DmaTrace& trace);
// What the checker finds, with the words of it.
DmaFindings checked(const DmaTrace& trace, bool coherent,
                    std::vector<std::string>* texts = nullptr);
// The definition, byte by byte and by looking back over the whole trace; shares nothing with the
// checker.
DmaFindings defined(const DmaTrace& trace, bool coherent);

}  // namespace epoch::test
