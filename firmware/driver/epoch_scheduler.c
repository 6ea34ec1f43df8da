/* SPDX-License-Identifier: Apache-2.0 */
#include "epoch_scheduler.h"

#include <stdbool.h>
#include <string.h>

typedef struct epoch_scheduler scheduler_t;
typedef struct epoch_phase phase_t;
typedef struct epoch_image_op op_t;

static uint32_t minimum(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* ---- Accesses ---------------------------------------------------------------------------------- */

struct accesses {
  uint32_t count;
  struct epoch_access list[EPOCH_ORDER_ACCESSES];
};

static void access_bytes(struct accesses *accesses, uint32_t space, uint64_t begin, uint64_t bytes,
                         uint32_t write) {
  struct epoch_access *access = &accesses->list[accesses->count++];
  access->space = space;
  access->write = write;
  access->begin = begin;
  access->end = begin + bytes;
}

/* A slot of a tensor: the unit in which activations are ordered, whatever part a command touches. */
struct slot {
  uint32_t offset;
  uint32_t bytes;
};

static struct slot slot_of(const struct epoch_tensor *tensor, uint32_t tile) {
  const uint32_t index = tile % tensor->slots;
  const struct slot slot = {tensor->offset + index * tensor->slot_bytes, tensor->slot_bytes};
  return slot;
}

static void access_slot(struct accesses *accesses, const struct epoch_tensor *tensor, uint32_t tile,
                        uint32_t write) {
  const struct slot slot = slot_of(tensor, tile);
  access_bytes(accesses, EPOCH_BUFFER_ACTIVATIONS, slot.offset, slot.bytes, write);
}

static struct epoch_rows slot_rows(const struct epoch_tensor *tensor, uint32_t tile,
                                   uint32_t stride) {
  const struct epoch_rows rows = {
      EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, slot_of(tensor, tile).offset), stride};
  return rows;
}

static int add(scheduler_t *s, const union epoch_descriptor *descriptor,
               const struct accesses *accesses) {
  if (epoch_order_add(&s->order, descriptor, accesses->list, accesses->count) == 0) return 0;
  s->failure->result = EPOCH_SCHEDULE_PROGRAM;
  s->failure->needed = s->order.program->capacity + 1;
  s->failure->available = s->order.program->capacity;
  return -1;
}

/* ---- Tiles ------------------------------------------------------------------------------------- */

static uint32_t tile_steps(const phase_t *phase, uint32_t tile) {
  return minimum(phase->tile, phase->steps - tile * phase->tile);
}

static const op_t *phase_op(const scheduler_t *s, const phase_t *phase, uint32_t index) {
  return &s->request->network->ops[phase->first_op + index];
}

/* Columns [first, first + row_bytes) of a tile's rows, between DRAM rows of `pitch` bytes and packed
 * rows in slot `at`. Whole rows move as one. */
static int transfer(scheduler_t *s, uint32_t opcode, uint64_t area, uint32_t pitch, uint32_t first,
                    uint32_t first_row, uint32_t rows, const struct epoch_tensor *tensor,
                    uint32_t at) {
  const uint32_t row_bytes = tensor->row_bytes < pitch - first ? tensor->row_bytes : pitch - first;
  const uint64_t bus = area + (uint64_t)first_row * pitch;
  const uint32_t is_load = opcode == EPOCH_OP_LOAD;
  const bool packed = row_bytes == pitch;
  struct accesses accesses = {0};
  union epoch_descriptor descriptor;
  access_bytes(&accesses, EPOCH_SPACE_BUS, bus, (uint64_t)rows * pitch, !is_load);
  access_slot(&accesses, tensor, at, is_load);
  epoch_build_transfer(&descriptor, opcode, bus + first, packed ? 0 : pitch,
                       slot_rows(tensor, at, packed ? 0 : row_bytes),
                       packed ? rows * row_bytes : row_bytes, packed ? 1 : rows);
  return add(s, &descriptor, &accesses);
}

