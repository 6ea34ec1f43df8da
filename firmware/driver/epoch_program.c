/* SPDX-License-Identifier: Apache-2.0 */
#include "epoch_program.h"

#include <string.h>

uint32_t epoch_opcode_engine(uint32_t opcode) {
#define ENGINE_CASE(name, value, engine, description) \
  case value:                                         \
    return EPOCH_ENGINE_##engine;
  switch (opcode) {
    EPOCH_OPCODES(ENGINE_CASE)
    default:
      return EPOCH_ENGINE_CONTROL;
  }
#undef ENGINE_CASE
}

static void begin(union epoch_descriptor* descriptor, uint32_t opcode) {
  memset(descriptor, 0, sizeof *descriptor);
  descriptor->command.control = EPOCH_CONTROL(opcode, 0, 0);
}

void epoch_build_control(union epoch_descriptor* descriptor, uint32_t opcode) {
  begin(descriptor, opcode);
}

void epoch_program_tag(struct epoch_program* program, uint32_t context) {
  for (uint32_t at = 0; at < program->count; at++) {
    struct epoch_command* command = &program->descriptors[at].command;
    command->control = (command->control & 0xFFFFu) | context << 16;
  }
}

/* What the array holds that the program has put there. */
struct held {
  bool coefficients;
  bool state;
};

static bool has_operands(const union epoch_descriptor* descriptor, struct held* held) {
  const uint32_t flags = EPOCH_FORMAT_FLAGS(descriptor->array.format); /* of COEFF and STATE too */
  switch (EPOCH_CONTROL_OPCODE(descriptor->command.control)) {
    case EPOCH_OP_COEFF:
      held->coefficients = true;
      return true;
    case EPOCH_OP_GEMM:
      return held->coefficients;
    case EPOCH_OP_SSM:
      held->state = held->state || (flags & EPOCH_ARRAY_ZERO_STATE) != 0;
      return held->coefficients && held->state;
    case EPOCH_OP_STATE:
      held->state = held->state || (flags & EPOCH_STATE_SAVE) == 0;
      return held->coefficients && held->state;
    default:
      return true;
  }
}

bool epoch_program_stands_alone(const struct epoch_program* program, uint32_t semaphores) {
  int32_t left[EPOCH_SEMAPHORES] = {0}; /* signals that nobody has taken */
  struct held held = {false, false};
  if (program->count == 0) return false;
  for (uint32_t at = 0; at < program->count; at++) {
    const union epoch_descriptor* descriptor = &program->descriptors[at];
    if (!has_operands(descriptor, &held)) return false;
    for (uint32_t shift = 0; shift < 32; shift += 8) {
      const uint32_t use = descriptor->command.semaphores >> shift & 0xFFu;
      const uint32_t semaphore = use & (EPOCH_SEMAPHORES - 1u);
      if (use == 0) continue;
      if ((semaphores >> semaphore & 1u) == 0) return false;
      left[semaphore] += shift < 16 ? -1 : 1;
    }
  }
  for (uint32_t n = 0; n < EPOCH_SEMAPHORES; n++)
    if (left[n] != 0) return false;
  const uint32_t last = program->descriptors[program->count - 1].command.control;
  return EPOCH_CONTROL_OPCODE(last) == EPOCH_OP_IRQ ||
         (EPOCH_CONTROL_FLAGS(last) & EPOCH_FLAG_IRQ_ON_DONE) != 0;
}

void epoch_build_transfer(union epoch_descriptor* descriptor,
                          const struct epoch_transfer* transfer) {
  struct epoch_dma_command* dma = &descriptor->dma;
  begin(descriptor, transfer->opcode);
  dma->bus_lo = (uint32_t)transfer->bus;
  dma->bus_hi = (uint32_t)(transfer->bus >> 32);
  dma->local = transfer->local.local;
  dma->row_bytes = transfer->row_bytes;
  dma->rows = transfer->rows;
  dma->bus_row_stride = transfer->bus_stride;
  dma->local_row_stride = transfer->local.stride;
  dma->planes = transfer->planes == 0 ? 1 : transfer->planes;
  dma->bus_plane_stride = transfer->bus_plane_stride;
  dma->local_plane_stride = transfer->local_plane_stride;
  dma->indices = transfer->indices;
  dma->table_rows = transfer->table_rows;
}

