/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <string.h>

#include "epoch_crc.h"
#include "epoch_network.h"

typedef enum epoch_network_result result_t;
typedef struct epoch_image_op op_t;
typedef struct epoch_image_tensor tensor_t;

#define MAX_WIDTH (1u << 20)
#define MAX_TENSORS 0xFFFFu

const char* epoch_network_result_text(enum epoch_network_result result) {
#define RESULT_TEXT(name, description) description,
  static const char* const texts[] = {EPOCH_NETWORK_RESULTS(RESULT_TEXT)};
#undef RESULT_TEXT
  return (size_t)result < sizeof texts / sizeof *texts ? texts[result] : "unknown result";
}

/* ---- Fields of an op ---- */

static bool zero(const uint32_t* words, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    if (words[i] != 0) return false;
  }
  return true;
}

/* What a kind of op may use; everything else is 0. */
struct rules {
  uint32_t inputs;     /* bit EPOCH_INPUT_* */
  uint32_t flags;      /* of format, beside COMBINE */
  uint32_t activation; /* largest */
  bool array;          /* format has a mode and a type */
  bool same_width;     /* width_in equals width_out */
  bool modes, count, immediates, geometry;
};

#define INPUT(name) (1u << EPOCH_INPUT_##name)

static struct rules rules_of(uint32_t kind) {
  const uint32_t function = EPOCH_FUNCTIONS - 1;
  struct rules rules = {INPUT(SOURCE), 0, 0, false, true, false, false, false, false};
  switch (kind) {
    case EPOCH_IMAGE_OP_LINEAR:
      rules.flags = EPOCH_ARRAY_EXTRA | EPOCH_ARRAY_COMBINE;
      rules.activation = EPOCH_ACTIVATION_TANH;
      rules.array = true;
      rules.same_width = false;
      break;
    case EPOCH_IMAGE_OP_SSM:
      rules.flags =
          EPOCH_ARRAY_EXTRA | EPOCH_ARRAY_COMBINE | EPOCH_ARRAY_REVERSE | EPOCH_ARRAY_SHIFT;
      rules.activation = EPOCH_ACTIVATION_TANH;
      rules.array = true;
      rules.modes = true;
      break;
    case EPOCH_IMAGE_OP_NORM:
    case EPOCH_IMAGE_OP_POOL:
      rules.activation = 1;
      break;
    case EPOCH_IMAGE_OP_MAP:
      rules.flags = EPOCH_VECTOR_GAIN | EPOCH_VECTOR_BIAS;
      rules.activation = function;
      rules.same_width = false;
      rules.count = true;
      break;
    case EPOCH_IMAGE_OP_COMBINE:
      rules.inputs |= INPUT(STORED);
      rules.flags = EPOCH_VECTOR_GAIN;
      rules.activation = EPOCH_VECTOR_MODE(EPOCH_COMBINES - 1, function);
      rules.count = true;
      break;
    case EPOCH_IMAGE_OP_CONV1D:
      rules.flags = EPOCH_VECTOR_BIAS;
      rules.activation = function;
      rules.count = true;
      break;
    case EPOCH_IMAGE_OP_GATHER:
    case EPOCH_IMAGE_OP_ARGMAX:
      rules.same_width = false;
      rules.count = kind == EPOCH_IMAGE_OP_GATHER;
      break;
    case EPOCH_IMAGE_OP_IM2COL:
      rules.same_width = false;
      rules.geometry = true;
      break;
    default: /* AFFINE */
      break;
  }
  return rules;
}

/* The inputs that the op's mode and flags ask for. */
static uint32_t inputs_of(const op_t* op) {
  uint32_t inputs = rules_of(op->kind).inputs;
  const uint32_t flags = epoch_op_flags(op);
  const bool on_array = op->kind == EPOCH_IMAGE_OP_LINEAR || op->kind == EPOCH_IMAGE_OP_SSM;
  if (on_array && (flags & EPOCH_ARRAY_COMBINE) != 0) inputs |= INPUT(STORED);
  if (epoch_op_is_streamed(op)) {
    inputs |= INPUT(DRIVE) | INPUT(B) | INPUT(C);
    if ((flags & EPOCH_ARRAY_EXTRA) != 0) inputs |= INPUT(U);
  }
  return inputs;
}

