/* SPDX-License-Identifier: Apache-2.0
 *
 * A program: an array of descriptors, and a builder for each command. Builders fill every field but
 * the semaphores, which epoch_order.h assigns. Pure C.
 */
#ifndef EPOCH_PROGRAM_H
#define EPOCH_PROGRAM_H

#include <stdbool.h>
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
  struct epoch_streams_command streams;
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

/* Every command carries the context's tag, for errors and traces. */
void epoch_program_tag(struct epoch_program* program, uint32_t context);

/* Whether a program that runs between others' gets by with what it is given and leaves nothing: it
 * ends with a command that raises done, loads coefficients and states before it uses them, and of
 * `semaphores` only (bit n: n) takes as many signals as it gives. */
bool epoch_program_stands_alone(const struct epoch_program* program, uint32_t semaphores);

/* opcode LOAD, STORE or GATHER; `planes` planes of `rows` rows of `row_bytes`. */
struct epoch_transfer {
  uint32_t opcode;
  uint64_t bus;
  struct epoch_rows local;
  uint32_t row_bytes;
  uint32_t rows;
  uint32_t bus_stride;
  uint32_t planes; /* 0 = 1 */
  uint32_t bus_plane_stride;
  uint32_t local_plane_stride;
  uint32_t indices; /* GATHER */
  uint32_t table_rows;
};
void epoch_build_transfer(union epoch_descriptor* descriptor,
                          const struct epoch_transfer* transfer);

/* What COEFF loads and STATE exchanges: channels and modes of a mode and type. */
struct epoch_shape {
  uint32_t mode;
  uint32_t type;
  uint32_t channels; /* GEMM: columns */
  uint32_t modes;    /* GEMM: inputs */
};
void epoch_build_coeff(union epoch_descriptor* descriptor, uint32_t local,
                       const struct epoch_shape* shape, uint32_t flags);
void epoch_build_state(union epoch_descriptor* descriptor, uint32_t local,
                       const struct epoch_shape* shape, uint32_t flags);

/* An SSM or GEMM (mode mac) command. Unused rows are all zero. */
struct epoch_array_operands {
  struct epoch_shape shape;
  uint32_t flags; /* EPOCH_ARRAY_* */
  uint32_t activation;
  uint32_t steps;
  uint32_t output_type;
  uint32_t stored_type;
  uint32_t scale; /* fp32 bits, of int8 results */
  struct epoch_rows source;
  struct epoch_rows destination;
  struct epoch_rows stored;
  struct epoch_rows accumulator;
  struct epoch_rows drive; /* selective, ssd: for STREAMS */
  struct epoch_rows b;     /* c has the same stride */
  struct epoch_rows c;
  struct epoch_rows u;
};
void epoch_build_array(union epoch_descriptor* descriptor,
                       const struct epoch_array_operands* operands);
void epoch_build_streams(union epoch_descriptor* descriptor,
                         const struct epoch_array_operands* operands);

/* opcode AFFINE .. ARGMAX. */
struct epoch_vector_operands {
  uint32_t opcode;
  uint32_t mode;  /* EPOCH_VECTOR_MODE */
  uint32_t flags; /* EPOCH_VECTOR_* */
  uint32_t rows;
  uint32_t length;
  uint32_t count;
  uint32_t source_type;
  uint32_t destination_type;
  uint32_t second_type;
  struct epoch_rows source;
  struct epoch_rows destination;
  struct epoch_rows second;
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
