// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "report/call_stack.h"

namespace epoch {

// Counts retired instructions by call stack, as CallStack follows it. An interrupt has a stack of
// its own below "[interrupt]"; an exception stands on top of the function that caused it.
class Profile : public InstructionObserver, private CallStack::Listener {
 public:
  static constexpr std::size_t kMostNodes = 1u << 17;  // further paths are "[too many paths]"

  explicit Profile(const ElfFile& elf);

  void on_instruction(const ExecutedInstruction& executed) override;
  void on_interrupt(std::uint64_t cycle, const TrapInfo& trap, std::uint32_t handler) override;

  // "main;f;g 12" a line, for flamegraph.pl and others; the counts add up to the hart's
  // instructions. Throws UnavailableError if it cannot be written.
  void write_folded(const std::filesystem::path& file) const;
  // The functions with most instructions of their own: self, total with callees, share, name.
  std::string top(std::size_t most) const;

 private:
  using Number = CallStack::Number;
  struct Node {  // a call path
    Number function;
    std::uint32_t parent;
    std::uint64_t count;
  };
  struct Frame {
    std::uint32_t parent;  // node of the caller
    std::uint32_t node;
  };
  struct FunctionCounts {
    Number function;
    std::uint64_t self;
    std::uint64_t total;
  };

  void on_push(CallStack::Entry entry) override;
  void on_function(Number function) override;
  void on_pop() override { frames_.pop_back(); }
  std::uint32_t child(std::uint32_t parent, Number function);
  Number function_of(std::uint32_t node) const { return nodes_[node].function; }
  // Nodes below each node, by name.
  std::vector<std::vector<std::uint32_t>> children_by_name() const;
  std::vector<FunctionCounts> counts() const;

  CallStack calls_;
  std::vector<std::string> names_;  // by number; the last is "[too many paths]"
  std::vector<Node> nodes_;         // [0] is above all
  std::unordered_map<std::uint64_t, std::uint32_t> children_;  // parent << 32 | function
  std::vector<Frame> frames_;
};

}  // namespace epoch
