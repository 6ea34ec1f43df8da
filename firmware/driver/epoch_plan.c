/* SPDX-License-Identifier: Apache-2.0 */
#include "epoch_plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

const char* epoch_schedule_kind_text(enum epoch_schedule_kind kind) {
#define KIND_TEXT(name, text, description) text,
  static const char* const texts[] = {EPOCH_SCHEDULES(KIND_TEXT)};
#undef KIND_TEXT
  return (size_t)kind < sizeof texts / sizeof *texts ? texts[kind] : "unknown";
}

bool epoch_schedule_kind_parse(const char* text, enum epoch_schedule_kind* kind) {
  for (uint32_t k = 0; k < EPOCH_SCHEDULE_KINDS; k++) {
    if (strcmp(text, epoch_schedule_kind_text((enum epoch_schedule_kind)k)) != 0) continue;
    *kind = (enum epoch_schedule_kind)k;
    return true;
  }
  return false;
}

const char* epoch_schedule_result_text(enum epoch_schedule_result result) {
#define RESULT_TEXT(name, description) description,
  static const char* const texts[] = {EPOCH_SCHEDULE_RESULTS(RESULT_TEXT)};
#undef RESULT_TEXT
  return (size_t)result < sizeof texts / sizeof *texts ? texts[result] : "unknown result";
}

int epoch_plan_fail(struct epoch_schedule_failure* failure, enum epoch_schedule_result result,
                    const struct epoch_phase* phase, uint64_t needed, uint64_t available) {
  failure->result = result;
  failure->layer = phase == NULL ? 0 : phase->layer;
  failure->op = phase == NULL ? 0 : phase->first_op;
  failure->needed = needed;
  failure->available = available;
  return -1;
}

uint32_t epoch_tile_first(const struct epoch_phase* phase, uint32_t tile) {
  if (!phase->reverse) return tile * phase->tile;
  const uint32_t after = tile * phase->tile + epoch_tile_rows(phase, tile);
  return phase->rows - after;
}

uint32_t epoch_tile_rows(const struct epoch_phase* phase, uint32_t tile) {
  const uint32_t left = phase->rows - tile * phase->tile;
  return left < phase->tile ? left : phase->tile;
}

/* ---- Workspace ---- */

/* Most of each kind of entry that a plan can have. */
struct limits {
  uint64_t phases, locals, carries, tensors;
};

static struct limits limits_of(const struct epoch_network* network, const struct epoch_caps* caps) {
  struct limits limits = {network->header->op_count, 0, 0, network->header->tensor_count};
  for (uint32_t o = 0; o < network->header->op_count; o++) {
    struct epoch_ssm_layout layout;
    const struct epoch_image_op* op = &network->ops[o];
    limits.locals++;
    for (uint32_t i = 0; i < EPOCH_INPUTS; i++) limits.locals += op->inputs[i] != EPOCH_REF_NONE;
    if (op->kind == EPOCH_IMAGE_OP_CONV1D) limits.carries++;
    if (op->kind == EPOCH_IMAGE_OP_SSM && epoch_op_ssm_layout(op, &caps->array, &layout) == 0)
      limits.carries += (uint64_t)layout.passes * layout.blocks;
  }
  for (uint32_t t = 0; t < network->header->tensor_count; t++)
    limits.carries += (network->tensors[t].flags & EPOCH_TENSOR_CARRIED) != 0;
  return limits;
}

static uint64_t padded(uint64_t bytes) {
  return (bytes + EPOCH_PLACE_ALIGN - 1) / EPOCH_PLACE_ALIGN * EPOCH_PLACE_ALIGN;
}

/* Takes `count` entries of `size` bytes; with a null workspace only counts. */
static void* take(uint8_t* workspace, uint64_t* used, uint64_t count, uint64_t size) {
  void* taken = workspace == NULL ? NULL : workspace + *used;
  *used += padded(count * size);
  return taken;
}

static uint64_t lay_out(struct epoch_plan* plan, const struct limits* limits, uint8_t* workspace) {
  const uint64_t extents = limits->locals + limits->carries + limits->tensors;
  const uint64_t op_locals = limits->phases * EPOCH_OP_LOCALS;
  uint64_t used = 0;
  plan->phases = take(workspace, &used, limits->phases, sizeof *plan->phases);
  plan->locals = take(workspace, &used, limits->locals, sizeof *plan->locals);
  plan->op_locals = take(workspace, &used, op_locals, sizeof *plan->op_locals);
  plan->op_stages = take(workspace, &used, limits->phases, sizeof *plan->op_stages);
  plan->carries = take(workspace, &used, limits->carries, sizeof *plan->carries);
  plan->homes = take(workspace, &used, limits->tensors, sizeof *plan->homes);
  plan->extents = take(workspace, &used, extents, sizeof *plan->extents);
  return used;
}

uint32_t epoch_plan_workspace(const struct epoch_network* network, const struct epoch_caps* caps) {
  struct epoch_plan plan;
  const struct limits limits = limits_of(network, caps);
  const uint64_t bytes = lay_out(&plan, &limits, NULL);
  return bytes > UINT32_MAX || limits.locals > UINT16_MAX || limits.phases > UINT16_MAX
             ? 0
             : (uint32_t)bytes;
}

/* ---- The plan ---- */

static bool looks_ahead(const struct epoch_network* network) {
  for (uint32_t o = 0; o < network->header->op_count; o++) {
    if (epoch_op_direction(&network->ops[o]) < 0) return true;
  }
  return false;
}

/* Rows of the longest tensor stay below 2^24 * 2^22 bytes: 64-bit arithmetic never wraps. */
static int check_request(const struct epoch_plan_request* request,
                         struct epoch_schedule_failure* failure) {
  const bool causal = request->schedule == EPOCH_SCHEDULE_KIND_DEPTH_FIRST || request->flags != 0;
  if (request->steps == 0 || request->steps > EPOCH_MAX_STEPS)
    return epoch_plan_fail(failure, EPOCH_SCHEDULE_STEPS, NULL, request->steps, EPOCH_MAX_STEPS);
  if (causal && looks_ahead(request->network))
    return epoch_plan_fail(failure, EPOCH_SCHEDULE_CAUSAL, NULL, 0, 0);
  return 0;
}

int epoch_plan_make(struct epoch_plan* plan, const struct epoch_plan_request* request,
                    void* workspace, uint32_t workspace_bytes,
                    struct epoch_schedule_failure* failure) {
  const uint32_t needed = epoch_plan_workspace(request->network, request->caps);
  memset(plan, 0, sizeof *plan);
  memset(failure, 0, sizeof *failure);
  plan->request = *request;
  if (check_request(request, failure) != 0) return -1;
  if (needed == 0 || needed > workspace_bytes)
    return epoch_plan_fail(failure, EPOCH_SCHEDULE_WORKSPACE, NULL,
                           needed == 0 ? UINT64_MAX : needed, workspace_bytes);
  memset(workspace, 0, needed);
  const struct limits limits = limits_of(request->network, request->caps);
  lay_out(plan, &limits, workspace);
  epoch_plan_phases(plan);
  if (epoch_plan_homes(plan, failure) != 0) return -1;
  return epoch_plan_tiles(plan, failure);
}
