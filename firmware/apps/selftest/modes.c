/* SPDX-License-Identifier: Apache-2.0
 *
 * SSM in every mode but real and complex (commands.c), and STREAMS: against integers that fp32
 * holds exactly. 2 channels, 2 modes, 6 steps; of edge one cell.
 */
#include <stdio.h>
#include <string.h>

#include "program.h"

enum { CHANNELS = 2, MODES = 2, STEPS = 6, WORDS = STEPS * CHANNELS, ROW = 4 * CHANNELS };

/* Where STREAMS finds its operands, in page and buffer. */
enum { DRIVE = STORED, U = STORED + 0x80, B = SUMS, C = STATE };

/* Rows [step][channel] and, from the west, [step][mode]. */
static const int32_t u[WORDS] = {1, 2, 0, -1, 2, 1, -1, 0, 1, 1, 0, 2};
static const int32_t drive[WORDS] = {2, -1, 1, 3, 0, 2, -2, 1, 3, 0, 1, -1};
static const int32_t b[WORDS] = {1, 2, -1, 0, 2, 1, 1, -2, 0, 3, 1, 1};
static const int32_t c[WORDS] = {3, 1, 1, -1, 2, 0, -1, 2, 1, 1, 2, -3};
static const int32_t poles[WORDS] = {1, 0, -1, 2, 0, 1, 1, -1, 2, 1, 0, 1}; /* ssd's a_k */
static const int32_t deltas[WORDS] = {1, 2, 3, 1, 2, 1, 1, 4, 2, 1, 3, 2};  /* selective's d */

/* Blocks [channel][mode][word], then D. e^(d*A) is 1 for A = 0 and flushed to 0 for A = -256. */
static const int32_t liquid_real[] = {1, 1, 2, 0, -1, 3, -1, 1, 1, 1, 1, -2, 5, -6};
static const int32_t liquid_complex[] = {0, 1, 1, 0,  2, 1, 1, 0, 0, 1, 1, 2, -1,
                                         0, 1, 1, -1, 1, 0, 0, 1, 0, 3, 1, 5, -6};
static const int32_t dplr[] = {0, 1,  1, 0, 1, 0, 2, 1, 1, 0, 0,  1,  0, 1,  1, 1, -1,
                               0, -1, 1, 1, 1, 1, 2, 0, 1, 1, -1, -1, 0, -1, 1, 5, -6};
static const int32_t selective[] = {0, -256, -256, 0, 5, -6};
static const int32_t ssd[] = {5, -6};
static const int32_t edge[] = {1, -1};

struct mode_case {
  const char* name;
  uint32_t mode;
  const int32_t* source;
  const int32_t* block;
  uint32_t block_words; /* D included */
  /* One step: updates x [mode][2] of a channel, returns y. */
  int32_t (*step)(const int32_t* block, int32_t* x, uint32_t t, uint32_t channel);
};

static int32_t step_liquid_real(const int32_t* block, int32_t* x, uint32_t t, uint32_t channel) {
  int32_t y = 0;
  for (uint32_t m = 0; m < MODES; m++) {
    const int32_t* k = block + 3 * (MODES * channel + m);
    const int32_t g = k[1] * u[CHANNELS * t + channel];
    x[2 * m] = (k[0] + g) * x[2 * m] + g;
    y += k[2] * x[2 * m];
  }
  return y;
}

/* x' = a x + add. */
static void rotate(int32_t* x, int32_t re, int32_t im, int32_t add_re, int32_t add_im) {
  const int32_t next = re * x[0] - im * x[1] + add_re;
  x[1] = re * x[1] + im * x[0] + add_im;
  x[0] = next;
}

static int32_t step_liquid_complex(const int32_t* block, int32_t* x, uint32_t t, uint32_t channel) {
  int32_t y = 0;
  for (uint32_t m = 0; m < MODES; m++) {
    const int32_t* k = block + 6 * (MODES * channel + m);
    const int32_t re = k[2] * u[CHANNELS * t + channel], im = k[3] * u[CHANNELS * t + channel];
    rotate(&x[2 * m], k[0] + re, k[1] + im, re, im);
    y += k[4] * x[2 * m] - k[5] * x[2 * m + 1];
  }
  return y;
}

/* s sums over all modes before any of them moves. */
static int32_t step_dplr(const int32_t* block, int32_t* x, uint32_t t, uint32_t channel) {
  int32_t s = 0, y = 0;
  for (uint32_t m = 0; m < MODES; m++) {
    const int32_t* k = block + 8 * (MODES * channel + m);
    s += k[2] * x[2 * m] - k[3] * x[2 * m + 1];
  }
  for (uint32_t m = 0; m < MODES; m++) {
    const int32_t* k = block + 8 * (MODES * channel + m);
    rotate(&x[2 * m], k[0], k[1], u[CHANNELS * t + channel] - k[4] * s, -k[5] * s);
    y += k[6] * x[2 * m] - k[7] * x[2 * m + 1];
  }
  return y;
}

static int32_t step_streamed(const int32_t* factors, int32_t* x, uint32_t t, uint32_t channel) {
  int32_t y = 0;
  for (uint32_t m = 0; m < MODES; m++) {
    x[2 * m] = factors[m] * x[2 * m] + b[MODES * t + m] * drive[CHANNELS * t + channel];
    y += c[MODES * t + m] * x[2 * m];
  }
  return y;
}
static int32_t step_selective(const int32_t* block, int32_t* x, uint32_t t, uint32_t channel) {
  int32_t factors[MODES];
  for (uint32_t m = 0; m < MODES; m++) factors[m] = block[MODES * channel + m] == 0;
  return step_streamed(factors, x, t, channel);
}
static int32_t step_ssd(const int32_t* block, int32_t* x, uint32_t t, uint32_t channel) {
  int32_t factors[MODES];
  (void)block;
  for (uint32_t m = 0; m < MODES; m++) factors[m] = poles[CHANNELS * t + channel];
  return step_streamed(factors, x, t, channel);
}

