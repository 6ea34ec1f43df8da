/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands of an op on one tile.
 */
#include <stddef.h>
#include <string.h>

#include "epoch_emit.h"

typedef struct epoch_scheduler scheduler_t;
typedef struct epoch_phase phase_t;
typedef struct epoch_image_op op_t;

/* An op on a tile. */
struct work {
  const phase_t* phase;
  const op_t* op;
  uint32_t o;
  uint32_t tile;
  uint32_t steps; /* rows of the tile */
};

/* ---- Operands ---- */

static const struct epoch_local* local_of(const scheduler_t* s, const struct work* w, uint32_t i) {
  const uint32_t local = s->plan->op_locals[w->o * EPOCH_OP_LOCALS + i];
  return &s->plan->locals[w->phase->first_local + local];
}

static uint32_t type_of(const scheduler_t* s, const struct work* w, uint32_t i) {
  return s->plan->request.network->tensors[local_of(s, w, i)->tensor].type;
}

/* Rows of input `i` (EPOCH_INPUTS: of the output) from `element` elements after its first column
 * on; the access to them is added. No rows if the op has no such input. */
static struct epoch_rows operand(const scheduler_t* s, const struct work* w, uint32_t i,
                                 uint32_t element, struct epoch_accesses* accesses) {
  struct epoch_rows rows = {0, 0};
  const bool output = i == EPOCH_INPUTS;
  if (!output && w->op->inputs[i] == EPOCH_REF_NONE) return rows;
  const struct epoch_place_rows place = epoch_local_rows(s, w->phase, local_of(s, w, i), w->tile);
  const uint32_t column = i < EPOCH_INPUTS
                              ? EPOCH_REF_COLUMN(w->op->inputs[i])
                              : epoch_output_column(s->plan->request.network, w->o, s->document);
  const uint32_t offset = (column + element) * epoch_element_bytes(type_of(s, w, i));
  rows.local = epoch_emit_local(s, EPOCH_BUFFER_ACTIVATIONS, place.offset + offset);
  rows.stride = place.pitch;
  epoch_access_add(accesses, EPOCH_BUFFER_ACTIVATIONS, place.begin, place.bytes, output);
  return rows;
}

/* ---- Array ops ---- */

/* Partial sums between blocks or input folds, in the accumulators buffer. */
struct sums {
  bool in;
  bool out;
};

/* A parameter block that COEFF reads. */
struct block {
  struct epoch_shape shape;
  uint32_t number; /* among the op's */
  uint32_t image_offset;
  uint32_t bytes;
  uint32_t extra;
};

/* COEFF, unless the array holds the block already. */
static int use_block(scheduler_t* s, const struct work* w, const struct block* block) {
  struct epoch_accesses accesses;
  accesses.count = 0;
  union epoch_descriptor descriptor;
  uint32_t local = 0;
  if (s->loaded_op == w->o + 1 && s->loaded_block == block->number) return 0;
  if (block->bytes != 0 &&
      epoch_emit_parameters(s, w->phase, block->image_offset, block->bytes, &local, &accesses) != 0)
    return -1;
  epoch_build_coeff(&descriptor, epoch_emit_local(s, EPOCH_BUFFER_COEFFICIENTS, local),
                    &block->shape, block->extra ? EPOCH_COEFF_EXTRA : 0);
  s->loaded_op = w->o + 1;
  s->loaded_block = block->number;
  return epoch_emit(s, &descriptor, 1, &accesses);
}

static void use_sums(const scheduler_t* s, const struct work* w, const struct sums* sums,
                     struct epoch_array_operands* a, struct epoch_accesses* accesses) {
  const struct epoch_rows rows = {epoch_emit_local(s, EPOCH_BUFFER_ACCUMULATORS, 0),
                                  4 * a->shape.channels};
  const uint64_t bytes = (uint64_t)w->steps * rows.stride;
  if (sums->in) {
    a->flags |= EPOCH_ARRAY_ACC_IN;
    a->accumulator = rows;
    epoch_access_add(accesses, EPOCH_BUFFER_ACCUMULATORS, 0, bytes, 0);
  }
  if (!sums->out) return;
  a->flags |= EPOCH_ARRAY_ACC_OUT;
  a->destination = rows;
  epoch_access_add(accesses, EPOCH_BUFFER_ACCUMULATORS, 0, bytes, 1);
}

