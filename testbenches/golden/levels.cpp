// SPDX-License-Identifier: Apache-2.0
#include "golden/levels.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>

#include "compiler/network_compiler.h"
#include "firmware/scheduled.h"
#include "image/image_evaluator.h"

namespace epoch::test {
namespace {

constexpr double median_bound = 5e-5, worst_bound = 1e-3, bf16_step = 0x1p-9;

// Every SSM op writes y as it is: not activated, not rounded to int8.
std::vector<std::uint8_t> with_plain_results(const std::vector<std::uint8_t>& bytes) {
  AlignedImage image(bytes);
  for (std::uint32_t o = 0; o < image.header().op_count; ++o)
    if (image.ops()[o].kind == EPOCH_IMAGE_OP_SSM)
      image.ops()[o].activation = EPOCH_ACTIVATION_NONE;
  image.seal();
  return {image.data(), image.data() + image.size()};
}

// The network of the first `ops` ops, with what they make of `tensor` as output.
std::vector<std::uint8_t> cut(const std::vector<std::uint8_t>& bytes, std::uint32_t ops,
                              std::uint32_t tensor) {
  AlignedImage image(bytes);
  image.header().output = tensor;
  image.header().op_count = image.header().head_op = ops;
  image.seal();
  return {image.data(), image.data() + image.size()};
}

// Of such a network: its output in fp32, not in int8.
std::vector<std::uint8_t> in_fp32(const std::vector<std::uint8_t>& bytes) {
  AlignedImage image(bytes);
  epoch_image_tensor& output = image.tensors()[image.header().output];
  if (output.type == EPOCH_TYPE_INT8) {
    output.type = EPOCH_TYPE_FP32;
    for (std::uint32_t o = 0; o < image.header().op_count; ++o)
      if (EPOCH_REF_TENSOR(image.ops()[o].output) == image.header().output)
        image.ops()[o].immediate1 = 0;  // the scale of int8 results
  }
  image.seal();
  return {image.data(), image.data() + image.size()};
}

std::vector<double> widened_rows(const std::vector<std::uint8_t>& bytes, std::uint32_t type) {
  std::vector<double> values;
  if (type == EPOCH_TYPE_INT8) {
    for (const std::uint8_t byte : bytes) values.push_back(static_cast<std::int8_t>(byte));
    return values;
  }
  if (type == EPOCH_TYPE_BF16) {
    for (std::size_t i = 0; i < bytes.size(); i += 2) {
      const std::uint32_t word = static_cast<std::uint32_t>(bytes[i]) << 16 |
                                 static_cast<std::uint32_t>(bytes[i + 1]) << 24;
      float value;
      std::memcpy(&value, &word, sizeof value);
      values.push_back(value);
    }
    return values;
  }
  std::vector<float> floats(bytes.size() / sizeof(float));
  std::memcpy(floats.data(), bytes.data(), floats.size() * sizeof(float));
  return {floats.begin(), floats.end()};
}

// An op of type int8 as one on numbers: the same coefficients, nothing rounded in between.
ImageOp on_numbers(ImageOp op) {
  if (EPOCH_FORMAT_TYPE(op.op.format) != EPOCH_TYPE_INT8) return op;
  const bool is_complex = EPOCH_FORMAT_MODE(op.op.format) == EPOCH_MODE_COMPLEX;
  const std::size_t words = is_complex ? 4 : 2, poles = words / 2;
  for (std::size_t i = 0; i < op.words.size(); ++i)
    if (i % words >= poles) op.words[i] *= op.scale[i / words / op.op.modes];
  op.op.format &= ~EPOCH_FORMAT(0, 0xFFu, 0);
  return op;
}

// By channel over [row][width] values; columns beyond `made` belong to nobody, and a channel at
// rest says nothing.
LayerError compare(const std::vector<double>& found, const std::vector<double>& expected,
                   const std::vector<double>& magnitude, std::size_t width, std::size_t made) {
  std::vector<double> errors;
  for (std::size_t channel = 0; channel < made; ++channel) {
    double difference = 0, norm = 0;
    for (std::size_t row = 0; row * width < found.size(); ++row) {
      const double apart = found[row * width + channel] - expected[row * width + channel];
      const double of = magnitude[row * made + channel];
      difference += apart * apart;
      norm += of * of;
    }
    if (difference > 0 || norm > 0) errors.push_back(std::sqrt(difference / norm));
  }
  std::sort(errors.begin(), errors.end());
  LayerError error;
  error.median = errors[errors.size() / 2];
  error.worst = errors.back();
  return error;
}

class Levels {
 public:
  Levels(const epoch_caps& caps, const std::vector<std::uint8_t>& bytes,
         const std::vector<std::uint8_t>& input, std::uint32_t steps)
      : caps_(caps), bytes_(bytes), input_(input), steps_(steps), image_(read_image(bytes)) {}

