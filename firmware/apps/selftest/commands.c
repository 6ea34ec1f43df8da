/* SPDX-License-Identifier: Apache-2.0
 *
 * Commands on fp32 operands, their results against integers or closed forms that fp32 holds
 * exactly: 2 channels, 2 modes, 6 steps. The other modes are in modes.c, GATHER and the rest of the
 * vector unit in rows.c.
 */
#include <stdio.h>
#include <string.h>

#include "program.h"

enum { CHANNELS = 2, MODES = 2, STEPS = 6, WORDS = STEPS * CHANNELS, ROW = 4 * CHANNELS };

/* ---- The array ---- */

struct array_case {
  const char* name;
  uint32_t opcode;
  uint32_t mode;
  uint32_t flags;
  uint32_t activation;
};

/* Rows [step][channel]; column 0 of the source switches GLU's gate: 0, wide open, shut. */
static const int32_t source[WORDS] = {0, 3, 2, -1, -2, 5, 2, 4, 0, -7, -2, 6};
static const int32_t stored[WORDS] = {9, -8, 7, -6, 5, -4, 3, -2, 1, 11, -12, 13};
static const int32_t sums[WORDS] = {100, 200, -300, 400, 500, -600, 700, 800, 900, 50, 60, 70};
static const int32_t real_block[] = {1, 2, -1, 3, 0, -4, 2, 1, 5, -6}; /* [c][m]{a c}, D */
static const int32_t complex_block[] = {0, 1, 2, -1, 1, 0,  3, 2,      /* [c][m]{ar ai cr ci} */
                                        1, 1, 1, 2,  0, -1, 4, 1, 5, -6};
/* [c][m]w, bias; with it sums are 0 or at least 6 away: there GELU is 0 or the identity in fp32. */
static const int32_t mac_block[] = {4, 2, 100, 0, 20, 0};

struct block {
  const int32_t* words;
  uint32_t count;
};

static struct block block_of(uint32_t mode) {
  if (mode == EPOCH_MODE_REAL) return (struct block){real_block, 10};
  if (mode == EPOCH_MODE_COMPLEX) return (struct block){complex_block, 18};
  return (struct block){mac_block, 6};
}

/* One step of one channel's modes; state[2m], state[2m + 1] are x's parts. */
static int32_t step_modes(uint32_t mode, const int32_t* c, int32_t* state, int32_t u) {
  int32_t y = 0;
  for (uint32_t m = 0; m < MODES; m++) {
    int32_t* x = &state[2 * m];
    if (mode == EPOCH_MODE_REAL) {
      x[0] = c[2 * m] * x[0] + u;
      y += c[2 * m + 1] * x[0];
    } else {
      const int32_t* k = &c[4 * m];
      const int32_t re = k[0] * x[0] - k[1] * x[1] + u;
      x[1] = k[0] * x[1] + k[1] * x[0];
      x[0] = re;
      y += k[2] * x[0] - k[3] * x[1];
    }
  }
  return y;
}

/* SSM in integers. `state` is [channel][mode][2], from the command before or zero. */
static void expect_ssm(const struct array_case* test, int32_t* state, float* out) {
  const struct block block = block_of(test->mode);
  const uint32_t per_channel = test->mode == EPOCH_MODE_REAL ? 2 * MODES : 4 * MODES;
  const bool reverse = (test->flags & EPOCH_ARRAY_REVERSE) != 0;
  const bool shift = (test->flags & EPOCH_ARRAY_SHIFT) != 0;
  for (uint32_t ch = 0; ch < CHANNELS; ch++) {
    if (shift) out[(STEPS - 1) * CHANNELS + ch] = (float)stored[(STEPS - 1) * CHANNELS + ch];
    for (uint32_t i = 0; i < STEPS; i++) {
      const uint32_t t = reverse ? STEPS - 1 - i : i;
      const int32_t u = source[t * CHANNELS + ch];
      int32_t y = step_modes(test->mode, block.words + ch * per_channel, state + 2 * MODES * ch, u);
      if (test->flags & EPOCH_ARRAY_ACC_IN) y += sums[t * CHANNELS + ch];
      if (test->flags & EPOCH_ARRAY_EXTRA) y += block.words[CHANNELS * per_channel + ch] * u;
      if (shift && t == 0) continue;
      const uint32_t place = (shift ? t - 1 : t) * CHANNELS + ch;
      if (test->flags & EPOCH_ARRAY_COMBINE) y += stored[place];
      out[place] = (float)y;
    }
  }
}

