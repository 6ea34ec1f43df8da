/* SPDX-License-Identifier: Apache-2.0 */
#include "epoch_emit.h"

#include <stddef.h>

typedef struct epoch_scheduler scheduler_t;
typedef struct epoch_phase phase_t;
typedef struct epoch_local local_t;

/* ---- Accesses ---- */

void epoch_access_add(struct epoch_accesses* accesses, uint32_t space, uint64_t begin,
                      uint64_t bytes, uint32_t write) {
  struct epoch_access* access = &accesses->list[accesses->count++];
  access->space = space;
  access->write = write;
  access->begin = begin;
  access->end = begin + bytes;
}

int epoch_emit(scheduler_t* s, const union epoch_descriptor* descriptors, uint32_t count,
               const struct epoch_accesses* accesses) {
  if (s->estimating) {
    epoch_timeline_add(&s->timeline, descriptors, count, accesses->list, accesses->count);
    return 0;
  }
  if (epoch_order_add(&s->order, descriptors, count, accesses->list, accesses->count) == 0)
    return 0;
  epoch_plan_fail(s->failure, EPOCH_SCHEDULE_PROGRAM, NULL, s->order.program->capacity + 1ull,
                  s->order.program->capacity);
  return -1;
}

/* ---- Rows ---- */

uint32_t epoch_emit_local(const scheduler_t* s, uint32_t buffer, uint32_t offset) {
  const struct epoch_share* share = s->plan->request.share;
  return EPOCH_LOCAL(buffer, share == NULL ? offset : share->begin[buffer] + offset);
}

static const struct epoch_image_tensor* tensor_of(const scheduler_t* s, uint32_t tensor) {
  return &s->plan->request.network->tensors[tensor];
}

/* Bus address of a row of a tensor's home in DRAM. */
static uint64_t home_row(const scheduler_t* s, uint32_t tensor, uint32_t row) {
  const struct epoch_home* home = &s->plan->homes[tensor];
  const struct epoch_image_tensor* described = tensor_of(s, tensor);
  const uint64_t pitch = epoch_row_bytes(described);
  const uint64_t rows = epoch_tensor_rows(described, s->plan->request.steps);
  switch (home->kind) {
    case EPOCH_HOME_INPUT:
      return s->places->input + (s->document * rows + row) * pitch;
    case EPOCH_HOME_OUTPUT:
      return s->places->output + row * pitch;
    default:
      return s->places->scratch + s->plan->zero_bytes + home->extent.offset + row * pitch;
  }
}

struct epoch_place_rows epoch_local_rows(const scheduler_t* s, const phase_t* phase,
                                         const local_t* local, uint32_t tile) {
  const struct epoch_home* home = &s->plan->homes[local->tensor];
  struct epoch_place_rows rows = {0, local->row_bytes, 0, 0};
  if (home->kind == EPOCH_HOME_CHIP) {
    const uint32_t first = local->one_row ? 0 : epoch_tile_first(phase, tile) + local->ahead;
    const uint32_t count = local->one_row ? 1 : epoch_tile_rows(phase, tile);
    rows.offset =
        epoch_plan_chip(s->plan) + (uint32_t)home->extent.offset + first * local->row_bytes;
    rows.bytes = count * local->row_bytes;
  } else {
    rows.offset = (uint32_t)local->extent.offset + tile % local->slots * local->slot_bytes;
    rows.bytes = local->slot_bytes;
  }
  rows.begin = rows.offset;
  return rows;
}

/* `bytes` bytes between DRAM and the activations buffer, in one piece. */
static int move(scheduler_t* s, uint32_t opcode, uint64_t bus, uint32_t offset, uint32_t bytes) {
  struct epoch_accesses accesses;
  accesses.count = 0;
  union epoch_descriptor descriptor;
  const uint32_t is_load = opcode == EPOCH_OP_LOAD;
  const struct epoch_transfer transfer = {
      .opcode = opcode,
      .bus = bus,
      .local = {epoch_emit_local(s, EPOCH_BUFFER_ACTIVATIONS, offset), 0},
      .row_bytes = bytes,
      .rows = 1,
  };
  epoch_access_add(&accesses, EPOCH_SPACE_BUS, bus, bytes, !is_load);
  epoch_access_add(&accesses, EPOCH_BUFFER_ACTIVATIONS, offset, bytes, is_load);
  epoch_build_transfer(&descriptor, &transfer);
  return epoch_emit(s, &descriptor, 1, &accesses);
}

static int load_zeros(scheduler_t* s, uint32_t offset, uint32_t bytes) {
  return move(s, EPOCH_OP_LOAD, s->places->scratch, offset, bytes);
}

