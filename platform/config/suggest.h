// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace epoch {

// True if keys of the scenario table lie below this path ("" is the root).
bool is_group(const std::string& table_path);

// The keys directly below a group, as text for a message.
std::string children_text(const std::string& group);

// "; did you mean \"rows\"?", or what is allowed there, for a key that the table lacks.
std::string suggestion(const std::string& table_path);

// That of `names` which is most like `name`, or "" if none is.
std::string nearest(const std::string& name, const std::vector<std::string>& names);

}  // namespace epoch
