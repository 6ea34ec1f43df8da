/* SPDX-License-Identifier: Apache-2.0 */
#include "epoch_timeline.h"

#include <stddef.h>
#include <string.h>

#include "epoch_layout.h"

typedef struct epoch_timeline timeline_t;

static uint64_t maximum(uint64_t a, uint64_t b) {
  return a > b ? a : b;
}
static uint64_t divide_up(uint64_t a, uint64_t b) {
  return b == 0 ? 0 : (a + b - 1) / b;
}

void epoch_timeline_begin(timeline_t* timeline, const struct epoch_caps* caps,
                          const struct epoch_memory_speed* speed) {
  memset(timeline, 0, sizeof *timeline);
  timeline->caps = caps;
  timeline->counts_only = speed == NULL;
  if (speed != NULL) timeline->speed = *speed;
}

/* ---- How long commands take ---- */

/* Products of a step in a PE, and those among them that read x: they bound the pace. */
struct step {
  uint32_t products;
  uint32_t state_products;
  uint32_t additions; /* one after the other from a product to x' */
};
static const struct step steps[] = {
    [EPOCH_MODE_REAL] = {2, 1, 1},        [EPOCH_MODE_COMPLEX] = {6, 4, 2},
    [EPOCH_MODE_LIQUID_REAL] = {4, 1, 1}, [EPOCH_MODE_LIQUID_COMPLEX] = {10, 4, 2},
    [EPOCH_MODE_DPLR] = {10, 6, 2},       [EPOCH_MODE_SELECTIVE] = {4, 1, 1},
    [EPOCH_MODE_SSD] = {3, 1, 1},         [EPOCH_MODE_EDGE] = {4, 4, 2},
    [EPOCH_MODE_MAC] = {1, 0, 0},
};

static uint32_t log2_up(uint32_t value) {
  uint32_t bits = 0;
  while ((1u << bits) < value) bits++;
  return bits;
}

/* Cycles from step to step. */
static uint64_t interval_of(const struct epoch_caps* caps, uint32_t mode, uint32_t modes,
                            uint64_t in_bytes, uint64_t out_bytes) {
  const struct step* step = &steps[mode <= EPOCH_MODE_MAC ? mode : EPOCH_MODE_MAC];
  const uint64_t exponential = mode == EPOCH_MODE_SELECTIVE && !caps->dedicated_exp ? 6 : 0;
  const uint64_t own = divide_up(step->products + exponential, caps->multipliers);
  uint64_t loop = step->state_products == 0
                      ? 1
                      : divide_up(step->state_products, caps->multipliers) - 1 + caps->mul_latency +
                            step->additions * caps->add_latency;
  if (mode == EPOCH_MODE_DPLR)
    loop += caps->systolic_reduce
                ? (uint64_t)modes * (2 * caps->hop + caps->add_latency)
                : maximum(1, caps->add_latency) * log2_up(modes) + 1 + caps->mul_latency;
  const int alone = mode == EPOCH_MODE_MAC || mode == EPOCH_MODE_EDGE;
  const uint64_t pace = maximum(maximum(own * (alone ? 1 : caps->array.state_slots), loop), 1);
  return maximum(
      pace, maximum(divide_up(in_bytes, caps->read_port), divide_up(out_bytes, caps->write_port)));
}

struct span {
  uint64_t stream;
  uint64_t total;
};

static struct span array_cycles(const timeline_t* t, const struct epoch_array_command* array) {
  const struct epoch_caps* caps = t->caps;
  const uint32_t mode = EPOCH_FORMAT_MODE(array->format);
  const uint32_t type = EPOCH_FORMAT_TYPE(array->format);
  const uint32_t channels = EPOCH_EXTENT_CHANNELS(array->extent);
  const uint32_t modes = EPOCH_EXTENT_MODES(array->extent);
  const uint64_t flags = EPOCH_FORMAT_FLAGS(array->format);
  const uint64_t width = epoch_type_bytes(type);
  const int stored = (flags & (EPOCH_ARRAY_COMBINE | EPOCH_ARRAY_ACC_IN)) != 0;
  uint64_t in = mode == EPOCH_MODE_MAC ? modes * width : channels * width;
  if (mode == EPOCH_MODE_SELECTIVE || mode == EPOCH_MODE_SSD)
    in = channels * (4 + width) + 2 * modes * width;
  if (stored) in += 4ull * channels;
  const uint64_t interval = interval_of(caps, mode, modes, in, 4ull * channels);
  const uint64_t drain =
      divide_up(mode == EPOCH_MODE_EDGE ? 2 * channels : channels, caps->drain_lanes);
  const uint64_t rows = mode == EPOCH_MODE_EDGE ? 1 : maximum(modes, caps->array.segment_rows);
  const uint64_t fill = rows * (caps->hop + caps->add_latency) + drain + 20; /* 20: activations */
  const struct span span = {array->steps * interval,
                            array->steps * maximum(interval, drain) + fill};
  return span;
}

