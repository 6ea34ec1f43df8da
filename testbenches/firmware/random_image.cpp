// SPDX-License-Identifier: Apache-2.0
#include "firmware/random_image.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "compiler/number_words.h"
#include "compiler/parameter_blocks.h"
#include "epoch_network.h"
#include "epochcore/pe_grid/operands.h"

namespace epoch::test {
namespace {

struct Columns {
  std::uint32_t tensor = 0;
  std::uint32_t column = 0;
  std::uint32_t width = 0;
};

// Builds one network. Every method that adds ops returns what they have made.
class Generator {
 public:
  Generator(std::mt19937& random, const epoch_array_shape& array, const ImageLimits& limits)
      : random_(random), array_(array), limits_(limits) {
    type_ = pick(0, 2);
  }

  std::vector<std::uint8_t> make() {
    const bool documents = limits_.one_output && chance(8);
    Columns input{}, row = begin(input);
    for (std::uint32_t block = pick(1, limits_.blocks); block != 0; --block) row = add_block(row);
    Columns output = row;
    if (documents)
      output = end_documents(row);
    else if (limits_.one_output && chance(2))
      output = end_pooled(row);
    else if (row.tensor == input.tensor || chance(3))
      output = add_linear(row, pick(1, limits_.width), wide(), 0);
    epoch_image_header header{};
    header.array_rows = array_.rows;
    header.array_cols = array_.cols;
    header.array_segment_rows = array_.segment_rows;
    header.array_state_slots = array_.state_slots;
    header.array_slots_kind = array_.slots_kind;
    header.layer_count = layer_ + 1;
    header.input = input.tensor;
    header.output = output.tensor;
    header.documents = documents ? documents_ : 1;
    header.head_op = documents ? head_op_ : static_cast<std::uint32_t>(builder_.ops().size());
    std::memcpy(header.name, "random", 7);
    return builder_.finish(header);
  }

 private:
  std::uint32_t pick(std::uint32_t low, std::uint32_t high) {
    return std::uniform_int_distribution<std::uint32_t>(low, high)(random_);
  }
  bool chance(std::uint32_t of) { return pick(1, of) == 1; }
  double real(double size) { return std::uniform_real_distribution<double>(-size, size)(random_); }
  std::vector<float> reals(std::size_t count, double size) {
    std::vector<float> values(count);
    for (float& value : values) value = static_cast<float>(real(size));
    return values;
  }

  std::uint32_t narrow() const {
    return type_ == EPOCH_TYPE_FP32 ? EPOCH_TYPE_FP32 : EPOCH_TYPE_BF16;
  }
  std::uint32_t wide() const { return EPOCH_TYPE_FP32; }
  std::uint32_t some_type() { return chance(2) ? narrow() : wide(); }
  std::uint32_t type_of(const Columns& value) const {
    return builder_.tensors()[value.tensor].type;
  }

  // Rows a whole number of words long, sometimes with columns that nobody writes.
  Columns tensor(std::uint32_t width, std::uint32_t type, std::uint32_t flags = 0) {
    const std::uint32_t in_word = 4 / epoch_element_bytes(type);
    std::uint32_t padded = (width + in_word - 1) / in_word * in_word;
    if (flags == 0 && type != EPOCH_IMAGE_TYPE_UINT8 && chance(6)) padded += in_word;
    if (type == EPOCH_IMAGE_TYPE_UINT8) padded = width;
    return {builder_.add_tensor({padded, type, rows_, flags}), 0, width};
  }

  epoch_image_op make_op(std::uint32_t kind, const Columns& in, const Columns& out) const {
    epoch_image_op op{};
    op.kind = kind;
    op.layer = layer_;
    std::fill(std::begin(op.inputs), std::end(op.inputs), EPOCH_REF_NONE);
    op.inputs[EPOCH_INPUT_SOURCE] = EPOCH_REF(in.tensor, in.column);
    op.output = EPOCH_REF(out.tensor, out.column);
    op.width_in = in.width;
    op.width_out = out.width;
    return op;
  }

