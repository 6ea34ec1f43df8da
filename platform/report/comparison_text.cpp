// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "report/comparison.h"

namespace epoch {
namespace {

std::string number(const char* format, double value) {
  char text[40];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

using Row = std::array<std::string, 7>;

Row row_of(const ComparedValue& value) {
  return {value.name,
          value_text(value.a),
          value_text(value.b),
          difference_text(value),
          share_text(value),
          one_line(value.unit),
          !value.beyond()      ? ""
          : value.allowed == 0 ? "beyond"
                               : "beyond " + allowed_text(value)};
}

// Text to the left, numbers to the right.
std::string aligned(const std::vector<Row>& rows) {
  std::array<std::size_t, 7> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string space(widths[i] - row[i].size(), ' ');
      const bool is_number = i >= 1 && i <= 4;
      line += (i == 0 ? "" : "  ") + (is_number ? space + row[i] : row[i] + space);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string plural(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace

std::string value_text(const std::optional<Json>& value) {
  if (!value) return "-";
  return one_line(value->is_string() ? value->get<std::string>() : value->dump());
}

std::string difference_text(const ComparedValue& value) {
  if (!value.a || !value.b || !value.a->is_number() || !value.b->is_number()) return "";
  const bool counts = value.a->is_number_integer() && value.b->is_number_integer();
  return number(counts && std::abs(value.difference) < 1e15 ? "%+.0f" : "%+.6g", value.difference);
}

std::string share_text(const ComparedValue& value) {
  if (!value.a) return "new";
  if (!value.b) return "missing";
  if (value.unit.find(" -> ") != std::string::npos) return "unit";
  if (!value.changed()) return "same";
  if (!value.a->is_number() || !value.b->is_number()) return "differs";
  return std::isinf(value.share) ? "from 0" : number("%+.3g%%", 100 * value.share);
}

std::string allowed_text(const ComparedValue& value) {
  return std::isinf(value.allowed) ? "any" : number("%.3g%%", 100 * value.allowed);
}

std::string comparison_summary(const Comparison& comparison) {
  const std::size_t other = comparison.changed + comparison.fresh + comparison.missing;
  const std::string all = plural(comparison.values.size(), "value");
  if (other == 0) return all + ", all the same";
  return all + ": " + std::to_string(comparison.changed) + " changed, " +
         std::to_string(comparison.fresh) + " new, " + std::to_string(comparison.missing) +
         " missing; " + std::to_string(comparison.beyond) + " beyond tolerance";
}

std::string comparison_text(const Comparison& comparison, std::optional<std::size_t> most) {
  std::vector<Row> rows{{"name", "A", "B", "difference", "relative", "unit", ""}};
  std::size_t left_out = 0;
  for (const ComparedValue& value : comparison.values) {
    if (most && !value.changed()) continue;
    if (most && rows.size() > *most) {
      ++left_out;
    } else {
      rows.push_back(row_of(value));
    }
  }
  std::string text = rows.size() > 1 ? aligned(rows) : "";
  if (left_out != 0) text += "... and " + std::to_string(left_out) + " more that changed (--all)\n";
  return text + comparison_summary(comparison) + "\n";
}

}  // namespace epoch
