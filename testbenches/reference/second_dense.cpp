// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "reference/second_network.h"

namespace epoch::test {
namespace {

double activated(DenseActivation activation, double x) {
  switch (activation) {
    case DenseActivation::none:
      break;
    case DenseActivation::relu:
      return x > 0 ? x : 0;
    case DenseActivation::gelu:
      return second_gelu_erf(x);
    case DenseActivation::silu:
      return second_silu(x);
    case DenseActivation::sigmoid:
      return second_sigmoid(x);
    case DenseActivation::tanh:
      return second_tanh(x);
  }
  return x;
}

// torch.nn.LSTM: i, f, o = sigmoid, g = tanh of W_ih x + b_ih + W_hh h + b_hh.
Row lstm(const DenseLayer& layer, const Table& rows) {
  const std::size_t width = layer.outputs;
  Row h(width), c(width);
  for (const Row& x : rows) {
    Row gates = second_linear(layer.weight, layer.bias, x);
    for (std::size_t g = 0; g < gates.size(); ++g) {
      for (std::size_t i = 0; i < width; ++i) gates[g] += layer.recurrent[g * width + i] * h[i];
    }
    for (std::size_t i = 0; i < width; ++i) {
      const double kept = second_sigmoid(gates[width + i]) * c[i];
      c[i] = kept + second_sigmoid(gates[i]) * second_tanh(gates[2 * width + i]);
    }
    for (std::size_t i = 0; i < width; ++i)
      h[i] = second_sigmoid(gates[3 * width + i]) * second_tanh(c[i]);
  }
  return h;
}

// An image as [channel][row][column].
struct Image {
  std::size_t channels, height, width;
  std::vector<double> pixels;
  double at(std::size_t channel, std::size_t row, std::size_t column) const {
    return pixels[(channel * height + row) * width + column];
  }
};

// torch.nn.Conv2d(in, out, kernel, stride): out[o][y][x] = bias + sum over c, i, j of
// weight[o][c][i][j] in[c][y stride + i][x stride + j].
Image convolved(const DenseLayer& layer, DenseActivation activation, const Image& in) {
  const std::size_t k = layer.kernel, stride = layer.stride;
  Image out{layer.outputs, (in.height - k) / stride + 1, (in.width - k) / stride + 1, {}};
  for (std::size_t o = 0; o < out.channels; ++o) {
    for (std::size_t pixel = 0; pixel < out.height * out.width; ++pixel) {
      const std::size_t top = pixel / out.width * stride, left = pixel % out.width * stride;
      double sum = layer.bias[o];
      for (std::size_t c = 0; c < in.channels; ++c) {
        for (std::size_t i = 0; i < k; ++i) {
          for (std::size_t j = 0; j < k; ++j)
            sum +=
                layer.weight[((o * in.channels + c) * k + i) * k + j] * in.at(c, top + i, left + j);
        }
      }
      out.pixels.push_back(activated(activation, sum));
    }
  }
  return out;
}

Row cnn(const DenseModel& model, const Table& rows) {
  Image image{model.config.input_width, model.config.height, model.config.width, {}};
  for (std::size_t channel = 0; channel < image.channels; ++channel) {
    for (const Row& pixel : rows) image.pixels.push_back(pixel[channel]);
  }
  for (const DenseLayer& layer : model.layers)
    image = convolved(layer, model.config.activation, image);
  const std::size_t area = image.height * image.width;
  Row mean(image.channels);
  for (std::size_t i = 0; i < image.pixels.size(); ++i)
    mean[i / area] += image.pixels[i] / static_cast<double>(area);
  return mean;
}

}  // namespace

std::vector<double> second_dense(const DenseModel& model, const std::vector<std::uint8_t>& bytes) {
  const DenseConfig& config = model.config;
  const Table rows = second_rows(bytes, config.input_width, config.input_scale, config.input_mean,
                                 config.input_std);
  const auto decoded = [&](const Row& row) {
    return second_linear(model.decoder_weight, model.decoder_bias, row);
  };
  if (config.kind == DenseKind::lstm) return decoded(lstm(model.layers[0], rows));
  if (config.kind == DenseKind::cnn) return decoded(cnn(model, rows));
  std::vector<double> logits;
  for (Row row : rows) {
    for (const DenseLayer& layer : model.layers) {
      row = second_linear(layer.weight, layer.bias, row);
      for (double& value : row) value = activated(config.activation, value);
    }
    row = decoded(row);
    logits.insert(logits.end(), row.begin(), row.end());
  }
  return logits;
}

std::vector<double> second_outputs(const NetworkModel& model, const ReferenceInput& input) {
  if (const auto* s4 = std::get_if<S4Model>(&model)) return second_s4(*s4, input);
  if (const auto* mamba = std::get_if<MambaModel>(&model))
    return second_mamba(*mamba, input.tokens);
  return second_dense(std::get<DenseModel>(model), input.bytes);
}

}  // namespace epoch::test
