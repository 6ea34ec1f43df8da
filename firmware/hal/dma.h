/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory that bus masters may use: a bump allocator over the largest range of /memory that neither
 * the program nor /reserved-memory nor the device tree owns. Nothing is ever freed.
 *
 * The sync hooks order (RVWMO) and, where the device tree does not say that bus masters see the
 * hart's cache (`dma-coherent`), clean or invalidate the blocks of the range (Zicbom).
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

/* Bus addresses of the memory to hand out. `block_bytes`: a cache block's that software must
 * maintain, a power of two; 0 = DMA is coherent. */
void hal_dma_init(uint64_t begin, uint64_t end, uint32_t block_bytes);
uint32_t hal_dma_free(void);
/* False if there is not so much left; aligned to HAL_DMA_ALIGN, contents undefined. */
bool hal_dma_alloc(struct hal_dma_buffer* buffer, uint32_t bytes);

/* Bus address of memory that the loader placed. */
uint64_t hal_dma_bus_address(const void* cpu);

/* Writes back, and forgets, what the hart's cache holds of the range: whole blocks. Nothing if DMA
 * is coherent. A buffer shares no block with anything else while blocks are HAL_DMA_ALIGN or less.
 */
void hal_dma_clean(const void* from, uint32_t bytes);
void hal_dma_invalidate(const void* from, uint32_t bytes);

/* The device owns the range: what the hart wrote is what it will read, and no line of it is dirty.
 * Before the doorbell, for what the device reads and for what it writes. */
void hal_dma_sync_for_device(const struct hal_dma_buffer* buffer, uint32_t offset, uint32_t bytes);
/* The hart owns the range: what the device wrote is what it will read. After the completion. */
void hal_dma_sync_for_cpu(const struct hal_dma_buffer* buffer, uint32_t offset, uint32_t bytes);

#endif
