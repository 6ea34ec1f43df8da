// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <complex>
#include <stdexcept>
#include <utility>

#include "compiler/discretize.h"
#include "compiler/families.h"
#include "compiler/number_words.h"
#include "compiler/poles.h"

namespace epoch {
namespace {

using Complex = std::complex<double>;

// [outputs][...] as value 0, gate 0, value 1, gate 1, ...: the pairs of columns of the drain's GLU.
std::vector<float> interleave_gates(const std::vector<float>& values_then_gates,
                                    std::size_t outputs) {
  const std::size_t row = values_then_gates.size() / (2 * outputs);
  const auto begin = values_then_gates.begin();
  std::vector<float> result;
  result.reserve(values_then_gates.size());
  for (std::size_t output = 0; output < outputs; ++output)
    for (const std::size_t source : {output, outputs + output}) {
      const auto first = begin + static_cast<std::ptrdiff_t>(source * row);
      result.insert(result.end(), first, first + static_cast<std::ptrdiff_t>(row));
    }
  return result;
}

std::vector<double> widened_words(const std::vector<float>& words) {
  return {words.begin(), words.end()};
}

class S4Network {
 public:
  S4Network(const S4Model& model, const SignalRanges& ranges, NumberType partial,
            NetworkBuilder& builder)
      : model_(model),
        config_(model.config),
        ranges_(ranges),
        partial_type_(partial == NumberType::bf16 ? EPOCH_TYPE_BF16 : EPOCH_TYPE_FP32),
        builder_(builder) {}

  std::vector<std::uint8_t> build() {
    Value stream{};
    const Value input = add_encoder(stream);
    for (std::uint32_t layer = 0; layer < config_.layers; ++layer)
      stream = add_block(layer, stream);
    builder_.name_layer("");  // the last block's: what it makes needs no way through DRAM
    if (config_.final_norm) stream = add_norm("norm", model_.final_norm, stream);
    const Value logits = config_.retrieval ? add_retrieval(stream) : add_decoder(add_pool(stream));
    return builder_.finish(config_.name, input, logits);
  }

 private:
  bool int8() const { return builder_.type() == NumberType::int8; }

  // The stream between layers: fp32, or bf16. Of int8 it stays fp32: only what the array reads is.
  Value stream_tensor() { return builder_.tensor(config_.channels); }
  // What the array reads next.
  Value array_tensor(std::uint32_t width, double range) {
    return int8() ? builder_.int8_tensor(width, range) : builder_.tensor(width);
  }
  double range(const std::vector<double>& ranges, std::uint32_t layer) const {
    return layer < ranges.size() ? ranges[layer] : 0;
  }
  std::uint32_t gelu() const {
    return config_.gelu == Gelu::erf ? EPOCH_ACTIVATION_GELU : EPOCH_ACTIVATION_GELU_TANH;
  }
  std::uint32_t gelu_function() const {
    return config_.gelu == Gelu::erf ? EPOCH_FUNCTION_GELU : EPOCH_FUNCTION_GELU_TANH;
  }

  Value add_encoder(Value& stream) {
    builder_.begin_layer("");
    stream = stream_tensor();
    if (config_.vocabulary != 0) {
      const Value tokens = builder_.tensor(1, EPOCH_IMAGE_TYPE_UINT32);
      builder_.gather("embedding", tokens, stream, model_.embedding);
      return tokens;
    }
    const Value bytes = builder_.tensor(config_.input_width, EPOCH_IMAGE_TYPE_UINT8);
    const double scale = 1.0 / (config_.input_scale * config_.input_std);
    const double offset = -config_.input_mean / config_.input_std;
    Value u = builder_.tensor(config_.input_width);
    builder_.affine(bytes, u, scale, offset);
    if (int8()) {  // bytes 0 to 255 reach from `offset` to 255 * scale + offset
      const double largest = std::max(std::abs(offset), std::abs(255 * scale + offset));
      const Value integers = builder_.int8_tensor(config_.input_width, largest);
      builder_.map("input", u, integers, EPOCH_FUNCTION_IDENTITY);
      u = integers;
    }
    builder_.linear("encoder", u, stream, {model_.encoder_weight, model_.encoder_bias});
    return bytes;
  }

