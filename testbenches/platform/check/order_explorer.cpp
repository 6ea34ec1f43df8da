// SPDX-License-Identifier: Apache-2.0
#include "platform/check/order_explorer.h"

#include <array>
#include <set>
#include <tuple>

namespace epoch::test {
namespace {

constexpr std::size_t kEngines = EPOCH_ENGINES;

struct State {
  std::size_t fetched = 0;
  std::array<std::size_t, kEngines> started{}, ended{};
  bool operator<(const State& other) const {
    return std::tie(fetched, started, ended) < std::tie(other.fetched, other.started, other.ended);
  }
};

class Explorer {
 public:
  explicit Explorer(const Program& program) : program_(program) {
    for (std::size_t i = 0; i < program.size(); ++i)
      if (program[i].engine < kEngines) {
        place_.push_back(of_[program[i].engine].size());
        of_[program[i].engine].push_back(i);
      } else {
        place_.push_back(0);
      }
  }

  Explored run() {
    visit(State{});
    for (std::size_t i = 0; i < program_.size(); ++i)
      for (std::size_t j = i + 1; j < program_.size(); ++j)
        if (races(i, j)) result_.races.insert({i, j});
    return result_;
  }

 private:
  bool started(const State& s, std::size_t i) const {
    const unsigned engine = program_[i].engine;
    return engine >= kEngines ? i < s.fetched : s.started[engine] > place_[i];
  }
  bool ended(const State& s, std::size_t i) const {
    const unsigned engine = program_[i].engine;
    return engine >= kEngines ? i < s.fetched : s.ended[engine] > place_[i];
  }
  long tokens(const State& s, unsigned semaphore) const {
    long count = 0;
    for (std::size_t i = 0; i < program_.size(); ++i) {
      for (const unsigned n : program_[i].signals) count += n == semaphore && ended(s, i);
      for (const unsigned n : program_[i].waits) count -= n == semaphore && started(s, i);
    }
    return count;
  }
  bool waits_met(const State& s, std::size_t i) const {
    for (const unsigned n : program_[i].waits)
      if (tokens(s, n) <= 0) return false;
    return true;
  }
  bool idle(const State& s) const {
    for (std::size_t i = 0; i < s.fetched; ++i)
      if (!ended(s, i)) return false;
    return true;
  }

  void visit(const State& first) {
    std::vector<State> todo{first};
    while (!todo.empty()) {
      const State s = todo.back();
      todo.pop_back();
      if (!seen_.insert(s).second) continue;
      note(s);
      bool stuck = true;
      const auto go = [&](const State& next) {
        todo.push_back(next);
        stuck = false;
      };
      if (s.fetched < program_.size()) {
        const ExploredCommand& command = program_[s.fetched];
        State next = s;
        ++next.fetched;
        const bool control = command.engine >= kEngines;
        if (!control || (waits_met(s, s.fetched) && (!command.fence || idle(s)))) go(next);
      }
      for (std::size_t e = 0; e < kEngines; ++e) {
        State next = s;
        if (s.started[e] < of_[e].size() && of_[e][s.started[e]] < s.fetched &&
            waits_met(s, of_[e][s.started[e]])) {
          ++next.started[e];
          go(next);
          next = s;
        }
        if (s.ended[e] < s.started[e]) {
          ++next.ended[e];
          go(next);
        }
      }
      if (stuck) (s.fetched == program_.size() && idle(s) ? result_.ends : result_.may_stop) = true;
    }
  }

  // Which (begun, unfinished) pairs of accesses this state shows.
  void note(const State& s) {
    for (std::size_t i = 0; i < program_.size(); ++i)
      for (std::size_t j = 0; j < program_.size(); ++j) {
        if (i == j) continue;
        for (unsigned a = 0; a < 2; ++a)
          for (unsigned b = 0; b < 2; ++b)
            if (begun(s, i, a) && !finished(s, j, b)) open_.insert({i, a, j, b});
      }
  }
  bool is_dma(std::size_t i) const { return program_[i].engine <= EPOCH_ENGINE_DMA_OUT; }
  bool begun(const State& s, std::size_t i, unsigned is_write) const {
    return is_write && !is_dma(i) ? ended(s, i) : started(s, i);
  }
  bool finished(const State& s, std::size_t i, unsigned is_write) const {
    return is_write || is_dma(i) ? ended(s, i) : started(s, i);
  }

  bool races(std::size_t i, std::size_t j) const {
    for (const ExploredAccess& a : program_[i].accesses)
      for (const ExploredAccess& b : program_[j].accesses) {
        if (a.space != b.space || a.begin >= b.end || b.begin >= a.end) continue;
        if (!a.is_write && !b.is_write) continue;
        const unsigned aw = a.is_write, bw = b.is_write;
        if (open_.count({i, aw, j, bw}) != 0 && open_.count({j, bw, i, aw}) != 0) return true;
      }
    return false;
  }

  const Program& program_;
  std::array<std::vector<std::size_t>, kEngines> of_;
  std::vector<std::size_t> place_;
  std::set<State> seen_;
  std::set<std::tuple<std::size_t, unsigned, std::size_t, unsigned>> open_;
  Explored result_;
};

}  // namespace

Explored explore(const Program& program) {
  return Explorer(program).run();
}

}  // namespace epoch::test
