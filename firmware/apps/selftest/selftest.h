/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of the self-test share: one device, one page of DMA memory, a count of checks.
 * Nothing printed depends on time, so that the output is the same at any speed.
 */
#ifndef SELFTEST_H
#define SELFTEST_H

#include <stdbool.h>
#include <stdint.h>

#include "dma.h"
#include "epoch_device.h"

#define SELFTEST_TIMEOUT_NS 100000000u
#define SELFTEST_RING_ENTRIES 8u
#define SELFTEST_PAGE_BYTES 4096u

extern struct epoch_device selftest_device;
extern struct hal_dma_buffer selftest_page;

uint32_t selftest_get(uint32_t offset);
void selftest_put(uint32_t offset, uint32_t value);
/* Until the register's bits in `mask` are `value`; false after SELFTEST_TIMEOUT_NS. */
bool selftest_poll(uint32_t offset, uint32_t mask, uint32_t value);

/* Prints "name: ok" or "name: FAILED" and counts; returns `passed`. */
bool selftest_check(const char* name, bool passed);
/* A check covers this command: at the end every opcode of the contract must have been named. */
void selftest_covers(uint32_t opcode);

/* Pseudo-random numbers (Marsaglia, "Xorshift RNGs", 2003), from a seed that the run prints. */
void selftest_seed(uint32_t seed);
uint32_t selftest_random(uint32_t below);

/* Submits and waits for the last one. */
enum epoch_device_result selftest_run(const union epoch_descriptor* descriptors, uint32_t count);
void selftest_semaphores(union epoch_descriptor* descriptor, uint32_t wait0, uint32_t wait1,
                         uint32_t signal0, uint32_t signal1);

/* Builders of what several parts use. */
#define SELFTEST_LOCAL EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, 0)
void selftest_build_copy(union epoch_descriptor* descriptor, uint32_t opcode, uint32_t page_offset,
                         uint32_t local, uint32_t bytes);
/* Takes `cycles` cycles of the vector unit (about), and no bus; at most longest_delay. */
uint32_t selftest_longest_delay(void);
void selftest_build_delay(union epoch_descriptor* descriptor, uint32_t cycles);

/* A small layer, ordered by semaphores, with its result checked: the device works. */
bool selftest_layer(void);

void selftest_registers(uintptr_t base);
void selftest_commands(void);
void selftest_modes(void);
void selftest_rows(void);
void selftest_ring(void);
void selftest_errors(void);
void selftest_races(uint32_t waits);

#endif
