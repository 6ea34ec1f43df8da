/* SPDX-License-Identifier: Apache-2.0
 *
 * How a network runs: which ops form a phase (epoch_phases.c), where tensors live between phases
 * (epoch_homes.c), and how long a phase's tiles are and where their rows lie (epoch_tiles.c). Pure
 * C; README.md has the rules.
 */
#ifndef EPOCH_PLAN_H
#define EPOCH_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "epoch_network.h"
#include "epoch_place.h"
#include "epoch_share.h"

#ifdef __cplusplus
extern "C" {
#endif

#define EPOCH_TARGET_TILES 4u
#define EPOCH_BLOCK_SLOTS 4u
#define EPOCH_MAX_STEPS 0x00FFFFFFu

/* S(name, text, description) */
#define EPOCH_SCHEDULES(S)                                                                 \
  S(LAYER, "layer", "layer by layer, activations between layers in DRAM")                  \
  S(RESIDENT, "resident", "layer by layer, activations between layers stay on chip")       \
  S(DEPTH_FIRST, "depth_first", "each time tile through all layers; causal networks only") \
  S(AUTO, "auto", "the one of them that the cost model finds fastest")

#define EPOCH_X_SCHEDULE(name, text, description) EPOCH_SCHEDULE_KIND_##name,
enum epoch_schedule_kind { EPOCH_SCHEDULES(EPOCH_X_SCHEDULE) EPOCH_SCHEDULE_KINDS };
#undef EPOCH_X_SCHEDULE

const char* epoch_schedule_kind_text(enum epoch_schedule_kind kind);
/* False if the text names none of them. */
bool epoch_schedule_kind_parse(const char* text, enum epoch_schedule_kind* kind);

/* Why a network cannot be scheduled: E(name, description). */
#define EPOCH_SCHEDULE_RESULTS(E)                                                  \
  E(OK, "scheduled")                                                               \
  E(STEPS, "the sequence has no steps or too many")                                \
  E(CAUSAL, "a network that looks ahead has no depth_first schedule and no state") \
  E(ACTIVATIONS, "activations buffer too small for one step of the phase (bytes)") \
  E(RESIDENT, "activations buffer too small for the layers' activations (bytes)")  \
  E(COEFFICIENTS, "coefficients buffer too small for one parameter block (bytes)") \
  E(ACCUMULATORS, "accumulators buffer too small for the partial sums (bytes)")    \
  E(WORKSPACE, "working memory too small (bytes)")                                 \
  E(SCRATCH, "scratch memory too small (bytes)")                                   \
  E(PROGRAM, "program too long for its array (descriptors)")

#define EPOCH_X_SCHEDULE_RESULT(name, description) EPOCH_SCHEDULE_##name,
enum epoch_schedule_result { EPOCH_SCHEDULE_RESULTS(EPOCH_X_SCHEDULE_RESULT) };
#undef EPOCH_X_SCHEDULE_RESULT

const char* epoch_schedule_result_text(enum epoch_schedule_result result);

/* Which limit, by how much and where. */
struct epoch_schedule_failure {
  enum epoch_schedule_result result;
  uint32_t layer;
  uint32_t op; /* index in the image's op table */
  uint64_t needed;
  uint64_t available;
};

/* Where a tensor's rows are between phases. */
enum {
  EPOCH_HOME_NONE,    /* it lives within one phase */
  EPOCH_HOME_INPUT,   /* the caller's memory */
  EPOCH_HOME_OUTPUT,  /* the caller's memory */
  EPOCH_HOME_SCRATCH, /* scratch memory */
  EPOCH_HOME_CHIP     /* activations buffer */
};
struct epoch_home {
  uint32_t kind;
  uint32_t ahead;             /* 1: some op reads it a row ahead, and a row of zeros at the end */
  struct epoch_extent extent; /* lifetime in phases; offset from the start of the memory */
};

/* A tensor as a phase sees it in the activations buffer. Tile k is in slot k mod slots; if the home
 * is on the chip, there are no slots. */
struct epoch_local {
  uint32_t tensor;
  uint32_t ahead;   /* its rows are those after the tile's */
  uint32_t loaded;  /* from its home, before the first op of a tile */
  uint32_t patches; /* IM2COL's result: loaded likewise, from its source's home */
  uint32_t stored;  /* to its home, by every op that writes it */
  uint32_t one_row; /* the same row for every tile: result of POOL, or carried */
  uint32_t carried; /* zero before the first step, then kept from tile to tile */
  uint32_t row_bytes;
  uint32_t slots;
  uint32_t slot_bytes;  /* multiple of 64 */
  uint32_t first_stage; /* of the ops that use it */
  uint32_t last_stage;
  struct epoch_extent extent; /* lifetime in ops of the phase */
};

/* What an op keeps from tile to tile, and a session from run to run: the states of one pass and
 * block of an SSM, the last rows that a CONV1D saw, a carried tensor's row. */
#define EPOCH_CARRY_ROW 0xFFFFFFFFu
struct epoch_carry {
  uint32_t op;   /* or EPOCH_CARRY_ROW */
  uint32_t unit; /* SSM: pass * blocks + block; row of a carried tensor: which local */
  uint32_t bytes;
  uint64_t home;  /* offset in the memory for carries */
  uint32_t local; /* offset in the activations buffer, if the phase keeps its carries there */
};

struct epoch_phase {
  uint32_t layer;
  uint32_t first_op;
  uint32_t op_count;
  uint32_t reverse; /* tiles run from the last to the first */
  uint32_t rows;
  uint32_t tile; /* rows a tile; one of them may be shorter: the last to run */
  uint32_t tiles;
  uint32_t granule; /* tiles are multiples of so many rows: a row of an IM2COL's result */
  uint32_t loop;    /* tiles of one step: the network is recurrent here */
  uint32_t stages;  /* runs of ops on one engine */
  uint32_t skewed;  /* 1: stage i works on the tile before that of stage i - 1 */
  uint32_t first_local;
  uint32_t local_count;
  uint32_t first_carry;
  uint32_t carry_count;
  uint32_t units;            /* states in turn in the same PEs; swapped between tiles if several */
  uint32_t staged;           /* 1: carries wait in DRAM, and come by two slots */
  uint32_t carry_slot_bytes; /* staged */
  uint32_t parameter_offset; /* of the phase's parameters in the image, without tables of GATHER */
  uint32_t parameter_bytes;
  uint32_t resident;        /* 1: parameters stay in the buffer for the whole phase */
  uint32_t parameter_local; /* resident: their offset in the coefficients buffer */
  uint32_t largest_block;   /* bytes that an op reads at once */
  uint32_t block_slots;     /* otherwise: slots of block_slot_bytes from offset 0 on */
  uint32_t block_slot_bytes;
};

#define EPOCH_SCHEDULE_RESUME 0x1u /* start from the carries that a run before has kept */
#define EPOCH_SCHEDULE_KEEP 0x2u   /* keep the carries for a run after */

struct epoch_plan_request {
  const struct epoch_network* network;
  const struct epoch_caps* caps;
  uint32_t steps;
  enum epoch_schedule_kind schedule; /* not AUTO */
  uint32_t flags;                    /* EPOCH_SCHEDULE_RESUME, _KEEP */
  uint32_t tile_rows; /* tiles of so many rows, where they fit; 0: README.md's rule */
  /* Where its buffers begin, whose sizes caps give, and which semaphores it has; null: all. */
  const struct epoch_share* share;
};

#define EPOCH_OP_LOCALS (EPOCH_INPUTS + 1u)

struct epoch_plan {
  struct epoch_plan_request request;
  struct epoch_phase* phases;
  uint32_t phase_count;
  struct epoch_local* locals;
  uint32_t local_count;
  uint16_t* op_locals; /* [op][inputs, then the output]: which local of the phase */
  uint16_t* op_stages; /* [op] */
  struct epoch_carry* carries;
  uint32_t carry_count;
  struct epoch_home* homes; /* by tensor */
  struct epoch_extent* extents;
  uint64_t chip_bytes;    /* homes in the activations buffer, at its end */
  uint32_t zero_bytes;    /* zeros at the start of the scratch memory, before the homes there */
  uint64_t scratch_bytes; /* with them */
  uint64_t carry_bytes;
};

/* Bytes of working memory for a plan (64-byte aligned); 0 if the network is too large. */
uint32_t epoch_plan_workspace(const struct epoch_network* network, const struct epoch_caps* caps);
/* 0, or -1 with the reason in *failure. The plan points into the workspace. */
int epoch_plan_make(struct epoch_plan* plan, const struct epoch_plan_request* request,
                    void* workspace, uint32_t workspace_bytes,
                    struct epoch_schedule_failure* failure);

static inline const struct epoch_image_op* epoch_plan_op(const struct epoch_plan* plan,
                                                         uint32_t op) {
  return &plan->request.network->ops[op];
}
static inline uint32_t epoch_phase_end(const struct epoch_phase* phase) {
  return phase->first_op + phase->op_count;
}
/* Where the chip's homes start in the activations buffer. */
static inline uint32_t epoch_plan_chip(const struct epoch_plan* plan) {
  return plan->request.caps->buffer_bytes[EPOCH_BUFFER_ACTIVATIONS] / EPOCH_PLACE_ALIGN *
             EPOCH_PLACE_ALIGN -
         (uint32_t)plan->chip_bytes;
}
/* Rows of tile k: the first of them, and how many. */
uint32_t epoch_tile_first(const struct epoch_phase* phase, uint32_t tile);
uint32_t epoch_tile_rows(const struct epoch_phase* phase, uint32_t tile);

/* ---- The three steps of a plan ---- */

void epoch_plan_phases(struct epoch_plan* plan);
int epoch_plan_homes(struct epoch_plan* plan, struct epoch_schedule_failure* failure);
int epoch_plan_tiles(struct epoch_plan* plan, struct epoch_schedule_failure* failure);
int epoch_plan_fail(struct epoch_schedule_failure* failure, enum epoch_schedule_result result,
                    const struct epoch_phase* phase, uint64_t needed, uint64_t available);

#ifdef __cplusplus
}
#endif
#endif
