/* SPDX-License-Identifier: Apache-2.0
 *
 * Ring, dispatch and interrupt rules of the contract, through the driver where it offers them and
 * by registers where it would not go. Counters start at 0xFFFFFFF0.
 */
#include <string.h>

#include "mmio.h"
#include "selftest.h"
#include "timer.h"

#define START 0xFFFFFFF0u
#define LONG_DELAY 100000u
#define SHORT_NS 20000u /* a wait that is meant to end by its timeout */

static union epoch_descriptor program[256 + 3]; /* CAPS_FIFO has 8 bits for a depth */

static bool restart(uint32_t counter) {
  return epoch_device_restart(&selftest_device, counter, SELFTEST_TIMEOUT_NS) == EPOCH_DEVICE_OK;
}
static bool recover(void) {
  return epoch_device_recover(&selftest_device, SELFTEST_TIMEOUT_NS) == EPOCH_DEVICE_OK;
}
static bool submit(uint32_t count) {
  return epoch_device_submit(&selftest_device, program, count, SELFTEST_TIMEOUT_NS) ==
         EPOCH_DEVICE_OK;
}
static bool wait_all(void) {
  return epoch_device_wait(&selftest_device, selftest_device.tail, SELFTEST_TIMEOUT_NS) ==
         EPOCH_DEVICE_OK;
}
static bool reads(uint32_t offset, uint32_t value) {
  return selftest_get(offset) == value;
}
static uint32_t semaphore(uint32_t n) {
  return selftest_get(EPOCH_REG_SEMAPHORE + 4 * n);
}
static bool engine_is(uint32_t engine, uint32_t state, uint32_t queued, uint32_t blocked_on) {
  return selftest_poll(EPOCH_REG_ENGINE_STATE + 4 * engine, 0xFFFFFFFFu,
                       EPOCH_PUT(state, ENGINE_STATE, STATE) |
                           EPOCH_PUT(queued, ENGINE_STATE, QUEUED) |
                           EPOCH_PUT(blocked_on, ENGINE_STATE, BLOCKED_ON));
}

/* `count` NOPs, the last one an IRQ. */
static void build_nops(uint32_t count) {
  for (uint32_t i = 0; i + 1 < count; i++) epoch_build_control(&program[i], EPOCH_OP_NOP);
  epoch_build_control(&program[count - 1], EPOCH_OP_IRQ);
}
static void build_load(uint32_t at) {
  selftest_build_copy(&program[at], EPOCH_OP_LOAD, 0, SELFTEST_LOCAL, 64);
}
static void use(uint32_t at, uint32_t wait0, uint32_t wait1, uint32_t signal) {
  selftest_semaphores(&program[at], wait0 ? EPOCH_SEMAPHORE_USE(wait0) : 0,
                      wait1 ? EPOCH_SEMAPHORE_USE(wait1) : 0,
                      signal ? EPOCH_SEMAPHORE_USE(signal) : 0, 0);
}
static void build_long_delay(uint32_t at) {
  const uint32_t most = selftest_longest_delay();
  selftest_build_delay(&program[at], most < LONG_DELAY ? most : LONG_DELAY);
}

/* ---- Counters ---- */

static void through_the_wrap(void) {
  bool passed = restart(START) && reads(EPOCH_REG_RING_HEAD, START);
  for (uint32_t round = 0; passed && round < 12; round++) {
    build_nops(5); /* 60 commands: slots of all phases */
    passed = submit(5) && wait_all() && reads(EPOCH_REG_COMPLETED, START + 5 * (round + 1)) &&
             reads(EPOCH_REG_RING_HEAD, START + 5 * (round + 1));
  }
  selftest_check("ring: counters through the wrap", passed);
}

static void layer_across_the_wrap(void) {
  bool passed = true;
  for (uint32_t first = 0; passed && first < 6; first++)
    passed = restart(0u - first) && selftest_layer();
  selftest_check("ring: a layer across the wrap", passed);
}