/* Bytes of a DRAM row of the phase's input; uint8 for the network's own. */
static uint32_t input_pitch(const scheduler_t *s, const phase_t *phase) {
  const op_t *op = phase_op(s, phase, 0);
  return op->kind == EPOCH_IMAGE_OP_AFFINE ? op->inputs : 4 * op->inputs;
}

static int load_tile(scheduler_t *s, const phase_t *phase, uint32_t tile) {
  const uint32_t first_row = tile * phase->tile;
  const uint32_t rows = tile_steps(phase, tile);
  if (transfer(s, EPOCH_OP_LOAD, s->source, input_pitch(s, phase), 0, first_row, rows,
               &phase->tensors[0], tile) != 0)
    return -1;
  if (!phase->residual) return 0;
  const struct epoch_tensor *residual = &phase->tensors[phase->op_count + 1];
  return transfer(s, EPOCH_OP_LOAD, s->layer_input, residual->row_bytes, 0, first_row, rows,
                  residual, tile);
}

static int store_tile(scheduler_t *s, const phase_t *phase, uint32_t tile) {
  const struct epoch_tensor *tensor = &phase->tensors[phase->op_count];
  if (phase->pooled && tile + 1 != phase->tiles) return 0;
  return transfer(s, EPOCH_OP_STORE, s->destination, tensor->row_bytes, 0,
                  phase->pooled ? 0 : tile * phase->tile,
                  phase->pooled ? 1 : tile_steps(phase, tile), tensor, tile);
}

/* ---- Parameters -------------------------------------------------------------------------------- */

static int load_parameters(scheduler_t *s, uint32_t image_offset, uint32_t bytes, uint32_t local) {
  struct accesses accesses = {0};
  union epoch_descriptor descriptor;
  const struct epoch_rows rows = {EPOCH_LOCAL(EPOCH_BUFFER_COEFFICIENTS, local), 0};
  access_bytes(&accesses, EPOCH_BUFFER_COEFFICIENTS, local, bytes, 1);
  epoch_build_transfer(&descriptor, EPOCH_OP_LOAD, s->request->image + image_offset, 0, rows, bytes,
                       1);
  return add(s, &descriptor, &accesses);
}

static int load_resident(scheduler_t *s, const phase_t *phase) {
  if (!phase->resident || phase->parameter_bytes == 0) return 0;
  return load_parameters(s, phase->parameter_offset, phase->parameter_bytes,
                         phase->parameter_local);
}

/* Whether `next`'s parameters may be loaded while `phase` still reads its own. */
static bool can_prefetch(const phase_t *phase, const phase_t *next) {
  if (!next->resident || next->parameter_bytes == 0) return false;
  const uint32_t begin = phase->resident ? phase->parameter_local : 0;
  const uint32_t end = phase->resident ? begin + phase->parameter_bytes
                                       : phase->block_slots * phase->block_slot_bytes;
  return next->parameter_local >= end || next->parameter_local + next->parameter_bytes <= begin;
}

/* Where a parameter block is, in the coefficients buffer; a streamed one is loaded first. */
static int find_block(scheduler_t *s, const phase_t *phase, uint32_t image_offset, uint32_t bytes,
                      uint32_t *local) {
  if (phase->resident) {
    *local = phase->parameter_local + image_offset - phase->parameter_offset;
    return 0;
  }
  *local = s->next_slot % phase->block_slots * phase->block_slot_bytes;
  s->next_slot++;
  return load_parameters(s, image_offset, bytes, *local);
}

struct block {
  uint32_t image_offset;
  uint32_t bytes;
  uint32_t mode;
  uint32_t extra;
  uint32_t channels;
  uint32_t modes;
};

/* Resident parameters are one range, however many blocks are read from it. */
static void access_parameters(struct accesses *accesses, const phase_t *phase, uint32_t local,
                              uint32_t bytes) {
  access_bytes(accesses, EPOCH_BUFFER_COEFFICIENTS, phase->resident ? phase->parameter_local : local,
               phase->resident ? phase->parameter_bytes : bytes, 0);
}

