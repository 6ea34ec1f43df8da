/* SPDX-License-Identifier: Apache-2.0
 *
 * A program: an array of descriptors, and a builder for each command. Builders fill every field but
 * the semaphores, which epoch_order.h assigns. Pure C.
 */
#ifndef EPOCH_PROGRAM_H
#define EPOCH_PROGRAM_H

#include <stdint.h>

#include "epochcore.h"

#ifdef __cplusplus
extern "C" {
#endif

union epoch_descriptor {
  uint32_t words[16];
  struct epoch_command command;
  struct epoch_dma_command dma;
  struct epoch_coeff_command coeff;
  struct epoch_array_command array;
  struct epoch_state_command state;
  struct epoch_vector_command vector;
};

struct epoch_program {
  union epoch_descriptor* descriptors;
  uint32_t capacity;
  uint32_t count;
};

/* Rows of bytes in a buffer; `stride` bytes from row to row. */
struct epoch_rows {
  uint32_t local; /* EPOCH_LOCAL */
  uint32_t stride;
};

/* The engine that runs an opcode (EPOCH_ENGINE_*); CONTROL for one it does not know. */
uint32_t epoch_opcode_engine(uint32_t opcode);

/* opcode NOP, FENCE, IRQ or HALT. */
void epoch_build_control(union epoch_descriptor* descriptor, uint32_t opcode);
/* opcode LOAD or STORE; `rows` rows of `row_bytes`. */
void epoch_build_transfer(union epoch_descriptor* descriptor, uint32_t opcode, uint64_t bus,
                          uint32_t bus_stride, struct epoch_rows local, uint32_t row_bytes,
                          uint32_t rows);
void epoch_build_coeff(union epoch_descriptor* descriptor, uint32_t local, uint32_t mode,
                       uint32_t flags, uint32_t channels, uint32_t modes);
void epoch_build_state(union epoch_descriptor* descriptor, uint32_t local, uint32_t mode,
                       uint32_t flags, uint32_t channels, uint32_t modes);

/* An SSM (mode real or complex) or GEMM (mode mac) command. Unused rows are all zero. */
struct epoch_array_operands {
  uint32_t mode;
  uint32_t flags; /* EPOCH_ARRAY_* */
  uint32_t activation;
  uint32_t channels; /* GEMM: columns */
  uint32_t modes;    /* GEMM: inputs */
  uint32_t steps;
  struct epoch_rows source;
  struct epoch_rows destination;
  struct epoch_rows stored;
  struct epoch_rows accumulator;
};
void epoch_build_array(union epoch_descriptor* descriptor,
                       const struct epoch_array_operands* operands);

/* opcode AFFINE, LAYERNORM or POOL. */
struct epoch_vector_operands {
  uint32_t opcode;
  uint32_t flags; /* EPOCH_VECTOR_* */
  uint32_t rows;
  uint32_t length;
  struct epoch_rows source;
  struct epoch_rows destination;
  uint32_t parameters;
  uint32_t immediate0;
  uint32_t immediate1;
};
void epoch_build_vector(union epoch_descriptor* descriptor,
                        const struct epoch_vector_operands* operands);

#ifdef __cplusplus
}
#endif
#endif
