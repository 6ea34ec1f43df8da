// SPDX-License-Identifier: Apache-2.0
#include "check/race_checker.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace epoch {
namespace {

constexpr unsigned kControl = EPOCH_ENGINES;
constexpr unsigned kForgetEvery = 64;
constexpr std::size_t kMostLive = 1u << 16;  // without any order between them

bool before(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::int32_t>(a - b) < 0;
}

Race::Side side_of(const Command& command) {
  return {command.sequence, command.opcode, command.engine, command.context, false};
}

}  // namespace

void RaceChecker::Clock::join(const Clock& other) {
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    started[lane] = std::max(started[lane], other.started[lane]);
    ended[lane] = std::max(ended[lane], other.ended[lane]);
  }
}

std::uint64_t RaceChecker::Semaphore::signalled() const {
  std::uint64_t count = before;
  for (const std::vector<Clock>& lane : signals) count += lane.size();
  return count;
}

std::uint64_t RaceChecker::Semaphore::taken() const {
  std::uint64_t count = 0;
  for (const std::vector<Grant>& lane : waits) count += lane.size();
  return count;
}

bool RaceChecker::Semaphore::signalled_elsewhere(unsigned lane) const {
  for (unsigned other = 0; other < kLanes; ++other)
    if (other != lane && !signals[other].empty()) return true;
  return false;
}

// ---- What is told -----------------------------------------------------------------------------

void RaceChecker::enabled(std::uint32_t head, const Semaphores& values) {
  fetch_ = Clock{};
  start_ = end_ = {};
  count_ = issued_count_ = {};
  for (auto& queue : queues_) queue.clear();
  unfetched_.clear();
  for (unsigned s = 0; s < EPOCH_SEMAPHORES; ++s) {
    semaphores_[s] = Semaphore{};
    semaphores_[s].before = values[s];
  }
  for (auto& lane : live_) lane.clear();
  issued_.clear();
  batches_.clear();
  completed_ = known_completed_ = head;
}

void RaceChecker::observed(std::uint32_t completed) {
  if (before(completed_, completed)) completed_ = completed;
}

// A doorbell may take back what has not been fetched.
void RaceChecker::doorbell(std::uint32_t tail) {
  while (!batches_.empty() && !before(batches_.back().tail, tail)) batches_.pop_back();
  batches_.push_back({tail, completed_});
}

void RaceChecker::fetched(const Command& command) {
  while (!batches_.empty() && !before(command.sequence, batches_.front().tail))
    batches_.pop_front();
  const std::uint32_t completed = batches_.empty() ? completed_ : batches_.front().completed;
  const unsigned lane = command.engine;
  issued_.push_back({command.sequence, lane, ++issued_count_[lane]});
  unfetched_.push_back({command, {}, completed});
  advance();
}

// ---- Order ------------------------------------------------------------------------------------

// Gives a place to every command whose signals are known by now. A later command of the ring may be
// what an earlier one waits for.
void RaceChecker::advance() {
  for (bool moved = true; moved;) {
    moved = advance_control();
    for (unsigned lane = 0; lane < EPOCH_ENGINES; ++lane) moved = advance_lane(lane) || moved;
  }
  if (++since_forgotten_ >= kForgetEvery) forget_ordered();
}

// Fetches in ring order, up to a control command that waits.
bool RaceChecker::advance_control() {
  bool moved = false;
  while (!unfetched_.empty()) {
    Waiting& next = unfetched_.front();
    learn_completed(next.completed);
    const Command& command = next.command;
    if (command.engine != kControl) {
      next.fetched = fetch_;
      queues_[command.engine].push_back(std::move(next));
      unfetched_.pop_front();
      moved = true;
      continue;
    }
    const bool idle = std::all_of(queues_.begin(), queues_.end(),
                                  [](const auto& queue) { return queue.empty(); });
    if (!tokens_for(command) || (command.opcode == EPOCH_OP_FENCE && !idle)) return moved;
    if (command.opcode == EPOCH_OP_FENCE)
      for (const Clock& end : end_) fetch_.join(end);
    Waiting control = std::move(next);
    unfetched_.pop_front();
    control.fetched = fetch_;
    place(std::move(control));
    fetch_.join(end_[kControl]);
    moved = true;
  }
  return moved;
}