static int coefficients_at(scheduler_t *s, const phase_t *phase, const struct block *block,
                           uint32_t local) {
  struct accesses accesses = {0};
  union epoch_descriptor descriptor;
  access_parameters(&accesses, phase, local, block->bytes);
  epoch_build_coeff(&descriptor, EPOCH_LOCAL(EPOCH_BUFFER_COEFFICIENTS, local), block->mode,
                    block->extra ? EPOCH_COEFF_EXTRA : 0, block->channels, block->modes);
  s->loaded_block = block->image_offset;
  return add(s, &descriptor, &accesses);
}

/* COEFF, unless the array holds the block already. */
static int use_block(scheduler_t *s, const phase_t *phase, const struct block *block) {
  uint32_t local;
  if (s->loaded_block == block->image_offset) return 0;
  if (find_block(s, phase, block->image_offset, block->bytes, &local) != 0) return -1;
  return coefficients_at(s, phase, block, local);
}

static struct block ssm_block(const op_t *op, const struct epoch_ssm_layout *layout, uint32_t pass,
                              uint32_t index) {
  const struct block block = {
      op->parameter_offset + epoch_ssm_block_offset(layout, pass, index),
      epoch_ssm_block_bytes(layout, pass, index),
      EPOCH_FORMAT_MODE(op->format),
      index + 1 == layout->blocks ? layout->extra : 0,
      epoch_ssm_pass_channels(layout, pass),
      epoch_ssm_block_modes(layout, index),
  };
  return block;
}

static struct block gemm_block(const op_t *op, const struct epoch_gemm_layout *layout,
                               uint32_t output_fold, uint32_t input_fold) {
  const struct block block = {
      op->parameter_offset + epoch_gemm_block_offset(layout, output_fold, input_fold),
      epoch_gemm_block_bytes(layout, output_fold, input_fold),
      EPOCH_MODE_MAC,
      input_fold + 1 == layout->input_folds ? layout->extra : 0,
      epoch_gemm_fold_outputs(layout, output_fold),
      epoch_gemm_fold_inputs(layout, input_fold),
  };
  return block;
}

/* ---- Ops on one tile --------------------------------------------------------------------------- */

/* An op's place in its phase, and the tile it runs on. */
struct work {
  const phase_t *phase;
  const op_t *op;
  const struct epoch_tensor *in;
  const struct epoch_tensor *out;
  const struct epoch_tensor *residual; /* null if the op adds none */
  uint32_t tile;
  uint32_t steps;
};

/* (tensor's row) + 4 * column of a packed slot. */
static struct epoch_rows columns(const struct epoch_tensor *tensor, uint32_t tile, uint32_t width,
                                 uint32_t column) {
  struct epoch_rows rows = slot_rows(tensor, tile, 4 * width);
  rows.local += 4 * column;
  return rows;
}

static uint32_t reciprocal_bits(uint32_t value) {
  const float reciprocal = 1.0f / (float)value;
  uint32_t bits;
  memcpy(&bits, &reciprocal, sizeof bits);
  return bits;
}

