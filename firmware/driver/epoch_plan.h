/* SPDX-License-Identifier: Apache-2.0
 *
 * Cuts a layer into phases and a phase into time tiles, and places its tiles in the buffers. Pure
 * C; used by the scheduler, apart from it so that the rules can be read in one place (README.md).
 */
#ifndef EPOCH_PLAN_H
#define EPOCH_PLAN_H

#include <stdint.h>

#include "epoch_network.h"

#ifdef __cplusplus
extern "C" {
#endif

#define EPOCH_PHASE_OPS 12u /* a longer layer is cut into more phases */
#define EPOCH_TARGET_TILES 4u
#define EPOCH_BLOCK_SLOTS 4u

/* Why a network cannot be scheduled: E(name, description). */
#define EPOCH_SCHEDULE_RESULTS(E)                                                  \
  E(OK, "scheduled")                                                               \
  E(STEPS, "the sequence has no steps or too many")                                \
  E(ACTIVATIONS, "activations buffer too small for one step of the phase (bytes)") \
  E(COEFFICIENTS, "coefficients buffer too small for one parameter block (bytes)") \
  E(ACCUMULATORS, "accumulators buffer too small for the partial sums (bytes)")    \
  E(SCRATCH, "scratch memory too small (bytes)")                                   \
  E(PROGRAM, "program too long for its array (descriptors)")

#define EPOCH_X_SCHEDULE_RESULT(name, description) EPOCH_SCHEDULE_##name,
enum epoch_schedule_result { EPOCH_SCHEDULE_RESULTS(EPOCH_X_SCHEDULE_RESULT) };
#undef EPOCH_X_SCHEDULE_RESULT

/* Which limit, by how much and where. */
struct epoch_schedule_failure {
  enum epoch_schedule_result result;
  uint32_t layer;
  uint32_t op; /* index in the image's op table */
  uint32_t needed;
  uint32_t available;
};

const char* epoch_schedule_result_text(enum epoch_schedule_result result);

/* A row of values per step (or one row after POOL), in the activations buffer. */
struct epoch_tensor {
  uint32_t row_bytes;
  uint32_t pooled;     /* 1: one row for the whole sequence, one slot */
  uint32_t slots;      /* tile i lives in slot i mod slots */
  uint32_t slot_bytes; /* multiple of 64 */
  uint32_t offset;
};

/* Consecutive ops of one layer that run on the same tile before the next tile starts; or, if
 * `swept`, one SSM op whose passes and blocks each run over all tiles. */
struct epoch_phase {
  uint32_t layer;
  uint32_t first_op;
  uint32_t op_count;
  uint32_t swept;
  uint32_t wide;  /* swept: whole rows of every tile stay in the buffer for all passes */
  uint32_t steps; /* rows in */
  uint32_t tile;  /* steps a tile; the last one may be shorter */
  uint32_t tiles;
  uint32_t pooled;           /* 1: one row out */
  uint32_t residual;         /* 1: the layer's input is loaded beside the phase's own input */
  uint32_t last;             /* 1: last phase of the layer */
  uint32_t parameter_offset; /* of the phase's parameters in the image */
  uint32_t parameter_bytes;
  uint32_t resident;        /* 1: parameters stay in the buffer for the whole phase */
  uint32_t parameter_local; /* resident: their offset in the coefficients buffer */
  uint32_t block_slots;     /* otherwise: slots of block_slot_bytes from offset 0 on */
  uint32_t block_slot_bytes;
  /* tensors[0] is the input, tensors[k] the result of op k - 1; the residual comes after them. */
  struct epoch_tensor tensors[EPOCH_PHASE_OPS + 2];
};

/* First phase of layer 0, then phase after phase; returns 1 while there is one, 0 after the last,
 * -1 on a failure. A phase with first_op = 0 and op_count = 0 starts the walk. */
int epoch_plan_next(const struct epoch_network* network, const struct epoch_caps* caps,
                    uint32_t steps, struct epoch_phase* phase,
                    struct epoch_schedule_failure* failure);

/* Activations between phases go through areas of equal size in DRAM, in turn. */
struct epoch_areas {
  uint32_t count;
  uint32_t bytes; /* of each, multiple of 64; 0 if one does not fit 32 bits */
};
struct epoch_areas epoch_plan_areas(const struct epoch_network* network,
                                    const struct epoch_caps* caps, uint32_t steps);

#ifdef __cplusplus
}
#endif
#endif
