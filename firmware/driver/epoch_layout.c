/* SPDX-License-Identifier: Apache-2.0 */
#include "epoch_layout.h"

#include "epoch_image.h"

/* Descriptors hold channels and modes in 16 bits, the image holds offsets in 32. */
#define MAX_ELEMENTS 0xFFFFu
#define MAX_BYTES 0x7FFFFFFFu

static uint32_t minimum(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}

static uint32_t divide_up(uint32_t a, uint32_t b) {
  return a / b + (a % b != 0);
}

static uint64_t padded(uint64_t bytes, uint32_t to) {
  return (bytes + to - 1) / to * to;
}

/* ---- Widths ---- */

uint32_t epoch_type_bytes(uint32_t type) {
  switch (type) {
    case EPOCH_TYPE_FP32:
      return 4;
    case EPOCH_TYPE_BF16:
    case EPOCH_TYPE_BF16D:
      return 2;
    case EPOCH_TYPE_INT8:
      return 1;
    default:
      return 0;
  }
}

/* Words of a mode: poles (a, A), 4-byte words (w, p), words of the type's width (b, c, weights). */
struct words {
  uint32_t poles;
  uint32_t wide;
  uint32_t narrow;
  uint32_t state;
};

static const struct words mode_words[] = {
    [EPOCH_MODE_REAL] = {1, 0, 1, 1},        [EPOCH_MODE_COMPLEX] = {2, 0, 2, 2},
    [EPOCH_MODE_LIQUID_REAL] = {1, 0, 2, 1}, [EPOCH_MODE_LIQUID_COMPLEX] = {2, 0, 4, 2},
    [EPOCH_MODE_DPLR] = {2, 4, 2, 2},        [EPOCH_MODE_SELECTIVE] = {1, 0, 0, 1},
    [EPOCH_MODE_SSD] = {0, 0, 0, 1},         [EPOCH_MODE_EDGE] = {2, 0, 0, 2},
    [EPOCH_MODE_MAC] = {0, 0, 1, 0},
};

static int streamed(uint32_t mode) {
  return mode == EPOCH_MODE_SELECTIVE || mode == EPOCH_MODE_SSD;
}

/* Whether the contract defines the type for the mode. */
static int defined(uint32_t mode, uint32_t type) {
  if (mode > EPOCH_MODE_MAC || epoch_type_bytes(type) == 0) return 0;
  if (type == EPOCH_TYPE_BF16D) return !streamed(mode);
  if (type == EPOCH_TYPE_INT8)
    return mode == EPOCH_MODE_REAL || mode == EPOCH_MODE_COMPLEX || mode == EPOCH_MODE_MAC;
  return 1;
}

uint32_t epoch_mode_bytes(uint32_t mode, uint32_t type) {
  if (!defined(mode, type)) return 0;
  const struct words* words = &mode_words[mode];
  const uint32_t pole = type == EPOCH_TYPE_BF16D || type == EPOCH_TYPE_INT8 ? 2 : 4;
  return words->poles * pole + words->wide * 4 + words->narrow * epoch_type_bytes(type);
}

uint32_t epoch_extra_bytes(uint32_t mode, uint32_t type) {
  return mode == EPOCH_MODE_MAC || type == EPOCH_TYPE_INT8 ? 4 : epoch_type_bytes(type);
}

uint32_t epoch_state_bytes(uint32_t mode) {
  return mode > EPOCH_MODE_MAC ? 0 : 4 * mode_words[mode].state;
}

/* Bytes of a COEFF block. */
static uint64_t block_bytes(uint32_t mode, uint32_t type, uint32_t channels, uint32_t modes,
                            uint32_t extra) {
  uint64_t bytes = padded((uint64_t)channels * modes * epoch_mode_bytes(mode, type), 4);
  if (type == EPOCH_TYPE_INT8) bytes += 4ull * channels;
  if (extra) bytes += (uint64_t)channels * epoch_extra_bytes(mode, type);
  return bytes;
}

static int valid_array(const struct epoch_array_shape* array) {
  return array->rows != 0 && array->cols != 0 && array->segment_rows != 0 &&
         array->rows <= MAX_ELEMENTS && array->cols <= MAX_ELEMENTS &&
         array->rows % array->segment_rows == 0 && array->state_slots != 0 &&
         array->state_slots <= 255 && array->slots_kind <= EPOCH_SLOTS_BATCH;
}

