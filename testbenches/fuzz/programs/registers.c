/* SPDX-License-Identifier: Apache-2.0 */
/* Every word of the accelerator's window, declared or not, with walking ones, walking zeros, all
 * ones, all zeros and random values, by word, half and byte, aligned and not; between them
 * descriptors of noise. Then the device must reset and copy. Ends with 0. */
#include "machine.h"

static struct epoch_command ring[RING_ENTRIES] __attribute__((aligned(64)));
static volatile uint32_t faults, others;

uint32_t on_trap(uint32_t cause, uint32_t pc) {
  if (cause >= 4u && cause <= 7u) { /* misaligned or refused load or store */
    faults++;
  } else {
    others++;
  }
  return skip(pc);
}

static void write_patterns(uint32_t address, uint32_t* random) {
  for (uint32_t bit = 0; bit < 32; bit++) {
    write32(address, 1u << bit);
    write32(address, ~(1u << bit));
  }
  write32(address, 0xFFFFFFFFu);
  (void)read32(address);
  write32(address, 0);
  for (int i = 0; i < 8; i++) write32(address, next_random(random));
}

/* Everything but aligned words is a bus error, and changes nothing. */
static void access_oddly(uint32_t address) {
  *(volatile uint8_t*)(uintptr_t)address = 0xFF;
  *(volatile uint16_t*)(uintptr_t)address = 0xFFFF;
  __asm__ volatile("sw %0, 0(%1)" ::"r"(0xFFFFFFFFu), "r"(address + 2u) : "memory");
  (void)*(volatile uint8_t*)(uintptr_t)(address + 1u);
}

int main(void) {
  uint32_t random = 1;
  for (uint32_t i = 0; i < sizeof ring / 4; i++) ((uint32_t*)ring)[i] = next_random(&random);
  for (uint32_t offset = 0; offset < EPOCH_WINDOW_BYTES; offset += 4) {
    write_patterns(EPOCHCORE + offset, &random);
    if (offset % 256 == 0) access_oddly(EPOCHCORE + offset);
    if (offset % 64 == 0) {
      start_ring(ring);
      (void)run_ring(next_random(&random) % 20u, 10);
    }
  }
  if (faults != 4u * (EPOCH_WINDOW_BYTES / 256u) || others != 0) return 1;
  if (read32(EPOCHCORE + EPOCH_REG_ID) != EPOCH_ID_VALUE) return 2;
  if (!reset_epochcore()) return 3;
  return still_copies(ring) ? 0 : 4;
}
