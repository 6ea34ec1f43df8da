// SPDX-License-Identifier: Apache-2.0
// Phases of the device's clocks over random programs and stops: against a look at every cycle, by
// what the device tells its observers.
#include <catch2/catch.hpp>
#include <random>

#include "clock_phases.h"

using namespace epoch;
using namespace epoch::clock_phases;

namespace {

// The device as on_command and the doorbells show it; its clocks, cycle by cycle.
class EveryCycle {
 public:
  explicit EveryCycle(DeviceBench& bench) : period_(bench.core.period_ps()) {
    bench.core.on_command([this](std::uint64_t time_ps, const CommandView& command) {
      advance(time_ps / period_);
      if (command.state == CommandView::State::queued) {
        --unfetched_;
        commands_.push_back(command);
        return;
      }
      for (std::size_t i = 0; i < commands_.size(); ++i) {
        if (commands_[i].sequence != command.sequence) continue;
        commands_[i].state = command.state;
        if (command.state == CommandView::State::retired)
          commands_.erase(commands_.begin() + static_cast<long>(i));
        break;
      }
    });
  }

  void doorbell(std::size_t commands) {
    advance(sc_core::sc_time_stamp().value() / period_);
    unfetched_ += commands;
  }

  // The cycles below `cycle`.
  const Clocks& clocks(std::uint64_t cycle) {
    advance(cycle);
    return clocks_;
  }

 private:
  // The clock of each command that random programs have.
  static Clock clock_of(const CommandView& command) {
    if (command.engine == EPOCH_ENGINE_DMA_IN) return dma_in;
    if (command.engine == EPOCH_ENGINE_DMA_OUT) return dma_out;
    if (command.engine == EPOCH_ENGINE_VECTOR_UNIT) return vector_unit;
    const bool preloads = command.opcode == EPOCH_OP_COEFF || command.opcode == EPOCH_OP_STATE;
    return preloads ? preload : compute;
  }

  void advance(std::uint64_t cycle) {
    for (; next_ < cycle; ++next_)
      for (unsigned c = 0; c < clocks_.size(); ++c) ++clocks_[c][phase(c)];
  }

  unsigned phase(unsigned clock) const {
    bool waits = false;
    std::array<bool, EPOCH_ENGINES> head_seen{};
    for (const CommandView& command : commands_) {  // in ring order
      if (command.engine == EPOCH_ENGINE_CONTROL) continue;
      const bool own = clock_of(command) == static_cast<Clock>(clock);
      if (command.state == CommandView::State::running && own) return 0;
      if (command.state != CommandView::State::queued || head_seen[command.engine]) continue;
      head_seen[command.engine] = true;
      waits |= own;
    }
    if (waits) return 1;
    return unfetched_ != 0 || !commands_.empty() ? 2 : 3;
  }

  const std::uint64_t period_;
  std::vector<CommandView> commands_;  // fetched, not retired
  std::size_t unfetched_ = 0;
  std::uint64_t next_ = 0;
  Clocks clocks_{};
};

// Programs of every engine, tied by semaphores, with doorbells anywhere between two edges.
void random_programs(const EpochCoreConfig& config, unsigned seed) {
  CAPTURE(seed, config.clock_mhz);
  DeviceBench bench(config);
  bench.ring_entries = 4096;  // all that the test submits
  std::mt19937 random(seed);
  const auto below = [&random](unsigned n) { return static_cast<unsigned>(random() % n); };
  bench.memory.before_access = [&](tlm::tlm_generic_payload&) {
    bench.memory.latency = sc_core::sc_time::from_value(1000 + 100 * below(9000));
  };
  EveryCycle each(bench);
  const auto submit = [&](const std::vector<Descriptor>& commands) {
    for (const Descriptor& command : commands) bench.put(command);
    each.doorbell(commands.size());
    bench.doorbell();
  };
  const auto compare = [&] {
    const Clocks found = counted(bench);
    const Clocks& expected = each.clocks(elapsed(bench));
    for (unsigned c = 0; c < found.size(); ++c) {
      CAPTURE(clock_names[c], sc_core::sc_time_stamp());
      CHECK(found[c] == expected[c]);
    }
    check_sums(bench);
  };
  const auto state = [](bool save) {
    return state_command(EPOCH_MODE_REAL, 16, 8, activations + 0x30000, save);
  };
  const Descriptor store = dma_command(EPOCH_OP_STORE, 0, activations + 0x40000, 1024);
  bench.run([&] {
    bench.enable();
    for (unsigned round = 0; round < 120; ++round) {
      std::vector<Descriptor> program = {
          with_semaphores(load(4 + 4 * below(800)), round == 0 ? 0 : use(4), 0, use(0)), coeff(),
          with_semaphores(ssm(1 + below(120)), use(0), round == 0 ? 0 : use(1), use(2))};
      if (below(3) == 0) program.push_back(ssm(1 + below(40)));
      if (below(3) == 0) program.push_back(state(below(2) == 0));
      if (below(4) == 0) program.push_back(nop());
      program.push_back(with_semaphores(store, use(2), 0, use(1), use(3)));
      program.push_back(with_semaphores(pool(1 + below(60)), use(3), 0, use(4)));
      if (below(4) == 0) program.push_back(pool(1 + below(9)));
      if (below(6) == 0) program.push_back(control_command(EPOCH_OP_FENCE));
      submit(program);
      if (below(3) == 0) {
        CHECK(bench.wait_done());
        bench.cycles(below(60));
      }
      sc_core::wait(sc_core::sc_time::from_value(1000 * below(900) + below(1000)));
      if (below(4) == 0) compare();
    }
    CHECK(bench.wait_done());
    CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_NONE);
    compare();
  });
  for (const Cells& cells : counted(bench))
    for (const std::uint64_t count : cells) CHECK(count > 100);
}

