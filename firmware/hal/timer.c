/* SPDX-License-Identifier: Apache-2.0 */
#include "timer.h"

#include "csr.h"
#include "mmio.h"

enum { MSIP = 0x0000, MTIMECMP = 0x4000, MTIME = 0xBFF8 };
#define NS_PER_SECOND 1000000000u

static uintptr_t clint;
static uint32_t hart_id;
static uint32_t hz;

void hal_timer_init(uintptr_t clint_base, uint32_t hart, uint32_t timebase_hz) {
  clint = clint_base;
  hart_id = hart;
  hz = timebase_hz;
  hal_timer_cancel();
}

uint32_t hal_timer_hz(void) {
  return hz;
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

void hal_timer_set(uint64_t deadline_ns) {
  const uint64_t seconds = deadline_ns / NS_PER_SECOND;
  const uint64_t rest = deadline_ns % NS_PER_SECOND;
  set_compare(seconds * hz + (rest * hz + NS_PER_SECOND - 1) / NS_PER_SECOND);
  HAL_CSR_SET(mie, HAL_MIE_MTIE);
}

void hal_timer_cancel(void) {
  HAL_CSR_CLEAR(mie, HAL_MIE_MTIE);
  set_compare(UINT64_MAX);
}

void hal_software_interrupt(uint32_t pending) {
  hal_write32(clint + MSIP + 4 * (uintptr_t)hart_id, pending != 0);
}
