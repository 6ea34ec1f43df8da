// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <stdexcept>
#include <vector>

#include "common/initiator_tester.h"
#include "common/trace_recorder.h"
#include "peripherals/clint.h"

using epoch::Clint;
using epoch::ClintConfig;
using epoch::InitiatorTester;
using epoch::TraceRecorder;
using sc_core::SC_NS;
using sc_core::SC_PS;
using sc_core::sc_time;
using sc_core::sc_time_stamp;

namespace {

constexpr std::uint64_t msip = 0x0, mtimecmp = 0x4000, mtime = 0xBFF8;

struct Bench {
  Clint clint;
  InitiatorTester master{"master"};
  sc_core::sc_signal<bool> software{"software"}, timer{"timer"};

  explicit Bench(std::uint64_t timebase_hz = 10'000'000) : clint("clint", {timebase_hz}) {
    master.socket.bind(clint.socket);
    clint.software_interrupt.bind(software);
    clint.timer_interrupt.bind(timer);
  }
  // As the privileged architecture's example: no spurious interrupt in between.
  void set_timer(std::uint64_t value) {
    master.write32(mtimecmp + 4, 0xFFFFFFFF);
    master.write32(mtimecmp, static_cast<std::uint32_t>(value));
    master.write32(mtimecmp + 4, static_cast<std::uint32_t>(value >> 32));
  }
  std::uint64_t read_mtime() {
    const std::uint64_t low = master.read32(mtime);
    return low | (std::uint64_t{master.read32(mtime + 4)} << 32);
  }
  static void settle() {
    for (int delta = 0; delta < 3; ++delta) sc_core::wait(sc_core::SC_ZERO_TIME);
  }
};

// The first picosecond t with t * timebase / 1e12 >= tick, found without rounding functions: the
// interrupt is low one picosecond before and high at t.
void check_exact_timer(std::uint64_t timebase_hz, std::uint64_t tick) {
  constexpr std::uint64_t ps_per_second = 1'000'000'000'000;
  std::uint64_t due_ps = tick * ps_per_second / timebase_hz;
  while (due_ps * timebase_hz < tick * ps_per_second) ++due_ps;
  Bench bench(timebase_hz);
  bench.master.run([&] {
    bench.set_timer(tick);
    sc_core::wait(sc_time::from_value(due_ps - 1));
    CHECK_FALSE(bench.timer.read());
    CHECK(bench.read_mtime() == tick - 1);
    sc_core::wait(1, SC_PS);
    Bench::settle();
    CHECK(bench.timer.read());
    CHECK(sc_time_stamp() == sc_time::from_value(due_ps));
    CHECK(bench.read_mtime() == tick);
  });
}

}  // namespace

TEST_CASE("clint registers start without a pending interrupt") {
  Bench bench;
  bench.master.run([&] {
    CHECK(bench.master.read32(msip) == 0);
    CHECK(bench.master.read32(mtimecmp) == 0xFFFFFFFF);
    CHECK(bench.master.read32(mtimecmp + 4) == 0xFFFFFFFF);
    CHECK(bench.read_mtime() == 0);
    sc_core::wait(1, sc_core::SC_MS);
    CHECK_FALSE(bench.timer.read());
    CHECK_FALSE(bench.software.read());
  });
}

TEST_CASE("msip drives the software interrupt with its lowest bit") {
  Bench bench;
  bench.master.run([&] {
    bench.master.write32(msip, 0xFFFFFFFF);
    bench.settle();
    CHECK(bench.software.read());
    CHECK(bench.master.read32(msip) == 1);
    bench.master.write32(msip, 0xFFFFFFFE);
    bench.settle();
    CHECK_FALSE(bench.software.read());
  });
}

