// SPDX-License-Identifier: Apache-2.0
#include "report/command_trace.h"

#include <algorithm>

#include "common/sim_time.h"
#include "config/key_value.h"

namespace epoch {
namespace {

constexpr const char* kModes[] = {
    "real", "complex", "liquid_real", "liquid_complex", "dplr", "selective", "ssd", "edge", "mac"};
constexpr const char* kTypes[] = {"fp32", "bf16", "bf16d", "int8"};

// Arguments of a command: what it works on, and the bytes that it takes in and gives out.
struct Details {
  TraceArguments& arguments;

  void shape(const ArrayShape& shape) const {
    arguments.add("mode", kModes[static_cast<unsigned>(shape.mode)])
        .add("type", kTypes[static_cast<unsigned>(shape.type)])
        .add("channels", std::uint64_t{shape.channels})
        .add("modes", std::uint64_t{shape.modes})
        .add("sequences", std::uint64_t{shape.sequences});
  }
  void operator()(const std::monostate&) const {}
  void operator()(const DmaWork& work) const {
    arguments.add("address", hex_address(work.bus))
        .add("bytes", std::uint64_t{work.row_bytes} * work.rows * work.planes);
  }
  void operator()(const CoefficientWork& work) const {
    shape(work.shape);
    arguments.add("bytes", work.block.bytes());
  }
  void operator()(const ArrayWork& work) const {
    shape(work.shape);
    arguments.add("steps", std::uint64_t{work.steps})
        .add("bytes", work.source.bytes() + work.stored.bytes() + work.accumulator.bytes() +
                          work.drive.bytes() + work.b.bytes() + work.c.bytes() + work.u.bytes() +
                          work.destination.bytes());
  }
  void operator()(const StateWork& work) const {
    shape(work.shape);
    arguments.add("bytes", work.block.bytes());
  }
  void operator()(const VectorWork& work) const {
    arguments.add("rows", std::uint64_t{work.rows})
        .add("length", std::uint64_t{work.length})
        .add("bytes", work.source.bytes() + work.parameters.bytes() + work.second.bytes() +
                          work.destination.bytes());
  }
};

std::string details_of(const Command& command) {
  TraceArguments arguments;
  std::visit(Details{arguments}, command.work);
  return arguments.take();
}

std::string semaphore_list(const std::array<std::uint8_t, 2>& numbers) {
  std::string list;
  for (const std::uint8_t number : numbers) {
    if (number != no_semaphore) list += (list.empty() ? "" : ",") + std::to_string(number);
  }
  return "[" + list + "]";
}

bool before(std::uint32_t a, std::uint32_t b) {  // of ring counters
  return static_cast<std::int32_t>(a - b) < 0;
}

}  // namespace

CommandTrace::CommandTrace(EventTrace& out, const std::string& device, std::uint64_t period_ps,
                           unsigned number, unsigned devices)
    : out_(out),
      period_ps_(period_ps),
      number_(number),
      devices_(devices),
      doorbells_(out.track(device, "doorbells")),
      fetch_(out.track(device, "fetch")),
      interrupt_(out.track("interrupts", device + ".irq")) {
  for (unsigned i = 0; i < engines_.size(); ++i) engines_[i] = out.track(device, engine_name(i));
}

void CommandTrace::on_enable(std::uint32_t head) {
  in_flight_.clear();
  rung_.clear();
  tail_ = head;
}

void CommandTrace::on_doorbell(std::uint32_t tail) {
  while (!rung_.empty() && before(tail, rung_.back().tail)) rung_.pop_back();  // withdrawn
  if (!before(tail_, tail)) {
    tail_ = tail;
    return;
  }
  const std::uint64_t now = now_ps();
  TraceArguments arguments;
  arguments.add("tail", std::uint64_t{tail}).add("commands", std::uint64_t{tail - tail_});
  out_.slice(doorbells_, now, now + period_ps_, "doorbell", arguments.take());
  rung_.push_back({tail, now});
  tail_ = tail;
}

std::uint64_t CommandTrace::doorbell_of(std::uint32_t sequence) {
  while (!rung_.empty() && !before(sequence, rung_.front().tail)) rung_.pop_front();
  return rung_.empty() ? kNever : rung_.front().time_ps;
}

void CommandTrace::on_fetch(const Command& command) {
  InFlight fetched;
  fetched.command = {
      command.sequence, command.context,           command.opcode, command.engine, command.waits,
      command.signals,  CommandView::State::queued};
  fetched.interrupts =
      command.irq_on_done || command.opcode == EPOCH_OP_IRQ || command.opcode == EPOCH_OP_HALT;
  fetched.details = details_of(command);
  fetched.flow = fetched_++ * devices_ + number_ + 1;
  fetched.doorbell_ps = doorbell_of(command.sequence);
  fetched.fetched_ps = now_ps();
  fetched.started_ps = fetched.ended_ps = kNever;
  in_flight_.push_back(std::move(fetched));
}

void CommandTrace::on_command(std::uint64_t time_ps, const CommandView& command) {
  if (command.state == CommandView::State::queued || in_flight_.empty()) return;
  const std::uint32_t place = command.sequence - in_flight_.front().command.sequence;
  if (place >= in_flight_.size()) return;
  InFlight& known = in_flight_[place];
  known.command.state = command.state;
  if (command.state == CommandView::State::running) {
    known.started_ps = time_ps;
    return;
  }
  // A control command runs in the cycle in which it has its way, and is never "running".
  if (known.command.engine == EPOCH_ENGINE_CONTROL) known.started_ps = known.fetched_ps;
  known.ended_ps = time_ps;
  complete(time_ps);
}

// COMPLETED moves in order, and interrupts with it.
void CommandTrace::complete(std::uint64_t time_ps) {
  while (!in_flight_.empty() && in_flight_.front().ended_ps != kNever) {
    const InFlight done = std::move(in_flight_.front());
    in_flight_.pop_front();
    const bool retired = done.command.state == CommandView::State::retired;
    tell(done, retired ? "retired" : "dropped", done.ended_ps);
    EventTrace::Flow flow;
    flow.number = done.flow;
    if (done.doorbell_ps != kNever) flow.to(doorbells_, done.doorbell_ps);
    flow.to(fetch_, done.fetched_ps);
    if (done.started_ps != kNever) flow.to(engines_[done.command.engine], done.started_ps);
    if (done.interrupts && retired) flow.to(interrupt_, time_ps);
    out_.flow(flow);
  }
}

void CommandTrace::tell(const InFlight& command, const char* state, std::uint64_t end_ps) {
  const CommandView& view = command.command;
  const std::string name = opcode_name(view.opcode);
  TraceArguments arguments;
  arguments.add("sequence", std::uint64_t{view.sequence});
  out_.slice(fetch_, command.fetched_ps, command.fetched_ps + period_ps_, name, arguments.take(),
             command.flow);
  if (command.started_ps == kNever) return;
  arguments.add("sequence", std::uint64_t{view.sequence})
      .add("context", std::uint64_t{view.context})
      .add_json("waits", semaphore_list(view.waits))
      .add_json("signals", semaphore_list(view.signals))
      .add("state", state)
      .add_time("queued_us", command.started_ps - command.fetched_ps);
  std::string text = arguments.take();
  if (!command.details.empty()) text += "," + command.details;
  const std::uint64_t least =
      command.started_ps + (view.engine == EPOCH_ENGINE_CONTROL ? period_ps_ : 0);
  out_.slice(engines_[view.engine], command.started_ps, std::max(end_ps, least), name,
             std::move(text), command.flow);
}

void CommandTrace::finish(std::uint64_t end_ps) {
  for (const InFlight& command : in_flight_) {
    const bool ended = command.ended_ps != kNever;
    const bool retired = command.command.state == CommandView::State::retired;
    tell(command, ended ? (retired ? "retired" : "dropped") : "running",
         ended ? command.ended_ps : end_ps);
  }
  in_flight_.clear();
}

}  // namespace epoch
