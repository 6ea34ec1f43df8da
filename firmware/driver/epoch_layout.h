/* SPDX-License-Identifier: Apache-2.0
 *
 * How channels, modes and weights are grouped for the array: the one place that knows. Called by
 * the network compiler (host) and by the scheduler (target), so both always agree. Pure functions.
 */
#ifndef EPOCH_LAYOUT_H
#define EPOCH_LAYOUT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct epoch_array_shape {
  uint32_t rows;
  uint32_t cols;
  uint32_t segment_rows;
  uint32_t state_slots;
  uint32_t slots_kind; /* EPOCH_SLOTS_* */
};

/* Bytes of an element of u, y, b, c, weights; of a mode's coefficients; of D or a bias; of a mode's
 * state (epochcore.h). 0 for a type or mode that does not exist, or not together. */
uint32_t epoch_type_bytes(uint32_t type);
uint32_t epoch_mode_bytes(uint32_t mode, uint32_t type);
uint32_t epoch_extra_bytes(uint32_t mode, uint32_t type);
uint32_t epoch_state_bytes(uint32_t mode);

/* SSM: array specification "Shape". Channel i of a pass sits in column i mod C, segment floor(i/C)
 * mod F, slot floor(i/(F C)) of channel slots. */
struct epoch_ssm_layout {
  uint32_t mode;
  uint32_t type;
  uint32_t channels;
  uint32_t modes;
  uint32_t extra;             /* 1 if D follows the last block */
  uint32_t rows_per_channel;  /* P, rounded up to segments */
  uint32_t folds;             /* F = max(1, floor(R / P)) */
  uint32_t channels_per_pass; /* G = F * C, times S for channel slots; edge: floor(C / 2) */
  uint32_t passes;            /* ceil(channels / G) */
  uint32_t modes_per_block;   /* modes, or what R rows hold when they do not fit */
  uint32_t blocks;            /* ceil(modes / modes_per_block), sequential */
};

/* GEMM: weights stay, rows stream. Tiles of at most R inputs x C outputs. */
struct epoch_gemm_layout {
  uint32_t type;
  uint32_t inputs;          /* K */
  uint32_t outputs;         /* N: array columns, 2 per result for GLU */
  uint32_t extra;           /* 1 if bias follows the last input fold's block */
  uint32_t inputs_per_fold; /* <= R */
  uint32_t input_folds;
  uint32_t outputs_per_fold; /* <= C, even for GLU */
  uint32_t output_folds;
};

/* 0, or -1 if the shape or sizes cannot be laid out (zero sizes, unknown or undefined mode and
 * type, dplr in several blocks, GLU on one column). */
int epoch_ssm_layout_make(struct epoch_ssm_layout* layout, const struct epoch_array_shape* array,
                          uint32_t mode, uint32_t type, uint32_t channels, uint32_t modes,
                          uint32_t extra);
int epoch_gemm_layout_make(struct epoch_gemm_layout* layout, const struct epoch_array_shape* array,
                           uint32_t type, uint32_t inputs, uint32_t outputs, uint32_t extra,
                           uint32_t glu);

/* Channels in `pass`, modes in `block`; offset and size in bytes of the COEFF block of (pass,
 * block) from the op's parameters. Every block starts 64-byte aligned. Only the last block, the one
 * that drains, carries D. */
uint32_t epoch_ssm_pass_channels(const struct epoch_ssm_layout* layout, uint32_t pass);
uint32_t epoch_ssm_block_modes(const struct epoch_ssm_layout* layout, uint32_t block);
uint32_t epoch_ssm_block_bytes(const struct epoch_ssm_layout* layout, uint32_t pass,
                               uint32_t block);
uint32_t epoch_ssm_block_offset(const struct epoch_ssm_layout* layout, uint32_t pass,
                                uint32_t block);
uint32_t epoch_ssm_bytes(const struct epoch_ssm_layout* layout);
/* Bytes of the state of (pass, block) as STATE moves it. */
uint32_t epoch_ssm_block_state(const struct epoch_ssm_layout* layout, uint32_t pass,
                               uint32_t block);

/* The same for tile (output fold, input fold) of a GEMM. Only the last input fold carries bias. */
uint32_t epoch_gemm_fold_outputs(const struct epoch_gemm_layout* layout, uint32_t output_fold);
uint32_t epoch_gemm_fold_inputs(const struct epoch_gemm_layout* layout, uint32_t input_fold);
uint32_t epoch_gemm_block_bytes(const struct epoch_gemm_layout* layout, uint32_t output_fold,
                                uint32_t input_fold);
uint32_t epoch_gemm_block_offset(const struct epoch_gemm_layout* layout, uint32_t output_fold,
                                 uint32_t input_fold);
uint32_t epoch_gemm_bytes(const struct epoch_gemm_layout* layout);

#ifdef __cplusplus
}
#endif
#endif