  static std::uint32_t ref(const Columns& value) { return EPOCH_REF(value.tensor, value.column); }

  // ---- Beginnings ----

  Columns begin(Columns& input) {
    if (limits_.one_output && !limits_.causal && chance(8)) return begin_picture(input);
    if (chance(3)) {
      input = {builder_.add_tensor({1, EPOCH_IMAGE_TYPE_UINT32, 0, 0}), 0, 1};
      const Columns out = tensor(pick(1, limits_.width), some_type());
      epoch_image_op op = make_op(EPOCH_IMAGE_OP_GATHER, input, out);
      op.count = pick(1, 9);
      const std::vector<float> table = reals(std::size_t{op.count} * out.width, 1);
      builder_.add_op(op, type_of(out) == EPOCH_TYPE_BF16 ? bf16_bytes(table) : fp32_bytes(table));
      return out;
    }
    input = tensor(pick(1, limits_.width), EPOCH_IMAGE_TYPE_UINT8);
    return add_affine(input);
  }

  Columns add_affine(const Columns& input) {
    const Columns out = tensor(input.width, some_type());
    epoch_image_op op = make_op(EPOCH_IMAGE_OP_AFFINE, input, out);
    op.immediate0 = bits_of(1.0 / 128);
    op.immediate1 = bits_of(-1);
    builder_.add_op(op, {});
    return out;
  }

  // Pixels, then the patches under a kernel.
  Columns begin_picture(Columns& input) {
    const std::uint32_t channels = 2 * pick(1, 3), height = pick(2, 7), width = pick(2, 7);
    const std::uint32_t kernel_rows = pick(1, height), kernel_columns = pick(1, width);
    const std::uint32_t stride = pick(1, 3);
    rows_ = height * width;
    input = tensor(channels, EPOCH_IMAGE_TYPE_UINT8);
    const Columns pixels = {builder_.add_tensor({channels, some_type(), rows_, 0}), 0, channels};
    epoch_image_op affine = make_op(EPOCH_IMAGE_OP_AFFINE, input, pixels);
    affine.immediate0 = bits_of(1.0 / 128);
    builder_.add_op(affine, {});
    next_layer();
    const std::uint32_t out_columns = (width - kernel_columns) / stride + 1;
    rows_ = ((height - kernel_rows) / stride + 1) * out_columns;
    const Columns patches = tensor(kernel_rows * kernel_columns * channels, type_of(pixels));
    epoch_image_op op = make_op(EPOCH_IMAGE_OP_IM2COL, pixels, patches);
    const std::uint32_t geometry[] = {height, width, channels, kernel_rows, kernel_columns, stride};
    std::copy(std::begin(geometry), std::end(geometry), op.geometry);
    builder_.add_op(op, {});
    return add_linear(patches, pick(1, limits_.width), some_type(), 0);
  }

  // ---- Middles ----

  void next_layer() {
    if (chance(2)) ++layer_;
  }

  Columns add_block(const Columns& in) {
    next_layer();
    switch (pick(0, 10)) {
      case 0:
        return add_norm(in);
      case 1:
        return add_map(in);
      case 2:
        return add_residual_linear(in);
      case 3:
        return add_conv(in);
      case 4:
        return add_scan(in, EPOCH_MODE_SELECTIVE);
      case 5:
        return add_scan(in, EPOCH_MODE_SSD);
      case 6:
        return add_edge(in);
      case 7:
        return rows_ == 0 && chance(3) ? add_loop(in) : add_norm(in);
      default:
        return add_ssm(in);
    }
  }

  Columns add_norm(const Columns& in) {
    const Columns out = tensor(in.width, some_type());
    epoch_image_op op = make_op(EPOCH_IMAGE_OP_NORM, in, out);
    op.activation = pick(0, 1);
    op.immediate0 = bits_of(0.01);
    builder_.add_op(op, fp32_bytes(reals(std::size_t{in.width} * (op.activation == 0 ? 2 : 1), 1)));
    return out;
  }

