/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the scheduler: the commands of one tile, each with the bytes that it reads and writes.
 * epoch_scheduler.c walks the network with it, epoch_swept.c runs swept phases.
 */
#ifndef EPOCH_EMIT_H
#define EPOCH_EMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "epoch_scheduler.h"

/* A parameter block that COEFF reads. */
struct epoch_block {
  uint32_t image_offset;
  uint32_t bytes;
  uint32_t mode;
  uint32_t extra;
  uint32_t channels;
  uint32_t modes;
};

/* An op, its tensors, and the slot and number of steps that it runs on. */
struct epoch_work {
  const struct epoch_phase* phase;
  const struct epoch_image_op* op;
  const struct epoch_tensor* in;
  const struct epoch_tensor* out;
  const struct epoch_tensor* residual; /* null if the op adds none */
  uint32_t tile;                       /* or whatever numbers the slots, modulo their number */
  uint32_t steps;
};

/* Partial sums between blocks or input folds, in the accumulators buffer. */
struct epoch_sums {
  bool in;
  bool out;
  uint32_t offset;
  uint32_t stride;
};

uint32_t epoch_tile_steps(const struct epoch_phase* phase, uint32_t tile);
const struct epoch_image_op* epoch_phase_op(const struct epoch_scheduler* s,
                                            const struct epoch_phase* phase, uint32_t index);
/* Where an op finds the layer's input: beside the phase's own or, in a layer's first phase, as it.
 */
const struct epoch_tensor* epoch_residual_tensor(const struct epoch_phase* phase,
                                                 const struct epoch_image_op* op);
struct epoch_block epoch_ssm_block(const struct epoch_image_op* op,
                                   const struct epoch_ssm_layout* layout, uint32_t pass,
                                   uint32_t index);

/* Rows of a tensor's slot, `width` elements apart, from element `column` on. */
struct epoch_rows epoch_slot_rows(const struct epoch_tensor* tensor, uint32_t tile, uint32_t width,
                                  uint32_t column);

/* All that follow append commands: 0, or -1 with the failure in the scheduler. */

/* LOAD or STORE of `rows` rows from `first_row` on: bytes [first, first + row bytes) of DRAM rows
 * of `pitch` bytes, and packed rows in slot `at`. */
int epoch_emit_transfer(struct epoch_scheduler* s, uint32_t opcode, uint64_t area, uint32_t pitch,
                        uint32_t first, uint32_t first_row, uint32_t rows,
                        const struct epoch_tensor* tensor, uint32_t at);
int epoch_emit_load_tile(struct epoch_scheduler* s, const struct epoch_phase* phase, uint32_t tile);
int epoch_emit_store_tile(struct epoch_scheduler* s, const struct epoch_phase* phase,
                          uint32_t tile);

/* LOAD of a phase's resident parameters, if it has any. */
int epoch_emit_resident(struct epoch_scheduler* s, const struct epoch_phase* phase);
/* Where a parameter block is, in the coefficients buffer; a streamed one is loaded first. */
int epoch_emit_find_block(struct epoch_scheduler* s, const struct epoch_phase* phase,
                          uint32_t image_offset, uint32_t bytes, uint32_t* local);
int epoch_emit_coeff(struct epoch_scheduler* s, const struct epoch_phase* phase,
                     const struct epoch_block* block, uint32_t local);

/* SSM or GEMM on the block in the array: `a` holds flags, source and destination, `stored` the rows
 * that COMBINE adds. With sums->out the raw y goes to the sums instead of the drain. */
int epoch_emit_array(struct epoch_scheduler* s, const struct epoch_work* w,
                     const struct epoch_block* block, const struct epoch_sums* sums,
                     struct epoch_array_operands* a, const struct epoch_rows* stored);
/* All ops of a fused phase on one tile. */
int epoch_emit_ops(struct epoch_scheduler* s, const struct epoch_phase* phase, uint32_t tile);

/* A whole swept phase (epoch_swept.c); `next`'s parameters are loaded meanwhile, unless null. */
int epoch_emit_swept(struct epoch_scheduler* s, const struct epoch_phase* phase,
                     const struct epoch_phase* next);

#endif