  std::vector<LayerError> errors() const {
    std::vector<LayerError> errors;
    for (std::uint32_t op = 0; op < image_.ops.size(); ++op)
      if (image_.ops[op].op.kind == EPOCH_IMAGE_OP_SSM) errors.push_back(error_of(op));
    return errors;
  }

 private:
  // The output of a network that ends in `tensor`, as the device has it.
  std::vector<double> output_of(const std::vector<std::uint8_t>& network,
                                std::uint32_t type) const {
    const Scheduled scheduled(caps_, network, steps_, EPOCH_SCHEDULE_KIND_LAYER);
    if (!scheduled.ok())
      throw std::runtime_error(epoch_schedule_result_text(scheduled.failure.result));
    Machine machine = scheduled.machine(1);
    return widened_rows(scheduled.run(machine, input_), type);
  }

  // Both have the device's inputs: what rounds differently before them is not this op's error.
  std::vector<std::vector<double>> inputs_of(std::uint32_t op) const {
    std::vector<std::vector<double>> tensors(image_.tensors.size());
    for (const std::uint32_t ref : image_.ops[op].op.inputs) {
      if (ref == EPOCH_REF_NONE) continue;
      const std::uint32_t tensor = EPOCH_REF_TENSOR(ref);
      const bool stored = tensor == EPOCH_REF_TENSOR(image_.ops[op].op.output);
      const auto network = cut(bytes_, op, tensor);
      if (tensors[tensor].empty())
        tensors[tensor] = stored ? output_of(in_fp32(network), result_type(tensor))
                                 : output_of(network, image_.tensors[tensor].type);
    }
    return tensors;
  }

  std::uint32_t result_type(std::uint32_t tensor) const {
    const std::uint32_t type = image_.tensors[tensor].type;
    return type == EPOCH_TYPE_INT8 ? std::uint32_t{EPOCH_TYPE_FP32} : type;
  }

  LayerError error_of(std::uint32_t op) const {
    Image image = image_;
    const std::uint32_t output = EPOCH_REF_TENSOR(image.ops[op].op.output);
    const std::uint32_t type = result_type(output);
    image.ops[op] = on_numbers(image.ops[op]);
    image.tensors[output].type = EPOCH_TYPE_FP32;
    const ImageRun run = evaluate_op(image, op, inputs_of(op), steps_);
    LayerError error =
        compare(output_of(in_fp32(cut(bytes_, op + 1, output)), type), run.tensors[output],
                run.magnitudes[op], image.tensors[output].width, elements_made(image.ops[op].op));
    error.bf16 = type == EPOCH_TYPE_BF16;
    return error;
  }

  const epoch_caps& caps_;
  const std::vector<std::uint8_t>& bytes_;
  const std::vector<std::uint8_t>& input_;
  std::uint32_t steps_;
  Image image_;
};

}  // namespace

std::vector<LayerError> layer_errors(const NetworkModel& model, const epoch_caps& caps,
                                     const CompilerOptions& options,
                                     const std::vector<std::uint8_t>& input, std::uint32_t steps) {
  const auto bytes = with_plain_results(compile_network(model, caps, options).image);
  return Levels(caps, bytes, input, steps).errors();
}

epoch_caps large_array() {
  EpochCoreConfig config;
  config.pe_grid.rows = config.pe_grid.cols = config.pe_grid.drain_lanes = 128;
  config.activations.size_kib = 4096;
  config.coefficients.size_kib = config.accumulators.size_kib = 2048;
  return compiler_target(config);
}

std::string large_array_sets() {
  return "--set epochcore.pe_grid.rows=128 --set epochcore.pe_grid.cols=128"
         " --set epochcore.pe_grid.drain_lanes=128"
         " --set epochcore.buffers.activations.size_kib=4096"
         " --set epochcore.buffers.coefficients.size_kib=2048"
         " --set epochcore.buffers.accumulators.size_kib=2048";
}

bool within_level_3a(const LayerError& error) {
  const double more = error.bf16 ? bf16_step : 0;
  return error.median <= median_bound + more && error.worst <= worst_bound + more;
}

}  // namespace epoch::test
