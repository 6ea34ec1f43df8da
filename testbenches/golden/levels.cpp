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

std::vector<std::uint8_t> without_activations(const std::vector<std::uint8_t>& bytes) {
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

std::vector<double> widened_rows(const std::vector<std::uint8_t>& bytes, std::uint32_t type) {
  std::vector<double> values;
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

// By channel over [row][width] values; columns beyond `made` belong to nobody.
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
    errors.push_back(std::sqrt(difference / norm));
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
  // What the device has in a tensor after `ops` ops.
  std::vector<double> device_rows(std::uint32_t tensor, std::uint32_t ops) const {
    const Scheduled scheduled(caps_, cut(bytes_, ops, tensor), steps_, EPOCH_SCHEDULE_KIND_LAYER);
    if (!scheduled.ok())
      throw std::runtime_error(epoch_schedule_result_text(scheduled.failure.result));
    Machine machine = scheduled.machine(1);
    return widened_rows(scheduled.run(machine, input_), image_.tensors[tensor].type);
  }

  // Both have the device's inputs: what rounds differently before them is not this op's error.
  LayerError error_of(std::uint32_t op) const {
    std::vector<std::vector<double>> tensors(image_.tensors.size());
    for (const std::uint32_t ref : image_.ops[op].op.inputs) {
      if (ref == EPOCH_REF_NONE) continue;
      std::vector<double>& rows = tensors[EPOCH_REF_TENSOR(ref)];
      if (rows.empty()) rows = device_rows(EPOCH_REF_TENSOR(ref), op);
    }
    const std::uint32_t output = EPOCH_REF_TENSOR(image_.ops[op].op.output);
    const ImageRun run = evaluate_op(image_, op, std::move(tensors), steps_);
    const epoch_image_tensor& tensor = image_.tensors[output];
    LayerError error = compare(device_rows(output, op + 1), run.tensors[output], run.magnitudes[op],
                               tensor.width, elements_made(image_.ops[op].op));
    error.bf16 = tensor.type == EPOCH_TYPE_BF16;
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
                                     NumberType type, const std::vector<std::uint8_t>& input,
                                     std::uint32_t steps) {
  CompilerOptions options;
  options.type = type;
  const auto bytes = without_activations(compile_network(model, caps, options).image);
  return Levels(caps, bytes, input, steps).errors();
}

bool within_level_3a(const LayerError& error) {
  const double more = error.bf16 ? bf16_step : 0;
  return error.median <= median_bound + more && error.worst <= worst_bound + more;
}

}  // namespace epoch::test
