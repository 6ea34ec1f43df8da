/* SPDX-License-Identifier: Apache-2.0
 *
 * Platform-level interrupt controller (RISC-V PLIC specification 1.0.0), one context.
 */
#ifndef HAL_PLIC_H
#define HAL_PLIC_H

#include <stdbool.h>
#include <stdint.h>

#define HAL_PLIC_SOURCES 64u

typedef void (*hal_interrupt_handler)(void* argument);

void hal_plic_init(uintptr_t base, uint32_t context);
/* Calls `handler` on interrupts of `source`; false if the source number is out of range. */
bool hal_plic_connect(uint32_t source, hal_interrupt_handler handler, void* argument);
/* Claims, handles and completes everything that is pending. */
void hal_plic_dispatch(void);

#endif
