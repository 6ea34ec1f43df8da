/* SPDX-License-Identifier: Apache-2.0 */
#include "epoch_network.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef enum epoch_network_result result_t;

#define EXTRA_COMBINE (EPOCH_ARRAY_EXTRA | EPOCH_ARRAY_COMBINE)

const char* epoch_network_result_text(enum epoch_network_result result) {
#define RESULT_TEXT(name, description) description,
  static const char* const texts[] = {EPOCH_NETWORK_RESULTS(RESULT_TEXT)};
#undef RESULT_TEXT
  return (size_t)result < sizeof texts / sizeof *texts ? texts[result] : "unknown result";
}

uint32_t epoch_crc32(uint32_t crc, const void* bytes, uint32_t count) {
  /* A nibble at a time: 64 bytes of table instead of 1 KiB. */
  static const uint32_t table[16] = {0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC,
                                     0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
                                     0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
                                     0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};
  const uint8_t* data = bytes;
  crc = ~crc;
  for (uint32_t i = 0; i < count; i++) {
    crc ^= data[i];
    crc = (crc >> 4) ^ table[crc & 0xFu];
    crc = (crc >> 4) ^ table[crc & 0xFu];
  }
  return ~crc;
}

/* ---- Ops ---- */

uint32_t epoch_op_columns(const struct epoch_image_op* op) {
  return op->activation == EPOCH_ACTIVATION_GLU ? 2 * op->outputs : op->outputs;
}

static uint32_t extra_of(const struct epoch_image_op* op) {
  return (EPOCH_FORMAT_FLAGS(op->format) & EPOCH_ARRAY_EXTRA) != 0;
}

int epoch_op_ssm_layout(const struct epoch_image_op* op, const struct epoch_array_shape* array,
                        struct epoch_ssm_layout* layout) {
  return epoch_ssm_layout_make(layout, array, EPOCH_FORMAT_MODE(op->format), op->inputs, op->modes,
                               extra_of(op));
}

int epoch_op_gemm_layout(const struct epoch_image_op* op, const struct epoch_array_shape* array,
                         struct epoch_gemm_layout* layout) {
  return epoch_gemm_layout_make(layout, array, op->inputs, epoch_op_columns(op), extra_of(op),
                                op->activation == EPOCH_ACTIVATION_GLU);
}

static bool zero(const uint32_t* words, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    if (words[i] != 0) return false;
  }
  return true;
}

/* Fields that an op's kind gives no meaning are zero. */
static bool fields_fit(const struct epoch_image_op* op) {
  const uint32_t mode = EPOCH_FORMAT_MODE(op->format);
  const uint32_t flags = EPOCH_FORMAT_FLAGS(op->format);
  const bool on_array = op->kind == EPOCH_IMAGE_OP_SSM || op->kind == EPOCH_IMAGE_OP_LINEAR;
  if (op->inputs == 0 || op->outputs == 0 || op->inputs > 0xFFFFu || op->outputs > 0xFFFFu)
    return false;
  if (!zero(op->reserved, 5) || (op->kind != EPOCH_IMAGE_OP_LINEAR && op->inputs != op->outputs))
    return false;
  if (!on_array &&
      (flags != 0 || mode != 0 || op->activation != 0 || op->residual != 0 || op->modes != 0))
    return false;
  switch (op->kind) {
    case EPOCH_IMAGE_OP_AFFINE:
      return op->parameter_bytes == 0;
    case EPOCH_IMAGE_OP_NORM:
      return op->immediate1 == 0;
    case EPOCH_IMAGE_OP_POOL:
      return op->parameter_bytes == 0 && op->immediate0 == 0 && op->immediate1 == 0;
    case EPOCH_IMAGE_OP_SSM:
      return op->modes != 0 && (flags & ~EXTRA_COMBINE) == 0 &&
             op->residual == ((flags & EPOCH_ARRAY_COMBINE) != 0) &&
             (op->activation == EPOCH_ACTIVATION_NONE || op->activation == EPOCH_ACTIVATION_GELU) &&
             op->immediate0 == 0 && op->immediate1 == 0;
    case EPOCH_IMAGE_OP_LINEAR:
      return op->modes == 0 && (flags & ~EXTRA_COMBINE) == 0 && mode == EPOCH_MODE_MAC &&
             op->residual == ((flags & EPOCH_ARRAY_COMBINE) != 0) &&
             op->activation <= EPOCH_ACTIVATION_GLU && op->immediate0 == 0 && op->immediate1 == 0;
    default:
      return false;
  }
}

