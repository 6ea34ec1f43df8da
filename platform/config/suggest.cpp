// SPDX-License-Identifier: Apache-2.0
#include "config/suggest.h"

#include <algorithm>
#include <vector>

#include "config/keys.h"

namespace epoch {
namespace {

std::string group_prefix(const std::string& group) {
  return group.empty() ? "" : group + ".";
}

bool starts_with(const std::string& text, const std::string& prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

std::string last_name(const std::string& path) {
  return path.substr(path.rfind('.') == std::string::npos ? 0 : path.rfind('.') + 1);
}

std::string parent(const std::string& path) {
  return path.rfind('.') == std::string::npos ? "" : path.substr(0, path.rfind('.'));
}

std::vector<std::string> children(const std::string& group) {
  const std::string prefix = group_prefix(group);
  std::vector<std::string> names;
  for (const Key& key : scenario_keys()) {
    if (!starts_with(key.path, prefix)) continue;
    const std::string rest = key.path.substr(prefix.size());
    const std::string name = rest.substr(0, rest.find_first_of(".["));
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

// Levenshtein distance.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row[b.size()];
}

}  // namespace

bool is_group(const std::string& table_path) {
  if (table_path.empty()) return true;
  const std::string prefix = group_prefix(table_path);
  const auto& keys = scenario_keys();
  return std::any_of(keys.begin(), keys.end(),
                     [&](const Key& key) { return starts_with(key.path, prefix); });
}

std::string children_text(const std::string& group) {
  std::string text;
  for (const std::string& name : children(group)) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string nearest(const std::string& name, const std::vector<std::string>& names) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const std::string& other : names) {
    const std::size_t d = distance(name, other);
    if (d < best_distance) {
      best_distance = d;
      best = other;
    }
  }
  return best;
}

std::string suggestion(const std::string& table_path) {
  const std::string name = last_name(table_path);
  std::string group = parent(table_path);
  while (!is_group(group)) group = parent(group);
  const std::string best = nearest(name, children(group));
  if (!best.empty()) return "; did you mean \"" + group_prefix(group) + best + "\"?";
  for (const Key& key : scenario_keys()) {
    if (last_name(key.path) == name) return "; did you mean \"" + key.path + "\"?";
  }
  return "; allowed: " + children_text(group);
}

}  // namespace epoch
