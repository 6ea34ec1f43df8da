// SPDX-License-Identifier: Apache-2.0
// Execution errors, abort, reset, watchdog; after each a correct command must run.
#include <catch2/catch.hpp>

#include "device_bench.h"

using namespace epoch;

namespace {

constexpr std::uint32_t local = EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, 0);

std::uint32_t use(unsigned n) {
  return EPOCH_SEMAPHORE_USE(n);
}
Descriptor load(std::uint32_t bytes = 64, std::uint32_t at = 0) {
  return dma_command(EPOCH_OP_LOAD, at, local + at, bytes);
}

// The driver's way back: reset, clear, enable at COMPLETED, and a LOAD that must work.
void recover(DeviceBench& bench) {
  bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_RESET_MASK);
  for (int i = 0; i < 1000 && bench.read(EPOCH_REG_CTRL) != 0; ++i) bench.cycles(10);
  CHECK(bench.read(EPOCH_REG_CTRL) == 0);
  bench.write(EPOCH_REG_IRQ_STATUS, 7);
  bench.write(EPOCH_REG_WATCHDOG, 0);
  CHECK(bench.read(EPOCH_REG_ERROR_CODE) == 0);
  for (unsigned i = 0; i < EPOCH_SEMAPHORES; ++i)
    CHECK(bench.read(EPOCH_REG_SEMAPHORE + 4 * i) == 0);
  bench.ring_start = bench.read(EPOCH_REG_COMPLETED);
  bench.enable();
  const std::uint32_t word = 0xCAFE0000u + bench.ring_start;
  std::memcpy(bench.memory.memory.data() + 0x400, &word, sizeof word);
  bench.submit({load(4, 0x400)});
  CHECK(bench.wait_done());
  std::uint32_t arrived = 0;
  bench.peek(local + 0x400, &arrived, sizeof arrived);
  CHECK(arrived == word);
}

}  // namespace

TEST_CASE("a refused LOAD burst is an error with its address, and nothing further starts") {
  DeviceBench bench;
  bench.run([&] {
    bench.enable();
    const std::uint64_t end = bench.memory.memory.size();
    bench.submit({with_flags(dma_command(EPOCH_OP_LOAD, end - 512, local, 1024), 0, 77),
                  with_semaphores(dma_command(EPOCH_OP_STORE, 0, local, 64), use(1)), load()});
    CHECK(bench.wait_stopped());
    CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_BUS_READ);
    CHECK(bench.read(EPOCH_REG_ERROR_ADDR_LO) == end);
    CHECK(bench.read(EPOCH_REG_ERROR_LEN) == 256);
    CHECK(bench.read(EPOCH_REG_ERROR_SEQ) == 0);
    CHECK(bench.read(EPOCH_REG_ERROR_CONTEXT) == 77);
    CHECK(bench.read(EPOCH_REG_COMPLETED) == 0);
    CHECK(bench.memory.log.size() == 4);
    recover(bench);
  });
}

TEST_CASE("a refused STORE burst is an error") {
  DeviceBench bench;
  bench.run([&] {
    bench.enable();
    bench.submit({dma_command(EPOCH_OP_STORE, 0x1'0000'0000, local, 64)});
    CHECK(bench.wait_stopped());
    CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_BUS_WRITE);
    CHECK(bench.read(EPOCH_REG_ERROR_ADDR_LO) == 0);
    CHECK(bench.read(EPOCH_REG_ERROR_ADDR_HI) == 1);
    recover(bench);
  });
}

TEST_CASE("of two errors of one time the earlier command's is reported") {
  DeviceBench bench;
  // STORE reads its buffer for a cycle before its burst: with this both answers come at one time.
  bench.memory.before_access = [&](tlm::tlm_generic_payload& payload) {
    bench.memory.latency = sc_core::sc_time(payload.is_write() ? 49 : 50, sc_core::SC_NS);
  };
  bench.run([&] {
    const Descriptor start = with_semaphores(control_command(EPOCH_OP_NOP), 0, 0, use(1), use(2));
    const auto bad_load =
        with_semaphores(dma_command(EPOCH_OP_LOAD, 0x2'0000'0000, local, 64), use(1));
    const auto bad_store =
        with_semaphores(dma_command(EPOCH_OP_STORE, 0x1'0000'0000, local, 64), use(2));
    bench.enable();
    bench.submit({bad_load, bad_store, start});
    CHECK(bench.wait_stopped());
    CHECK(bench.read(EPOCH_REG_ERROR_SEQ) == 0);
    CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_BUS_READ);
    recover(bench);
    const std::uint32_t first = bench.read(EPOCH_REG_COMPLETED);
    bench.submit({bad_store, bad_load, start});
    CHECK(bench.wait_stopped());
    CHECK(bench.read(EPOCH_REG_ERROR_SEQ) == first);
    CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_BUS_WRITE);
  });
}

