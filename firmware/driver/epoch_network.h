/* SPDX-License-Identifier: Apache-2.0
 *
 * A network image (epoch_image.h), checked: after epoch_network_open every offset, size and width
 * in it can be trusted. Pure C.
 */
#ifndef EPOCH_NETWORK_H
#define EPOCH_NETWORK_H

#include <stdint.h>

#include "epoch_caps.h"
#include "epoch_image.h"

#ifdef __cplusplus
extern "C" {
#endif

struct epoch_network {
  const uint8_t* image;
  const struct epoch_image_header* header;
  const struct epoch_image_layer* layers;
  const struct epoch_image_op* ops;
};

/* Why an image was refused: E(name, description). */
#define EPOCH_NETWORK_RESULTS(E)                                                  \
  E(OK, "accepted")                                                               \
  E(TRUNCATED, "fewer bytes than a header, or than it says")                      \
  E(ALIGNMENT, "the image does not start at a multiple of 64 bytes")              \
  E(MAGIC, "not a network image")                                                 \
  E(VERSION, "another image version")                                             \
  E(CONTRACT, "laid out for another major version of the contract")               \
  E(CHECKSUM, "checksum mismatch")                                                \
  E(ARRAY, "laid out for another array")                                          \
  E(TABLES, "layer or op table outside the image, or not covering the ops")       \
  E(HEADER, "widths, name or reserved words of the header are wrong")             \
  E(PARAMETERS, "parameter block outside its layer, misaligned or of wrong size") \
  E(OP, "unknown op, or fields that do not fit it")                               \
  E(WIDTHS, "an op does not take what the op before it gives")                    \
  E(UNSUPPORTED, "the hardware lacks the op's mode, type, activation or vector operation")

#define EPOCH_X_NETWORK_RESULT(name, description) EPOCH_NETWORK_##name,
enum epoch_network_result { EPOCH_NETWORK_RESULTS(EPOCH_X_NETWORK_RESULT) };
#undef EPOCH_X_NETWORK_RESULT

const char* epoch_network_result_text(enum epoch_network_result result);

/* Checks `bytes` bytes at `image` for the hardware of `caps`. */
enum epoch_network_result epoch_network_open(struct epoch_network* network, const void* image,
                                             uint32_t bytes, const struct epoch_caps* caps);

/* CRC-32 of IEEE 802.3 (reflected, 0xEDB88320): start with crc = 0, chain calls. */
uint32_t epoch_crc32(uint32_t crc, const void* bytes, uint32_t count);

/* Rows of the result for a sequence of `steps` steps: one if the network pools. */
uint32_t epoch_network_output_steps(const struct epoch_network* network, uint32_t steps);

/* Array columns of a LINEAR op: 2 a result for GLU. */
uint32_t epoch_op_columns(const struct epoch_image_op* op);
/* Layout of an op's parameters; 0, or -1 if it cannot be laid out. */
int epoch_op_ssm_layout(const struct epoch_image_op* op, const struct epoch_array_shape* array,
                        struct epoch_ssm_layout* layout);
int epoch_op_gemm_layout(const struct epoch_image_op* op, const struct epoch_array_shape* array,
                         struct epoch_gemm_layout* layout);

#ifdef __cplusplus
}
#endif
#endif