/* Results leave through the drain from element `column` on; with sums they stay raw. */
static void use_drain(const scheduler_t* s, const struct work* w, uint32_t column, bool extra,
                      struct epoch_array_operands* a, struct epoch_accesses* accesses) {
  const uint32_t keep = EPOCH_ARRAY_COMBINE | (extra ? EPOCH_ARRAY_EXTRA : 0);
  a->flags |= epoch_op_flags(w->op) & keep;
  a->activation = w->op->activation;
  a->output_type = type_of(s, w, EPOCH_INPUTS);
  if (a->output_type == EPOCH_TYPE_INT8) a->scale = w->op->immediate1;
  a->destination = operand(s, w, EPOCH_INPUTS, column, accesses);
  if ((a->flags & EPOCH_ARRAY_COMBINE) == 0) return;
  a->stored_type = type_of(s, w, EPOCH_INPUT_STORED);
  a->stored = operand(s, w, EPOCH_INPUT_STORED, column, accesses);
}

/* ---- SSM ---- */

/* One pass and block of an SSM. */
struct unit {
  uint32_t pass;
  uint32_t index; /* of the block */
  uint32_t channel;
  uint32_t mode;
  bool drains;
};

static struct block ssm_block(const op_t* op, const struct epoch_ssm_layout* layout,
                              const struct unit* unit) {
  const struct block block = {
      {layout->mode, layout->type, epoch_ssm_pass_channels(layout, unit->pass),
       epoch_ssm_block_modes(layout, unit->index)},
      unit->pass * layout->blocks + unit->index,
      op->parameter_offset + epoch_ssm_block_offset(layout, unit->pass, unit->index),
      epoch_ssm_block_bytes(layout, unit->pass, unit->index),
      unit->drains ? layout->extra : 0,
  };
  return block;
}

static int exchange_state(scheduler_t* s, const struct epoch_shape* shape,
                          const struct epoch_carry_use* use, bool save) {
  struct epoch_accesses accesses;
  accesses.count = 0;
  union epoch_descriptor descriptor;
  epoch_build_state(&descriptor, epoch_emit_local(s, EPOCH_BUFFER_ACTIVATIONS, use->local), shape,
                    save ? EPOCH_STATE_SAVE : 0);
  epoch_access_add(&accesses, EPOCH_BUFFER_ACTIVATIONS, use->local, use->carry->bytes, save);
  return epoch_emit(s, &descriptor, 1, &accesses);
}

static bool is_streamed(const struct epoch_ssm_layout* layout) {
  return layout->mode == EPOCH_MODE_SELECTIVE || layout->mode == EPOCH_MODE_SSD;
}

/* The SSM command of a unit, after its STREAMS if the mode has them. */
static int run_unit(scheduler_t* s, const struct work* w, const struct epoch_ssm_layout* layout,
                    const struct unit* unit, const struct block* block, bool from_zero) {
  struct epoch_accesses accesses;
  accesses.count = 0;
  union epoch_descriptor descriptors[2];
  struct epoch_array_operands a = {.shape = block->shape, .steps = w->steps};
  const struct sums sums = {unit->index > 0, !unit->drains};
  const bool edge = layout->mode == EPOCH_MODE_EDGE, streamed = is_streamed(layout);
  const uint32_t first = edge ? 2 * unit->channel : unit->channel;
  a.flags = (epoch_op_flags(w->op) & EPOCH_ARRAY_REVERSE) |
            (from_zero ? (uint32_t)EPOCH_ARRAY_ZERO_STATE : 0u);
  a.source = operand(s, w, EPOCH_INPUT_SOURCE, first, &accesses);
  use_sums(s, w, &sums, &a, &accesses);
  if (unit->drains) use_drain(s, w, first, true, &a, &accesses);
  if (streamed) {
    a.drive = operand(s, w, EPOCH_INPUT_DRIVE, first, &accesses);
    a.b = operand(s, w, EPOCH_INPUT_B, unit->mode, &accesses);
    a.c = operand(s, w, EPOCH_INPUT_C, unit->mode, &accesses);
    if (unit->drains) a.u = operand(s, w, EPOCH_INPUT_U, first, &accesses);
    epoch_build_streams(&descriptors[0], &a);
  }
  epoch_build_array(&descriptors[streamed], &a);
  return epoch_emit(s, descriptors, streamed ? 2 : 1, &accesses);
}

