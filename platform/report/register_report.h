// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/register_bank.h"

namespace epoch {

// A register table for readers: aligned text, JSON, a Markdown table, or CMSIS-SVD 1.3.
std::string registers_as_text(const std::vector<Register>& table);
std::string registers_as_json(const std::vector<Register>& table);
std::string registers_as_markdown(const std::vector<Register>& table);
std::string registers_as_svd(const std::vector<Register>& table, std::uint64_t base,
                             std::uint32_t window_bytes, std::uint32_t interrupt);

}  // namespace epoch
