// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <string>

#include "common/find_statistic.h"
#include "common/initiator_tester.h"
#include "common/trace_recorder.h"
#include "peripherals/uart.h"

using epoch::InitiatorTester;
using epoch::Statistics;
using epoch::TraceRecorder;
using epoch::Uart;
using sc_core::SC_ZERO_TIME;

namespace {

// PC16550D data sheet, register addresses.
enum : std::uint64_t { RBR, IER, IIR, LCR, MCR, LSR, MSR, SCR, THR = RBR, FCR = IIR };

struct Bench {
  Uart uart{"uart"};
  InitiatorTester master{"master"};
  sc_core::sc_signal<bool> irq{"irq"};
  std::string sent;

  Bench() {
    master.socket.bind(uart.socket);
    uart.irq.bind(irq);
    uart.on_transmit = [this](std::uint8_t byte) { sent += static_cast<char>(byte); };
  }
  std::uint8_t read(std::uint64_t offset) { return master.read8(offset); }
  void write(std::uint64_t offset, std::uint8_t value) { master.write8(offset, value); }
  bool line() {
    for (int delta = 0; delta < 3; ++delta) sc_core::wait(SC_ZERO_TIME);
    return irq.read();
  }
};

}  // namespace

TEST_CASE("uart registers start at their reset values") {
  Bench bench;
  bench.master.run([&] {
    CHECK(bench.read(RBR) == 0);
    CHECK(bench.read(IER) == 0);
    CHECK(bench.read(IIR) == 0x01);
    CHECK(bench.read(LCR) == 0);
    CHECK(bench.read(MCR) == 0);
    CHECK(bench.read(LSR) == 0x60);
    CHECK(bench.read(MSR) == 0xB0);
    CHECK(bench.read(SCR) == 0);
    CHECK_FALSE(bench.line());
  });
}

TEST_CASE("a written byte is sent at once and the transmitter stays ready") {
  Bench bench;
  bench.master.run([&] {
    for (const char c : std::string("hello\n")) {
      CHECK(bench.read(LSR) == 0x60);
      bench.write(THR, static_cast<std::uint8_t>(c));
    }
  });
  CHECK(bench.sent == "hello\n");
  Statistics all;
  bench.uart.statistics(all);
  CHECK(epoch::find_statistic(all, "uart.transmitted_bytes") == 6);
}

