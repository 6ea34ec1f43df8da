// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace epoch {

// One measured quantity, named, explained and given its unit where it is declared.
struct Statistic {
  std::string name;  // dotted, e.g. "epochcore.dma_in.bytes"
  std::variant<std::uint64_t, double> value;
  std::string unit;
  std::string description;
};

using Statistics = std::vector<Statistic>;

}  // namespace epoch
