// SPDX-License-Identifier: Apache-2.0
#include "report/comparison.h"

#include <fnmatch.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <set>
#include <stdexcept>
#include <tuple>

#include "errors.h"

namespace epoch {
namespace {

constexpr double kAny = std::numeric_limits<double>::infinity();
constexpr const char* kShares = "a share such as 0.02 or 2%, or any";

double checked_share(double share) {
  if (!(share >= 0) || std::isinf(share)) throw std::invalid_argument(kShares);
  return share;
}

struct Unit {
  const char* key;
  const char* unit;
};

// The facts of a run that stand outside its statistics; what depends on the host is none.
void add_facts(const Json& document, const char* part, std::initializer_list<Unit> facts,
               std::vector<MeasuredValue>& out) {
  if (!document.contains(part) || !document[part].is_object()) return;
  for (const Unit& fact : facts) {
    if (!document[part].contains(fact.key)) continue;
    const Json& value = document[part][fact.key];
    if (value.is_number() || value.is_string())
      out.push_back({std::string(part) + "." + fact.key, value, fact.unit});
  }
}

MeasuredValue measured(const std::string& file, std::size_t number, const Json& entry) {
  const std::string where = file + ": statistics." + std::to_string(number);
  if (!entry.is_object()) throw InputError(where, "not an object");
  const auto text = [&](const char* key) {
    if (!entry.contains(key) || !entry[key].is_string())
      throw InputError(where, std::string("lacks a \"") + key + "\" that is a text");
    return entry[key].get<std::string>();
  };
  if (!entry.contains("value") || !entry["value"].is_number())
    throw InputError(where, "lacks a \"value\" that is a number");
  return {text("name"), entry["value"], text("unit")};
}

double allowed_for(const std::string& name, const std::vector<Tolerance>& tolerances) {
  for (auto at = tolerances.rbegin(); at != tolerances.rend(); ++at) {
    if (fnmatch(at->pattern.c_str(), name.c_str(), 0) == 0) return at->share;
  }
  return 0;
}

// Integers are subtracted as integers: a cycle more of 2^60 is a change.
double difference(const Json& a, const Json& b) {
  if (!a.is_number_integer() || !b.is_number_integer()) return b.get<double>() - a.get<double>();
  if (a.is_number_unsigned() && b.is_number_unsigned()) {
    const auto from = a.get<std::uint64_t>(), to = b.get<std::uint64_t>();
    return to >= from ? static_cast<double>(to - from) : -static_cast<double>(from - to);
  }
  return static_cast<double>(b.get<std::int64_t>()) - static_cast<double>(a.get<std::int64_t>());
}

void set_change(ComparedValue& row) {
  if (!row.a || !row.b) {
    row.share = kAny;
  } else if (!row.a->is_number() || !row.b->is_number()) {
    row.share = *row.a == *row.b ? 0 : kAny;
  } else {
    row.difference = difference(*row.a, *row.b);
    if (row.difference != 0) row.share = row.difference / std::abs(row.a->get<double>());
  }
}

void count(Comparison& comparison) {
  for (const ComparedValue& row : comparison.values) {
    comparison.fresh += !row.a;
    comparison.missing += !row.b;
    comparison.changed += row.a && row.b && row.changed();
    comparison.beyond += row.beyond();
  }
}

}  // namespace

bool ComparedValue::beyond() const {
  constexpr double kRounding = 1e-12;  // 1 % of 300 is 3, whatever the last bit says
  return changed() && allowed != kAny && std::abs(share) > allowed * (1 + kRounding);
}

double tolerance_share(const std::string& text) {
  if (text == "any") return kAny;
  const bool percent = !text.empty() && text.back() == '%';
  const std::string digits = text.substr(0, text.size() - (percent ? 1 : 0));
  char* end = nullptr;
  const double share = std::strtod(digits.c_str(), &end);
  if (digits.empty() || *end != 0 ||
      digits.find_first_not_of("0123456789.e+-") != std::string::npos)
    throw std::invalid_argument(kShares);
  return checked_share(percent ? share / 100 : share);
}

std::vector<Tolerance> read_tolerances(const std::filesystem::path& file) {
  const Json document = read_json_file(file);
  if (!document.is_object())
    throw InputError(file.string(), "not an object of names and tolerances");
  std::vector<Tolerance> tolerances;
  for (const auto& [name, value] : document.items()) {
    try {
      if (!value.is_string() && !value.is_number()) throw std::invalid_argument(kShares);
      tolerances.push_back({name, value.is_string() ? tolerance_share(value.get<std::string>())
                                                    : checked_share(value.get<double>())});
    } catch (const std::invalid_argument& problem) {
      throw InputError(file.string() + ": " + one_line(name),
                       one_line(value.dump()) + " is no tolerance: " + problem.what());
    }
  }
  return tolerances;
}

std::vector<MeasuredValue> read_measurements(const std::filesystem::path& file) {
  const Json document = read_json_file(file);
  if (!document.is_object() || !document.contains("statistics") ||
      !document["statistics"].is_array()) {
    throw InputError(file.string(), "no list \"statistics\": not a file of epochvp run --stats");
  }
  std::vector<MeasuredValue> values;
  add_facts(document, "result", {{"reason", ""}, {"exit_status", ""}, {"firmware_code", ""}},
            values);
  add_facts(document, "simulation", {{"simulated_ps", "ps"}, {"instructions", "instruction"}},
            values);
  std::size_t number = 0;
  for (const Json& entry : document["statistics"])
    values.push_back(measured(file.string(), number++, entry));
  std::set<std::string> names;
  for (const MeasuredValue& value : values) {
    if (!names.insert(value.name).second)
      throw InputError(file.string() + ": " + one_line(value.name), "is there twice");
  }
  return values;
}

Comparison compare(const std::vector<MeasuredValue>& a, const std::vector<MeasuredValue>& b,
                   const std::vector<Tolerance>& tolerances) {
  Comparison comparison;
  std::map<std::string, std::size_t> rows;
  for (const MeasuredValue& value : a) {
    rows.emplace(value.name, comparison.values.size());
    comparison.values.push_back({value.name, value.unit, value.value, {}});
  }
  for (const MeasuredValue& value : b) {
    const auto [at, fresh] = rows.emplace(value.name, comparison.values.size());
    if (fresh) comparison.values.push_back({value.name, value.unit, {}, {}});
    ComparedValue& row = comparison.values[at->second];
    row.b = value.value;
    if (row.unit != value.unit) row.unit += " -> " + value.unit;
  }
  for (ComparedValue& row : comparison.values) {
    set_change(row);
    if (row.unit.find(" -> ") != std::string::npos) row.share = kAny;
    row.allowed = allowed_for(row.name, tolerances);
  }
  std::stable_sort(comparison.values.begin(), comparison.values.end(),
                   [](const ComparedValue& x, const ComparedValue& y) {
                     const auto rank = [](const ComparedValue& row) {
                       return std::make_tuple(!row.beyond(), -std::abs(row.share),
                                              -std::abs(row.difference));
                     };
                     return rank(x) < rank(y);
                   });
  count(comparison);
  return comparison;
}

}  // namespace epoch
