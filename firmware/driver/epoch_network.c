/* SPDX-License-Identifier: Apache-2.0 */
#include "epoch_network.h"

#include <stddef.h>

typedef struct epoch_image_op op_t;
typedef struct epoch_image_tensor tensor_t;

uint32_t epoch_element_bytes(uint32_t tensor_type) {
  if (tensor_type == EPOCH_IMAGE_TYPE_UINT8) return 1;
  if (tensor_type == EPOCH_IMAGE_TYPE_UINT32) return 4;
  return tensor_type == EPOCH_TYPE_BF16D ? 0 : epoch_type_bytes(tensor_type);
}

uint32_t epoch_row_bytes(const tensor_t* tensor) {
  return tensor->width * epoch_element_bytes(tensor->type);
}

uint32_t epoch_tensor_rows(const tensor_t* tensor, uint32_t steps) {
  return tensor->rows == 0 ? steps : tensor->rows;
}

const tensor_t* epoch_ref_tensor(const struct epoch_network* network, uint32_t ref) {
  return &network->tensors[EPOCH_REF_TENSOR(ref)];
}

const tensor_t* epoch_output_tensor(const struct epoch_network* network) {
  return &network->tensors[network->header->output];
}

uint32_t epoch_op_results(const op_t* op) {
  return epoch_op_is_edge(op) ? 2 * op->width_out : op->width_out;
}

uint32_t epoch_op_elements(const op_t* op, uint32_t input) {
  switch (input) {
    case EPOCH_INPUT_SOURCE:
      return epoch_op_is_edge(op) ? 2 * op->width_in : op->width_in;
    case EPOCH_INPUT_STORED:
      return op->kind == EPOCH_IMAGE_OP_COMBINE ? op->width_out / op->count : op->width_out;
    case EPOCH_INPUT_B:
    case EPOCH_INPUT_C:
      return op->modes;
    default:
      return op->width_in;
  }
}

int epoch_op_direction(const op_t* op) {
  if (op->kind == EPOCH_IMAGE_OP_CONV1D) return 1;
  if (op->kind != EPOCH_IMAGE_OP_SSM) return 0;
  return (epoch_op_flags(op) & EPOCH_ARRAY_REVERSE) != 0 ? -1 : 1;
}

uint32_t epoch_output_column(const struct epoch_network* network, uint32_t op, uint32_t document) {
  const uint32_t ref = network->ops[op].output;
  const tensor_t* tensor = epoch_ref_tensor(network, ref);
  if ((tensor->flags & EPOCH_TENSOR_DOCUMENTS) == 0 || op >= network->header->head_op)
    return EPOCH_REF_COLUMN(ref);
  return EPOCH_REF_COLUMN(ref) + document * (tensor->width / network->header->documents);
}

bool epoch_op_reads_ahead(const op_t* op, uint32_t input) {
  return op->kind == EPOCH_IMAGE_OP_SSM && input == EPOCH_INPUT_SOURCE &&
         (epoch_op_flags(op) & EPOCH_ARRAY_SHIFT) != 0;
}

uint32_t epoch_op_columns(const op_t* op) {
  return op->activation == EPOCH_ACTIVATION_GLU ? 2 * op->width_out : op->width_out;
}

static uint32_t extra_of(const op_t* op) {
  return (epoch_op_flags(op) & EPOCH_ARRAY_EXTRA) != 0;
}

int epoch_op_ssm_layout(const op_t* op, const struct epoch_array_shape* array,
                        struct epoch_ssm_layout* layout) {
  return epoch_ssm_layout_make(layout, array, EPOCH_FORMAT_MODE(op->format),
                               EPOCH_FORMAT_TYPE(op->format), op->width_in, op->modes,
                               extra_of(op));
}

int epoch_op_gemm_layout(const op_t* op, const struct epoch_array_shape* array,
                         struct epoch_gemm_layout* layout) {
  return epoch_gemm_layout_make(layout, array, EPOCH_FORMAT_TYPE(op->format), op->width_in,
                                epoch_op_columns(op), extra_of(op),
                                op->activation == EPOCH_ACTIVATION_GLU);
}

uint32_t epoch_op_vector_parameters(const op_t* op) {
  const uint32_t flags = epoch_op_flags(op);
  const uint32_t gain = (flags & EPOCH_VECTOR_GAIN) != 0, bias = (flags & EPOCH_VECTOR_BIAS) != 0;
  switch (op->kind) {
    case EPOCH_IMAGE_OP_NORM:
      return 4 * op->width_out * (op->activation == 0 ? 2 : 1);
    case EPOCH_IMAGE_OP_MAP:
    case EPOCH_IMAGE_OP_COMBINE:
      return 4 * op->width_out * (gain + bias);
    case EPOCH_IMAGE_OP_CONV1D:
      return 4 * op->width_out * (op->count + bias);
    default:
      return 0;
  }
}

bool epoch_tensor_loop(const struct epoch_network* network, uint32_t tensor, uint32_t* first,
                       uint32_t* last) {
  bool read = false, written = false;
  *first = *last = 0;
  if ((network->tensors[tensor].flags & EPOCH_TENSOR_CARRIED) == 0) return false;
  for (uint32_t o = 0; o < network->header->op_count; o++) {
    const op_t* op = &network->ops[o];
    for (uint32_t i = 0; i < EPOCH_INPUTS && !read; i++) {
      if (op->inputs[i] == EPOCH_REF_NONE || EPOCH_REF_TENSOR(op->inputs[i]) != tensor) continue;
      read = true;
      *first = o;
    }
    if (EPOCH_REF_TENSOR(op->output) != tensor) continue;
    if (!read) return false;
    written = true;
    *last = o;
  }
  return written;
}
