// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/json_text.h"

namespace epoch {

// How far a statistic may move, as a share of its first value: by name, the last that fits counts.
struct Tolerance {
  std::string pattern;  // "*" and "?" stand for any characters
  double share;         // 0.02 is 2 %; infinite: anything, even that it comes or goes
};

// "0.02", "2%" or "any". Throws std::invalid_argument with what is allowed.
double tolerance_share(const std::string& text);
// {"epochcore.*": 0.02, "cpu.cycles": "2%"}. Throws InputError.
std::vector<Tolerance> read_tolerances(const std::filesystem::path& file);

// A statistic in one file, or a fact of the run beside them; numbers as the file has them.
struct MeasuredValue {
  std::string name;
  Json value;  // number or text
  std::string unit;
};
// `result`, `simulation` without its host, `statistics`, in the file's order. Throws InputError.
std::vector<MeasuredValue> read_measurements(const std::filesystem::path& file);

struct ComparedValue {
  std::string name;
  std::string unit;          // "A -> B" if it differs
  std::optional<Json> a, b;  // absent: the file lacks it
  double difference = 0;     // b - a
  double share = 0;          // of |a|; infinite from 0, for a text, and for what comes or goes
  double allowed = 0;
  bool changed() const { return share != 0; }
  bool beyond() const;
};

struct Comparison {
  std::vector<ComparedValue> values;  // the largest shares first, what did not change last
  std::size_t changed = 0, beyond = 0, fresh = 0, missing = 0;
};

Comparison compare(const std::vector<MeasuredValue>& a, const std::vector<MeasuredValue>& b,
                   const std::vector<Tolerance>& tolerances);

// A table of the first `most` that changed, or of all there is; then a line that sums it up.
std::string comparison_text(const Comparison& comparison, std::optional<std::size_t> most);
std::string comparison_summary(const Comparison& comparison);
// A page that needs nothing else.
std::string comparison_html(const Comparison& comparison, const std::string& name_a,
                            const std::string& name_b);

// Parts of a row, for both.
std::string value_text(const std::optional<Json>& value);
std::string difference_text(const ComparedValue& value);
std::string share_text(const ComparedValue& value);
std::string allowed_text(const ComparedValue& value);

}  // namespace epoch
