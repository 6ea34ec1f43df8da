// SPDX-License-Identifier: Apache-2.0
// What abort, reset, power-on, W1C of error and HALT leave, cell by cell: the table below is the
// one of models/epochcore/README.md, and a test compares the two.
#include <catch2/catch.hpp>
#include <fstream>
#include <memory>

#include "layer.h"

using namespace epoch;

namespace {

constexpr std::uint32_t activations = EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, 0);
constexpr std::uint32_t coefficients = EPOCH_LOCAL(EPOCH_BUFFER_COEFFICIENTS, 0);
constexpr std::uint32_t accumulators = EPOCH_LOCAL(EPOCH_BUFFER_ACCUMULATORS, 0);

enum Event : unsigned { abort_event, reset_event, power_on, clear_error, halt_event, events };
constexpr const char* event_names[events] = {"CTRL.abort", "CTRL.reset", "power-on", "W1C of error",
                                             "HALT"};

// A cell's text is also its test: "kept" is the value before the event, a number is the value, "+n"
// is so much more than before; the others are explained in expect().
struct Row {
  const char* name;
  std::array<const char*, events> cells;
};

const Row table[] = {
    {"running commands", {"retire", "cancelled", "none", "go on", "retire"}},
    {"queued commands", {"dropped", "dropped", "none", "go on", "retire"}},
    {"CTRL", {"0", "0", "0", "kept", "0"}},
    {"STATUS.halted", {"1", "0", "0", "kept", "1"}},
    {"RING_BASE, RING_SIZE, RING_START", {"kept", "kept", "0", "kept", "kept"}},
    {"WATCHDOG, IRQ_ENABLE", {"kept", "kept", "0", "kept", "kept"}},
    {"RING_HEAD", {"kept", "COMPLETED", "0", "kept", "past HALT"}},
    {"RING_TAIL", {"kept", "COMPLETED", "0", "kept", "kept"}},
    {"COMPLETED", {"past the last retired", "kept", "0", "kept", "past HALT"}},
    {"IRQ_STATUS", {"kept", "kept", "0", "error cleared", "done set"}},
    {"ERROR_*", {"kept", "kept", "0", "0", "kept"}},
    {"semaphores", {"kept", "0", "0", "kept", "kept"}},
    {"counters", {"run on", "run on", "0", "run on", "run on"}},
    {"buffers", {"kept", "kept", "0", "kept", "kept"}},
    {"PE state registers", {"kept", "0", "0", "kept", "kept"}},
    {"coefficients", {"invalid", "invalid", "invalid", "kept", "kept"}},
    {"STREAMS without its SSM", {"forgotten", "forgotten", "none", "kept", "refuses HALT"}},
};

using Values = std::vector<std::uint32_t>;

Values registers(DeviceBench& bench, std::uint32_t first, unsigned count) {
  Values values;
  for (unsigned i = 0; i < count; ++i) values.push_back(bench.cpu.debug_read32(first + 4 * i));
  return values;
}

// Rows that are read without disturbing anything.
Values read_row(DeviceBench& bench, const std::string& name) {
  const auto status = bench.cpu.debug_read32(EPOCH_REG_STATUS);
  if (name == "CTRL") return registers(bench, EPOCH_REG_CTRL, 1);
  if (name == "STATUS.halted") return {EPOCH_GET(status, STATUS, HALTED)};
  if (name == "RING_BASE, RING_SIZE, RING_START")
    return registers(bench, EPOCH_REG_RING_BASE_LO, 4);
  if (name == "WATCHDOG, IRQ_ENABLE")
    return {bench.cpu.debug_read32(EPOCH_REG_WATCHDOG),
            bench.cpu.debug_read32(EPOCH_REG_IRQ_ENABLE)};
  if (name == "RING_HEAD") return registers(bench, EPOCH_REG_RING_HEAD, 1);
  if (name == "RING_TAIL") return registers(bench, EPOCH_REG_RING_TAIL, 1);
  if (name == "COMPLETED") return registers(bench, EPOCH_REG_COMPLETED, 1);
  if (name == "IRQ_STATUS") return registers(bench, EPOCH_REG_IRQ_STATUS, 1);
  if (name == "ERROR_*") return registers(bench, EPOCH_REG_ERROR_CODE, 6);
  if (name == "semaphores") return registers(bench, EPOCH_REG_SEMAPHORE, EPOCH_SEMAPHORES);
  if (name == "counters")
    return {bench.cpu.debug_read32(EPOCH_COUNTER_CYCLES),
            bench.cpu.debug_read32(EPOCH_COUNTER_COMMANDS)};
  Values values(4);
  if (name == "buffers") bench.peek(accumulators + 0x1000, values.data(), 16);
  return values;
}

constexpr unsigned ring_start = 0xFFFFFFF0u;
constexpr float left = 2.0f;  // what the PE's state register holds