  // A block: its norm before or behind, the recurrence, the gated linear, the residual.
  Value add_block(std::uint32_t layer, Value stream) {
    const S4Layer& tensors = model_.layers[layer];
    const std::string name = "layers." + std::to_string(layer);
    layer == 0 ? builder_.name_layer(name) : builder_.begin_layer(name);  // 0: with the encoder
    Value z = stream;
    if (config_.prenorm)
      z = add_norm("norm", tensors.norm, stream,
                   array_tensor(config_.channels, range(ranges_.input, layer)));
    else if (int8())
      z = quantised("input", stream, range(ranges_.input, layer));
    const bool keeps_y = config_.glu == GluKind::half2;
    const Value y = add_recurrence(layer, tensors.ssm, z, keeps_y);
    Value g = y;
    if (keeps_y) {
      g = array_tensor(config_.channels, range(ranges_.output, layer));
      builder_.map("gelu", y, g, gelu_function());
    }
    const Value sum = add_gate(tensors, y, g, stream);
    return config_.prenorm ? sum : add_norm("norm", tensors.norm, sum);
  }

  Value quantised(const std::string& name, Value in, double largest) {
    const Value out = builder_.int8_tensor(in.width, largest);
    builder_.map(name, in, out, EPOCH_FUNCTION_IDENTITY);
    return out;
  }

  Value add_norm(const std::string& name, const NormTensors& norm, Value in) {
    return add_norm(name, norm, in, stream_tensor());
  }
  Value add_norm(const std::string& name, const NormTensors& norm, Value in, Value out) {
    if (config_.norm == NormKind::layer)
      builder_.layer_norm(name, in, out, norm.weight, norm.bias, config_.norm_epsilon);
    else if (config_.norm == NormKind::rms)
      builder_.rms_norm(name, in, out, norm.weight, config_.norm_epsilon);
    else
      add_batch_norm(name, norm, in, out);
    return out;
  }

  // weight (h - mean) / sqrt(variance + eps) + bias, as a gain and a shift of the input: the shift
  // goes through the recurrence like the rest of it.
  void add_batch_norm(const std::string& name, const NormTensors& norm, Value in, Value out) {
    std::vector<float> gain, shift;
    for (std::size_t i = 0; i < norm.weight.size(); ++i) {
      const double scale =
          norm.weight[i] / std::sqrt(norm.running_variance[i] + config_.norm_epsilon);
      gain.push_back(fp32_of(scale));
      shift.push_back(fp32_of(norm.bias[i] - norm.running_mean[i] * scale));
      if (!std::isfinite(gain.back()) || !std::isfinite(shift.back()))
        builder_.refuse(builder_.full_name(name),
                        "gain or shift of channel " + std::to_string(i) + " overflows fp32");
    }
    builder_.map(name, in, out, EPOCH_FUNCTION_IDENTITY, gain, shift);
  }

  // half1: g sigmoid(W g); half2: y sigmoid(W g); none: W g; full: value sigmoid(gate).
  Value add_gate(const S4Layer& tensors, Value y, Value g, Value stream) {
    const std::uint32_t channels = config_.channels;
    const Value sum = stream_tensor();
    if (config_.glu == GluKind::full || config_.glu == GluKind::none) {
      const bool full = config_.glu == GluKind::full;
      Linear linear;
      linear.weight =
          full ? interleave_gates(tensors.output_weight, channels) : tensors.output_weight;
      linear.bias = full ? interleave_gates(tensors.output_bias, channels) : tensors.output_bias;
      linear.activation = full ? EPOCH_ACTIVATION_GLU : EPOCH_ACTIVATION_NONE;
      linear.residual = &stream;
      builder_.linear("output_linear", g, sum, linear);
      return sum;
    }
    const Value gate = builder_.tensor(channels), gated = builder_.tensor(channels);
    builder_.linear("output_linear", g, gate, {tensors.output_weight, tensors.output_bias});
    builder_.combine("gate", config_.glu == GluKind::half1 ? g : y, gate, gated,
                     EPOCH_COMBINE_MULTIPLY, EPOCH_FUNCTION_SIGMOID);
    builder_.combine("residual", gated, stream, sum, EPOCH_COMBINE_ADD);
    return sum;
  }