  Columns add_map(const Columns& in, std::uint32_t type = 4, std::uint32_t repeat = 0) {
    const std::uint32_t count = repeat != 0 ? repeat : chance(3) ? pick(1, 3) : 1;
    const Columns out = tensor(in.width * count, type == 4 ? some_type() : type);
    epoch_image_op op = make_op(EPOCH_IMAGE_OP_MAP, in, out);
    const std::uint32_t flags = pick(0, 3);
    op.format = EPOCH_FORMAT(
        0, 0,
        ((flags & 1) != 0 ? EPOCH_VECTOR_GAIN : 0u) | ((flags & 2) != 0 ? EPOCH_VECTOR_BIAS : 0u));
    op.activation = EPOCH_VECTOR_MODE(0, pick(0, EPOCH_FUNCTION_TANH));
    op.count = count;
    builder_.add_op(op,
                    fp32_bytes(reals(std::size_t{out.width} * ((flags & 1) + (flags >> 1)), 1)));
    return out;
  }

  Columns add_combine(const Columns& a, const Columns& b, std::uint32_t type,
                      std::uint32_t operation = 4) {
    const Columns out = tensor(a.width, type);
    epoch_image_op op = make_op(EPOCH_IMAGE_OP_COMBINE, a, out);
    const bool gain = chance(2);
    op.format = EPOCH_FORMAT(0, 0, gain ? EPOCH_VECTOR_GAIN : 0u);
    op.activation =
        EPOCH_VECTOR_MODE(operation == 4 ? pick(0, 3) : operation, pick(0, EPOCH_FUNCTION_TANH));
    op.inputs[EPOCH_INPUT_STORED] = ref(b);
    op.count = a.width / b.width;
    builder_.add_op(op, gain ? fp32_bytes(reals(a.width, 1)) : std::vector<std::uint8_t>());
    return out;
  }

  // As the array reads it.
  Columns narrowed(const Columns& in) {
    return type_of(in) == narrow() ? in : add_map(in, narrow(), 1);
  }

  Columns add_linear(const Columns& from, std::uint32_t width, std::uint32_t type,
                     const Columns* residual, bool glu = false) {
    const Columns in = narrowed(from);
    const Columns out = tensor(width, type);
    const std::uint32_t columns = glu ? 2 * width : width;
    const bool bias = chance(2);
    epoch_gemm_layout layout{};
    epoch_gemm_layout_make(&layout, &array_, type_, in.width, columns, bias ? 1 : 0, glu ? 1 : 0);
    epoch_image_op op = make_op(EPOCH_IMAGE_OP_LINEAR, in, out);
    op.format = EPOCH_FORMAT(
        EPOCH_MODE_MAC, type_,
        (bias ? EPOCH_ARRAY_EXTRA : 0u) | (residual != nullptr ? EPOCH_ARRAY_COMBINE : 0u));
    op.activation = drain_activation();
    if (glu) op.activation = EPOCH_ACTIVATION_GLU;
    if (residual != nullptr) op.inputs[EPOCH_INPUT_STORED] = ref(*residual);
    const double size = 1 / std::sqrt(static_cast<double>(in.width));
    GemmValues values{reals(std::size_t{columns} * in.width, size), {}, {}};
    if (bias) values.extra = reals(columns, 0.5);
    builder_.add_op(op, gemm_parameters(layout, values));
    return out;
  }
  Columns add_linear(const Columns& in, std::uint32_t width, std::uint32_t type, int) {
    return add_linear(in, width, type, nullptr);
  }

  std::uint32_t drain_activation() {
    const std::uint32_t activation = pick(0, EPOCH_ACTIVATION_TANH);
    return activation == EPOCH_ACTIVATION_GLU ? 0 : activation;
  }