static int valid_sizes(uint32_t a, uint32_t b, uint32_t extra) {
  return a != 0 && b != 0 && a <= MAX_ELEMENTS && b <= MAX_ELEMENTS && extra <= 1;
}

/* ---- SSM ---- */

/* Bytes of the blocks of one pass, each padded, for `channels` channels in it. */
static uint64_t ssm_pass_bytes(const struct epoch_ssm_layout* layout, uint32_t channels) {
  const uint32_t last = layout->modes - (layout->blocks - 1) * layout->modes_per_block;
  const uint64_t full =
      block_bytes(layout->mode, layout->type, channels, layout->modes_per_block, 0);
  return (layout->blocks - 1) * padded(full, EPOCH_IMAGE_ALIGN) +
         padded(block_bytes(layout->mode, layout->type, channels, last, layout->extra),
                EPOCH_IMAGE_ALIGN);
}

static uint64_t ssm_total_bytes(const struct epoch_ssm_layout* layout) {
  return (layout->passes - 1) * ssm_pass_bytes(layout, layout->channels_per_pass) +
         ssm_pass_bytes(layout, epoch_ssm_pass_channels(layout, layout->passes - 1));
}

/* Batch slots hold sequences, of which this driver runs one at a time. */
static void place_on_array(struct epoch_ssm_layout* layout, const struct epoch_array_shape* array) {
  const uint32_t slots = array->state_slots;
  const uint32_t per_row = array->slots_kind == EPOCH_SLOTS_MODE ? slots : 1;
  if (layout->mode == EPOCH_MODE_EDGE) { /* cells at the drain, two columns each */
    layout->modes_per_block = layout->modes;
    layout->rows_per_channel = 1;
    layout->folds = 1;
    layout->channels_per_pass = array->cols / 2;
    return;
  }
  layout->modes_per_block = minimum(layout->modes, array->rows * per_row);
  const uint32_t rows = divide_up(layout->modes_per_block, per_row);
  layout->rows_per_channel = divide_up(rows, array->segment_rows) * array->segment_rows;
  layout->folds = array->rows / layout->rows_per_channel; /* >= 1: segments divide the rows */
  layout->channels_per_pass =
      layout->folds * array->cols * (array->slots_kind == EPOCH_SLOTS_CHANNEL ? slots : 1);
}

int epoch_ssm_layout_make(struct epoch_ssm_layout* layout, const struct epoch_array_shape* array,
                          uint32_t mode, uint32_t type, uint32_t channels, uint32_t modes,
                          uint32_t extra) {
  if (!valid_array(array) || !valid_sizes(channels, modes, extra)) return -1;
  if (mode == EPOCH_MODE_MAC || !defined(mode, type)) return -1;
  if (mode == EPOCH_MODE_EDGE && (modes != 1 || extra != 0 || array->cols < 2)) return -1;
  layout->mode = mode;
  layout->type = type;
  layout->channels = channels;
  layout->modes = modes;
  layout->extra = extra;
  place_on_array(layout, array);
  layout->blocks = divide_up(modes, layout->modes_per_block);
  layout->passes = divide_up(channels, layout->channels_per_pass);
  if (mode == EPOCH_MODE_DPLR && layout->blocks > 1) return -1;
  return ssm_total_bytes(layout) > MAX_BYTES ? -1 : 0;
}

uint32_t epoch_ssm_pass_channels(const struct epoch_ssm_layout* layout, uint32_t pass) {
  return minimum(layout->channels_per_pass, layout->channels - pass * layout->channels_per_pass);
}

uint32_t epoch_ssm_block_modes(const struct epoch_ssm_layout* layout, uint32_t block) {
  return minimum(layout->modes_per_block, layout->modes - block * layout->modes_per_block);
}

uint32_t epoch_ssm_block_bytes(const struct epoch_ssm_layout* layout, uint32_t pass,
                               uint32_t block) {
  const uint32_t last = block + 1 == layout->blocks;
  return (uint32_t)block_bytes(layout->mode, layout->type, epoch_ssm_pass_channels(layout, pass),
                               epoch_ssm_block_modes(layout, block), last && layout->extra);
}

uint32_t epoch_ssm_block_offset(const struct epoch_ssm_layout* layout, uint32_t pass,
                                uint32_t block) {
  const uint64_t earlier_passes = pass * ssm_pass_bytes(layout, layout->channels_per_pass);
  const uint64_t full =
      block_bytes(layout->mode, layout->type, epoch_ssm_pass_channels(layout, pass),
                  layout->modes_per_block, 0);
  return (uint32_t)(earlier_passes + block * padded(full, EPOCH_IMAGE_ALIGN));
}

