/* SPDX-License-Identifier: Apache-2.0
 *
 * Which consecutive ops run tile by tile together, and what they see and keep.
 */
#include <stdbool.h>
#include <stddef.h>

#include "epoch_plan.h"

typedef struct epoch_plan plan_t;
typedef struct epoch_phase phase_t;
typedef struct epoch_image_op op_t;

/* ---- Where a phase ends ---- */

/* Whether ops `o` - 1 and `o` belong to one loop, or a loop starts or ends between them. */
enum loop_edge { LOOP_OUTSIDE, LOOP_INSIDE, LOOP_EDGE };

static enum loop_edge loop_at(const plan_t* plan, uint32_t o) {
  enum loop_edge edge = LOOP_OUTSIDE;
  for (uint32_t t = 0; t < plan->request.network->header->tensor_count; t++) {
    uint32_t first, last;
    if (!epoch_tensor_loop(plan->request.network, t, &first, &last)) continue;
    if (first < o && o <= last) return LOOP_INSIDE;
    if (o == first || o == last + 1) edge = LOOP_EDGE;
  }
  return edge;
}

static bool in_loop(const plan_t* plan, uint32_t o) {
  for (uint32_t t = 0; t < plan->request.network->header->tensor_count; t++) {
    uint32_t first, last;
    if (epoch_tensor_loop(plan->request.network, t, &first, &last) && first <= o && o <= last)
      return true;
  }
  return false;
}

/* Rows that an op makes, tile by tile: POOL takes them, IM2COL has its own. */
static uint32_t rows_of(const plan_t* plan, uint32_t o) {
  const op_t* op = epoch_plan_op(plan, o);
  const struct epoch_network* network = plan->request.network;
  const uint32_t ref =
      op->kind == EPOCH_IMAGE_OP_IM2COL ? op->output : op->inputs[EPOCH_INPUT_SOURCE];
  return epoch_tensor_rows(epoch_ref_tensor(network, ref), plan->request.steps);
}

/* The direction of the phase's ops before `o`. */
static int direction_before(const plan_t* plan, const phase_t* phase, uint32_t o) {
  int direction = 0;
  for (uint32_t i = phase->first_op; i < o && direction == 0; i++)
    direction = epoch_op_direction(epoch_plan_op(plan, i));
  return direction;
}

/* Whether op `o` reads ahead in a tensor that the phase writes. */
static bool reads_ahead_of(const plan_t* plan, const phase_t* phase, uint32_t o) {
  const op_t* op = epoch_plan_op(plan, o);
  if (!epoch_op_reads_ahead(op, EPOCH_INPUT_SOURCE)) return false;
  for (uint32_t i = phase->first_op; i < o; i++) {
    if (EPOCH_REF_TENSOR(epoch_plan_op(plan, i)->output) ==
        EPOCH_REF_TENSOR(op->inputs[EPOCH_INPUT_SOURCE]))
      return true;
  }
  return false;
}

static bool ends_before(const plan_t* plan, const phase_t* phase, uint32_t o) {
  const op_t *op = epoch_plan_op(plan, o), *before = epoch_plan_op(plan, o - 1);
  const int direction = epoch_op_direction(op);
  const enum loop_edge edge = loop_at(plan, o);
  if (o == plan->request.network->header->head_op || rows_of(plan, o) != phase->rows) return true;
  if (before->kind == EPOCH_IMAGE_OP_POOL || op->kind == EPOCH_IMAGE_OP_IM2COL) return true;
  if (edge == LOOP_INSIDE) return false;
  if (plan->request.schedule == EPOCH_SCHEDULE_KIND_DEPTH_FIRST) return false;
  if (edge == LOOP_EDGE || op->layer != before->layer) return true;
  return (direction != 0 && direction_before(plan, phase, o) == -direction) ||
         reads_ahead_of(plan, phase, o);
}

/* ---- Stages ---- */