/* ---- Tiles ---- */

static int load_rows(scheduler_t* s, const phase_t* phase, const local_t* local, uint32_t tile) {
  const struct epoch_place_rows rows = epoch_local_rows(s, phase, local, tile);
  const uint32_t first = epoch_tile_first(phase, tile) + local->ahead;
  const uint32_t wanted = epoch_tile_rows(phase, tile);
  const uint32_t there = first + wanted > phase->rows ? phase->rows - first : wanted;
  if (there != 0 && move(s, EPOCH_OP_LOAD, home_row(s, local->tensor, first), rows.offset,
                         there * rows.pitch) != 0)
    return -1;
  if (there == wanted) return 0; /* else: after the last step comes nothing */
  return load_zeros(s, rows.offset + there * rows.pitch, rows.pitch);
}

/* Patches: for each row of results the patches along it, their rows of pixels as planes. */
static int load_patches(scheduler_t* s, const phase_t* phase, uint32_t tile) {
  const struct epoch_image_op* op = epoch_plan_op(s->plan, phase->first_op);
  const uint32_t* g = op->geometry;
  const uint32_t source = EPOCH_REF_TENSOR(op->inputs[EPOCH_INPUT_SOURCE]);
  const local_t* local =
      &s->plan->locals[phase->first_local +
                       s->plan->op_locals[phase->first_op * EPOCH_OP_LOCALS + EPOCH_INPUTS]];
  const struct epoch_place_rows rows = epoch_local_rows(s, phase, local, tile);
  const uint32_t element = epoch_element_bytes(tensor_of(s, source)->type);
  const uint32_t pixel = g[EPOCH_GEOMETRY_CHANNELS] * element;
  const uint32_t first = epoch_tile_first(phase, tile) / phase->granule;
  const uint32_t count = epoch_tile_rows(phase, tile) / phase->granule;
  for (uint32_t r = 0; r < count; r++) {
    struct epoch_accesses accesses;
    accesses.count = 0;
    union epoch_descriptor descriptor;
    const uint32_t line = (first + r) * g[EPOCH_GEOMETRY_STRIDE];
    const uint32_t column = EPOCH_REF_COLUMN(op->output) * element;
    const uint32_t offset = rows.offset + r * phase->granule * rows.pitch + column;
    const struct epoch_transfer transfer = {
        .opcode = EPOCH_OP_LOAD,
        .bus = home_row(s, source, line * g[EPOCH_GEOMETRY_COLUMNS]),
        .local = {epoch_emit_local(s, EPOCH_BUFFER_ACTIVATIONS, offset), rows.pitch},
        .row_bytes = g[EPOCH_GEOMETRY_KERNEL_COLUMNS] * pixel,
        .rows = phase->granule,
        .bus_stride = g[EPOCH_GEOMETRY_STRIDE] * pixel,
        .planes = g[EPOCH_GEOMETRY_KERNEL_ROWS],
        .bus_plane_stride = g[EPOCH_GEOMETRY_COLUMNS] * pixel,
        .local_plane_stride = g[EPOCH_GEOMETRY_KERNEL_COLUMNS] * pixel,
    };
    epoch_access_add(&accesses, EPOCH_SPACE_BUS, transfer.bus,
                     (uint64_t)g[EPOCH_GEOMETRY_KERNEL_ROWS] * transfer.bus_plane_stride, 0);
    epoch_access_add(&accesses, EPOCH_BUFFER_ACTIVATIONS, rows.begin, rows.bytes, 1);
    epoch_build_transfer(&descriptor, &transfer);
    if (epoch_emit(s, &descriptor, 1, &accesses) != 0) return -1;
  }
  return 0;
}

int epoch_emit_load_tile(scheduler_t* s, const phase_t* phase, uint32_t tile) {
  for (uint32_t l = 0; l < phase->local_count; l++) {
    const local_t* local = &s->plan->locals[phase->first_local + l];
    if (local->loaded && load_rows(s, phase, local, tile) != 0) return -1;
  }
  const bool patches = epoch_plan_op(s->plan, phase->first_op)->kind == EPOCH_IMAGE_OP_IM2COL;
  return patches ? load_patches(s, phase, tile) : 0;
}