/* Sigmoid where fp32 has it exactly: 0, far right, far left. */
static float gate(int32_t x) {
  return x == 0 ? 0.5f : x > 0 ? 1.0f : 0.0f;
}

static void expect_gemm(const struct array_case* test, float* out) {
  for (uint32_t t = 0; t < STEPS; t++) {
    int32_t y[CHANNELS];
    for (uint32_t c = 0; c < CHANNELS; c++) {
      y[c] = (test->flags & EPOCH_ARRAY_ACC_IN) ? sums[t * CHANNELS + c] : 0;
      for (uint32_t k = 0; k < MODES; k++) y[c] += source[t * MODES + k] * mac_block[c * MODES + k];
      if (test->flags & EPOCH_ARRAY_EXTRA) y[c] += mac_block[CHANNELS * MODES + c];
    }
    const bool glu = test->activation == EPOCH_ACTIVATION_GLU;
    for (uint32_t c = 0; c < (glu ? 1 : CHANNELS); c++) {
      float v = glu ? (float)y[0] * gate(y[1]) : (float)y[c];
      if (test->activation == EPOCH_ACTIVATION_GELU && y[c] <= 0) v = 0;
      if (test->flags & EPOCH_ARRAY_COMBINE) v += (float)stored[t * CHANNELS + c];
      out[t * CHANNELS + c] = v;
    }
  }
}

static struct epoch_shape shape_of(const struct array_case* test) {
  const struct epoch_shape shape = {test->mode, EPOCH_TYPE_FP32, CHANNELS, MODES};
  return shape;
}

static void build_coefficients(const struct array_case* test) {
  const struct epoch_shape shape = shape_of(test);
  const bool extra = (test->flags & EPOCH_ARRAY_EXTRA) != 0;
  epoch_build_coeff(program_next(), COEFFICIENTS(BLOCK), &shape, extra ? EPOCH_COEFF_EXTRA : 0);
}

static void build_state(const struct array_case* test, uint32_t flags) {
  const struct epoch_shape shape = shape_of(test);
  epoch_build_state(program_next(), COEFFICIENTS(STATE), &shape, flags);
}

static void build_array(const struct array_case* test) {
  const bool partial = (test->flags & EPOCH_ARRAY_ACC_OUT) != 0;
  const struct epoch_array_operands operands = {
      .shape = shape_of(test),
      .flags = test->flags,
      .activation = test->activation,
      .steps = STEPS,
      .source = {ACTIVATIONS(SOURCE), ROW},
      .destination = {partial ? ACCUMULATORS(RESULT) : ACTIVATIONS(RESULT), ROW},
      .stored = {ACTIVATIONS(STORED), ROW},
      .accumulator = {ACCUMULATORS(SUMS), ROW},
  };
  epoch_build_array(program_next(), &operands);
}

static void build_loads(const struct array_case* test) {
  const struct block block = block_of(test->mode);
  page_fill(SOURCE, source, WORDS);
  page_fill(STORED, stored, WORDS);
  page_fill(SUMS, sums, WORDS);
  page_fill(BLOCK, block.words, block.count);
  memset(page_floats(RESULT), 0xFF, 4 * WORDS);
  program_copy(EPOCH_OP_LOAD, SOURCE, ACTIVATIONS(SOURCE), 4 * WORDS);
  program_copy(EPOCH_OP_LOAD, STORED, ACTIVATIONS(STORED), 4 * WORDS);
  program_copy(EPOCH_OP_LOAD, RESULT, ACTIVATIONS(RESULT), 4 * WORDS);
  program_copy(EPOCH_OP_LOAD, SUMS, ACCUMULATORS(SUMS), 4 * WORDS);
  program_copy(EPOCH_OP_LOAD, BLOCK, COEFFICIENTS(BLOCK), 4 * block.count);
  program_control(EPOCH_OP_FENCE);
}