static bool vector_function_fits(const op_t* op) {
  const uint32_t mode = op->activation;
  return EPOCH_VECTOR_MODE_FUNCTION(mode) < EPOCH_FUNCTIONS &&
         (op->kind == EPOCH_IMAGE_OP_COMBINE || EPOCH_VECTOR_MODE_OP(mode) == 0);
}

static bool ssm_fields_fit(const op_t* op) {
  const uint32_t flags = epoch_op_flags(op);
  if (op->modes == 0 || op->activation == EPOCH_ACTIVATION_GLU ||
      EPOCH_FORMAT_MODE(op->format) > EPOCH_MODE_EDGE)
    return false;
  if ((flags & EPOCH_ARRAY_SHIFT) != 0 && (flags & EPOCH_ARRAY_REVERSE) == 0) return false;
  /* D belongs to the direction that is not shifted. */
  if ((flags & EPOCH_ARRAY_SHIFT) != 0 && (flags & EPOCH_ARRAY_EXTRA) != 0) return false;
  return !epoch_op_is_edge(op) ||
         (op->activation == 0 &&
          (flags & ~(uint32_t)(EPOCH_ARRAY_REVERSE | EPOCH_ARRAY_SHIFT)) == 0);
}

static bool im2col_fits(const op_t* op) {
  const uint32_t* g = op->geometry;
  if (!g[EPOCH_GEOMETRY_CHANNELS] || !g[EPOCH_GEOMETRY_KERNEL_ROWS] ||
      !g[EPOCH_GEOMETRY_KERNEL_COLUMNS] || !g[EPOCH_GEOMETRY_STRIDE])
    return false;
  for (uint32_t i = 0; i < EPOCH_GEOMETRIES; i++) {
    if (g[i] > 0xFFFFu) return false;
  }
  const uint64_t patch = (uint64_t)g[EPOCH_GEOMETRY_KERNEL_ROWS] *
                         g[EPOCH_GEOMETRY_KERNEL_COLUMNS] * g[EPOCH_GEOMETRY_CHANNELS];
  return g[EPOCH_GEOMETRY_KERNEL_ROWS] <= g[EPOCH_GEOMETRY_ROWS] &&
         g[EPOCH_GEOMETRY_KERNEL_COLUMNS] <= g[EPOCH_GEOMETRY_COLUMNS] && patch == op->width_out &&
         op->width_in == g[EPOCH_GEOMETRY_CHANNELS];
}

/* Taps, bias and history in bytes stay far from the end of 32 bits. */
static bool conv1d_fits(const op_t* op) {
  return (uint64_t)op->width_out * (op->count + 1) <= 1u << 29;
}

static bool fields_fit(const op_t* op) {
  const struct rules rules = rules_of(op->kind);
  const uint32_t flags = epoch_op_flags(op);
  if (op->kind == 0 || op->kind > EPOCH_IMAGE_OP_IM2COL || !zero(op->reserved, 3)) return false;
  if (op->width_in == 0 || op->width_out == 0 || op->width_in > MAX_WIDTH ||
      op->width_out > MAX_WIDTH)
    return false;
  if ((flags & ~rules.flags) != 0 || op->activation > rules.activation) return false;
  if (!rules.array && (op->format & 0xFFFFu) != 0) return false;
  if (rules.same_width && op->width_in != op->width_out) return false;
  if (rules.modes != (op->modes != 0) || rules.count != (op->count != 0)) return false;
  if (rules.geometry ? !im2col_fits(op) : !zero(op->geometry, EPOCH_GEOMETRIES)) return false;
  for (uint32_t i = 0; i < EPOCH_INPUTS; i++) {
    const bool wanted = (inputs_of(op) >> i & 1u) != 0;
    if (wanted != (op->inputs[i] != EPOCH_REF_NONE)) return false;
  }
  switch (op->kind) {
    case EPOCH_IMAGE_OP_SSM:
      return ssm_fields_fit(op);
    case EPOCH_IMAGE_OP_LINEAR:
      return EPOCH_FORMAT_MODE(op->format) == EPOCH_MODE_MAC;
    case EPOCH_IMAGE_OP_GATHER:
      return op->width_in == 1;
    case EPOCH_IMAGE_OP_ARGMAX:
      return op->width_out == 1;
    case EPOCH_IMAGE_OP_MAP:
      return op->count <= 0xFFFFu && op->width_out % op->count == 0 &&
             op->width_out / op->count == op->width_in && vector_function_fits(op);
    case EPOCH_IMAGE_OP_COMBINE:
      return op->count <= 0xFFFFu && op->width_out % op->count == 0 && vector_function_fits(op);
    case EPOCH_IMAGE_OP_CONV1D:
      return op->count <= 0xFFFFu && conv1d_fits(op) && vector_function_fits(op);
    default:
      return true;
  }
}

