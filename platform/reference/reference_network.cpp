// SPDX-License-Identifier: Apache-2.0
#include "reference/reference_network.h"

#include <algorithm>
#include <cmath>

namespace epoch {
namespace {

std::vector<double> widened(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}

// Every second value: parts of an interleaved complex tensor.
std::vector<double> part(const std::vector<float>& interleaved, std::size_t first) {
  std::vector<double> values;
  for (std::size_t i = first; i < interleaved.size(); i += 2) {
    values.push_back(interleaved[i]);
  }
  return values;
}

double gelu(double x) {
  return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
}

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

}  // namespace

ReferenceNetwork::Linear::Linear(const std::vector<float>& stored_weight,
                                 const std::vector<float>& stored_bias)
    : inputs(stored_weight.size() / stored_bias.size()),
      outputs(stored_bias.size()),
      weight(widened(stored_weight)),
      bias(widened(stored_bias)) {}

void ReferenceNetwork::Linear::apply(const double* input, double* output) const {
  for (std::size_t o = 0; o < outputs; ++o) {
    double sum = 0;
    for (std::size_t i = 0; i < inputs; ++i) {
      sum += weight[o * inputs + i] * input[i];
    }
    output[o] = sum + bias[o];
  }
}

ReferenceNetwork::ReferenceNetwork(const S4dModel& model)
    : config_(model.config),
      encoder_(model.encoder_weight, model.encoder_bias),
      decoder_(model.decoder_weight, model.decoder_bias) {
  for (const S4dLayerTensors& tensors : model.layers) {
    Layer layer;
    layer.norm_weight = widened(tensors.norm_weight);
    layer.norm_bias = widened(tensors.norm_bias);
    layer.ssm = S4dLayer{config_.channels,       config_.modes,          part(tensors.a_bar, 0),
                         part(tensors.a_bar, 1), part(tensors.b_bar, 0), part(tensors.b_bar, 1),
                         part(tensors.c, 0),     part(tensors.c, 1),     widened(tensors.d)};
    layer.output = Linear(tensors.output_weight, tensors.output_bias);
    layers_.push_back(std::move(layer));
  }
}

std::vector<double> ReferenceNetwork::encode(const std::vector<std::uint8_t>& input) const {
  const std::size_t steps = input.size() / config_.input_width;
  std::vector<double> residual(steps * config_.channels);
  std::vector<double> u(config_.input_width);
  for (std::size_t step = 0; step < steps; ++step) {
    for (std::size_t i = 0; i < u.size(); ++i) {
      u[i] = (input[step * u.size() + i] / config_.input_scale - config_.input_mean) /
             config_.input_std;
    }
    encoder_.apply(u.data(), residual.data() + step * config_.channels);
  }
  return residual;
}

std::vector<double> ReferenceNetwork::normalised(std::size_t layer,
                                                 const std::vector<double>& residual) const {
  const std::vector<double>& gain = layers_[layer].norm_weight;
  const std::vector<double>& bias = layers_[layer].norm_bias;
  const std::size_t width = config_.channels;
  std::vector<double> result(residual.size());
  for (std::size_t row = 0; row < residual.size(); row += width) {
    double sum = 0;
    for (std::size_t i = 0; i < width; ++i) {
      sum += residual[row + i];
    }
    const double mean = sum / static_cast<double>(width);
    double squares = 0;
    for (std::size_t i = 0; i < width; ++i) {
      squares += (residual[row + i] - mean) * (residual[row + i] - mean);
    }
    const double scale = 1 / std::sqrt(squares / static_cast<double>(width) + config_.norm_epsilon);
    for (std::size_t i = 0; i < width; ++i) {
      result[row + i] = (residual[row + i] - mean) * scale * gain[i] + bias[i];
    }
  }
  return result;
}

// residual += GLU(linear(GELU(y))), row by row.
void ReferenceNetwork::add_block(const Layer& layer, const std::vector<double>& y,
                                 std::vector<double>& residual) const {
  const std::size_t width = config_.channels;
  std::vector<double> activated(width);
  std::vector<double> mixed(2 * width);
  for (std::size_t row = 0; row < y.size(); row += width) {
    for (std::size_t i = 0; i < width; ++i) {
      activated[i] = gelu(y[row + i]);
    }
    layer.output.apply(activated.data(), mixed.data());
    for (std::size_t i = 0; i < width; ++i) {
      residual[row + i] += mixed[i] * sigmoid(mixed[width + i]);
    }
  }
}

std::vector<double> ReferenceNetwork::decode(const std::vector<double>& residual) const {
  const std::size_t width = config_.channels;
  std::vector<double> mean(width, 0.0);
  for (std::size_t i = 0; i < residual.size(); ++i) {
    mean[i % width] += residual[i];
  }
  const std::size_t steps = residual.size() / width;
  for (double& value : mean) {
    value /= static_cast<double>(steps);
  }
  std::vector<double> logits(config_.labels);
  decoder_.apply(mean.data(), logits.data());
  return logits;
}

std::vector<double> ReferenceNetwork::logits(const std::vector<std::uint8_t>& input,
                                             Evaluation evaluation,
                                             const Observer& observer) const {
  std::vector<double> residual = encode(input);
  if (observer) {
    observer(0, residual);
  }
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const std::vector<double> u = normalised(i, residual);
    const S4dLayer& ssm = layers_[i].ssm;
    add_block(layers_[i],
              evaluation == Evaluation::recurrence ? ssm.recurrence(u) : ssm.convolution(u),
              residual);
    if (observer) {
      observer(i + 1, residual);
    }
  }
  return decode(residual);
}

std::size_t predicted_label(const std::vector<double>& logits) {
  return static_cast<std::size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

}  // namespace epoch