TEST_CASE("abort lets running commands retire and drops queued ones") {
  DeviceBench bench;
  bench.memory.latency = sc_core::sc_time(2, sc_core::SC_US);
  bench.run([&] {
    bench.enable();
    bench.submit({with_semaphores(load(), 0, 0, use(4)), load(64, 64), load(64, 128)});
    bench.cycles(500);
    bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_ABORT_MASK);
    CHECK((bench.read(EPOCH_REG_CTRL) & EPOCH_CTRL_ABORT_MASK) != 0);
    bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_ENABLE_MASK);  // too early: ignored
    CHECK(bench.wait_stopped());
    CHECK(bench.read(EPOCH_REG_CTRL) == 0);
    CHECK(bench.read(EPOCH_REG_COMPLETED) == 1);
    CHECK(bench.read(EPOCH_REG_SEMAPHORE + 16) == 1);  // kept
    CHECK(bench.memory.log.size() == 1);
    CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_NONE);
    recover(bench);
  });
}

TEST_CASE("reset cancels at a burst boundary and discards what still comes") {
  DeviceBench bench;
  bench.memory.latency = sc_core::sc_time(2, sc_core::SC_US);
  bench.run([&] {
    const std::vector<float> before(4, 5.0f);
    bench.poke_floats(local, before);
    bench.enable();
    bench.submit({load(8192), load()});
    bench.cycles(500);
    CHECK(bench.memory.log.size() == 8);
    bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_RESET_MASK);
    CHECK((bench.read(EPOCH_REG_CTRL) & EPOCH_CTRL_RESET_MASK) != 0);
    bench.cycles(1000);
    CHECK((bench.read(EPOCH_REG_CTRL) & EPOCH_CTRL_RESET_MASK) != 0);  // responses outstanding
    bench.cycles(1000);
    CHECK(bench.read(EPOCH_REG_CTRL) == 0);
    CHECK(bench.memory.log.size() == 8);
    CHECK(bench.peek_floats(local, 4) == before);
    CHECK(bench.read(EPOCH_REG_COMPLETED) == 0);
    CHECK(bench.read(EPOCH_REG_STATUS) == EPOCH_STATUS_RING_EMPTY_MASK);
    recover(bench);
  });
}

TEST_CASE("the watchdog counts cycles without a retirement while work is pending") {
  DeviceBench bench;
  bench.run([&] {
    bench.write(EPOCH_REG_WATCHDOG, 1000);
    bench.enable();
    bench.cycles(5000);  // nothing pending
    CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_NONE);
    for (int i = 0; i < 5; ++i) {  // retirements keep it quiet
      bench.submit({load()});
      bench.cycles(900);
    }
    CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_NONE);
    bench.submit({with_semaphores(load(), use(3))});
    bench.cycles(990);
    CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_NONE);
    bench.cycles(20);
    CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_WATCHDOG);
    CHECK(bench.read(EPOCH_REG_ERROR_SEQ) == 5);
    CHECK(bench.wait_stopped());
    recover(bench);
  });
}

TEST_CASE("a bus that never answers ends in DRAIN_FAILED") {
  DeviceBench bench;
  bench.memory.before_access = [](tlm::tlm_generic_payload&) {
    sc_core::wait(sc_core::sc_time(1, sc_core::SC_SEC));
  };
  bench.run([&] {
    bench.write(EPOCH_REG_WATCHDOG, 1000);
    bench.enable();
    bench.submit({load()});
    bench.cycles(1500);
    CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_WATCHDOG);
    CHECK((bench.read(EPOCH_REG_STATUS) & EPOCH_STATUS_DRAIN_FAILED_MASK) == 0);
    bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_RESET_MASK);
    bench.cycles(1500);
    CHECK((bench.read(EPOCH_REG_STATUS) & EPOCH_STATUS_DRAIN_FAILED_MASK) != 0);
    CHECK((bench.read(EPOCH_REG_CTRL) & EPOCH_CTRL_RESET_MASK) != 0);
    bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_ENABLE_MASK);
    CHECK((bench.read(EPOCH_REG_CTRL) & EPOCH_CTRL_ENABLE_MASK) == 0);
  });
}

TEST_CASE("disable stops fetch and lets what was fetched run") {
  DeviceBench bench;
  bench.run([&] {
    bench.enable();
    bench.submit({with_semaphores(load(), use(0))});
    bench.cycles(300);
    bench.write(EPOCH_REG_CTRL, 0);
    CHECK(bench.read(EPOCH_REG_STATUS) == (EPOCH_STATUS_BUSY_MASK | EPOCH_STATUS_RING_EMPTY_MASK));
    bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_ENABLE_MASK);  // ignored while busy
    CHECK(bench.read(EPOCH_REG_CTRL) == 0);
    recover(bench);
  });
}
