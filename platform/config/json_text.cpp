// SPDX-License-Identifier: Apache-2.0
#include "config/json_text.h"

#include <fstream>
#include <set>
#include <stdexcept>
#include <vector>

#include "errors.h"

namespace epoch {

namespace fs = std::filesystem;

namespace {

// "[json.exception.parse_error.101] parse error at line 1, ...": the tag helps nobody.
std::string without_tag(const std::string& what) {
  const std::size_t tag = what.find("] ");
  return one_line(tag == std::string::npos ? what : what.substr(tag + 2), 200);
}

std::string written_twice(const std::string& key) {
  return "the key \"" + one_line(key) + "\" is written twice in one object";
}
const std::string nested_too_deep = "nested deeper than " + std::to_string(kMaxJsonDepth);

// Looks at a text's structure; the first problem ends it.
class StructureCheck final : public nlohmann::json_sax<Json> {
 public:
  std::string problem;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override {
    open_objects_.emplace_back();
    return open();
  }
  bool end_object() override {
    open_objects_.pop_back();
    --depth_;
    return true;
  }
  bool start_array(std::size_t) override { return open(); }
  bool end_array() override {
    --depth_;
    return true;
  }
  bool key(string_t& name) override {
    if (++keys_ > kMaxJsonKeys) return fail("more than " + std::to_string(kMaxJsonKeys) + " keys");
    return open_objects_.back().insert(name).second || fail(written_twice(name));
  }
  bool parse_error(std::size_t, const std::string&, const Json::exception& error) override {
    return fail(without_tag(error.what()));
  }

 private:
  bool fail(const std::string& what) {
    problem = what;
    return false;
  }
  bool open() { return ++depth_ <= kMaxJsonDepth || fail(nested_too_deep); }

  std::vector<std::set<std::string>> open_objects_;
  int depth_ = 0;
  std::size_t keys_ = 0;
};

}  // namespace

Json parse_long_json(const std::string& text) {
  StructureCheck check;
  Json::sax_parse(text, &check, Json::input_format_t::json, true, true);
  if (!check.problem.empty()) throw std::invalid_argument(check.problem);
  return Json::parse(text, nullptr, true, true);
}

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
          throw std::invalid_argument(nested_too_deep);
        }
        count_part();
        break;
      case Json::parse_event_t::object_end:
        open_objects.pop_back();
        break;
      case Json::parse_event_t::key:
        count_part();
        if (!open_objects.back().insert(value.get<std::string>()).second) {
          throw std::invalid_argument(written_twice(value.get<std::string>()));
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
    throw std::invalid_argument(without_tag(error.what()));
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
