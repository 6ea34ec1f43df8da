/* SPDX-License-Identifier: Apache-2.0
 *
 * The network image: what the network compiler writes and the driver schedules.
 *
 * A flat, position-independent blob: header, tensor table, op table, parameter blocks. Offsets are
 * bytes from the start of the image; parameter blocks are 64-byte aligned and already in the order
 * that COEFF and the vector unit read, for the array that the header names. Little endian.
 *
 * A network is a list of ops over tensors, in an order in which every tensor is written before it
 * is read. A tensor has a row for each step of the sequence, or a fixed number of rows. How ops are
 * grouped, cut into time tiles and kept on chip is the driver's affair.
 */
#ifndef EPOCH_IMAGE_H
#define EPOCH_IMAGE_H

#include "epochcore.h"

#ifdef __cplusplus
extern "C" {
#endif

#define EPOCH_IMAGE_MAGIC 0x4D495045u /* "EPIM" */
#define EPOCH_IMAGE_VERSION 0x00020000u
#define EPOCH_IMAGE_ALIGN 64u

/* Element types of tensors beside EPOCH_TYPE_FP32, _BF16 and _INT8. */
enum { EPOCH_IMAGE_TYPE_UINT8 = 0x10, EPOCH_IMAGE_TYPE_UINT32 = 0x11 };

/* K(name, value, description). Inputs by number: `inputs` of the op. */
#define EPOCH_IMAGE_OPS(K)                                                                         \
  K(AFFINE, 1, "uint8 to numbers: x*immediate0 + immediate1")                                      \
  K(GATHER, 2, "rows of a table by uint32 index; the parameters are the table")                    \
  K(LINEAR, 3, "weights, bias, activation, residual (STORED); GEMM folds")                         \
  K(SSM, 4, "recurrence of format's mode, not mac; SHIFT: row t takes the source's row t + 1")     \
  K(NORM, 5, "layer normalisation; function 1: root mean square. immediate0: epsilon")             \
  K(POOL, 6, "over all rows: function 0 mean, 1 the last row; one row of result")                  \
  K(MAP, 7, "f(x*gain + bias) by column, gain and bias if flagged; elements repeat `count` times") \
  K(COMBINE, 8, "source op f(second*gain): STORED is the second; its elements repeat")             \
  K(CONV1D, 9, "depthwise causal convolution of `count` taps, then f")                             \
  K(ARGMAX, 10, "index of the largest element of each row, uint32")                                \
  K(IM2COL, 11, "patches of an image as rows; geometry says which")

#define EPOCH_X_IMAGE_OP(name, value, description) EPOCH_IMAGE_OP_##name = (value),
enum { EPOCH_IMAGE_OPS(EPOCH_X_IMAGE_OP) EPOCH_IMAGE_OP_END };
#undef EPOCH_X_IMAGE_OP

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
  uint32_t array_slots_kind; /* EPOCH_SLOTS_* */
  uint32_t tensor_count;
  uint32_t tensor_offset; /* struct epoch_image_tensor[tensor_count] */
  uint32_t op_count;
  uint32_t op_offset;   /* struct epoch_image_op[op_count] */
  uint32_t layer_count; /* ops name the layer that they belong to, for people */
  uint32_t input;       /* tensor that the caller fills */
  uint32_t output;      /* tensor that holds the result */
  uint32_t documents;   /* sequences of the input that ops 0 .. head_op - 1 run on one by one */
  uint32_t head_op;     /* ops from here on run once; op_count if documents is 1 */
  uint32_t reserved[5];
  char name[32]; /* zero-terminated */
};

struct epoch_image_tensor {
  uint32_t width; /* elements a row */
  uint32_t type;
  uint32_t rows;  /* 0: one a step of the sequence */
  uint32_t flags; /* EPOCH_TENSOR_* */
};
/* An op that reads this tensor before the op that writes it sees the row of the step before, zeros
 * at the first step: the network is recurrent there, and runs step by step. */