static int emit_unit(scheduler_t* s, const struct work* w, const struct epoch_ssm_layout* layout,
                     const struct unit* unit) {
  const struct block block = ssm_block(w->op, layout, unit);
  struct epoch_carry_use use = {0};
  if (epoch_emit_carry_in(s, w->phase, w->o, block.number, w->tile, &use) != 0) return -1;
  if (use_block(s, w, &block) != 0) return -1;
  if (use.restore && exchange_state(s, &block.shape, &use, false) != 0) return -1;
  if (run_unit(s, w, layout, unit, &block, w->tile == 0 && !use.restore) != 0) return -1;
  if (use.save && exchange_state(s, &block.shape, &use, true) != 0) return -1;
  return epoch_emit_carry_out(s, w->phase, w->tile, &use);
}

static int emit_ssm(scheduler_t* s, const struct work* w) {
  struct epoch_ssm_layout layout;
  if (epoch_op_ssm_layout(w->op, &s->plan->request.caps->array, &layout) != 0) return -1;
  for (uint32_t pass = 0; pass < layout.passes; pass++) {
    for (uint32_t index = 0; index < layout.blocks; index++) {
      const struct unit unit = {pass, index, pass * layout.channels_per_pass,
                                index * layout.modes_per_block, index + 1 == layout.blocks};
      if (emit_unit(s, w, &layout, &unit) != 0) return -1;
    }
  }
  return 0;
}

/* ---- GEMM ---- */

static int emit_fold(scheduler_t* s, const struct work* w, const struct epoch_gemm_layout* layout,
                     uint32_t output_fold, uint32_t input_fold) {
  struct epoch_accesses accesses;
  accesses.count = 0;
  union epoch_descriptor descriptor;
  const bool last = input_fold + 1 == layout->input_folds;
  const uint32_t per_result = w->op->activation == EPOCH_ACTIVATION_GLU ? 2 : 1;
  const struct sums sums = {input_fold > 0, !last};
  const struct block block = {
      {EPOCH_MODE_MAC, layout->type, epoch_gemm_fold_outputs(layout, output_fold),
       epoch_gemm_fold_inputs(layout, input_fold)},
      output_fold * layout->input_folds + input_fold,
      w->op->parameter_offset + epoch_gemm_block_offset(layout, output_fold, input_fold),
      epoch_gemm_block_bytes(layout, output_fold, input_fold),
      last ? layout->extra : 0,
  };
  struct epoch_array_operands a = {.shape = block.shape, .steps = w->steps};
  if (use_block(s, w, &block) != 0) return -1;
  a.source = operand(s, w, EPOCH_INPUT_SOURCE, input_fold * layout->inputs_per_fold, &accesses);
  use_sums(s, w, &sums, &a, &accesses);
  if (last)
    use_drain(s, w, output_fold * layout->outputs_per_fold / per_result, true, &a, &accesses);
  epoch_build_array(&descriptor, &a);
  return epoch_emit(s, &descriptor, 1, &accesses);
}

static int emit_linear(scheduler_t* s, const struct work* w) {
  struct epoch_gemm_layout layout;
  if (epoch_op_gemm_layout(w->op, &s->plan->request.caps->array, &layout) != 0) return -1;
  for (uint32_t o = 0; o < layout.output_folds; o++)
    for (uint32_t i = 0; i < layout.input_folds; i++)
      if (emit_fold(s, w, &layout, o, i) != 0) return -1;
  return 0;
}

