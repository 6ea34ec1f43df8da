// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "cpu/hart.h"
#include "loaders/function_map.h"

namespace epoch {

// Counts retired instructions by call stack. The stack is followed, not sampled: by the hints that
// the ISA manual defines for return-address stacks (jal and jalr with ra or t0), by traps and MRET.
//
//   call     a link register is written, and the target is not inside the same function
//   return   jr ra or jr t0 to a return address on the stack: unwinds to it, over frames if need be
//   tail call, longjmp, fall-through: the function changes without either; a frame of that function
//            further out is unwound to after a jr ra, else the innermost frame changes its function
//   interrupt  a stack of its own below "[interrupt]", until MRET; an exception stands on top of
//            the function that caused it
class Profile : public InstructionObserver {
 public:
  static constexpr std::size_t kMostFrames = 1024;     // deeper calls count for the innermost
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
  using Number = std::uint32_t;  // of a function: its place in names_
  struct Node {                  // a call path
    Number function;
    std::uint32_t parent;
    std::uint64_t count;
  };
  struct Frame {
    std::uint32_t parent;  // node of the caller
    std::uint32_t node;
    std::uint32_t return_address;
    bool is_trap;
    std::uint64_t beyond;  // calls made from here with a full stack
  };
  struct FunctionCounts {
    Number function;
    std::uint64_t self;
    std::uint64_t total;
  };

  void enter_function(std::uint32_t pc);  // the innermost frame is now in the function of pc
  std::uint32_t child(std::uint32_t parent, Number function);
  void push_call(std::uint32_t return_address);
  void push_trap(std::uint32_t parent);
  void pop();
  void follow(const ExecutedInstruction& executed);
  void call(std::uint32_t target, std::uint32_t return_address);
  void leave(std::uint32_t target);
  void leave_trap();
  Number function_of(std::uint32_t node) const { return nodes_[node].function; }
  bool at_start_of_function(std::uint32_t pc) const;
  // Nodes below each node, by name.
  std::vector<std::vector<std::uint32_t>> children_by_name() const;
  std::vector<FunctionCounts> counts() const;

  FunctionMap map_;
  std::vector<std::string> names_;
  std::vector<Node> nodes_;                                    // [0] is above all
  std::unordered_map<std::uint64_t, std::uint32_t> children_;  // parent << 32 | function
  std::vector<Frame> stack_;
  AddressRange32 here_{1, 0};  // addresses of the innermost frame's function; none at first
};

}  // namespace epoch