// A device with a mark in every row: an error pending, semaphores up, state in the array, done
// raised, one LOAD running and one behind it.
void prepare(DeviceBench& bench, Event event) {
  bench.memory.latency = sc_core::sc_time(20, sc_core::SC_NS);
  bench.ring_start = ring_start;
  bench.poke_floats(coefficients, {1.0f, 1.0f});
  bench.poke_floats(activations, {left});
  bench.poke_floats(accumulators + 0x1000, {1.0f, 2.0f, 3.0f, 4.0f});
  bench.enable();
  bench.write(EPOCH_REG_RING_TAIL, ring_start + 1000);  // RING_RANGE
  CHECK(bench.wait_stopped());
  bench.write(EPOCH_REG_WATCHDOG, 100000);
  bench.write(EPOCH_REG_IRQ_ENABLE, 7);
  bench.enable();
  bench.submit({coeff_command(EPOCH_MODE_REAL, 1, 1, coefficients),
                array_command(EPOCH_MODE_REAL, 1, 1, 1, activations, activations + 0x100),
                with_semaphores(control_command(EPOCH_OP_IRQ), 0, 0, EPOCH_SEMAPHORE_USE(3),
                                EPOCH_SEMAPHORE_USE(15))});
  CHECK(bench.wait_done());
  bench.memory.latency = sc_core::sc_time(2, sc_core::SC_US);
  std::memset(bench.memory.memory.data(), 0x5A, 0x200);
  std::vector<Descriptor> work = {dma_command(EPOCH_OP_LOAD, 0, activations + 0x4000, 64),
                                  dma_command(EPOCH_OP_LOAD, 0x100, activations + 0x4100, 64)};
  if (event == halt_event) work.push_back(control_command(EPOCH_OP_HALT));
  if (event == halt_event) bench.write(EPOCH_REG_IRQ_STATUS, EPOCH_IRQ_STATUS_DONE_MASK);
  bench.submit(work);
  bench.cycles(500);
}

void happen(DeviceBench& bench, Event event) {
  if (event == abort_event) bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_ABORT_MASK);
  if (event == reset_event) bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_RESET_MASK);
  if (event == clear_error) bench.write(EPOCH_REG_IRQ_STATUS, EPOCH_IRQ_STATUS_ERROR_MASK);
  // The W1C acts at once; the others when the device has drained.
  bench.cycles(event == clear_error ? 1 : 6000);
}

Values expect(const std::string& cell, const Values& before, Event event, const Values& now) {
  if (cell == "kept") return before;
  if (cell == "0") return Values(before.size(), 0);
  if (cell == "1") return {1};
  if (cell == "COMPLETED") return {ring_start + 3};  // as many as prepare() let retire
  if (cell == "past the last retired") return {ring_start + 4};
  if (cell == "past HALT") return {ring_start + 6};
  if (cell == "error cleared") return {EPOCH_IRQ_STATUS_DONE_MASK};
  if (cell == "done set") return {EPOCH_IRQ_STATUS_DONE_MASK | EPOCH_IRQ_STATUS_ERROR_MASK};
  if (cell == "run on") {
    CHECK(now[0] > before[0]);
    const unsigned more = event == abort_event ? 1 : event == halt_event ? 2 : 0;
    return {now[0], before[1] + more};
  }
  FAIL_CHECK("no test for the cell " << cell);
  return {};
}

// Whether the two LOADs of prepare() ran, from what they wrote.
void check_commands(DeviceBench& bench, const std::string& cell, bool first) {
  if (cell == "go on") bench.cycles(6000);  // nothing was held up
  std::uint8_t byte = 0;
  bench.peek(activations + (first ? 0x4000 : 0x4100), &byte, 1);
  CHECK(byte == (cell == "retire" || cell == "go on" ? 0x5A : 0));
  const bool idle = (bench.read(EPOCH_REG_STATUS) & EPOCH_STATUS_BUSY_MASK) == 0;
  CHECK(idle);
}

void restart(DeviceBench& bench) {
  if (bench.read(EPOCH_REG_CTRL) == 0) {
    bench.ring_start = bench.read(EPOCH_REG_COMPLETED);
    bench.enable();
  }
}

// Last, because they run commands: a SSM without a COEFF; the state register.
void check_array(DeviceBench& bench, const std::string& coefficients_cell,
                 const std::string& state_cell) {
  restart(bench);
  bench.memory.latency = sc_core::sc_time(20, sc_core::SC_NS);
  const Descriptor save = state_command(EPOCH_MODE_REAL, 1, 1, accumulators, true);
  bench.submit({save});
  const bool kept = coefficients_cell == "kept";
  CHECK(bench.wait_done() == kept);
  if (!kept) {
    bench.cycles(1);
    bench.write(EPOCH_REG_IRQ_STATUS, 7);
    restart(bench);
    bench.submit({coeff_command(EPOCH_MODE_REAL, 1, 1, coefficients), save});
    CHECK(bench.wait_done());
  }
  CHECK(bench.peek_floats(accumulators, 1).at(0) == (state_cell == "kept" ? left : 0.0f));
}

const char* cell_of(const char* row, Event event) {
  for (const Row& candidate : table)
    if (std::string(candidate.name) == row) return candidate.cells[event];
  FAIL_CHECK("no row " << row);
  return "";
}

