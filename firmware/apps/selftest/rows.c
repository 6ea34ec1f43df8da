/* SPDX-License-Identifier: Apache-2.0
 *
 * GATHER and the commands of the vector unit that contract 1.1 added, against integers that fp32
 * holds exactly.
 */
#include <stdio.h>
#include <string.h>

#include "program.h"

enum { ROWS = 6, LENGTH = 4, WORDS = ROWS * LENGTH, ROW = 4 * LENGTH };
enum { TAPS = 3, SPLIT = 2 }; /* of CONV1D: rows of its first command */
enum { SECOND = STORED, TABLE = 0x600, NARROW = 0x700 };

static int32_t x(uint32_t row, uint32_t i) {
  return (int32_t)(row * 7 + i * 5) % 11 - 4;
}
static int32_t y(uint32_t row, uint32_t i) {
  return (int32_t)(row * 3 + i * 4) % 9 - 3;
}
static int32_t gain(uint32_t i) {
  return (int32_t)i - 1;
}
static int32_t bias(uint32_t i) {
  return 7 - 2 * (int32_t)i;
}
static int32_t weight(uint32_t tap, uint32_t i) {
  return (int32_t)(tap * 2 + i) % 5 - 2;
}
static int32_t relu(int32_t v) {
  return v < 0 ? 0 : v;
}

static bool absent(const char* name, uint32_t opcode) {
  selftest_covers(opcode);
  if (selftest_device.caps.vector_ops >> (opcode - EPOCH_OP_AFFINE) & 1) return false;
  printf("%s: absent\n", name);
  return true;
}

/* ---- GATHER: a table that lies upside down, its rows by index ---- */

static void gather(void) {
  enum { TABLE_ROWS = 5, BYTES = 12, PICKED = 6 };
  static const uint32_t indices[PICKED] = {3, 0, 4, 4, 1, 2};
  uint8_t* bytes = (uint8_t*)page_words(TABLE);
  const uint8_t* result = (const uint8_t*)page_words(RESULT);
  const uint64_t last = selftest_page.bus + TABLE + (TABLE_ROWS - 1) * BYTES;
  for (uint32_t i = 0; i < TABLE_ROWS * BYTES; i++) bytes[i] = (uint8_t)(i * 13 + 5);
  memcpy(page_words(SUMS), indices, sizeof indices);
  const struct epoch_dma_command command = {
      .control = EPOCH_CONTROL(EPOCH_OP_GATHER, 0, 0),
      .bus_lo = (uint32_t)last,
      .bus_hi = (uint32_t)(last >> 32),
      .local = ACTIVATIONS(RESULT),
      .row_bytes = BYTES,
      .rows = PICKED,
      .bus_row_stride = (uint32_t)-BYTES,
      .local_row_stride = BYTES,
      .planes = 1,
      .indices = ACCUMULATORS(SUMS),
      .table_rows = TABLE_ROWS,
  };
  program_copy(EPOCH_OP_LOAD, SUMS, ACCUMULATORS(SUMS), sizeof indices);
  program_control(EPOCH_OP_FENCE);
  memcpy(program_next(), &command, sizeof command);
  program_control(EPOCH_OP_FENCE);
  program_copy(EPOCH_OP_STORE, RESULT, ACTIVATIONS(RESULT), PICKED * BYTES);
  bool passed = program_finish();
  for (uint32_t r = 0; r < PICKED; r++)
    passed = passed &&
             memcmp(result + r * BYTES, bytes + (TABLE_ROWS - 1 - indices[r]) * BYTES, BYTES) == 0;
  selftest_covers(EPOCH_OP_GATHER);
  selftest_check("GATHER, a table upside down", passed);
}

/* ---- Vector unit ---- */

