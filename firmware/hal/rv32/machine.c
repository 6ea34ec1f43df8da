/* SPDX-License-Identifier: Apache-2.0 */
#include "machine.h"

#include <stddef.h>

#include "trap.h"

extern const char __image_start[]; /* link.ld */
extern const char __image_end[];

void* hal_machine_pointer(uint64_t address, uint64_t bytes) {
  if (address > UINTPTR_MAX || bytes > UINTPTR_MAX - address) return NULL;
  return (void*)(uintptr_t)address;
}

uint64_t hal_machine_address(const void* pointer) {
  return (uintptr_t)pointer;
}

struct hal_range hal_machine_program(void) {
  return (struct hal_range){(uintptr_t)__image_start, (uintptr_t)__image_end};
}

void hal_spin(uint32_t turns) {
  for (uint32_t i = 0; i < turns; i++) __asm__ volatile("nop");
}

void hal_trap_skip(struct hal_trap_frame* frame) {
  const uint16_t low = *(const uint16_t*)(uintptr_t)frame->pc;
  frame->pc += (low & 3u) == 3u ? 4 : 2; /* compressed or not */
}