static int emit_vector(scheduler_t *s, const struct work *w) {
  const op_t *op = w->op;
  struct accesses accesses = {0};
  union epoch_descriptor descriptor;
  struct epoch_vector_operands v = {0};
  v.rows = w->steps;
  v.length = op->inputs;
  v.source = slot_rows(w->in, w->tile, 4 * op->inputs);
  v.destination = slot_rows(w->out, w->tile, 4 * op->outputs);
  v.immediate0 = op->immediate0;
  v.immediate1 = op->immediate1;
  access_slot(&accesses, w->in, w->tile, 0);
  if (op->kind == EPOCH_IMAGE_OP_AFFINE) { /* elementwise: the packed tile is one long row */
    v.opcode = EPOCH_OP_AFFINE;
    v.rows = 1;
    v.length = w->steps * op->inputs;
    v.source.stride = v.length;
    v.destination.stride = 4 * v.length;
  } else if (op->kind == EPOCH_IMAGE_OP_NORM) {
    uint32_t local;
    v.opcode = EPOCH_OP_LAYERNORM;
    if (find_block(s, w->phase, op->parameter_offset, op->parameter_bytes, &local) != 0) return -1;
    v.parameters = EPOCH_LOCAL(EPOCH_BUFFER_COEFFICIENTS, local);
    access_parameters(&accesses, w->phase, local, op->parameter_bytes);
  } else { /* POOL: the mean over all steps, gathered tile by tile */
    v.opcode = EPOCH_OP_POOL;
    if (w->tile > 0) {
      v.flags |= EPOCH_VECTOR_ACC;
      access_slot(&accesses, w->out, w->tile, 0);
    }
    if (w->tile + 1 == w->phase->tiles) {
      v.flags |= EPOCH_VECTOR_SCALE;
      v.immediate0 = reciprocal_bits(w->phase->steps);
    }
  }
  access_slot(&accesses, w->out, w->tile, 1);
  epoch_build_vector(&descriptor, &v);
  return add(s, &descriptor, &accesses);
}

/* Partial sums between blocks or input folds: `bytes` at `offset` of the accumulators buffer. */
struct sums {
  bool in;
  bool out;
  uint32_t offset;
  uint32_t stride;
};

/* Completes operands that hold mode, channels, modes, flags, source and destination, and adds the
 * command. With sums.out the raw y goes to the sums instead of the drain. */
static int emit_array(scheduler_t *s, const struct work *w, const struct sums *sums,
                      struct epoch_array_operands *a, const struct epoch_rows *stored) {
  struct accesses accesses = {0};
  union epoch_descriptor descriptor;
  const struct epoch_rows sum_rows = {EPOCH_LOCAL(EPOCH_BUFFER_ACCUMULATORS, sums->offset),
                                      sums->stride};
  const uint64_t sum_bytes = (uint64_t)w->steps * sums->stride;
  a->steps = w->steps;
  access_slot(&accesses, w->in, w->tile, 0);
  if (sums->in) {
    a->flags |= EPOCH_ARRAY_ACC_IN;
    a->accumulator = sum_rows;
    access_bytes(&accesses, EPOCH_BUFFER_ACCUMULATORS, sums->offset, sum_bytes, 0);
  }
  if (sums->out) {
    a->flags |= EPOCH_ARRAY_ACC_OUT;
    a->destination = sum_rows;
    access_bytes(&accesses, EPOCH_BUFFER_ACCUMULATORS, sums->offset, sum_bytes, 1);
  } else {
    a->flags |= EPOCH_FORMAT_FLAGS(w->op->format);
    a->activation = w->op->activation;
    if (w->residual != NULL) {
      a->stored = *stored;
      access_slot(&accesses, w->residual, w->tile, 0);
    }
    access_slot(&accesses, w->out, w->tile, 1);
  }
  epoch_build_array(&descriptor, a);
  return add(s, &descriptor, &accesses);
}

/* A one-pass SSM inside a fused phase. */
static int emit_ssm(scheduler_t *s, const struct work *w) {
  static const struct sums none = {false, false, 0, 0};
  const op_t *op = w->op;
  struct epoch_ssm_layout layout;
  struct epoch_array_operands a = {0};
  struct epoch_rows stored = {0};
  if (epoch_op_ssm_layout(op, &s->request->caps->array, &layout) != 0) return -1;
  const struct block block = ssm_block(op, &layout, 0, 0);
  if (use_block(s, w->phase, &block) != 0) return -1;
  a.mode = block.mode;
  a.channels = block.channels;
  a.modes = block.modes;
  a.flags = w->tile == 0 ? EPOCH_ARRAY_ZERO_STATE : 0;
  a.source = slot_rows(w->in, w->tile, 4 * op->inputs);
  a.destination = slot_rows(w->out, w->tile, 4 * op->outputs);
  if (w->residual != NULL) stored = slot_rows(w->residual, w->tile, 4 * op->outputs);
  return emit_array(s, w, &none, &a, &stored);
}

