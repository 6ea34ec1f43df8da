/* SPDX-License-Identifier: Apache-2.0 */
#include "timer.h"

#include <stddef.h>

#include "csr.h"
#include "mmio.h"
#include "trap.h"

enum { MSIP = 0x0000, MTIMECMP = 0x4000, MTIME = 0xBFF8 };
#define NS_PER_SECOND 1000000000u

static uintptr_t clint;
static uint32_t hart_id;
static uint32_t hz;

#define NEVER UINT64_MAX
static uint64_t alarm = NEVER; /* in timebase ticks, as all here */
static uint64_t next_tick = NEVER;
static uint64_t tick_period;
static hal_tick_handler tick_handler;
static void* tick_argument;

void hal_timer_init(uintptr_t clint_base, uint32_t hart, uint32_t timebase_hz) {
  clint = clint_base;
  hart_id = hart;
  hz = timebase_hz;
  hal_timer_cancel();
}

uint64_t hal_timer_ticks(void) {
  uint32_t high;
  uint32_t low;
  uint32_t again;
  do { /* a carry between the reads happens at most once in 2^32 ticks */
    high = hal_read32(clint + MTIME + 4);
    low = hal_read32(clint + MTIME);
    again = hal_read32(clint + MTIME + 4);
  } while (high != again);
  return ((uint64_t)high << 32) | low;
}

uint64_t hal_timer_now_ns(void) {
  const uint64_t ticks = hal_timer_ticks();
  return ticks / hz * NS_PER_SECOND + ticks % hz * NS_PER_SECOND / hz;
}

static void set_compare(uint64_t ticks) {
  const uintptr_t compare = clint + MTIMECMP + 8 * (uintptr_t)hart_id;
  hal_write32(compare + 4, 0xFFFFFFFFu); /* no false match between the two halves */
  hal_write32(compare, (uint32_t)ticks);
  hal_write32(compare + 4, (uint32_t)(ticks >> 32));
}

/* Time rounded up to ticks. */
static uint64_t ticks_of(uint64_t ns) {
  const uint64_t rest = ns % NS_PER_SECOND;
  return ns / NS_PER_SECOND * hz + (rest * hz + NS_PER_SECOND - 1) / NS_PER_SECOND;
}

/* The comparator is for the earlier of the two. With interrupts off. */
static void arm(void) {
  const uint64_t next = alarm < next_tick ? alarm : next_tick;
  HAL_CSR_CLEAR(mie, HAL_MIE_MTIE);
  set_compare(next);
  if (next != NEVER) HAL_CSR_SET(mie, HAL_MIE_MTIE);
}

static void set_alarm(uint64_t ticks) {
  const uint32_t saved = hal_interrupts_disable();
  alarm = ticks;
  arm();
  hal_interrupts_restore(saved);
}

void hal_timer_set(uint64_t deadline_ns) {
  set_alarm(ticks_of(deadline_ns));
}

void hal_timer_cancel(void) {
  set_alarm(NEVER);
}

void hal_timer_tick(uint64_t period_ns, hal_tick_handler handler, void* argument) {
  const uint64_t period = ticks_of(period_ns);
  const uint64_t now = hal_timer_ticks();
  const uint32_t saved = hal_interrupts_disable();
  tick_period = period == 0 ? 1 : period;
  tick_handler = handler;
  tick_argument = argument;
  next_tick = handler == NULL ? NEVER : now + tick_period;
  arm();
  hal_interrupts_restore(saved);
}

/* An alarm only ends a sleep: hal_wait reads the time itself. */
void hal_timer_dispatch(void) {
  const uint64_t now = hal_timer_ticks();
  const bool tick = now >= next_tick;
  if (now >= alarm) alarm = NEVER;
  if (tick) next_tick += ((now - next_tick) / tick_period + 1) * tick_period;
  arm();
  if (tick) tick_handler(tick_argument);
}

void hal_software_interrupt(uint32_t pending) {
  hal_write32(clint + MSIP + 4 * (uintptr_t)hart_id, pending != 0);
}
