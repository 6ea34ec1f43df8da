/* SPDX-License-Identifier: Apache-2.0
 *
 * A network image (epoch_image.h), checked: after epoch_network_open every offset, size, width and
 * type in it can be trusted. Pure C.
 */
#ifndef EPOCH_NETWORK_H
#define EPOCH_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "epoch_caps.h"
#include "epoch_image.h"

#ifdef __cplusplus
extern "C" {
#endif

struct epoch_network {
  const uint8_t* image;
  const struct epoch_image_header* header;
  const struct epoch_image_tensor* tensors;
  const struct epoch_image_op* ops;
};

/* Why an image was refused: E(name, description). */
#define EPOCH_NETWORK_RESULTS(E)                                                                   \
  E(OK, "accepted")                                                                                \
  E(TRUNCATED, "fewer bytes than a header, or than it says")                                       \
  E(ALIGNMENT, "the image does not start at a multiple of 64 bytes")                               \
  E(MAGIC, "not a network image")                                                                  \
  E(VERSION, "another image version")                                                              \
  E(CONTRACT, "laid out for another version of the contract")                                      \
  E(CHECKSUM, "checksum mismatch")                                                                 \
  E(ARRAY, "laid out for another array")                                                           \
  E(TABLES, "tensor or op table outside the image")                                                \
  E(HEADER, "counts, name or reserved words of the header are wrong")                              \
  E(TENSOR, "a tensor of no width, unknown type or flags")                                         \
  E(PARAMETERS, "parameters outside the image, misaligned or of wrong size")                       \
  E(OP, "unknown op, or fields that do not fit it")                                                \
  E(OPERAND, "an operand outside its tensor, of wrong type or rows, or read before it is written") \
  E(UNSUPPORTED, "the hardware lacks the op's mode, type, activation or vector operation")

#define EPOCH_X_NETWORK_RESULT(name, description) EPOCH_NETWORK_##name,
enum epoch_network_result { EPOCH_NETWORK_RESULTS(EPOCH_X_NETWORK_RESULT) };
#undef EPOCH_X_NETWORK_RESULT

const char* epoch_network_result_text(enum epoch_network_result result);

#define EPOCH_NO_OP 0xFFFFFFFFu

/* Checks `bytes` bytes at `image` for the hardware of `caps`. `op`, if not null, becomes the op at
 * fault, EPOCH_NO_OP if none is (epoch_network_check.c). */
enum epoch_network_result epoch_network_open(struct epoch_network* network, const void* image,
                                             uint32_t bytes, const struct epoch_caps* caps,
                                             uint32_t* op);

/* ---- What an image says ---- */

uint32_t epoch_element_bytes(uint32_t tensor_type);
uint32_t epoch_row_bytes(const struct epoch_image_tensor* tensor);
/* Rows of a tensor for a sequence of `steps` steps. */
uint32_t epoch_tensor_rows(const struct epoch_image_tensor* tensor, uint32_t steps);
const struct epoch_image_tensor* epoch_ref_tensor(const struct epoch_network* network,
                                                  uint32_t ref);
const struct epoch_image_tensor* epoch_output_tensor(const struct epoch_network* network);

/* The flags of an op's format. */
static inline uint32_t epoch_op_flags(const struct epoch_image_op* op) {
  return EPOCH_FORMAT_FLAGS(op->format);
}
/* Whether the mode's decay and inputs come as tensors (STREAMS), and whether its channels are
 * pairs. */
static inline bool epoch_op_is_streamed(const struct epoch_image_op* op) {
  const uint32_t mode = EPOCH_FORMAT_MODE(op->format);
  return op->kind == EPOCH_IMAGE_OP_SSM && (mode == EPOCH_MODE_SELECTIVE || mode == EPOCH_MODE_SSD);
}
static inline bool epoch_op_is_edge(const struct epoch_image_op* op) {
  return op->kind == EPOCH_IMAGE_OP_SSM && EPOCH_FORMAT_MODE(op->format) == EPOCH_MODE_EDGE;
}
/* Elements of a row that an op makes: an edge has re and im of each cell. */
uint32_t epoch_op_results(const struct epoch_image_op* op);
/* Elements of a row that an op takes of an input (EPOCH_INPUT_*). */
uint32_t epoch_op_elements(const struct epoch_image_op* op, uint32_t input);
/* Whether time runs forwards (1), backwards (-1) or does not matter (0). */
int epoch_op_direction(const struct epoch_image_op* op);
/* First column that an op writes when it runs on a document. */
uint32_t epoch_output_column(const struct epoch_network* network, uint32_t op, uint32_t document);
/* Whether the op takes of this input the row after the one that it makes. */
bool epoch_op_reads_ahead(const struct epoch_image_op* op, uint32_t input);
/* Ops first .. last form a loop over time: some read what others write at the step before. */
bool epoch_tensor_loop(const struct epoch_network* network, uint32_t tensor, uint32_t* first,
                       uint32_t* last);
/* Array columns of a LINEAR op: 2 a result for GLU. */
uint32_t epoch_op_columns(const struct epoch_image_op* op);
/* Layout of an op's parameters; 0, or -1 if it cannot be laid out. */
int epoch_op_ssm_layout(const struct epoch_image_op* op, const struct epoch_array_shape* array,
                        struct epoch_ssm_layout* layout);
int epoch_op_gemm_layout(const struct epoch_image_op* op, const struct epoch_array_shape* array,
                         struct epoch_gemm_layout* layout);
/* Parameters of a vector op in bytes. */
uint32_t epoch_op_vector_parameters(const struct epoch_image_op* op);

#ifdef __cplusplus
}
#endif
#endif
