// SPDX-License-Identifier: Apache-2.0
#include "firmware/sample_network.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "epoch_layout.h"
#include "epoch_network.h"

namespace epoch::test {
namespace {

std::uint32_t pick(std::mt19937& random, std::uint32_t low, std::uint32_t high) {
  return std::uniform_int_distribution<std::uint32_t>(low, high)(random);
}

bool chance(std::mt19937& random, double probability) {
  return std::bernoulli_distribution(probability)(random);
}

std::vector<float> random_values(std::mt19937& random, std::size_t count, double size) {
  std::uniform_real_distribution<float> uniform(static_cast<float>(-size),
                                                static_cast<float>(size));
  std::vector<float> values(count);
  for (float& value : values) value = uniform(random);
  return values;
}

std::uint32_t bits(float value) {
  std::uint32_t word = 0;
  std::memcpy(&word, &value, sizeof word);
  return word;
}

float number(std::uint32_t word) {
  float value = 0;
  std::memcpy(&value, &word, sizeof value);
  return value;
}

std::uint32_t format_flags(bool extra, bool residual) {
  return (extra ? EPOCH_ARRAY_EXTRA : 0u) | (residual ? EPOCH_ARRAY_COMBINE : 0u);
}

SampleOp make_affine(std::uint32_t width) {
  SampleOp result;
  result.op.kind = EPOCH_IMAGE_OP_AFFINE;
  result.op.inputs = result.op.outputs = width;
  result.op.immediate0 = bits(1.0f / 64.0f);
  result.op.immediate1 = bits(-1.5f);
  return result;
}

SampleOp make_norm(std::mt19937& random, std::uint32_t width) {
  SampleOp result;
  result.op.kind = EPOCH_IMAGE_OP_NORM;
  result.op.inputs = result.op.outputs = width;
  result.op.immediate0 = bits(0.01f);
  result.values = random_values(random, 2 * std::size_t{width}, 1.0);
  return result;
}

SampleOp make_pool(std::uint32_t width) {
  SampleOp result;
  result.op.kind = EPOCH_IMAGE_OP_POOL;
  result.op.inputs = result.op.outputs = width;
  return result;
}

SampleOp make_linear(std::mt19937& random, std::uint32_t inputs, std::uint32_t outputs,
                     std::uint32_t activation, bool residual) {
  SampleOp result;
  const bool extra = chance(random, 0.7);
  result.op.kind = EPOCH_IMAGE_OP_LINEAR;
  result.op.format = EPOCH_FORMAT(EPOCH_MODE_MAC, EPOCH_TYPE_FP32, format_flags(extra, residual));
  result.op.activation = activation;
  result.op.inputs = inputs;
  result.op.outputs = outputs;
  result.op.residual = residual;
  const std::size_t columns = epoch_op_columns(&result.op);
  result.values = random_values(random, columns * inputs, 1.5 / std::sqrt(inputs));
  if (extra) result.extra = random_values(random, columns, 0.5);
  return result;
}

// Poles well inside the unit circle, so that the state forgets within a few tiles.
SampleOp make_ssm(std::mt19937& random, std::uint32_t width, std::uint32_t modes, bool residual) {
  SampleOp result;
  const bool complex_mode = chance(random, 0.6);
  const bool extra = chance(random, 0.7);
  result.op.kind = EPOCH_IMAGE_OP_SSM;
  result.op.format = EPOCH_FORMAT(complex_mode ? EPOCH_MODE_COMPLEX : EPOCH_MODE_REAL,
                                  EPOCH_TYPE_FP32, format_flags(extra, residual));
  result.op.activation = chance(random, 0.5) ? EPOCH_ACTIVATION_GELU : EPOCH_ACTIVATION_NONE;
  result.op.inputs = result.op.outputs = width;
  result.op.modes = modes;
  result.op.residual = residual;
  std::uniform_real_distribution<float> radius(0.3f, 0.95f);
  std::uniform_real_distribution<float> angle(0.0f, 3.0f);
  std::uniform_real_distribution<float> weight(-1.0f, 1.0f);
  const float scale = 1.0f / static_cast<float>(modes);
  for (std::uint32_t i = 0; i < width * modes; ++i) {
    const float r = radius(random);
    const float phi = complex_mode ? angle(random) : 0.0f;
    result.values.push_back(r * std::cos(phi));
    if (complex_mode) result.values.push_back(r * std::sin(phi));
    result.values.push_back(scale * weight(random));
    if (complex_mode) result.values.push_back(scale * weight(random));
  }
  if (extra) result.extra = random_values(random, width, 1.0);
  return result;
}

std::vector<SampleOp> random_layer(std::mt19937& random, const epoch_array_shape& array,
                                   std::uint32_t input, const SampleLimits& limits) {
  std::vector<SampleOp> ops;
  std::uint32_t width = input;
  const std::uint32_t count = pick(random, 1, limits.layer_ops);
  for (std::uint32_t o = 0; o < count; ++o) {
    const bool residual = width == input && chance(random, 0.4);
    switch (pick(random, 0, 2)) {
      case 0:
        ops.push_back(make_norm(random, width));
        break;
      case 1:
        ops.push_back(make_ssm(random, width, pick(random, 1, limits.modes), residual));
        break;
      default: {
        const bool back = chance(random, 0.5);
        const std::uint32_t outputs = back ? input : pick(random, 1, limits.width);
        const std::uint32_t activation = pick(random, 0, array.cols > 1 ? 2 : 1);
        const bool adds = outputs == input && chance(random, 0.5);
        ops.push_back(make_linear(random, width, outputs, activation, adds));
      }
    }
    width = ops.back().op.outputs;
  }
  return ops;
}

// Appends bytes padded to 64 and says where they are.
void append(std::vector<std::uint8_t>& image, epoch_image_op& op,
            const std::vector<std::uint8_t>& block) {
  op.parameter_offset = static_cast<std::uint32_t>(image.size());
  op.parameter_bytes = static_cast<std::uint32_t>(block.size());
  image.insert(image.end(), block.begin(), block.end());
  image.resize((image.size() + 63) / 64 * 64);
}

void put(std::vector<std::uint8_t>& bytes, std::size_t offset, float value) {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}

std::vector<std::uint8_t> ssm_bytes(const SampleOp& sample, const epoch_array_shape& array) {
  epoch_ssm_layout layout{};
  epoch_op_ssm_layout(&sample.op, &array, &layout);
  std::vector<std::uint8_t> bytes(epoch_ssm_bytes(&layout));
  for (std::uint32_t pass = 0; pass < layout.passes; ++pass) {
    for (std::uint32_t block = 0; block < layout.blocks; ++block) {
      std::size_t at = epoch_ssm_block_offset(&layout, pass, block);
      const std::uint32_t channels = epoch_ssm_pass_channels(&layout, pass);
      const std::uint32_t modes = epoch_ssm_block_modes(&layout, block);
      for (std::uint32_t c = 0; c < channels; ++c) {
        const std::size_t channel = pass * layout.channels_per_pass + c;
        const std::size_t first =
            (channel * layout.modes + block * layout.modes_per_block) * layout.mode_words;
        for (std::size_t w = 0; w < std::size_t{modes} * layout.mode_words; ++w, at += 4)
          put(bytes, at, sample.values[first + w]);
      }
      for (std::uint32_t c = 0; block + 1 == layout.blocks && layout.extra && c < channels;
           ++c, at += 4)
        put(bytes, at, sample.extra[pass * layout.channels_per_pass + c]);
    }
  }
  return bytes;
}

std::vector<std::uint8_t> linear_bytes(const SampleOp& sample, const epoch_array_shape& array) {
  epoch_gemm_layout layout{};
  epoch_op_gemm_layout(&sample.op, &array, &layout);
  std::vector<std::uint8_t> bytes(epoch_gemm_bytes(&layout));
  for (std::uint32_t out = 0; out < layout.output_folds; ++out) {
    for (std::uint32_t in = 0; in < layout.input_folds; ++in) {
      std::size_t at = epoch_gemm_block_offset(&layout, out, in);
      const std::uint32_t first_column = out * layout.outputs_per_fold;
      const std::uint32_t columns = epoch_gemm_fold_outputs(&layout, out);
      for (std::uint32_t column = first_column; column < first_column + columns; ++column) {
        for (std::uint32_t i = 0; i < epoch_gemm_fold_inputs(&layout, in); ++i, at += 4)
          put(bytes, at,
              sample.values[std::size_t{column} * layout.inputs + in * layout.inputs_per_fold + i]);
      }
      for (std::uint32_t c = 0; in + 1 == layout.input_folds && layout.extra && c < columns;
           ++c, at += 4)
        put(bytes, at, sample.extra[first_column + c]);
    }
  }
  return bytes;
}

std::vector<std::uint8_t> parameter_bytes(const SampleOp& sample, const epoch_array_shape& array) {
  switch (sample.op.kind) {
    case EPOCH_IMAGE_OP_SSM:
      return ssm_bytes(sample, array);
    case EPOCH_IMAGE_OP_LINEAR:
      return linear_bytes(sample, array);
    default: {
      std::vector<std::uint8_t> bytes(sample.values.size() * 4);
      if (!bytes.empty()) std::memcpy(bytes.data(), sample.values.data(), bytes.size());
      return bytes;
    }
  }
}

// ---- float64 evaluation ----

using Rows = std::vector<std::vector<double>>;

double gelu(double x) {
  return 0.5 * x * (1.0 + std::erf(x / std::sqrt(2.0)));
}

Rows evaluate_norm(const SampleOp& sample, const Rows& in) {
  const std::size_t width = sample.op.inputs;
  Rows out = in;
  for (auto& row : out) {
    double mean = 0;
    double variance = 0;
    for (const double x : row) mean += x / static_cast<double>(width);
    for (const double x : row) variance += (x - mean) * (x - mean) / static_cast<double>(width);
    const double scale = 1.0 / std::sqrt(variance + number(sample.op.immediate0));
    for (std::size_t i = 0; i < width; ++i)
      row[i] = (row[i] - mean) * scale * sample.values[i] + sample.values[width + i];
  }
  return out;
}

Rows evaluate_ssm(const SampleOp& sample, const Rows& in, const Rows& residual) {
  const bool is_complex = EPOCH_FORMAT_MODE(sample.op.format) == EPOCH_MODE_COMPLEX;
  const std::size_t words = is_complex ? 4 : 2;
  Rows out = in;
  for (std::size_t channel = 0; channel < sample.op.inputs; ++channel) {
    std::vector<double> re(sample.op.modes);
    std::vector<double> im(sample.op.modes);
    for (std::size_t t = 0; t < in.size(); ++t) {
      double y = sample.extra.empty() ? 0.0 : sample.extra[channel] * in[t][channel];
      for (std::size_t m = 0; m < sample.op.modes; ++m) {
        const float* w = &sample.values[(channel * sample.op.modes + m) * words];
        const double ar = w[0];
        const double ai = is_complex ? w[1] : 0;
        const double cr = is_complex ? w[2] : w[1];
        const double ci = is_complex ? w[3] : 0;
        const double next = ar * re[m] - ai * im[m] + in[t][channel];
        im[m] = ar * im[m] + ai * re[m];
        re[m] = next;
        y += cr * re[m] - ci * im[m];
      }
      if (sample.op.residual) y += residual[t][channel];
      out[t][channel] = sample.op.activation == EPOCH_ACTIVATION_GELU ? gelu(y) : y;
    }
  }
  return out;
}

Rows evaluate_linear(const SampleOp& sample, const Rows& in, const Rows& residual) {
  const std::size_t columns = epoch_op_columns(&sample.op);
  Rows out(in.size(), std::vector<double>(sample.op.outputs));
  for (std::size_t t = 0; t < in.size(); ++t) {
    std::vector<double> y(columns);
    for (std::size_t c = 0; c < columns; ++c) {
      if (!sample.extra.empty()) y[c] = sample.extra[c];
      for (std::size_t i = 0; i < sample.op.inputs; ++i)
        y[c] += sample.values[c * sample.op.inputs + i] * in[t][i];
    }
    for (std::size_t o = 0; o < sample.op.outputs; ++o) {
      switch (sample.op.activation) {
        case EPOCH_ACTIVATION_GLU:
          out[t][o] = y[2 * o] / (1.0 + std::exp(-y[2 * o + 1]));
          break;
        case EPOCH_ACTIVATION_GELU:
          out[t][o] = gelu(y[o]);
          break;
        default:
          out[t][o] = y[o];
      }
      if (sample.op.residual) out[t][o] += residual[t][o];
    }
  }
  return out;
}

Rows evaluate_op(const SampleOp& sample, const Rows& in, const Rows& residual) {
  Rows out = in;
  switch (sample.op.kind) {
    case EPOCH_IMAGE_OP_AFFINE:
      for (auto& row : out)
        for (double& x : row) x = x * number(sample.op.immediate0) + number(sample.op.immediate1);
      return out;
    case EPOCH_IMAGE_OP_NORM:
      return evaluate_norm(sample, in);
    case EPOCH_IMAGE_OP_SSM:
      return evaluate_ssm(sample, in, residual);
    case EPOCH_IMAGE_OP_LINEAR:
      return evaluate_linear(sample, in, residual);
    default: {
      Rows mean(1, std::vector<double>(sample.op.outputs));
      for (const auto& row : in)
        for (std::size_t i = 0; i < row.size(); ++i)
          mean[0][i] += row[i] / static_cast<double>(in.size());
      return mean;
    }
  }
}

}  // namespace

std::uint64_t SampleNetwork::ssm_elements(std::uint32_t steps) const {
  std::uint64_t total = 0;
  for (const auto& layer : layers) {
    for (const auto& sample : layer) {
      if (sample.op.kind == EPOCH_IMAGE_OP_POOL) steps = 1;
      if (sample.op.kind == EPOCH_IMAGE_OP_SSM)
        total += std::uint64_t{steps} * sample.op.inputs * sample.op.modes;
    }
  }
  return total;
}

std::uint64_t SampleNetwork::gemm_products(std::uint32_t steps) const {
  std::uint64_t total = 0;
  for (const auto& layer : layers) {
    for (const auto& sample : layer) {
      if (sample.op.kind == EPOCH_IMAGE_OP_POOL) steps = 1;
      if (sample.op.kind == EPOCH_IMAGE_OP_LINEAR)
        total += std::uint64_t{steps} * sample.op.inputs * epoch_op_columns(&sample.op);
    }
  }
  return total;
}

epoch_array_shape random_array(std::mt19937& random) {
  epoch_array_shape array{};
  array.segment_rows = pick(random, 1, 4);
  array.rows = array.segment_rows * pick(random, 1, 5);
  array.cols = pick(random, 1, 9);
  array.state_slots = 1;
  return array;
}

SampleNetwork random_network(std::mt19937& random, const epoch_array_shape& array,
                             const SampleLimits& limits) {
  SampleNetwork network;
  network.array = array;
  network.input_width = pick(random, 1, 3);
  std::vector<SampleOp> encoder = {make_affine(network.input_width)};
  if (chance(random, 0.8))
    encoder.push_back(make_linear(random, network.input_width, pick(random, 1, limits.width),
                                  EPOCH_ACTIVATION_NONE, false));
  network.layers.push_back(encoder);
  for (std::uint32_t l = pick(random, 0, limits.middle_layers); l > 0; --l)
    network.layers.push_back(random_layer(random, array, network.output_width(), limits));
  if (chance(random, 0.7)) {
    std::vector<SampleOp> head = {make_pool(network.output_width())};
    SampleOp linear = make_linear(random, network.output_width(), pick(random, 1, limits.width),
                                  EPOCH_ACTIVATION_NONE, false);
    if (chance(random, 0.5)) {
      head.push_back(linear);
      network.layers.push_back(head);
    } else {
      network.layers.push_back(head);
      network.layers.push_back({linear});
    }
  }
  return network;
}

epoch_caps sample_caps(const epoch_array_shape& array, std::uint32_t activations,
                       std::uint32_t coefficients, std::uint32_t accumulators) {
  epoch_caps caps{};
  caps.array = array;
  caps.pe_kind = EPOCH_PE_LIMA;
  caps.multipliers = 2;
  caps.modes = 1u << EPOCH_MODE_REAL | 1u << EPOCH_MODE_COMPLEX | 1u << EPOCH_MODE_MAC;
  caps.types = 1u << EPOCH_TYPE_FP32;
  caps.activations =
      1u << EPOCH_ACTIVATION_NONE | 1u << EPOCH_ACTIVATION_GELU | 1u << EPOCH_ACTIVATION_GLU;
  caps.vector_ops = 7;
  caps.buffer_bytes[EPOCH_BUFFER_ACTIVATIONS] = activations;
  caps.buffer_bytes[EPOCH_BUFFER_COEFFICIENTS] = coefficients;
  caps.buffer_bytes[EPOCH_BUFFER_ACCUMULATORS] = accumulators;
  caps.coefficient_port = 64;
  return caps;
}

SampleImage::SampleImage(const SampleNetwork& network) {
  std::vector<epoch_image_op> image_ops;
  std::vector<epoch_image_layer> image_layers;
  std::size_t op_count = 0;
  for (const auto& layer : network.layers) op_count += layer.size();
  std::vector<std::uint8_t> image(sizeof(epoch_image_header) +
                                  network.layers.size() * sizeof(epoch_image_layer) +
                                  op_count * sizeof(epoch_image_op));
  image.resize((image.size() + 63) / 64 * 64);
  std::uint32_t widest = 0;
  for (const auto& layer : network.layers) {
    epoch_image_layer entry{};
    entry.first_op = static_cast<std::uint32_t>(image_ops.size());
    entry.op_count = static_cast<std::uint32_t>(layer.size());
    entry.parameter_offset = static_cast<std::uint32_t>(image.size());
    for (const auto& sample : layer) {
      epoch_image_op op = sample.op;
      append(image, op, parameter_bytes(sample, network.array));
      image_ops.push_back(op);
    }
    entry.parameter_bytes = static_cast<std::uint32_t>(image.size()) - entry.parameter_offset;
    image_layers.push_back(entry);
    widest = std::max(widest, layer.back().op.outputs);
  }
  epoch_image_header head{};
  head.magic = EPOCH_IMAGE_MAGIC;
  head.version = EPOCH_IMAGE_VERSION;
  head.contract_version = EPOCH_VERSION_MAJOR << 16;
  head.total_bytes = static_cast<std::uint32_t>(image.size());
  head.array_rows = network.array.rows;
  head.array_cols = network.array.cols;
  head.array_segment_rows = network.array.segment_rows;
  head.array_state_slots = network.array.state_slots;
  head.layer_count = static_cast<std::uint32_t>(image_layers.size());
  head.layer_offset = sizeof head;
  head.op_count = static_cast<std::uint32_t>(image_ops.size());
  head.op_offset =
      static_cast<std::uint32_t>(sizeof head + image_layers.size() * sizeof(epoch_image_layer));
  head.input_width = network.input_width;
  head.output_width = network.output_width();
  head.max_width = widest;
  std::memcpy(head.name, "sample", 7);
  std::memcpy(image.data(), &head, sizeof head);
  std::memcpy(image.data() + head.layer_offset, image_layers.data(),
              image_layers.size() * sizeof(epoch_image_layer));
  std::memcpy(image.data() + head.op_offset, image_ops.data(),
              image_ops.size() * sizeof(epoch_image_op));
  size_ = head.total_bytes;
  storage_.resize(image.size() + 63);
  offset_ = (64 - reinterpret_cast<std::uintptr_t>(storage_.data()) % 64) % 64;
  std::memcpy(data(), image.data(), image.size());
  seal();
}

epoch_image_layer* SampleImage::layers() {
  return reinterpret_cast<epoch_image_layer*>(data() + header().layer_offset);
}

epoch_image_op* SampleImage::ops() {
  return reinterpret_cast<epoch_image_op*>(data() + header().op_offset);
}

void SampleImage::seal() {
  header().checksum = 0;
  header().checksum = bitwise_crc32(data(), size_);
}

std::uint32_t bitwise_crc32(const std::uint8_t* bytes, std::size_t count) {
  std::uint32_t crc = 0xFFFFFFFFu;
  for (std::size_t i = 0; i < count; ++i) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1u) ? 0xEDB88320u : 0u);
  }
  return ~crc;
}

std::vector<double> evaluate(const SampleNetwork& network, const std::vector<std::uint8_t>& input,
                             std::uint32_t steps) {
  Rows rows(steps, std::vector<double>(network.input_width));
  for (std::size_t t = 0; t < steps; ++t)
    for (std::size_t i = 0; i < network.input_width; ++i)
      rows[t][i] = input[t * network.input_width + i];
  for (const auto& layer : network.layers) {
    const Rows residual = rows;
    for (const auto& sample : layer) rows = evaluate_op(sample, rows, residual);
  }
  std::vector<double> result;
  for (const auto& row : rows) result.insert(result.end(), row.begin(), row.end());
  return result;
}

}  // namespace epoch::test