static const struct mode_case mode_cases[] = {
    {"SSM liquid real", EPOCH_MODE_LIQUID_REAL, u, liquid_real, 14, step_liquid_real},
    {"SSM liquid complex", EPOCH_MODE_LIQUID_COMPLEX, u, liquid_complex, 26, step_liquid_complex},
    {"SSM dplr", EPOCH_MODE_DPLR, u, dplr, 34, step_dplr},
    {"STREAMS and SSM selective", EPOCH_MODE_SELECTIVE, deltas, selective, 6, step_selective},
    {"STREAMS and SSM ssd", EPOCH_MODE_SSD, poles, ssd, 2, step_ssd},
    {"SSM edge", EPOCH_MODE_EDGE, u, edge, 2, NULL},
};

static bool streams_of(const struct mode_case* test) {
  return test->mode == EPOCH_MODE_SELECTIVE || test->mode == EPOCH_MODE_SSD;
}

static void expect(const struct mode_case* test, float* out) {
  int32_t x[CHANNELS][2 * MODES] = {{0}};
  for (uint32_t t = 0; t < STEPS; t++) {
    if (test->step == NULL) { /* edge: a cell's x' is its output */
      rotate(x[0], edge[0], edge[1], u[2 * t], u[2 * t + 1]);
      for (uint32_t part = 0; part < 2; part++) out[2 * t + part] = (float)x[0][part];
      continue;
    }
    for (uint32_t channel = 0; channel < CHANNELS; channel++) {
      const int32_t d = test->block[test->block_words - CHANNELS + channel];
      const int32_t y = test->step(test->block, x[channel], t, channel);
      out[CHANNELS * t + channel] = (float)(y + d * u[CHANNELS * t + channel]);
    }
  }
}

static void load_operands(const struct mode_case* test) {
  static const struct {
    uint32_t offset;
    const int32_t* words;
  } streamed[] = {{DRIVE, drive}, {U, u}, {B, b}, {C, c}};
  page_fill(SOURCE, test->source, WORDS);
  page_fill(BLOCK, test->block, test->block_words);
  memset(page_floats(RESULT), 0xFF, 4 * WORDS);
  program_copy(EPOCH_OP_LOAD, SOURCE, ACTIVATIONS(SOURCE), 4 * WORDS);
  program_copy(EPOCH_OP_LOAD, BLOCK, COEFFICIENTS(BLOCK), 4 * test->block_words);
  for (uint32_t i = 0; streams_of(test) && i < sizeof streamed / sizeof *streamed; i++) {
    page_fill(streamed[i].offset, streamed[i].words, WORDS);
    program_copy(EPOCH_OP_LOAD, streamed[i].offset, ACTIVATIONS(streamed[i].offset), 4 * WORDS);
  }
  program_control(EPOCH_OP_FENCE);
}

static void build_streams(void) {
  const struct epoch_streams_command streams = {
      .control = EPOCH_CONTROL(EPOCH_OP_STREAMS, 0, 0),
      .drive = ACTIVATIONS(DRIVE),
      .drive_stride = ROW,
      .b = ACTIVATIONS(B),
      .c = ACTIVATIONS(C),
      .west_stride = 4 * MODES,
      .u = ACTIVATIONS(U),
      .u_stride = ROW,
  };
  memcpy(program_next(), &streams, sizeof streams);
}

static void build_ssm(const struct mode_case* test) {
  const bool cell = test->mode == EPOCH_MODE_EDGE;
  const uint32_t extent = cell ? EPOCH_EXTENT(1, 1) : EPOCH_EXTENT(CHANNELS, MODES);
  const uint32_t flags = EPOCH_ARRAY_ZERO_STATE | (cell ? 0 : EPOCH_ARRAY_EXTRA);
  const struct epoch_coeff_command coeff = {
      .control = EPOCH_CONTROL(EPOCH_OP_COEFF, 0, 0),
      .local = COEFFICIENTS(BLOCK),
      .format = EPOCH_FORMAT(test->mode, EPOCH_TYPE_FP32, cell ? 0 : EPOCH_COEFF_EXTRA),
      .extent = extent,
  };
  const struct epoch_array_command array = {
      .control = EPOCH_CONTROL(EPOCH_OP_SSM, 0, 0),
      .source = ACTIVATIONS(SOURCE),
      .destination = ACTIVATIONS(RESULT),
      .format = EPOCH_FORMAT(test->mode, EPOCH_TYPE_FP32, flags),
      .extent = extent,
      .steps = STEPS,
      .source_stride = ROW,
      .destination_stride = ROW,
  };
  memcpy(program_next(), &coeff, sizeof coeff);
  if (streams_of(test)) build_streams();
  memcpy(program_next(), &array, sizeof array);
}

static void mode_command(const struct mode_case* test) {
  float expected[WORDS];
  if (streams_of(test)) selftest_covers(EPOCH_OP_STREAMS);
  if ((selftest_device.caps.modes >> test->mode & 1) == 0) {
    printf("%s: absent\n", test->name);
    return;
  }
  load_operands(test);
  build_ssm(test);
  program_control(EPOCH_OP_FENCE);
  program_copy(EPOCH_OP_STORE, RESULT, ACTIVATIONS(RESULT), 4 * WORDS);
  expect(test, expected);
  selftest_check(test->name, program_finish() && all_equal(page_floats(RESULT), expected, WORDS));
}

void selftest_modes(void) {
  for (uint32_t i = 0; i < sizeof mode_cases / sizeof *mode_cases; i++)
    mode_command(&mode_cases[i]);
}