static void build_block(union epoch_descriptor* descriptor, uint32_t opcode, uint32_t local,
                        const struct epoch_shape* shape, uint32_t flags) {
  begin(descriptor, opcode);
  descriptor->coeff.local = local; /* STATE has the same fields */
  descriptor->coeff.format = EPOCH_FORMAT(shape->mode, shape->type, flags);
  descriptor->coeff.extent = EPOCH_EXTENT(shape->channels, shape->modes);
}

void epoch_build_coeff(union epoch_descriptor* descriptor, uint32_t local,
                       const struct epoch_shape* shape, uint32_t flags) {
  build_block(descriptor, EPOCH_OP_COEFF, local, shape, flags);
}

void epoch_build_state(union epoch_descriptor* descriptor, uint32_t local,
                       const struct epoch_shape* shape, uint32_t flags) {
  build_block(descriptor, EPOCH_OP_STATE, local, shape, flags);
}

void epoch_build_array(union epoch_descriptor* descriptor,
                       const struct epoch_array_operands* operands) {
  struct epoch_array_command* array = &descriptor->array;
  const struct epoch_shape* shape = &operands->shape;
  begin(descriptor, shape->mode == EPOCH_MODE_MAC ? EPOCH_OP_GEMM : EPOCH_OP_SSM);
  array->source = operands->source.local;
  array->destination = operands->destination.local;
  array->stored = operands->stored.local;
  array->accumulator = operands->accumulator.local;
  array->format = EPOCH_FORMAT(shape->mode, shape->type, operands->flags);
  array->extent = EPOCH_EXTENT(shape->channels, shape->modes);
  array->steps = operands->steps;
  array->source_stride = operands->source.stride;
  array->destination_stride = operands->destination.stride;
  array->stored_stride = operands->stored.stride;
  array->accumulator_stride = operands->accumulator.stride;
  array->activation = operands->activation;
  array->types = EPOCH_ARRAY_TYPES(operands->output_type, operands->stored_type, 0);
  array->scale = operands->scale;
}

void epoch_build_streams(union epoch_descriptor* descriptor,
                         const struct epoch_array_operands* operands) {
  struct epoch_streams_command* streams = &descriptor->streams;
  begin(descriptor, EPOCH_OP_STREAMS);
  streams->drive = operands->drive.local;
  streams->drive_stride = operands->drive.stride;
  streams->b = operands->b.local;
  streams->c = operands->c.local;
  streams->west_stride = operands->b.stride;
  streams->u = operands->u.local;
  streams->u_stride = operands->u.stride;
}

void epoch_build_vector(union epoch_descriptor* descriptor,
                        const struct epoch_vector_operands* operands) {
  struct epoch_vector_command* vector = &descriptor->vector;
  begin(descriptor, operands->opcode);
  vector->source = operands->source.local;
  vector->destination = operands->destination.local;
  vector->parameters = operands->parameters;
  vector->format = EPOCH_FORMAT(operands->mode, operands->source_type, operands->flags);
  vector->rows = operands->rows;
  vector->length = operands->length;
  vector->source_stride = operands->source.stride;
  vector->destination_stride = operands->destination.stride;
  vector->immediate0 = operands->immediate0;
  vector->immediate1 = operands->immediate1;
  vector->second = operands->second.local;
  vector->second_stride = operands->second.stride;
  vector->types =
      EPOCH_VECTOR_TYPES(operands->destination_type, operands->second_type, operands->count);
}
