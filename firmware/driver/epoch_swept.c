/* SPDX-License-Identifier: Apache-2.0
 *
 * Swept phases: one SSM with several passes or blocks.
 */
#include <stddef.h>

#include "epoch_emit.h"

typedef struct epoch_scheduler scheduler_t;
typedef struct epoch_phase phase_t;

/* Pass by pass and block by block, each over all tiles with its state in place; blocks hand over
 * through the accumulators. A turn is one tile of one block. */
struct sweep {
  const phase_t* phase;
  const struct epoch_image_op* op;
  struct epoch_ssm_layout layout;
  uint32_t turns;
  uint32_t local; /* of the block that was loaded last, in the coefficients buffer */
};

/* What a turn is about. */
struct turn {
  uint32_t tile;
  uint32_t block;
  uint32_t pass;
  uint32_t slot;  /* of the tensors, modulo their slots: in a wide phase, the tile's own */
  uint32_t first; /* column of the pass's first channel in DRAM rows */
  bool drains;    /* the last block: results, not sums */
};

static struct turn turn_at(const struct sweep* sweep, uint32_t index) {
  const uint32_t tiles = sweep->phase->tiles;
  struct turn turn;
  turn.tile = index % tiles;
  turn.block = index / tiles % sweep->layout.blocks;
  turn.pass = index / tiles / sweep->layout.blocks;
  turn.slot = index;
  turn.first = turn.pass * sweep->layout.channels_per_pass;
  turn.drains = turn.block + 1 == sweep->layout.blocks;
  return turn;
}

static struct epoch_block turn_block(const struct sweep* sweep, const struct turn* turn) {
  return epoch_ssm_block(sweep->op, &sweep->layout, turn->pass, turn->block);
}

/* Loads the block of the turns from `index` on, if that is where they start. */
static int load_block(scheduler_t* s, struct sweep* sweep, uint32_t index) {
  const struct turn turn = turn_at(sweep, index);
  if (index >= sweep->turns || turn.tile != 0) return 0;
  const struct epoch_block block = turn_block(sweep, &turn);
  return epoch_emit_find_block(s, sweep->phase, block.image_offset, block.bytes, &sweep->local);
}

/* The tile's input: the pass's columns or, in a wide phase, whole rows in the first round only. */
static int load_input(scheduler_t* s, const struct sweep* sweep, uint32_t index) {
  const phase_t* phase = sweep->phase;
  const struct turn turn = turn_at(sweep, index);
  const uint32_t first = phase->wide ? 0 : 4 * turn.first;
  const uint32_t pitch = 4 * sweep->op->inputs;
  const uint32_t row = turn.tile * phase->tile;
  const uint32_t rows = epoch_tile_steps(phase, turn.tile);
  if (index >= (phase->wide ? phase->tiles : sweep->turns)) return 0;
  if (epoch_emit_transfer(s, EPOCH_OP_LOAD, s->source, pitch, first, row, rows, &phase->tensors[0],
                          turn.slot) != 0)
    return -1;
  if (!phase->residual || !(turn.drains || phase->wide)) return 0;
  return epoch_emit_transfer(s, EPOCH_OP_LOAD, s->layer_input, pitch, first, row, rows,
                             &phase->tensors[2], turn.slot);
}

static int store_output(scheduler_t* s, const struct sweep* sweep, const struct turn* turn) {
  const phase_t* phase = sweep->phase;
  if (!turn->drains || (phase->wide && turn->pass + 1 != sweep->layout.passes)) return 0;
  return epoch_emit_transfer(s, EPOCH_OP_STORE, s->destination, 4 * sweep->op->outputs,
                             phase->wide ? 0 : 4 * turn->first, turn->tile * phase->tile,
                             epoch_tile_steps(phase, turn->tile), &phase->tensors[1], turn->slot);
}

static int emit_coeff(scheduler_t* s, const struct sweep* sweep, const struct turn* turn) {
  const struct epoch_block block = turn_block(sweep, turn);
  return epoch_emit_coeff(s, sweep->phase, &block, sweep->local);
}

static int emit_turn(scheduler_t* s, const struct sweep* sweep, const struct turn* turn) {
  const phase_t* phase = sweep->phase;
  const struct epoch_block block = turn_block(sweep, turn);
  const struct epoch_work work = {phase,
                                  sweep->op,
                                  &phase->tensors[0],
                                  &phase->tensors[1],
                                  epoch_residual_tensor(phase, sweep->op),
                                  turn->slot,
                                  epoch_tile_steps(phase, turn->tile)};
  const uint32_t sum_stride = 4 * block.channels;
  const struct epoch_sums sums = {turn->block > 0, !turn->drains,
                                  turn->tile * phase->tile * sum_stride, sum_stride};
  const uint32_t width = phase->wide ? sweep->op->inputs : block.channels;
  const uint32_t column = phase->wide ? turn->first : 0;
  struct epoch_array_operands a = {0};
  struct epoch_rows stored = {0};
  a.flags = turn->tile == 0 ? EPOCH_ARRAY_ZERO_STATE : 0;
  a.source = epoch_slot_rows(work.in, turn->slot, width, column);
  a.destination = epoch_slot_rows(work.out, turn->slot, width, column);
  if (work.residual != NULL) stored = epoch_slot_rows(work.residual, turn->slot, width, column);
  return epoch_emit_array(s, &work, &block, &sums, &a, &stored);
}

int epoch_emit_swept(struct epoch_scheduler* s, const struct epoch_phase* phase,
                     const struct epoch_phase* next) {
  struct sweep sweep = {.phase = phase, .op = epoch_phase_op(s, phase, 0)};
  if (epoch_op_ssm_layout(sweep.op, &s->request->caps->array, &sweep.layout) != 0) return -1;
  sweep.turns = sweep.layout.passes * sweep.layout.blocks * phase->tiles;
  const bool ahead = phase->tensors[0].slots > 1;
  if (load_block(s, &sweep, 0) != 0 || load_input(s, &sweep, 0) != 0) return -1;
  for (uint32_t index = 0; index < sweep.turns; index++) {
    const struct turn turn = turn_at(&sweep, index);
    if (turn.tile == 0 && emit_coeff(s, &sweep, &turn) != 0) return -1;
    if (load_block(s, &sweep, index + 1) != 0) return -1; /* its slot may be the one just read */
    if (ahead && load_input(s, &sweep, index + 1) != 0) return -1;
    if (index == 0 && next != NULL && epoch_emit_resident(s, next) != 0) return -1;
    if (emit_turn(s, &sweep, &turn) != 0 || store_output(s, &sweep, &turn) != 0) return -1;
    if (!ahead && load_input(s, &sweep, index + 1) != 0) return -1;
  }
  return 0;
}