// Cells of a line "| a | b |".
std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> cells;
  std::size_t at = line.find('|');
  for (std::size_t end = line.find('|', at + 1); end != std::string::npos;
       at = end, end = line.find('|', at + 1)) {
    std::string cell = line.substr(at + 1, end - at - 1);
    cell.erase(0, cell.find_first_not_of(' '));
    cell.erase(cell.find_last_not_of(' ') + 1);
    cells.push_back(cell);
  }
  return cells;
}

}  // namespace

TEST_CASE("abort, reset, power-on, W1C of error and HALT leave what the table says") {
  std::vector<std::unique_ptr<DeviceBench>> benches;
  for (unsigned i = 0; i < events; ++i)
    benches.push_back(std::make_unique<DeviceBench>(EpochCoreConfig{}, "e" + std::to_string(i)));
  for (unsigned i = 0; i < events; ++i) {
    const auto event = static_cast<Event>(i);
    DeviceBench& bench = *benches[i];
    bench.run([&] {
      if (event != power_on) prepare(bench, event);
      std::vector<Values> before;
      for (const Row& row : table) before.push_back(read_row(bench, row.name));
      happen(bench, event);
      for (std::size_t r = 0; r < std::size(table); ++r) {
        const std::string name = table[r].name;
        if (name.find("commands") != std::string::npos || name == "PE state registers" ||
            name == "coefficients" || name == "STREAMS without its SSM")
          continue;
        Values now = read_row(bench, name);
        if (event == power_on && name == "counters")  // that device has idled since
          now[0] -= bench.cpu.debug_read32(EPOCH_COUNTER_CAUSE_IDLE);
        CAPTURE(event_names[event], name, table[r].cells[event]);
        CHECK(now == expect(table[r].cells[event], before[r], event, now));
      }
      CAPTURE(event_names[event]);
      check_commands(bench, cell_of("running commands", event), true);
      check_commands(bench, cell_of("queued commands", event), false);
      check_array(bench, cell_of("coefficients", event), cell_of("PE state registers", event));
    });
  }
}

TEST_CASE("what is left of a STREAMS whose SSM has not come is what the table says") {
  const Descriptor coeff = coeff_command(EPOCH_MODE_SSD, 1, 1, coefficients);
  const Descriptor streams = to_words(streams_raw(1, 1, activations, 0x100));
  const auto ssm = [](std::uint32_t steps) {
    return array_command(EPOCH_MODE_SSD, 1, 1, steps, activations, activations + 0x1000);
  };
  std::vector<std::unique_ptr<DeviceBench>> benches;
  for (unsigned i = 0; i < events; ++i)
    benches.push_back(std::make_unique<DeviceBench>(EpochCoreConfig{}, "e" + std::to_string(i)));
  for (unsigned i = 0; i < events; ++i) {
    const auto event = static_cast<Event>(i);
    const std::string cell = cell_of("STREAMS without its SSM", event);
    CAPTURE(event_names[i], cell);
    DeviceBench& bench = *benches[i];
    bench.run([&] {
      bench.enable();
      if (event == power_on) {
        bench.submit({coeff, ssm(1)});
        CHECK_FALSE(bench.wait_done());
        CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_STREAMS);
        return;
      }
      bench.submit({coeff, streams});
      CHECK(bench.wait_done());
      if (event == clear_error || event == halt_event) {
        bench.submit({event == halt_event ? control_command(EPOCH_OP_HALT) : ssm(0)});
        CHECK(bench.wait_stopped());
        CHECK(bench.read(EPOCH_REG_ERROR_CODE) ==
              (event == halt_event ? EPOCH_ERROR_STREAMS : EPOCH_ERROR_SIZE));
        bench.cycles(1);
        bench.write(EPOCH_REG_IRQ_STATUS, 7);
      } else {
        happen(bench, event);
        bench.cycles(10);
      }
      restart(bench);
      const bool kept = cell == "kept" || cell == "refuses HALT";
      bench.submit(kept ? std::vector<Descriptor>{ssm(1)} : std::vector<Descriptor>{coeff, ssm(1)});
      CHECK(bench.wait_done() == kept);
      CHECK(bench.read(EPOCH_REG_ERROR_CODE) == (kept ? EPOCH_ERROR_NONE : EPOCH_ERROR_STREAMS));
    });
  }
}

TEST_CASE("the table of what survives is the README's") {
  std::ifstream readme(EPOCHCORE_README);
  REQUIRE(readme);
  std::string line;
  while (std::getline(readme, line) && line.rfind("## What abort", 0) != 0) {
  }
  std::vector<std::vector<std::string>> rows;
  while (std::getline(readme, line) && line.rfind("## ", 0) != 0)
    if (line.rfind('|', 0) == 0 && line.rfind("|---", 0) != 0) rows.push_back(split(line));
  REQUIRE(rows.size() == 1 + std::size(table));
  CHECK(rows[0] == std::vector<std::string>{"", event_names[0], event_names[1], event_names[2],
                                            event_names[3], event_names[4]});
  for (std::size_t r = 0; r < std::size(table); ++r) {
    std::vector<std::string> expected{table[r].name};
    expected.insert(expected.end(), table[r].cells.begin(), table[r].cells.end());
    CHECK(rows[r + 1] == expected);
  }
}
