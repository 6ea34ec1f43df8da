// SPDX-License-Identifier: Apache-2.0
//
// The processor whose program is host code: what takes time and how much, sleep, direct memory.
#include <catch2/catch.hpp>
#include <cstdint>
#include <functional>
#include <stdexcept>

#include "common/find_statistic.h"
#include "common/target_tester.h"
#include "cpu/native_cpu.h"

namespace epoch {
namespace {

using sc_core::SC_NS;
using sc_core::SC_PS;
using sc_core::sc_time;
using sc_core::sc_time_stamp;

constexpr std::uint32_t kTimer = 1u << 7, kExternal = 1u << 11;

// A NativeCpu of 500 MHz (a cycle is 2 ns) with 64 KiB behind its bus.
struct Board {
  Board() : memory("memory", 0x10000), cpu("cpu", CpuConfig{}) {
    cpu.bus.bind(memory.socket);
    cpu.software_interrupt(software);
    cpu.timer_interrupt(timer);
    cpu.external_interrupt(external);
  }
  // Simulates until the program has ended.
  void run(const std::function<void(NativeCpu&)>& program) {
    bool ended = false;
    cpu.program = [&](NativeCpu& native) {
      program(native);
      ended = true;
    };
    sc_core::sc_start(1, sc_core::SC_MS);
    CHECK(ended);
  }

  TargetTester memory;
  sc_core::sc_signal<bool> software, timer, external;
  NativeCpu cpu;
};

// Lets a test act at given times while the program runs.
void at(const sc_time& when, const std::function<void()>& action) {
  sc_core::sc_spawn([when, action] {
    sc_core::wait(when);
    action();
  });
}

TEST_CASE("an access takes a cycle, or what the target says up to a clock edge") {
  Board board;
  board.run([&](NativeCpu& cpu) {
    std::uint32_t value = 0x12345678;
    CHECK(cpu.write(0x40, &value, 4));
    CHECK(sc_time_stamp() == sc_time(2, SC_NS));
    board.memory.latency = sc_time(5, SC_NS);
    value = 0;
    CHECK(cpu.read(0x40, &value, 4));
    CHECK(value == 0x12345678);
    CHECK(sc_time_stamp() == sc_time(8, SC_NS));
    board.memory.latency = sc_time(4, SC_NS);
    std::uint8_t byte = 0;
    CHECK(cpu.read(0x41, &byte, 1));
    CHECK(byte == 0x56);
    CHECK(sc_time_stamp() == sc_time(12, SC_NS));
    cpu.spin(0);
    CHECK(sc_time_stamp() == sc_time(12, SC_NS));
    cpu.spin(10);
    CHECK(sc_time_stamp() == sc_time(32, SC_NS));
  });
  REQUIRE(board.memory.log.size() == 3);
  CHECK(board.memory.log[1].arrival == sc_time(2, SC_NS));
  CHECK(board.memory.log[2].length == 1);
  Statistics statistics;
  board.cpu.statistics(statistics);
  CHECK(find_statistic(statistics, "cpu.bus_accesses") == 3);
}

TEST_CASE("an access that is refused takes time, moves nothing and is remembered") {
  Board board;
  board.run([&](NativeCpu& cpu) {
    CHECK(!cpu.last_fault());
    std::uint32_t value = 7;
    CHECK_FALSE(cpu.read(0x20000, &value, 4));
    CHECK(value == 7);
    CHECK(sc_time_stamp() == sc_time(2, SC_NS));
    CHECK_FALSE(cpu.write(0x30000, &value, 4));
    CHECK(cpu.read(0x0, &value, 4));
    REQUIRE(cpu.last_fault());
    CHECK(cpu.last_fault()->address == 0x30000);
    CHECK(cpu.last_fault()->is_write);
  });
}

TEST_CASE("sleep ends when an enabled input is up, at a clock edge") {
  Board board;
  at(sc_time(50, SC_NS), [&] { board.timer = true; });
  at(sc_time(100'500, SC_PS), [&] { board.external = true; });
  board.run([&](NativeCpu& cpu) {
    CHECK(cpu.interrupts() == 0);
    cpu.sleep(kExternal);
    CHECK(sc_time_stamp() == sc_time(102, SC_NS));
    CHECK(cpu.interrupts() == (kTimer | kExternal));
    CHECK_FALSE(cpu.sleeping());
    cpu.sleep(kTimer | kExternal);  // is up already
    CHECK(sc_time_stamp() == sc_time(102, SC_NS));
  });
  Statistics statistics;
  board.cpu.statistics(statistics);
  CHECK(find_statistic(statistics, "cpu.wfi_time") == Approx(102));
}

TEST_CASE("a processor that nobody wakes stays asleep") {
  Board board;
  board.cpu.program = [](NativeCpu& cpu) { cpu.sleep(0); };
  sc_core::sc_start();
  CHECK(board.cpu.sleeping());
  CHECK_FALSE(sc_core::sc_pending_activity());
}

TEST_CASE("memory has a pointer and a bus address where direct access is granted") {
  Board board;
  board.run([&](NativeCpu& cpu) {
    CHECK(cpu.pointer(0x100, 16) == nullptr);
    board.memory.grants_dmi = true;
    auto* bytes = static_cast<std::uint8_t*>(cpu.pointer(0x100, 16));
    CHECK(bytes == board.memory.memory.data() + 0x100);
    CHECK(cpu.address(bytes) == 0x100);
    CHECK(cpu.address(bytes + 0xFEFF) == 0xFFFF);
    CHECK(cpu.pointer(0xFFF0, 16) == board.memory.memory.data() + 0xFFF0);
    CHECK(cpu.pointer(0xFFF0, 17) == nullptr);
    CHECK(cpu.pointer(0x100, ~std::uint64_t{0}) == nullptr);
    CHECK(cpu.pointer(0xFFFF, 0) != nullptr);
    CHECK_THROWS_AS(cpu.address(&board), std::invalid_argument);
    CHECK_THROWS_AS(cpu.address(board.memory.memory.data() + 0x10000), std::invalid_argument);
    CHECK(sc_time_stamp() == sc_time());
    CHECK(board.memory.log.empty());
    CHECK_THROWS_AS(board.memory.invalidate_dmi(0x200, 0x2FF), std::logic_error);
  });
}

}  // namespace
}  // namespace epoch
