// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace epoch {

// JSON that may come from anywhere: nesting beyond `max_depth`, more than 60,000 arrays and
// objects, a key twice in one object, and anything that is not JSON throw InputError(where, ...).
nlohmann::json parse_strict_json(const std::string& text, const std::string& where,
                                 unsigned max_depth);

// `text` in quotes for a one-line message: other than printable ASCII becomes '?', long is cut.
std::string quoted(const std::string& text);

}  // namespace epoch
