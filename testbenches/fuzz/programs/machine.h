/* SPDX-License-Identifier: Apache-2.0 */
/* Bases of the default memory map, and what the programs in C share. */
#ifndef MACHINE_H
#define MACHINE_H

#include <epochcore.h>
#include <stdint.h>

#define CLINT 0x02000000u
#define PLIC 0x0C000000u
#define UART 0x10000000u
#define SIMCTL 0x10100000u
#define EPOCHCORE 0x20000000u
#define PLIC_SOURCE_EPOCHCORE 2u

#define MIE_SOFTWARE (1u << 3)
#define MIE_TIMER (1u << 7)
#define MIE_EXTERNAL (1u << 11)
#define INTERRUPT 0x80000000u

static inline uint32_t read32(uint32_t address) {
  return *(volatile uint32_t*)(uintptr_t)address;
}
static inline void write32(uint32_t address, uint32_t value) {
  *(volatile uint32_t*)(uintptr_t)address = value;
}
static inline void enable_interrupts(uint32_t mie) {
  __asm__ volatile("csrw mie, %0\n\tcsrsi mstatus, 8" ::"r"(mie) : "memory");
}
static inline void fence(void) {
  __asm__ volatile("fence" ::: "memory");
}

/* xorshift32 (Marsaglia 2003): the same numbers in every run. */
static inline uint32_t next_random(uint32_t* state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}

/* The instruction after the one at `pc`: 16 bits long unless its low two bits are 11. */
static inline uint32_t skip(uint32_t pc) {
  return pc + ((*(volatile uint16_t*)(uintptr_t)pc & 3u) == 3u ? 4u : 2u);
}

/* From start.S: returns where to go on. */
uint32_t on_trap(uint32_t cause, uint32_t pc);

/* Resets the accelerator and clears its interrupts; 0 if it never says that it is done. */
static inline int reset_epochcore(void) {
  write32(EPOCHCORE + EPOCH_REG_CTRL, EPOCH_CTRL_RESET_MASK);
  for (int i = 0; i < 10000; i++) {
    if (read32(EPOCHCORE + EPOCH_REG_CTRL) == 0) {
      write32(EPOCHCORE + EPOCH_REG_IRQ_STATUS, 7);
      write32(EPOCHCORE + EPOCH_REG_IRQ_ENABLE, 0);
      write32(EPOCHCORE + EPOCH_REG_WATCHDOG, 0);
      return 1;
    }
  }
  return 0;
}

#define RING_ENTRIES 16u
/* Enables an empty ring at these descriptors. */
static inline void start_ring(const struct epoch_command* ring) {
  write32(EPOCHCORE + EPOCH_REG_RING_BASE_LO, (uint32_t)(uintptr_t)ring);
  write32(EPOCHCORE + EPOCH_REG_RING_BASE_HI, 0);
  write32(EPOCHCORE + EPOCH_REG_RING_SIZE, RING_ENTRIES);
  write32(EPOCHCORE + EPOCH_REG_RING_START, 0);
  write32(EPOCHCORE + EPOCH_REG_CTRL, EPOCH_CTRL_ENABLE_MASK);
}

/* Rings for `count` descriptors; 1 when they have retired, 0 if the device stopped or `polls` were
 * not enough. */
static inline int run_ring(uint32_t count, int polls) {
  fence();
  write32(EPOCHCORE + EPOCH_REG_RING_TAIL, count);
  while (polls-- > 0) {
    if (read32(EPOCHCORE + EPOCH_REG_COMPLETED) == count) return 1;
    if ((read32(EPOCHCORE + EPOCH_REG_STATUS) & EPOCH_STATUS_HALTED_MASK) != 0) return 0;
  }
  return 0;
}

/* Whether LOAD and STORE still copy 256 bytes through a buffer; the device is idle and reset. */
static inline int still_copies(struct epoch_command* ring) {
  static uint32_t from[64], to[64];
  struct epoch_dma_command* dma = (struct epoch_dma_command*)ring;
  for (uint32_t i = 0; i < 64; i++) {
    from[i] = i * 0x01010101u + 1u;
    to[i] = 0;
  }
  for (int i = 0; i < 2; i++) {
    for (int w = 0; w < 16; w++) ((volatile uint32_t*)&dma[i])[w] = 0;
    dma[i].row_bytes = sizeof from;
    dma[i].rows = 1;
    dma[i].planes = 1;
  }
  dma[0].control = EPOCH_CONTROL(EPOCH_OP_LOAD, 0, 0);
  dma[0].semaphores = EPOCH_SEMAPHORE_FIELD(0, 0, EPOCH_SEMAPHORE_USE(0), 0);
  dma[0].bus_lo = (uint32_t)(uintptr_t)from;
  dma[1].control = EPOCH_CONTROL(EPOCH_OP_STORE, 0, 0);
  dma[1].semaphores = EPOCH_SEMAPHORE_FIELD(EPOCH_SEMAPHORE_USE(0), 0, 0, 0);
  dma[1].bus_lo = (uint32_t)(uintptr_t)to;
  start_ring(ring);
  if (!run_ring(2, 10000)) return 0;
  fence();
  for (uint32_t i = 0; i < 64; i++) {
    if (((volatile uint32_t*)to)[i] != from[i]) return 0;
  }
  return reset_epochcore();
}

#endif
