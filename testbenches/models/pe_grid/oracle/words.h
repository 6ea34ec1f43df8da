// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

// Words of a case as hex strings: 8 digits are fp32, 4 digits are bf16.
namespace grid_oracle {

float read_word(const std::string& hex, int bytes);  // bf16 widens exactly
std::string write_word(float value, int bytes);      // flushed, then to nearest even
unsigned round_to_bf16(float value);                 // of a flushed value

}  // namespace grid_oracle
