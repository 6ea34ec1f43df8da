/* SPDX-License-Identifier: Apache-2.0
 *
 * How long a phase's tiles are, and where their rows, parameters and carries lie in the buffers.
 */
#include <stdbool.h>
#include <stddef.h>

#include "epoch_plan.h"

typedef struct epoch_plan plan_t;
typedef struct epoch_phase phase_t;

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
  return (bytes + EPOCH_PLACE_ALIGN - 1) / EPOCH_PLACE_ALIGN * EPOCH_PLACE_ALIGN;
}

/* ---- Parameters ---- */

static void find_parameters(const plan_t* plan, phase_t* phase) {
  uint32_t end = 0;
  for (uint32_t o = phase->first_op; o < epoch_phase_end(phase); o++) {
    const struct epoch_image_op* op = epoch_plan_op(plan, o);
    if (op->parameter_bytes == 0 || op->kind == EPOCH_IMAGE_OP_GATHER) continue;
    if (end == 0 || op->parameter_offset < phase->parameter_offset)
      phase->parameter_offset = op->parameter_offset;
    end = maximum(end, op->parameter_offset + op->parameter_bytes);
  }
  phase->parameter_bytes = end - phase->parameter_offset;
}

static uint32_t largest_block(const plan_t* plan, const struct epoch_image_op* op) {
  const struct epoch_array_shape* array = &plan->request.caps->array;
  struct epoch_ssm_layout ssm;
  struct epoch_gemm_layout gemm;
  uint32_t bytes = 0;
  if (op->kind == EPOCH_IMAGE_OP_GATHER) return 0;
  if (op->kind == EPOCH_IMAGE_OP_SSM && epoch_op_ssm_layout(op, array, &ssm) == 0) {
    for (uint32_t block = 0; block < ssm.blocks; block++)
      bytes = maximum(bytes, epoch_ssm_block_bytes(&ssm, 0, block));
    return bytes;
  }
  if (op->kind == EPOCH_IMAGE_OP_LINEAR && epoch_op_gemm_layout(op, array, &gemm) == 0) {
    for (uint32_t fold = 0; fold < gemm.input_folds; fold++)
      bytes = maximum(bytes, epoch_gemm_block_bytes(&gemm, 0, fold));
    return bytes;
  }
  return op->parameter_bytes;
}

/* The failure is one op's. */
static int blame(struct epoch_schedule_failure* failure, const plan_t* plan, uint32_t op) {
  failure->op = op;
  failure->layer = epoch_plan_op(plan, op)->layer;
  return -1;
}

/* Resident parameters of consecutive phases sit at opposite ends of the buffer, so that the next
 * phase's can arrive while this one's are in use, if both fit. */
static int place_parameters(const plan_t* plan, phase_t* phase, bool high,
                            struct epoch_schedule_failure* failure) {
  const uint32_t size = plan->request.caps->buffer_bytes[EPOCH_BUFFER_COEFFICIENTS] /
                        EPOCH_PLACE_ALIGN * EPOCH_PLACE_ALIGN;
  uint32_t block = 0, largest = phase->first_op;
  find_parameters(plan, phase);
  const uint64_t bytes = padded(phase->parameter_bytes);
  for (uint32_t o = phase->first_op; o < epoch_phase_end(phase); o++) {
    const uint32_t of_op = largest_block(plan, epoch_plan_op(plan, o));
    if (of_op > block) largest = o;
    block = maximum(block, of_op);
  }
  phase->resident = bytes <= size;
  phase->parameter_local = phase->resident && high ? size - (uint32_t)bytes : 0;
  phase->largest_block = (uint32_t)padded(block);
  if (block == 0 || phase->resident) return 0;
  if (phase->largest_block > size) {
    epoch_plan_fail(failure, EPOCH_SCHEDULE_COEFFICIENTS, phase, phase->largest_block, size);
    return blame(failure, plan, largest);
  }
  phase->block_slots = minimum(EPOCH_BLOCK_SLOTS, size / phase->largest_block);
  phase->block_slot_bytes = size / phase->block_slots / EPOCH_PLACE_ALIGN * EPOCH_PLACE_ALIGN;
  return 0;
}

/* Steps after which a pass outlasts the longest coefficient load of the phase (at one step a cycle,
 * the fastest there is), so that the load hides behind the pass. */
static uint32_t hiding_steps(const plan_t* plan, const phase_t* phase) {
  const uint32_t port = plan->request.caps->coefficient_port;
  return port == 0 ? 1 : maximum(1, divide_up(phase->largest_block, port));
}

/* ---- Partial sums ---- */