#define EPOCH_TENSOR_CARRIED 0x1u
/* One row for all documents: document n has columns n * width/documents on. */
#define EPOCH_TENSOR_DOCUMENTS 0x2u

/* An operand: a tensor and the first of the columns in question. */
#define EPOCH_REF(tensor, column) ((uint32_t)(tensor) | ((uint32_t)(column) << 16))
#define EPOCH_REF_TENSOR(ref) ((uint32_t)(ref)&0xFFFFu)
#define EPOCH_REF_COLUMN(ref) ((uint32_t)(ref) >> 16)
#define EPOCH_REF_NONE 0xFFFFFFFFu
enum {
  EPOCH_INPUT_SOURCE, /* x, u; selective d, ssd a_k; edge v */
  EPOCH_INPUT_STORED, /* COMBINE flag: residual, first direction; op COMBINE: the second operand */
  EPOCH_INPUT_DRIVE,  /* selective, ssd: d*u, */
  EPOCH_INPUT_B,      /* B_k, */
  EPOCH_INPUT_C,      /* C_k, */
  EPOCH_INPUT_U,      /* and u for D */
  EPOCH_INPUTS
};
/* IM2COL: result row (r, c) holds kernel rows of kernel_columns * channels elements each, from
 * input rows (r * stride + k) * columns + c * stride on. */
enum {
  EPOCH_GEOMETRY_ROWS, /* of the input image */
  EPOCH_GEOMETRY_COLUMNS,
  EPOCH_GEOMETRY_CHANNELS,
  EPOCH_GEOMETRY_KERNEL_ROWS,
  EPOCH_GEOMETRY_KERNEL_COLUMNS,
  EPOCH_GEOMETRY_STRIDE,
  EPOCH_GEOMETRIES
};

/* Columns 2 j and 2 j + 1 of a GLU's linear are value and gate of result j. parameters: NORM gain
 * then bias; MAP, COMBINE gain, bias as flagged; CONV1D taps then bias; SSM blocks by pass then
 * block, LINEAR blocks by output fold then input fold, each as COEFF reads it (epoch_layout.h gives
 * their number, order and size). Fields that a kind gives no meaning are 0, inputs EPOCH_REF_NONE.
 */
struct epoch_image_op {
  uint32_t kind; /* EPOCH_IMAGE_OP_* */
  uint32_t layer;
  uint32_t format;     /* EPOCH_FORMAT(mode, type, flags): EPOCH_ARRAY_* or EPOCH_VECTOR_* flags */
  uint32_t activation; /* SSM, LINEAR: EPOCH_ACTIVATION_*; vector ops: EPOCH_VECTOR_MODE() */
  uint32_t output;     /* EPOCH_REF */
  uint32_t inputs[EPOCH_INPUTS]; /* EPOCH_REF */
  uint32_t width_in;             /* elements taken of a source row: LINEAR inputs, SSM channels */
  uint32_t width_out;            /* elements made of a row; a GLU's linear has twice the columns */
  uint32_t modes;                /* SSM: modes a channel */
  uint32_t count;                /* repeats, taps; GATHER: rows of the table */
  uint32_t parameter_offset;
  uint32_t parameter_bytes;
  uint32_t immediate0; /* fp32 bits */
  uint32_t immediate1; /* fp32 bits; int8 results: what they are multiplied with */
  uint32_t geometry[EPOCH_GEOMETRIES];
  uint32_t reserved[3];
};

EPOCH_STATIC_ASSERT(sizeof(struct epoch_image_header) == 128, "image header is 128 bytes");
EPOCH_STATIC_ASSERT(sizeof(struct epoch_image_tensor) == 16, "image tensor is 16 bytes");
EPOCH_STATIC_ASSERT(sizeof(struct epoch_image_op) == 112, "image op is 112 bytes");

#ifdef __cplusplus
}
#endif
#endif