  Columns add_residual_linear(const Columns& in) {
    const bool glu = array_.cols > 1 && chance(2);
    const Columns hidden = add_linear(in, pick(1, 2 * limits_.width), narrow(), 0);
    return add_linear(hidden, in.width, some_type(), &in, glu);
  }

  Columns add_conv(const Columns& in) {
    const Columns out = tensor(in.width, some_type());
    epoch_image_op op = make_op(EPOCH_IMAGE_OP_CONV1D, in, out);
    const bool bias = chance(2);
    op.format = EPOCH_FORMAT(0, 0, bias ? EPOCH_VECTOR_BIAS : 0u);
    op.activation = EPOCH_VECTOR_MODE(0, pick(0, EPOCH_FUNCTION_TANH));
    op.count = pick(1, 5);
    builder_.add_op(op,
                    fp32_bytes(reals(std::size_t{in.width} * (op.count + (bias ? 1 : 0)), 0.5)));
    return out;
  }

  // ---- Recurrences ----

  void add_pole(std::vector<double>& words, bool complex) {
    const double radius = 0.5 + 0.45 * std::abs(real(1)), angle = real(3.1);
    words.push_back(radius * (complex ? std::cos(angle) : 1));
    if (complex) words.push_back(radius * std::sin(angle));
  }

  SsmValues recurrence(std::uint32_t mode, std::uint32_t channels, std::uint32_t modes) {
    static constexpr unsigned narrow_words[] = {1, 2, 2, 4, 2, 0, 0, 0, 0};
    const bool complex = is_complex(static_cast<ArrayMode>(mode));
    SsmValues values;
    for (std::uint32_t i = 0; i < channels * modes; ++i) {
      if (mode == EPOCH_MODE_SSD) continue;
      if (mode == EPOCH_MODE_SELECTIVE)
        values.words.push_back(-0.1 - std::abs(real(2)));
      else
        add_pole(values.words, complex);
      for (unsigned w = 0; mode == EPOCH_MODE_DPLR && w < 4; ++w)
        values.words.push_back(real(0.1 / modes));
      for (unsigned w = 0; w < narrow_words[mode]; ++w)
        values.words.push_back(real(w < narrow_words[mode] - (complex ? 2u : 1u) ? 0.02 : 0.5));
    }
    return values;
  }

  struct Direction {
    bool reverse = false, ahead = false;
    const Columns* stored = nullptr;
    bool extra = false;
  };

  epoch_image_op recurrence_op(std::uint32_t mode, const Columns& in, const Columns& out,
                               std::uint32_t modes, const Direction& direction) {
    epoch_image_op op = make_op(EPOCH_IMAGE_OP_SSM, in, out);
    op.format = EPOCH_FORMAT(mode, type_,
                             (direction.extra ? EPOCH_ARRAY_EXTRA : 0u) |
                                 (direction.stored != nullptr ? EPOCH_ARRAY_COMBINE : 0u) |
                                 (direction.reverse ? EPOCH_ARRAY_REVERSE : 0u) |
                                 (direction.ahead ? EPOCH_ARRAY_SHIFT : 0u));
    op.modes = modes;
    if (direction.stored != nullptr) op.inputs[EPOCH_INPUT_STORED] = ref(*direction.stored);
    return op;
  }

  void add_parameters(epoch_image_op op, SsmValues values) {
    epoch_ssm_layout layout{};
    const bool extra = (EPOCH_FORMAT_FLAGS(op.format) & EPOCH_ARRAY_EXTRA) != 0;
    for (std::uint32_t c = 0; extra && c < op.width_in; ++c) values.extra.push_back(real(1));
    epoch_ssm_layout_make(&layout, &array_, EPOCH_FORMAT_MODE(op.format), type_, op.width_in,
                          op.modes, extra ? 1 : 0);
    builder_.add_op(op, ssm_parameters(layout, values));
  }