/* A NOP that waits holds the ring: size descriptors fit behind it, not one more. */
static void full_ring(void) {
  const struct epoch_device* device = &selftest_device;
  bool passed = restart(START);
  build_nops(device->ring_size + 2);
  use(0, 9, 0, 0);
  passed = passed && epoch_device_submit(&selftest_device, program, device->ring_size + 2,
                                         SHORT_NS) == EPOCH_DEVICE_TIMEOUT;
  passed = passed && reads(EPOCH_REG_RING_HEAD, START + 1) &&
           reads(EPOCH_REG_RING_TAIL, START + 1 + device->ring_size) &&
           reads(EPOCH_REG_COMPLETED, START) && device->error.code == EPOCH_ERROR_NONE;
  selftest_check("ring: full", passed && recover() && selftest_layer());
}

static void timeout(void) {
  build_nops(2);
  use(0, 9, 0, 0);
  bool passed = restart(START) && submit(2);
  passed = passed && epoch_device_wait(&selftest_device, selftest_device.tail, SHORT_NS) ==
                         EPOCH_DEVICE_TIMEOUT;
  selftest_check("ring: a wait ends by its timeout", passed && recover() && selftest_layer());
}

/* ---- Doorbell while disabled ---- */

static void fill_ring(void) {
  union epoch_descriptor* ring = selftest_device.ring.cpu;
  build_nops(selftest_device.ring_size);
  memcpy(ring, program, selftest_device.ring_size * sizeof *ring);
  hal_dma_sync_for_device(&selftest_device.ring, 0, selftest_device.ring.bytes);
}

static void doorbell_while_disabled(void) {
  const uint32_t size = selftest_device.ring_size;
  bool passed = restart(START);
  selftest_put(EPOCH_REG_CTRL, 0);
  passed = passed && selftest_poll(EPOCH_REG_STATUS, EPOCH_STATUS_ENABLED_MASK, 0);
  fill_ring();
  selftest_put(EPOCH_REG_RING_START, START);
  selftest_put(EPOCH_REG_RING_TAIL, START + size);
  passed = passed && reads(EPOCH_REG_RING_HEAD, START) && reads(EPOCH_REG_COMPLETED, START) &&
           reads(EPOCH_REG_RING_TAIL, START + size);
  selftest_put(EPOCH_REG_CTRL, EPOCH_CTRL_ENABLE_MASK);
  selftest_device.tail = START + size;
  selftest_check("ring: doorbell while disabled is kept", passed && wait_all());

  passed = restart(START);
  selftest_put(EPOCH_REG_CTRL, 0);
  selftest_put(EPOCH_REG_RING_TAIL, START + size);
  selftest_put(EPOCH_REG_RING_START, START + 4); /* forgets it */
  selftest_put(EPOCH_REG_CTRL, EPOCH_CTRL_ENABLE_MASK);
  passed = passed && reads(EPOCH_REG_RING_TAIL, START + 4) && reads(EPOCH_REG_RING_HEAD, START + 4);
  selftest_device.tail = START + 4;
  selftest_check("ring: RING_START forgets a doorbell", passed && selftest_layer());
}

/* ---- Dispatch ---- */

static void two_waits(void) {
  bool passed = restart(START);
  epoch_build_control(&program[0], EPOCH_OP_NOP);
  use(0, 0, 0, 1);
  build_load(1);
  use(1, 1, 2, 0);
  passed = passed && submit(2) && engine_is(EPOCH_ENGINE_DMA_IN, EPOCH_STATE_BLOCKED, 1, 1 + 2);
  passed = passed && semaphore(1) == 1 && semaphore(2) == 0; /* both or none */
  build_nops(2);
  use(0, 0, 0, 2);
  passed = passed && submit(2) && wait_all() && semaphore(1) == 0 && semaphore(2) == 0;
  selftest_check("dispatch: two waits in one step", passed);
}

/* A LOAD that waits and as many behind it as its FIFO holds, and one more; each to its own place,
 * since nothing orders what they write. */
static bool submit_pressure(uint32_t depth) {
  build_long_delay(0);
  for (uint32_t i = 1; i <= depth + 1; i++)
    selftest_build_copy(&program[i], EPOCH_OP_LOAD, 0, SELFTEST_LOCAL + 16 * i, 16);
  use(1, 4, 0, 0);
  epoch_build_control(&program[depth + 2], EPOCH_OP_IRQ);
  return submit(depth + 3);
}