bool RaceChecker::advance_lane(unsigned lane) {
  bool moved = false;
  while (!queues_[lane].empty() && tokens_for(queues_[lane].front().command)) {
    Waiting next = std::move(queues_[lane].front());
    queues_[lane].pop_front();
    place(std::move(next));
    moved = true;
  }
  return moved;
}

bool RaceChecker::tokens_for(const Command& command) const {
  return std::all_of(command.waits.begin(), command.waits.end(), [this](std::uint8_t number) {
    if (number == no_semaphore) return true;
    const Semaphore& semaphore = semaphores_[number];
    return semaphore.signalled() > semaphore.taken();
  });
}

// What the hart had seen complete when it submitted what is fetched next.
void RaceChecker::learn_completed(std::uint32_t completed) {
  if (!before(known_completed_, completed)) return;
  known_completed_ = completed;
  while (!issued_.empty() && before(issued_.front().sequence, completed)) {
    const Issued& done = issued_.front();
    fetch_.started[done.lane] = std::max(fetch_.started[done.lane], done.index);
    fetch_.ended[done.lane] = std::max(fetch_.ended[done.lane], done.index);
    issued_.pop_front();
  }
}

void RaceChecker::place(Waiting&& waiting) {
  const Command& command = waiting.command;
  const unsigned lane = command.engine;
  Known known;
  known.side = side_of(command);
  known.index = ++count_[lane];
  known.start = waiting.fetched;
  known.start.join(start_[lane]);
  take_waits(command, known);
  known.start.started[lane] = known.index;
  known.end = known.start;
  known.end.join(end_[lane]);
  known.end.ended[lane] = known.index;
  start_[lane] = known.start;
  end_[lane] = known.end;
  give_signals(command, known);
  known.accesses = accesses_of(command);
  if (known.accesses.empty()) return;
  check(known);
  live_[lane].push_back(std::move(known));
}

// The command has taken one signal more than were surely taken before it. Which ones those are is
// certain where one engine alone signals: its k-th. Of several engines, so many of one are certain
// as all of the others together cannot have given.
void RaceChecker::take_waits(const Command& command, Known& known) {
  for (const std::uint8_t number : command.waits) {
    if (number == no_semaphore) continue;
    Semaphore& semaphore = semaphores_[number];
    std::uint64_t taken = 1;
    for (unsigned lane = 0; lane < kLanes; ++lane) {  // those that are known to have started
      const std::vector<Grant>& waits = semaphore.waits[lane];
      const auto after = std::upper_bound(
          waits.begin(), waits.end(), known.start.started[lane],
          [](std::uint64_t started, const Grant& wait) { return started < wait.index; });
      taken += static_cast<std::uint64_t>(after - waits.begin());
    }
    Grant grant{known.index, known.side, {}};
    const std::uint64_t all = semaphore.signalled();
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      const std::vector<Clock>& signals = semaphore.signals[lane];
      const std::uint64_t others = all - signals.size();
      if (taken <= others) continue;
      known.start.join(signals[taken - others - 1]);
      grant.relies_on[lane] = true;
    }
    semaphore.waits[command.engine].push_back(grant);
  }
}

void RaceChecker::give_signals(const Command& command, const Known& known) {
  const unsigned lane = command.engine;
  for (const std::uint8_t number : command.signals) {
    if (number == no_semaphore) continue;
    Semaphore& semaphore = semaphores_[number];
    if (semaphore.signalled_elsewhere(lane)) tell_ambiguous(number, known);
    semaphore.signals[lane].push_back(known.end);
  }
}

// Waits that rely on another engine's signal, and that nothing puts before this one.
void RaceChecker::tell_ambiguous(unsigned number, const Known& known) {
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    std::vector<Grant>& waits = semaphores_[number].waits[lane];
    for (auto wait = waits.rbegin(); wait != waits.rend() && known.end.started[lane] < wait->index;
         ++wait) {
      bool relies_on_another = false;
      for (unsigned other = 0; other < kLanes; ++other)
        relies_on_another =
            relies_on_another || (other != known.side.engine && wait->relies_on[other]);
      if (!relies_on_another) continue;
      wait->relies_on = {};  // told once
      if (on_ambiguous) on_ambiguous({number, wait->side, known.side});
    }
  }
}

