// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "epochcore/command_processor.h"
#include "report/event_trace.h"

namespace epoch {

// One EpochCore's doorbells, fetches and commands as slices, and an arrow through each command's:
// doorbell, fetch, execution and, if it asks for one, interrupt.
class CommandTrace : public RingObserver {
 public:
  // `number` of `devices` keeps the arrows' numbers apart.
  CommandTrace(EventTrace& out, const std::string& device, std::uint64_t period_ps, unsigned number,
               unsigned devices);

  void on_enable(std::uint32_t head) override;
  void on_doorbell(std::uint32_t tail) override;
  void on_fetch(const Command& command) override;
  void on_command(std::uint64_t time_ps, const CommandView& command);
  // What still runs lasts until the end.
  void finish(std::uint64_t end_ps);

 private:
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};
  struct Doorbell {
    std::uint32_t tail;
    std::uint64_t time_ps;
  };
  struct InFlight {  // in ring order
    CommandView command;
    bool interrupts;
    std::string details;  // arguments: mode, type, bytes
    std::uint64_t flow;
    std::uint64_t doorbell_ps, fetched_ps;
    std::uint64_t started_ps, ended_ps;
  };

  // When the doorbell of a command rang; commands are fetched in order.
  std::uint64_t doorbell_of(std::uint32_t sequence);
  void tell(const InFlight& command, const char* state, std::uint64_t end_ps);
  void complete(std::uint64_t time_ps);

  EventTrace& out_;
  const std::uint64_t period_ps_;
  const unsigned number_, devices_;
  std::array<EventTrace::Track, EPOCH_ENGINE_CONTROL + 1> engines_{};
  EventTrace::Track doorbells_, fetch_, interrupt_;
  std::deque<Doorbell> rung_;
  std::uint32_t tail_ = 0;
  std::deque<InFlight> in_flight_;
  std::uint64_t fetched_ = 0;
};

}  // namespace epoch
