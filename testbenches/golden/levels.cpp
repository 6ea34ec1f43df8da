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

// The network up to op `o`, whose result, not activated, becomes the output.
std::vector<std::uint8_t> cut_at(const std::vector<std::uint8_t>& bytes, std::uint32_t o) {
  AlignedImage image(bytes);
  image.ops()[o].activation = EPOCH_ACTIVATION_NONE;
  image.header().output = EPOCH_REF_TENSOR(image.ops()[o].output);
  image.seal();
  return {image.data(), image.data() + image.size()};
}

std::vector<double> widened_rows(const std::vector<std::uint8_t>& bytes, std::uint32_t type) {
  std::vector<double> values;
  if (type == EPOCH_TYPE_BF16) {
    for (std::size_t i = 0; i < bytes.size(); i += 2) {
      const std::uint32_t word =
          static_cast<std::uint32_t>(bytes[i]) << 16 | static_cast<std::uint32_t>(bytes[i + 1]) << 24;
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

LayerError error_of(const std::vector<std::uint8_t>& bytes, std::uint32_t o, const epoch_caps& caps,
                    const std::vector<std::uint8_t>& input, std::uint32_t steps) {
  const Image image = read_image(bytes);
  const std::uint32_t output = image.header.output;
  const Scheduled scheduled(caps, bytes, steps, EPOCH_SCHEDULE_KIND_LAYER);
  if (!scheduled.ok()) throw std::runtime_error(epoch_schedule_result_text(scheduled.failure.result));
  Machine machine = scheduled.machine(1);
  const auto found = widened_rows(scheduled.run(machine, input), image.tensors[output].type);
  const ImageRun run = evaluate_image(image, input, steps);
  LayerError error = compare(found, run.tensors[output], run.magnitudes[o],
                             image.tensors[output].width, elements_made(image.ops[o].op));
  error.bf16 = image.tensors[output].type == EPOCH_TYPE_BF16;
  return error;
}

}  // namespace

std::vector<LayerError> layer_errors(const NetworkModel& model, const epoch_caps& caps,
                                     NumberType type, const std::vector<std::uint8_t>& input,
                                     std::uint32_t steps) {
  CompilerOptions options;
  options.type = type;
  const std::vector<std::uint8_t> whole = compile_network(model, caps, options).image;
  const Image image = read_image(whole);
  std::vector<LayerError> errors;
  for (std::uint32_t o = 0; o < image.ops.size(); ++o) {
    if (image.ops[o].op.kind != EPOCH_IMAGE_OP_SSM) continue;
    errors.push_back(error_of(cut_at(whole, o), o, caps, input, steps));
  }
  return errors;
}

bool within_level_3a(const LayerError& error) {
  const double more = error.bf16 ? bf16_step : 0;
  return error.median <= median_bound + more && error.worst <= worst_bound + more;
}

}  // namespace epoch::test