  // ---- The recurrence ----

  // y, or gelu(y): the sum over the directions, D's share included.
  Value add_recurrence(std::uint32_t layer, const SsmTensors& ssm, Value z, bool keep_y) {
    if (config_.kind == SsmKind::s5) return add_s5(ssm, z, keep_y);
    const Value out = keep_y ? builder_.tensor(config_.channels, EPOCH_TYPE_FP32)
                             : array_tensor(config_.channels, range(ranges_.output, layer));
    Value first{};
    for (std::uint32_t direction = 0; direction < config_.directions; ++direction) {
      const bool last = direction + 1 == config_.directions;
      Recurrence recurrence = direction_of(ssm, direction, z);
      if (direction == 0) recurrence.values.extra = feed_through(ssm, z);
      recurrence.reverse = direction == 1;
      recurrence.ahead = direction == 1 && config_.shifted;
      if (direction == 1) recurrence.stored = &first;
      if (last && !keep_y) recurrence.activation = gelu();
      const Value result = last ? out : builder_.tensor(config_.channels, partial_type_);
      builder_.ssm("ssm", z, result, std::move(recurrence));
      if (direction == 0) first = result;
    }
    return out;
  }

  // Of int8, D meets the integer u.
  std::vector<double> feed_through(const SsmTensors& ssm, Value z) const {
    std::vector<double> d = widened_words(ssm.d);
    for (double& word : d) word *= builder_.scale_of(z);
    return d;
  }

  Recurrence direction_of(const SsmTensors& ssm, std::uint32_t direction, Value z) {
    if (config_.kind == SsmKind::s4) return dplr(ssm, direction);
    const DiagonalCoefficients k = diagonal_coefficients(config_, ssm, direction);
    return config_.kind == SsmKind::liquid ? liquid(k) : diagonal(k, z);
  }

  Recurrence diagonal(const DiagonalCoefficients& k, Value z) {
    Recurrence recurrence;
    recurrence.mode = EPOCH_MODE_COMPLEX;
    recurrence.modes = config_.modes;
    for (std::size_t i = 0; i < k.a.size(); ++i) {
      const Complex a = checked(k.a[i], i), c = k.c[i], b = k.b[i];
      // c' = 2 C B, each operation in float64 (array specification).
      recurrence.values.words.insert(
          recurrence.values.words.end(),
          {a.real(), a.imag(), 2 * (c.real() * b.real() - c.imag() * b.imag()),
           2 * (c.real() * b.imag() + c.imag() * b.real())});
    }
    if (int8()) quantise_outputs(recurrence.values, builder_.scale_of(z));
    return recurrence;
  }

  // c in units of its channel's largest; the sums are integers of u's scale times it.
  void quantise_outputs(SsmValues& values, double input_scale) const {
    const std::size_t words = std::size_t{4} * config_.modes;
    for (std::size_t first = 0; first < values.words.size(); first += words) {
      double largest = 0;
      for (std::size_t i = first; i < first + words; i += 4)
        largest = std::max({largest, std::abs(values.words[i + 2]), std::abs(values.words[i + 3])});
      const double unit = largest > 0 ? largest / 127 : 1;
      for (std::size_t i = first; i < first + words; i += 4) {
        values.words[i + 2] = std::rint(values.words[i + 2] / unit);
        values.words[i + 3] = std::rint(values.words[i + 3] / unit);
      }
      values.scale.push_back(unit * input_scale);
    }
  }

  Recurrence liquid(const DiagonalCoefficients& k) {
    Recurrence recurrence;
    recurrence.mode = EPOCH_MODE_LIQUID_COMPLEX;
    recurrence.modes = config_.modes;
    for (std::size_t i = 0; i < k.a.size(); ++i) {
      const Complex a = checked(k.a[i], i), b = k.b[i], c = 2.0 * k.c[i];
      recurrence.values.words.insert(recurrence.values.words.end(),
                                     {a.real(), a.imag(), b.real(), b.imag(), c.real(), c.imag()});
    }
    return recurrence;
  }

