/* SPDX-License-Identifier: Apache-2.0
 *
 * Device registers and the orderings that a bus master needs (RVWMO: memory and I/O accesses are
 * not ordered with each other unless a fence says so).
 */
#ifndef HAL_MMIO_H
#define HAL_MMIO_H

#include <stdint.h>

static inline uint32_t hal_read32(uintptr_t address) {
  return *(const volatile uint32_t*)address;
}

static inline void hal_write32(uintptr_t address, uint32_t value) {
  *(volatile uint32_t*)address = value;
}

static inline uint16_t hal_read16(uintptr_t address) {
  return *(const volatile uint16_t*)address;
}

static inline void hal_write16(uintptr_t address, uint16_t value) {
  *(volatile uint16_t*)address = value;
}

static inline uint8_t hal_read8(uintptr_t address) {
  return *(const volatile uint8_t*)address;
}

static inline void hal_write8(uintptr_t address, uint8_t value) {
  *(volatile uint8_t*)address = value;
}

/* Stores to memory before register writes: descriptors, then the doorbell. */
static inline void hal_fence_before_doorbell(void) {
  __asm__ volatile("fence w, o" ::: "memory");
}

/* Register reads before memory: completion, then the data; HEAD, then the slot written again. */
static inline void hal_fence_after_completion(void) {
  __asm__ volatile("fence i, rw" ::: "memory");
}

/* Zicbom by number: the compiler's -march need not know it. The address is in rs1. */
static inline void hal_cache_invalidate_block(const void* block) {
  __asm__ volatile(".insn i 0x0f, 2, x0, %0, 0" ::"r"(block) : "memory");
}
static inline void hal_cache_clean_block(const void* block) {
  __asm__ volatile(".insn i 0x0f, 2, x0, %0, 1" ::"r"(block) : "memory");
}

#endif
