// SPDX-License-Identifier: Apache-2.0
// Every error code of the contract, provoked on the running device, what it leaves, and the way
// back. A code that nothing provokes fails.
#include <catch2/catch.hpp>
#include <set>

#include "layer.h"

using namespace epoch;

namespace {

constexpr std::uint32_t activations = EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, 0);
constexpr std::uint32_t coefficients = EPOCH_LOCAL(EPOCH_BUFFER_COEFFICIENTS, 0);
constexpr std::uint16_t context = 0xBEEF;

struct Code {
  const char* name;
  std::uint32_t value;
};
#define EPOCH_X_CODE(name, value, description) {#name, value},
const Code codes[] = {EPOCH_ERRORS(EPOCH_X_CODE)};

std::uint32_t use(unsigned n) {
  return EPOCH_SEMAPHORE_USE(n);
}
Descriptor load(std::uint32_t at = 0) {
  return dma_command(EPOCH_OP_LOAD, at, activations + at, 64);
}
Descriptor store() {
  return dma_command(EPOCH_OP_STORE, 0x8000, activations, 64);
}
Descriptor ssm(std::uint32_t destination) {
  return array_command(EPOCH_MODE_REAL, 1, 1, 4, activations, destination, EPOCH_ARRAY_ZERO_STATE);
}

// What the registers must say, counted from the ring counter at which the provocation began.
struct Expected {
  std::uint32_t sequence = 0;
  std::uint32_t completed = 0;
  std::uint32_t head = 0;
  std::uint64_t address = 0;
  std::uint32_t length = 0;
  std::uint16_t tag = context;
  std::size_t accesses = 0;  // of the memory
};

using Provoke = std::function<Expected(DeviceBench&)>;

// A descriptor that the decoder refuses, behind two that drain and before some that never start.
Provoke refused(Descriptor words, std::uint64_t address = 0, std::uint32_t length = 0) {
  return [=](DeviceBench& bench) {
    bench.submit({load(), load(0x100), with_flags(words, EPOCH_CONTROL_FLAGS(words[0]), context),
                  store(), with_flags(load(), EPOCH_FLAG_IRQ_ON_DONE)});
    bench.cycles(300);
    CHECK(bench.read(EPOCH_REG_ERROR_CODE) != EPOCH_ERROR_NONE);  // while the loads still run
    CHECK(bench.read(EPOCH_REG_COMPLETED) == bench.ring_start);
    CHECK((bench.read(EPOCH_REG_STATUS) & EPOCH_STATUS_HALTED_MASK) == 0);
    return Expected{2, 2, 3, address, length, context, 2};
  };
}

// The command that stands where an SSM should is at fault; STREAMS itself retires.
Expected streams_before_something_else(DeviceBench& bench) {
  bench.submit(
      {to_words(streams_raw(1, 1, activations, 0x100)), with_flags(load(), 0, context), store()});
  CHECK(bench.wait_stopped());
  return {1, 1, 2, 0, 0, context, 0};
}

Descriptor bent(Descriptor words, unsigned word, std::uint32_t value) {
  words[word] = value;
  return words;
}

Expected ring_range(DeviceBench& bench) {
  bench.submit({load()});
  bench.cycles(200);
  const std::uint32_t tail = bench.ring_start + 1 + bench.ring_entries + 1;
  bench.write(EPOCH_REG_RING_TAIL, tail);
  return {1, 1, 1, tail, 0, 0, 1};
}

Expected ring_busy(DeviceBench& bench) {
  bench.submit({load()});
  bench.cycles(200);
  bench.write(EPOCH_REG_RING_SIZE, 32);
  return {1, 1, 1, EPOCH_REG_RING_SIZE, 0, 0, 1};
}

Expected ring_config(DeviceBench& bench) {
  bench.write(EPOCH_REG_CTRL, 0);
  bench.write(EPOCH_REG_RING_BASE_LO, 0x20);
  bench.write(EPOCH_REG_RING_BASE_HI, 0x3);
  bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_ENABLE_MASK);
  return {0, 0, 0, 0x3'0000'0020, 0, 0, 0};
}