/* The columns that the op has made: the rest of the row may belong to another phase or document. */
int epoch_emit_store(scheduler_t* s, const phase_t* phase, uint32_t o, uint32_t tile) {
  const struct epoch_image_op* op = epoch_plan_op(s->plan, o);
  const local_t* local =
      &s->plan->locals[phase->first_local + s->plan->op_locals[o * EPOCH_OP_LOCALS + EPOCH_INPUTS]];
  const bool pooled = op->kind == EPOCH_IMAGE_OP_POOL;
  if (!local->stored || (pooled && tile + 1 != phase->tiles)) return 0;
  const struct epoch_image_tensor* tensor = tensor_of(s, local->tensor);
  const struct epoch_place_rows rows = epoch_local_rows(s, phase, local, tile);
  const uint32_t element = epoch_element_bytes(tensor->type);
  const uint32_t column = epoch_output_column(s->plan->request.network, o, s->document) * element;
  const uint32_t bytes = epoch_op_results(op) * element;
  const uint32_t count = pooled ? 1 : epoch_tile_rows(phase, tile);
  const uint64_t bus = home_row(s, local->tensor, pooled ? 0 : epoch_tile_first(phase, tile));
  const bool packed = bytes == rows.pitch;
  struct epoch_accesses accesses;
  accesses.count = 0;
  union epoch_descriptor descriptor;
  const struct epoch_transfer transfer = {
      .opcode = EPOCH_OP_STORE,
      .bus = bus + column,
      .local = {epoch_emit_local(s, EPOCH_BUFFER_ACTIVATIONS, rows.offset + column),
                packed ? 0 : rows.pitch},
      .row_bytes = packed ? count * bytes : bytes,
      .rows = packed ? 1 : count,
      .bus_stride = packed ? 0 : rows.pitch,
  };
  epoch_access_add(&accesses, EPOCH_SPACE_BUS, bus, (uint64_t)count * rows.pitch, 1);
  epoch_access_add(&accesses, EPOCH_BUFFER_ACTIVATIONS, rows.begin, rows.bytes, 0);
  epoch_build_transfer(&descriptor, &transfer);
  return epoch_emit(s, &descriptor, 1, &accesses);
}

/* ---- Rows of zeros, and carried rows ---- */

/* Row of a carried tensor: from the run before, or zeros. */
static int begin_carried(scheduler_t* s, const phase_t* phase, const struct epoch_carry* carry) {
  const local_t* local = &s->plan->locals[phase->first_local + carry->unit];
  const uint32_t offset = (uint32_t)local->extent.offset;
  if ((s->plan->request.flags & EPOCH_SCHEDULE_RESUME) == 0)
    return load_zeros(s, offset, local->row_bytes);
  return move(s, EPOCH_OP_LOAD, s->places->carries + carry->home, offset, local->row_bytes);
}

int epoch_emit_begin(scheduler_t* s, const phase_t* phase) {
  for (uint32_t c = 0; c < phase->carry_count; c++) {
    const struct epoch_carry* carry = &s->plan->carries[phase->first_carry + c];
    if (carry->op == EPOCH_CARRY_ROW && begin_carried(s, phase, carry) != 0) return -1;
  }
  for (uint32_t l = 0; l < phase->local_count; l++) {
    const local_t* local = &s->plan->locals[phase->first_local + l];
    const struct epoch_home* home = &s->plan->homes[local->tensor];
    if (!local->ahead || home->kind != EPOCH_HOME_CHIP) continue;
    const uint32_t row =
        epoch_plan_chip(s->plan) + (uint32_t)home->extent.offset + phase->rows * local->row_bytes;
    if (load_zeros(s, row, local->row_bytes) != 0) return -1;
  }
  return 0;
}

int epoch_emit_end(scheduler_t* s, const phase_t* phase) {
  if ((s->plan->request.flags & EPOCH_SCHEDULE_KEEP) == 0) return 0;
  for (uint32_t c = 0; c < phase->carry_count; c++) {
    const struct epoch_carry* carry = &s->plan->carries[phase->first_carry + c];
    if (carry->op != EPOCH_CARRY_ROW) continue;
    const local_t* local = &s->plan->locals[phase->first_local + carry->unit];
    if (move(s, EPOCH_OP_STORE, s->places->carries + carry->home, (uint32_t)local->extent.offset,
             local->row_bytes) != 0)
      return -1;
  }
  return 0;
}

/* ---- Parameters ---- */

static int load_parameters(scheduler_t* s, uint32_t image_offset, uint32_t bytes, uint32_t local) {
  struct epoch_accesses accesses;
  accesses.count = 0;
  union epoch_descriptor descriptor;
  const struct epoch_transfer transfer = {
      .opcode = EPOCH_OP_LOAD,
      .bus = s->places->image + image_offset,
      .local = {epoch_emit_local(s, EPOCH_BUFFER_COEFFICIENTS, local), 0},
      .row_bytes = bytes,
      .rows = 1,
  };
  epoch_access_add(&accesses, EPOCH_BUFFER_COEFFICIENTS, local, bytes, 1);
  epoch_build_transfer(&descriptor, &transfer);
  return epoch_emit(s, &descriptor, 1, &accesses);
}

