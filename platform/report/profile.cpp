// SPDX-License-Identifier: Apache-2.0
#include "report/profile.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "files/output_file.h"

namespace epoch {
namespace {

// A name that keeps the format: one line, ';' between frames.
std::string folded_name(std::string name) {
  for (char& c : name) {
    if (c == ';' || static_cast<unsigned char>(c) <= ' ') c = '_';
  }
  return name;
}

}  // namespace

Profile::Profile(const ElfFile& elf) : calls_(elf, *this) {
  names_ = calls_.names();
  std::transform(names_.begin() + CallStack::kFirstFunction, names_.end(),
                 names_.begin() + CallStack::kFirstFunction, folded_name);
  names_.emplace_back("[too many paths]");
  nodes_.push_back({CallStack::kNoSymbol, 0, 0});
  frames_.push_back({0, child(0, CallStack::kNoSymbol)});
}

std::uint32_t Profile::child(std::uint32_t parent, Number function) {
  const auto next = static_cast<std::uint32_t>(nodes_.size());
  const std::uint64_t key = std::uint64_t{parent} << 32 | function;
  if (nodes_.size() < kMostNodes) {
    const auto [at, is_new] = children_.emplace(key, next);
    if (is_new) nodes_.push_back({function, parent, 0});
    return at->second;
  }
  const auto known = children_.find(key);
  if (known != children_.end()) return known->second;
  const auto too_many = static_cast<Number>(names_.size() - 1);
  const auto [at, is_new] = children_.emplace(too_many, next);  // below node 0
  if (is_new) nodes_.push_back({too_many, 0, 0});
  return at->second;
}

void Profile::on_push(CallStack::Entry entry) {
  const bool interrupt = entry == CallStack::Entry::interrupt;
  const std::uint32_t parent = interrupt ? child(0, CallStack::kInterrupt) : frames_.back().node;
  frames_.push_back({parent, parent});
}

void Profile::on_function(Number function) {
  Frame& top = frames_.back();
  top.node = child(top.parent, function);
}

void Profile::on_instruction(const ExecutedInstruction& executed) {
  calls_.arrive(executed.pc);
  if (executed.retired) ++nodes_[frames_.back().node].count;
  calls_.depart(executed);
}

void Profile::on_interrupt(std::uint64_t, const TrapInfo&, std::uint32_t) {
  calls_.interrupt();
}

// ---- telling ------------------------------------------------------------------------------------

std::vector<std::vector<std::uint32_t>> Profile::children_by_name() const {
  std::vector<std::vector<std::uint32_t>> children(nodes_.size());
  for (std::uint32_t node = 1; node < nodes_.size(); ++node) {
    children[nodes_[node].parent].push_back(node);
  }
  for (auto& siblings : children) {
    std::sort(siblings.begin(), siblings.end(), [this](std::uint32_t a, std::uint32_t b) {
      const std::string& name_a = names_[function_of(a)];
      const std::string& name_b = names_[function_of(b)];
      return name_a != name_b ? name_a < name_b : function_of(a) < function_of(b);
    });
  }
  return children;
}

void Profile::write_folded(const std::filesystem::path& file) const {
  const auto children = children_by_name();
  OutputFile output(file);
  struct Visit {
    std::uint32_t node;
    std::size_t prefix;  // length of the path above
  };
  std::string path;
  std::vector<Visit> visits{{0, 0}};
  while (!visits.empty()) {
    const Visit visit = visits.back();
    visits.pop_back();
    if (visit.node != 0) {
      path.resize(visit.prefix);
      if (!path.empty()) path += ';';
      path += names_[function_of(visit.node)];
    }
    const std::uint64_t count = nodes_[visit.node].count;
    if (count != 0) output.write(path + " " + std::to_string(count) + "\n");
    const auto& below = children[visit.node];
    for (auto next = below.rbegin(); next != below.rend(); ++next) {
      visits.push_back({*next, path.size()});
    }
  }
  output.close();
}

// A parent's node is made before its children's, so sums go up from the last node to the first. A
// path counts for the total of a function once, however often it recurses: at the outermost.
std::vector<Profile::FunctionCounts> Profile::counts() const {
  std::vector<FunctionCounts> counts;
  for (Number function = 0; function < names_.size(); ++function)
    counts.push_back({function, 0, 0});
  std::vector<std::uint64_t> sums(nodes_.size());
  for (std::size_t node = nodes_.size() - 1; node > 0; --node) {
    sums[node] += nodes_[node].count;
    sums[nodes_[node].parent] += sums[node];
    counts[nodes_[node].function].self += nodes_[node].count;
  }
  const auto children = children_by_name();
  std::vector<std::uint32_t> open(names_.size());  // how often a function is on the path
  struct Visit {
    std::uint32_t node;
    bool leaves;
  };
  std::vector<Visit> visits{{0, true}};
  for (const std::uint32_t node : children[0]) visits.push_back({node, false});
  while (!visits.empty()) {
    const Visit visit = visits.back();
    visits.pop_back();
    if (visit.node == 0) continue;
    const Number function = function_of(visit.node);
    if (visit.leaves) {
      --open[function];
      continue;
    }
    if (open[function]++ == 0) counts[function].total += sums[visit.node];
    visits.push_back({visit.node, true});
    for (const std::uint32_t node : children[visit.node]) visits.push_back({node, false});
  }
  return counts;
}

std::string Profile::top(std::size_t most) const {
  std::vector<FunctionCounts> functions = counts();
  functions.erase(std::remove_if(functions.begin(), functions.end(),
                                 [](const FunctionCounts& f) { return f.total == 0; }),
                  functions.end());
  std::sort(functions.begin(), functions.end(),
            [this](const FunctionCounts& a, const FunctionCounts& b) {
              if (a.self != b.self) return a.self > b.self;
              return names_[a.function] < names_[b.function];
            });
  std::uint64_t all = 0;
  for (const FunctionCounts& function : functions) all += function.self;
  std::string text = "       self       total  self %  total %  function (instructions; " +
                     std::to_string(std::min(most, functions.size())) + " of " +
                     std::to_string(functions.size()) + ")\n";
  for (std::size_t i = 0; i < std::min(most, functions.size()); ++i) {
    const FunctionCounts& f = functions[i];
    const auto percent = [all](std::uint64_t part) {
      return all == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(all);
    };
    char line[80];
    std::snprintf(line, sizeof line, "%11llu %11llu  %5.1f   %5.1f   ",
                  static_cast<unsigned long long>(f.self), static_cast<unsigned long long>(f.total),
                  percent(f.self), percent(f.total));
    text += line + names_[f.function] + "\n";
  }
  return text;
}

}  // namespace epoch
