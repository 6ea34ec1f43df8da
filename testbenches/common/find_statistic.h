// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

#include "common/statistics.h"

namespace epoch {

// Value of the statistic with this name, whichever type it has; throws std::out_of_range without.
inline double find_statistic(const Statistics& statistics, const std::string& name) {
  for (const Statistic& s : statistics)
    if (s.name == name)
      return std::visit([](auto value) { return static_cast<double>(value); }, s.value);
  throw std::out_of_range("no statistic " + name);
}

}  // namespace epoch