// Active and clock_idle of an engine with one clock, as its traces have them, up to now.
std::array<std::uint64_t, 2> traced(const DeviceBench& bench, const std::string& engine) {
  const std::string scope = bench.core.name() + std::string(".") + engine;
  const auto commands = bench.traces.changes(scope + ".command");
  const auto queued = bench.traces.changes(scope + ".queued");
  std::array<std::uint64_t, 2> cells{};
  std::size_t c = 0, q = 0;
  std::uint64_t command = 0, waiting = 0;
  for (std::uint64_t cycle = 0; cycle < elapsed(bench); ++cycle) {
    const std::uint64_t end = (cycle + 1) * bench.core.period_ps();
    while (c < commands.size() && commands[c].time_ps < end) command = commands[c++].value;
    while (q < queued.size() && queued[q].time_ps < end) waiting = queued[q++].value;
    if (command != 0)
      ++cells[0];
    else if (waiting != 0)
      ++cells[1];
  }
  return cells;
}

}  // namespace

TEST_CASE("random programs, against a look at every cycle") {
  random_programs(EpochCoreConfig{}, 1);
}

TEST_CASE("random programs on a clock that nothing else shares, with short FIFOs") {
  EpochCoreConfig config;
  config.clock_mhz = 777;
  config.fifo_depth = 2;
  random_programs(config, 2);
}

TEST_CASE("random programs on a slow clock, with shadow states") {
  EpochCoreConfig config;
  config.clock_mhz = 333.333;
  config.state_shadow = true;
  random_programs(config, 3);
}

TEST_CASE("phases add up through aborts and resets anywhere") {
  EpochCoreConfig config;
  config.clock_mhz = 777;
  DeviceBench bench(config);
  bench.record_traces();
  const unsigned seed = 4;
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto below = [&random](unsigned n) { return static_cast<unsigned>(random() % n); };
  bench.memory.before_access = [&](tlm::tlm_generic_payload&) {
    bench.memory.latency = sc_core::sc_time::from_value(1000 + 100 * below(9000));
  };
  const Descriptor store = dma_command(EPOCH_OP_STORE, 0, activations + 0x40000, 1024);
  bench.run([&] {
    for (unsigned round = 0; round < 300; ++round) {
      bench.ring_start = bench.read(EPOCH_REG_COMPLETED);
      bench.enable();
      bench.submit({with_semaphores(load(4 + 4 * below(800)), 0, 0, use(0)), coeff(),
                    with_semaphores(ssm(1 + below(120)), use(0), 0, use(2)), ssm(50),
                    with_semaphores(store, use(2), 0, use(3)), pool(1 + below(60)),
                    with_semaphores(pool(1 + below(60)), use(3))});
      sc_core::wait(sc_core::sc_time::from_value(1000 * below(2000) + below(1000)));
      bench.write(EPOCH_REG_CTRL, below(2) == 0 ? EPOCH_CTRL_ABORT_MASK : EPOCH_CTRL_RESET_MASK);
      if (below(2) == 0) bench.cycles(below(200));
      check_sums(bench);
      bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_RESET_MASK);
      for (int i = 0; i < 1000 && bench.read(EPOCH_REG_CTRL) != 0; ++i) bench.cycles(10);
      const Clocks quiet = counted(bench);
      const std::uint64_t from = elapsed(bench);
      sc_core::wait(sc_core::sc_time::from_value(below(100000)));
      const Clocks later = counted(bench);
      for (unsigned c = 0; c < later.size(); ++c)
        CHECK(later[c] ==
              Cells{quiet[c][0], quiet[c][1], quiet[c][2], quiet[c][3] + elapsed(bench) - from});
    }
  });
  const Clocks found = counted(bench);
  for (const Clock clock : {dma_in, dma_out, vector_unit}) {
    CAPTURE(clock_names[clock]);
    const auto expected = traced(bench, clock_names[clock]);
    CHECK(found[clock][0] == expected[0]);
    CHECK(found[clock][1] == expected[1]);
    CHECK(expected[0] > 1000);
  }
}
