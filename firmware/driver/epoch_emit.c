/* SPDX-License-Identifier: Apache-2.0 */
#include "epoch_emit.h"

#include <string.h>

typedef struct epoch_scheduler scheduler_t;
typedef struct epoch_phase phase_t;
typedef struct epoch_image_op op_t;

static uint32_t minimum(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}

/* ---- Accesses ---- */

struct accesses {
  uint32_t count;
  struct epoch_access list[EPOCH_ORDER_ACCESSES];
};

static void access_bytes(struct accesses* accesses, uint32_t space, uint64_t begin, uint64_t bytes,
                         uint32_t write) {
  struct epoch_access* access = &accesses->list[accesses->count++];
  access->space = space;
  access->write = write;
  access->begin = begin;
  access->end = begin + bytes;
}

/* A slot of a tensor: the unit in which activations are ordered, whatever part is touched. */
struct slot {
  uint32_t offset;
  uint32_t bytes;
};

static struct slot slot_of(const struct epoch_tensor* tensor, uint32_t tile) {
  const uint32_t index = tile % tensor->slots;
  const struct slot slot = {tensor->offset + index * tensor->slot_bytes, tensor->slot_bytes};
  return slot;
}

static void access_slot(struct accesses* accesses, const struct epoch_tensor* tensor, uint32_t tile,
                        uint32_t write) {
  const struct slot slot = slot_of(tensor, tile);
  access_bytes(accesses, EPOCH_BUFFER_ACTIVATIONS, slot.offset, slot.bytes, write);
}

struct epoch_rows epoch_slot_rows(const struct epoch_tensor* tensor, uint32_t tile, uint32_t width,
                                  uint32_t column) {
  const uint32_t offset = slot_of(tensor, tile).offset + 4 * column;
  const struct epoch_rows rows = {EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, offset), 4 * width};
  return rows;
}

static int add(scheduler_t* s, const union epoch_descriptor* descriptor,
               const struct accesses* accesses) {
  if (epoch_order_add(&s->order, descriptor, accesses->list, accesses->count) == 0) return 0;
  s->failure->result = EPOCH_SCHEDULE_PROGRAM;
  s->failure->needed = s->order.program->capacity + 1;
  s->failure->available = s->order.program->capacity;
  return -1;
}

/* ---- Tiles ---- */

uint32_t epoch_tile_steps(const phase_t* phase, uint32_t tile) {
  return minimum(phase->tile, phase->steps - tile * phase->tile);
}

const op_t* epoch_phase_op(const scheduler_t* s, const phase_t* phase, uint32_t index) {
  return &s->request->network->ops[phase->first_op + index];
}

/* Whole rows move as one. */
int epoch_emit_transfer(scheduler_t* s, uint32_t opcode, uint64_t area, uint32_t pitch,
                        uint32_t first, uint32_t first_row, uint32_t rows,
                        const struct epoch_tensor* tensor, uint32_t at) {
  const uint32_t row_bytes = tensor->row_bytes < pitch - first ? tensor->row_bytes : pitch - first;
  const uint64_t bus = area + (uint64_t)first_row * pitch;
  const uint32_t is_load = opcode == EPOCH_OP_LOAD;
  const bool packed = row_bytes == pitch;
  struct accesses accesses = {0};
  union epoch_descriptor descriptor;
  access_bytes(&accesses, EPOCH_SPACE_BUS, bus, (uint64_t)rows * pitch, !is_load);
  access_slot(&accesses, tensor, at, is_load);
  epoch_build_transfer(&descriptor, opcode, bus + first, packed ? 0 : pitch,
                       epoch_slot_rows(tensor, at, packed ? 0 : row_bytes / 4, 0),
                       packed ? rows * row_bytes : row_bytes, packed ? 1 : rows);
  return add(s, &descriptor, &accesses);
}

/* Bytes of a DRAM row of the phase's input; uint8 for the network's own. */
static uint32_t input_pitch(const scheduler_t* s, const phase_t* phase) {
  const op_t* op = epoch_phase_op(s, phase, 0);
  return op->kind == EPOCH_IMAGE_OP_AFFINE ? op->inputs : 4 * op->inputs;
}

int epoch_emit_load_tile(scheduler_t* s, const phase_t* phase, uint32_t tile) {
  const uint32_t first_row = tile * phase->tile;
  const uint32_t rows = epoch_tile_steps(phase, tile);
  if (epoch_emit_transfer(s, EPOCH_OP_LOAD, s->source, input_pitch(s, phase), 0, first_row, rows,
                          &phase->tensors[0], tile) != 0)
    return -1;
  if (!phase->residual) return 0;
  const struct epoch_tensor* residual = &phase->tensors[phase->op_count + 1];
  return epoch_emit_transfer(s, EPOCH_OP_LOAD, s->layer_input, residual->row_bytes, 0, first_row,
                             rows, residual, tile);
}