  // One direction or two, real to dplr.
  Columns add_ssm(const Columns& from) {
    const Columns in = narrowed(from);
    const std::uint32_t mode = pick(EPOCH_MODE_REAL, EPOCH_MODE_DPLR);
    const std::uint32_t rows =
        array_.rows * (array_.slots_kind == EPOCH_SLOTS_MODE ? array_.state_slots : 1);
    const std::uint32_t most =
        mode == EPOCH_MODE_DPLR ? std::min(limits_.modes, rows) : limits_.modes;
    const std::uint32_t modes = pick(1, most);
    const bool both = !limits_.causal && chance(2);
    Direction direction;
    direction.extra = chance(2);
    direction.reverse = !limits_.causal && !both && chance(5);
    const Columns first = tensor(in.width, both ? wide() : some_type());
    epoch_image_op op = recurrence_op(mode, in, first, modes, direction);
    if (!both) op.activation = drain_activation();
    add_parameters(op, recurrence(mode, in.width, modes));
    if (!both) return first;
    Direction second;
    second.reverse = true;
    second.ahead = chance(2);
    second.stored = &first;
    const Columns out = tensor(in.width, some_type());
    op = recurrence_op(mode, in, out, modes, second);
    op.activation = drain_activation();
    add_parameters(op, recurrence(mode, in.width, modes));
    return out;
  }

  // Cells at the edge take pairs of columns.
  Columns add_edge(const Columns& from) {
    if (array_.cols < 2) return add_norm(from);
    const std::uint32_t cells = pick(1, limits_.width);
    const Columns v = add_linear(from, 2 * cells, wide(), 0);
    const Columns out = tensor(2 * cells, wide());
    Direction direction;
    direction.reverse = !limits_.causal && chance(3);
    direction.ahead = direction.reverse && chance(2);
    epoch_image_op op = recurrence_op(EPOCH_MODE_EDGE, v, out, 1, direction);
    op.width_in = op.width_out = cells;
    add_parameters(op, recurrence(EPOCH_MODE_EDGE, cells, 1));
    return out;
  }

  // selective, ssd: what decays and drives comes from the input, too.
  Columns add_scan(const Columns& from, std::uint32_t mode) {
    if (type_ == EPOCH_TYPE_BF16D) return add_ssm(from);
    const Columns u = narrowed(from);
    const std::uint32_t modes = pick(1, limits_.modes);
    const Columns decay = positive(u, mode == EPOCH_MODE_SSD);
    const Columns drive = add_combine(u, decay, narrow(), EPOCH_COMBINE_MULTIPLY);
    const Columns bc = add_linear(u, 2 * modes, narrow(), 0);
    Direction direction;
    direction.extra = chance(2);
    direction.reverse = !limits_.causal && chance(4);
    const Columns out = tensor(u.width, some_type());
    epoch_image_op op = recurrence_op(mode, decay, out, modes, direction);
    op.activation = drain_activation();
    op.inputs[EPOCH_INPUT_DRIVE] = ref(drive);
    op.inputs[EPOCH_INPUT_B] = ref(bc);
    op.inputs[EPOCH_INPUT_C] = EPOCH_REF(bc.tensor, modes);
    if (direction.extra) op.inputs[EPOCH_INPUT_U] = ref(u);
    add_parameters(op, recurrence(mode, u.width, modes));
    return out;
  }

  // d > 0 for selective, 0 < a_k < 1 for ssd.
  Columns positive(const Columns& u, bool below_one) {
    const Columns out = tensor(u.width, wide());
    epoch_image_op op = make_op(EPOCH_IMAGE_OP_MAP, u, out);
    const auto function = below_one ? EPOCH_FUNCTION_SIGMOID : EPOCH_FUNCTION_SOFTPLUS;
    op.activation = EPOCH_VECTOR_MODE(0, function);
    op.count = 1;
    builder_.add_op(op, {});
    return out;
  }

