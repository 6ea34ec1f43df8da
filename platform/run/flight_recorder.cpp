// SPDX-License-Identifier: Apache-2.0
#include "run/flight_recorder.h"

#include <algorithm>

namespace epoch {

void FlightRecorder::command(std::uint64_t time_ps, unsigned device, const CommandView& command) {
  if (command.state == CommandView::State::queued) {
    commands_.push_back(
        {device, command, time_ps, RecordedCommand::kNever, RecordedCommand::kNever});
    const auto over = [](const RecordedCommand& c) { return c.ended_ps != c.kNever; };
    while (commands_.size() > kCommands && over(commands_.front())) commands_.pop_front();
    return;
  }
  // From the back: sequences start again after a reset of the ring.
  const auto found =
      std::find_if(commands_.rbegin(), commands_.rend(), [&](const RecordedCommand& recorded) {
        return recorded.device == device && recorded.command.sequence == command.sequence;
      });
  if (found == commands_.rend()) return;
  found->command.state = command.state;
  // A control command runs in no time and is never "running".
  if (command.state != CommandView::State::dropped && found->started_ps == found->kNever) {
    found->started_ps = time_ps;
  }
  if (command.state != CommandView::State::running) found->ended_ps = time_ps;
}

}  // namespace epoch
