// SPDX-License-Identifier: Apache-2.0
#include "report/profile.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "files/output_file.h"

namespace epoch {
namespace {

enum : std::uint32_t { kNoSymbol, kInterrupt, kTooManyPaths, kFirstFunction };
constexpr AddressRange32 kNowhere{1, 0};

constexpr bool is_link(std::uint8_t number) {
  return number == 1 || number == 5;  // ra, t0
}

// A name that keeps the format: one line, ';' between frames.
std::string folded_name(std::string name) {
  for (char& c : name) {
    if (c == ';' || static_cast<unsigned char>(c) <= ' ') c = '_';
  }
  return name;
}

}  // namespace

Profile::Profile(const ElfFile& elf)
    : map_(elf), names_{"[no symbol]", "[interrupt]", "[too many paths]"} {
  for (const FunctionMap::Function& function : map_.functions()) {
    names_.push_back(folded_name(function.name));
  }
  nodes_.push_back({kNoSymbol, 0, 0});
  stack_.push_back({0, child(0, kNoSymbol), 0, false, 0});
}

// ---- following the stack ------------------------------------------------------------------------

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
  const auto [at, is_new] = children_.emplace(kTooManyPaths, next);  // below node 0
  if (is_new) nodes_.push_back({kTooManyPaths, 0, 0});
  return at->second;
}

void Profile::enter_function(std::uint32_t pc) {
  const auto number = map_.at(pc);
  here_ = number ? map_.functions()[*number].range : kNowhere;
  const Number function = number ? static_cast<Number>(*number) + kFirstFunction : kNoSymbol;
  Frame& top = stack_.back();
  top.node = child(top.parent, function);
}

void Profile::push_call(std::uint32_t return_address) {
  const std::uint32_t parent = stack_.back().node;
  if (stack_.size() >= kMostFrames) {
    ++stack_.back().beyond;
  } else {
    stack_.push_back({parent, parent, return_address, false, 0});
  }
  here_ = kNowhere;
}

// Traps find room on a stack that is full of calls.
void Profile::push_trap(std::uint32_t parent) {
  if (stack_.size() < 2 * kMostFrames) stack_.push_back({parent, parent, 0, true, 0});
  here_ = kNowhere;
}

void Profile::pop() {
  stack_.pop_back();
  here_ = kNowhere;
}

bool Profile::at_start_of_function(std::uint32_t pc) const {
  const auto number = map_.at(pc);
  return number && map_.functions()[*number].range.first == pc;
}

void Profile::call(std::uint32_t target, std::uint32_t return_address) {
  if (here_.contains(target) && !at_start_of_function(target)) return;
  push_call(return_address);
}

void Profile::leave(std::uint32_t target) {
  if (stack_.back().beyond != 0) {
    --stack_.back().beyond;
    here_ = kNowhere;
    return;
  }
  for (std::size_t i = stack_.size() - 1; i > 0; --i) {
    if (stack_[i].is_trap || stack_[i].return_address != target) continue;
    while (stack_.size() > i) pop();
    return;
  }
  if (here_.contains(target)) return;
  const auto number = map_.at(target);
  if (!number) return;
  for (std::size_t i = stack_.size() - 1; i > 0; --i) {
    if (function_of(stack_[i - 1].node) != *number + kFirstFunction) continue;
    while (stack_.size() > i) pop();
    return;
  }
}

void Profile::leave_trap() {
  for (std::size_t i = stack_.size() - 1; i > 0; --i) {
    if (!stack_[i].is_trap) continue;
    while (stack_.size() > i) pop();
    return;
  }
}

void Profile::follow(const ExecutedInstruction& executed) {
  const Instruction& i = executed.decoded;
  if (i.op == Op::mret) return leave_trap();
  if (i.op != Op::jal && i.op != Op::jalr) return;
  const bool links = is_link(i.rd);
  const bool returns = i.op == Op::jalr && is_link(i.rs1) && i.rs1 != i.rd;
  if (returns) leave(executed.next_pc);
  if (links) call(executed.next_pc, executed.pc + 2u * i.length);
}

void Profile::on_instruction(const ExecutedInstruction& executed) {
  if (!here_.contains(executed.pc)) enter_function(executed.pc);
  if (executed.retired) {
    ++nodes_[stack_.back().node].count;
    follow(executed);
  } else {
    push_trap(stack_.back().node);
  }
}

void Profile::on_interrupt(std::uint64_t, const TrapInfo&, std::uint32_t) {
  push_trap(child(0, kInterrupt));
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
