// SPDX-License-Identifier: Apache-2.0
#include "report/function_trace.h"

#include <algorithm>

namespace epoch {

FunctionTrace::FunctionTrace(EventTrace& out, const ElfFile& elf, const Hart& hart,
                             std::uint64_t period_ps)
    : out_(out),
      hart_(hart),
      track_(out.track("hart", "functions", EventTrace::Overlap::nests)),
      period_ps_(period_ps),
      calls_(elf, *this),
      frames_{{0, false, false, CallStack::kNoSymbol, 0}} {}

void FunctionTrace::on_push(CallStack::Entry entry) {
  const bool is_trap = entry != CallStack::Entry::call;
  frames_.push_back({is_trap ? cause_ : 0, is_trap, false, CallStack::kNoSymbol, 0});
}

// A frame ends where the next instruction begins.
void FunctionTrace::on_pop() {
  left_.push_back(frames_.back());
  frames_.pop_back();
}

void FunctionTrace::close(const Frame& frame, std::size_t depth, std::uint64_t end_ps) {
  if (!frame.open || depth >= kDeepest) return;
  TraceArguments arguments;
  if (frame.is_trap && (frame.cause & cause::interrupt) != 0) {
    arguments.add("interrupt", std::uint64_t{frame.cause & ~cause::interrupt});
  } else if (frame.is_trap) {
    arguments.add("exception", std::uint64_t{frame.cause});
  }
  out_.slice(track_, frame.since_ps, end_ps, calls_.names()[frame.function], arguments.take());
}

void FunctionTrace::close_left(std::uint64_t end_ps) {
  for (std::size_t i = 0; i < left_.size(); ++i) {
    close(left_[i], frames_.size() + left_.size() - 1 - i, end_ps);
  }
  left_.clear();
}

void FunctionTrace::on_function(CallStack::Number function) {
  close_left(now_ps_);
  Frame& top = frames_.back();
  if (top.open && top.function == function) return;  // back in the caller
  close(top, frames_.size() - 1, now_ps_);
  top.open = true;
  top.function = function;
  top.since_ps = now_ps_;
}

void FunctionTrace::on_instruction(const ExecutedInstruction& executed) {
  now_ps_ = executed.cycle * period_ps_;
  if (!executed.retired) cause_ = hart_.last_trap().cause;
  calls_.arrive(executed.pc);
  calls_.depart(executed);
}

void FunctionTrace::on_interrupt(std::uint64_t, const TrapInfo& trap, std::uint32_t) {
  cause_ = trap.cause;
  calls_.interrupt();
}

void FunctionTrace::finish(std::uint64_t end_ps) {
  end_ps = std::max(end_ps, now_ps_);  // a decoupled hart is ahead
  close_left(end_ps);
  while (!frames_.empty()) {
    const Frame frame = frames_.back();
    frames_.pop_back();
    close(frame, frames_.size(), end_ps);
  }
}

}  // namespace epoch
