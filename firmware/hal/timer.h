/* SPDX-License-Identifier: Apache-2.0
 *
 * Time of day, one alarm and a periodic tick, from the CLINT's mtime and mtimecmp (SiFive layout).
 */
#ifndef HAL_TIMER_H
#define HAL_TIMER_H

#include <stdint.h>

void hal_timer_init(uintptr_t clint_base, uint32_t hart, uint32_t timebase_hz);
uint64_t hal_timer_ticks(void);
uint64_t hal_timer_now_ns(void); /* since the timebase was 0; exact to one tick */

/* Calls `handler` every `period_ns` from now on, in the timer interrupt: within the handler of a
 * device too, and then alone. Ticks that come late are made up for by none, so the phase is kept;
 * null stops them. */
typedef void (*hal_tick_handler)(void* argument);
void hal_timer_tick(uint64_t period_ns, hal_tick_handler handler, void* argument);

/* A timer interrupt at `deadline_ns` or at once if that is past; it disarms itself. */
void hal_timer_set(uint64_t deadline_ns);
void hal_timer_cancel(void);
void hal_timer_dispatch(void); /* the timer interrupt */

/* Software interrupt of this hart, raised and cleared. */
void hal_software_interrupt(uint32_t pending);

#endif
