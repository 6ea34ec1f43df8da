// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/call_stack.h"
#include "report/event_trace.h"

namespace epoch {

// The hart's functions as slices, nested as their calls: from a function's first instruction to the
// instruction behind its return, time asleep included. Calls deeper than kDeepest belong to the one
// that makes them.
class FunctionTrace : public InstructionObserver, private CallStack::Listener {
 public:
  static constexpr std::size_t kDeepest = 64;

  FunctionTrace(EventTrace& out, const ElfFile& elf, const Hart& hart, std::uint64_t period_ps);

  void on_instruction(const ExecutedInstruction& executed) override;
  void on_interrupt(std::uint64_t cycle, const TrapInfo& trap, std::uint32_t handler) override;
  // Closes what is still open.
  void finish(std::uint64_t end_ps);

 private:
  struct Frame {
    std::uint32_t cause;  // of the trap that it serves, where `is_trap`
    bool is_trap;
    bool open;  // it has a function, since:
    CallStack::Number function;
    std::uint64_t since_ps;
  };

  void on_push(CallStack::Entry entry) override;
  void on_function(CallStack::Number function) override;
  void on_pop() override;
  void close(const Frame& frame, std::size_t depth, std::uint64_t end_ps);
  void close_left(std::uint64_t end_ps);

  EventTrace& out_;
  const Hart& hart_;
  const EventTrace::Track track_;
  const std::uint64_t period_ps_;
  CallStack calls_;
  std::vector<Frame> frames_;
  std::vector<Frame> left_;  // by the last instruction, innermost first
  std::uint64_t now_ps_ = 0;
  std::uint32_t cause_ = 0;
};

}  // namespace epoch