/* GLU writes one column of two: the other one keeps what was there. */
static bool results_are(const struct array_case* test, const float* expected) {
  const uint32_t columns = test->activation == EPOCH_ACTIVATION_GLU ? 1 : CHANNELS;
  for (uint32_t t = 0; t < STEPS; t++)
    if (!all_equal(page_floats(RESULT) + t * CHANNELS, expected + t * CHANNELS, columns))
      return false;
  return true;
}

static bool implemented(const struct array_case* test) {
  const struct epoch_caps* caps = &selftest_device.caps;
  return (caps->modes >> test->mode & 1) && (caps->activations >> test->activation & 1);
}

static void expect_results(const struct array_case* test, int32_t* state, float* expected) {
  if (test->opcode == EPOCH_OP_SSM)
    expect_ssm(test, state, expected);
  else
    expect_gemm(test, expected);
}

static void array_command(const struct array_case* test) {
  int32_t state[CHANNELS * MODES * 2] = {0};
  float expected[WORDS];
  selftest_covers(EPOCH_OP_COEFF);
  selftest_covers(test->opcode);
  if (!implemented(test)) {
    printf("%s: absent\n", test->name);
    return;
  }
  build_loads(test);
  build_coefficients(test);
  build_array(test);
  program_control(EPOCH_OP_FENCE);
  const bool partial = (test->flags & EPOCH_ARRAY_ACC_OUT) != 0;
  program_copy(EPOCH_OP_STORE, RESULT, partial ? ACCUMULATORS(RESULT) : ACTIVATIONS(RESULT),
               4 * WORDS);
  expect_results(test, state, expected);
  selftest_check(test->name, program_finish() && results_are(test, expected));
}

#define REVERSED (EPOCH_ARRAY_REVERSE | EPOCH_ARRAY_ZERO_STATE)
static const struct array_case array_cases[] = {
    {"SSM real", EPOCH_OP_SSM, EPOCH_MODE_REAL, EPOCH_ARRAY_ZERO_STATE, 0},
    {"SSM real, D and stored", EPOCH_OP_SSM, EPOCH_MODE_REAL,
     EPOCH_ARRAY_ZERO_STATE | EPOCH_ARRAY_EXTRA | EPOCH_ARRAY_COMBINE, 0},
    {"SSM real, sums in and out", EPOCH_OP_SSM, EPOCH_MODE_REAL,
     EPOCH_ARRAY_ZERO_STATE | EPOCH_ARRAY_ACC_IN | EPOCH_ARRAY_ACC_OUT, 0},
    {"SSM complex", EPOCH_OP_SSM, EPOCH_MODE_COMPLEX, EPOCH_ARRAY_ZERO_STATE, 0},
    {"SSM complex, reversed", EPOCH_OP_SSM, EPOCH_MODE_COMPLEX, REVERSED | EPOCH_ARRAY_EXTRA, 0},
    {"SSM complex, reversed and shifted", EPOCH_OP_SSM, EPOCH_MODE_COMPLEX,
     REVERSED | EPOCH_ARRAY_COMBINE | EPOCH_ARRAY_SHIFT, 0},
    {"GEMM", EPOCH_OP_GEMM, EPOCH_MODE_MAC, 0, 0},
    {"GEMM, bias and residual", EPOCH_OP_GEMM, EPOCH_MODE_MAC,
     EPOCH_ARRAY_EXTRA | EPOCH_ARRAY_COMBINE, 0},
    {"GEMM, sums in and out", EPOCH_OP_GEMM, EPOCH_MODE_MAC,
     EPOCH_ARRAY_ACC_IN | EPOCH_ARRAY_ACC_OUT, 0},
    {"GEMM, GLU", EPOCH_OP_GEMM, EPOCH_MODE_MAC, EPOCH_ARRAY_EXTRA, EPOCH_ACTIVATION_GLU},
    {"GEMM, GELU", EPOCH_OP_GEMM, EPOCH_MODE_MAC, EPOCH_ARRAY_EXTRA, EPOCH_ACTIVATION_GELU},
};
#define ARRAY_CASES (sizeof array_cases / sizeof *array_cases)