  Recurrence dplr(const SsmTensors& ssm, std::uint32_t direction) {
    Recurrence recurrence;
    recurrence.mode = EPOCH_MODE_DPLR;
    recurrence.modes = config_.modes;
    try {
      const DplrCoefficients k = dplr_coefficients(config_, ssm, direction);
      for (std::size_t i = 0; i < k.a.size(); ++i) {
        const Complex a = checked(k.a[i], i);
        recurrence.values.words.insert(
            recurrence.values.words.end(),
            {a.real(), a.imag(), k.w[i].real(), k.w[i].imag(), k.p[i].real(), k.p[i].imag(),
             k.c[i].real(), k.c[i].imag()});
      }
    } catch (const std::domain_error& problem) {
      builder_.refuse(builder_.full_name("ssm"), problem.what());
    }
    return recurrence;
  }

  // A pole that the stored type keeps inside the unit circle: nudged there if rounding has put it
  // outside.
  Complex checked(Complex a, std::size_t index) {
    return stable_pole(builder_, a, place_text(index, config_.modes));
  }

  // ---- S5: B and C are matrices, one state for all channels ----

  Value add_s5(const SsmTensors& ssm, Value z, bool keep_y) {
    const std::uint32_t channels = config_.channels, states = 2 * config_.modes;
    const SharedCoefficients k = shared_coefficients(config_, ssm);
    const Value v = builder_.tensor(states, EPOCH_TYPE_FP32);
    builder_.linear("ssm.B", z, v, {input_matrix(ssm, k), {}});
    Value y = builder_.tensor(channels, EPOCH_TYPE_FP32);
    builder_.map("ssm.D", z, y, EPOCH_FUNCTION_IDENTITY, ssm.d);
    for (std::uint32_t direction = 0; direction < config_.directions; ++direction) {
      Recurrence recurrence;
      recurrence.mode = EPOCH_MODE_EDGE;
      recurrence.reverse = direction == 1;
      recurrence.ahead = direction == 1 && config_.shifted;
      for (std::size_t m = 0; m < config_.modes; ++m) {
        const Complex a = stable_pole(builder_, k.a[m], "mode " + std::to_string(m));
        recurrence.values.words.insert(recurrence.values.words.end(), {a.real(), a.imag()});
      }
      const Value x = builder_.tensor(states, EPOCH_TYPE_FP32);
      builder_.ssm("ssm", v, x, std::move(recurrence));
      Value narrow = x;
      if (builder_.narrow() != EPOCH_TYPE_FP32) {
        narrow = builder_.tensor(states);
        builder_.map("ssm.x", x, narrow, EPOCH_FUNCTION_IDENTITY);
      }
      const Value sum = builder_.tensor(channels, EPOCH_TYPE_FP32);
      Linear output{output_matrix(ssm, direction), {}};
      output.residual = &y;
      builder_.linear("ssm.C", narrow, sum, output);
      y = sum;
    }
    if (keep_y) return y;
    const Value g = builder_.tensor(channels);
    builder_.map("gelu", y, g, gelu_function());
    return g;
  }

  // gain B [2 modes][H]: re and im of each mode in turn.
  std::vector<float> input_matrix(const SsmTensors& ssm, const SharedCoefficients& k) const {
    std::vector<float> matrix;
    for (std::size_t m = 0; m < config_.modes; ++m) {
      std::vector<float> imaginary;
      for (std::size_t h = 0; h < config_.channels; ++h) {
        const std::size_t i = 2 * (m * config_.channels + h);
        const Complex b = k.gain[m] * Complex(ssm.b[i], ssm.b[i + 1]);
        matrix.push_back(fp32_of(b.real()));
        imaginary.push_back(fp32_of(b.imag()));
      }
      matrix.insert(matrix.end(), imaginary.begin(), imaginary.end());
    }
    return matrix;
  }

  // 2 Re (C x) as [H][2 modes]: 2 re C, -2 im C in turn.
  std::vector<float> output_matrix(const SsmTensors& ssm, std::uint32_t direction) const {
    const std::size_t words = std::size_t{2} * config_.channels * config_.modes;
    std::vector<float> matrix;
    for (std::size_t i = direction * words; i < (direction + 1) * words; i += 2) {
      matrix.push_back(2 * ssm.c[i]);
      matrix.push_back(-2 * ssm.c[i + 1]);
    }
    return matrix;
  }