static uint64_t vector_cycles(const timeline_t* t, const struct epoch_vector_command* vector) {
  const uint64_t lanes = t->caps->vector_lanes, rows = vector->rows, length = vector->length;
  const uint64_t elements = divide_up(rows * length, lanes);
  switch (EPOCH_CONTROL_OPCODE(vector->control)) {
    case EPOCH_OP_LAYERNORM:
      return 32 + divide_up(rows, lanes) * length * 3;
    case EPOCH_OP_RMSNORM:
      return 32 + divide_up(rows, lanes) * length * 2;
    case EPOCH_OP_POOL:
      return 4 + divide_up(length, lanes) * rows;
    case EPOCH_OP_CONV1D:
      return 24 + elements * maximum(1, EPOCH_VECTOR_TYPES_COUNT(vector->types));
    case EPOCH_OP_ARGMAX:
      return 8 + rows * divide_up(length, lanes);
    default:
      return 24 + elements;
  }
}

static uint64_t coefficient_cycles(const timeline_t* t, const struct epoch_coeff_command* coeff) {
  const uint64_t elements =
      (uint64_t)EPOCH_EXTENT_CHANNELS(coeff->extent) * EPOCH_EXTENT_MODES(coeff->extent);
  const uint32_t bytes =
      epoch_mode_bytes(EPOCH_FORMAT_MODE(coeff->format), EPOCH_FORMAT_TYPE(coeff->format));
  return maximum(1, divide_up(elements * bytes, t->caps->coefficient_port));
}

static uint64_t state_cycles(const timeline_t* t, const struct epoch_state_command* state) {
  const uint64_t elements =
      (uint64_t)EPOCH_EXTENT_CHANNELS(state->extent) * EPOCH_EXTENT_MODES(state->extent);
  return maximum(1, divide_up(elements * epoch_state_bytes(EPOCH_FORMAT_MODE(state->format)),
                              t->caps->state_port));
}

/* ---- Engines ---- */

/* Both directions share the memory. Returns when the transfer ends. */
static uint64_t run_transfer(timeline_t* t, const struct epoch_dma_command* dma, uint64_t start) {
  const uint64_t bytes = (uint64_t)dma->row_bytes * dma->rows * dma->planes;
  const uint64_t bursts = divide_up(dma->row_bytes, t->caps->dma_burst_bytes) * dma->rows *
                          dma->planes; /* one issues a cycle */
  const uint64_t moved = maximum(divide_up(bytes * t->speed.cycles, t->speed.bytes), bursts);
  t->bus = maximum(t->bus, start) + moved;
  return t->bus + t->speed.latency;
}

/* COEFF fills a second set of registers while the array runs on the first; a command of the array
 * follows the one before as soon as its steps have entered, STATE when the array is empty. */
static uint64_t run_grid(timeline_t* t, const union epoch_descriptor* d, uint64_t* start,
                         uint64_t* read_until) {
  const uint32_t grid = EPOCH_ENGINE_PE_GRID;
  switch (EPOCH_CONTROL_OPCODE(d->command.control)) {
    case EPOCH_OP_COEFF:
      *start = maximum(*start, maximum(t->loaded, t->started[grid]));
      t->loaded = *start + coefficient_cycles(t, &d->coeff);
      *read_until = *start;
      return t->loaded;
    case EPOCH_OP_STATE: {
      const int save = (EPOCH_FORMAT_FLAGS(d->state.format) & EPOCH_STATE_SAVE) != 0;
      const int beside = t->caps->state_shadow && !save;
      *start = maximum(*start, beside ? t->started[grid] : t->ended[grid]);
      const uint64_t end = *start + state_cycles(t, &d->state);
      t->streamed = maximum(t->streamed, end);
      *read_until = *start;
      return end;
    }
    default: {
      const struct span span = array_cycles(t, &d->array);
      *start = maximum(*start, maximum(t->loaded, t->streamed));
      t->streamed = *start + span.stream;
      *read_until = *start;
      return maximum(*start + span.total, t->ended[grid]);
    }
  }
}

void epoch_timeline_add(timeline_t* t, const union epoch_descriptor* descriptors, uint32_t count,
                        const struct epoch_access* accesses, uint32_t access_count) {
  const union epoch_descriptor* d = &descriptors[count - 1];
  const uint32_t engine = epoch_opcode_engine(EPOCH_CONTROL_OPCODE(d->command.control));
  t->commands += count;
  if (engine >= EPOCH_ENGINES || t->counts_only) return;
  if (!epoch_uses_fit(&t->uses, accesses, access_count)) { /* FENCE */
    epoch_uses_forget(&t->uses);
    for (uint32_t e = 0; e < EPOCH_ENGINES; e++) t->started[e] = t->ended[e] = t->end;
  }
  uint64_t need[EPOCH_ENGINES], start = 0, end, read_until;
  epoch_uses_need(&t->uses, engine, accesses, access_count, need);
  for (uint32_t e = 0; e < EPOCH_ENGINES; e++) start = maximum(start, need[e]);
  if (engine == EPOCH_ENGINE_PE_GRID) {
    end = run_grid(t, d, &start, &read_until);
  } else {
    start = maximum(start, t->ended[engine]);
    const int vector = engine == EPOCH_ENGINE_VECTOR_UNIT;
    end = vector ? start + vector_cycles(t, &d->vector) : run_transfer(t, &d->dma, start);
    read_until = vector ? start : end;
  }
  t->started[engine] = start;
  t->ended[engine] = maximum(t->ended[engine], end);
  t->end = maximum(t->end, end);
  epoch_uses_enter(&t->uses, engine, accesses, access_count, read_until, end);
}