  // h[t] = f(W h[t-1] + x[t]), and a second tensor that is carried and read late.
  Columns add_loop(const Columns& from) {
    const Columns x = add_linear(from, pick(1, limits_.width), wide(), 0);
    next_layer();
    const Columns h = tensor(x.width, narrow(), EPOCH_TENSOR_CARRIED);
    const Columns slow = tensor(x.width, wide(), EPOCH_TENSOR_CARRIED);
    const Columns sum = add_linear(h, x.width, wide(), &x);
    const Columns mixed = add_combine(sum, slow, wide(), EPOCH_COMBINE_ADD);
    write_map(mixed, slow, EPOCH_FUNCTION_TANH);
    write_map(mixed, h, EPOCH_FUNCTION_SIGMOID);
    next_layer();
    return add_map(h, some_type(), 1);
  }

  void write_map(const Columns& in, const Columns& out, std::uint32_t function) {
    epoch_image_op op = make_op(EPOCH_IMAGE_OP_MAP, in, out);
    op.activation = EPOCH_VECTOR_MODE(0, function);
    op.count = 1;
    builder_.add_op(op, {});
  }

  // ---- Ends ----

  Columns pooled(const Columns& in, const Columns& out, std::uint32_t function) {
    epoch_image_op op = make_op(EPOCH_IMAGE_OP_POOL, in, out);
    op.activation = function;
    builder_.add_op(op, {});
    return out;
  }

  Columns end_pooled(const Columns& in) {
    const std::uint32_t function = pick(0, 1);
    next_layer();
    rows_ = 1;
    const Columns out = tensor(in.width, function == 0 ? wide() : some_type());
    pooled(in, out, function);
    next_layer();
    if (chance(4)) return add_argmax(out);
    return chance(4) ? out : add_linear(out, pick(1, limits_.width), wide(), 0);
  }

  Columns add_argmax(const Columns& in) {
    const Columns out = tensor(1, EPOCH_IMAGE_TYPE_UINT32, 0);
    builder_.add_op(make_op(EPOCH_IMAGE_OP_ARGMAX, in, out), {});
    return out;
  }

  Columns end_documents(const Columns& in) {
    documents_ = pick(2, 3);
    next_layer();
    rows_ = 1;
    const std::uint32_t piece = (in.width + 1) / 2 * 2;
    const Columns all = tensor(piece * documents_, wide(), EPOCH_TENSOR_DOCUMENTS);
    pooled(in, {all.tensor, 0, in.width}, 0);
    head_op_ = static_cast<std::uint32_t>(builder_.ops().size());
    next_layer();
    const Columns first = {all.tensor, 0, in.width}, last = {all.tensor, piece, in.width};
    return add_linear(add_combine(first, last, narrow()), pick(1, limits_.width), wide(), 0);
  }