/* Source x and second y, `columns` elements a row; parameters in their block. */
static void load_rows(uint32_t columns, uint32_t parameters) {
  for (uint32_t row = 0; row < ROWS; row++)
    for (uint32_t i = 0; i < columns; i++) {
      page_floats(SOURCE)[row * columns + i] = (float)x(row, i);
      page_floats(SECOND)[row * columns + i] = (float)y(row, i);
    }
  memset(page_words(RESULT), 0xFF, 4 * WORDS);
  program_copy(EPOCH_OP_LOAD, SOURCE, ACTIVATIONS(SOURCE), 4 * WORDS);
  program_copy(EPOCH_OP_LOAD, SECOND, ACTIVATIONS(SECOND), 4 * WORDS);
  program_copy(EPOCH_OP_LOAD, BLOCK, COEFFICIENTS(BLOCK), 4 * parameters);
  program_control(EPOCH_OP_FENCE);
}

static struct epoch_vector_command vector(uint32_t opcode, uint32_t mode, uint32_t flags) {
  const struct epoch_vector_command command = {
      .control = EPOCH_CONTROL(opcode, 0, 0),
      .source = ACTIVATIONS(SOURCE),
      .destination = ACTIVATIONS(RESULT),
      .parameters = COEFFICIENTS(BLOCK),
      .format = EPOCH_FORMAT(mode, EPOCH_TYPE_FP32, flags),
      .rows = ROWS,
      .length = LENGTH,
      .source_stride = ROW,
      .destination_stride = ROW,
  };
  return command;
}

/* Runs it and brings `bytes` of its results back to the page. */
static bool run(const struct epoch_vector_command* command, uint32_t bytes) {
  memcpy(program_next(), command, sizeof *command);
  program_control(EPOCH_OP_FENCE);
  program_copy(EPOCH_OP_STORE, RESULT, ACTIVATIONS(RESULT), bytes);
  return program_finish();
}

/* Rows of +-d, d a power of two: their root mean square without rounding. */
static void rmsnorm(void) {
  if (absent("RMSNORM", EPOCH_OP_RMSNORM)) return;
  const struct epoch_vector_command command = vector(EPOCH_OP_RMSNORM, 0, 0);
  for (uint32_t i = 0; i < LENGTH; i++) page_floats(BLOCK)[i] = (float)gain(i);
  load_rows(LENGTH, LENGTH);
  for (uint32_t i = 0; i < WORDS; i++) {
    const float d = (float)(1u << (i / LENGTH));
    page_floats(SOURCE)[i] = i % 3 == 0 ? -d : d;
  }
  bool passed = run(&command, 4 * WORDS);
  for (uint32_t i = 0; i < WORDS; i++) {
    const int32_t sign = i % 3 == 0 ? -1 : 1;
    passed = passed && page_floats(RESULT)[i] == (float)(sign * gain(i % LENGTH));
  }
  selftest_check("RMSNORM", passed);
}

static void map(void) {
  if (absent("MAP", EPOCH_OP_MAP)) return;
  struct epoch_vector_command command =
      vector(EPOCH_OP_MAP, EPOCH_FUNCTION_RELU, EPOCH_VECTOR_GAIN | EPOCH_VECTOR_BIAS);
  command.types = EPOCH_VECTOR_TYPES(EPOCH_TYPE_FP32, 0, 2); /* an element for two columns */
  command.source_stride = ROW / 2;
  for (uint32_t i = 0; i < LENGTH; i++) {
    page_floats(BLOCK)[i] = (float)gain(i);
    page_floats(BLOCK)[LENGTH + i] = (float)bias(i);
  }
  load_rows(LENGTH / 2, 2 * LENGTH);
  bool passed = run(&command, 4 * WORDS);
  for (uint32_t i = 0; i < WORDS; i++) {
    const uint32_t column = i % LENGTH;
    const int32_t v = x(i / LENGTH, column / 2) * gain(column) + bias(column);
    passed = passed && page_floats(RESULT)[i] == (float)relu(v);
  }
  selftest_check("MAP, gain, bias and a function", passed);
}