// The third burst is refused; what waits behind it and beside it never starts.
Provoke bus(unsigned opcode) {
  return [=](DeviceBench& bench) {
    const std::uint64_t end = bench.memory.memory.size();
    const Descriptor bad =
        with_semaphores(dma_command(opcode, end - 512, activations, 1024), 0, 0, use(5));
    const unsigned other = opcode == EPOCH_OP_LOAD ? EPOCH_OP_STORE : EPOCH_OP_LOAD;
    bench.submit({with_flags(bad, 0, context), bad,
                  with_semaphores(dma_command(other, 0, activations, 64), use(5))});
    return Expected{0, 0, 3, end, 256, context, 4};
  };
}

Expected bus_fetch(DeviceBench& bench) {
  bench.submit({load()});
  CHECK(bench.wait_done());
  bench.ring.response = tlm::TLM_ADDRESS_ERROR_RESPONSE;
  bench.submit({load(0x100)});
  CHECK(bench.wait_stopped());
  bench.ring.response = tlm::TLM_OK_RESPONSE;
  const std::uint32_t slot = (bench.ring_start + 1) & (bench.ring_entries - 1);
  return {1, 1, 1, slot * sizeof(Descriptor), 64, 0, 1};
}

Expected semaphore_overflow(DeviceBench& bench) {
  const Descriptor two = with_semaphores(control_command(EPOCH_OP_NOP), 0, 0, use(7), use(7));
  for (int i = 0; i < 127; ++i) {
    bench.submit({two});
    CHECK(bench.wait_done());
  }
  CHECK(bench.read(EPOCH_REG_SEMAPHORE + 4 * 7) == 254);
  // Two would be one too many; and neither is signalled. The LOAD behind never starts.
  bench.submit({with_flags(two, 0, context), load()});
  CHECK(bench.wait_stopped());
  CHECK(bench.read(EPOCH_REG_SEMAPHORE + 4 * 7) == 254);
  const std::uint32_t head = bench.read(EPOCH_REG_RING_HEAD) - bench.ring_start;
  return {127, 127, head, 7, 0, context, 0};
}

Expected watchdog(DeviceBench& bench) {
  bench.write(EPOCH_REG_WATCHDOG, 700);
  bench.submit({with_flags(with_semaphores(load(), use(3)), 0, context), store()});
  CHECK(bench.wait_stopped());
  return {0, 0, 2, 0, 0, context, 1};  // the STORE ran, but does not count: COMPLETED is in order
}

// Coefficients that make the first output infinite, or infinity less infinity.
Provoke numeric(bool nan) {
  return [=](DeviceBench& bench) {
    const float huge = 3e38f;
    const std::uint32_t destination = activations + 0x2000;
    const unsigned modes = nan ? 2 : 1;
    bench.poke_floats(coefficients, {1.0f, huge, 1.0f, -huge});
    bench.poke_floats(activations, {huge, 0.0f});
    bench.poke_floats(destination, {5.0f});
    bench.write(EPOCH_REG_IRQ_ENABLE, EPOCH_IRQ_ENABLE_NUMERIC_MASK | EPOCH_IRQ_ENABLE_ERROR_MASK);
    const Descriptor command = array_command(EPOCH_MODE_REAL, 1, modes, 1, activations, destination,
                                             EPOCH_ARRAY_ZERO_STATE);
    bench.submit({coeff_command(EPOCH_MODE_REAL, 1, modes, coefficients),
                  with_flags(with_semaphores(command, 0, 0, use(4)), 0, context),
                  with_semaphores(store(), use(4))});
    CHECK(bench.wait_stopped());
    CHECK(bench.peek_floats(destination, 1) == std::vector<float>{5.0f});  // nothing published
    CHECK((bench.read(EPOCH_REG_IRQ_STATUS) & EPOCH_IRQ_STATUS_NUMERIC_MASK) != 0);
    // Imprecise: the STORE may have been fetched before the results came.
    const std::uint32_t head = bench.read(EPOCH_REG_RING_HEAD) - bench.ring_start;
    return Expected{1, 1, head, destination, 4, context, 0};
  };
}

// The second of four indices is outside the table; nothing of the table is read.
Expected gather_index(DeviceBench& bench) {
  const std::uint32_t indices = coefficients + 0x40;
  const std::uint32_t numbers[] = {4, 5, 0, 9};
  bench.poke(indices, numbers, sizeof numbers);
  const Descriptor gather = to_words(gather_raw(0x100, 5, indices, activations, 4, 16));
  bench.submit({with_flags(with_semaphores(gather, 0, 0, use(6)), 0, context), load(),
                with_semaphores(store(), use(6))});
  CHECK(bench.wait_stopped());
  const std::uint32_t head = bench.read(EPOCH_REG_RING_HEAD) - bench.ring_start;
  return {0, 0, head, indices + 4, 4, context, 0};
}

