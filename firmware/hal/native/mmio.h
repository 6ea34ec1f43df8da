/* SPDX-License-Identifier: Apache-2.0
 *
 * Device registers, at bus addresses: each access is one on the simulated bus, and takes its time.
 * Interrupts that are let in are handled before it returns. A bus error, or a misaligned address,
 * is an exception (trap.h).
 */
#ifndef HAL_MMIO_H
#define HAL_MMIO_H

#include <stdint.h>

uint32_t hal_read32(uintptr_t address);
void hal_write32(uintptr_t address, uint32_t value);
uint16_t hal_read16(uintptr_t address);
void hal_write16(uintptr_t address, uint16_t value);
uint8_t hal_read8(uintptr_t address);
void hal_write8(uintptr_t address, uint8_t value);

/* Host and simulated masters take turns in one thread: only the compiler has to keep the order. */
static inline void hal_fence_before_doorbell(void) {
  __asm__ volatile("" ::: "memory");
}
static inline void hal_fence_after_completion(void) {
  __asm__ volatile("" ::: "memory");
}

/* The simulator's memory is the host's: its caches are coherent. */
static inline void hal_cache_invalidate_block(const void* block) {
  (void)block;
}
static inline void hal_cache_clean_block(const void* block) {
  (void)block;
}

#endif
