// SPDX-License-Identifier: Apache-2.0
#include "report/blockage.h"

#include <algorithm>

namespace epoch {
namespace {

using State = CommandView::State;

constexpr unsigned kEngines = EPOCH_ENGINE_CONTROL + 1;

std::string command_text(const CommandView& command) {
  return "command " + std::to_string(command.sequence) + " (" + opcode_name(command.opcode) + ")";
}

bool signals(const CommandView& command, unsigned semaphore) {
  return command.signals[0] == semaphore || command.signals[1] == semaphore;
}

class Explanation {
 public:
  explicit Explanation(const DeviceState& device) : device_(device) {}

  BlockageReport make() {
    for (unsigned engine = 0; engine < kEngines; ++engine) add_engine(engine);
    if (!device_.unfetched.empty()) add_ring();
    report_.kind = kind();
    report_.verdict = verdict(report_.kind);
    return report_;
  }

 private:
  const CommandView* head(unsigned engine) const {
    for (const CommandView& command : device_.pending) {
      if (command.engine == engine && command.state == State::queued) return &command;
    }
    return nullptr;
  }

  void add_engine(unsigned engine) {
    const std::string who = std::string(engine_name(engine)) + ": ";
    for (const CommandView& command : device_.pending) {
      if (command.engine != engine || command.state != State::running) continue;
      report_.lines.push_back(who + command_text(command) + " is running");
      working_ = true;
    }
    const CommandView* waiting = head(engine);
    if (waiting == nullptr) return;
    bool unmet = false;
    for (const std::uint8_t semaphore : waiting->waits) {
      if (semaphore == no_semaphore || device_.semaphores[semaphore] != 0) continue;
      unmet = true;
      report_.lines.push_back(who + command_text(*waiting) + " waits for semaphore " +
                              std::to_string(semaphore) + "; " + signaller(*waiting, semaphore));
    }
    blocked_ = blocked_ || unmet;
    if (unmet) return;
    const bool fence = waiting->opcode == EPOCH_OP_FENCE;
    report_.lines.push_back(who + command_text(*waiting) +
                            (fence ? " waits for idle engines" : " is about to start"));
    working_ = working_ || !fence;
    blocked_ = blocked_ || fence;
  }

  // Who would signal the semaphore that `waiting` needs, and why it has not yet.
  std::string signaller(const CommandView& waiting, unsigned semaphore) {
    for (const CommandView& command : device_.pending) {
      if (command.state == State::retired || !signals(command, semaphore)) continue;
      if (command.sequence == waiting.sequence) return "only this command itself would signal it";
      const std::string text = command_text(command) + " on " + engine_name(command.engine);
      if (command.state == State::running) return text + " signals it when it retires";
      const CommandView* before = head(command.engine);
      if (before->sequence == command.sequence) return text + " would signal it, and waits itself";
      return text + " would signal it, and is queued behind " + command_text(*before);
    }
    for (const CommandView& command : device_.unfetched) {
      if (!signals(command, semaphore)) continue;
      return command_text(command) + " would signal it, and is still in the ring";
    }
    missing_ += (missing_.empty() ? "semaphore " : ", ") + std::to_string(semaphore);
    return "no command in flight or in the ring signals it";
  }

  void add_ring() {
    const std::string from = std::to_string(device_.unfetched.front().sequence);
    const std::string to = std::to_string(device_.unfetched.back().sequence);
    report_.lines.push_back(
        "ring: " +
        (from == to ? "command " + from + " is" : "commands " + from + " to " + to + " are") +
        " not fetched: " + fetch_text());
  }

  std::string fetch_text() {
    if (!device_.enabled) return "CTRL.enable is 0";
    if (const CommandView* control = head(EPOCH_ENGINE_CONTROL)) {
      return command_text(*control) + " holds the fetch";
    }
    const unsigned engine = device_.unfetched.front().engine;
    const auto queued = static_cast<unsigned>(
        std::count_if(device_.pending.begin(), device_.pending.end(), [&](const auto& command) {
          return command.engine == engine && command.state == State::queued;
        }));
    if (engine < EPOCH_ENGINE_CONTROL && queued >= device_.fifo_depth) {
      return std::string("the FIFO of ") + engine_name(engine) + " is full (" +
             std::to_string(queued) + " commands)";
    }
    working_ = true;
    return "the fetch is under way";
  }

  Blockage kind() const {
    if (working_) return Blockage::working;
    if (!blocked_) return device_.unfetched.empty() ? Blockage::idle : Blockage::firmware;
    // A control command holds the fetch, a full FIFO too: no new command gets past them.
    const bool fetch_held =
        head(EPOCH_ENGINE_CONTROL) != nullptr || (!device_.unfetched.empty() && device_.enabled);
    return missing_.empty() || fetch_held ? Blockage::deadlock : Blockage::firmware;
  }

  std::string verdict(Blockage kind) const {
    switch (kind) {
      case Blockage::idle:
        return "has nothing to do";
      case Blockage::working:
        return "is working";
      case Blockage::firmware:
        return device_.unfetched.empty()
                   ? "is waiting for firmware: the ring is empty, and nothing in flight "
                     "signals " +
                         missing_
                   : "is waiting for firmware: it is not enabled, the ring holds "
                     "commands";
      case Blockage::deadlock:
        return missing_.empty() ? "is in a deadlock: its commands wait for each other"
                                : "is in a deadlock: nothing signals " + missing_ +
                                      ", and no further command can be fetched";
    }
    return "";
  }

  const DeviceState& device_;
  BlockageReport report_;
  bool working_ = false;  // something runs, or can
  bool blocked_ = false;  // a FIFO head cannot start
  std::string missing_;   // semaphores waited for that no command signals
};

std::uint8_t semaphore_of(std::uint32_t word, unsigned shift) {
  const std::uint32_t field = (word >> shift) & 0xFFu;
  return field == 0 ? no_semaphore : static_cast<std::uint8_t>(field % EPOCH_SEMAPHORES);
}

std::uint8_t engine_of(unsigned opcode) {
  switch (opcode) {
#define EPOCH_X_ENGINE(name, value, engine, description) \
  case value:                                            \
    return EPOCH_ENGINE_##engine;
    EPOCH_OPCODES(EPOCH_X_ENGINE)
#undef EPOCH_X_ENGINE
    default:
      return EPOCH_ENGINE_CONTROL;
  }
}

}  // namespace

BlockageReport explain_blockage(const DeviceState& device) {
  return Explanation(device).make();
}

CommandView view_of(const Descriptor& words, std::uint32_t sequence) {
  CommandView command;
  command.sequence = sequence;
  command.context = static_cast<std::uint16_t>(EPOCH_CONTROL_CONTEXT(words[0]));
  command.opcode = static_cast<std::uint8_t>(EPOCH_CONTROL_OPCODE(words[0]));
  command.engine = engine_of(command.opcode);
  command.waits = {semaphore_of(words[1], 0), semaphore_of(words[1], 8)};
  command.signals = {semaphore_of(words[1], 16), semaphore_of(words[1], 24)};
  return command;
}

}  // namespace epoch