/* ---- Operands ---- */

static bool number_type(uint32_t type) {
  return type == EPOCH_TYPE_FP32 || type == EPOCH_TYPE_BF16;
}

/* Types that an array op's operands have. */
static bool array_operand_type(const op_t* op, uint32_t input, uint32_t type) {
  const uint32_t of_op = EPOCH_FORMAT_TYPE(op->format);
  const uint32_t own = of_op == EPOCH_TYPE_BF16D ? (uint32_t)EPOCH_TYPE_BF16 : of_op;
  if (input == EPOCH_INPUT_STORED) return number_type(type);
  if (input == EPOCH_INPUT_SOURCE && (epoch_op_is_streamed(op) || epoch_op_is_edge(op)))
    return type == EPOCH_TYPE_FP32;
  return type == own;
}

static bool operand_type(const op_t* op, uint32_t input, uint32_t type) {
  switch (op->kind) {
    case EPOCH_IMAGE_OP_LINEAR:
    case EPOCH_IMAGE_OP_SSM:
      return array_operand_type(op, input, type);
    case EPOCH_IMAGE_OP_AFFINE:
      return type == EPOCH_IMAGE_TYPE_UINT8;
    case EPOCH_IMAGE_OP_GATHER:
      return type == EPOCH_IMAGE_TYPE_UINT32;
    default:
      return number_type(type);
  }
}

static bool result_type(const op_t* op, const tensor_t* source, uint32_t type) {
  switch (op->kind) {
    case EPOCH_IMAGE_OP_ARGMAX:
      return type == EPOCH_IMAGE_TYPE_UINT32;
    case EPOCH_IMAGE_OP_IM2COL:
      return type == source->type;
    case EPOCH_IMAGE_OP_POOL: /* the mean is summed in fp32; the last row is copied */
      return op->activation == 0 ? type == EPOCH_TYPE_FP32 : number_type(type);
    case EPOCH_IMAGE_OP_AFFINE:
    case EPOCH_IMAGE_OP_GATHER:
      return number_type(type);
    case EPOCH_IMAGE_OP_SSM:
      if (epoch_op_is_edge(op)) return type == EPOCH_TYPE_FP32;
      break;
    default:
      break;
  }
  return number_type(type) || type == EPOCH_TYPE_INT8;
}

static uint32_t im2col_rows(const op_t* op) {
  const uint32_t* g = op->geometry;
  const uint32_t stride = g[EPOCH_GEOMETRY_STRIDE];
  return ((g[EPOCH_GEOMETRY_ROWS] - g[EPOCH_GEOMETRY_KERNEL_ROWS]) / stride + 1) *
         ((g[EPOCH_GEOMETRY_COLUMNS] - g[EPOCH_GEOMETRY_KERNEL_COLUMNS]) / stride + 1);
}

