/* SPDX-License-Identifier: Apache-2.0 */
/* A trap below several calls, one of them inlined: DEPTH calls of recurse(), with 0 a function
 * without call frame information, with HANDLER inside the firmware's trap handler. The lines that
 * matter are marked. */
#include <stdint.h>

void without_cfi(void (*callee)(void));

#define NOWHERE ((volatile uint32_t*)0x70000000u)

static volatile uint32_t sink;

__attribute__((noinline)) void innermost(uint32_t value) {
  uint32_t saved[8];
  for (uint32_t i = 0; i < 8; i++) saved[i] = value + sink;
  *NOWHERE = saved[value & 7u]; /* line_innermost */
  sink = saved[3];
}

static inline __attribute__((always_inline)) void inlined(uint32_t value) {
  innermost(value + 1); /* line_inlined */
  sink++;
}

__attribute__((noinline)) void outer(void) {
  sink = 5;
  inlined(sink); /* line_outer */
  sink++;
}

__attribute__((noinline)) uint32_t recurse(uint32_t depth) {
  if (depth == 0) {
    outer(); /* line_bottom */
    return 1;
  }
  return recurse(depth - 1) * 3u + 1u; /* line_recurse */
}

#ifdef HANDLER
void hal_trap_entry(void);
void hal_trap_dispatch(void);

void hal_trap_dispatch(void) {
  __asm__ volatile("csrw mtvec, zero");
  outer(); /* line_dispatch */
}

__attribute__((noinline)) void interrupted(void) {
  __asm__ volatile("csrw mtvec, %0" ::"r"(hal_trap_entry));
  __asm__ volatile("ecall" ::: "memory"); /* line_interrupted */
  sink++;
}
#endif

void calls(void) {
#if defined HANDLER
  interrupted(); /* line_calls */
#elif DEPTH == 0
  without_cfi(outer);
#else
  sink = recurse(DEPTH - 1); /* line_deep */
#endif
  sink++;
}
