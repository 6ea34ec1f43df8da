// SPDX-License-Identifier: Apache-2.0
#include "reference/s4_reference.h"

#include <cmath>
#include <stdexcept>

#include "reference/row_functions.h"

namespace epoch {
namespace {

using Kind = Signal::Kind;

}  // namespace

double S4Reference::gelu(double x) const {
  return model_.config.gelu == Gelu::erf ? gelu_by_erf(x) : gelu_by_tanh(x);
}

// The residual stream of each document.
std::vector<std::vector<double>> S4Reference::encoded(const ReferenceInput& input) const {
  const S4Config& config = model_.config;
  const std::size_t documents = config.retrieval ? 2 : 1;
  const bool tokens = config.vocabulary != 0;
  const std::size_t elements = tokens ? input.tokens.size() : input.bytes.size();
  const std::size_t a_step = tokens ? 1 : config.input_width;
  if (elements == 0 || elements % (documents * a_step) != 0)
    throw std::invalid_argument(
        "the input is no sequence of this network: " + std::to_string(elements) + " elements");
  const std::vector<double> rows = tokens
                                       ? gathered(model_.embedding, config.channels, input.tokens)
                                       : linear(model_.encoder_weight, model_.encoder_bias,
                                                scaled_bytes(input.bytes, config.input_scale,
                                                             config.input_mean, config.input_std),
                                                config.input_width);
  const auto half = rows.begin() + static_cast<std::ptrdiff_t>(rows.size() / documents);
  std::vector<std::vector<double>> streams;
  streams.emplace_back(rows.begin(), half);
  if (documents > 1) streams.emplace_back(half, rows.end());
  return streams;
}

std::vector<double> S4Reference::normalised(const NormTensors& norm,
                                            const std::vector<double>& rows) const {
  const double epsilon = model_.config.norm_epsilon;
  if (model_.config.norm == NormKind::layer)
    return layer_norm(norm.weight, norm.bias, epsilon, rows);
  if (model_.config.norm == NormKind::rms) return rms_norm(norm.weight, epsilon, rows);
  std::vector<double> scale;
  for (std::size_t i = 0; i < norm.weight.size(); ++i)
    scale.push_back(norm.weight[i] / std::sqrt(norm.running_variance[i] + epsilon));
  std::vector<double> result;
  result.reserve(rows.size());
  while (result.size() < rows.size()) {
    for (std::size_t i = 0; i < scale.size(); ++i)
      result.push_back((rows[result.size()] - norm.running_mean[i]) * scale[i] + norm.bias[i]);
  }
  return result;
}

// r = glu(gelu(y)), [step][H].
std::vector<double> S4Reference::block(const S4Layer& layer, const std::vector<double>& y) const {
  const std::size_t width = model_.config.channels;
  std::vector<double> activated;
  activated.reserve(y.size());
  for (const double value : y) activated.push_back(gelu(value));
  std::vector<double> mixed = linear(layer.output_weight, layer.output_bias, activated, width);
  switch (model_.config.glu) {
    case GluKind::none:
      return mixed;
    case GluKind::half1:
      for (std::size_t i = 0; i < y.size(); ++i) activated[i] *= sigmoid(mixed[i]);
      return activated;
    case GluKind::half2:
      for (std::size_t i = 0; i < y.size(); ++i) activated[i] = y[i] * sigmoid(mixed[i]);
      return activated;
    case GluKind::full:
      break;
  }
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double* row = mixed.data() + i / width * 2 * width;
    activated[i] = row[i % width] * sigmoid(row[width + i % width]);
  }
  return activated;
}

// The blocks and the pooling of one document.
std::vector<double> S4Reference::features(std::vector<double> h, std::size_t document,
                                          const Observer& observer) const {
  const S4Config& config = model_.config;
  const std::size_t width = config.channels, layers = model_.layers.size();
  const auto show = [&](Kind kind, std::size_t layer, const std::vector<double>& values,
                        std::size_t direction = 0) {
    if (observer) observer({kind, layer, direction, document, width, values});
  };
  for (std::size_t i = 0; i < layers; ++i) {
    const S4Layer& layer = model_.layers[i];
    show(Kind::stream, i, h);
    const std::vector<double> z = config.prenorm ? normalised(layer.norm, h) : h;
    show(Kind::input, i, z);
    const SsmOutput ssm = ssm_output(config, layer.ssm, z);
    for (std::size_t k = 0; k < ssm.directions.size(); ++k)
      show(Kind::direction, i, ssm.directions[k], k);
    show(Kind::output, i, ssm.y);
    const std::vector<double> r = block(layer, ssm.y);
    for (std::size_t k = 0; k < h.size(); ++k) h[k] += r[k];
    if (!config.prenorm) h = normalised(layer.norm, h);
  }
  show(Kind::stream, layers, h);
  if (config.final_norm) h = normalised(model_.final_norm, h);
  std::vector<double> pooled =
      config.pooling == Pooling::mean
          ? mean_row(h, width)
          : std::vector<double>(h.end() - static_cast<std::ptrdiff_t>(width), h.end());
  show(Kind::features, layers, pooled);
  return pooled;
}

std::vector<double> S4Reference::outputs(const ReferenceInput& input,
                                         const Observer& observer) const {
  const std::size_t width = model_.config.channels;
  std::vector<std::vector<double>> streams = encoded(input);
  std::vector<double> found;  // of each document
  for (std::size_t document = 0; document < streams.size(); ++document) {
    const std::vector<double> pooled = features(std::move(streams[document]), document, observer);
    found.insert(found.end(), pooled.begin(), pooled.end());
  }
  if (model_.config.retrieval) {  // of [p, q, p - q, p * q]
    for (std::size_t i = 0; i < width; ++i) found.push_back(found[i] - found[width + i]);
    for (std::size_t i = 0; i < width; ++i) found.push_back(found[i] * found[width + i]);
    found = linear(model_.head_weight, model_.head_bias, found, 4 * width);
    for (double& value : found) value = gelu(value);
  }
  return linear(model_.decoder_weight, model_.decoder_bias, found, width);
}

}  // namespace epoch