/* Rows that an op makes of its source's: 0 stands for the steps of the sequence. */
static bool result_rows(const op_t* op, const tensor_t* source, const tensor_t* result) {
  if (op->kind == EPOCH_IMAGE_OP_POOL) return result->rows == 1;
  if (op->kind == EPOCH_IMAGE_OP_IM2COL)
    return source->rows ==
               op->geometry[EPOCH_GEOMETRY_ROWS] * op->geometry[EPOCH_GEOMETRY_COLUMNS] &&
           result->rows == im2col_rows(op);
  return result->rows == source->rows;
}

static bool writes(const op_t* op, uint32_t tensor) {
  return EPOCH_REF_TENSOR(op->output) == tensor;
}

/* One past the columns from `at` on that the op makes of the tensor, `at` if none: ops of documents
 * make theirs in every document's piece. */
static uint32_t written_from(const struct epoch_network* network, uint32_t o, uint32_t tensor,
                             uint32_t at) {
  const op_t* op = &network->ops[o];
  if (!writes(op, tensor)) return at;
  const tensor_t* result = &network->tensors[tensor];
  const bool pieces = (result->flags & EPOCH_TENSOR_DOCUMENTS) != 0 && o < network->header->head_op;
  const uint32_t piece = pieces ? result->width / network->header->documents : result->width;
  const uint32_t begin = at / piece * piece + EPOCH_REF_COLUMN(op->output);
  const uint32_t end = begin + epoch_op_results(op);
  return begin <= at && at < end ? end : at;
}

/* Whether ops below `end` write all of these columns; the network's input is there from the start.
 */
static bool is_written(const struct epoch_network* network, uint32_t tensor, uint32_t column,
                       uint32_t elements, uint32_t end) {
  if (tensor == network->header->input) return true;
  for (uint32_t at = column, before = at; at < column + elements; before = at) {
    for (uint32_t o = 0; o < end; o++) at = written_from(network, o, tensor, at);
    if (at == before) return false;
  }
  return true;
}

static bool ref_fits(const struct epoch_network* network, uint32_t ref, uint32_t elements) {
  const uint32_t tensor = EPOCH_REF_TENSOR(ref), column = EPOCH_REF_COLUMN(ref);
  if (tensor >= network->header->tensor_count) return false;
  const uint32_t width = network->tensors[tensor].width;
  return column <= width && elements <= width - column;
}

/* Where the DMA moves less than whole rows, they start at multiples of 4 bytes. */
static bool dma_can_move(const struct epoch_network* network, const op_t* op) {
  const tensor_t* tensor = epoch_ref_tensor(network, op->output);
  const uint32_t element = epoch_element_bytes(tensor->type);
  const uint32_t column = EPOCH_REF_COLUMN(op->output) * element;
  const uint32_t bytes = epoch_op_results(op) * element, row = epoch_row_bytes(tensor);
  const uint32_t* g = op->geometry;
  const uint32_t piece = g[EPOCH_GEOMETRY_KERNEL_COLUMNS] * g[EPOCH_GEOMETRY_CHANNELS] * element;
  const bool whole =
      bytes == row && op->kind != EPOCH_IMAGE_OP_GATHER && op->kind != EPOCH_IMAGE_OP_IM2COL;
  return whole || (column | row | piece) % 4 == 0;
}

/* A tensor for all documents is written by documents' ops, a piece each. */
static bool output_fits(const struct epoch_network* network, const op_t* op, uint32_t index) {
  if (!ref_fits(network, op->output, epoch_op_results(op)) || !dma_can_move(network, op))
    return false;
  const tensor_t* tensor = epoch_ref_tensor(network, op->output);
  if ((tensor->flags & EPOCH_TENSOR_DOCUMENTS) == 0 || index >= network->header->head_op)
    return true;
  const uint32_t piece = tensor->width / network->header->documents;
  return EPOCH_REF_COLUMN(op->output) + epoch_op_results(op) <= piece &&
         piece * epoch_element_bytes(tensor->type) % 4 == 0;
}

