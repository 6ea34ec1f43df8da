// SPDX-License-Identifier: Apache-2.0
// Ring, dispatch, semaphores, interrupts, and the errors of the ring.
#include <catch2/catch.hpp>

#include "device_bench.h"

using namespace epoch;

namespace {

constexpr std::uint32_t local = EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, 0);

std::uint32_t use(unsigned n) {
  return EPOCH_SEMAPHORE_USE(n);
}
Descriptor nop() {
  return control_command(EPOCH_OP_NOP);
}
Descriptor load(std::uint32_t bytes = 64, std::uint32_t at = 0) {
  return dma_command(EPOCH_OP_LOAD, at, local + at, bytes);
}
Descriptor store(std::uint32_t bytes = 64, std::uint32_t at = 0x8000) {
  return dma_command(EPOCH_OP_STORE, at, local + at, bytes);
}

}  // namespace

TEST_CASE("ring counters wrap at 2^32 and slots at the ring's end") {
  DeviceBench bench;
  bench.ring_entries = 4;
  bench.ring_start = 0xFFFFFFF0u;
  bench.run([&] {
    bench.enable();
    CHECK(bench.read(EPOCH_REG_RING_HEAD) == 0xFFFFFFF0u);
    CHECK(bench.read(EPOCH_REG_RING_TAIL) == 0xFFFFFFF0u);
    CHECK(bench.read(EPOCH_REG_COMPLETED) == 0xFFFFFFF0u);
    for (int i = 0; i < 8; ++i) {
      bench.submit({nop(), load(), nop(), nop()});
      CHECK(bench.wait_done());
    }
    CHECK(bench.read(EPOCH_REG_COMPLETED) == 16);
    CHECK(bench.counter(EPOCH_COUNTER_COMMANDS) == 32);
    CHECK(bench.counter(EPOCH_COUNTER_FETCH_BYTES) == 32 * 64);
    CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_NONE);
  });
}

TEST_CASE("a doorbell written while disabled counts if it comes after RING_START") {
  DeviceBench bench;
  bench.run([&] {
    bench.put(nop());
    bench.write(EPOCH_REG_RING_SIZE, 16);
    bench.write(EPOCH_REG_RING_TAIL, 1);
    bench.write(EPOCH_REG_RING_START, 0);
    bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_ENABLE_MASK);
    bench.cycles(500);
    CHECK(bench.read(EPOCH_REG_RING_TAIL) == 0);
    CHECK(bench.read(EPOCH_REG_COMPLETED) == 0);
    bench.write(EPOCH_REG_CTRL, 0);
    bench.write(EPOCH_REG_RING_START, 0);
    bench.write(EPOCH_REG_RING_TAIL, 1);
    bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_ENABLE_MASK);
    bench.cycles(500);
    CHECK(bench.read(EPOCH_REG_COMPLETED) == 1);
  });
}

TEST_CASE("a tail outside the ring is refused and stops fetch") {
  DeviceBench bench;
  bench.run([&] {
    bench.enable();
    bench.write(EPOCH_REG_RING_TAIL, 17);
    CHECK(bench.wait_stopped());
    CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_RING_RANGE);
    CHECK(bench.read(EPOCH_REG_ERROR_ADDR_LO) == 17);
    CHECK(bench.read(EPOCH_REG_CTRL) == 0);
    CHECK(bench.read(EPOCH_REG_STATUS) ==
          (EPOCH_STATUS_HALTED_MASK | EPOCH_STATUS_ERROR_MASK | EPOCH_STATUS_RING_EMPTY_MASK));
    bench.write(EPOCH_REG_IRQ_STATUS, EPOCH_IRQ_STATUS_ERROR_MASK);
    bench.enable();
    for (int i = 0; i < 16; ++i) bench.put(nop());
    bench.doorbell();  // a full ring is not an error
    CHECK(bench.wait_done());
  });
}

TEST_CASE("ring registers are locked while enabled") {
  DeviceBench bench;
  bench.run([&] {
    for (const std::uint32_t offset : {EPOCH_REG_RING_BASE_LO, EPOCH_REG_RING_BASE_HI,
                                       EPOCH_REG_RING_SIZE, EPOCH_REG_RING_START}) {
      bench.enable();
      const std::uint32_t before = bench.read(offset);
      bench.write(offset, 0x1234);
      CHECK(bench.read(offset) == before);
      CHECK(bench.wait_stopped());
      CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_RING_BUSY);
      CHECK(bench.read(EPOCH_REG_ERROR_ADDR_LO) == offset);
      bench.cycles(1);  // a W1C at the time of the error would lose against it
      bench.write(EPOCH_REG_IRQ_STATUS, EPOCH_IRQ_STATUS_ERROR_MASK);
    }
  });
}

