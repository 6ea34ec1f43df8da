// SPDX-License-Identifier: Apache-2.0
// The driver as silicon would meet it: what it does in which order, and how each wait ends. What
// the modelled device cannot show (caches, posted writes, a bus that never answers) is a log here.
#include <algorithm>
#include <catch2/catch.hpp>

#include "fake_machine.h"

using Kind = FakeMachine::Kind;

namespace {

constexpr std::uint32_t ring_entries = 8;
constexpr std::uint32_t slot_bytes = 64;
constexpr std::uint64_t timeout_ns = 10000;

struct Opened {
  FakeMachine machine;
  epoch_device device{};
  explicit Opened(std::uint32_t interrupt = 2, bool polling = false) {
    machine.interrupt = interrupt;
    REQUIRE(epoch_device_open(&device, 0, ring_entries, polling) == EPOCH_DEVICE_OK);
  }
  epoch_device_result submit(std::uint32_t count) {
    std::vector<epoch_descriptor> descriptors(count);
    for (std::uint32_t i = 0; i < count; ++i)
      epoch_build_control(&descriptors[i], i + 1 < count ? EPOCH_OP_NOP : EPOCH_OP_IRQ);
    return epoch_device_submit(&device, descriptors.data(), count, timeout_ns);
  }
};

epoch_device_result open_result(FakeMachine&, std::uint32_t entries = ring_entries) {
  epoch_device device;
  return epoch_device_open(&device, 0, entries, false);
}

}  // namespace

TEST_CASE("device: open refuses what it cannot drive") {
  FakeMachine machine;
  for (const std::uint32_t entries : {0u, 1u, 3u, 12u, 8192u})
    CHECK(open_result(machine, entries) == EPOCH_DEVICE_RING_SIZE);
  machine.registers[EPOCH_REG_VERSION] = EPOCH_VERSION_MAJOR << 16 | 0x7FFF;
  CHECK(open_result(machine) == EPOCH_DEVICE_OK);  // a later minor only adds
  machine.registers[EPOCH_REG_VERSION] = (EPOCH_VERSION_MAJOR + 1) << 16;
  CHECK(open_result(machine) == EPOCH_DEVICE_VERSION);
  machine.registers[EPOCH_REG_ID] = 0xFFFFFFFF;
  CHECK(open_result(machine) == EPOCH_DEVICE_IDENTITY);
  machine.present = false;
  CHECK(open_result(machine) == EPOCH_DEVICE_ABSENT);
}

TEST_CASE("device: open without memory or without an end of the reset") {
  FakeMachine machine;
  machine.memory_bytes = ring_entries * slot_bytes - 1;
  CHECK(open_result(machine) == EPOCH_DEVICE_MEMORY);
  machine.memory_bytes = ring_entries * slot_bytes;
  machine.reset_reads = ~0u;
  CHECK(open_result(machine) == EPOCH_DEVICE_TIMEOUT);
  CHECK(machine.find_value(EPOCH_REG_CTRL, EPOCH_CTRL_ENABLE_MASK) == FakeMachine::none);
}

TEST_CASE("device: open masks, resets, clears, sets the ring, and enables last") {
  Opened opened;
  const FakeMachine& machine = opened.machine;
  const std::size_t masked = machine.find_value(EPOCH_REG_IRQ_ENABLE, 0);
  const std::size_t reset = machine.find_value(EPOCH_REG_CTRL, EPOCH_CTRL_RESET_MASK);
  const std::size_t cleared = machine.find_value(EPOCH_REG_IRQ_STATUS, 7);
  const std::size_t base_lo = machine.find_value(EPOCH_REG_RING_BASE_LO, 0x678000C0);
  const std::size_t base_hi = machine.find_value(EPOCH_REG_RING_BASE_HI, 0x12345);
  const std::size_t size = machine.find_value(EPOCH_REG_RING_SIZE, ring_entries);
  const std::size_t start = machine.find_value(EPOCH_REG_RING_START, 0);
  const std::size_t unmasked = machine.find_value(EPOCH_REG_IRQ_ENABLE, 3);
  const std::size_t enabled = machine.find_value(EPOCH_REG_CTRL, EPOCH_CTRL_ENABLE_MASK);
  CHECK(masked < reset);
  CHECK(reset < cleared);
  for (const std::size_t ring : {base_lo, base_hi, size, start}) {
    CHECK(cleared < ring);
    CHECK(ring < enabled);
  }
  CHECK(unmasked < enabled);
  CHECK(enabled == machine.log.size() - 1);
  CHECK(opened.device.clock_hz == 123456789);
}

