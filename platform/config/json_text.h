// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace epoch {

using Json = nlohmann::ordered_json;

// Limits that keep a hostile file from costing more than one line of complaint.
constexpr std::size_t kMaxJsonBytes = 16u << 20;
constexpr int kMaxJsonDepth = 32;
// Keys, lists and objects of one file: the parser's time grows with their square.
constexpr std::size_t kMaxJsonParts = 10'000;

// Strict JSON with comments: a key written twice, a nesting deeper than kMaxJsonDepth, more than
// kMaxJsonParts parts and anything after the value are refused. Throws std::invalid_argument with
// one line.
Json parse_json(const std::string& text);

// The same rules for a text of any size, in time that grows with its length: nesting and keys are
// checked without a value being made, and a file has at most kMaxJsonKeys keys.
constexpr std::size_t kMaxJsonKeys = 1'000;
Json parse_long_json(const std::string& text);

// parse_json() of a file. Throws InputError naming the file.
Json read_json_file(const std::filesystem::path& file);

// Text of any origin as one printable line of at most `limit` characters.
std::string one_line(const std::string& text, std::size_t limit = 80);

}  // namespace epoch