// g = b u is finite, (a + g) x + g is not: the state is clamped, y = c x' stays finite.
Expected numeric_saturated(DeviceBench& bench) {
  const std::uint32_t destination = activations + 0x2000;
  bench.poke_floats(coefficients, {1.0f, 1.0f, 0x1p-60f});
  bench.poke_floats(activations, {0x1p126f, 0x1p126f});
  bench.poke_floats(destination, {5.0f});
  bench.write(EPOCH_REG_IRQ_ENABLE, EPOCH_IRQ_ENABLE_NUMERIC_MASK | EPOCH_IRQ_ENABLE_ERROR_MASK);
  const std::uint64_t before = bench.counter(EPOCH_COUNTER_NUMERIC_SATURATED);
  const Descriptor command = array_command(EPOCH_MODE_LIQUID_REAL, 1, 1, 2, activations,
                                           destination, EPOCH_ARRAY_ZERO_STATE);
  bench.submit({coeff_command(EPOCH_MODE_LIQUID_REAL, 1, 1, coefficients),
                with_flags(with_semaphores(command, 0, 0, use(4)), 0, context),
                with_semaphores(store(), use(4))});
  CHECK(bench.wait_stopped());
  CHECK(bench.counter(EPOCH_COUNTER_NUMERIC_SATURATED) == before + 1);
  CHECK(bench.peek_floats(destination, 1) == std::vector<float>{5.0f});
  CHECK((bench.read(EPOCH_REG_IRQ_STATUS) & EPOCH_IRQ_STATUS_NUMERIC_MASK) != 0);
  const std::uint32_t head = bench.read(EPOCH_REG_RING_HEAD) - bench.ring_start;
  return {1, 1, head, destination, 8, context, 0};
}

struct Case {
  std::uint32_t code;
  Provoke provoke;
};

std::vector<Case> cases() {
  const Descriptor coeff = coeff_command(EPOCH_MODE_REAL, 4, 4, coefficients);
  const std::uint32_t last = activations + 512 * 1024 - 32;
  return {
      {EPOCH_ERROR_RING_RANGE, ring_range},
      {EPOCH_ERROR_RING_BUSY, ring_busy},
      {EPOCH_ERROR_RING_CONFIG, ring_config},
      {EPOCH_ERROR_OPCODE, refused(control_command(0x7F))},
      {EPOCH_ERROR_OPCODE, refused(Descriptor{})},
      {EPOCH_ERROR_RESERVED, refused(bent(control_command(EPOCH_OP_NOP), 5, 1))},
      {EPOCH_ERROR_RESERVED, refused(with_flags(load(), 0x80))},
      {EPOCH_ERROR_ALIGNMENT, refused(bent(load(), 4, activations + 2), activations + 2)},
      {EPOCH_ERROR_LOCAL_RANGE, refused(bent(load(), 4, last), last, 64)},
      {EPOCH_ERROR_TILE, refused(coeff_command(EPOCH_MODE_REAL, 4, 33, coefficients))},
      {EPOCH_ERROR_SIZE, refused(bent(load(0x40), 6, 0), 0x40)},
      {EPOCH_ERROR_OVERLAP, refused(ssm(activations + 4), activations + 4, 16)},
      {EPOCH_ERROR_SEMAPHORE_FIELD, refused(with_semaphores(load(), use(1), use(1)))},
      {EPOCH_ERROR_TYPE,
       refused(bent(coeff, 3, EPOCH_FORMAT(EPOCH_MODE_DPLR, EPOCH_TYPE_INT8, 0)))},
      {EPOCH_ERROR_MODE,
       refused(bent(coeff, 3, EPOCH_FORMAT(EPOCH_MODE_MAC + 1, EPOCH_TYPE_FP32, 0)))},
      {EPOCH_ERROR_COEFFICIENTS, refused(ssm(activations + 0x2000))},
      {EPOCH_ERROR_STREAMS,
       refused(array_command(EPOCH_MODE_SSD, 1, 1, 4, activations, activations + 0x2000))},
      {EPOCH_ERROR_STREAMS, streams_before_something_else},
      {EPOCH_ERROR_BUS_READ, bus(EPOCH_OP_LOAD)},
      {EPOCH_ERROR_BUS_WRITE, bus(EPOCH_OP_STORE)},
      {EPOCH_ERROR_BUS_FETCH, bus_fetch},
      {EPOCH_ERROR_GATHER_INDEX, gather_index},
      {EPOCH_ERROR_SEMAPHORE_OVERFLOW, semaphore_overflow},
      {EPOCH_ERROR_WATCHDOG, watchdog},
      {EPOCH_ERROR_NUMERIC_OVERFLOW, numeric(false)},
      {EPOCH_ERROR_NUMERIC_NAN, numeric(true)},
      {EPOCH_ERROR_NUMERIC_SATURATED, numeric_saturated},
  };
}