static int emit_linear(scheduler_t *s, const struct work *w) {
  const op_t *op = w->op;
  struct epoch_gemm_layout layout;
  if (epoch_op_gemm_layout(op, &s->request->caps->array, &layout) != 0) return -1;
  const uint32_t per_result = op->activation == EPOCH_ACTIVATION_GLU ? 2 : 1;
  for (uint32_t o = 0; o < layout.output_folds; o++) {
    const uint32_t column = o * layout.outputs_per_fold / per_result;
    for (uint32_t i = 0; i < layout.input_folds; i++) {
      const struct block block = gemm_block(op, &layout, o, i);
      const struct sums sums = {i > 0, i + 1 < layout.input_folds, 0, 4 * block.channels};
      struct epoch_array_operands a = {0};
      struct epoch_rows stored = {0};
      if (use_block(s, w->phase, &block) != 0) return -1;
      a.mode = EPOCH_MODE_MAC;
      a.channels = block.channels;
      a.modes = block.modes;
      a.source = columns(w->in, w->tile, op->inputs, i * layout.inputs_per_fold);
      a.destination = columns(w->out, w->tile, op->outputs, column);
      if (w->residual != NULL) stored = columns(w->residual, w->tile, op->outputs, column);
      if (emit_array(s, w, &sums, &a, &stored) != 0) return -1;
    }
  }
  return 0;
}

static const struct epoch_tensor *residual_of(const phase_t *phase, const op_t *op) {
  if (op->residual == 0) return NULL;
  return &phase->tensors[phase->residual ? phase->op_count + 1 : 0];
}

static int emit_ops(scheduler_t *s, const phase_t *phase, uint32_t tile) {
  for (uint32_t o = 0; o < phase->op_count; o++) {
    const op_t *op = phase_op(s, phase, o);
    const bool reduced = phase->tensors[o].pooled; /* its input is the one row of a POOL */
    const struct work work = {phase,
                              op,
                              &phase->tensors[o],
                              &phase->tensors[o + 1],
                              residual_of(phase, op),
                              tile,
                              reduced ? 1 : tile_steps(phase, tile)};
    int status;
    if (reduced && tile + 1 != phase->tiles) break;
    if (op->kind == EPOCH_IMAGE_OP_SSM)
      status = emit_ssm(s, &work);
    else if (op->kind == EPOCH_IMAGE_OP_LINEAR)
      status = emit_linear(s, &work);
    else
      status = emit_vector(s, &work);
    if (status != 0) return -1;
  }
  return 0;
}

/* ---- Phases ------------------------------------------------------------------------------------ */

/* Tile by tile, each through all ops; the next tile and then the next phase's parameters load
 * meanwhile. */
static int run_fused(scheduler_t *s, const phase_t *phase, const phase_t *next) {
  const bool ahead = phase->tensors[0].slots > 1;
  if (ahead && load_tile(s, phase, 0) != 0) return -1;
  for (uint32_t tile = 0; tile < phase->tiles; tile++) {
    const uint32_t load = ahead ? tile + 1 : tile;
    if (load < phase->tiles && load_tile(s, phase, load) != 0) return -1;
    if (tile == 0 && next != NULL && load_resident(s, next) != 0) return -1;
    if (emit_ops(s, phase, tile) != 0 || store_tile(s, phase, tile) != 0) return -1;
  }
  return 0;
}

/* A swept phase: one SSM, pass by pass and block by block, each over all tiles with its state in
 * place; blocks hand over through the accumulators. Turn = one tile of one block. */
struct sweep {
  const phase_t *phase;
  const op_t *op;
  struct epoch_ssm_layout layout;
  uint32_t turns;
  uint32_t local; /* of the block that was loaded last, in the coefficients buffer */
};

static struct block turn_block(const struct sweep *sweep, uint32_t turn) {
  const uint32_t index = turn / sweep->phase->tiles;
  return ssm_block(sweep->op, &sweep->layout, index / sweep->layout.blocks,
                   index % sweep->layout.blocks);
}