TEST_CASE("a ring that cannot be is refused by enable") {
  DeviceBench bench;
  const auto refused = [&](std::uint32_t base, std::uint32_t size) {
    bench.write(EPOCH_REG_RING_BASE_LO, base);
    bench.write(EPOCH_REG_RING_SIZE, size);
    bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_ENABLE_MASK);
    CHECK(bench.wait_stopped());
    CHECK(bench.read(EPOCH_REG_CTRL) == 0);
    const bool config = bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_RING_CONFIG;
    bench.cycles(1);
    bench.write(EPOCH_REG_IRQ_STATUS, 7);
    CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_NONE);
    bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_RESET_MASK);
    bench.cycles(2);
    return config;
  };
  bench.run([&] {
    for (const std::uint32_t size : {0u, 1u, 3u, 12u, 8192u, 0x80000000u}) CHECK(refused(0, size));
    for (const std::uint32_t base : {4u, 32u, 65u}) CHECK(refused(base, 16));
    bench.write(EPOCH_REG_RING_BASE_HI, 0xFFFFFFFFu);
    CHECK(refused(0xFFFFFFC0u, 2));
  });
}

TEST_CASE("COMPLETED moves in order though engines retire out of order") {
  DeviceBench bench;
  bench.run([&] {
    bench.enable();
    bench.submit({with_semaphores(load(), use(0)), store(), nop(),
                  with_flags(store(), EPOCH_FLAG_IRQ_ON_DONE)});
    bench.cycles(1000);
    CHECK(bench.read(EPOCH_REG_RING_HEAD) == 4);
    CHECK(bench.read(EPOCH_REG_COMPLETED) == 0);
    CHECK(bench.counter(EPOCH_COUNTER_COMMANDS) == 3);
    CHECK(bench.read(EPOCH_REG_IRQ_STATUS) == 0);
    const std::uint32_t state = bench.read(EPOCH_REG_ENGINE_STATE);
    CHECK(EPOCH_GET(state, ENGINE_STATE, STATE) == EPOCH_STATE_BLOCKED);
    CHECK(EPOCH_GET(state, ENGINE_STATE, QUEUED) == 1);
    CHECK(EPOCH_GET(state, ENGINE_STATE, BLOCKED_ON) == 1);
    const std::vector<CommandView> pending = bench.core.pending();
    CHECK(pending.size() == 4);
    for (const CommandView& command : pending) {
      const bool first = command.sequence == 0;
      CHECK(command.opcode == (first                   ? EPOCH_OP_LOAD
                               : command.sequence == 2 ? EPOCH_OP_NOP
                                                       : EPOCH_OP_STORE));
      CHECK(command.waits[0] == (first ? 0 : no_semaphore));
      CHECK(command.state == (first ? CommandView::State::queued : CommandView::State::retired));
    }
    bench.submit({with_semaphores(nop(), 0, 0, use(0))});
    CHECK(bench.wait_done());
    CHECK(bench.read(EPOCH_REG_IRQ_STATUS) == EPOCH_IRQ_STATUS_DONE_MASK);
    CHECK(bench.core.pending().empty());
  });
}

TEST_CASE("two waits are taken in one step or not at all") {
  DeviceBench bench;
  bench.run([&] {
    bench.enable();
    // The load waits for 0 and 1, the store for 1 alone; only 1 is signalled, once.
    bench.submit({with_semaphores(load(), use(0), use(1)), with_semaphores(store(), use(1)),
                  with_semaphores(nop(), 0, 0, use(1))});
    bench.cycles(1000);
    CHECK(bench.counter(EPOCH_COUNTER_COMMANDS) == 2);
    CHECK(bench.read(EPOCH_REG_SEMAPHORE + 4) == 0);
    bench.submit({with_semaphores(nop(), 0, 0, use(0))});
    bench.cycles(1000);
    CHECK(bench.read(EPOCH_REG_SEMAPHORE) == 1);  // not taken without the other
    CHECK(bench.read(EPOCH_REG_COMPLETED) == 0);
    bench.submit({with_semaphores(nop(), 0, 0, use(1))});
    CHECK(bench.wait_done());
    CHECK(bench.read(EPOCH_REG_SEMAPHORE) == 0);
    CHECK(bench.read(EPOCH_REG_SEMAPHORE + 4) == 0);
  });
}