/* fp32 to bf16 and back; to int8, halves to even. */
static void map_types(void) {
  const uint32_t needed = 1u << EPOCH_TYPE_BF16 | 1u << EPOCH_TYPE_INT8;
  if (absent("MAP, types", EPOCH_OP_MAP)) return;
  if ((selftest_device.caps.types & needed) != needed) {
    printf("MAP, types: absent\n");
    return;
  }
  struct epoch_vector_command narrow = vector(EPOCH_OP_MAP, EPOCH_FUNCTION_IDENTITY, 0);
  narrow.destination = ACTIVATIONS(NARROW);
  narrow.destination_stride = 2 * LENGTH;
  narrow.types = EPOCH_VECTOR_TYPES(EPOCH_TYPE_BF16, 0, 0);
  struct epoch_vector_command wide = vector(EPOCH_OP_MAP, EPOCH_FUNCTION_IDENTITY, 0);
  wide.source = ACTIVATIONS(NARROW);
  wide.source_stride = 2 * LENGTH;
  wide.format = EPOCH_FORMAT(EPOCH_FUNCTION_IDENTITY, EPOCH_TYPE_BF16, 0);
  load_rows(LENGTH, LENGTH);
  memcpy(program_next(), &narrow, sizeof narrow);
  program_control(EPOCH_OP_FENCE);
  bool passed = run(&wide, 4 * WORDS);
  for (uint32_t i = 0; i < WORDS; i++)
    passed = passed && page_floats(RESULT)[i] == (float)x(i / LENGTH, i % LENGTH);
  selftest_check("MAP, to bf16 and back", passed);

  struct epoch_vector_command bytes = vector(EPOCH_OP_MAP, EPOCH_FUNCTION_IDENTITY, 0);
  bytes.destination_stride = LENGTH;
  bytes.types = EPOCH_VECTOR_TYPES(EPOCH_TYPE_INT8, 0, 0);
  bytes.immediate1 = bits_of(50.5f);
  load_rows(LENGTH, LENGTH);
  passed = run(&bytes, WORDS);
  for (uint32_t i = 0; i < WORDS; i++) {
    const int32_t twice = 101 * x(i / LENGTH, i % LENGTH); /* of the value to round */
    int32_t rounded = twice / 2;
    if (twice % 2 != 0 && rounded % 2 != 0) rounded += twice < 0 ? -1 : 1;
    rounded = rounded < -127 ? -127 : rounded > 127 ? 127 : rounded;
    passed = passed && ((const int8_t*)page_words(RESULT))[i] == rounded;
  }
  selftest_check("MAP, to int8", passed);
}

static int32_t combined(uint32_t op, int32_t a, int32_t b) {
  switch (op) {
    case EPOCH_COMBINE_MULTIPLY:
      return a * b;
    case EPOCH_COMBINE_ADD:
      return a + b;
    case EPOCH_COMBINE_SUBTRACT:
      return a - b;
    default:
      return a > b ? a : b;
  }
}

static void combine(void) {
  if (absent("COMBINE", EPOCH_OP_COMBINE)) return;
  bool passed = true;
  for (uint32_t op = 0; op < EPOCH_COMBINES; op++) {
    struct epoch_vector_command command =
        vector(EPOCH_OP_COMBINE, EPOCH_VECTOR_MODE(op, EPOCH_FUNCTION_RELU), EPOCH_VECTOR_GAIN);
    command.second = ACTIVATIONS(SECOND);
    command.second_stride = ROW;
    for (uint32_t i = 0; i < LENGTH; i++) page_floats(BLOCK)[i] = (float)gain(i);
    load_rows(LENGTH, LENGTH);
    passed = run(&command, 4 * WORDS) && passed;
    for (uint32_t i = 0; i < WORDS; i++) {
      const uint32_t row = i / LENGTH, column = i % LENGTH;
      const int32_t v = combined(op, x(row, column), relu(y(row, column) * gain(column)));
      passed = passed && page_floats(RESULT)[i] == (float)v;
    }
  }
  selftest_check("COMBINE, every operator", passed);
}