int epoch_emit_store_tile(scheduler_t* s, const phase_t* phase, uint32_t tile) {
  const struct epoch_tensor* tensor = &phase->tensors[phase->op_count];
  if (phase->pooled && tile + 1 != phase->tiles) return 0;
  return epoch_emit_transfer(s, EPOCH_OP_STORE, s->destination, tensor->row_bytes, 0,
                             phase->pooled ? 0 : tile * phase->tile,
                             phase->pooled ? 1 : epoch_tile_steps(phase, tile), tensor, tile);
}

/* ---- Parameters ---- */

static int load_parameters(scheduler_t* s, uint32_t image_offset, uint32_t bytes, uint32_t local) {
  struct accesses accesses = {0};
  union epoch_descriptor descriptor;
  const struct epoch_rows rows = {EPOCH_LOCAL(EPOCH_BUFFER_COEFFICIENTS, local), 0};
  access_bytes(&accesses, EPOCH_BUFFER_COEFFICIENTS, local, bytes, 1);
  epoch_build_transfer(&descriptor, EPOCH_OP_LOAD, s->request->image + image_offset, 0, rows, bytes,
                       1);
  return add(s, &descriptor, &accesses);
}

int epoch_emit_resident(scheduler_t* s, const phase_t* phase) {
  if (!phase->resident || phase->parameter_bytes == 0) return 0;
  return load_parameters(s, phase->parameter_offset, phase->parameter_bytes,
                         phase->parameter_local);
}

int epoch_emit_find_block(scheduler_t* s, const phase_t* phase, uint32_t image_offset,
                          uint32_t bytes, uint32_t* local) {
  if (phase->resident) {
    *local = phase->parameter_local + image_offset - phase->parameter_offset;
    return 0;
  }
  *local = s->next_slot % phase->block_slots * phase->block_slot_bytes;
  s->next_slot++;
  return load_parameters(s, image_offset, bytes, *local);
}

/* Resident parameters are one range, however many blocks are read from it. */
static void access_parameters(struct accesses* accesses, const phase_t* phase, uint32_t local,
                              uint32_t bytes) {
  access_bytes(accesses, EPOCH_BUFFER_COEFFICIENTS,
               phase->resident ? phase->parameter_local : local,
               phase->resident ? phase->parameter_bytes : bytes, 0);
}

