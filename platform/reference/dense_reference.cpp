// SPDX-License-Identifier: Apache-2.0
#include "reference/dense_reference.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "reference/row_functions.h"

namespace epoch {
namespace {

using Kind = Signal::Kind;

double activate(DenseActivation activation, double x) {
  switch (activation) {
    case DenseActivation::none:
      break;
    case DenseActivation::relu:
      return std::max(x, 0.0);
    case DenseActivation::gelu:
      return gelu_by_erf(x);
    case DenseActivation::silu:
      return silu(x);
    case DenseActivation::sigmoid:
      return sigmoid(x);
    case DenseActivation::tanh:
      return std::tanh(x);
  }
  return x;
}

// The patch under the kernel for each output pixel, [pixel][channel][kernel][kernel].
std::vector<double> patches(const std::vector<double>& pixels, const DenseLayer& layer,
                            std::size_t height, std::size_t width) {
  std::vector<double> rows;
  for (std::size_t top = 0; top + layer.kernel <= height; top += layer.stride) {
    for (std::size_t left = 0; left + layer.kernel <= width; left += layer.stride) {
      for (std::size_t channel = 0; channel < layer.inputs; ++channel) {
        for (std::size_t k = 0; k < std::size_t{layer.kernel} * layer.kernel; ++k) {
          const std::size_t row = top + k / layer.kernel, column = left + k % layer.kernel;
          rows.push_back(pixels[(row * width + column) * layer.inputs + channel]);
        }
      }
    }
  }
  return rows;
}

}  // namespace

std::vector<double> DenseReference::activated(std::vector<double> values) const {
  for (double& value : values) value = activate(model_.config.activation, value);
  return values;
}

std::vector<double> DenseReference::perceptron(std::vector<double> rows,
                                               const Observer& observer) const {
  for (std::size_t i = 0; i < model_.layers.size(); ++i) {
    const DenseLayer& layer = model_.layers[i];
    if (observer) observer({Kind::stream, i, 0, 0, layer.inputs, rows});
    rows = activated(linear(layer.weight, layer.bias, rows, layer.inputs));
  }
  return rows;
}

// The last step's h. Gates i, f, g, o; c = f c + i g, h = o tanh(c) (PyTorch's nn.LSTM).
std::vector<double> DenseReference::recurrent(const std::vector<double>& rows,
                                              const Observer& observer) const {
  const DenseLayer& layer = model_.layers[0];
  const std::size_t width = layer.outputs;
  if (observer) observer({Kind::stream, 0, 0, 0, layer.inputs, rows});
  const std::vector<double> from_input = linear(layer.weight, layer.bias, rows, layer.inputs);
  std::vector<double> h(width), c(width), all;
  for (std::size_t step = 0; step < from_input.size(); step += 4 * width) {
    std::vector<double> gates = linear(layer.recurrent, {}, h, width);
    for (std::size_t i = 0; i < gates.size(); ++i) gates[i] += from_input[step + i];
    for (std::size_t i = 0; i < width; ++i) {
      c[i] = sigmoid(gates[width + i]) * c[i] + sigmoid(gates[i]) * std::tanh(gates[2 * width + i]);
      h[i] = sigmoid(gates[3 * width + i]) * std::tanh(c[i]);
    }
    all.insert(all.end(), h.begin(), h.end());
  }
  if (observer) observer({Kind::output, 0, 0, 0, width, all});
  return h;
}

std::vector<double> DenseReference::convolutional(std::vector<double> pixels,
                                                  const Observer& observer) const {
  std::size_t height = model_.config.height, width = model_.config.width;
  for (std::size_t i = 0; i < model_.layers.size(); ++i) {
    const DenseLayer& layer = model_.layers[i];
    if (observer) observer({Kind::stream, i, 0, 0, layer.inputs, pixels});
    const std::size_t area = std::size_t{layer.inputs} * layer.kernel * layer.kernel;
    pixels =
        activated(linear(layer.weight, layer.bias, patches(pixels, layer, height, width), area));
    height = (height - layer.kernel) / layer.stride + 1;
    width = (width - layer.kernel) / layer.stride + 1;
  }
  return mean_row(pixels, model_.layers.back().outputs);
}

std::vector<double> DenseReference::outputs(const ReferenceInput& input,
                                            const Observer& observer) const {
  const DenseConfig& config = model_.config;
  const std::size_t pixels = std::size_t{config.height} * config.width;
  const bool image = config.kind == DenseKind::cnn;
  if (input.bytes.empty() || input.bytes.size() % config.input_width != 0 ||
      (image && input.bytes.size() != pixels * config.input_width))
    throw std::invalid_argument("the input is no sequence of this network: " +
                                std::to_string(input.bytes.size()) + " bytes");
  std::vector<double> rows =
      scaled_bytes(input.bytes, config.input_scale, config.input_mean, config.input_std);
  switch (config.kind) {
    case DenseKind::mlp:
      rows = perceptron(std::move(rows), observer);
      break;
    case DenseKind::lstm:
      rows = recurrent(rows, observer);
      break;
    case DenseKind::cnn:
      rows = convolutional(std::move(rows), observer);
      break;
  }
  const std::size_t width = model_.layers.back().outputs;
  if (observer) observer({Kind::features, model_.layers.size(), 0, 0, width, rows});
  return linear(model_.decoder_weight, model_.decoder_bias, rows, width);
}

}  // namespace epoch