/* Engine of an op; IM2COL is done when its tile is loaded. */
static uint32_t engine_of(const op_t* op) {
  switch (op->kind) {
    case EPOCH_IMAGE_OP_LINEAR:
    case EPOCH_IMAGE_OP_SSM:
      return EPOCH_ENGINE_PE_GRID;
    case EPOCH_IMAGE_OP_GATHER:
    case EPOCH_IMAGE_OP_IM2COL:
      return EPOCH_ENGINE_DMA_IN;
    default:
      return EPOCH_ENGINE_VECTOR_UNIT;
  }
}

/* A loop's steps follow one another: it is one stage. */
static void find_stages(plan_t* plan, phase_t* phase) {
  uint32_t stage = 0;
  for (uint32_t o = phase->first_op; o < epoch_phase_end(phase); o++) {
    const bool changes = o != phase->first_op && !phase->loop &&
                         engine_of(epoch_plan_op(plan, o)) != engine_of(epoch_plan_op(plan, o - 1));
    if (changes) stage++;
    plan->op_stages[o] = (uint16_t)stage;
  }
  phase->stages = stage + 1;
}

/* ---- What a phase sees ---- */

/* Whether the phase reads a tensor at the step after it has written it. */
static bool carries(const plan_t* plan, const phase_t* phase, uint32_t tensor) {
  uint32_t first, last;
  return epoch_tensor_loop(plan->request.network, tensor, &first, &last) &&
         first >= phase->first_op && last < epoch_phase_end(phase);
}

static uint16_t find_local(plan_t* plan, phase_t* phase, uint32_t tensor, uint32_t ahead,
                           uint32_t o) {
  struct epoch_local* locals = &plan->locals[phase->first_local];
  uint32_t l = 0;
  while (l < phase->local_count && (locals[l].tensor != tensor || locals[l].ahead != ahead)) l++;
  struct epoch_local* local = &locals[l];
  if (l == phase->local_count) { /* first use */
    const struct epoch_image_tensor* described = &plan->request.network->tensors[tensor];
    phase->local_count++;
    plan->local_count++;
    local->tensor = tensor;
    local->ahead = ahead;
    local->row_bytes = epoch_row_bytes(described);
    local->extent.first = o - phase->first_op;
    local->first_stage = plan->op_stages[o];
  }
  local->extent.last = o - phase->first_op;
  local->last_stage = plan->op_stages[o];
  return (uint16_t)l;
}

static void find_locals(plan_t* plan, phase_t* phase) {
  phase->first_local = plan->local_count;
  for (uint32_t o = phase->first_op; o < epoch_phase_end(phase); o++) {
    const op_t* op = epoch_plan_op(plan, o);
    uint16_t* locals = &plan->op_locals[o * EPOCH_OP_LOCALS];
    for (uint32_t i = 0; i < EPOCH_INPUTS; i++) {
      if (op->inputs[i] == EPOCH_REF_NONE || op->kind == EPOCH_IMAGE_OP_IM2COL) continue;
      const uint32_t tensor = EPOCH_REF_TENSOR(op->inputs[i]);
      const uint32_t known = phase->local_count;
      locals[i] = find_local(plan, phase, tensor, epoch_op_reads_ahead(op, i), o);
      if (phase->local_count == known) continue; /* else: read before anything here writes it */
      struct epoch_local* local = &plan->locals[phase->first_local + locals[i]];
      local->carried = carries(plan, phase, tensor);
      local->loaded = !local->carried;
    }
    const uint32_t tensor = EPOCH_REF_TENSOR(op->output);
    locals[EPOCH_INPUTS] = find_local(plan, phase, tensor, 0, o);
    struct epoch_local* output = &plan->locals[phase->first_local + locals[EPOCH_INPUTS]];
    output->one_row = op->kind == EPOCH_IMAGE_OP_POOL || output->carried;
    output->patches = output->patches || op->kind == EPOCH_IMAGE_OP_IM2COL;
  }
  for (uint32_t l = 0; l < phase->local_count; l++) {
    struct epoch_local* local = &plan->locals[phase->first_local + l];
    if (local->loaded) local->extent.first = local->first_stage = 0;
    if (local->one_row) { /* from tile to tile */
      local->extent.first = 0;
      local->extent.last = phase->op_count;
    }
  }
}