static void back_pressure(void) {
  const uint32_t depth = selftest_device.caps.fifo_depth[EPOCH_ENGINE_DMA_IN];
  bool passed = restart(START) && submit_pressure(depth);
  passed = passed && engine_is(EPOCH_ENGINE_DMA_IN, EPOCH_STATE_BLOCKED, depth, 1 + 4) &&
           reads(EPOCH_REG_RING_HEAD, START + 1 + depth);
  selftest_check("dispatch: a full FIFO blocks fetch", passed && recover());
  passed = restart(START);
  selftest_build_delay(&program[0], 1);
  epoch_build_control(&program[1], EPOCH_OP_NOP); /* what the LOAD waits for, this time */
  use(1, 0, 0, 4);
  passed = passed && submit(2) && submit_pressure(depth) && wait_all();
  selftest_check("dispatch: a full FIFO flows on", passed && semaphore(4) == 0);
}

/* The LOAD retires first, COMPLETED and `done` wait for what stands before it. */
static void completion_in_order(void) {
  bool passed = restart(START);
  selftest_put(EPOCH_REG_IRQ_ENABLE, 0);
  epoch_device_clear_counters(&selftest_device);
  build_long_delay(0);
  build_load(1);
  program[1].command.control |= EPOCH_CONTROL(0, EPOCH_FLAG_IRQ_ON_DONE, 0);
  passed = passed && submit(2) && selftest_poll(EPOCH_COUNTER_COMMANDS, 0xFFFFFFFFu, 1) &&
           reads(EPOCH_REG_COMPLETED, START) && reads(EPOCH_REG_IRQ_STATUS, 0);
  passed = passed && selftest_poll(EPOCH_REG_IRQ_STATUS, 0xFFFFFFFFu, EPOCH_IRQ_STATUS_DONE_MASK) &&
           reads(EPOCH_REG_COMPLETED, START + 2);
  selftest_put(EPOCH_REG_IRQ_STATUS, EPOCH_IRQ_STATUS_DONE_MASK);
  passed = passed && reads(EPOCH_REG_IRQ_STATUS, 0);
  selftest_check("dispatch: COMPLETED and IRQ_ON_DONE in order", passed && restart(START));
}

static void fence(void) {
  bool passed = restart(START);
  build_long_delay(0);
  epoch_build_control(&program[1], EPOCH_OP_FENCE);
  build_load(2);
  epoch_build_control(&program[3], EPOCH_OP_IRQ);
  epoch_device_clear_counters(&selftest_device);
  passed = passed && submit(4) && wait_all();
  /* without the FENCE the LOAD would have run beside the delay */
  const uint64_t last = epoch_device_counter(&selftest_device, EPOCH_COUNTER_LAST_RETIRE);
  const uint64_t first = epoch_device_counter(&selftest_device, EPOCH_COUNTER_FIRST_START);
  const uint32_t cycles = program[0].vector.rows;
  selftest_check("dispatch: FENCE", passed && last - first > cycles);
}

/* Two causes at once: each is cleared by its own bit, ERROR_* only with `error`. */
static void causes_apart(void) {
  const uint32_t done = EPOCH_IRQ_STATUS_DONE_MASK;
  const uint32_t error = EPOCH_IRQ_STATUS_ERROR_MASK;
  bool passed = restart(START);
  selftest_put(EPOCH_REG_IRQ_ENABLE, 0);
  build_nops(2);
  epoch_build_control(&program[0], EPOCH_OP_IRQ);
  program[1].command.control = 0;
  passed = passed && submit(2) && selftest_poll(EPOCH_REG_IRQ_STATUS, 0xFFFFFFFFu, done | error);
  selftest_put(EPOCH_REG_IRQ_STATUS, done);
  passed = passed && reads(EPOCH_REG_IRQ_STATUS, error) &&
           reads(EPOCH_REG_ERROR_CODE, EPOCH_ERROR_OPCODE) && reads(EPOCH_REG_ERROR_SEQ, START + 1);
  selftest_put(EPOCH_REG_IRQ_STATUS, error);
  passed = passed && reads(EPOCH_REG_IRQ_STATUS, 0) && reads(EPOCH_REG_ERROR_CODE, 0) &&
           reads(EPOCH_REG_ERROR_SEQ, 0);
  selftest_check("interrupt: causes are cleared apart", passed && recover() && selftest_layer());
}

/* ---- Stopping ---- */

