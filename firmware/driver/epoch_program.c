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

void epoch_build_transfer(union epoch_descriptor* descriptor, uint32_t opcode, uint64_t bus,
                          uint32_t bus_stride, struct epoch_rows local, uint32_t row_bytes,
                          uint32_t rows) {
  struct epoch_dma_command* dma = &descriptor->dma;
  begin(descriptor, opcode);
  dma->bus_lo = (uint32_t)bus;
  dma->bus_hi = (uint32_t)(bus >> 32);
  dma->local = local.local;
  dma->row_bytes = row_bytes;
  dma->rows = rows;
  dma->bus_row_stride = bus_stride;
  dma->local_row_stride = local.stride;
  dma->planes = 1;
}

static void build_block(union epoch_descriptor* descriptor, uint32_t opcode, uint32_t local,
                        uint32_t format, uint32_t extent) {
  begin(descriptor, opcode);
  descriptor->coeff.local = local; /* STATE has the same fields */
  descriptor->coeff.format = format;
  descriptor->coeff.extent = extent;
}

void epoch_build_coeff(union epoch_descriptor* descriptor, uint32_t local, uint32_t mode,
                       uint32_t flags, uint32_t channels, uint32_t modes) {
  build_block(descriptor, EPOCH_OP_COEFF, local, EPOCH_FORMAT(mode, EPOCH_TYPE_FP32, flags),
              EPOCH_EXTENT(channels, modes));
}

void epoch_build_state(union epoch_descriptor* descriptor, uint32_t local, uint32_t mode,
                       uint32_t flags, uint32_t channels, uint32_t modes) {
  build_block(descriptor, EPOCH_OP_STATE, local, EPOCH_FORMAT(mode, EPOCH_TYPE_FP32, flags),
              EPOCH_EXTENT(channels, modes));
}

void epoch_build_array(union epoch_descriptor* descriptor,
                       const struct epoch_array_operands* operands) {
  struct epoch_array_command* array = &descriptor->array;
  begin(descriptor, operands->mode == EPOCH_MODE_MAC ? EPOCH_OP_GEMM : EPOCH_OP_SSM);
  array->source = operands->source.local;
  array->destination = operands->destination.local;
  array->stored = operands->stored.local;
  array->accumulator = operands->accumulator.local;
  array->format = EPOCH_FORMAT(operands->mode, EPOCH_TYPE_FP32, operands->flags);
  array->extent = EPOCH_EXTENT(operands->channels, operands->modes);
  array->steps = operands->steps;
  array->source_stride = operands->source.stride;
  array->destination_stride = operands->destination.stride;
  array->stored_stride = operands->stored.stride;
  array->accumulator_stride = operands->accumulator.stride;
  array->activation = operands->activation;
}

void epoch_build_vector(union epoch_descriptor* descriptor,
                        const struct epoch_vector_operands* operands) {
  struct epoch_vector_command* vector = &descriptor->vector;
  begin(descriptor, operands->opcode);
  vector->source = operands->source.local;
  vector->destination = operands->destination.local;
  vector->parameters = operands->parameters;
  vector->format = EPOCH_FORMAT(0, EPOCH_TYPE_FP32, operands->flags);
  vector->rows = operands->rows;
  vector->length = operands->length;
  vector->source_stride = operands->source.stride;
  vector->destination_stride = operands->destination.stride;
  vector->immediate0 = operands->immediate0;
  vector->immediate1 = operands->immediate1;
}
