/* SPDX-License-Identifier: Apache-2.0
 *
 * In place of firmware/hal/mmio.h: register accesses and fences of the driver end in FakeMachine.
 */
#ifndef HAL_MMIO_H
#define HAL_MMIO_H

#include <stdint.h>

uint32_t hal_read32(uintptr_t address);
void hal_write32(uintptr_t address, uint32_t value);
void hal_fence_before_doorbell(void);
void hal_fence_after_completion(void);

#endif