static void halt_then_enable(void) {
  bool passed = restart(START);
  selftest_put(EPOCH_REG_IRQ_ENABLE, 0);
  build_nops(4);
  epoch_build_control(&program[1], EPOCH_OP_HALT);
  passed = passed && submit(4) &&
           selftest_poll(EPOCH_REG_STATUS, EPOCH_STATUS_HALTED_MASK, EPOCH_STATUS_HALTED_MASK);
  passed = passed && reads(EPOCH_REG_COMPLETED, START + 2) &&
           reads(EPOCH_REG_RING_HEAD, START + 2) &&
           reads(EPOCH_REG_IRQ_STATUS, EPOCH_IRQ_STATUS_DONE_MASK) && reads(EPOCH_REG_CTRL, 0);
  selftest_put(EPOCH_REG_IRQ_STATUS, EPOCH_IRQ_STATUS_DONE_MASK);
  selftest_put(EPOCH_REG_RING_START, START + 2); /* what HALT left in the ring runs now */
  selftest_put(EPOCH_REG_RING_TAIL, START + 4);
  selftest_put(EPOCH_REG_CTRL, EPOCH_CTRL_ENABLE_MASK);
  passed = passed && selftest_poll(EPOCH_REG_COMPLETED, 0xFFFFFFFFu, START + 4) &&
           reads(EPOCH_REG_IRQ_STATUS, EPOCH_IRQ_STATUS_DONE_MASK);
  selftest_covers(EPOCH_OP_HALT);
  selftest_check("stop: HALT, then enable", passed && recover() && selftest_layer());
}

/* A command that runs, one that waits, one behind it. */
static bool start_three(void) {
  bool passed = restart(START);
  build_long_delay(0);
  use(0, 0, 0, 6);
  build_load(1);
  use(1, 7, 0, 0);
  epoch_build_control(&program[2], EPOCH_OP_IRQ);
  return passed && submit(3) && engine_is(EPOCH_ENGINE_VECTOR_UNIT, EPOCH_STATE_RUNNING, 0, 0) &&
         engine_is(EPOCH_ENGINE_DMA_IN, EPOCH_STATE_BLOCKED, 1, 1 + 7);
}

static void abort_commands(void) {
  bool passed = start_three();
  selftest_put(EPOCH_REG_CTRL, EPOCH_CTRL_ABORT_MASK);
  passed = passed && (selftest_get(EPOCH_REG_CTRL) & EPOCH_CTRL_ABORT_MASK) != 0;
  selftest_put(EPOCH_REG_CTRL, EPOCH_CTRL_ENABLE_MASK); /* too early: ignored */
  passed = passed && selftest_poll(EPOCH_REG_CTRL, 0xFFFFFFFFu, 0);
  passed = passed && reads(EPOCH_REG_COMPLETED, START + 1) && semaphore(6) == 1 &&
           reads(EPOCH_REG_ERROR_CODE, EPOCH_ERROR_NONE) &&
           (selftest_get(EPOCH_REG_STATUS) & EPOCH_STATUS_HALTED_MASK) != 0;
  passed = passed && recover() && semaphore(6) == 0;
  selftest_check("stop: abort", passed && selftest_layer());
}

static void reset_commands(void) {
  bool passed = start_three();
  selftest_put(EPOCH_REG_CTRL, EPOCH_CTRL_RESET_MASK);
  passed = passed && selftest_poll(EPOCH_REG_CTRL, 0xFFFFFFFFu, 0);
  passed = passed && reads(EPOCH_REG_COMPLETED, START) && reads(EPOCH_REG_RING_HEAD, START) &&
           reads(EPOCH_REG_RING_TAIL, START) && semaphore(6) == 0 &&
           reads(EPOCH_REG_RING_SIZE, selftest_device.ring_size) &&
           reads(EPOCH_REG_STATUS, EPOCH_STATUS_RING_EMPTY_MASK);
  selftest_check("stop: reset", passed && recover() && selftest_layer());
}

void selftest_ring(void) {
  through_the_wrap();
  layer_across_the_wrap();
  full_ring();
  timeout();
  doorbell_while_disabled();
  two_waits();
  back_pressure();
  completion_in_order();
  fence();
  causes_apart();
  halt_then_enable();
  abort_commands();
  reset_commands();
}
