/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the tensors that cross phases are in between.
 */
#include <stdbool.h>
#include <stddef.h>

#include "epoch_plan.h"

typedef struct epoch_plan plan_t;
typedef struct epoch_phase phase_t;
typedef struct epoch_home home_t;

static uint32_t maximum(uint32_t a, uint32_t b) {
  return a > b ? a : b;
}

/* The lifetime of a tensor grows by a phase. */
static void use(home_t* home, uint32_t phase) {
  if (home->extent.bytes == 0) home->extent.first = phase;
  home->extent.bytes = 1; /* until its size is known: it is used */
  home->extent.last = phase;
}

/* Tensors that have their home in DRAM whatever the schedule: the source of IM2COL, which the DMA
 * gathers into patches; what the documents leave for the head; what a loop carries, of which the
 * phase holds one row. */
static bool needs_memory(const plan_t* plan, uint32_t tensor) {
  const struct epoch_network* network = plan->request.network;
  if (network->tensors[tensor].flags != 0) return true;
  for (uint32_t o = 0; o < network->header->op_count; o++) {
    const struct epoch_image_op* op = &network->ops[o];
    if (op->kind == EPOCH_IMAGE_OP_IM2COL &&
        EPOCH_REF_TENSOR(op->inputs[EPOCH_INPUT_SOURCE]) == tensor)
      return true;
  }
  return false;
}

static uint32_t kind_of(const plan_t* plan, uint32_t tensor) {
  const struct epoch_image_header* header = plan->request.network->header;
  const struct epoch_extent* extent = &plan->homes[tensor].extent;
  if (tensor == header->input) return EPOCH_HOME_INPUT;
  if (tensor == header->output) return EPOCH_HOME_OUTPUT;
  if (extent->bytes == 0 || extent->first == extent->last) return EPOCH_HOME_NONE;
  const bool resident = plan->request.schedule == EPOCH_SCHEDULE_KIND_RESIDENT;
  return resident && !needs_memory(plan, tensor) ? EPOCH_HOME_CHIP : EPOCH_HOME_SCRATCH;
}

static void find_homes(plan_t* plan) {
  const struct epoch_network* network = plan->request.network;
  for (uint32_t p = 0; p < plan->phase_count; p++) {
    const phase_t* phase = &plan->phases[p];
    for (uint32_t l = 0; l < phase->local_count; l++) {
      const struct epoch_local* local = &plan->locals[phase->first_local + l];
      use(&plan->homes[local->tensor], p);
      plan->homes[local->tensor].ahead |= local->ahead;
    }
    const struct epoch_image_op* first = epoch_plan_op(plan, phase->first_op);
    if (first->kind == EPOCH_IMAGE_OP_IM2COL)
      use(&plan->homes[EPOCH_REF_TENSOR(first->inputs[EPOCH_INPUT_SOURCE])], p);
  }
  for (uint32_t t = 0; t < network->header->tensor_count; t++) {
    home_t* home = &plan->homes[t];
    const struct epoch_image_tensor* tensor = &network->tensors[t];
    home->kind = kind_of(plan, t);
    /* The documents run one after the other: what they leave outlives all that they use. */
    if ((tensor->flags & EPOCH_TENSOR_DOCUMENTS) != 0) home->extent.first = 0;
    const uint64_t rows = (uint64_t)epoch_tensor_rows(tensor, plan->request.steps) + home->ahead;
    home->extent.bytes = home->kind == EPOCH_HOME_NONE ? 0 : rows * epoch_row_bytes(tensor);
  }
}

/* Places the homes of one kind; returns the bytes that they take together. */
static uint64_t place(plan_t* plan, uint32_t kind) {
  const uint32_t tensors = plan->request.network->header->tensor_count;
  for (uint32_t t = 0; t < tensors; t++) {
    plan->extents[t] = plan->homes[t].extent;
    if (plan->homes[t].kind != kind) plan->extents[t].bytes = 0;
  }
  const uint64_t bytes = epoch_place(plan->extents, tensors);
  for (uint32_t t = 0; t < tensors; t++)
    if (plan->homes[t].kind == kind) plan->homes[t].extent.offset = plan->extents[t].offset;
  return bytes;
}

/* A phase writes what some other phase, or the caller, will read. */
static void find_stored(plan_t* plan) {
  for (uint32_t o = 0; o < plan->request.network->header->op_count; o++) {
    const uint32_t tensor = EPOCH_REF_TENSOR(epoch_plan_op(plan, o)->output);
    const uint32_t kind = plan->homes[tensor].kind;
    uint32_t p = 0;
    while (o >= epoch_phase_end(&plan->phases[p])) p++;
    struct epoch_local* local = &plan->locals[plan->phases[p].first_local +
                                              plan->op_locals[o * EPOCH_OP_LOCALS + EPOCH_INPUTS]];
    local->stored = kind == EPOCH_HOME_OUTPUT || kind == EPOCH_HOME_SCRATCH;
  }
}

/* Rows in a home on the chip need neither DMA nor slots. */
static void use_chip(plan_t* plan) {
  for (uint32_t l = 0; l < plan->local_count; l++)
    if (plan->homes[plan->locals[l].tensor].kind == EPOCH_HOME_CHIP) plan->locals[l].loaded = 0;
}

static void find_zeros(plan_t* plan) {
  for (uint32_t l = 0; l < plan->local_count; l++) {
    const struct epoch_local* local = &plan->locals[l];
    if (local->ahead || local->carried)
      plan->zero_bytes = maximum(plan->zero_bytes, local->row_bytes);
  }
  plan->zero_bytes =
      (plan->zero_bytes + EPOCH_PLACE_ALIGN - 1) / EPOCH_PLACE_ALIGN * EPOCH_PLACE_ALIGN;
}

int epoch_plan_homes(plan_t* plan, struct epoch_schedule_failure* failure) {
  const uint64_t available = plan->request.caps->buffer_bytes[EPOCH_BUFFER_ACTIVATIONS];
  find_homes(plan);
  find_stored(plan);
  use_chip(plan);
  find_zeros(plan);
  plan->chip_bytes = place(plan, EPOCH_HOME_CHIP);
  if (plan->chip_bytes > available / EPOCH_PLACE_ALIGN * EPOCH_PLACE_ALIGN)
    return epoch_plan_fail(failure, EPOCH_SCHEDULE_RESIDENT, NULL, plan->chip_bytes, available);
  plan->scratch_bytes = plan->zero_bytes + place(plan, EPOCH_HOME_SCRATCH);
  return 0;
}