/* Bytes that each step of a tile needs in the accumulators buffer. */
static uint32_t sum_bytes(const plan_t* plan, const struct epoch_image_op* op) {
  const struct epoch_array_shape* array = &plan->request.caps->array;
  struct epoch_ssm_layout ssm;
  struct epoch_gemm_layout gemm;
  if (op->kind == EPOCH_IMAGE_OP_SSM && epoch_op_ssm_layout(op, array, &ssm) == 0)
    return ssm.blocks > 1 ? 4 * epoch_ssm_pass_channels(&ssm, 0) : 0;
  if (op->kind == EPOCH_IMAGE_OP_LINEAR && epoch_op_gemm_layout(op, array, &gemm) == 0)
    return gemm.input_folds > 1 ? 4 * gemm.outputs_per_fold : 0;
  return 0;
}

/* Most steps a tile may have for the accumulators buffer; 0 if not even one fits. */
static uint32_t accumulator_limit(const plan_t* plan, const phase_t* phase,
                                  struct epoch_schedule_failure* failure) {
  const uint32_t available = plan->request.caps->buffer_bytes[EPOCH_BUFFER_ACCUMULATORS];
  uint32_t bytes = 0, largest = phase->first_op;
  for (uint32_t o = phase->first_op; o < epoch_phase_end(phase); o++) {
    const uint32_t of_op = sum_bytes(plan, epoch_plan_op(plan, o));
    if (of_op > bytes) largest = o;
    bytes = maximum(bytes, of_op);
  }
  if (bytes == 0) return phase->rows;
  const uint64_t least = (uint64_t)bytes * phase->granule;
  if (least > available) {
    epoch_plan_fail(failure, EPOCH_SCHEDULE_ACCUMULATORS, phase, least, available);
    blame(failure, plan, largest);
  }
  return minimum(phase->rows, available / bytes / phase->granule * phase->granule);
}

/* ---- Rows ---- */

/* How many slots the rows have that a DMA engine moves while the array computes, how many the
 * others, and whether the others may share memory if they do not live at the same time. Skewed,
 * rows have a slot for each stage that they live through (and one that a DMA engine moves). */
struct choice {
  bool skewed;
  bool shared;
  uint32_t moved;
  uint32_t inner;
};
static const struct choice choices[] = {{true, false, 1, 0},
                                        {false, false, 2, 2},
                                        {false, false, 2, 1},
                                        {false, true, 2, 1},
                                        {false, true, 1, 1}};
#define CHOICES (sizeof choices / sizeof *choices)

/* One tile needs no second slot. */
static uint32_t slots_of(const phase_t* phase, const struct epoch_local* local, uint32_t tile,
                         const struct choice* choice) {
  if (local->one_row || tile >= phase->rows) return 1;
  const bool moved = local->loaded || local->patches || local->stored;
  const uint32_t slots = moved ? choice->moved : choice->inner;
  return choice->skewed ? local->last_stage - local->first_stage + 1 + slots : slots;
}

static uint64_t slot_bytes(const plan_t* plan, const struct epoch_local* local, uint32_t tile) {
  if (plan->homes[local->tensor].kind == EPOCH_HOME_CHIP) return 0;
  return padded((uint64_t)local->row_bytes * (local->one_row ? 1 : tile));
}

/* The carries first, then the rows; returns where they end. */
static uint64_t place_rows(plan_t* plan, const phase_t* phase, uint32_t tile,
                           const struct choice* choice) {
  struct epoch_extent* extents = plan->extents;
  const uint32_t carries = phase->staged ? 1 : phase->carry_count;
  for (uint32_t c = 0; c < carries; c++) {
    const struct epoch_carry* carry = &plan->carries[phase->first_carry + c];
    const bool unused = !phase->staged && carry->op == EPOCH_CARRY_ROW;
    extents[c].first = 0;
    extents[c].last = phase->op_count;
    extents[c].bytes = phase->staged ? 2 * phase->carry_slot_bytes : unused ? 0 : carry->bytes;
  }
  for (uint32_t l = 0; l < phase->local_count; l++) {
    const struct epoch_local* local = &plan->locals[phase->first_local + l];
    struct epoch_extent* extent = &extents[carries + l];
    const bool moved = local->loaded || local->patches || local->stored;
    const uint32_t slots = slots_of(phase, local, tile, choice);
    *extent = local->extent;
    extent->bytes = slots * slot_bytes(plan, local, tile);
    if (!choice->shared || (moved && slots > 1)) { /* in use from tile to tile */
      extent->first = 0;
      extent->last = phase->op_count;
    }
  }
  return epoch_place(extents, carries + phase->local_count);
}

/* Longest tile of at most `most` rows for a choice; 0 if not even the shortest fits. */
static uint32_t longest_tile(plan_t* plan, const phase_t* phase, uint32_t most,
                             const struct choice* choice) {
  uint32_t fits = 0; /* in granules */
  uint32_t too_long = divide_up(most, phase->granule) + 1;
  while (too_long - fits > 1) {
    const uint32_t middle = fits + (too_long - fits) / 2;
    if (place_rows(plan, phase, middle * phase->granule, choice) <= epoch_plan_chip(plan))
      fits = middle;
    else
      too_long = middle;
  }
  return fits * phase->granule;
}