TEST_CASE("device: without an interrupt line it polls") {
  Opened opened(0);
  CHECK(opened.device.polling);
  CHECK(opened.machine.find_value(EPOCH_REG_IRQ_ENABLE, 3) == FakeMachine::none);
  opened.machine.raise_error(EPOCH_ERROR_OPCODE, 5);
  CHECK(epoch_device_wait(&opened.device, 6, timeout_ns) == EPOCH_DEVICE_FAULT);
  CHECK(opened.device.error.sequence == 5);
}

// HEAD is read, then the slots are the hart's, then the device's, then the doorbell rings; slots up
// to the ring's end change hands in one piece.
TEST_CASE("device: slots change hands before they are written and before the doorbell") {
  Opened opened;
  FakeMachine& machine = opened.machine;
  for (std::uint32_t first = 0; first < 20; first += 5) {
    machine.log.clear();
    REQUIRE(opened.submit(5) == EPOCH_DEVICE_OK);
    const std::size_t head = machine.find(Kind::read, EPOCH_REG_RING_HEAD);
    const std::size_t doorbell = machine.find_value(EPOCH_REG_RING_TAIL, first + 5);
    REQUIRE(doorbell == machine.log.size() - 1);
    for (std::uint32_t done = 0; done < 5;) {
      const std::uint32_t slot = (first + done) % ring_entries;
      const std::uint32_t run = std::min(5 - done, ring_entries - slot);
      const std::size_t to_cpu = machine.find(Kind::to_cpu, slot * slot_bytes);
      const std::size_t to_device = machine.find(Kind::to_device, slot * slot_bytes);
      CHECK(head < to_cpu);
      CHECK(to_cpu < to_device);
      CHECK(to_device < doorbell);
      CHECK(machine.log[to_cpu].value == run * slot_bytes);
      CHECK(machine.log[to_device].value == run * slot_bytes);
      done += run;
    }
  }
}

TEST_CASE("device: a full ring ends by the timeout, and what was accepted is known") {
  Opened opened;
  opened.machine.device_runs = false;
  CHECK(opened.submit(ring_entries + 3) == EPOCH_DEVICE_TIMEOUT);
  CHECK(opened.device.tail == ring_entries);
  CHECK(opened.machine.registers[EPOCH_REG_RING_TAIL] == ring_entries);
}

TEST_CASE("device: a wait ends by completion, with a fence, or by its timeout") {
  Opened opened;
  REQUIRE(opened.submit(3) == EPOCH_DEVICE_OK);
  CHECK(epoch_device_wait(&opened.device, 3, timeout_ns) == EPOCH_DEVICE_OK);
  CHECK(opened.machine.log.back().kind == Kind::fence);
  CHECK(opened.machine.log[opened.machine.log.size() - 2].offset == EPOCH_REG_COMPLETED);
  CHECK(epoch_device_wait(&opened.device, 4, timeout_ns) == EPOCH_DEVICE_TIMEOUT);
}

TEST_CASE("device: completion compares by signed difference") {
  Opened opened;
  opened.machine.registers[EPOCH_REG_COMPLETED] = 3;
  CHECK(epoch_device_wait(&opened.device, 0xFFFFFFFE, timeout_ns) == EPOCH_DEVICE_OK);
  opened.machine.registers[EPOCH_REG_COMPLETED] = 0xFFFFFFFE;
  CHECK(epoch_device_wait(&opened.device, 3, timeout_ns) == EPOCH_DEVICE_TIMEOUT);
}