/* State out after one pass, in again after another, and on from there. */
static void state_command(void) {
  static const struct array_case start = {"", EPOCH_OP_SSM, EPOCH_MODE_REAL, EPOCH_ARRAY_ZERO_STATE,
                                          0};
  static const struct array_case more = {"", EPOCH_OP_SSM, EPOCH_MODE_REAL, 0, 0};
  int32_t state[CHANNELS * MODES * 2] = {0};
  float expected[WORDS];
  float saved[CHANNELS * MODES];
  selftest_covers(EPOCH_OP_STATE);
  if (!implemented(&start)) {
    printf("STATE: absent\n");
    return;
  }
  build_loads(&start);
  build_coefficients(&start);
  build_array(&start);
  build_state(&start, EPOCH_STATE_SAVE);
  build_array(&more); /* another state in the PEs */
  program_control(EPOCH_OP_FENCE);
  program_copy(EPOCH_OP_STORE, STATE, COEFFICIENTS(STATE), sizeof saved);
  build_state(&start, 0);
  build_array(&more);
  program_control(EPOCH_OP_FENCE);
  program_copy(EPOCH_OP_STORE, RESULT, ACTIVATIONS(RESULT), 4 * WORDS);
  expect_ssm(&start, state, expected);
  for (uint32_t i = 0; i < CHANNELS * MODES; i++) saved[i] = (float)state[2 * i];
  expect_ssm(&more, state, expected);
  const bool passed = program_finish() && all_equal(page_floats(STATE), saved, CHANNELS * MODES) &&
                      all_equal(page_floats(RESULT), expected, WORDS);
  selftest_check("STATE save and load", passed);
}

/* ---- Vector unit: 4 elements a row ---- */

enum { LENGTH = 4, ROWS = 3, VECTOR_ROW = 4 * LENGTH };

struct vector_case {
  const char* name;
  uint32_t opcode;
  uint32_t flags;
  uint32_t rows_out;
  float immediate0;
  float immediate1;
};

static const struct vector_case vector_cases[] = {
    {"AFFINE", EPOCH_OP_AFFINE, 0, ROWS, 0.5f, -3.0f},
    {"LAYERNORM", EPOCH_OP_LAYERNORM, 0, ROWS, 0.0f, 0.0f},
    {"POOL", EPOCH_OP_POOL, 0, 1, 0.0f, 0.0f},
    {"POOL, accumulated and scaled", EPOCH_OP_POOL, EPOCH_VECTOR_ACC | EPOCH_VECTOR_SCALE, 1, 0.25f,
     0.0f},
};

/* Rows m +- d with d a power of two: mean m and deviation d without rounding. */
static float vector_source(uint32_t row, uint32_t i) {
  const int32_t d = 1 << row;
  return (float)(10 * (int32_t)row + (i % 2 == 0 ? d : -d));
}
static float gain(uint32_t i) {
  return (float)(i + 1);
}
static float bias(uint32_t i) {
  return (float)(7 - 2 * (int32_t)i);
}

static float expect_vector(const struct vector_case* test, uint32_t row, uint32_t i) {
  if (test->opcode == EPOCH_OP_AFFINE)
    return (float)(row * 80 + i * 5) * test->immediate0 + test->immediate1;
  if (test->opcode == EPOCH_OP_LAYERNORM) return (i % 2 == 0 ? gain(i) : -gain(i)) + bias(i);
  float sum = (test->flags & EPOCH_VECTOR_ACC) ? (float)sums[i] : 0.0f;
  for (uint32_t r = 0; r < ROWS; r++) sum += vector_source(r, i);
  return (test->flags & EPOCH_VECTOR_SCALE) ? sum * test->immediate0 : sum;
}

static void fill_vector_operands(const struct vector_case* test) {
  uint8_t* raw = (uint8_t*)page_floats(SOURCE);
  for (uint32_t row = 0; row < ROWS; row++)
    for (uint32_t i = 0; i < LENGTH; i++) {
      if (test->opcode == EPOCH_OP_AFFINE)
        raw[row * LENGTH + i] = (uint8_t)(row * 80 + i * 5);
      else
        page_floats(SOURCE)[row * LENGTH + i] = vector_source(row, i);
    }
  for (uint32_t i = 0; i < LENGTH; i++) {
    page_floats(BLOCK)[i] = gain(i);
    page_floats(BLOCK)[LENGTH + i] = bias(i);
  }
  page_fill(RESULT, sums, WORDS);
}

