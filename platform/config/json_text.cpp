// SPDX-License-Identifier: Apache-2.0
#include "config/json_text.h"

#include <fstream>
#include <set>
#include <stdexcept>
#include <vector>

#include "errors.h"

namespace epoch {

namespace fs = std::filesystem;

Json parse_json(const std::string& text) {
  std::vector<std::set<std::string>> open_objects;
  std::size_t parts = 0;
  const auto count_part = [&parts] {
    if (++parts > kMaxJsonParts) {
      throw std::invalid_argument("more than " + std::to_string(kMaxJsonParts) +
                                  " keys, lists and objects");
    }
  };
  const auto check = [&](int depth, Json::parse_event_t event, Json& value) {
    switch (event) {
      case Json::parse_event_t::object_start:
        open_objects.emplace_back();
        [[fallthrough]];
      case Json::parse_event_t::array_start:
        if (depth >= kMaxJsonDepth) {
          throw std::invalid_argument("nested deeper than " + std::to_string(kMaxJsonDepth));
        }
        count_part();
        break;
      case Json::parse_event_t::object_end:
        open_objects.pop_back();
        break;
      case Json::parse_event_t::key:
        count_part();
        if (!open_objects.back().insert(value.get<std::string>()).second) {
          throw std::invalid_argument("the key \"" + one_line(value.get<std::string>()) +
                                      "\" is written twice in one object");
        }
        break;
      default:
        break;
    }
    return true;
  };
  try {
    return Json::parse(text, check, true, true);
  } catch (const Json::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 1, ...": the tag helps nobody.
    const std::string what = error.what();
    const std::size_t tag = what.find("] ");
    throw std::invalid_argument(
        one_line(tag == std::string::npos ? what : what.substr(tag + 2), 200));
  }
}

Json read_json_file(const fs::path& file) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) {
    throw InputError(file.string(), fs::exists(file, error) ? "not a file" : "no such file");
  }
  if (fs::file_size(file, error) > kMaxJsonBytes) {
    throw InputError(file.string(), "larger than 16 MiB, which no scenario is");
  }
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw InputError(file.string(), "cannot be read");
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  try {
    return parse_json(text);
  } catch (const std::invalid_argument& problem) {
    throw InputError(file.string(), problem.what());
  }
}

std::string one_line(const std::string& text, std::size_t limit) {
  std::string line;
  for (const char c : text) {
    if (line.size() >= limit) return line + "...";
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7F && byte < 0x80) {
      line += c;
    } else {
      static const char* digits = "0123456789abcdef";
      line += std::string("\\x") + digits[byte >> 4] + digits[byte & 15];
    }
  }
  return line;
}

}  // namespace epoch
