// SPDX-License-Identifier: Apache-2.0
#include "compiler/network_builder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "compiler/number_words.h"
#include "epoch_network.h"
#include "epoch_plan.h"
#include "errors.h"

namespace epoch {
namespace {

bool has_bit(std::uint32_t bits, std::uint32_t bit) {
  return (bits >> bit & 1u) != 0;
}

const char* type_name(std::uint32_t type) {
  static const char* const names[] = {"fp32", "bf16", "bf16d", "int8"};
  return names[type];
}

const char* mode_name(std::uint32_t mode) {
  static const char* const names[] = {"real", "complex",   "liquid real", "liquid complex",
                                      "dplr", "selective", "ssd",         "edge",
                                      "mac"};
  return names[mode];
}

const char* activation_name(std::uint32_t activation) {
  static const char* const names[] = {"none", "gelu", "glu",     "gelu_tanh",
                                      "relu", "silu", "sigmoid", "tanh"};
  return names[activation];
}

const char* opcode_name(std::uint32_t opcode) {
#define EPOCH_X_NAME(name, value, engine, description) \
  if (opcode == (value)) return #name;
  EPOCH_OPCODES(EPOCH_X_NAME)
#undef EPOCH_X_NAME
  return "?";
}

std::vector<float> joined(std::vector<float> first, const std::vector<float>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

}  // namespace

NetworkBuilder::NetworkBuilder(const epoch_caps& caps, NumberType type, std::string where)
    : caps_(caps), type_(type), where_(std::move(where)) {}

// ---- Messages ----

void NetworkBuilder::refuse(const std::string& what, const std::string& why) const {
  throw InputError(where_, what + ": " + why);
}

void NetworkBuilder::warn(const std::string& what, const std::string& why) {
  warnings_.push_back(where_ + ": " + what + ": " + why);
}

void NetworkBuilder::require(bool there, const std::string& name, const std::string& what) const {
  if (!there) refuse(name, "needs " + what + ", which this hardware does not have");
}

void NetworkBuilder::require_array(const std::string& name, std::uint32_t mode,
                                   std::uint32_t activation) const {
  const auto type = static_cast<std::uint32_t>(type_);
  require(has_bit(caps_.types, type), name, std::string("number type ") + type_name(type));
  require(has_bit(caps_.modes, mode), name, std::string("array mode ") + mode_name(mode));
  require(has_bit(caps_.activations, activation), name,
          std::string("drain activation ") + activation_name(activation));
  if (!type_fits(static_cast<ArrayMode>(mode), type_))
    refuse(name,
           std::string("array mode ") + mode_name(mode) + " has no number type " + type_name(type));
}

// What epoch_layout.h cannot lay out: `modes` down a column, `channels` across.
void NetworkBuilder::refuse_layout(const std::string& name, std::uint32_t mode, std::uint32_t modes,
                                   std::uint32_t channels, bool glu) const {
  constexpr std::uint32_t most = 0xFFFF;  // the 16-bit extents of a command
  const std::uint32_t extent = std::max(modes, channels);
  const epoch_array_shape& array = caps_.array;
  const std::uint32_t held =
      array.rows * (array.slots_kind == EPOCH_SLOTS_MODE ? array.state_slots : 1);
  if (extent > most)
    refuse(name, "a command's extent of " + std::to_string(extent) + " is " +
                     std::to_string(extent - most) + " above the limit of " + std::to_string(most));
  if ((glu || mode == EPOCH_MODE_EDGE) && array.cols < 2)
    refuse(name, "an array of " + std::to_string(array.rows) + " x " + std::to_string(array.cols) +
                     " PEs cannot hold it: pairs of columns (GLU, edge cells) need 2");
  if (mode == EPOCH_MODE_DPLR && modes > held)
    refuse(name, std::to_string(modes) + " modes that feed back into each other (dplr) are " +
                     std::to_string(modes - held) + " more than the " + std::to_string(held) +
                     " that a column of the array holds");
  refuse(name, "its parameters take more than 2 GiB");
}

void NetworkBuilder::check_size() const {
  constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
  if (image_.total_bytes() > most)
    refuse(names_.empty() ? "network" : names_.back(),
           "the image takes " + std::to_string(image_.total_bytes()) + " bytes with it, " +
               std::to_string(image_.total_bytes() - most) + " more than its 32-bit offsets reach");
}

// Coefficients that are computed, or rounded to bf16, may leave the number type's range.
template <class Number>
void NetworkBuilder::check_finite(const std::string& name,
                                  const std::vector<Number>& values) const {
  const bool half = type_ == NumberType::bf16 || type_ == NumberType::bf16d;
  for (const double value : values)
    if (!std::isfinite(half ? widened(bf16_of(value)) : fp32_of(value)))
      refuse(name, std::string("a coefficient overflows ") + (half ? "bf16" : "fp32"));
}

// ---- Layers and tensors ----

void NetworkBuilder::begin_layer(const std::string& name) {
  layer_name_ = name;
  ++layers_;
}

std::string NetworkBuilder::full_name(const std::string& op) const {
  return op.empty() ? layer_name_ : layer_name_.empty() ? op : layer_name_ + "." + op;
}

std::uint32_t NetworkBuilder::narrow() const {
  return type_ == NumberType::fp32 || type_ == NumberType::int8 ? EPOCH_TYPE_FP32 : EPOCH_TYPE_BF16;
}

// The DMA moves columns in words of 4 bytes: rows end at one.
Value NetworkBuilder::tensor(std::uint32_t width, std::uint32_t type, std::uint32_t rows,
                             std::uint32_t flags) {
  const std::uint32_t in_word = 4 / epoch_element_bytes(type);
  const bool bytes = type == EPOCH_IMAGE_TYPE_UINT8;
  const std::uint32_t padded = bytes ? width : (width + in_word - 1) / in_word * in_word;
  scales_.push_back(1);
  return {image_.add_tensor({padded, type, rows, flags}), 0, width};
}

Value NetworkBuilder::int8_tensor(std::uint32_t width, double range, std::uint32_t rows) {
  const Value value = tensor(width, EPOCH_TYPE_INT8, rows);
  scales_.back() = range > 0 ? range / 127 : 1;
  return value;
}

bool NetworkBuilder::is_int8(const Value& value) const {
  return type_of(value) == EPOCH_TYPE_INT8;
}

// ---- Ops ----

// References hold tensor and column in 16 bits each.
std::uint32_t NetworkBuilder::ref(const Value& value) const {
  constexpr std::uint32_t most = 0xFFFF;
  if (value.column > most || value.tensor >= most)
    refuse(layer_name_.empty() ? "network" : layer_name_,
           "an operand begins at column " + std::to_string(value.column) + " of tensor " +
               std::to_string(value.tensor) + ", beyond the limit of " + std::to_string(most));
  return EPOCH_REF(value.tensor, value.column);
}

epoch_image_op NetworkBuilder::make(std::uint32_t kind, Value in, Value out) const {
  epoch_image_op op{};
  op.kind = kind;
  op.layer = layers_ == 0 ? 0 : layers_ - 1;
  op.output = ref(out);
  std::fill(std::begin(op.inputs), std::end(op.inputs), EPOCH_REF_NONE);
  op.inputs[EPOCH_INPUT_SOURCE] = ref(in);
  op.width_in = in.width;
  op.width_out = out.width;
  if (is_int8(out)) op.immediate1 = bits_of(1 / scales_[out.tensor]);
  return op;
}

void NetworkBuilder::add(const std::string& name, const epoch_image_op& op, Bytes parameters) {
  image_.add_op(op, std::move(parameters));
  names_.push_back(full_name(name));
  check_size();
}

void NetworkBuilder::vector_op(const std::string& name, std::uint32_t opcode, epoch_image_op op,
                               Bytes parameters) {
  require(has_bit(caps_.vector_ops, opcode - EPOCH_OP_AFFINE), full_name(name),
          std::string("vector operation ") + opcode_name(opcode));
  add(name, op, std::move(parameters));
}

void NetworkBuilder::affine(Value in, Value out, double scale, double offset) {
  epoch_image_op op = make(EPOCH_IMAGE_OP_AFFINE, in, out);
  if (!std::isfinite(fp32_of(scale)) || !std::isfinite(fp32_of(offset)))
    refuse(full_name("input"),
           "input_scale, input_mean and input_std give a scale or offset that overflows fp32");
  op.immediate0 = bits_of(scale);
  op.immediate1 = bits_of(offset);
  vector_op("input", EPOCH_OP_AFFINE, op, {});
}

void NetworkBuilder::gather(const std::string& name, Value indices, Value out,
                            const std::vector<float>& table) {
  check_finite(full_name(name), table);
  epoch_image_op op = make(EPOCH_IMAGE_OP_GATHER, indices, out);
  op.count = static_cast<std::uint32_t>(table.size() / out.width);
  add(name, op, type_of(out) == EPOCH_TYPE_BF16 ? bf16_bytes(table) : fp32_bytes(table));
}

// Weights in units of their column's largest; the sums are integers of it times the input's scale.
void NetworkBuilder::quantise(GemmValues& values, Value in) const {
  for (auto row = values.weight.begin(); row != values.weight.end(); row += in.width) {
    float largest = 0;
    for (std::uint32_t i = 0; i < in.width; ++i) largest = std::max(largest, std::abs(row[i]));
    const double unit = largest > 0 ? largest / 127.0 : 1;
    for (std::uint32_t i = 0; i < in.width; ++i)
      row[i] = static_cast<float>(std::rint(row[i] / unit));
    values.scale.push_back(fp32_of(unit * scales_[in.tensor]));
  }
}

void NetworkBuilder::linear(const std::string& name, Value in, Value out, Linear linear) {
  const std::string full = full_name(name);
  const bool glu = linear.activation == EPOCH_ACTIVATION_GLU;
  const std::uint32_t columns = glu ? 2 * out.width : out.width;
  const std::uint32_t flags = (linear.bias.empty() ? 0u : EPOCH_ARRAY_EXTRA) |
                              (linear.residual != nullptr ? EPOCH_ARRAY_COMBINE : 0u);
  require_array(full, EPOCH_MODE_MAC, linear.activation);
  epoch_gemm_layout layout{};
  if (epoch_gemm_layout_make(&layout, &caps_.array, static_cast<std::uint32_t>(type_), in.width,
                             columns, linear.bias.empty() ? 0 : 1, glu ? 1 : 0) != 0)
    refuse_layout(full, EPOCH_MODE_MAC, 1, 1, glu);
  check_finite(full, linear.weight);
  check_finite(full, linear.bias);
  GemmValues values{std::move(linear.weight), std::move(linear.bias), {}};
  if (type_ == NumberType::int8) quantise(values, in);
  epoch_image_op op = make(EPOCH_IMAGE_OP_LINEAR, in, out);
  op.format = EPOCH_FORMAT(EPOCH_MODE_MAC, static_cast<std::uint32_t>(type_), flags);
  op.activation = linear.activation;
  if (linear.residual != nullptr) op.inputs[EPOCH_INPUT_STORED] = ref(*linear.residual);
  add(name, op, gemm_parameters(layout, values));
}

void NetworkBuilder::ssm(const std::string& name, Value in, Value out, Recurrence recurrence) {
  const std::string full = full_name(name);
  const bool edge = recurrence.mode == EPOCH_MODE_EDGE;
  const std::uint32_t channels = edge ? in.width / 2 : in.width;
  const bool extra = !recurrence.values.extra.empty();
  const std::uint32_t flags =
      (extra ? EPOCH_ARRAY_EXTRA : 0u) | (recurrence.stored != nullptr ? EPOCH_ARRAY_COMBINE : 0u) |
      (recurrence.reverse ? EPOCH_ARRAY_REVERSE : 0u) | (recurrence.ahead ? EPOCH_ARRAY_SHIFT : 0u);
  require_array(full, recurrence.mode, recurrence.activation);
  check_finite(full, recurrence.values.words);
  check_finite(full, recurrence.values.extra);
  epoch_ssm_layout layout{};
  if (epoch_ssm_layout_make(&layout, &caps_.array, recurrence.mode,
                            static_cast<std::uint32_t>(type_), channels, recurrence.modes,
                            extra ? 1 : 0) != 0)
    refuse_layout(full, recurrence.mode, recurrence.modes, channels, false);
  epoch_image_op op = make(EPOCH_IMAGE_OP_SSM, in, out);
  op.width_in = op.width_out = channels;
  op.modes = recurrence.modes;
  op.format = EPOCH_FORMAT(recurrence.mode, static_cast<std::uint32_t>(type_), flags);
  op.activation = recurrence.activation;
  const std::pair<unsigned, const Value*> inputs[] = {{EPOCH_INPUT_STORED, recurrence.stored},
                                                      {EPOCH_INPUT_DRIVE, recurrence.drive},
                                                      {EPOCH_INPUT_B, recurrence.b},
                                                      {EPOCH_INPUT_C, recurrence.c},
                                                      {EPOCH_INPUT_U, recurrence.u}};
  for (const auto& [input, value] : inputs)
    if (value != nullptr) op.inputs[input] = ref(*value);
  add(name, op, ssm_parameters(layout, recurrence.values));
}

void NetworkBuilder::layer_norm(const std::string& name, Value in, Value out,
                                const std::vector<float>& gain, const std::vector<float>& bias,
                                double epsilon) {
  epoch_image_op op = make(EPOCH_IMAGE_OP_NORM, in, out);
  op.immediate0 = bits_of(epsilon);
  vector_op(name, EPOCH_OP_LAYERNORM, op, fp32_bytes(joined(gain, bias)));
}

void NetworkBuilder::rms_norm(const std::string& name, Value in, Value out,
                              const std::vector<float>& gain, double epsilon) {
  epoch_image_op op = make(EPOCH_IMAGE_OP_NORM, in, out);
  op.activation = 1;
  op.immediate0 = bits_of(epsilon);
  vector_op(name, EPOCH_OP_RMSNORM, op, fp32_bytes(gain));
}

void NetworkBuilder::pool(Value in, Value out, std::uint32_t function) {
  epoch_image_op op = make(EPOCH_IMAGE_OP_POOL, in, out);
  op.activation = function;
  vector_op("pool", function == 0 ? EPOCH_OP_POOL : EPOCH_OP_MAP, op, {});
}

void NetworkBuilder::map(const std::string& name, Value in, Value out, std::uint32_t function,
                         const std::vector<float>& gain, const std::vector<float>& bias) {
  check_finite(full_name(name), gain);
  check_finite(full_name(name), bias);
  epoch_image_op op = make(EPOCH_IMAGE_OP_MAP, in, out);
  const std::uint32_t flags =
      (gain.empty() ? 0u : EPOCH_VECTOR_GAIN) | (bias.empty() ? 0u : EPOCH_VECTOR_BIAS);
  op.format = EPOCH_FORMAT(0, 0, flags);
  op.activation = EPOCH_VECTOR_MODE(0, function);
  op.count = out.width / in.width;
  vector_op(name, EPOCH_OP_MAP, op, fp32_bytes(joined(gain, bias)));
}

void NetworkBuilder::combine(const std::string& name, Value a, Value b, Value out,
                             std::uint32_t operation, std::uint32_t function,
                             const std::vector<float>& gain) {
  epoch_image_op op = make(EPOCH_IMAGE_OP_COMBINE, a, out);
  op.format = EPOCH_FORMAT(0, 0, gain.empty() ? 0u : EPOCH_VECTOR_GAIN);
  op.activation = EPOCH_VECTOR_MODE(operation, function);
  op.inputs[EPOCH_INPUT_STORED] = ref(b);
  op.count = out.width / b.width;
  vector_op(name, EPOCH_OP_COMBINE, op, fp32_bytes(gain));
}

void NetworkBuilder::conv1d(const std::string& name, Value in, Value out, std::uint32_t taps,
                            const std::vector<float>& weight, const std::vector<float>& bias,
                            std::uint32_t function) {
  epoch_image_op op = make(EPOCH_IMAGE_OP_CONV1D, in, out);
  op.format = EPOCH_FORMAT(0, 0, bias.empty() ? 0u : EPOCH_VECTOR_BIAS);
  op.activation = EPOCH_VECTOR_MODE(0, function);
  op.count = taps;
  std::vector<float> by_tap(weight.size());  // [tap][channel], oldest first
  for (std::uint32_t channel = 0; channel < out.width; ++channel)
    for (std::uint32_t tap = 0; tap < taps; ++tap)
      by_tap[std::size_t{tap} * out.width + channel] = weight[std::size_t{channel} * taps + tap];
  vector_op(name, EPOCH_OP_CONV1D, op, fp32_bytes(joined(std::move(by_tap), bias)));
}

void NetworkBuilder::argmax(Value in, Value out) {
  vector_op("argmax", EPOCH_OP_ARGMAX, make(EPOCH_IMAGE_OP_ARGMAX, in, out), {});
}

void NetworkBuilder::patches(const std::string& name, Value in, Value out, const Patches& patches) {
  epoch_image_op op = make(EPOCH_IMAGE_OP_IM2COL, in, out);
  op.geometry[EPOCH_GEOMETRY_ROWS] = patches.rows;
  op.geometry[EPOCH_GEOMETRY_COLUMNS] = patches.columns;
  op.geometry[EPOCH_GEOMETRY_CHANNELS] = patches.channels;
  op.geometry[EPOCH_GEOMETRY_KERNEL_ROWS] = patches.kernel;
  op.geometry[EPOCH_GEOMETRY_KERNEL_COLUMNS] = patches.kernel;
  op.geometry[EPOCH_GEOMETRY_STRIDE] = patches.stride;
  add(name, op, {});
}

// ---- The image ----

void NetworkBuilder::begin_head(std::uint32_t documents) {
  documents_ = documents;
  head_op_ = static_cast<std::uint32_t>(image_.ops().size());
}

// Whether the driver can place it, in the least that it needs: one step, through DRAM.
void NetworkBuilder::check_placement(const Bytes& image) const {
  // The driver wants the image at a multiple of 64 bytes.
  std::vector<std::uint8_t> room(image.size() + EPOCH_IMAGE_ALIGN);
  void* aligned = room.data();
  std::size_t space = room.size();
  std::align(EPOCH_IMAGE_ALIGN, image.size(), aligned, space);
  std::copy(image.begin(), image.end(), static_cast<std::uint8_t*>(aligned));
  epoch_network network{};
  std::uint32_t op = 0;
  const epoch_network_result result =
      epoch_network_open(&network, aligned, static_cast<std::uint32_t>(image.size()), &caps_, &op);
  if (result != EPOCH_NETWORK_OK)
    refuse(op < names_.size() ? names_[op] : "network", epoch_network_result_text(result));
  epoch_plan plan{};
  epoch_schedule_failure failure{};
  const std::uint32_t bytes = epoch_plan_workspace(&network, &caps_);
  std::vector<std::uint64_t> workspace(bytes / sizeof(std::uint64_t) + 1);
  const epoch_plan_request request{&network, &caps_, 1, EPOCH_SCHEDULE_KIND_LAYER, 0, 0, nullptr};
  if (epoch_plan_make(&plan, &request, workspace.data(), bytes, &failure) == 0) return;
  std::ostringstream why;
  why << epoch_schedule_result_text(failure.result) << ": " << failure.needed << " needed, "
      << failure.needed - failure.available << " more than the " << failure.available
      << " available";
  refuse(failure.op < names_.size() ? names_[failure.op] : "network", why.str());
}

std::vector<std::uint8_t> NetworkBuilder::finish(const std::string& name, Value input,
                                                 Value output) {
  epoch_image_header header{};
  header.array_rows = caps_.array.rows;
  header.array_cols = caps_.array.cols;
  header.array_segment_rows = caps_.array.segment_rows;
  header.array_state_slots = caps_.array.state_slots;
  header.array_slots_kind = caps_.array.slots_kind;
  header.layer_count = layers_;
  header.input = input.tensor;
  header.output = output.tensor;
  header.documents = documents_;
  header.head_op = documents_ == 1 ? static_cast<std::uint32_t>(image_.ops().size()) : head_op_;
  name.copy(header.name, sizeof header.name - 1);  // for people: a longer one is cut
  Bytes image = image_.finish(header);
  check_placement(image);
  return image;
}

}  // namespace epoch