/* Bytes of parameters that the op must have; 0xFFFFFFFF if it cannot be laid out. */
static uint32_t parameter_bytes(const struct epoch_image_op* op,
                                const struct epoch_array_shape* array) {
  struct epoch_ssm_layout ssm;
  struct epoch_gemm_layout gemm;
  switch (op->kind) {
    case EPOCH_IMAGE_OP_NORM:
      return 2 * 4 * op->inputs;
    case EPOCH_IMAGE_OP_SSM:
      return epoch_op_ssm_layout(op, array, &ssm) == 0 ? epoch_ssm_bytes(&ssm) : UINT32_MAX;
    case EPOCH_IMAGE_OP_LINEAR:
      return epoch_op_gemm_layout(op, array, &gemm) == 0 ? epoch_gemm_bytes(&gemm) : UINT32_MAX;
    default:
      return 0;
  }
}

static bool supported(const struct epoch_image_op* op, const struct epoch_caps* caps) {
  if (((caps->types >> EPOCH_TYPE_FP32) & 1u) == 0) return false;
  if (EPOCH_FORMAT_TYPE(op->format) != EPOCH_TYPE_FP32) return false;
  switch (op->kind) {
    case EPOCH_IMAGE_OP_AFFINE:
      return (caps->vector_ops >> (EPOCH_OP_AFFINE - 0x40)) & 1u;
    case EPOCH_IMAGE_OP_NORM:
      return (caps->vector_ops >> (EPOCH_OP_LAYERNORM - 0x40)) & 1u;
    case EPOCH_IMAGE_OP_POOL:
      return (caps->vector_ops >> (EPOCH_OP_POOL - 0x40)) & 1u;
    default:
      return EPOCH_FORMAT_MODE(op->format) < 32 &&
             ((caps->modes >> EPOCH_FORMAT_MODE(op->format)) & 1u) != 0 &&
             ((caps->activations >> op->activation) & 1u) != 0;
  }
}

static result_t check_op(const struct epoch_image_op* op, const struct epoch_image_layer* layer,
                         const struct epoch_caps* caps) {
  if (!fields_fit(op)) return EPOCH_NETWORK_OP;
  if (!supported(op, caps)) return EPOCH_NETWORK_UNSUPPORTED;
  if (op->parameter_bytes != parameter_bytes(op, &caps->array)) return EPOCH_NETWORK_PARAMETERS;
  if (op->parameter_bytes == 0) return EPOCH_NETWORK_OK;
  if (op->parameter_offset % EPOCH_IMAGE_ALIGN != 0 ||
      op->parameter_offset < layer->parameter_offset ||
      op->parameter_bytes > layer->parameter_bytes ||
      op->parameter_offset - layer->parameter_offset > layer->parameter_bytes - op->parameter_bytes)
    return EPOCH_NETWORK_PARAMETERS;
  return EPOCH_NETWORK_OK;
}

/* ---- Layers ---- */

/* How ops may follow each other: only the network's first op reads uint8, and after POOL a layer
 * has one row, which neither streams through states nor meets the layer's input again. */
static bool may_follow(const struct epoch_image_op* op, bool network_start, bool pooled,
                       bool input_is_uint8) {
  if ((op->kind == EPOCH_IMAGE_OP_AFFINE) != network_start) return false;
  if (pooled && (op->kind == EPOCH_IMAGE_OP_SSM || op->kind == EPOCH_IMAGE_OP_POOL)) return false;
  return op->residual == 0 || (!pooled && !input_is_uint8);
}

static result_t check_layer(const struct epoch_network* network, uint32_t index, uint32_t* width,
                            const struct epoch_caps* caps) {
  const struct epoch_image_layer* layer = &network->layers[index];
  const uint32_t input_width = *width;
  uint32_t next_parameter = layer->parameter_offset;
  bool pooled = false;
  for (uint32_t o = 0; o < layer->op_count; o++) {
    const struct epoch_image_op* op = &network->ops[layer->first_op + o];
    const result_t result = check_op(op, layer, caps);
    if (result != EPOCH_NETWORK_OK) return result;
    if (op->parameter_bytes != 0) { /* blocks follow each other */
      if (op->parameter_offset < next_parameter) return EPOCH_NETWORK_PARAMETERS;
      next_parameter = op->parameter_offset + op->parameter_bytes;
    }
    if (op->inputs != *width) return EPOCH_NETWORK_WIDTHS;
    if (op->residual != 0 && op->outputs != input_width) return EPOCH_NETWORK_WIDTHS;
    if (!may_follow(op, index == 0 && o == 0, pooled, index == 0)) return EPOCH_NETWORK_OP;
    pooled = pooled || op->kind == EPOCH_IMAGE_OP_POOL;
    *width = op->outputs;
  }
  if (index + 1 < network->header->layer_count && *width > network->header->max_width)
    return EPOCH_NETWORK_HEADER;
  return EPOCH_NETWORK_OK;
}

