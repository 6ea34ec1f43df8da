/* SPDX-License-Identifier: Apache-2.0 */
#include "dma.h"

#include <stddef.h>

#include "machine.h"
#include "mmio.h"

static uint64_t next_free; /* bus addresses */
static uint64_t region_end;

void hal_dma_init(uint64_t begin, uint64_t end) {
  next_free = (begin + HAL_DMA_ALIGN - 1) & ~(uint64_t)(HAL_DMA_ALIGN - 1);
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

void hal_dma_sync_for_device(const struct hal_dma_buffer* buffer, uint32_t offset, uint32_t bytes) {
  (void)buffer, (void)offset, (void)bytes;
  hal_fence_before_doorbell();
}

void hal_dma_sync_for_cpu(const struct hal_dma_buffer* buffer, uint32_t offset, uint32_t bytes) {
  (void)buffer, (void)offset, (void)bytes;
  hal_fence_after_completion();
}