  // ---- Decoders ----

  Value add_pool(Value stream) {
    const bool mean = config_.pooling == Pooling::mean;
    const Value pooled =
        builder_.tensor(config_.channels,
                        mean ? static_cast<std::uint32_t>(EPOCH_TYPE_FP32) : builder_.narrow(), 1);
    mean ? builder_.mean_pool(stream, pooled) : builder_.last_pool(stream, pooled);
    return pooled;
  }

  // As the array reads it.
  Value narrowed(Value in, double largest) {
    if (int8()) {
      const Value out = builder_.int8_row(in.width, largest);
      builder_.map("features", in, out, EPOCH_FUNCTION_IDENTITY);
      return out;
    }
    if (builder_.type_of(in) == builder_.narrow()) return in;
    const Value out = builder_.tensor(in.width, builder_.narrow(), 1);
    builder_.map("features", in, out, EPOCH_FUNCTION_IDENTITY);
    return out;
  }

  Value add_decoder(Value pooled) {
    builder_.begin_layer("");
    const Value logits = builder_.tensor(config_.labels, EPOCH_TYPE_FP32, 1);
    builder_.linear("decoder", narrowed(pooled, ranges_.features), logits,
                    {model_.decoder_weight, model_.decoder_bias});
    return logits;
  }

  // Two documents leave their features p and q side by side; the head sees p, q, p - q, p * q.
  Value add_retrieval(Value stream) {
    const std::uint32_t channels = config_.channels;
    const bool mean = config_.pooling == Pooling::mean;
    const std::uint32_t type =
        mean ? static_cast<std::uint32_t>(EPOCH_TYPE_FP32) : builder_.narrow();
    const std::uint32_t piece = (channels + 1) / 2 * 2;  // whole words for the DMA
    const Value both = builder_.tensor(2 * piece, type, 1, EPOCH_TENSOR_DOCUMENTS);
    mean ? builder_.mean_pool(stream, both.part(0, channels))
         : builder_.last_pool(stream, both.part(0, channels));
    builder_.begin_head(2);
    builder_.begin_layer("");
    const Value p = both.part(0, channels), q = both.part(piece, channels);
    const Value features = builder_.tensor(4 * channels, EPOCH_TYPE_FP32, 1);
    builder_.map("features", p, features.part(0, channels), EPOCH_FUNCTION_IDENTITY);
    builder_.map("features", q, features.part(channels, channels), EPOCH_FUNCTION_IDENTITY);
    builder_.combine("features", p, q, features.part(2 * channels, channels),
                     EPOCH_COMBINE_SUBTRACT);
    builder_.combine("features", p, q, features.part(3 * channels, channels),
                     EPOCH_COMBINE_MULTIPLY);
    const Value hidden = builder_.tensor(channels, builder_.narrow(), 1);
    builder_.linear("decoder.0", narrowed(features, 0), hidden,
                    {model_.head_weight, model_.head_bias, gelu()});
    const Value logits = builder_.tensor(config_.labels, EPOCH_TYPE_FP32, 1);
    builder_.linear("decoder.2", hidden, logits, {model_.decoder_weight, model_.decoder_bias});
    return logits;
  }

  const S4Model& model_;
  const S4Config& config_;
  const SignalRanges& ranges_;
  const std::uint32_t partial_type_;
  NetworkBuilder& builder_;
};

}  // namespace

std::vector<std::uint8_t> build_s4(const S4Model& model, const SignalRanges& ranges,
                                   NumberType partial, NetworkBuilder& builder) {
  const bool integers = builder.type() == NumberType::int8;
  if (integers && (model.config.kind != SsmKind::s4d || model.config.retrieval ||
                   model.config.glu == GluKind::half1 || model.config.glu == GluKind::half2))
    builder.refuse("network",
                   "int8 is defined for s4d networks with glu \"full\" or \"none\" and "
                   "one document only");
  return S4Network(model, ranges, partial, builder).build();
}

}  // namespace epoch