TEST_CASE("a semaphore holds 255 signals and the next is an error") {
  DeviceBench bench;
  bench.run([&] {
    bench.enable();
    const Descriptor two = with_semaphores(nop(), 0, 0, use(7), use(7));
    for (int i = 0; i < 127; ++i) {
      bench.submit({two});
      CHECK(bench.wait_done());
    }
    bench.submit({with_semaphores(nop(), 0, 0, use(7))});
    CHECK(bench.wait_done());
    CHECK(bench.read(EPOCH_REG_SEMAPHORE + 28) == 255);
    CHECK(bench.read(EPOCH_REG_IRQ_STATUS) == 0);
    bench.submit({with_flags(with_semaphores(nop(), 0, 0, use(7)), 0, 42)});
    CHECK(bench.wait_stopped());
    CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_SEMAPHORE_OVERFLOW);
    CHECK(bench.read(EPOCH_REG_ERROR_SEQ) == 128);
    CHECK(bench.read(EPOCH_REG_ERROR_CONTEXT) == 42);
    CHECK(bench.read(EPOCH_REG_COMPLETED) == 128);
  });
}

TEST_CASE("signals and COMPLETED come after the last write is acknowledged") {
  DeviceBench bench;
  bench.memory.latency = sc_core::sc_time(5, sc_core::SC_US);
  bench.run([&] {
    bench.enable();
    bench.submit({with_semaphores(store(), 0, 0, use(2))});
    bench.cycles(4900);
    CHECK(bench.read(EPOCH_REG_SEMAPHORE + 8) == 0);
    CHECK(bench.read(EPOCH_REG_COMPLETED) == 0);
    CHECK((bench.read(EPOCH_REG_STATUS) & EPOCH_STATUS_BUSY_MASK) != 0);
    bench.cycles(300);
    CHECK(bench.read(EPOCH_REG_SEMAPHORE + 8) == 1);
    CHECK(bench.read(EPOCH_REG_COMPLETED) == 1);
    CHECK((bench.read(EPOCH_REG_STATUS) & EPOCH_STATUS_BUSY_MASK) == 0);
  });
}

TEST_CASE("a full FIFO blocks fetch until a command leaves it") {
  EpochCoreConfig config;
  config.fifo_depth = 3;
  DeviceBench bench(config);
  bench.run([&] {
    bench.enable();
    std::vector<Descriptor> commands(6, with_semaphores(load(), use(0)));
    commands.push_back(store());
    bench.submit(commands);
    bench.cycles(1000);
    CHECK(bench.read(EPOCH_REG_RING_HEAD) == 3);
    CHECK(EPOCH_GET(bench.read(EPOCH_REG_ENGINE_STATE), ENGINE_STATE, QUEUED) == 3);
    CHECK(bench.counter(EPOCH_COUNTER_COMMANDS) == 0);  // the store is behind
    CHECK(bench.core.pending().size() == 3);
    bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_ABORT_MASK);
    CHECK(bench.wait_stopped());
    CHECK(bench.read(EPOCH_REG_COMPLETED) == 0);
  });
}

TEST_CASE("FENCE holds fetch until every engine is idle") {
  DeviceBench bench;
  bench.memory.latency = sc_core::sc_time(2, sc_core::SC_US);
  bench.run([&] {
    bench.enable();
    bench.submit({load(), control_command(EPOCH_OP_FENCE), store()});
    bench.cycles(1500);
    CHECK(bench.read(EPOCH_REG_RING_HEAD) == 2);
    CHECK(bench.memory.log.size() == 1);
    CHECK(bench.wait_done());
    REQUIRE(bench.memory.log.size() == 2);
    const auto apart = bench.memory.log[1].arrival - bench.memory.log[0].arrival;
    CHECK(apart > sc_core::sc_time(2, sc_core::SC_US));
  });
}