/* ---- Vector ops ---- */

static uint32_t float_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static uint32_t opcode_of(const op_t* op) {
  switch (op->kind) {
    case EPOCH_IMAGE_OP_AFFINE:
      return EPOCH_OP_AFFINE;
    case EPOCH_IMAGE_OP_NORM:
      return op->activation == 0 ? EPOCH_OP_LAYERNORM : EPOCH_OP_RMSNORM;
    case EPOCH_IMAGE_OP_COMBINE:
      return EPOCH_OP_COMBINE;
    case EPOCH_IMAGE_OP_CONV1D:
      return EPOCH_OP_CONV1D;
    case EPOCH_IMAGE_OP_ARGMAX:
      return EPOCH_OP_ARGMAX;
    default:
      return EPOCH_OP_MAP;
  }
}

/* What a vector op takes from its image op and tensors; types of bytes and indices go without
 * saying. */
static struct epoch_vector_operands vector_operands(const scheduler_t* s, const struct work* w,
                                                    struct epoch_accesses* accesses) {
  const op_t* op = w->op;
  const uint32_t source = type_of(s, w, EPOCH_INPUT_SOURCE), result = type_of(s, w, EPOCH_INPUTS);
  struct epoch_vector_operands v = {0};
  v.opcode = opcode_of(op);
  v.flags = epoch_op_flags(op);
  v.mode = op->kind == EPOCH_IMAGE_OP_NORM ? 0 : op->activation;
  v.rows = w->steps;
  v.length = op->kind == EPOCH_IMAGE_OP_ARGMAX ? op->width_in : op->width_out;
  v.count = op->count;
  v.source_type = source >= EPOCH_IMAGE_TYPE_UINT8 ? 0 : source;
  v.destination_type = result >= EPOCH_IMAGE_TYPE_UINT8 ? 0 : result;
  v.immediate0 = op->immediate0;
  v.immediate1 = op->immediate1;
  v.source = operand(s, w, EPOCH_INPUT_SOURCE, 0, accesses);
  v.destination = operand(s, w, EPOCH_INPUTS, 0, accesses);
  return v;
}

static int add_vector(scheduler_t* s, const struct epoch_vector_operands* v,
                      const struct epoch_accesses* accesses) {
  union epoch_descriptor descriptor;
  epoch_build_vector(&descriptor, v);
  return epoch_emit(s, &descriptor, 1, accesses);
}

static int emit_vector(scheduler_t* s, const struct work* w) {
  const op_t* op = w->op;
  struct epoch_accesses accesses;
  accesses.count = 0;
  struct epoch_carry_use use = {0};
  if (op->kind == EPOCH_IMAGE_OP_CONV1D &&
      epoch_emit_carry_in(s, w->phase, w->o, 0, w->tile, &use) != 0)
    return -1;
  struct epoch_vector_operands v = vector_operands(s, w, &accesses);
  if (op->kind == EPOCH_IMAGE_OP_COMBINE) {
    v.second = operand(s, w, EPOCH_INPUT_STORED, 0, &accesses);
    v.second_type = type_of(s, w, EPOCH_INPUT_STORED);
  }
  if (use.carry != NULL) {
    const uint32_t element = epoch_element_bytes(type_of(s, w, EPOCH_INPUT_SOURCE));
    v.second.local = epoch_emit_local(s, EPOCH_BUFFER_ACTIVATIONS, use.local);
    v.second.stride = op->width_out * element;
    epoch_access_add(&accesses, EPOCH_BUFFER_ACTIVATIONS, use.local, use.carry->bytes, 0);
    epoch_access_add(&accesses, EPOCH_BUFFER_ACTIVATIONS, use.local, use.carry->bytes, 1);
  }
  if (op->kind == EPOCH_IMAGE_OP_CONV1D && !use.restore) v.flags |= EPOCH_VECTOR_ZERO;
  if (op->parameter_bytes != 0) {
    uint32_t local;
    if (epoch_emit_parameters(s, w->phase, op->parameter_offset, op->parameter_bytes, &local,
                              &accesses) != 0)
      return -1;
    v.parameters = epoch_emit_local(s, EPOCH_BUFFER_COEFFICIENTS, local);
  }
  if (add_vector(s, &v, &accesses) != 0) return -1;
  return epoch_emit_carry_out(s, w->phase, w->tile, &use);
}