static bool operand_fits(const struct epoch_network* network, const op_t* op, uint32_t index,
                         uint32_t input) {
  const uint32_t ref = op->inputs[input];
  if (!ref_fits(network, ref, epoch_op_elements(op, input))) return false;
  const uint32_t number = EPOCH_REF_TENSOR(ref);
  const tensor_t* tensor = &network->tensors[number];
  const tensor_t* source = epoch_ref_tensor(network, op->inputs[EPOCH_INPUT_SOURCE]);
  const bool documents = (tensor->flags & EPOCH_TENSOR_DOCUMENTS) != 0;
  if (!operand_type(op, input, tensor->type) || tensor->rows != source->rows) return false;
  if (number == EPOCH_REF_TENSOR(op->output)) return false; /* read and written at once */
  if (op->kind == EPOCH_IMAGE_OP_GATHER && tensor->width != 1) return false;
  if (op->kind == EPOCH_IMAGE_OP_IM2COL && tensor->width != op->width_in) return false;
  if (epoch_op_reads_ahead(op, input) && epoch_row_bytes(tensor) % 4 != 0) return false;
  if (documents && index < network->header->head_op) return false;
  const bool carried = (tensor->flags & EPOCH_TENSOR_CARRIED) != 0;
  const uint32_t column = EPOCH_REF_COLUMN(ref), elements = epoch_op_elements(op, input);
  return is_written(network, number, column, elements, index) ||
         (carried && is_written(network, number, column, elements, network->header->op_count));
}

static bool operands_fit(const struct epoch_network* network, const op_t* op, uint32_t index) {
  for (uint32_t i = 0; i < EPOCH_INPUTS; i++) {
    if (op->inputs[i] != EPOCH_REF_NONE && !operand_fits(network, op, index, i)) return false;
  }
  const uint32_t source_number = EPOCH_REF_TENSOR(op->inputs[EPOCH_INPUT_SOURCE]);
  const tensor_t* source = &network->tensors[source_number];
  if (!output_fits(network, op, index) || writes(op, network->header->input)) return false;
  const tensor_t* result = epoch_ref_tensor(network, op->output);
  return result_type(op, source, result->type) && result_rows(op, source, result);
}

/* What a loop holds runs step by step, forwards, on the rows of the sequence. */
static bool loop_fits(const struct epoch_network* network, uint32_t tensor) {
  uint32_t first, last;
  if (!epoch_tensor_loop(network, tensor, &first, &last)) return true;
  if (first < network->header->head_op && last >= network->header->head_op) return false;
  for (uint32_t o = first; o <= last; o++) {
    const op_t* op = &network->ops[o];
    const tensor_t* source = epoch_ref_tensor(network, op->inputs[EPOCH_INPUT_SOURCE]);
    if (epoch_op_direction(op) < 0 || source->rows != 0 || op->kind == EPOCH_IMAGE_OP_POOL ||
        op->kind == EPOCH_IMAGE_OP_IM2COL)
      return false;
  }
  return true;
}

/* ---- Parameters and hardware ---- */

/* Bytes of parameters that the op must have; UINT32_MAX if it cannot be laid out. */
static uint32_t parameter_bytes(const struct epoch_network* network, const op_t* op,
                                const struct epoch_array_shape* array) {
  struct epoch_ssm_layout ssm;
  struct epoch_gemm_layout gemm;
  switch (op->kind) {
    case EPOCH_IMAGE_OP_SSM:
      return epoch_op_ssm_layout(op, array, &ssm) == 0 ? epoch_ssm_bytes(&ssm) : UINT32_MAX;
    case EPOCH_IMAGE_OP_LINEAR:
      return epoch_op_gemm_layout(op, array, &gemm) == 0 ? epoch_gemm_bytes(&gemm) : UINT32_MAX;
    case EPOCH_IMAGE_OP_GATHER: {
      const uint32_t element = epoch_element_bytes(epoch_ref_tensor(network, op->output)->type);
      const uint64_t bytes = (uint64_t)op->count * op->width_out * element;
      return bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX;
    }
    default:
      return epoch_op_vector_parameters(op);
  }
}