int epoch_emit_resident(scheduler_t* s, const phase_t* phase) {
  if (!phase->resident || phase->parameter_bytes == 0) return 0;
  return load_parameters(s, phase->parameter_offset, phase->parameter_bytes,
                         phase->parameter_local);
}

/* Streamed parameters come in pieces of so many blocks as a slot holds: a long transfer hides the
 * memory's latency better than many short ones. */
static int stream_parameters(scheduler_t* s, const phase_t* phase, uint32_t image_offset,
                             uint32_t bytes) {
  const uint32_t block = (bytes + EPOCH_IMAGE_ALIGN - 1) / EPOCH_IMAGE_ALIGN * EPOCH_IMAGE_ALIGN;
  const uint32_t most = phase->block_slot_bytes / block * block;
  const uint32_t left = phase->parameter_offset + phase->parameter_bytes - image_offset;
  s->stream_begin = image_offset;
  s->stream_end = image_offset + (left < most ? left : most);
  s->stream_local = s->next_slot++ % phase->block_slots * phase->block_slot_bytes;
  return load_parameters(s, image_offset, s->stream_end - s->stream_begin, s->stream_local);
}

int epoch_emit_parameters(scheduler_t* s, const phase_t* phase, uint32_t image_offset,
                          uint32_t bytes, uint32_t* local, struct epoch_accesses* accesses) {
  if (phase->resident) { /* one range, however many blocks are read from it */
    *local = phase->parameter_local + image_offset - phase->parameter_offset;
    epoch_access_add(accesses, EPOCH_BUFFER_COEFFICIENTS, phase->parameter_local,
                     phase->parameter_bytes, 0);
    return 0;
  }
  if (image_offset < s->stream_begin || image_offset + bytes > s->stream_end) {
    if (stream_parameters(s, phase, image_offset, bytes) != 0) return -1;
  }
  *local = s->stream_local + image_offset - s->stream_begin;
  epoch_access_add(accesses, EPOCH_BUFFER_COEFFICIENTS, s->stream_local,
                   s->stream_end - s->stream_begin, 0);
  return 0;
}

/* ---- Carries ---- */

static const struct epoch_carry* find_carry(const scheduler_t* s, const phase_t* phase, uint32_t o,
                                            uint32_t unit) {
  for (uint32_t c = 0; c < phase->carry_count; c++) {
    const struct epoch_carry* carry = &s->plan->carries[phase->first_carry + c];
    if (carry->op == o && carry->unit == unit) return carry;
  }
  return NULL;
}

/* States of a phase's only unit stay in the array from tile to tile; all else is kept outside. */
static bool leaves_array(const scheduler_t* s, const phase_t* phase, uint32_t o) {
  return phase->units > 1 || epoch_plan_op(s->plan, o)->kind == EPOCH_IMAGE_OP_CONV1D;
}

int epoch_emit_carry_in(scheduler_t* s, const phase_t* phase, uint32_t o, uint32_t unit,
                        uint32_t tile, struct epoch_carry_use* use) {
  const bool first = tile == 0, last = tile + 1 == phase->tiles;
  const bool resume = (s->plan->request.flags & EPOCH_SCHEDULE_RESUME) != 0;
  const bool keep = (s->plan->request.flags & EPOCH_SCHEDULE_KEEP) != 0;
  const bool outside = leaves_array(s, phase, o);
  use->carry = find_carry(s, phase, o, unit);
  if (use->carry == NULL) return 0; /* a CONV1D of one tap */
  use->restore = first ? resume : outside;
  use->save = last ? keep : outside;
  use->local = use->carry->local;
  if (phase->staged) use->local += s->next_carry++ % 2 * phase->carry_slot_bytes;
  if (!use->restore || !(phase->staged || first)) return 0;
  return move(s, EPOCH_OP_LOAD, s->places->carries + use->carry->home, use->local,
              use->carry->bytes);
}

int epoch_emit_carry_out(scheduler_t* s, const phase_t* phase, uint32_t tile,
                         const struct epoch_carry_use* use) {
  const bool last = tile + 1 == phase->tiles;
  if (use->carry == NULL || !use->save || !(phase->staged || last)) return 0;
  return move(s, EPOCH_OP_STORE, s->places->carries + use->carry->home, use->local,
              use->carry->bytes);
}
