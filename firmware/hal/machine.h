/* SPDX-License-Identifier: Apache-2.0
 *
 * What differs between the machines that this HAL runs on (README.md): rv32/, where memory is where
 * the bus says, and native/, where the program runs on the simulator's host and memory lies behind
 * a pointer of its own. mmio.h and csr.h are the rest of it.
 */
#ifndef HAL_MACHINE_H
#define HAL_MACHINE_H

#include <stdint.h>

struct hal_range {
  uint64_t begin;
  uint64_t end; /* one past */
};

/* The program's pointer to memory at a bus address; null if it cannot reach all of it. */
void* hal_machine_pointer(uint64_t address, uint64_t bytes);
/* Bus address of memory at such a pointer. */
uint64_t hal_machine_address(const void* pointer);
/* What the program itself occupies, stack and all: bus addresses. */
struct hal_range hal_machine_program(void);

/* Lets time pass without a look at any device: that many turns of an empty loop. */
void hal_spin(uint32_t turns);

#endif
