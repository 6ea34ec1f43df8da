/* SPDX-License-Identifier: Apache-2.0
 *
 * The network image: what the network compiler writes and the driver schedules.
 *
 * A flat, position-independent blob: header, layer table, op table, parameter blocks. Offsets are
 * bytes from the start of the image; parameter blocks are 64-byte aligned and already in the order
 * that COEFF and the vector unit read, for the array that the header names. Little endian.
 */
#ifndef EPOCH_IMAGE_H
#define EPOCH_IMAGE_H

#include "epochcore.h"

#ifdef __cplusplus
extern "C" {
#endif

#define EPOCH_IMAGE_MAGIC 0x4D495045u /* "EPIM" */
#define EPOCH_IMAGE_VERSION 0x00010000u
#define EPOCH_IMAGE_ALIGN 64u

enum {
  EPOCH_IMAGE_OP_AFFINE = 1,
  EPOCH_IMAGE_OP_LINEAR,
  EPOCH_IMAGE_OP_NORM,
  EPOCH_IMAGE_OP_SSM,
  EPOCH_IMAGE_OP_POOL
};

struct epoch_image_header {
  uint32_t magic;
  uint32_t version;
  uint32_t contract_version; /* VERSION of the hardware it was laid out for */
  uint32_t total_bytes;
  uint32_t checksum;   /* CRC-32 (IEEE 802.3) of the image with this word zero */
  uint32_t array_rows; /* the array that the parameter blocks are grouped for */
  uint32_t array_cols;
  uint32_t array_segment_rows;
  uint32_t array_state_slots;
  uint32_t layer_count;
  uint32_t layer_offset; /* struct epoch_image_layer[layer_count] */
  uint32_t op_count;
  uint32_t op_offset;    /* struct epoch_image_op[op_count] */
  uint32_t input_width;  /* uint8 elements a step */
  uint32_t output_width; /* fp32 elements of the result */
  uint32_t max_width;    /* widest activation row between layers, elements */
  char name[32];         /* zero-terminated */
  uint32_t reserved[8];
};

/* A layer: ops that run on the same time tile before the next tile starts. */
struct epoch_image_layer {
  uint32_t first_op;
  uint32_t op_count;
  uint32_t parameter_offset; /* the parameter blocks of all its ops, contiguous */
  uint32_t parameter_bytes;
};

/* One op on [step][inputs], giving [step][outputs] (POOL: one row, the mean over all steps).
 * Columns 2 j and 2 j + 1 of a GLU's linear are value and gate of result j. parameters: NORM gain
 * then bias; SSM blocks by pass then block, LINEAR blocks by output fold then input fold, each as
 * COEFF reads it (epoch_layout.h gives their number, order and size). */
struct epoch_image_op {
  uint32_t kind;       /* EPOCH_IMAGE_OP_* */
  uint32_t format;     /* EPOCH_FORMAT(mode, type, flags): EPOCH_ARRAY_EXTRA, EPOCH_ARRAY_COMBINE */
  uint32_t activation; /* EPOCH_ACTIVATION_* */
  uint32_t inputs;
  uint32_t outputs;  /* of the op; a GLU's linear has 2 * outputs columns */
  uint32_t modes;    /* SSM: modes a channel */
  uint32_t residual; /* COMBINE: adds the layer's input (1) or nothing (0) */
  uint32_t parameter_offset;
  uint32_t parameter_bytes;
  uint32_t immediate0; /* fp32 bits: AFFINE scale, NORM epsilon */
  uint32_t immediate1; /* fp32 bits: AFFINE offset */
  uint32_t reserved[5];
};

EPOCH_STATIC_ASSERT(sizeof(struct epoch_image_header) == 128, "image header is 128 bytes");
EPOCH_STATIC_ASSERT(sizeof(struct epoch_image_layer) == 16, "image layer is 16 bytes");
EPOCH_STATIC_ASSERT(sizeof(struct epoch_image_op) == 64, "image op is 64 bytes");

#ifdef __cplusplus
}
#endif
#endif
