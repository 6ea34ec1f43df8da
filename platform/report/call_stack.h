// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "cpu/hart.h"
#include "loaders/function_map.h"

namespace epoch {

// Follows a program's calls, instruction by instruction: by the hints that the ISA manual defines
// for return-address stacks (jal and jalr with ra or t0), by traps and MRET.
//
//   call     a link register is written, and the target is not inside the same function
//   return   jr ra or jr t0 to a return address on the stack: unwinds to it, over frames if need be
//   tail call, longjmp, fall-through: the function changes without either; a frame of that function
//            further out is unwound to after a jr ra, else the innermost frame changes its function
//   interrupt, exception   a frame on top, until MRET
class CallStack {
 public:
  using Number = std::uint32_t;  // of a function: its place in names()
  enum : Number { kNoSymbol, kInterrupt, kFirstFunction };
  enum class Entry { call, exception, interrupt };
  static constexpr std::size_t kMostFrames = 1024;  // deeper calls have no frame

  // Told of every change. The innermost frame's function is known when it executes something; so is
  // the one that a pop leads back to.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void on_push(Entry entry) = 0;
    virtual void on_function(Number function) = 0;
    virtual void on_pop() = 0;
  };

  // Begins with one frame, of no symbol, of which the listener is not told.
  CallStack(const ElfFile& elf, Listener& listener);

  // Before and after an instruction counts: the function that it is in, then where it leads.
  void arrive(std::uint32_t pc) {
    if (!here_.contains(pc)) enter_function(pc);
  }
  void depart(const ExecutedInstruction& executed);
  void interrupt();

  const std::vector<std::string>& names() const { return names_; }

 private:
  struct Frame {
    Number function;
    std::uint32_t return_address;
    bool is_trap;
    std::uint64_t beyond;  // calls made from here with a full stack
  };

  void enter_function(std::uint32_t pc);  // the innermost frame is now in the function of pc
  void push_call(std::uint32_t return_address);
  void push_trap(Number function, Entry entry);
  void pop();
  void pop_to(std::size_t size);
  void follow(const ExecutedInstruction& executed);
  void call(std::uint32_t target, std::uint32_t return_address);
  void leave(std::uint32_t target);
  void leave_trap();
  bool at_start_of_function(std::uint32_t pc) const;

  FunctionMap map_;
  Listener& listener_;
  std::vector<std::string> names_;
  std::vector<Frame> stack_;
  AddressRange32 here_{1, 0};  // addresses of the innermost frame's function; none at first
};

}  // namespace epoch