TEST_CASE("only single bytes inside the window are served") {
  Bench bench;
  bench.master.run([&] {
    std::uint8_t data[8] = {}, enable = 0xFF;
    CHECK(bench.master.read(RBR, data, 2) == tlm::TLM_BURST_ERROR_RESPONSE);
    CHECK(bench.master.write(THR, data, 4) == tlm::TLM_BURST_ERROR_RESPONSE);
    CHECK(bench.master.read(RBR, data, 0) == tlm::TLM_BURST_ERROR_RESPONSE);
    CHECK(bench.master.read(8, data, 1) == tlm::TLM_ADDRESS_ERROR_RESPONSE);
    tlm::tlm_generic_payload payload;
    epoch::fill_payload(payload, tlm::TLM_WRITE_COMMAND, THR, data, 1);
    payload.set_byte_enable_ptr(&enable);
    payload.set_byte_enable_length(1);
    CHECK(bench.master.transport(payload) == tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
    tlm::tlm_dmi dmi;
    CHECK_FALSE(bench.master.dmi(RBR, tlm::TLM_READ_COMMAND, dmi));
  });
  CHECK(bench.sent.empty());
}

TEST_CASE("the divisor latch hides RBR, THR and IER while DLAB is set") {
  Bench bench;
  bench.master.run([&] {
    bench.write(LCR, 0x83);
    bench.write(0, 0x1B);
    bench.write(1, 0x02);
    CHECK(bench.read(0) == 0x1B);
    CHECK(bench.read(1) == 0x02);
    bench.uart.receive('x');
    CHECK(bench.read(0) == 0x1B);
    bench.write(LCR, 0x03);
    CHECK(bench.read(IER) == 0);
    CHECK(bench.read(RBR) == 'x');
    CHECK(bench.read(LCR) == 0x03);
  });
  CHECK(bench.sent.empty());
}

TEST_CASE("registers keep the bits that exist and ignore the read-only ones") {
  Bench bench;
  bench.master.run([&] {
    for (const std::uint64_t offset : {IER, LCR, MCR, LSR, MSR, SCR}) bench.write(offset, 0x7F);
    CHECK(bench.read(IER) == 0x0F);
    CHECK(bench.read(LCR) == 0x7F);
    CHECK(bench.read(MCR) == 0x0F);
    CHECK(bench.read(LSR) == 0x60);
    CHECK(bench.read(MSR) == 0xB0);
    CHECK(bench.read(SCR) == 0x7F);
  });
}

TEST_CASE("the receive fifo holds 16 bytes in order, the next one is lost and reported once") {
  Bench bench;
  bench.master.run([&] {
    bench.write(FCR, 0x01);
    for (std::uint8_t byte = 0; byte < 17; ++byte) bench.uart.receive(byte);
    CHECK(bench.read(LSR) == 0x63);
    CHECK(bench.read(LSR) == 0x61);  // reading clears the overrun
    for (std::uint8_t byte = 0; byte < 16; ++byte) CHECK(bench.read(RBR) == byte);
    CHECK(bench.read(LSR) == 0x60);
  });
  Statistics all;
  bench.uart.statistics(all);
  CHECK(epoch::find_statistic(all, "uart.received_bytes") == 16);
  CHECK(epoch::find_statistic(all, "uart.lost_bytes") == 1);
}

TEST_CASE("without fifos there is room for one byte") {
  Bench bench;
  bench.master.run([&] {
    bench.uart.receive('a');
    bench.uart.receive('b');
    CHECK(bench.read(LSR) == 0x63);
    CHECK(bench.read(RBR) == 'a');
    CHECK(bench.read(LSR) == 0x60);
  });
}

TEST_CASE("FCR enables and clears the receive fifo") {
  Bench bench;
  bench.master.run([&] {
    bench.write(FCR, 0x01);
    CHECK(bench.read(IIR) == 0xC1);
    bench.uart.receive('a');
    bench.write(FCR, 0x03);  // clear the receiver
    CHECK(bench.read(LSR) == 0x60);
    bench.uart.receive('b');
    bench.write(FCR, 0x01);  // no change: keeps its bytes
    CHECK(bench.read(RBR) == 'b');
    bench.uart.receive('c');
    bench.write(FCR, 0x00);  // switching fifos off empties them
    CHECK(bench.read(LSR) == 0x60);
    CHECK(bench.read(IIR) == 0x01);
  });
}

TEST_CASE("the receive interrupt follows the fifo") {
  Bench bench;
  bench.master.run([&] {
    bench.write(FCR, 0x01);
    bench.uart.receive('a');
    CHECK_FALSE(bench.line());  // not enabled
    bench.write(IER, 0x01);
    CHECK(bench.line());
    CHECK(bench.read(IIR) == 0xC4);
    bench.uart.receive('b');
    CHECK(bench.read(RBR) == 'a');
    CHECK(bench.line());
    CHECK(bench.read(RBR) == 'b');
    CHECK_FALSE(bench.line());
    CHECK(bench.read(IIR) == 0xC1);
  });
}

TEST_CASE("the THR-empty interrupt is cleared by IIR and raised by the next byte") {
  Bench bench;
  bench.master.run([&] {
    bench.write(IER, 0x02);  // enabling raises it: the transmitter is empty
    CHECK(bench.line());
    CHECK(bench.read(IIR) == 0x02);
    CHECK_FALSE(bench.line());
    CHECK(bench.read(IIR) == 0x01);
    bench.write(IER, 0x02);  // already enabled: no new edge
    CHECK_FALSE(bench.line());
    bench.write(THR, 'x');
    CHECK(bench.line());
    CHECK(bench.read(IIR) == 0x02);
    CHECK_FALSE(bench.line());
  });
}

TEST_CASE("interrupts are identified by priority: line status, receiver, transmitter") {
  Bench bench;
  bench.master.run([&] {
    bench.write(IER, 0x07);
    bench.uart.receive('a');
    bench.uart.receive('b');  // overrun
    CHECK(bench.read(IIR) == 0x06);
    CHECK(bench.read(LSR) == 0x63);
    CHECK(bench.read(IIR) == 0x04);
    CHECK(bench.read(RBR) == 'a');
    CHECK(bench.line());
    CHECK(bench.read(IIR) == 0x02);
    CHECK(bench.read(IIR) == 0x01);
    CHECK_FALSE(bench.line());
  });
}

TEST_CASE("debug reads take nothing from the uart") {
  Bench bench;
  bench.master.run([&] {
    bench.write(FCR, 0x01);
    bench.write(IER, 0x02);
    for (int i = 0; i < 17; ++i) bench.uart.receive('q');
    std::uint8_t data[16] = {};
    CHECK(bench.master.debug_read(0, data, 16) == 8);
    CHECK(data[RBR] == 'q');
    CHECK(data[IIR] == 0xC2);
    CHECK(data[LSR] == 0x63);
    CHECK(bench.master.debug_write(THR, data, 1) == 0);
    CHECK(bench.master.debug_read(8, data, 1) == 0);
    CHECK(bench.line());
    CHECK(bench.read(LSR) == 0x63);
    for (int i = 0; i < 16; ++i) CHECK(bench.read(RBR) == 'q');
  });
  CHECK(bench.sent.empty());
}

TEST_CASE("the far end learns whether the firmware listens, and how much it can take") {
  Bench bench;
  bench.master.run([&] {
    bench.write(LCR, 0x83);
    bench.read(RBR);  // the divisor latch
    bench.write(LCR, 0x03);
    bench.write(RBR, 'x');
    bench.write(IER, 0x02);
    CHECK_FALSE(bench.uart.listens());
    CHECK_FALSE(bench.uart.interrupts_on_input());
    CHECK(bench.uart.room() == 1);
    bench.write(FCR, 0x01);
    CHECK(bench.uart.room() == 16);
    CHECK_FALSE(bench.uart.listens());
    bench.read(LSR);
    CHECK(bench.uart.listens());
    bench.uart.receive('a');
    CHECK(bench.uart.room() == 15);
    bench.write(IER, 0x01);
    CHECK(bench.uart.interrupts_on_input());
  });
}

TEST_CASE("enabling the receive interrupt is listening") {
  Bench bench;
  bench.master.run([&] {
    bench.write(IER, 0x01);
    CHECK(bench.uart.listens());
  });
}

TEST_CASE("the uart's line and bytes are traced") {
  Bench bench;
  TraceRecorder trace;
  bench.uart.attach_trace(trace);
  bench.master.run([&] {
    sc_core::wait(5, sc_core::SC_NS);
    bench.write(THR, 'x');
    bench.write(IER, 0x01);
    bench.uart.receive('y');
    sc_core::wait(2, sc_core::SC_NS);
    bench.read(RBR);
    CHECK_FALSE(bench.line());
  });
  using Changes = std::vector<TraceRecorder::Change>;
  CHECK(trace.changes("uart.transmit") == Changes{{5000, 'x'}});
  CHECK(trace.changes("uart.irq") == Changes{{0, 0}, {5000, 1}, {7000, 0}});
}
