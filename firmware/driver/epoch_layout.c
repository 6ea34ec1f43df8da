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

static uint64_t padded(uint64_t bytes) {
  return (bytes + EPOCH_IMAGE_ALIGN - 1) / EPOCH_IMAGE_ALIGN * EPOCH_IMAGE_ALIGN;
}

/* Contract 1.0 has one state slot a PE: CAPS does not say what more slots would hold. */
static int valid_array(const struct epoch_array_shape* array) {
  return array->rows != 0 && array->cols != 0 && array->segment_rows != 0 &&
         array->rows <= MAX_ELEMENTS && array->cols <= MAX_ELEMENTS &&
         array->rows % array->segment_rows == 0 && array->state_slots == 1;
}

static int valid_sizes(uint32_t a, uint32_t b, uint32_t extra) {
  return a != 0 && b != 0 && a <= MAX_ELEMENTS && b <= MAX_ELEMENTS && extra <= 1;
}

/* Bytes of the blocks of one pass, each padded, for `channels` channels in it. */
static uint64_t ssm_pass_bytes(const struct epoch_ssm_layout* layout, uint32_t channels) {
  const uint64_t mode_bytes = (uint64_t)channels * layout->mode_words * 4u;
  const uint32_t last = layout->modes - (layout->blocks - 1) * layout->modes_per_block;
  return (layout->blocks - 1) * padded(mode_bytes * layout->modes_per_block) +
         padded(mode_bytes * last + (uint64_t)layout->extra * channels * 4u);
}

static uint64_t ssm_total_bytes(const struct epoch_ssm_layout* layout) {
  return (layout->passes - 1) * ssm_pass_bytes(layout, layout->channels_per_pass) +
         ssm_pass_bytes(layout, epoch_ssm_pass_channels(layout, layout->passes - 1));
}

int epoch_ssm_layout_make(struct epoch_ssm_layout* layout, const struct epoch_array_shape* array,
                          uint32_t mode, uint32_t channels, uint32_t modes, uint32_t extra) {
  if (!valid_array(array) || !valid_sizes(channels, modes, extra)) return -1;
  if (mode != EPOCH_MODE_REAL && mode != EPOCH_MODE_COMPLEX) return -1;
  layout->channels = channels;
  layout->modes = modes;
  layout->mode_words = mode == EPOCH_MODE_COMPLEX ? 4 : 2;
  layout->extra = extra;
  layout->modes_per_block = minimum(modes, array->rows);
  layout->blocks = divide_up(modes, layout->modes_per_block);
  layout->rows_per_channel =
      divide_up(layout->modes_per_block, array->segment_rows) * array->segment_rows;
  layout->folds = array->rows / layout->rows_per_channel; /* >= 1: segments divide the rows */
  layout->channels_per_pass = layout->folds * array->cols;
  layout->passes = divide_up(channels, layout->channels_per_pass);
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
  const uint32_t channels = epoch_ssm_pass_channels(layout, pass);
  const uint32_t words = epoch_ssm_block_modes(layout, block) * layout->mode_words;
  return channels * 4u * (words + (block + 1 == layout->blocks ? layout->extra : 0));
}

uint32_t epoch_ssm_block_offset(const struct epoch_ssm_layout* layout, uint32_t pass,
                                uint32_t block) {
  const uint64_t earlier_passes = pass * ssm_pass_bytes(layout, layout->channels_per_pass);
  return (uint32_t)(earlier_passes + block * padded(epoch_ssm_block_bytes(layout, pass, 0)));
}

uint32_t epoch_ssm_bytes(const struct epoch_ssm_layout* layout) {
  return (uint32_t)ssm_total_bytes(layout);
}

/* Bytes of the tiles of one output fold, each padded, for `outputs` columns in it. */
static uint64_t gemm_fold_bytes(const struct epoch_gemm_layout* layout, uint32_t outputs) {
  const uint64_t column_bytes = (uint64_t)outputs * 4u;
  const uint32_t last = layout->inputs - (layout->input_folds - 1) * layout->inputs_per_fold;
  return (layout->input_folds - 1) * padded(column_bytes * layout->inputs_per_fold) +
         padded(column_bytes * (last + layout->extra));
}

static uint64_t gemm_total_bytes(const struct epoch_gemm_layout* layout) {
  return (layout->output_folds - 1) * gemm_fold_bytes(layout, layout->outputs_per_fold) +
         gemm_fold_bytes(layout, epoch_gemm_fold_outputs(layout, layout->output_folds - 1));
}

int epoch_gemm_layout_make(struct epoch_gemm_layout* layout, const struct epoch_array_shape* array,
                           uint32_t inputs, uint32_t outputs, uint32_t extra, uint32_t glu) {
  if (!valid_array(array) || !valid_sizes(inputs, outputs, extra) || glu > 1) return -1;
  if (glu && (array->cols < 2 || outputs % 2 != 0)) return -1;
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
  const uint32_t outputs = epoch_gemm_fold_outputs(layout, output_fold);
  const uint32_t inputs = epoch_gemm_fold_inputs(layout, input_fold);
  return outputs * 4u * (inputs + (input_fold + 1 == layout->input_folds ? layout->extra : 0));
}

uint32_t epoch_gemm_block_offset(const struct epoch_gemm_layout* layout, uint32_t output_fold,
                                 uint32_t input_fold) {
  const uint64_t column_bytes = (uint64_t)epoch_gemm_fold_outputs(layout, output_fold) * 4u;
  const uint64_t earlier_folds = output_fold * gemm_fold_bytes(layout, layout->outputs_per_fold);
  return (uint32_t)(earlier_folds + input_fold * padded(column_bytes * layout->inputs_per_fold));
}

uint32_t epoch_gemm_bytes(const struct epoch_gemm_layout* layout) {
  return (uint32_t)gemm_total_bytes(layout);
}