static bool parameters_fit(const struct epoch_network* network, const op_t* op,
                           const struct epoch_caps* caps) {
  const uint32_t total = network->header->total_bytes;
  const uint32_t needed = parameter_bytes(network, op, &caps->array);
  if (needed == UINT32_MAX || op->parameter_bytes != needed) return false;
  return op->parameter_bytes == 0 ||
         (op->parameter_offset % EPOCH_IMAGE_ALIGN == 0 && op->parameter_offset <= total &&
          op->parameter_bytes <= total - op->parameter_offset);
}

static bool has_bit(uint32_t bits, uint32_t number) {
  return number < 32 && (bits >> number & 1u) != 0;
}

static bool vector_op_supported(const op_t* op, const struct epoch_caps* caps) {
  static const uint8_t opcodes[EPOCH_IMAGE_OP_IM2COL + 1] = {
      [EPOCH_IMAGE_OP_AFFINE] = EPOCH_OP_AFFINE,   [EPOCH_IMAGE_OP_NORM] = EPOCH_OP_LAYERNORM,
      [EPOCH_IMAGE_OP_POOL] = EPOCH_OP_POOL,       [EPOCH_IMAGE_OP_MAP] = EPOCH_OP_MAP,
      [EPOCH_IMAGE_OP_COMBINE] = EPOCH_OP_COMBINE, [EPOCH_IMAGE_OP_CONV1D] = EPOCH_OP_CONV1D,
      [EPOCH_IMAGE_OP_ARGMAX] = EPOCH_OP_ARGMAX};
  uint32_t opcode = opcodes[op->kind];
  if (op->kind == EPOCH_IMAGE_OP_NORM && op->activation != 0) opcode = EPOCH_OP_RMSNORM;
  return opcode == 0 || has_bit(caps->vector_ops, opcode - EPOCH_OP_AFFINE);
}

static bool supported(const struct epoch_network* network, const op_t* op,
                      const struct epoch_caps* caps) {
  for (uint32_t i = 0; i <= EPOCH_INPUTS; i++) {
    const uint32_t ref = i == EPOCH_INPUTS ? op->output : op->inputs[i];
    if (ref == EPOCH_REF_NONE) continue;
    const uint32_t type = epoch_ref_tensor(network, ref)->type;
    if (type < EPOCH_IMAGE_TYPE_UINT8 && !has_bit(caps->types, type)) return false;
  }
  if (op->kind != EPOCH_IMAGE_OP_SSM && op->kind != EPOCH_IMAGE_OP_LINEAR)
    return vector_op_supported(op, caps);
  return has_bit(caps->modes, EPOCH_FORMAT_MODE(op->format)) &&
         has_bit(caps->types, EPOCH_FORMAT_TYPE(op->format)) &&
         has_bit(caps->activations, op->activation);
}

static result_t check_op(const struct epoch_network* network, uint32_t index,
                         const struct epoch_caps* caps) {
  const op_t* op = &network->ops[index];
  const uint32_t layer = index == 0 ? 0 : network->ops[index - 1].layer;
  if (!fields_fit(op) || op->layer < layer || op->layer >= network->header->layer_count)
    return EPOCH_NETWORK_OP;
  if (!operands_fit(network, op, index)) return EPOCH_NETWORK_OPERAND;
  if (!supported(network, op, caps)) return EPOCH_NETWORK_UNSUPPORTED;
  return parameters_fit(network, op, caps) ? EPOCH_NETWORK_OK : EPOCH_NETWORK_PARAMETERS;
}

/* ---- Header and tables ---- */

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
         header->array_state_slots == array->state_slots &&
         header->array_slots_kind == array->slots_kind;
}

static bool counts_fit(const struct epoch_image_header* header) {
  const bool one = header->documents == 1;
  return header->op_count != 0 && header->layer_count != 0 && header->tensor_count != 0 &&
         header->tensor_count <= MAX_TENSORS && header->input < header->tensor_count &&
         header->output < header->tensor_count && header->documents >= 1 &&
         header->documents <= 16 && header->head_op != 0 && header->head_op <= header->op_count &&
         one == (header->head_op == header->op_count) && zero(header->reserved, 5) &&
         memchr(header->name, 0, sizeof header->name) != NULL;
}

