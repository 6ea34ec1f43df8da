// SPDX-License-Identifier: Apache-2.0
#include "report/call_stack.h"

namespace epoch {
namespace {

constexpr AddressRange32 kNowhere{1, 0};

constexpr bool is_link(std::uint8_t number) {
  return number == 1 || number == 5;  // ra, t0
}

}  // namespace

CallStack::CallStack(const ElfFile& elf, Listener& listener)
    : map_(elf), listener_(listener), names_{"[no symbol]", "[interrupt]"} {
  for (const FunctionMap::Function& function : map_.functions()) names_.push_back(function.name);
  stack_.push_back({kNoSymbol, 0, false, 0});
}

void CallStack::enter_function(std::uint32_t pc) {
  const auto number = map_.at(pc);
  here_ = number ? map_.functions()[*number].range : kNowhere;
  stack_.back().function =
      number ? static_cast<Number>(*number) + kFirstFunction : Number{kNoSymbol};
  listener_.on_function(stack_.back().function);
}

void CallStack::push_call(std::uint32_t return_address) {
  here_ = kNowhere;
  if (stack_.size() >= kMostFrames) {
    ++stack_.back().beyond;
    return;
  }
  stack_.push_back({stack_.back().function, return_address, false, 0});
  listener_.on_push(Entry::call);
}

// Traps find room on a stack that is full of calls.
void CallStack::push_trap(Number function, Entry entry) {
  here_ = kNowhere;
  if (stack_.size() >= 2 * kMostFrames) return;
  stack_.push_back({function, 0, true, 0});
  listener_.on_push(entry);
}

void CallStack::pop() {
  stack_.pop_back();
  here_ = kNowhere;
  listener_.on_pop();
}

void CallStack::pop_to(std::size_t size) {
  while (stack_.size() > size) pop();
}

bool CallStack::at_start_of_function(std::uint32_t pc) const {
  const auto number = map_.at(pc);
  return number && map_.functions()[*number].range.first == pc;
}

void CallStack::call(std::uint32_t target, std::uint32_t return_address) {
  if (here_.contains(target) && !at_start_of_function(target)) return;
  push_call(return_address);
}

void CallStack::leave(std::uint32_t target) {
  if (stack_.back().beyond != 0) {
    --stack_.back().beyond;
    here_ = kNowhere;
    return;
  }
  for (std::size_t i = stack_.size() - 1; i > 0; --i) {
    if (!stack_[i].is_trap && stack_[i].return_address == target) return pop_to(i);
  }
  if (here_.contains(target)) return;
  const auto number = map_.at(target);
  if (!number) return;
  for (std::size_t i = stack_.size() - 1; i > 0; --i) {
    if (stack_[i - 1].function == *number + kFirstFunction) return pop_to(i);
  }
}

void CallStack::leave_trap() {
  for (std::size_t i = stack_.size() - 1; i > 0; --i) {
    if (stack_[i].is_trap) return pop_to(i);
  }
}

void CallStack::follow(const ExecutedInstruction& executed) {
  const Instruction& i = executed.decoded;
  if (i.op == Op::mret) return leave_trap();
  if (i.op != Op::jal && i.op != Op::jalr) return;
  const bool links = is_link(i.rd);
  const bool returns = i.op == Op::jalr && is_link(i.rs1) && i.rs1 != i.rd;
  if (returns) leave(executed.next_pc);
  if (links) call(executed.next_pc, executed.pc + 2u * i.length);
}

void CallStack::depart(const ExecutedInstruction& executed) {
  if (executed.retired) {
    follow(executed);
  } else {
    push_trap(stack_.back().function, Entry::exception);
  }
}

void CallStack::interrupt() {
  push_trap(kInterrupt, Entry::interrupt);
}

}  // namespace epoch