static void vector_command(const struct vector_case* test) {
  const uint32_t source_row = test->opcode == EPOCH_OP_AFFINE ? LENGTH : VECTOR_ROW;
  const struct epoch_vector_operands operands = {
      .opcode = test->opcode,
      .flags = test->flags,
      .rows = ROWS,
      .length = LENGTH,
      .source = {ACTIVATIONS(SOURCE), source_row},
      .destination = {ACTIVATIONS(RESULT), VECTOR_ROW},
      .parameters = test->opcode == EPOCH_OP_LAYERNORM ? COEFFICIENTS(BLOCK) : 0,
      .immediate0 = bits_of(test->immediate0),
      .immediate1 = bits_of(test->immediate1),
  };
  fill_vector_operands(test);
  program_copy(EPOCH_OP_LOAD, SOURCE, ACTIVATIONS(SOURCE), 4 * WORDS);
  program_copy(EPOCH_OP_LOAD, RESULT, ACTIVATIONS(RESULT), 4 * WORDS);
  program_copy(EPOCH_OP_LOAD, BLOCK, COEFFICIENTS(BLOCK), 2 * VECTOR_ROW);
  program_control(EPOCH_OP_FENCE);
  epoch_build_vector(program_next(), &operands);
  program_control(EPOCH_OP_FENCE);
  program_copy(EPOCH_OP_STORE, RESULT, ACTIVATIONS(RESULT), 4 * WORDS);
  bool passed = program_finish();
  for (uint32_t row = 0; row < test->rows_out; row++)
    for (uint32_t i = 0; i < LENGTH; i++)
      passed = passed && page_floats(RESULT)[row * LENGTH + i] == expect_vector(test, row, i);
  selftest_covers(test->opcode);
  selftest_check(test->name, passed);
}

/* ---- DMA: 2 planes of 3 rows of 5 bytes, last plane and row first, on any bus byte ---- */

enum { PLANES = 2, DMA_ROWS = 3, DMA_BYTES = 5, BUS_ROW = 7, BUS_PLANE = 40, LOCAL_ROW = 8 };

static void build_strided(uint32_t opcode, uint32_t page_offset, int32_t direction) {
  const struct epoch_transfer transfer = {
      .opcode = opcode,
      .bus = selftest_page.bus + page_offset,
      .local = {ACTIVATIONS(SOURCE), LOCAL_ROW},
      .row_bytes = DMA_BYTES,
      .rows = DMA_ROWS,
      .bus_stride = (uint32_t)(direction * BUS_ROW),
      .planes = PLANES,
      .bus_plane_stride = (uint32_t)(direction * BUS_PLANE),
      .local_plane_stride = LOCAL_ROW * DMA_ROWS,
  };
  epoch_build_transfer(program_next(), &transfer);
}

static void dma_commands(void) {
  enum { FROM = 0x001, LAST = FROM + BUS_PLANE + 2 * BUS_ROW, TO = 0x203, SIZE = 2 * BUS_PLANE };
  uint8_t* bytes = selftest_page.cpu;
  for (uint32_t i = 0; i < 0x200; i++) bytes[i] = (uint8_t)(i * 11 + 3);
  memset(bytes + 0x200, 0xEE, 0x200);
  build_strided(EPOCH_OP_LOAD, LAST, -1); /* the last row of the last plane comes first */
  program_control(EPOCH_OP_FENCE);
  build_strided(EPOCH_OP_STORE, TO, 1);
  bool passed = program_finish();
  for (uint32_t i = 0; i < SIZE; i++) {
    const uint32_t plane = i / BUS_PLANE;
    const uint32_t row = i % BUS_PLANE / BUS_ROW;
    const uint32_t byte = i % BUS_PLANE % BUS_ROW;
    const bool moved = row < DMA_ROWS && byte < DMA_BYTES;
    const uint8_t expected =
        moved ? bytes[LAST - plane * BUS_PLANE - row * BUS_ROW + byte] : (uint8_t)0xEE;
    passed = passed && bytes[TO + i] == expected;
  }
  selftest_covers(EPOCH_OP_LOAD);
  selftest_covers(EPOCH_OP_STORE);
  selftest_check("LOAD and STORE, 3-D, reversed, unaligned bus", passed);
}