static result_t check_header(const struct epoch_image_header* header, const uint8_t* image,
                             uint32_t bytes, const struct epoch_caps* caps) {
  if (header->magic != EPOCH_IMAGE_MAGIC) return EPOCH_NETWORK_MAGIC;
  if (header->version != EPOCH_IMAGE_VERSION) return EPOCH_NETWORK_VERSION;
  if (header->total_bytes < sizeof *header || header->total_bytes > bytes)
    return EPOCH_NETWORK_TRUNCATED;
  if (checksum(image, header->total_bytes) != header->checksum) return EPOCH_NETWORK_CHECKSUM;
  if (EPOCH_GET(header->contract_version, VERSION, MAJOR) != EPOCH_VERSION_MAJOR ||
      EPOCH_GET(header->contract_version, VERSION, MINOR) > EPOCH_VERSION_MINOR)
    return EPOCH_NETWORK_CONTRACT;
  if (!same_array(header, &caps->array)) return EPOCH_NETWORK_ARRAY;
  if (!counts_fit(header)) return EPOCH_NETWORK_HEADER;
  if (!table_inside(header->tensor_offset, header->tensor_count, sizeof(tensor_t),
                    header->total_bytes) ||
      !table_inside(header->op_offset, header->op_count, sizeof(op_t), header->total_bytes))
    return EPOCH_NETWORK_TABLES;
  return EPOCH_NETWORK_OK;
}

static bool tensor_fits(const struct epoch_network* network, const tensor_t* tensor) {
  const uint32_t known = EPOCH_TENSOR_CARRIED | EPOCH_TENSOR_DOCUMENTS;
  if (tensor->width == 0 || tensor->width > MAX_WIDTH || epoch_element_bytes(tensor->type) == 0 ||
      (tensor->flags & ~known) != 0 || tensor->rows > (1u << 24))
    return false;
  if ((tensor->flags & EPOCH_TENSOR_CARRIED) != 0 && tensor->rows != 0) return false;
  return (tensor->flags & EPOCH_TENSOR_DOCUMENTS) == 0 ||
         (tensor->rows == 1 && tensor->width % network->header->documents == 0);
}

enum epoch_network_result epoch_network_open(struct epoch_network* network, const void* image,
                                             uint32_t bytes, const struct epoch_caps* caps,
                                             uint32_t* op) {
  const struct epoch_image_header* header = image;
  if (op != NULL) *op = EPOCH_NO_OP;
  if (image == NULL || bytes < sizeof *header) return EPOCH_NETWORK_TRUNCATED;
  if ((uintptr_t)image % EPOCH_IMAGE_ALIGN != 0) return EPOCH_NETWORK_ALIGNMENT;
  const result_t result = check_header(header, image, bytes, caps);
  if (result != EPOCH_NETWORK_OK) return result;
  network->image = image;
  network->header = header;
  network->tensors = (const void*)(network->image + header->tensor_offset);
  network->ops = (const void*)(network->image + header->op_offset);
  for (uint32_t t = 0; t < header->tensor_count; t++) {
    if (!tensor_fits(network, &network->tensors[t])) return EPOCH_NETWORK_TENSOR;
  }
  for (uint32_t o = 0; o < header->op_count; o++) {
    const result_t checked = check_op(network, o, caps);
    if (checked == EPOCH_NETWORK_OK) continue;
    if (op != NULL) *op = o;
    return checked;
  }
  for (uint32_t t = 0; t < header->tensor_count; t++) {
    if (!loop_fits(network, t)) return EPOCH_NETWORK_OPERAND;
  }
  bool written = false; /* spare columns are nobody's */
  for (uint32_t o = 0; o < header->op_count; o++)
    written |= writes(&network->ops[o], header->output);
  return written && header->output != header->input ? EPOCH_NETWORK_OK : EPOCH_NETWORK_HEADER;
}