int epoch_emit_coeff(scheduler_t* s, const phase_t* phase, const struct epoch_block* block,
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
static int use_block(scheduler_t* s, const phase_t* phase, const struct epoch_block* block) {
  uint32_t local;
  if (s->loaded_block == block->image_offset) return 0;
  if (epoch_emit_find_block(s, phase, block->image_offset, block->bytes, &local) != 0) return -1;
  return epoch_emit_coeff(s, phase, block, local);
}

struct epoch_block epoch_ssm_block(const op_t* op, const struct epoch_ssm_layout* layout,
                                   uint32_t pass, uint32_t index) {
  const struct epoch_block block = {
      op->parameter_offset + epoch_ssm_block_offset(layout, pass, index),
      epoch_ssm_block_bytes(layout, pass, index),
      EPOCH_FORMAT_MODE(op->format),
      index + 1 == layout->blocks ? layout->extra : 0,
      epoch_ssm_pass_channels(layout, pass),
      epoch_ssm_block_modes(layout, index),
  };
  return block;
}

static struct epoch_block gemm_block(const op_t* op, const struct epoch_gemm_layout* layout,
                                     uint32_t output_fold, uint32_t input_fold) {
  const struct epoch_block block = {
      op->parameter_offset + epoch_gemm_block_offset(layout, output_fold, input_fold),
      epoch_gemm_block_bytes(layout, output_fold, input_fold),
      EPOCH_MODE_MAC,
      input_fold + 1 == layout->input_folds ? layout->extra : 0,
      epoch_gemm_fold_outputs(layout, output_fold),
      epoch_gemm_fold_inputs(layout, input_fold),
  };
  return block;
}

/* ---- Ops on one tile ---- */

static uint32_t reciprocal_bits(uint32_t value) {
  const float reciprocal = 1.0f / (float)value;
  uint32_t bits;
  memcpy(&bits, &reciprocal, sizeof bits);
  return bits;
}

static int emit_vector(scheduler_t* s, const struct epoch_work* w) {
  const op_t* op = w->op;
  struct accesses accesses = {0};
  union epoch_descriptor descriptor;
  struct epoch_vector_operands v = {0};
  v.rows = w->steps;
  v.length = op->inputs;
  v.source = epoch_slot_rows(w->in, w->tile, op->inputs, 0);
  v.destination = epoch_slot_rows(w->out, w->tile, op->outputs, 0);
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
    if (epoch_emit_find_block(s, w->phase, op->parameter_offset, op->parameter_bytes, &local) != 0)
      return -1;
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

int epoch_emit_array(scheduler_t* s, const struct epoch_work* w, const struct epoch_block* block,
                     const struct epoch_sums* sums, struct epoch_array_operands* a,
                     const struct epoch_rows* stored) {
  struct accesses accesses = {0};
  union epoch_descriptor descriptor;
  const struct epoch_rows sum_rows = {EPOCH_LOCAL(EPOCH_BUFFER_ACCUMULATORS, sums->offset),
                                      sums->stride};
  const uint64_t sum_bytes = (uint64_t)w->steps * sums->stride;
  a->mode = block->mode;
  a->channels = block->channels;
  a->modes = block->modes;
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
static int emit_ssm(scheduler_t* s, const struct epoch_work* w) {
  static const struct epoch_sums none = {false, false, 0, 0};
  const op_t* op = w->op;
  struct epoch_ssm_layout layout;
  struct epoch_array_operands a = {0};
  struct epoch_rows stored = {0};
  if (epoch_op_ssm_layout(op, &s->request->caps->array, &layout) != 0) return -1;
  const struct epoch_block block = epoch_ssm_block(op, &layout, 0, 0);
  if (use_block(s, w->phase, &block) != 0) return -1;
  a.flags = w->tile == 0 ? EPOCH_ARRAY_ZERO_STATE : 0;
  a.source = epoch_slot_rows(w->in, w->tile, op->inputs, 0);
  a.destination = epoch_slot_rows(w->out, w->tile, op->outputs, 0);
  if (w->residual != NULL) stored = epoch_slot_rows(w->residual, w->tile, op->outputs, 0);
  return epoch_emit_array(s, w, &block, &none, &a, &stored);
}

static int emit_linear(scheduler_t* s, const struct epoch_work* w) {
  const op_t* op = w->op;
  struct epoch_gemm_layout layout;
  if (epoch_op_gemm_layout(op, &s->request->caps->array, &layout) != 0) return -1;
  const uint32_t per_result = op->activation == EPOCH_ACTIVATION_GLU ? 2 : 1;
  for (uint32_t o = 0; o < layout.output_folds; o++) {
    const uint32_t column = o * layout.outputs_per_fold / per_result;
    for (uint32_t i = 0; i < layout.input_folds; i++) {
      const struct epoch_block block = gemm_block(op, &layout, o, i);
      const struct epoch_sums sums = {i > 0, i + 1 < layout.input_folds, 0, 4 * block.channels};
      struct epoch_array_operands a = {0};
      struct epoch_rows stored = {0};
      if (use_block(s, w->phase, &block) != 0) return -1;
      a.source = epoch_slot_rows(w->in, w->tile, op->inputs, i * layout.inputs_per_fold);
      a.destination = epoch_slot_rows(w->out, w->tile, op->outputs, column);
      if (w->residual != NULL) stored = epoch_slot_rows(w->residual, w->tile, op->outputs, column);
      if (epoch_emit_array(s, w, &block, &sums, &a, &stored) != 0) return -1;
    }
  }
  return 0;
}

const struct epoch_tensor* epoch_residual_tensor(const phase_t* phase, const op_t* op) {
  if (op->residual == 0) return NULL;
  return &phase->tensors[phase->residual ? phase->op_count + 1 : 0];
}

int epoch_emit_ops(scheduler_t* s, const phase_t* phase, uint32_t tile) {
  for (uint32_t o = 0; o < phase->op_count; o++) {
    const op_t* op = epoch_phase_op(s, phase, o);
    const bool reduced = phase->tensors[o].pooled; /* its input is the one row of a POOL */
    const struct epoch_work work = {phase,
                                    op,
                                    &phase->tensors[o],
                                    &phase->tensors[o + 1],
                                    epoch_residual_tensor(phase, op),
                                    tile,
                                    reduced ? 1 : epoch_tile_steps(phase, tile)};
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