void check_error(DeviceBench& bench, std::uint32_t code, const Expected& expected) {
  CHECK(bench.read(EPOCH_REG_ERROR_CODE) == code);
  CHECK(bench.read(EPOCH_REG_ERROR_SEQ) == bench.ring_start + expected.sequence);
  CHECK(bench.read(EPOCH_REG_ERROR_ADDR_LO) == static_cast<std::uint32_t>(expected.address));
  CHECK(bench.read(EPOCH_REG_ERROR_ADDR_HI) == expected.address >> 32);
  CHECK(bench.read(EPOCH_REG_ERROR_LEN) == expected.length);
  CHECK(bench.read(EPOCH_REG_ERROR_CONTEXT) == expected.tag);
}

// Registers, interrupt, and that nothing starts any more.
void check_stopped(DeviceBench& bench, std::uint32_t code, const Expected& expected,
                   std::size_t accesses_before) {
  CHECK(bench.wait_stopped());
  check_error(bench, code, expected);
  CHECK(bench.read(EPOCH_REG_COMPLETED) == bench.ring_start + expected.completed);
  CHECK(bench.read(EPOCH_REG_RING_HEAD) == bench.ring_start + expected.head);
  CHECK(bench.read(EPOCH_REG_CTRL) == 0);
  const std::uint32_t status = bench.read(EPOCH_REG_STATUS);
  CHECK((status & ~EPOCH_STATUS_RING_EMPTY_MASK) ==
        (EPOCH_STATUS_HALTED_MASK | EPOCH_STATUS_ERROR_MASK));
  const std::uint32_t causes = bench.read(EPOCH_REG_IRQ_STATUS);
  CHECK((causes & ~static_cast<std::uint32_t>(EPOCH_IRQ_STATUS_NUMERIC_MASK)) ==
        EPOCH_IRQ_STATUS_ERROR_MASK);
  CHECK(bench.irq.read());
  for (unsigned engine = 0; engine < EPOCH_ENGINES; ++engine)
    CHECK(bench.read(EPOCH_REG_ENGINE_STATE + 4 * engine) == EPOCH_STATE_STOPPED);
  const std::uint64_t retired = bench.counter(EPOCH_COUNTER_COMMANDS);
  bench.cycles(3000);
  CHECK(bench.memory.log.size() - accesses_before == expected.accesses);
  CHECK(bench.counter(EPOCH_COUNTER_COMMANDS) == retired);
}

}  // namespace

TEST_CASE("every error code is provoked, reported to the letter, and recovered from") {
  DeviceBench bench;
  bench.ring_start = 0xFFFFFFF0u;
  bench.memory.latency = sc_core::sc_time(1, sc_core::SC_US);
  std::set<std::uint32_t> provoked{EPOCH_ERROR_NONE};
  bench.run([&] {
    for (const Case& row : cases()) {
      CAPTURE(std::hex, row.code);
      recover(bench);
      bench.write(EPOCH_REG_IRQ_ENABLE, EPOCH_IRQ_ENABLE_ERROR_MASK);
      const std::size_t accesses = bench.memory.log.size();
      const Expected expected = row.provoke(bench);
      check_stopped(bench, row.code, expected, accesses);
      provoked.insert(row.code);

      // The first error wins: another one changes nothing.
      bench.write(EPOCH_REG_RING_SIZE, 7);
      bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_ENABLE_MASK);
      CHECK(bench.wait_stopped());
      check_error(bench, row.code, expected);
      CHECK(bench.irq.read());
      recover_and_check(bench);
    }
  });
  for (const Code& code : codes) {
    CAPTURE(code.name);
    CHECK(provoked.count(code.value) == 1);
  }
}
