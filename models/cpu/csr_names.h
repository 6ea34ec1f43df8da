// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace epoch {

struct CsrName {
  std::uint32_t number;
  std::string name;
};

// Every unprivileged and machine-mode CSR that the specifications name, by number. Which of them a
// hart has, the hart knows.
const std::vector<CsrName>& csr_names();

}  // namespace epoch