/* Rows before the first are zeros: of the first command by ZERO, of the second what it left. */
static int32_t convolved(uint32_t row, uint32_t i) {
  int32_t sum = bias(i);
  for (uint32_t k = 0; k < TAPS; k++)
    if (row + k + 1 >= TAPS) sum += weight(k, i) * x(row + k + 1 - TAPS, i);
  return relu(sum);
}

static void conv1d(void) {
  if (absent("CONV1D", EPOCH_OP_CONV1D)) return;
  struct epoch_vector_command command =
      vector(EPOCH_OP_CONV1D, EPOCH_FUNCTION_RELU, EPOCH_VECTOR_BIAS | EPOCH_VECTOR_ZERO);
  command.types = EPOCH_VECTOR_TYPES(EPOCH_TYPE_FP32, 0, TAPS);
  command.second = ACCUMULATORS(STATE);
  command.rows = SPLIT;
  for (uint32_t i = 0; i < LENGTH; i++) {
    for (uint32_t k = 0; k < TAPS; k++) page_floats(BLOCK)[LENGTH * k + i] = (float)weight(k, i);
    page_floats(BLOCK)[LENGTH * TAPS + i] = (float)bias(i);
  }
  load_rows(LENGTH, LENGTH * (TAPS + 1));
  memcpy(program_next(), &command, sizeof command);
  program_control(EPOCH_OP_FENCE); /* the history has to be there */
  command.format = EPOCH_FORMAT(EPOCH_FUNCTION_RELU, EPOCH_TYPE_FP32, EPOCH_VECTOR_BIAS);
  command.rows = ROWS - SPLIT;
  command.source += SPLIT * ROW;
  command.destination += SPLIT * ROW;
  memcpy(program_next(), &command, sizeof command);
  program_control(EPOCH_OP_FENCE);
  program_copy(EPOCH_OP_STORE, STATE, ACCUMULATORS(STATE), (TAPS - 1) * ROW);
  program_copy(EPOCH_OP_STORE, RESULT, ACTIVATIONS(RESULT), 4 * WORDS);
  bool passed = program_finish();
  for (uint32_t i = 0; i < WORDS; i++)
    passed = passed && page_floats(RESULT)[i] == (float)convolved(i / LENGTH, i % LENGTH);
  for (uint32_t i = 0; i < (TAPS - 1) * LENGTH; i++)
    passed =
        passed && page_floats(STATE)[i] == (float)x(ROWS - (TAPS - 1) + i / LENGTH, i % LENGTH);
  selftest_check("CONV1D in two commands, its history", passed);
}

static void argmax(void) {
  enum { NAN_BITS = 0x7FC00000 };
  static const uint32_t expected[ROWS] = {1, 2, 0, 3, 0, 0};
  static const int32_t values[WORDS] = {1, 5, 5, 2, 0, -3, -2, 0, 4, 4, 4,  4,
                                        1, 2, 3, 4, 0, 0,  0,  0, 0, 0, -1, -2};
  if (absent("ARGMAX", EPOCH_OP_ARGMAX)) return;
  struct epoch_vector_command command = vector(EPOCH_OP_ARGMAX, 0, 0);
  command.destination_stride = 4;
  load_rows(LENGTH, LENGTH);
  page_fill(SOURCE, values, WORDS);
  page_words(SOURCE)[4] = page_words(SOURCE)[7] = NAN_BITS;            /* never the largest */
  for (uint32_t i = 16; i < 20; i++) page_words(SOURCE)[i] = NAN_BITS; /* 0 if there is nothing */
  bool passed = run(&command, 4 * ROWS);
  for (uint32_t row = 0; row < ROWS; row++)
    passed = passed && page_words(RESULT)[row] == expected[row];
  selftest_check("ARGMAX, the first of equals, never a NaN", passed);
}

void selftest_rows(void) {
  gather();
  rmsnorm();
  map();
  map_types();
  combine();
  conv1d();
  argmax();
}
