// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "check/command_access.h"

namespace epoch {

// Two commands that touch the same bytes, one of them writing, with nothing that orders them.
struct Race {
  struct Side {
    std::uint32_t sequence = 0;
    std::uint8_t opcode = 0;
    std::uint8_t engine = 0;
    std::uint16_t context = 0;
    bool is_write = false;
  };
  Side first, second;  // by sequence
  unsigned space = 0;
  ByteRange bytes;  // the first range that they share
  std::uint64_t total = 0;
};

// A wait that cannot rely on the signal it was meant for: the other command, of another engine, may
// signal the same semaphore before it.
struct AmbiguousSignal {
  unsigned semaphore = 0;
  Race::Side waits, signals;
};

// Finds races from the contract alone: what happens before what in *every* execution that it
// allows, whatever the timing of this one was. Commands come in ring order; order comes from
//
//   - an engine: its commands start in order and end in order;
//   - a semaphore: a command that has taken k signals comes after the k-th;
//   - control commands: what follows them in the ring comes after them, FENCE after all before it;
//   - the hart: what it submits after it has seen COMPLETED comes after all that had completed.
//
// Each command has two vector clocks, of its start and of its end: how many commands of each engine
// are known to have started and to have ended. Plain C++; needs no order of the events that it is
// told of but the ring's.
class RaceChecker {
 public:
  using Semaphores = std::array<std::uint8_t, EPOCH_SEMAPHORES>;

  std::function<void(const Race&)> on_race;
  std::function<void(const AmbiguousSignal&)> on_ambiguous;

  // The device starts at `head`, with nothing in flight and these values in its semaphores.
  void enabled(std::uint32_t head, const Semaphores& values);
  // The hart knows that every command before this one has completed.
  void observed(std::uint32_t completed);
  // Commands before `tail` are submitted, with what the hart knows now.
  void doorbell(std::uint32_t tail);
  void fetched(const Command& command);

 private:
  static constexpr unsigned kLanes = EPOCH_ENGINES + 1;  // the last: control commands
  struct Clock {
    std::array<std::uint64_t, kLanes> started{};
    std::array<std::uint64_t, kLanes> ended{};
    void join(const Clock& other);
  };
  struct Known {  // a command that has its place in the order
    Race::Side side;
    std::uint64_t index;  // in its lane, from 1
    Clock start, end;
    std::vector<CommandAccess> accesses;
  };
  struct Waiting {
    Command command;
    Clock fetched;  // of engine commands: what has happened when they are queued
    std::uint32_t completed = 0;
  };
  struct Grant {          // a wait, and the lanes whose signals it relies on
    std::uint64_t index;  // of the command in its lane
    Race::Side side;
    std::array<bool, kLanes> relies_on{};
  };
  struct Semaphore {
    std::uint64_t before = 0;  // left by what came before
    std::array<std::vector<Clock>, kLanes> signals;
    std::array<std::vector<Grant>, kLanes> waits;  // ascending
    std::uint64_t signalled() const;
    std::uint64_t taken() const;
    bool signalled_elsewhere(unsigned lane) const;
  };
  struct Batch {
    std::uint32_t tail;
    std::uint32_t completed;
  };

  void advance();
  bool advance_control();
  bool advance_lane(unsigned lane);
  bool tokens_for(const Command& command) const;
  void learn_completed(std::uint32_t completed);
  void place(Waiting&& waiting);
  void take_waits(const Command& command, Known& known);
  void give_signals(const Command& command, const Known& known);
  void tell_ambiguous(unsigned number, const Known& known);
  void check(const Known& newer);
  void compare(const Known& older, const Known& newer) const;
  void forget_ordered();

  Clock fetch_;  // what has happened before anything that is fetched from now on
  std::array<Clock, kLanes> start_, end_;  // of the lane's latest command
  std::array<std::uint64_t, kLanes> count_{};
  std::array<std::deque<Waiting>, EPOCH_ENGINES> queues_;
  std::deque<Waiting> unfetched_;  // behind a control command that waits
  std::array<Semaphore, EPOCH_SEMAPHORES> semaphores_;
  std::array<std::deque<Known>, EPOCH_ENGINES>
      live_;  // by index: what may race with a command to come
  unsigned since_forgotten_ = 0;

  struct Issued {
    std::uint32_t sequence;
    unsigned lane;
    std::uint64_t index;
  };
  std::deque<Issued> issued_;  // in ring order, what the hart has not seen complete
  std::array<std::uint64_t, kLanes> issued_count_{};
  std::deque<Batch> batches_;
  std::uint32_t completed_ = 0;  // as the hart knows it
  std::uint32_t known_completed_ = 0;
};

std::string text_of(const Race& race);
std::string text_of(const AmbiguousSignal& ambiguous);

}  // namespace epoch
