/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns into every other device, simctl's EXIT and TRAP left out: clint, plic, uart, the boot
 * rom and the addresses between them. Then timer and interrupts must work. Ends with 0. */
#include "machine.h"

static volatile uint32_t software, faults;

uint32_t on_trap(uint32_t cause, uint32_t pc) {
  if ((cause & INTERRUPT) != 0) {
    software++;
    write32(CLINT, 0);
    return pc;
  }
  faults++;
  return skip(pc);
}

static void sweep(uint32_t base, uint32_t bytes, uint32_t* random) {
  for (uint32_t offset = 0; offset < bytes; offset += 4) {
    write32(base + offset, 0xFFFFFFFFu);
    write32(base + offset, 0);
    write32(base + offset, 1u << offset / 4 % 32);
    write32(base + offset, next_random(random));
    *(volatile uint8_t*)(uintptr_t)(base + offset + 3) = 0xA5;
    (void)*(volatile uint16_t*)(uintptr_t)(base + offset);
    (void)read32(base + offset);
  }
}

int main(void) {
  uint32_t random = 7;
  sweep(0x1000u, 0x1000, &random); /* boot rom: read only */
  sweep(CLINT, 0x400, &random);
  sweep(CLINT + 0x4000u, 0x100, &random);
  sweep(CLINT + 0xBFF0u, 0x20, &random);
  sweep(PLIC, 0x200, &random);
  sweep(PLIC + 0x1000u, 0x100, &random);
  sweep(PLIC + 0x2000u, 0x100, &random);
  sweep(PLIC + 0x200000u, 0x100, &random);
  sweep(SIMCTL + 8u, 0xFF8, &random);
  sweep(0x30000000u, 0x10, &random); /* nobody */
  for (uint32_t i = 1; i < 8; i++) { /* uart but for its data register: nothing is printed */
    *(volatile uint8_t*)(uintptr_t)(UART + i) = (uint8_t)next_random(&random);
    *(volatile uint8_t*)(uintptr_t)(UART + i) = 0;
  }
  if (faults == 0) return 1;
  write32(CLINT, 1);
  enable_interrupts(MIE_SOFTWARE);
  for (int i = 0; i < 1000 && software == 0; i++) {
  }
  return software == 1 ? 0 : 2;
}