// Clearing the cause clears ERROR_*: it is read before, and a later error does not replace it.
TEST_CASE("device: the handler reads the error before it clears, and keeps the first") {
  Opened opened;
  FakeMachine& machine = opened.machine;
  machine.log.clear();
  machine.raise_error(EPOCH_ERROR_BUS_READ, 11);
  machine.interrupt_now();
  const std::size_t code = machine.find(Kind::read, EPOCH_REG_ERROR_CODE);
  const std::size_t cleared = machine.find_value(EPOCH_REG_IRQ_STATUS, EPOCH_IRQ_STATUS_ERROR_MASK);
  CHECK(code < cleared);
  CHECK(cleared != FakeMachine::none);
  machine.raise_error(EPOCH_ERROR_BUS_WRITE, 12);
  machine.interrupt_now();
  CHECK(opened.device.error.code == EPOCH_ERROR_BUS_READ);
  CHECK(opened.device.error.sequence == 11);
  CHECK(opened.submit(1) == EPOCH_DEVICE_FAULT);
  machine.log.clear();
  machine.interrupt_now();  // spurious: it writes nothing
  CHECK(machine.log.size() == 1);
}

TEST_CASE("device: recovery starts where COMPLETED stands after the reset") {
  Opened opened;
  FakeMachine& machine = opened.machine;
  machine.registers[EPOCH_REG_COMPLETED] = 5;
  machine.registers[EPOCH_REG_WATCHDOG] = 1000;
  machine.on_reset_done = [&] { machine.registers[EPOCH_REG_COMPLETED] = 7; };
  machine.raise_error(EPOCH_ERROR_OPCODE, 9);
  machine.interrupt_now();
  CHECK(epoch_device_recover(&opened.device, timeout_ns) == EPOCH_DEVICE_OK);
  CHECK(machine.registers[EPOCH_REG_RING_START] == 7);
  CHECK(machine.registers[EPOCH_REG_WATCHDOG] == 0);
  CHECK(opened.device.tail == 7);
  CHECK(opened.device.error.code == EPOCH_ERROR_NONE);
}

TEST_CASE("device: an interrupt on its way during recovery leaves no error behind") {
  Opened opened;
  FakeMachine& machine = opened.machine;
  machine.raise_error(EPOCH_ERROR_OPCODE, 9);
  bool delivered = false;
  machine.on_read = [&](std::uint32_t offset) {
    if (offset != EPOCH_REG_CTRL || delivered) return;
    delivered = true;
    machine.interrupt_now();
  };
  CHECK(epoch_device_recover(&opened.device, timeout_ns) == EPOCH_DEVICE_OK);
  CHECK(delivered);
  CHECK(opened.device.error.code == EPOCH_ERROR_NONE);
  CHECK(opened.submit(1) == EPOCH_DEVICE_OK);
}

TEST_CASE("device: a reset without end is a timeout, a failed drain is told apart") {
  Opened opened;
  opened.machine.log.clear();
  opened.machine.reset_reads = ~0u;
  CHECK(epoch_device_recover(&opened.device, timeout_ns) == EPOCH_DEVICE_TIMEOUT);
  opened.machine.registers[EPOCH_REG_STATUS] = EPOCH_STATUS_DRAIN_FAILED_MASK;
  CHECK(epoch_device_recover(&opened.device, timeout_ns) == EPOCH_DEVICE_DRAIN);
  CHECK(opened.machine.find_value(EPOCH_REG_CTRL, EPOCH_CTRL_ENABLE_MASK) == FakeMachine::none);
}

TEST_CASE("device: restart starts the counters anywhere") {
  Opened opened;
  REQUIRE(epoch_device_restart(&opened.device, 0xFFFFFFF0, timeout_ns) == EPOCH_DEVICE_OK);
  CHECK(opened.machine.registers[EPOCH_REG_RING_START] == 0xFFFFFFF0);
  for (int i = 0; i < 6; ++i) REQUIRE(opened.submit(5) == EPOCH_DEVICE_OK);
  CHECK(opened.device.tail == 14);
}