uint32_t epoch_ssm_bytes(const struct epoch_ssm_layout* layout) {
  return (uint32_t)ssm_total_bytes(layout);
}

uint32_t epoch_ssm_block_state(const struct epoch_ssm_layout* layout, uint32_t pass,
                               uint32_t block) {
  return epoch_ssm_pass_channels(layout, pass) * epoch_ssm_block_modes(layout, block) *
         epoch_state_bytes(layout->mode);
}

/* ---- GEMM ---- */

/* Bytes of the tiles of one output fold, each padded, for `outputs` columns in it. */
static uint64_t gemm_fold_bytes(const struct epoch_gemm_layout* layout, uint32_t outputs) {
  const uint32_t last = layout->inputs - (layout->input_folds - 1) * layout->inputs_per_fold;
  const uint64_t full =
      block_bytes(EPOCH_MODE_MAC, layout->type, outputs, layout->inputs_per_fold, 0);
  return (layout->input_folds - 1) * padded(full, EPOCH_IMAGE_ALIGN) +
         padded(block_bytes(EPOCH_MODE_MAC, layout->type, outputs, last, layout->extra),
                EPOCH_IMAGE_ALIGN);
}

static uint64_t gemm_total_bytes(const struct epoch_gemm_layout* layout) {
  return (layout->output_folds - 1) * gemm_fold_bytes(layout, layout->outputs_per_fold) +
         gemm_fold_bytes(layout, epoch_gemm_fold_outputs(layout, layout->output_folds - 1));
}

int epoch_gemm_layout_make(struct epoch_gemm_layout* layout, const struct epoch_array_shape* array,
                           uint32_t type, uint32_t inputs, uint32_t outputs, uint32_t extra,
                           uint32_t glu) {
  if (!valid_array(array) || glu > 1 || extra > 1 || epoch_type_bytes(type) == 0) return -1;
  if (inputs == 0 || outputs == 0 || inputs > MAX_BYTES / 4 || outputs > MAX_BYTES / 4) return -1;
  if (glu && (array->cols < 2 || outputs % 2 != 0)) return -1;
  layout->type = type;
  layout->inputs = inputs;
  layout->outputs = outputs;
  layout->extra = extra;
  layout->inputs_per_fold = minimum(inputs, array->rows);
  layout->input_folds = divide_up(inputs, layout->inputs_per_fold);
  layout->outputs_per_fold = minimum(outputs, glu ? array->cols / 2 * 2 : array->cols);
  layout->output_folds = divide_up(outputs, layout->outputs_per_fold);
  return gemm_total_bytes(layout) > MAX_BYTES ? -1 : 0;
}

uint32_t epoch_gemm_fold_outputs(const struct epoch_gemm_layout* layout, uint32_t output_fold) {
  return minimum(layout->outputs_per_fold,
                 layout->outputs - output_fold * layout->outputs_per_fold);
}

uint32_t epoch_gemm_fold_inputs(const struct epoch_gemm_layout* layout, uint32_t input_fold) {
  return minimum(layout->inputs_per_fold, layout->inputs - input_fold * layout->inputs_per_fold);
}

uint32_t epoch_gemm_block_bytes(const struct epoch_gemm_layout* layout, uint32_t output_fold,
                                uint32_t input_fold) {
  const uint32_t last = input_fold + 1 == layout->input_folds;
  return (uint32_t)block_bytes(EPOCH_MODE_MAC, layout->type,
                               epoch_gemm_fold_outputs(layout, output_fold),
                               epoch_gemm_fold_inputs(layout, input_fold), last && layout->extra);
}

uint32_t epoch_gemm_block_offset(const struct epoch_gemm_layout* layout, uint32_t output_fold,
                                 uint32_t input_fold) {
  const uint64_t earlier_folds = output_fold * gemm_fold_bytes(layout, layout->outputs_per_fold);
  const uint64_t full =
      block_bytes(EPOCH_MODE_MAC, layout->type, epoch_gemm_fold_outputs(layout, output_fold),
                  layout->inputs_per_fold, 0);
  return (uint32_t)(earlier_folds + input_fold * padded(full, EPOCH_IMAGE_ALIGN));
}

uint32_t epoch_gemm_bytes(const struct epoch_gemm_layout* layout) {
  return (uint32_t)gemm_total_bytes(layout);
}