  std::mt19937& random_;
  const epoch_array_shape array_;
  const ImageLimits limits_;
  ImageBuilder builder_;
  std::uint32_t type_ = EPOCH_TYPE_FP32;
  std::uint32_t rows_ = 0;
  std::uint32_t layer_ = 0;
  std::uint32_t documents_ = 1;
  std::uint32_t head_op_ = 0;
};

}  // namespace

AlignedImage::AlignedImage(const std::vector<std::uint8_t>& bytes)
    : storage_(bytes.size() + EPOCH_IMAGE_ALIGN), size_(static_cast<std::uint32_t>(bytes.size())) {
  const auto address = reinterpret_cast<std::uintptr_t>(storage_.data());
  offset_ = (EPOCH_IMAGE_ALIGN - address % EPOCH_IMAGE_ALIGN) % EPOCH_IMAGE_ALIGN;
  std::copy(bytes.begin(), bytes.end(), data());
}

epoch_image_tensor* AlignedImage::tensors() {
  return reinterpret_cast<epoch_image_tensor*>(data() + header().tensor_offset);
}

epoch_image_op* AlignedImage::ops() {
  return reinterpret_cast<epoch_image_op*>(data() + header().op_offset);
}

void AlignedImage::seal() {
  header().checksum = 0;
  header().checksum = bitwise_crc32(data(), size_);
}

epoch_array_shape random_array(std::mt19937& random) {
  const auto pick = [&](std::uint32_t low, std::uint32_t high) {
    return std::uniform_int_distribution<std::uint32_t>(low, high)(random);
  };
  const std::uint32_t segment = pick(1, 4), slots = pick(0, 2) == 0 ? pick(2, 3) : 1;
  const std::uint32_t kind = slots == 1        ? static_cast<std::uint32_t>(EPOCH_SLOTS_MODE)
                             : pick(0, 1) == 0 ? static_cast<std::uint32_t>(EPOCH_SLOTS_MODE)
                                               : static_cast<std::uint32_t>(EPOCH_SLOTS_CHANNEL);
  return {segment * pick(1, 4), pick(1, 9), segment, slots, kind};
}

epoch_caps sample_caps(const epoch_array_shape& array, std::uint32_t activations,
                       std::uint32_t coefficients, std::uint32_t accumulators) {
  epoch_caps caps{};
  caps.array = array;
  caps.pe_kind = EPOCH_PE_LIMA;
  caps.hop = 1;
  caps.multipliers = 2;
  caps.mul_latency = 1;
  caps.modes = (1u << (EPOCH_MODE_MAC + 1)) - 1;
  caps.types = 0xF;
  caps.activations = (1u << (EPOCH_ACTIVATION_TANH + 1)) - 1;
  caps.vector_ops = (1u << (EPOCH_OP_ARGMAX - EPOCH_OP_AFFINE + 1)) - 1;
  caps.vector_lanes = 32;
  caps.drain_lanes = array.cols;
  caps.dma_burst_bytes = 256;
  caps.dma_outstanding = 8;
  caps.buffer_bytes[EPOCH_BUFFER_ACTIVATIONS] = activations;
  caps.buffer_bytes[EPOCH_BUFFER_COEFFICIENTS] = coefficients;
  caps.buffer_bytes[EPOCH_BUFFER_ACCUMULATORS] = accumulators;
  caps.read_port = 256;
  caps.write_port = 128;
  caps.coefficient_port = 64;
  caps.state_port = 64;
  return caps;
}

std::vector<std::uint8_t> random_image(std::mt19937& random, const epoch_array_shape& array,
                                       const ImageLimits& limits) {
  return Generator(random, array, limits).make();
}

std::vector<std::uint8_t> random_input(std::mt19937& random, const AlignedImage& image,
                                       std::uint32_t steps) {
  AlignedImage& mutable_image = const_cast<AlignedImage&>(image);
  const epoch_image_header& header = mutable_image.header();
  const epoch_image_tensor& tensor = mutable_image.tensors()[header.input];
  const std::size_t rows = std::size_t{header.documents} * epoch_tensor_rows(&tensor, steps);
  std::vector<std::uint8_t> bytes(rows * epoch_row_bytes(&tensor));
  if (tensor.type == EPOCH_IMAGE_TYPE_UINT8) {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    return bytes;
  }
  const std::uint32_t table = mutable_image.ops()[0].count;
  for (std::size_t i = 0; i < bytes.size(); i += 4) {
    const std::uint32_t index = std::uniform_int_distribution<std::uint32_t>(0, table - 1)(random);
    std::memcpy(&bytes[i], &index, sizeof index);
  }
  return bytes;
}

std::uint32_t bitwise_crc32(const std::uint8_t* bytes, std::size_t count) {
  std::uint32_t crc = ~0u;
  for (std::size_t i = 0; i < count; ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      const bool feed = ((crc ^ (static_cast<std::uint32_t>(bytes[i]) >> bit)) & 1u) != 0;
      crc = (crc >> 1) ^ (feed ? 0xEDB88320u : 0u);
    }
  }
  return ~crc;
}

}  // namespace epoch::test
