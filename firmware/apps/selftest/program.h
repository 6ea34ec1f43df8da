/* SPDX-License-Identifier: Apache-2.0
 *
 * A program of the self-test: operands come from the page and go back to it, results are compared
 * by value. One layout serves all commands.
 */
#ifndef SELFTEST_PROGRAM_H
#define SELFTEST_PROGRAM_H

#include "selftest.h"

/* Offsets, the same in the page and in the buffer that holds the operand. */
enum { SOURCE = 0x000, STORED = 0x100, BLOCK = 0x200, SUMS = 0x300, STATE = 0x400, RESULT = 0x500 };

#define ACTIVATIONS(offset) EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, offset)
#define COEFFICIENTS(offset) EPOCH_LOCAL(EPOCH_BUFFER_COEFFICIENTS, offset)
#define ACCUMULATORS(offset) EPOCH_LOCAL(EPOCH_BUFFER_ACCUMULATORS, offset)

/* The next descriptor of the program, and one that is there already. */
union epoch_descriptor* program_next(void);
union epoch_descriptor* program_at(uint32_t index);
/* Builders of what every program has. */
void program_control(uint32_t opcode);
void program_copy(uint32_t opcode, uint32_t offset, uint32_t local, uint32_t bytes);
/* Runs what was built, up to an IRQ. A failure is recovered from: it is the next one's no more. */
bool program_finish(void);

/* Words of the page. */
float* page_floats(uint32_t offset);
uint32_t* page_words(uint32_t offset);
void page_fill(uint32_t offset, const int32_t* values, uint32_t number);

uint32_t bits_of(float value);
/* By value: +0 equals -0, NaN equals nothing. */
bool all_equal(const float* seen, const float* expected, uint32_t words);

#endif
