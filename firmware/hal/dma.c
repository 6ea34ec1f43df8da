/* SPDX-License-Identifier: Apache-2.0 */
#include "dma.h"

#include "mmio.h"

static uintptr_t next_free;
static uintptr_t region_end;
static uintptr_t cache_block; /* 0: nothing to maintain */

void hal_dma_init(uintptr_t begin, uintptr_t end, uint32_t block_bytes) {
  cache_block = block_bytes;
  next_free = (begin + HAL_DMA_ALIGN - 1) & ~(uintptr_t)(HAL_DMA_ALIGN - 1);
  region_end = end;
}

uint32_t hal_dma_free(void) {
  return next_free < region_end ? (uint32_t)(region_end - next_free) : 0;
}

bool hal_dma_alloc(struct hal_dma_buffer* buffer, uint32_t bytes) {
  const uint32_t available = hal_dma_free();
  if (bytes == 0 || bytes > available) return false;
  buffer->cpu = (void*)next_free;
  buffer->bus = hal_dma_bus_address(buffer->cpu);
  buffer->bytes = bytes;
  const uint32_t rounded = (bytes + HAL_DMA_ALIGN - 1) & ~(HAL_DMA_ALIGN - 1);
  next_free += rounded < available ? rounded : available;
  return true;
}

uint64_t hal_dma_bus_address(const void* cpu) {
  return (uintptr_t)cpu;
}

/* Zicbom by number: the compiler's -march need not know it. The address is in rs1. */
#define CBO_INVAL "0"
#define CBO_CLEAN "1"
#define FOR_BLOCKS(operation, from, bytes)                                                       \
  for (uintptr_t at = (uintptr_t)(from) & ~(cache_block - 1), end = (uintptr_t)(from) + (bytes); \
       cache_block != 0 && at < end; at += cache_block)                                          \
  __asm__ volatile(".insn i 0x0f, 2, x0, %0, " operation ::"r"(at) : "memory")

void hal_dma_clean(const void* from, uint32_t bytes) {
  FOR_BLOCKS(CBO_CLEAN, from, bytes);
}

void hal_dma_invalidate(const void* from, uint32_t bytes) {
  FOR_BLOCKS(CBO_INVAL, from, bytes);
}

/* Cleaned, then ordered: a doorbell after it finds the data in memory. */
void hal_dma_sync_for_device(const struct hal_dma_buffer* buffer, uint32_t offset, uint32_t bytes) {
  hal_dma_clean((const uint8_t*)buffer->cpu + offset, bytes);
  hal_fence_before_doorbell();
}

/* Not before the completion; and loads not before it. */
void hal_dma_sync_for_cpu(const struct hal_dma_buffer* buffer, uint32_t offset, uint32_t bytes) {
  hal_fence_after_completion();
  hal_dma_invalidate((const uint8_t*)buffer->cpu + offset, bytes);
}
