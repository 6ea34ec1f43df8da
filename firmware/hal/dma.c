/* SPDX-License-Identifier: Apache-2.0 */
#include "dma.h"

#include <stddef.h>

#include "machine.h"
#include "mmio.h"

/* Bursts do not cross 4 KiB: however long the program is, its buffers are moved in the same ones.
 */
#define FIRST_ALIGN 4096u

static uint64_t next_free; /* bus addresses */
static uint64_t region_end;
static uint32_t cache_block; /* 0: nothing to maintain */

void hal_dma_init(uint64_t begin, uint64_t end, uint32_t block_bytes) {
  cache_block = block_bytes;
  next_free = (begin + FIRST_ALIGN - 1) & ~(uint64_t)(FIRST_ALIGN - 1);
  region_end = end;
}

uint32_t hal_dma_free(void) {
  return next_free < region_end ? (uint32_t)(region_end - next_free) : 0;
}

bool hal_dma_alloc(struct hal_dma_buffer* buffer, uint32_t bytes) {
  const uint32_t available = hal_dma_free();
  if (bytes == 0 || bytes > available) return false;
  buffer->cpu = hal_machine_pointer(next_free, bytes);
  if (buffer->cpu == NULL) return false;
  buffer->bus = next_free;
  buffer->bytes = bytes;
  const uint32_t rounded = (bytes + HAL_DMA_ALIGN - 1) & ~(HAL_DMA_ALIGN - 1);
  next_free += rounded < available ? rounded : available;
  return true;
}

uint64_t hal_dma_bus_address(const void* cpu) {
  return hal_machine_address(cpu);
}

static void for_blocks(void (*operation)(const void* block), const void* from, uint32_t bytes) {
  if (cache_block == 0) return;
  const uint8_t* const end = (const uint8_t*)from + bytes;
  const uint8_t* block = (const uint8_t*)from - ((uintptr_t)from & (cache_block - 1));
  for (; block < end; block += cache_block) operation(block);
}

void hal_dma_clean(const void* from, uint32_t bytes) {
  for_blocks(hal_cache_clean_block, from, bytes);
}

void hal_dma_invalidate(const void* from, uint32_t bytes) {
  for_blocks(hal_cache_invalidate_block, from, bytes);
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
