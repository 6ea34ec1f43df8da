/* SPDX-License-Identifier: Apache-2.0
 *
 * Simulation control ("epochcore,simctl"): ends the run with a code.
 */
#ifndef HAL_SIMCTL_H
#define HAL_SIMCTL_H

#include <stdint.h>

void hal_simctl_init(uintptr_t base);
/* The run ends with `code`; without such a device the hart sleeps for ever. */
_Noreturn void hal_simctl_exit(uint32_t code);
/* The run ends because of an unhandled trap with this mcause. */
_Noreturn void hal_simctl_trap(uint32_t cause);

#endif