TEST_CASE("mtime counts simulated time, the annotated delay included") {
  Bench bench;
  bench.master.run([&] {
    sc_core::wait(12'345, SC_NS);
    CHECK(bench.read_mtime() == 123);
    bench.master.decoupled = true;
    bench.master.start_delay = sc_time(54, SC_NS);
    CHECK(bench.read_mtime() == 123);
    bench.master.start_delay = sc_time(55, SC_NS);
    CHECK(bench.read_mtime() == 124);
  });
  CHECK(bench.clint.mtime(99'999) == 0);
  CHECK(bench.clint.mtime(100'000) == 1);
}

TEST_CASE("a timer interrupt is exact at 10 MHz") {
  check_exact_timer(10'000'000, 57);
}
TEST_CASE("a timer interrupt is exact at 32768 Hz") {
  check_exact_timer(32'768, 7);
}
TEST_CASE("a timer interrupt is exact at 3 MHz") {
  check_exact_timer(3'000'000, 1001);
}
TEST_CASE("a timer interrupt is exact at one tick a picosecond") {
  check_exact_timer(1'000'000'000'000, 12'345);
}

TEST_CASE("a compare value in the past interrupts at once, a later one withdraws it") {
  Bench bench;
  bench.master.run([&] {
    sc_core::wait(1000, SC_NS);
    bench.set_timer(10);  // equal is reached
    bench.settle();
    CHECK(bench.timer.read());
    CHECK(sc_time_stamp() == sc_time(1000, SC_NS));
    bench.set_timer(11);
    bench.settle();
    CHECK_FALSE(bench.timer.read());
    sc_core::wait(bench.timer.posedge_event());
    CHECK(sc_time_stamp() == sc_time(1100, SC_NS));
  });
}

TEST_CASE("moving mtimecmp moves the interrupt") {
  Bench bench;
  bench.master.run([&] {
    bench.set_timer(100);
    bench.set_timer(50);
    sc_core::wait(bench.timer.posedge_event());
    CHECK(sc_time_stamp() == sc_time(5000, SC_NS));
    bench.set_timer(70);
    bench.set_timer(90);
    sc_core::wait(bench.timer.posedge_event());
    CHECK(sc_time_stamp() == sc_time(9000, SC_NS));
  });
}

TEST_CASE("a withdrawn timer leaves the kernel nothing to wait for") {
  Bench bench;
  bench.master.run([&] {
    bench.set_timer(100);
    CHECK(sc_core::sc_pending_activity_at_future_time());
    bench.set_timer(~std::uint64_t{0});
    CHECK_FALSE(sc_core::sc_pending_activity_at_future_time());
  });
}

TEST_CASE("writing mtime moves the clock, by words, and the interrupt with it") {
  Bench bench;
  bench.master.run([&] {
    sc_core::wait(1050, SC_NS);  // mtime 10
    bench.set_timer(0x5'00000010);
    bench.master.write32(mtime + 4, 5);
    CHECK(bench.read_mtime() == 0x5'0000000A);
    sc_core::wait(bench.timer.posedge_event());
    CHECK(sc_time_stamp() == sc_time(1600, SC_NS));
    bench.master.write32(mtime, 0xF);
    bench.settle();
    CHECK_FALSE(bench.timer.read());
    sc_core::wait(bench.timer.posedge_event());
    CHECK(sc_time_stamp() == sc_time(1700, SC_NS));
  });
}

// The access completes after the next tick: mtime must not be taken to run backwards from 0.
TEST_CASE("writing mtime = 0 ahead of the kernel's time raises nothing") {
  Bench bench;
  bench.master.run([&] {
    sc_core::wait(1050, SC_NS);
    bench.set_timer(100);
    bench.master.decoupled = true;
    bench.master.start_delay = sc_time(60, SC_NS);
    bench.master.write32(mtime, 0);
    bench.settle();
    CHECK_FALSE(bench.timer.read());
    sc_core::wait(bench.timer.posedge_event());
    CHECK(sc_time_stamp() == sc_time(1100 + 100 * 100, SC_NS));
  });
}

TEST_CASE("only aligned words are served") {
  Bench bench;
  bench.master.run([&] {
    std::uint64_t data = 0;
    CHECK(bench.master.read(mtime, &data, 8) == tlm::TLM_BURST_ERROR_RESPONSE);
    CHECK(bench.master.write(msip, &data, 1) == tlm::TLM_BURST_ERROR_RESPONSE);
    CHECK(bench.master.write(mtimecmp + 2, &data, 4) == tlm::TLM_ADDRESS_ERROR_RESPONSE);
    CHECK(bench.master.read(0x10000, &data, 4) == tlm::TLM_ADDRESS_ERROR_RESPONSE);
    CHECK(bench.master.read32(0x8) == 0);  // no hart 1: reserved
  });
}

TEST_CASE("debug transport reads mtime as one 64-bit value") {
  Bench bench;
  bench.master.run([&] {
    sc_core::wait(12'300, SC_NS);
    std::uint64_t value = 0;
    CHECK(bench.master.debug_read(mtime, &value, 8) == 8);
    CHECK(value == 123);
    CHECK(bench.master.debug_write(msip, &value, 4) == 0);
    CHECK(bench.master.read32(msip) == 0);
  });
}

TEST_CASE("the clint's lines are traced") {
  Bench bench;
  TraceRecorder trace;
  bench.clint.attach_trace(trace);
  bench.master.run([&] {
    bench.set_timer(3);
    sc_core::wait(1000, SC_NS);
    bench.master.write32(msip, 1);
    bench.settle();
  });
  using Changes = std::vector<TraceRecorder::Change>;
  CHECK(trace.changes("clint.timer_interrupt") == Changes{{0, 0}, {300'000, 1}});
  CHECK(trace.changes("clint.software_interrupt") == Changes{{0, 0}, {1'000'000, 1}});
}

TEST_CASE("a timebase of zero is refused") {
  CHECK_THROWS_AS(Clint("clint", ClintConfig{0}), std::invalid_argument);
}
