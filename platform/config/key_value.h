// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "config/json_text.h"
#include "config/keys.h"

namespace epoch {

// The value of `json` for `key`, checked against the table. Relative file names belong to `folder`.
// Throws std::invalid_argument: "0 is not allowed: an integer from 1 to 1024".
KeyValue key_value_from_json(const Key& key, const Json& json, const std::filesystem::path& folder);

Json key_value_to_json(const Key& key, const KeyValue& value);

// "0x8000_0000" or "2147483648"; nothing for any other text.
std::optional<std::uint64_t> address_from_text(const std::string& text);
// The same of 32 bits.
std::optional<std::uint32_t> number32(const std::string& text);

std::string hex_address(std::uint64_t address);  // "0x80000000"

}  // namespace epoch