/* Loads the block of the turns from `turn` on, if that is where they start. */
static int load_turn_block(scheduler_t *s, struct sweep *sweep, uint32_t turn) {
  if (turn >= sweep->turns || turn % sweep->phase->tiles != 0) return 0;
  const struct block block = turn_block(sweep, turn);
  return find_block(s, sweep->phase, block.image_offset, block.bytes, &sweep->local);
}

static int load_turn(scheduler_t *s, const struct sweep *sweep, uint32_t turn) {
  const phase_t *phase = sweep->phase;
  const uint32_t tile = turn % phase->tiles;
  const uint32_t pass = turn / phase->tiles / sweep->layout.blocks;
  const uint32_t first = 4 * pass * sweep->layout.channels_per_pass;
  const uint32_t rows = tile_steps(phase, tile);
  const uint32_t pitch = 4 * sweep->op->inputs;
  if (transfer(s, EPOCH_OP_LOAD, s->source, pitch, first, tile * phase->tile, rows,
               &phase->tensors[0], turn) != 0)
    return -1;
  const bool drains = turn / phase->tiles % sweep->layout.blocks + 1 == sweep->layout.blocks;
  if (!phase->residual || !drains) return 0;
  return transfer(s, EPOCH_OP_LOAD, s->layer_input, pitch, first, tile * phase->tile, rows,
                  &phase->tensors[2], turn);
}

static int emit_turn(scheduler_t *s, const struct sweep *sweep, uint32_t turn) {
  const phase_t *phase = sweep->phase;
  const uint32_t tile = turn % phase->tiles;
  const uint32_t index = turn / phase->tiles % sweep->layout.blocks;
  const uint32_t pass = turn / phase->tiles / sweep->layout.blocks;
  const struct block block = turn_block(sweep, turn);
  const uint32_t pitch = 4 * block.channels;
  const struct work work = {phase,
                            sweep->op,
                            &phase->tensors[0],
                            &phase->tensors[1],
                            residual_of(phase, sweep->op),
                            turn,
                            tile_steps(phase, tile)};
  const bool drains = index + 1 == sweep->layout.blocks;
  const struct sums sums = {index > 0, !drains, tile * phase->tile * pitch, pitch};
  struct epoch_array_operands a = {0};
  struct epoch_rows stored = {0};
  a.mode = block.mode;
  a.channels = block.channels;
  a.modes = block.modes;
  a.flags = tile == 0 ? EPOCH_ARRAY_ZERO_STATE : 0;
  a.source = slot_rows(work.in, turn, pitch);
  a.destination = slot_rows(work.out, turn, pitch);
  if (work.residual != NULL) stored = slot_rows(work.residual, turn, pitch);
  if (emit_array(s, &work, &sums, &a, &stored) != 0) return -1;
  if (!drains) return 0;
  return transfer(s, EPOCH_OP_STORE, s->destination, 4 * sweep->op->outputs,
                  4 * pass * sweep->layout.channels_per_pass, tile * phase->tile, work.steps,
                  work.out, turn);
}

static int run_swept(scheduler_t *s, const phase_t *phase, const phase_t *next) {
  struct sweep sweep = {.phase = phase, .op = phase_op(s, phase, 0)};
  if (epoch_op_ssm_layout(sweep.op, &s->request->caps->array, &sweep.layout) != 0) return -1;
  sweep.turns = sweep.layout.passes * sweep.layout.blocks * phase->tiles;
  const bool ahead = phase->tensors[0].slots > 1;
  if (load_turn_block(s, &sweep, 0) != 0) return -1;
  if (ahead && load_turn(s, &sweep, 0) != 0) return -1;
  for (uint32_t turn = 0; turn < sweep.turns; turn++) {
    const uint32_t load = ahead ? turn + 1 : turn;
    const uint32_t tile = turn % phase->tiles;
    if (tile == 0) {
      const struct block block = turn_block(&sweep, turn);
      if (coefficients_at(s, phase, &block, sweep.local) != 0) return -1;
    }
    if (load_turn_block(s, &sweep, turn + 1) != 0) return -1;
    if (load < sweep.turns && load_turn(s, &sweep, load) != 0) return -1;
    if (turn == 0 && next != NULL && load_resident(s, next) != 0) return -1;
    if (emit_turn(s, &sweep, turn) != 0) return -1;
  }
  return 0;
}

