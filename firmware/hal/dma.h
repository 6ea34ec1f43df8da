/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory that bus masters may use: a bump allocator over the largest range of /memory that neither
 * the program nor /reserved-memory nor the device tree owns. Nothing is ever freed.
 *
 * The sync hooks are where a platform without coherent DMA cleans and invalidates its caches; here
 * the hart and the masters see one memory, so they only order (RVWMO).
 */
#ifndef HAL_DMA_H
#define HAL_DMA_H

#include <stdbool.h>
#include <stdint.h>

#define HAL_DMA_ALIGN 64u

struct hal_dma_buffer {
  void* cpu;
  uint64_t bus;
  uint32_t bytes;
};

/* Bus addresses of the memory to hand out. */
void hal_dma_init(uint64_t begin, uint64_t end);
uint32_t hal_dma_free(void);
/* False if there is not so much left; aligned to HAL_DMA_ALIGN, contents undefined. */
bool hal_dma_alloc(struct hal_dma_buffer* buffer, uint32_t bytes);

/* Bus address of memory that the loader placed. */
uint64_t hal_dma_bus_address(const void* cpu);

/* The device owns the range: what the hart wrote is what it will read, and no line of it is dirty.
 * Before the doorbell, for what the device reads and for what it writes. */
void hal_dma_sync_for_device(const struct hal_dma_buffer* buffer, uint32_t offset, uint32_t bytes);
/* The hart owns the range: what the device wrote is what it will read. After the completion. */
void hal_dma_sync_for_cpu(const struct hal_dma_buffer* buffer, uint32_t offset, uint32_t bytes);

#endif