static void settle(plan_t* plan, phase_t* phase, uint32_t tile, const struct choice* choice) {
  phase->skewed = choice->skewed;
  phase->tiles = divide_up(phase->rows, tile);
  /* Even tiles, no longer than `tile`. */
  phase->tile = divide_up(divide_up(phase->rows, phase->tiles), phase->granule) * phase->granule;
  phase->tiles = divide_up(phase->rows, phase->tile);
  place_rows(plan, phase, phase->tile, choice);
  const struct epoch_extent* extent = plan->extents;
  for (uint32_t c = 0; c < phase->carry_count; c++)
    plan->carries[phase->first_carry + c].local = (uint32_t)extent[phase->staged ? 0 : c].offset;
  extent += phase->staged ? 1 : phase->carry_count;
  for (uint32_t l = 0; l < phase->local_count; l++) {
    struct epoch_local* local = &plan->locals[phase->first_local + l];
    local->slots = slots_of(phase, local, phase->tile, choice);
    local->slot_bytes = (uint32_t)slot_bytes(plan, local, phase->tile);
    local->extent.offset = extent[l].offset;
  }
}

/* Rows that a tile should have (README.md "Tiles"): a quarter of the sequence, but at least what
 * hides a coefficient load; or what the request says. At most `most`. */
static uint32_t target_rows(const plan_t* plan, const phase_t* phase, uint32_t most) {
  const uint32_t wanted = plan->request.tile_rows / phase->granule * phase->granule;
  if (plan->request.tile_rows != 0) return minimum(most, maximum(wanted, phase->granule));
  const uint32_t quarter = divide_up(phase->rows, EPOCH_TARGET_TILES);
  return minimum(most, maximum(quarter, hiding_steps(plan, phase)));
}

/* Of the choices that allow for the target the one with the most slots. */
static int choose_tile(plan_t* plan, phase_t* phase, struct epoch_schedule_failure* failure) {
  const uint32_t limit = phase->loop ? 1 : accumulator_limit(plan, phase, failure);
  if (limit == 0) return -1;
  const uint32_t target = target_rows(plan, phase, limit);
  const uint32_t most = plan->request.tile_rows != 0 ? target : limit;
  const uint32_t hide = hiding_steps(plan, phase);
  for (uint32_t c = 0; c < CHOICES; c++) {
    const bool last = c + 1 == CHOICES;
    if (choices[c].skewed && phase->stages < 3) continue; /* no engine would wait for another */
    const uint32_t tile = longest_tile(plan, phase, last ? most : target, &choices[c]);
    if (tile == 0 || (!last && tile < minimum(hide, target))) continue;
    settle(plan, phase, tile, &choices[c]);
    return 0;
  }
  const uint64_t least = place_rows(plan, phase, phase->granule, &choices[CHOICES - 1]);
  return epoch_plan_fail(failure, EPOCH_SCHEDULE_ACTIVATIONS, phase, plan->chip_bytes + least,
                         plan->request.caps->buffer_bytes[EPOCH_BUFFER_ACTIVATIONS]);
}

/* ---- Carries ---- */

/* States need a place only if they leave the array: for others to come in, or for a later run. */
static bool stays_in_array(const plan_t* plan, const phase_t* phase,
                           const struct epoch_carry* carry) {
  return carry->op != EPOCH_CARRY_ROW && phase->units == 1 && plan->request.flags == 0 &&
         epoch_plan_op(plan, carry->op)->kind == EPOCH_IMAGE_OP_SSM;
}

/* On the chip if they take no more than half of what is there and the rows find room beside them,
 * else by turns through two slots. */
static void place_carries(plan_t* plan, phase_t* phase) {
  uint64_t bytes = 0;
  uint32_t largest = 0;
  for (uint32_t c = 0; c < phase->carry_count; c++) {
    struct epoch_carry* carry = &plan->carries[phase->first_carry + c];
    if (stays_in_array(plan, phase, carry)) carry->bytes = 0;
    if (carry->op == EPOCH_CARRY_ROW) continue;
    bytes += padded(carry->bytes);
    largest = maximum(largest, carry->bytes);
  }
  phase->staged = bytes > epoch_plan_chip(plan) / 2;
  phase->carry_slot_bytes = (uint32_t)padded(largest);
}

int epoch_plan_tiles(plan_t* plan, struct epoch_schedule_failure* failure) {
  bool high = false;
  for (uint32_t p = 0; p < plan->phase_count; p++) {
    phase_t* phase = &plan->phases[p];
    if (place_parameters(plan, phase, high, failure) != 0) return -1;
    high = !(phase->resident && phase->parameter_local != 0);
    place_carries(plan, phase);
    if (choose_tile(plan, phase, failure) == 0) continue;
    if (phase->staged || phase->carry_slot_bytes == 0) return -1;
    phase->staged = 1;
    if (choose_tile(plan, phase, failure) != 0) return -1;
  }
  return 0;
}