/* ---- What a phase keeps ---- */

static void add_carry(plan_t* plan, phase_t* phase, uint32_t op, uint32_t unit, uint32_t bytes) {
  struct epoch_carry* carry = &plan->carries[plan->carry_count++];
  phase->carry_count++;
  carry->op = op;
  carry->unit = unit;
  carry->bytes = bytes;
  carry->home = plan->carry_bytes;
  plan->carry_bytes +=
      (bytes + EPOCH_PLACE_ALIGN - 1) / EPOCH_PLACE_ALIGN * (uint64_t)EPOCH_PLACE_ALIGN;
}

static void find_states(plan_t* plan, phase_t* phase, uint32_t o) {
  struct epoch_ssm_layout layout;
  if (epoch_op_ssm_layout(epoch_plan_op(plan, o), &plan->request.caps->array, &layout) != 0) return;
  for (uint32_t unit = 0; unit < layout.passes * layout.blocks; unit++) {
    const uint32_t bytes =
        epoch_ssm_block_state(&layout, unit / layout.blocks, unit % layout.blocks);
    add_carry(plan, phase, o, unit, bytes);
    phase->units++;
  }
}

static void find_carries(plan_t* plan, phase_t* phase) {
  const struct epoch_network* network = plan->request.network;
  phase->first_carry = plan->carry_count;
  for (uint32_t o = phase->first_op; o < epoch_phase_end(phase); o++) {
    const op_t* op = epoch_plan_op(plan, o);
    if (op->kind == EPOCH_IMAGE_OP_SSM) find_states(plan, phase, o);
    if (op->kind == EPOCH_IMAGE_OP_CONV1D && op->count > 1) {
      const uint32_t source = epoch_ref_tensor(network, op->inputs[EPOCH_INPUT_SOURCE])->type;
      add_carry(plan, phase, o, 0, (op->count - 1) * op->width_out * epoch_element_bytes(source));
    }
  }
  for (uint32_t l = 0; l < phase->local_count; l++) {
    const struct epoch_local* local = &plan->locals[phase->first_local + l];
    if (local->carried) add_carry(plan, phase, EPOCH_CARRY_ROW, l, local->row_bytes);
  }
}

static void describe(plan_t* plan, phase_t* phase) {
  const op_t* first = epoch_plan_op(plan, phase->first_op);
  const uint32_t* g = first->geometry;
  phase->layer = first->layer;
  phase->reverse = direction_before(plan, phase, epoch_phase_end(phase)) < 0;
  phase->loop = 0;
  for (uint32_t o = phase->first_op; o < epoch_phase_end(phase); o++)
    phase->loop |= in_loop(plan, o);
  phase->granule = 1;
  if (first->kind == EPOCH_IMAGE_OP_IM2COL)
    phase->granule =
        (g[EPOCH_GEOMETRY_COLUMNS] - g[EPOCH_GEOMETRY_KERNEL_COLUMNS]) / g[EPOCH_GEOMETRY_STRIDE] +
        1;
  find_stages(plan, phase);
  find_locals(plan, phase);
  find_carries(plan, phase);
}

void epoch_plan_phases(plan_t* plan) {
  const uint32_t op_count = plan->request.network->header->op_count;
  for (uint32_t o = 0; o < op_count;) {
    phase_t* phase = &plan->phases[plan->phase_count++];
    phase->first_op = o;
    phase->rows = rows_of(plan, o);
    do {
      phase->op_count++;
      o++;
    } while (o < op_count && !ends_before(plan, phase, o));
    describe(plan, phase);
  }
}
