/* SPDX-License-Identifier: Apache-2.0 */
#include "epoch_plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define ALIGN 64u
#define MAX_STEPS 0x00FFFFFFu /* byte counts of a tile stay far below 2^64 */

static uint32_t minimum(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}
static uint32_t maximum(uint32_t a, uint32_t b) {
  return a > b ? a : b;
}
static uint32_t divide_up(uint32_t a, uint32_t b) {
  return a / b + (a % b != 0);
}
static uint64_t padded(uint64_t bytes) {
  return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}
static uint32_t clipped(uint64_t value) {
  return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

const char* epoch_schedule_result_text(enum epoch_schedule_result result) {
#define RESULT_TEXT(name, description) description,
  static const char* const texts[] = {EPOCH_SCHEDULE_RESULTS(RESULT_TEXT)};
#undef RESULT_TEXT
  return (size_t)result < sizeof texts / sizeof *texts ? texts[result] : "unknown result";
}

static int fail(struct epoch_schedule_failure* failure, enum epoch_schedule_result result,
                const struct epoch_phase* phase, uint64_t needed, uint64_t available) {
  failure->result = result;
  failure->layer = phase->layer;
  failure->op = phase->first_op;
  failure->needed = clipped(needed);
  failure->available = clipped(available);
  return -1;
}

/* ---- Phases of a layer ---- */

/* Several passes or blocks: the states of one do not fit beside those of the next. */
static bool swept(const struct epoch_image_op* op, const struct epoch_caps* caps) {
  struct epoch_ssm_layout layout;
  return op->kind == EPOCH_IMAGE_OP_SSM && epoch_op_ssm_layout(op, &caps->array, &layout) == 0 &&
         (layout.passes > 1 || layout.blocks > 1);
}

/* One SSM a phase, since its state stays in the PEs from tile to tile; a swept one alone. */
static uint32_t count_phase_ops(const struct epoch_network* network, const struct epoch_caps* caps,
                                uint32_t first, uint32_t end) {
  bool has_state = false;
  if (swept(&network->ops[first], caps)) return 1;
  uint32_t count = 0;
  while (first + count < end && count < EPOCH_PHASE_OPS) {
    const struct epoch_image_op* op = &network->ops[first + count];
    if (op->kind == EPOCH_IMAGE_OP_SSM) {
      if (has_state || swept(op, caps)) break;
      has_state = true;
    }
    count++;
  }
  return count;
}

static void find_parameters(struct epoch_phase* phase, const struct epoch_image_op* ops) {
  uint32_t end = 0;
  phase->parameter_offset = 0;
  for (uint32_t o = 0; o < phase->op_count; o++) {
    if (ops[o].parameter_bytes == 0) continue;
    if (end == 0) phase->parameter_offset = ops[o].parameter_offset;
    end = ops[o].parameter_offset + ops[o].parameter_bytes;
  }
  phase->parameter_bytes = end - phase->parameter_offset;
}

/* Widest rows that the phase holds of each tensor. */
static void describe_tensors(struct epoch_phase* phase, const struct epoch_network* network,
                             const struct epoch_caps* caps) {
  const struct epoch_image_op* ops = &network->ops[phase->first_op];
  struct epoch_ssm_layout layout;
  memset(phase->tensors, 0, sizeof phase->tensors);
  if (phase->swept && epoch_op_ssm_layout(ops, &caps->array, &layout) == 0) {
    for (uint32_t t = 0; t < 2 + phase->residual; t++)
      phase->tensors[t].row_bytes = 4 * epoch_ssm_pass_channels(&layout, 0);
    return;
  }
  uint32_t pooled = 0;
  phase->tensors[0].row_bytes =
      ops[0].kind == EPOCH_IMAGE_OP_AFFINE ? ops[0].inputs : 4 * ops[0].inputs;
  for (uint32_t o = 0; o < phase->op_count; o++) {
    if (ops[o].kind == EPOCH_IMAGE_OP_POOL) pooled = 1;
    phase->tensors[o + 1].row_bytes = 4 * ops[o].outputs;
    phase->tensors[o + 1].pooled = pooled;
  }
  phase->pooled = pooled;
  if (phase->residual) {
    const struct epoch_image_layer* layer = &network->layers[phase->layer];
    phase->tensors[phase->op_count + 1].row_bytes = 4 * network->ops[layer->first_op].inputs;
  }
}

/* ---- Coefficients ---- */

static uint32_t largest_block(const struct epoch_image_op* op, const struct epoch_caps* caps) {
  struct epoch_ssm_layout ssm;
  struct epoch_gemm_layout gemm;
  uint32_t bytes = 0;
  if (op->kind == EPOCH_IMAGE_OP_NORM) return op->parameter_bytes;
  if (op->kind == EPOCH_IMAGE_OP_SSM && epoch_op_ssm_layout(op, &caps->array, &ssm) == 0) {
    for (uint32_t block = 0; block < ssm.blocks; block++)
      bytes = maximum(bytes, epoch_ssm_block_bytes(&ssm, 0, block));
  }
  if (op->kind == EPOCH_IMAGE_OP_LINEAR && epoch_op_gemm_layout(op, &caps->array, &gemm) == 0) {
    for (uint32_t fold = 0; fold < gemm.input_folds; fold++)
      bytes = maximum(bytes, epoch_gemm_block_bytes(&gemm, 0, fold));
  }
  return bytes;
}

/* Resident parameters of consecutive phases sit at opposite ends of the buffer, so that the next
 * phase's can arrive while this one's are in use, if both fit. */
static int place_parameters(struct epoch_phase* phase, const struct epoch_network* network,
                            const struct epoch_caps* caps, bool high,
                            struct epoch_schedule_failure* failure) {
  const uint32_t size = caps->buffer_bytes[EPOCH_BUFFER_COEFFICIENTS] / ALIGN * ALIGN;
  const uint64_t bytes = padded(phase->parameter_bytes);
  uint32_t block = 0;
  for (uint32_t o = 0; o < phase->op_count; o++)
    block = maximum(block, largest_block(&network->ops[phase->first_op + o], caps));
  phase->resident = !phase->swept && bytes <= size;
  phase->parameter_local = phase->resident && high ? size - (uint32_t)bytes : 0;
  phase->block_slot_bytes = (uint32_t)padded(block);
  phase->block_slots = 1;
  if (block == 0 || phase->resident) return 0;
  phase->block_slots = minimum(EPOCH_BLOCK_SLOTS, size / phase->block_slot_bytes);
  if (phase->block_slots == 0)
    return fail(failure, EPOCH_SCHEDULE_COEFFICIENTS, phase, phase->block_slot_bytes, size);
  return 0;
}

/* Steps after which a pass outlasts the longest coefficient load of the phase (at one step a cycle,
 * the fastest there is), so that the load hides behind the pass. */
static uint32_t hiding_steps(const struct epoch_phase* phase, const struct epoch_caps* caps) {
  if (caps->coefficient_port == 0) return 1;
  return maximum(1, divide_up(phase->block_slot_bytes, caps->coefficient_port));
}

/* ---- Tiles ---- */

static uint32_t tensor_count(const struct epoch_phase* phase) {
  return phase->op_count + 1 + phase->residual;
}

/* Tensors that a DMA engine works on while the array computes; the others are in between. */
static bool at_edge(const struct epoch_phase* phase, uint32_t tensor) {
  return tensor == 0 || tensor >= phase->op_count;
}

static uint64_t slot_bytes(const struct epoch_tensor* tensor, uint32_t tile) {
  return padded((uint64_t)tensor->row_bytes * (tensor->pooled ? 1 : tile));
}

static uint32_t slot_count(const struct epoch_phase* phase, uint32_t tensor, uint32_t edge,
                           uint32_t inner) {
  if (phase->tensors[tensor].pooled) return 1;
  return at_edge(phase, tensor) ? edge : inner;
}

static uint64_t bytes_needed(const struct epoch_phase* phase, uint32_t tile, uint32_t edge,
                             uint32_t inner) {
  uint64_t bytes = 0;
  for (uint32_t t = 0; t < tensor_count(phase); t++)
    bytes += slot_count(phase, t, edge, inner) * slot_bytes(&phase->tensors[t], tile);
  return bytes;
}

/* Longest tile, at most `most`, for these slot counts; 0 if not even one step fits. */
static uint32_t longest_tile(const struct epoch_phase* phase, const struct epoch_caps* caps,
                             uint32_t most, uint32_t edge, uint32_t inner) {
  const uint32_t available = caps->buffer_bytes[EPOCH_BUFFER_ACTIVATIONS];
  uint32_t fits = 0;
  uint32_t too_long = most + 1;
  while (too_long - fits > 1) {
    const uint32_t tile = fits + (too_long - fits) / 2;
    if (bytes_needed(phase, tile, edge, inner) <= available)
      fits = tile;
    else
      too_long = tile;
  }
  return fits;
}

/* Bytes of partial sums that each step of a tile needs in the accumulators buffer. */
static uint32_t partial_sum_bytes(const struct epoch_phase* phase,
                                  const struct epoch_network* network,
                                  const struct epoch_caps* caps) {
  struct epoch_gemm_layout gemm;
  uint32_t bytes = 0;
  for (uint32_t o = 0; o < phase->op_count; o++) {
    const struct epoch_image_op* op = &network->ops[phase->first_op + o];
    if (op->kind != EPOCH_IMAGE_OP_LINEAR || epoch_op_gemm_layout(op, &caps->array, &gemm) != 0)
      continue;
    if (gemm.input_folds > 1) bytes = maximum(bytes, 4 * gemm.outputs_per_fold);
  }
  return bytes;
}

/* Most steps a tile may have for the accumulators buffer; 0 if it cannot be. */
static uint32_t accumulator_limit(const struct epoch_phase* phase,
                                  const struct epoch_network* network,
                                  const struct epoch_caps* caps,
                                  struct epoch_schedule_failure* failure) {
  const uint32_t available = caps->buffer_bytes[EPOCH_BUFFER_ACCUMULATORS];
  if (phase->swept) { /* sums of every step wait for the next block */
    struct epoch_ssm_layout layout;
    if (epoch_op_ssm_layout(&network->ops[phase->first_op], &caps->array, &layout) != 0) return 0;
    const uint64_t all = (uint64_t)phase->steps * 4 * epoch_ssm_pass_channels(&layout, 0);
    if (layout.blocks == 1 || all <= available) return phase->steps;
    fail(failure, EPOCH_SCHEDULE_ACCUMULATORS, phase, all, available);
    return 0;
  }
  const uint32_t step = partial_sum_bytes(phase, network, caps);
  if (step == 0) return phase->steps;
  if (step > available) fail(failure, EPOCH_SCHEDULE_ACCUMULATORS, phase, step, available);
  return minimum(phase->steps, available / step);
}

static void place_tensors(struct epoch_phase* phase, uint32_t tile, uint32_t edge, uint32_t inner) {
  uint32_t offset = 0;
  phase->tiles = divide_up(phase->steps, tile);
  phase->tile = divide_up(phase->steps, phase->tiles); /* even, and no longer than `tile` */
  for (uint32_t t = 0; t < tensor_count(phase); t++) {
    struct epoch_tensor* tensor = &phase->tensors[t];
    tensor->slots = slot_count(phase, t, edge, inner);
    tensor->slot_bytes = (uint32_t)slot_bytes(tensor, phase->tile);
    tensor->offset = offset;
    offset += tensor->slots * tensor->slot_bytes;
  }
}

/* A swept phase reads its input once for all passes if whole rows of all tiles fit. */
static void try_wide(struct epoch_phase* phase, const struct epoch_network* network,
                     const struct epoch_caps* caps) {
  const uint32_t row_bytes = 4 * network->ops[phase->first_op].inputs;
  const uint64_t slot = padded((uint64_t)row_bytes * phase->tile);
  const uint64_t bytes = slot * phase->tiles * tensor_count(phase);
  if (!phase->swept || bytes > caps->buffer_bytes[EPOCH_BUFFER_ACTIVATIONS]) return;
  phase->wide = 1;
  for (uint32_t t = 0; t < tensor_count(phase); t++) {
    struct epoch_tensor* tensor = &phase->tensors[t];
    tensor->row_bytes = row_bytes;
    tensor->slots = phase->tiles;
    tensor->slot_bytes = (uint32_t)slot;
    tensor->offset = t * phase->tiles * (uint32_t)slot;
  }
}

/* The rule (README.md "Tiles"): a quarter of the sequence, but at least what hides a coefficient
 * load, as long as it fits; two slots a tensor while the tiles stay that long, else fewer. */
static int choose_tile(struct epoch_phase* phase, const struct epoch_network* network,
                       const struct epoch_caps* caps, struct epoch_schedule_failure* failure) {
  static const struct { uint32_t edge, inner; } choices[] = {{2, 2}, {2, 1}};
  const uint32_t most = accumulator_limit(phase, network, caps, failure);
  if (most == 0) return -1;
  const uint32_t hide = hiding_steps(phase, caps);
  const uint32_t target = minimum(most, maximum(divide_up(phase->steps, EPOCH_TARGET_TILES), hide));
  const uint32_t single = longest_tile(phase, caps, most, 1, 1);
  for (uint32_t c = 0; c < 2 && (target < phase->steps || single < phase->steps); c++) {
    const uint32_t tile = longest_tile(phase, caps, target, choices[c].edge, choices[c].inner);
    if (tile == 0 || tile < minimum(hide, target)) continue;
    place_tensors(phase, tile, choices[c].edge, choices[c].inner);
    return 0;
  }
  if (single == 0)
    return fail(failure, EPOCH_SCHEDULE_ACTIVATIONS, phase, bytes_needed(phase, 1, 1, 1),
                caps->buffer_bytes[EPOCH_BUFFER_ACTIVATIONS]);
  place_tensors(phase, single, 1, 1);
  return 0;
}

/* ---- The walk ---- */

static bool needs_residual(const struct epoch_phase* phase, const struct epoch_network* network) {
  if (phase->first_op == network->layers[phase->layer].first_op && !phase->swept) return false;
  for (uint32_t o = 0; o < phase->op_count; o++) {
    if (network->ops[phase->first_op + o].residual != 0) return true;
  }
  return false;
}

/* The phase's place in the image; false after the last one. */
static bool advance(const struct epoch_network* network, const struct epoch_caps* caps,
                    struct epoch_phase* phase) {
  const uint32_t first = phase->first_op + phase->op_count;
  const bool start = phase->op_count == 0;
  if (!start && phase->last) phase->layer++;
  if (phase->layer >= network->header->layer_count) return false;
  const struct epoch_image_layer* layer = &network->layers[phase->layer];
  const uint32_t end = layer->first_op + layer->op_count;
  phase->first_op = first;
  phase->op_count = count_phase_ops(network, caps, first, end);
  phase->last = first + phase->op_count == end;
  phase->swept = swept(&network->ops[first], caps);
  return true;
}

/* Rows that enter the phase: after a POOL, in this layer or before it, there is one. */
static uint32_t input_steps(const struct epoch_network* network, const struct epoch_phase* phase,
                            uint32_t steps) {
  for (uint32_t o = 0; o < phase->first_op; o++) {
    if (network->ops[o].kind == EPOCH_IMAGE_OP_POOL) return 1;
  }
  return steps;
}

int epoch_plan_next(const struct epoch_network* network, const struct epoch_caps* caps,
                    uint32_t steps, struct epoch_phase* phase,
                    struct epoch_schedule_failure* failure) {
  const bool high = phase->op_count != 0 && phase->parameter_local == 0;
  if (steps == 0 || steps > MAX_STEPS)
    return fail(failure, EPOCH_SCHEDULE_STEPS, phase, steps, MAX_STEPS);
  if (!advance(network, caps, phase)) return 0;
  phase->steps = input_steps(network, phase, steps);
  phase->residual = needs_residual(phase, network);
  phase->pooled = 0;
  phase->wide = 0;
  find_parameters(phase, &network->ops[phase->first_op]);
  describe_tensors(phase, network, caps);
  if (place_parameters(phase, network, caps, high, failure) != 0) return -1;
  if (choose_tile(phase, network, caps, failure) != 0) return -1;
  try_wide(phase, network, caps);
  return 1;
}

struct epoch_areas epoch_plan_areas(const struct epoch_network* network,
                                    const struct epoch_caps* caps, uint32_t steps) {
  struct epoch_areas areas = {2, 0};
  struct epoch_phase phase;
  uint32_t width = 0;
  memset(&phase, 0, sizeof phase);
  while (advance(network, caps, &phase)) {
    if (!phase.last) areas.count = 3; /* the layer's input stays for a residual */
    width = maximum(width, network->ops[phase.first_op + phase.op_count - 1].outputs);
  }
  const uint64_t bytes = padded((uint64_t)width * 4 * steps);
  areas.bytes = bytes > UINT32_MAX ? 0 : (uint32_t)bytes;
  return areas;
}