// ---- Bytes ------------------------------------------------------------------------------------

void RaceChecker::check(const Known& newer) {
  for (unsigned lane = 0; lane < EPOCH_ENGINES; ++lane) {
    const std::deque<Known>& list = live_[lane];
    auto first = list.end();  // all of what stands before it comes before the command
    while (first != list.begin() && std::prev(first)->index > newer.start.ended[lane]) --first;
    for (; first != list.end(); ++first) compare(*first, newer);
  }
}

void RaceChecker::compare(const Known& older, const Known& newer) const {
  const unsigned lane = older.side.engine;
  for (const CommandAccess& a : older.accesses) {
    for (const CommandAccess& b : newer.accesses) {
      if (a.space != b.space || !(a.is_write || b.is_write)) continue;
      const Clock& begins = b.moment == Moment::end ? newer.end : newer.start;
      const auto& finished = a.moment == Moment::start ? begins.started : begins.ended;
      if (finished[lane] >= older.index) continue;
      const Shared shared = shared_bytes(a.ranges, b.ranges);
      if (shared.bytes == 0) continue;
      Race race{older.side, newer.side, a.space, shared.first, shared.bytes};
      race.first.is_write = a.is_write;
      race.second.is_write = b.is_write;
      if (before(race.second.sequence, race.first.sequence)) std::swap(race.first, race.second);
      if (on_race) on_race(race);
      return;
    }
  }
}

// Drops commands that everything to come is known to follow.
void RaceChecker::forget_ordered() {
  since_forgotten_ = 0;
  if (!unfetched_.empty()) return;
  for (const auto& queue : queues_)
    if (!queue.empty()) return;
  Clock least;
  least.ended.fill(~std::uint64_t{0});
  for (unsigned lane = 0; lane < EPOCH_ENGINES; ++lane) {
    Clock next = fetch_;
    next.join(start_[lane]);
    for (unsigned other = 0; other < kLanes; ++other)
      least.ended[other] = std::min(least.ended[other], next.ended[other]);
  }
  bool none = true;
  for (unsigned lane = 0; lane < EPOCH_ENGINES; ++lane) {
    std::deque<Known>& list = live_[lane];
    while (!list.empty() && (list.front().index <= least.ended[lane] || list.size() > kMostLive))
      list.pop_front();
    none = none && list.empty();
  }
  if (!none) return;
  for (Semaphore& semaphore : semaphores_) {  // all of it lies behind everything to come
    bool open = false;
    for (const std::vector<Clock>& lane : semaphore.signals)
      for (const Clock& clock : lane)
        for (unsigned other = 0; other < kLanes; ++other)
          open = open || clock.ended[other] > least.ended[other];
    if (open || semaphore.taken() == 0) continue;
    const std::uint64_t left = semaphore.signalled() - semaphore.taken();
    semaphore = Semaphore{};
    semaphore.before = left;
  }
}

// ---- Words ------------------------------------------------------------------------------------

namespace {

std::string side_text(const Race::Side& side) {
  return command_text(side.sequence, side.opcode, side.context);
}

}  // namespace

std::string text_of(const Race& race) {
  const char* const first = engine_name(race.first.engine);
  const char* const second = engine_name(race.second.engine);
  std::string text = side_text(race.first) + " on " + first +
                     (race.first.is_write ? " writes " : " reads ") +
                     range_text(race.space, race.bytes) + ", " + side_text(race.second) + " on " +
                     second + (race.second.is_write ? " writes it" : " reads it");
  const std::uint64_t shown = race.bytes.end - race.bytes.begin;
  if (race.total != shown) text += " (" + std::to_string(race.total) + " bytes in all)";
  return text + ", and nothing orders them; fix: " + std::to_string(race.second.sequence) +
         " waits for a semaphore that " + std::to_string(race.first.sequence) +
         " signals, or a FENCE between them";
}

std::string text_of(const AmbiguousSignal& ambiguous) {
  return side_text(ambiguous.waits) + " on " + engine_name(ambiguous.waits.engine) +
         " waits for semaphore " + std::to_string(ambiguous.semaphore) + ", and " +
         side_text(ambiguous.signals) + " on " + engine_name(ambiguous.signals.engine) +
         " may signal it before the command that was meant; fix: a semaphore of its own";
}

}  // namespace epoch