/* ---- The network ------------------------------------------------------------------------------- */

uint32_t epoch_schedule_scratch_bytes(const struct epoch_network *network,
                                      const struct epoch_caps *caps, uint32_t steps) {
  const struct epoch_areas areas = epoch_plan_areas(network, caps, steps);
  const uint64_t bytes = (uint64_t)areas.count * areas.bytes;
  return bytes > UINT32_MAX ? 0 : (uint32_t)bytes;
}

/* An area that holds neither the phase's input nor the layer's. */
static uint64_t free_area(const scheduler_t *s) {
  uint64_t area = s->request->scratch;
  for (uint32_t a = 0; a < s->areas.count; a++) {
    area = s->request->scratch + (uint64_t)a * s->areas.bytes;
    if (area != s->source && area != s->layer_input) break;
  }
  return area;
}

/* Resident parameters that were not prefetched, then the phase; `next` is null after the last. */
static int run_phase(scheduler_t *s, const phase_t *phase, const phase_t *next, bool prefetched) {
  const bool ends = next == NULL;
  s->destination = ends ? s->request->output : free_area(s);
  if (!prefetched && load_resident(s, phase) != 0) return -1;
  const phase_t *fetch = !ends && can_prefetch(phase, next) ? next : NULL;
  if ((phase->swept ? run_swept : run_fused)(s, phase, fetch) != 0) return -1;
  s->source = s->destination;
  if (phase->last) s->layer_input = s->destination;
  return 0;
}

static int check_scratch(const scheduler_t *s) {
  const struct epoch_schedule_request *request = s->request;
  const uint64_t needed = (uint64_t)s->areas.count * s->areas.bytes;
  if (s->areas.bytes != 0 && needed <= request->scratch_bytes) return 0;
  s->failure->result = EPOCH_SCHEDULE_SCRATCH;
  s->failure->needed = s->areas.bytes == 0 || needed > UINT32_MAX ? UINT32_MAX : (uint32_t)needed;
  s->failure->available =
      request->scratch_bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)request->scratch_bytes;
  return -1;
}

int epoch_schedule(struct epoch_scheduler *scheduler, const struct epoch_schedule_request *request,
                   struct epoch_program *program, struct epoch_clock *clocks,
                   struct epoch_schedule_failure *failure) {
  scheduler_t *s = scheduler;
  memset(s, 0, sizeof *s);
  memset(failure, 0, sizeof *failure);
  s->request = request;
  s->failure = failure;
  s->source = s->layer_input = request->input;
  epoch_order_begin(&s->order, program, clocks);
  s->areas = epoch_plan_areas(request->network, request->caps, request->steps);
  if (check_scratch(s) != 0) return -1;

  bool prefetched = false;
  int more = epoch_plan_next(request->network, request->caps, request->steps, &s->phases[0],
                             failure);
  for (uint32_t p = 0; more > 0; p++) {
    const phase_t *phase = &s->phases[p % 2];
    phase_t *next = &s->phases[(p + 1) % 2];
    *next = *phase;
    more = epoch_plan_next(request->network, request->caps, request->steps, next, failure);
    if (more < 0) return -1;
    failure->layer = phase->layer;
    failure->op = phase->first_op;
    if (run_phase(s, phase, more > 0 ? next : NULL, prefetched) != 0) return -1;
    prefetched = more > 0 && can_prefetch(phase, next);
  }
  if (more < 0) return -1;
  if (epoch_order_end(&s->order) == 0) return 0;
  failure->result = EPOCH_SCHEDULE_PROGRAM;
  failure->needed = program->capacity + 1;
  failure->available = program->capacity;
  return -1;
}
