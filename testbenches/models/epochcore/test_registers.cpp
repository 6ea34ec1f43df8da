// SPDX-License-Identifier: Apache-2.0
// The register window over TLM: reset values and access rights from the contract's own table.
#include <catch2/catch.hpp>
#include <random>

#include "common/payload_check.h"
#include "device_bench.h"

using namespace epoch;

namespace {

struct Row {
  const char* name;
  std::uint32_t offset;
  unsigned count;
  const char* access;
  std::uint32_t reset;
  std::uint32_t fields;  // bits that a field covers; all if there are none
};

#define EPOCH_X_MASK(reg, field, lsb, width, description) \
  | static_cast<std::uint32_t>(EPOCH_##reg##_##field##_MASK)
#define EPOCH_X_ROW(name, offset, count, access, reset, description, fields) \
  {#name, offset, count, #access, reset, 0u fields},
const Row rows[] = {EPOCH_REGISTERS(EPOCH_X_ROW, EPOCH_X_MASK)};

// Counters of cycles run from reset on.
bool runs(const std::string& name) {
  return name == "CYCLES_LO" || name == "CAUSE_IDLE_LO";
}

}  // namespace

TEST_CASE("registers read their reset values") {
  DeviceBench bench;
  bench.run([&] {
    for (const Row& row : rows) {
      if (std::string(row.access) == "CFG" || runs(row.name)) continue;
      for (unsigned i = 0; i < row.count; ++i) {
        CAPTURE(row.name, i);
        CHECK(bench.cpu.debug_read32(row.offset + 4 * i) == row.reset);
        CHECK(bench.read(row.offset + 4 * i) == row.reset);
      }
    }
  });
}

TEST_CASE("access rights are the table's") {
  DeviceBench bench;
  bench.run([&] {
    for (const Row& row : rows) {
      const std::string access = row.access;
      if (access == "RW" || access == "W1C" || runs(row.name)) continue;
      for (unsigned i = 0; i < row.count; ++i) {
        const std::uint32_t offset = row.offset + 4 * i;
        const std::uint32_t before = bench.read(offset);
        bench.write(offset, ~before);
        CAPTURE(row.name, i);
        CHECK(bench.read(offset) == before);
      }
    }
    for (const std::uint32_t offset :
         {EPOCH_REG_RING_BASE_LO, EPOCH_REG_RING_BASE_HI, EPOCH_REG_RING_SIZE, EPOCH_REG_RING_START,
          EPOCH_REG_WATCHDOG, EPOCH_REG_RING_TAIL}) {
      bench.write(offset, 0xA5A5F00Fu);
      CHECK(bench.read(offset) == 0xA5A5F00Fu);
    }
    bench.write(EPOCH_REG_IRQ_ENABLE, 0xFFFFFFFFu);
    CHECK(bench.read(EPOCH_REG_IRQ_ENABLE) == 7);
    bench.write(EPOCH_REG_COUNTER_CTRL, 0xFFFFFFFFu);
    CHECK(bench.read(EPOCH_REG_COUNTER_CTRL) == EPOCH_COUNTER_CTRL_FREEZE_MASK);
  });
}

TEST_CASE("offsets that no register has read 0 and ignore writes, other accesses are errors") {
  DeviceBench bench;
  std::vector<bool> used(EPOCH_WINDOW_BYTES / 4);
  for (const Row& row : rows)
    for (unsigned i = 0; i < row.count; ++i) used[row.offset / 4 + i] = true;
  bench.run([&] {
    for (std::uint32_t word = 0; word < used.size(); ++word) {
      if (used[word]) continue;
      bench.write(4 * word, 0xFFFFFFFFu);
      CHECK(bench.read(4 * word) == 0);
    }
    std::uint8_t bytes[8] = {};
    CHECK(bench.cpu.read(0, bytes, 1) != tlm::TLM_OK_RESPONSE);
    CHECK(bench.cpu.read(0, bytes, 8) != tlm::TLM_OK_RESPONSE);
    CHECK(bench.cpu.read(2, bytes, 4) != tlm::TLM_OK_RESPONSE);
    CHECK(bench.cpu.write(EPOCH_WINDOW_BYTES, bytes, 4) != tlm::TLM_OK_RESPONSE);
  });
}

TEST_CASE("CAPS tell the configuration") {
  EpochCoreConfig config;
  config.pe_grid.rows = 64;
  config.pe_grid.cols = 16;
  config.pe_grid.segment_rows = 4;
  config.pe_grid.lima = false;
  config.pe_grid.multipliers = 1;
  config.accumulators = {128, 2, 32};
  config.dma_burst_bytes = 64;
  config.dma_outstanding = 3;
  config.vector_lanes = 24;
  config.fifo_depth = 5;
  DeviceBench bench(config);
  bench.run([&] {
    CHECK(bench.read(EPOCH_REG_CAPS_ROWS) == 64);
    CHECK(bench.read(EPOCH_REG_CAPS_COLS) == 16);
    CHECK(bench.read(EPOCH_REG_CAPS_SEGMENT_ROWS) == 4);
    CHECK(EPOCH_GET(bench.read(EPOCH_REG_CAPS_PE), CAPS_PE, KIND) == EPOCH_PE_MAC);
    CHECK(EPOCH_GET(bench.read(EPOCH_REG_CAPS_PE), CAPS_PE, MULTIPLIERS) == 1);
    CHECK(bench.read(EPOCH_REG_CAPS_MODES) == 1u << EPOCH_MODE_MAC);
    CHECK(bench.read(EPOCH_REG_CAPS_TYPES) == 0xF);
    CHECK(bench.read(EPOCH_REG_CAPS_ACTIVATIONS) == 0xFF);
    CHECK(bench.read(EPOCH_REG_CAPS_VECTOR_OPS) == 0xFF);
    CHECK(EPOCH_GET(bench.read(EPOCH_REG_CAPS_LANES), CAPS_LANES, VECTOR) == 24);
    CHECK(EPOCH_GET(bench.read(EPOCH_REG_CAPS_FIFO), CAPS_FIFO, VECTOR_UNIT) == 5);
    CHECK(EPOCH_GET(bench.read(EPOCH_REG_CAPS_DMA), CAPS_DMA, BURST_BYTES) == 64);
    CHECK(EPOCH_GET(bench.read(EPOCH_REG_CAPS_DMA), CAPS_DMA, OUTSTANDING) == 3);
    CHECK(bench.read(EPOCH_REG_CAPS_BUFFER_BYTES + 8) == 128 * 1024);
    const std::uint32_t port = bench.read(EPOCH_REG_CAPS_BUFFER_PORT + 8);
    CHECK(EPOCH_GET(port, CAPS_BUFFER_PORT, BANKS) == 2);
    CHECK(EPOCH_GET(port, CAPS_BUFFER_PORT, WIDTH_BYTES) == 32);
  });
}

TEST_CASE("CAPS tell what a PE is and which modes follow from it") {
  struct Case {
    void (*bend)(EpochCoreConfig&);
    std::uint32_t pe, array, modes;  // register values, by hand from epochcore.h's fields
  };
  const std::uint32_t selective_ssd = 0x60, dplr = 0x10, edge = 0x80;
  const Case cases[] = {
      {[](EpochCoreConfig&) {}, 0x00010121, 1, 0x1FF},
      {[](EpochCoreConfig& c) { c.pe_grid.lima = false; }, 0x00010120, 1, 0x100},
      {[](EpochCoreConfig& c) { c.pe_grid.state_slots = 200; }, 0x0001C821, 1, 0x1FF},
      {[](EpochCoreConfig& c) { c.pe_grid.slots_kind = SlotsKind::channel; }, 0x01010121, 1, 0x1FF},
      {[](EpochCoreConfig& c) { c.pe_grid.slots_kind = SlotsKind::batch; }, 0x02010121, 1, 0x1FF},
      {[](EpochCoreConfig& c) {
         c.pe_grid.slots_kind = SlotsKind::batch;
         c.pe_grid.state_slots = 2;
       },
       0x02010221, 1, 0x1FF & ~selective_ssd},
      {[](EpochCoreConfig& c) { c.pe_grid.multipliers = 7; }, 0x00010171, 1, 0x1FF & ~dplr},
      {[](EpochCoreConfig& c) { c.pe_grid.cols = 1; }, 0x00010121, 1, 0x1FF & ~edge},
      {[](EpochCoreConfig& c) {
         c.pe_grid.mul_latency = 4;
         c.pe_grid.add_latency = 15;
         c.pe_grid.hop = 3;
       },
       0x00F40121, 3, 0x1FF},
      {[](EpochCoreConfig& c) { c.pe_grid.pe_exp = ExpUnit::dedicated; }, 0x04010121, 1, 0x1FF},
      {[](EpochCoreConfig& c) { c.pe_grid.reduce = Reduce::systolic; }, 0x08010121, 1, 0x1FF},
      {[](EpochCoreConfig& c) { c.pe_grid.segment_io = SegmentIo::chained; }, 0x10010121, 1, 0x1FF},
      {[](EpochCoreConfig& c) { c.state_shadow = true; }, 0x20010121, 1, 0x1FF}};
  for (const Case& row : cases) {
    EpochCoreConfig config;
    row.bend(config);
    Csr csr(config, [] { return std::uint64_t{0}; });
    CAPTURE(row.pe);
    CHECK(csr.bank().get(EPOCH_REG_CAPS_VERSION) == 2);
    CHECK(csr.bank().get(EPOCH_REG_CAPS_PE) == row.pe);
    CHECK(csr.bank().get(EPOCH_REG_CAPS_ARRAY) == row.array);
    CHECK(csr.bank().get(EPOCH_REG_CAPS_MODES) == row.modes);
  }
}

TEST_CASE("configurations that hardware cannot have are refused by name") {
  const auto refuses = [](void (*bend)(EpochCoreConfig&), const char* name) {
    EpochCoreConfig config;
    bend(config);
    CHECK_THROWS_WITH(check_config(config), Catch::Contains(name));
  };
  refuses([](EpochCoreConfig& c) { c.pe_grid.segment_rows = 7; }, "segment_rows");
  refuses([](EpochCoreConfig& c) { c.pe_grid.state_slots = 0; }, "state_slots");
  refuses([](EpochCoreConfig& c) { c.pe_grid.state_slots = 256; }, "state_slots");
  refuses([](EpochCoreConfig& c) { c.pe_grid.hop = 0; }, "hop");
  refuses([](EpochCoreConfig& c) { c.pe_grid.hop = 16; }, "hop");
  refuses([](EpochCoreConfig& c) { c.activations.size_kib = 8192; }, "activations");
  refuses([](EpochCoreConfig& c) { c.coefficients.banks = 0; }, "coefficients");
  refuses([](EpochCoreConfig& c) { c.dma_burst_bytes = 96; }, "burst_bytes");
  refuses([](EpochCoreConfig& c) { c.dma_outstanding = 0; }, "outstanding");
  refuses([](EpochCoreConfig& c) { c.fifo_depth = 128; }, "fifo_depth");
  refuses([](EpochCoreConfig& c) { c.clock_mhz = 0; }, "clock_mhz");
}

TEST_CASE("the low word of a counter latches the high word, debug reads do not") {
  DeviceBench bench;
  bench.run([&] {
    bench.cycles((std::uint64_t{1} << 32) - 10);
    const std::uint32_t low = bench.read(EPOCH_COUNTER_CYCLES);
    CHECK(low == 0xFFFFFFF6u);
    bench.cycles(100);
    CHECK(bench.cpu.debug_read32(EPOCH_COUNTER_CYCLES) == low + 100);
    CHECK(bench.read(EPOCH_COUNTER_CYCLES + 4) == 0);
    CHECK(bench.counter(EPOCH_COUNTER_CYCLES) == 0x10000005Au);
    CHECK(bench.counter(EPOCH_COUNTER_CAUSE_IDLE) == 0x10000005Au);
  });
}

TEST_CASE("counters freeze and clear") {
  DeviceBench bench;
  bench.run([&] {
    bench.cycles(50);
    bench.write(EPOCH_REG_COUNTER_CTRL, EPOCH_COUNTER_CTRL_FREEZE_MASK);
    bench.cycles(50);
    CHECK(bench.counter(EPOCH_COUNTER_CYCLES) == 50);
    bench.write(EPOCH_REG_COUNTER_CTRL, EPOCH_COUNTER_CTRL_CLEAR_MASK);
    CHECK(bench.counter(EPOCH_COUNTER_CYCLES) == 0);
    bench.cycles(7);
    CHECK(bench.counter(EPOCH_COUNTER_CYCLES) == 7);
  });
  CHECK(bench.statistic("core.counters.cycles") == 107);
}

TEST_CASE("a bit of IRQ_STATUS set at the time of its W1C stays") {
  std::uint64_t now = 100;
  Csr csr(EpochCoreConfig{}, [&now] { return now; });
  csr.raise(EPOCH_IRQ_STATUS_DONE_MASK);
  csr.bank().write(EPOCH_REG_IRQ_STATUS, 7);
  CHECK(csr.bank().get(EPOCH_REG_IRQ_STATUS) == EPOCH_IRQ_STATUS_DONE_MASK);
  CHECK_FALSE(csr.interrupt_line());
  csr.bank().write(EPOCH_REG_IRQ_ENABLE, EPOCH_IRQ_ENABLE_DONE_MASK);
  CHECK(csr.interrupt_line());
  now = 101;
  csr.bank().write(EPOCH_REG_IRQ_STATUS, EPOCH_IRQ_STATUS_ERROR_MASK);
  CHECK(csr.interrupt_line());
  csr.bank().write(EPOCH_REG_IRQ_STATUS, EPOCH_IRQ_STATUS_DONE_MASK);
  CHECK_FALSE(csr.interrupt_line());
}

TEST_CASE("the first error stays until its interrupt is cleared") {
  std::uint64_t now = 0;
  Csr csr(EpochCoreConfig{}, [&now] { return now; });
  csr.report({EPOCH_ERROR_BUS_READ, 5, 0x1'0000'0004, 64, 9});
  now = 10;
  csr.report({EPOCH_ERROR_WATCHDOG, 6, 0, 0, 0});
  CHECK(csr.bank().get(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_BUS_READ);
  CHECK(csr.bank().get(EPOCH_REG_ERROR_SEQ) == 5);
  CHECK(csr.bank().get(EPOCH_REG_ERROR_ADDR_LO) == 4);
  CHECK(csr.bank().get(EPOCH_REG_ERROR_ADDR_HI) == 1);
  CHECK(csr.bank().get(EPOCH_REG_ERROR_LEN) == 64);
  CHECK(csr.bank().get(EPOCH_REG_ERROR_CONTEXT) == 9);
  now = 20;
  csr.bank().write(EPOCH_REG_IRQ_STATUS, EPOCH_IRQ_STATUS_ERROR_MASK);
  for (std::uint32_t offset = EPOCH_REG_ERROR_CODE; offset <= EPOCH_REG_ERROR_CONTEXT; offset += 4)
    CHECK(csr.bank().get(offset) == 0);
}

TEST_CASE("arbitrary register writes at any time leave the device able to reset and run") {
  DeviceBench bench;
  const unsigned seed = 99;
  std::mt19937 random(seed);
  bench.run([&] {
    for (std::uint8_t& byte : bench.ring.memory) byte = static_cast<std::uint8_t>(random());
    for (int i = 0; i < 20000; ++i) {
      const std::uint32_t offset = static_cast<std::uint32_t>(random() % 0x240) & ~3u;
      std::uint32_t value = static_cast<std::uint32_t>(random());
      if (random() % 2 == 0) value &= 0xFu;
      if (offset == EPOCH_REG_RING_SIZE && random() % 2 == 0) value = 16;
      if (offset == EPOCH_REG_RING_BASE_LO || offset == EPOCH_REG_RING_BASE_HI) value = 0;
      if (offset == EPOCH_REG_WATCHDOG) value = 5000;  // a drain may take that long
      bench.write(offset, value);
      if (random() % 4 == 0) bench.cycles(random() % 200);
    }
    bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_RESET_MASK);
    bench.cycles(2000);
    CHECK(bench.read(EPOCH_REG_CTRL) == 0);
    bench.write(EPOCH_REG_IRQ_STATUS, 7);
    bench.enable();
    bench.submit({control_command(EPOCH_OP_NOP)});
    CHECK(bench.wait_done());
  });
}
