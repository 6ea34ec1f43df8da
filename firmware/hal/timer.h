/* SPDX-License-Identifier: Apache-2.0
 *
 * Time of day and one alarm, from the CLINT's mtime and mtimecmp (SiFive layout).
 */
#ifndef HAL_TIMER_H
#define HAL_TIMER_H

#include <stdint.h>

void hal_timer_init(uintptr_t clint_base, uint32_t hart, uint32_t timebase_hz);
uint32_t hal_timer_hz(void);
uint64_t hal_timer_ticks(void);
uint64_t hal_timer_now_ns(void); /* since the timebase was 0; exact to one tick */

/* A timer interrupt at `deadline_ns` or at once if that is past; it disarms itself. */
void hal_timer_set(uint64_t deadline_ns);
void hal_timer_cancel(void);

/* Software interrupt of this hart, raised and cleared. */
void hal_software_interrupt(uint32_t pending);

#endif