/* ---- Control ---- */

static void control_commands(void) {
  program_control(EPOCH_OP_NOP);
  selftest_semaphores(program_at(0), 0, 0, EPOCH_SEMAPHORE_USE(1), EPOCH_SEMAPHORE_USE(2));
  program_control(EPOCH_OP_NOP);
  selftest_semaphores(program_at(1), EPOCH_SEMAPHORE_USE(2), 0, 0, 0);
  const bool passed = program_finish() && selftest_get(EPOCH_REG_SEMAPHORE + 4 * 1) == 1 &&
                      selftest_get(EPOCH_REG_SEMAPHORE + 4 * 2) == 0;
  selftest_covers(EPOCH_OP_NOP);
  selftest_covers(EPOCH_OP_IRQ);
  selftest_check("NOP and IRQ, semaphores", passed);
  program_control(EPOCH_OP_NOP);
  selftest_semaphores(program_at(0), EPOCH_SEMAPHORE_USE(1), 0, 0, 0);
  program_finish();
  selftest_covers(EPOCH_OP_FENCE); /* orders every program of this file */
}

/* ---- The layer after each recovery: load, coefficients, SSM (or GEMM), store ---- */

static void layer_order(uint32_t at, uint32_t wait0, uint32_t wait1, uint32_t signal) {
  selftest_semaphores(program_at(at), wait0, wait1, signal, 0);
}

bool selftest_layer(void) {
  static const struct array_case ssm = {"", EPOCH_OP_SSM, EPOCH_MODE_REAL,
                                        EPOCH_ARRAY_ZERO_STATE | EPOCH_ARRAY_EXTRA, 0};
  static const struct array_case gemm = {"", EPOCH_OP_GEMM, EPOCH_MODE_MAC, EPOCH_ARRAY_EXTRA, 0};
  enum {
    INPUT = EPOCH_SEMAPHORE_USE(0),
    LOADED = EPOCH_SEMAPHORE_USE(1),
    OUTPUT = EPOCH_SEMAPHORE_USE(15)
  };
  const struct array_case* test = implemented(&ssm) ? &ssm : &gemm;
  const struct block block = block_of(test->mode);
  int32_t state[CHANNELS * MODES * 2] = {0};
  float expected[WORDS];
  page_fill(SOURCE, source, WORDS);
  page_fill(BLOCK, block.words, block.count);
  memset(page_floats(RESULT), 0xFF, 4 * WORDS);
  program_copy(EPOCH_OP_LOAD, BLOCK, COEFFICIENTS(BLOCK), 4 * block.count);
  layer_order(0, 0, 0, LOADED);
  program_copy(EPOCH_OP_LOAD, SOURCE, ACTIVATIONS(SOURCE), 4 * WORDS);
  layer_order(1, 0, 0, INPUT);
  build_coefficients(test);
  layer_order(2, LOADED, 0, 0);
  build_array(test);
  layer_order(3, INPUT, 0, OUTPUT);
  program_copy(EPOCH_OP_STORE, RESULT, ACTIVATIONS(RESULT), 4 * WORDS);
  layer_order(4, OUTPUT, 0, 0);
  expect_results(test, state, expected);
  return program_finish() && all_equal(page_floats(RESULT), expected, WORDS);
}

void selftest_commands(void) {
  control_commands();
  dma_commands();
  for (uint32_t i = 0; i < ARRAY_CASES; i++) array_command(&array_cases[i]);
  state_command();
  for (uint32_t i = 0; i < sizeof vector_cases / sizeof *vector_cases; i++)
    vector_command(&vector_cases[i]);
  selftest_modes();
  selftest_rows();
  selftest_check("a layer ordered by semaphores", selftest_layer());
}