TEST_CASE("IRQ raises done when every earlier command has retired, the line is a level") {
  DeviceBench bench;
  bench.memory.latency = sc_core::sc_time(2, sc_core::SC_US);
  bench.run([&] {
    bench.enable();
    bench.submit({load(), control_command(EPOCH_OP_IRQ)});
    bench.cycles(1500);
    CHECK(bench.read(EPOCH_REG_IRQ_STATUS) == 0);
    CHECK(bench.wait_done());
    CHECK(bench.read(EPOCH_REG_IRQ_STATUS) == EPOCH_IRQ_STATUS_DONE_MASK);
    CHECK_FALSE(bench.irq.read());
    bench.write(EPOCH_REG_IRQ_ENABLE, EPOCH_IRQ_ENABLE_DONE_MASK);
    bench.cycles(1);
    CHECK(bench.irq.read());
    bench.write(EPOCH_REG_IRQ_STATUS, EPOCH_IRQ_STATUS_DONE_MASK);
    bench.cycles(1);
    CHECK_FALSE(bench.irq.read());
  });
}

TEST_CASE("HALT stops fetch after itself, lets earlier commands retire, and enable starts again") {
  DeviceBench bench;
  bench.memory.latency = sc_core::sc_time(2, sc_core::SC_US);
  bench.run([&] {
    bench.enable();
    bench.submit({load(), control_command(EPOCH_OP_HALT), nop(), nop()});
    bench.cycles(1000);
    CHECK((bench.read(EPOCH_REG_STATUS) & EPOCH_STATUS_HALTED_MASK) == 0);
    CHECK(bench.wait_stopped());
    CHECK(bench.read(EPOCH_REG_RING_HEAD) == 2);
    CHECK(bench.read(EPOCH_REG_COMPLETED) == 2);
    CHECK(bench.read(EPOCH_REG_CTRL) == 0);
    CHECK(bench.read(EPOCH_REG_IRQ_STATUS) == EPOCH_IRQ_STATUS_DONE_MASK);
    CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_NONE);
    bench.write(EPOCH_REG_RING_START, 2);
    bench.write(EPOCH_REG_RING_TAIL, 4);
    bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_ENABLE_MASK);
    CHECK(bench.wait_done());
    CHECK(bench.read(EPOCH_REG_COMPLETED) == 4);
  });
}

TEST_CASE("a decode error is precise: earlier commands drain, later ones never start") {
  DeviceBench bench;
  bench.memory.latency = sc_core::sc_time(1, sc_core::SC_US);
  bench.run([&] {
    bench.enable();
    Descriptor bad = load();
    bad[6] = 0;
    bench.submit({load(), load(64, 64), with_flags(bad, 0, 0x1234), store(), nop()});
    bench.cycles(200);
    CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_SIZE);
    CHECK((bench.read(EPOCH_REG_STATUS) & EPOCH_STATUS_BUSY_MASK) != 0);
    CHECK(bench.wait_stopped());
    CHECK(bench.read(EPOCH_REG_COMPLETED) == 2);
    CHECK(bench.read(EPOCH_REG_ERROR_SEQ) == 2);
    CHECK(bench.read(EPOCH_REG_ERROR_CONTEXT) == 0x1234);
    CHECK(bench.memory.log.size() == 2);
    CHECK(EPOCH_GET(bench.read(EPOCH_REG_ENGINE_STATE), ENGINE_STATE, STATE) ==
          EPOCH_STATE_STOPPED);
    bench.write(EPOCH_REG_IRQ_STATUS, EPOCH_IRQ_STATUS_ERROR_MASK);
    bench.ring_start = 2;
    bench.enable();
    bench.submit({load()});
    CHECK(bench.wait_done());
  });
}

TEST_CASE("the fetch of a descriptor that the bus refuses is an error") {
  DeviceBench bench;
  bench.run([&] {
    bench.enable();
    bench.ring.response = tlm::TLM_ADDRESS_ERROR_RESPONSE;
    bench.submit({nop(), nop()});
    CHECK(bench.wait_stopped());
    CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_BUS_FETCH);
    CHECK(bench.read(EPOCH_REG_ERROR_LEN) == 128);
    CHECK(bench.read(EPOCH_REG_RING_HEAD) == 0);
  });
}

TEST_CASE("descriptors are fetched up to four at a time, within the ring, one issued a cycle") {
  DeviceBench bench;
  bench.ring_start = 3;
  bench.run([&] {
    bench.enable();
    bench.submit(std::vector<Descriptor>(14, nop()));
    CHECK(bench.wait_done());
    std::vector<unsigned> lengths;
    for (const auto& access : bench.ring.log) lengths.push_back(access.length / 64);
    CHECK(lengths == std::vector<unsigned>{4, 4, 4, 1, 1});
  });
}