/* The mean over all rows, gathered tile by tile in the order in which the tiles run; rows of a tile
 * too. */
static int emit_mean(scheduler_t* s, const struct work* w) {
  struct epoch_accesses accesses;
  accesses.count = 0;
  struct epoch_vector_operands v = vector_operands(s, w, &accesses);
  const bool last = w->tile + 1 == w->phase->tiles;
  v.opcode = EPOCH_OP_POOL;
  v.mode = 0;
  v.destination.stride = 0;
  v.immediate0 = last ? float_bits(1.0f / (float)w->phase->rows) : 0;
  v.flags = (w->tile > 0 ? EPOCH_VECTOR_ACC : 0u) | (last ? EPOCH_VECTOR_SCALE : 0u);
  if (w->tile > 0) { /* the sum is read, too */
    const struct epoch_access sum = accesses.list[accesses.count - 1];
    epoch_access_add(&accesses, sum.space, sum.begin, sum.end - sum.begin, 0);
  }
  if (w->phase->reverse) {
    v.source.local += (w->steps - 1) * v.source.stride;
    v.source.stride = 0u - v.source.stride;
  }
  return add_vector(s, &v, &accesses);
}

/* The last row: of the last tile of the sequence, which runs first if tiles run backwards. */
static int emit_last(scheduler_t* s, const struct work* w) {
  struct epoch_accesses accesses;
  accesses.count = 0;
  if (w->tile != (w->phase->reverse ? 0 : w->phase->tiles - 1)) return 0;
  struct epoch_vector_operands v = vector_operands(s, w, &accesses);
  v.mode = 0;
  v.rows = 1;
  v.source.local += (w->steps - 1) * v.source.stride;
  return add_vector(s, &v, &accesses);
}

/* ---- Rows of a table ---- */

static int emit_gather(scheduler_t* s, const struct work* w) {
  struct epoch_accesses accesses;
  accesses.count = 0;
  union epoch_descriptor descriptor;
  const uint32_t row = w->op->width_out * epoch_element_bytes(type_of(s, w, EPOCH_INPUTS));
  struct epoch_transfer transfer = {
      .opcode = EPOCH_OP_GATHER,
      .bus = s->places->image + w->op->parameter_offset,
      .row_bytes = row,
      .rows = w->steps,
      .bus_stride = row,
      .table_rows = w->op->count,
  };
  transfer.indices = operand(s, w, EPOCH_INPUT_SOURCE, 0, &accesses).local;
  transfer.local = operand(s, w, EPOCH_INPUTS, 0, &accesses);
  epoch_build_transfer(&descriptor, &transfer);
  return epoch_emit(s, &descriptor, 1, &accesses);
}

int epoch_emit_op(scheduler_t* s, const phase_t* phase, uint32_t o, uint32_t tile) {
  const op_t* op = epoch_plan_op(s->plan, o);
  const struct work work = {phase, op, o, tile, epoch_tile_rows(phase, tile)};
  switch (op->kind) {
    case EPOCH_IMAGE_OP_SSM:
      return emit_ssm(s, &work);
    case EPOCH_IMAGE_OP_LINEAR:
      return emit_linear(s, &work);
    case EPOCH_IMAGE_OP_GATHER:
      return emit_gather(s, &work);
    case EPOCH_IMAGE_OP_POOL:
      return op->activation == 0 ? emit_mean(s, &work) : emit_last(s, &work);
    case EPOCH_IMAGE_OP_IM2COL:
      return 0; /* loading the tile has done it */
    default:
      return emit_vector(s, &work);
  }
}