static bool layer_in_tables(const struct epoch_image_header* header,
                            const struct epoch_image_layer* layer, uint32_t first_op) {
  return layer->first_op == first_op && layer->op_count != 0 &&
         layer->op_count <= header->op_count - first_op &&
         layer->parameter_offset % EPOCH_IMAGE_ALIGN == 0 &&
         layer->parameter_offset <= header->total_bytes &&
         layer->parameter_bytes <= header->total_bytes - layer->parameter_offset;
}

static result_t check_layers(const struct epoch_network* network, const struct epoch_caps* caps) {
  const struct epoch_image_header* header = network->header;
  uint32_t first_op = 0;
  uint32_t width = header->input_width;
  for (uint32_t l = 0; l < header->layer_count; l++) {
    if (!layer_in_tables(header, &network->layers[l], first_op)) return EPOCH_NETWORK_TABLES;
    const result_t result = check_layer(network, l, &width, caps);
    if (result != EPOCH_NETWORK_OK) return result;
    first_op += network->layers[l].op_count;
  }
  if (first_op != header->op_count) return EPOCH_NETWORK_TABLES;
  return width == header->output_width ? EPOCH_NETWORK_OK : EPOCH_NETWORK_HEADER;
}

/* ---- Header ---- */

static bool table_inside(uint32_t offset, uint32_t count, uint32_t entry, uint32_t total) {
  return offset % 4 == 0 && offset >= sizeof(struct epoch_image_header) && offset <= total &&
         count <= (total - offset) / entry;
}

static uint32_t checksum(const uint8_t* image, uint32_t total) {
  static const uint8_t zeros[4] = {0};
  const uint32_t at = offsetof(struct epoch_image_header, checksum);
  uint32_t crc = epoch_crc32(0, image, at);
  crc = epoch_crc32(crc, zeros, 4);
  return epoch_crc32(crc, image + at + 4, total - at - 4);
}

static bool same_array(const struct epoch_image_header* header,
                       const struct epoch_array_shape* array) {
  return header->array_rows == array->rows && header->array_cols == array->cols &&
         header->array_segment_rows == array->segment_rows &&
         header->array_state_slots == array->state_slots;
}

static result_t check_header(const struct epoch_image_header* header, const uint8_t* image,
                             uint32_t bytes, const struct epoch_caps* caps) {
  if (header->magic != EPOCH_IMAGE_MAGIC) return EPOCH_NETWORK_MAGIC;
  if (header->version != EPOCH_IMAGE_VERSION) return EPOCH_NETWORK_VERSION;
  if (header->total_bytes < sizeof *header || header->total_bytes > bytes)
    return EPOCH_NETWORK_TRUNCATED;
  if (checksum(image, header->total_bytes) != header->checksum) return EPOCH_NETWORK_CHECKSUM;
  if (EPOCH_GET(header->contract_version, VERSION, MAJOR) != EPOCH_VERSION_MAJOR)
    return EPOCH_NETWORK_CONTRACT;
  if (!same_array(header, &caps->array)) return EPOCH_NETWORK_ARRAY;
  if (header->layer_count == 0 || header->op_count == 0 ||
      !table_inside(header->layer_offset, header->layer_count, sizeof(struct epoch_image_layer),
                    header->total_bytes) ||
      !table_inside(header->op_offset, header->op_count, sizeof(struct epoch_image_op),
                    header->total_bytes))
    return EPOCH_NETWORK_TABLES;
  if (header->input_width == 0 || !zero(header->reserved, 8) ||
      memchr(header->name, 0, sizeof header->name) == NULL)
    return EPOCH_NETWORK_HEADER;
  return EPOCH_NETWORK_OK;
}

enum epoch_network_result epoch_network_open(struct epoch_network* network, const void* image,
                                             uint32_t bytes, const struct epoch_caps* caps) {
  const struct epoch_image_header* header = image;
  if (image == NULL || bytes < sizeof *header) return EPOCH_NETWORK_TRUNCATED;
  if ((uintptr_t)image % EPOCH_IMAGE_ALIGN != 0) return EPOCH_NETWORK_ALIGNMENT;
  const result_t result = check_header(header, image, bytes, caps);
  if (result != EPOCH_NETWORK_OK) return result;
  network->image = image;
  network->header = header;
  network->layers = (const void*)(network->image + header->layer_offset);
  network->ops = (const void*)(network->image + header->op_offset);
  return check_layers(network, caps);
}

/* ---- Shape ---- */

uint32_t epoch_network_output_steps(const struct epoch_network* network, uint32_t steps) {
  for (uint32_t o = 0; o < network->header->op_count; o++) {
    if (network->ops[o].kind == EPOCH_IMAGE_OP_POOL) return 1;
  }
  return steps;
}
