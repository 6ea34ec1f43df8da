// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "compiler/families.h"

namespace epoch {
namespace {

std::uint32_t activation_of(DenseActivation activation) {
  switch (activation) {
    case DenseActivation::relu:
      return EPOCH_ACTIVATION_RELU;
    case DenseActivation::gelu:
      return EPOCH_ACTIVATION_GELU;
    case DenseActivation::silu:
      return EPOCH_ACTIVATION_SILU;
    case DenseActivation::sigmoid:
      return EPOCH_ACTIVATION_SIGMOID;
    case DenseActivation::tanh:
      return EPOCH_ACTIVATION_TANH;
    case DenseActivation::none:
      break;
  }
  return EPOCH_ACTIVATION_NONE;
}

class DenseNetwork {
 public:
  DenseNetwork(const DenseModel& model, NetworkBuilder& builder)
      : model_(model), config_(model.config), builder_(builder) {}

  std::vector<std::uint8_t> build() {
    // A picture has so many rows of pixels whatever the sequence; the others a row a step.
    const std::uint32_t rows = config_.kind == DenseKind::cnn ? config_.height * config_.width : 0;
    builder_.begin_layer("");
    const Value bytes = builder_.tensor(config_.input_width, EPOCH_IMAGE_TYPE_UINT8, rows);
    const bool cnn = config_.kind == DenseKind::cnn;
    const std::uint32_t type = cnn ? patch_type(model_.layers[0]) : builder_.narrow();
    const Value u = builder_.tensor(config_.input_width, type, rows);
    builder_.affine(bytes, u, 1.0 / (config_.input_scale * config_.input_std),
                    -config_.input_mean / config_.input_std);
    const Value features = config_.kind == DenseKind::mlp    ? add_perceptron(u)
                           : config_.kind == DenseKind::lstm ? add_lstm(u)
                                                             : add_convolutions(u);
    builder_.begin_layer("");
    const std::uint32_t out_rows = config_.kind == DenseKind::mlp ? 0 : 1;
    const Value logits = builder_.tensor(config_.labels, EPOCH_TYPE_FP32, out_rows);
    builder_.linear("decoder", features, logits, {model_.decoder_weight, model_.decoder_bias});
    return builder_.finish(config_.name, bytes, logits);
  }

 private:
  Value add_perceptron(Value in) {
    for (std::size_t n = 0; n < model_.layers.size(); ++n) {
      const DenseLayer& layer = model_.layers[n];
      builder_.begin_layer("layers." + std::to_string(n));
      const Value out = builder_.tensor(layer.outputs);
      builder_.linear("", in, out, {layer.weight, layer.bias, activation_of(config_.activation)});
      in = out;
    }
    return in;
  }

  // Gates i, f, g, o of x for all steps; then step by step those of h, and
  // c = sigmoid(f) c + sigmoid(i) tanh(g), h = sigmoid(o) tanh(c).
  Value add_lstm(Value in) {
    const DenseLayer& layer = model_.layers[0];
    const std::uint32_t hidden = layer.outputs;
    builder_.begin_layer("lstm");
    const Value from_x = builder_.tensor(4 * hidden, EPOCH_TYPE_FP32);
    builder_.linear("weight_ih", in, from_x, {layer.weight, layer.bias});
    const auto carried = [&](std::uint32_t type) {
      return builder_.tensor(hidden, type, 0, EPOCH_TENSOR_CARRIED);
    };
    const auto wide = [&] { return builder_.tensor(hidden, EPOCH_TYPE_FP32); };
    const Value h = carried(builder_.narrow()), c = carried(EPOCH_TYPE_FP32);
    const Value gates = builder_.tensor(4 * hidden, EPOCH_TYPE_FP32);
    Linear recurrent{layer.recurrent, {}};
    recurrent.residual = &from_x;
    builder_.linear("weight_hh", h, gates, recurrent);
    const Value kept = wide(), candidate = wide(), entering = wide(), open = wide();
    const Value i = gates.part(0, hidden), f = gates.part(hidden, hidden);
    const Value g = gates.part(2 * hidden, hidden), o = gates.part(3 * hidden, hidden);
    builder_.combine("forget", c, f, kept, EPOCH_COMBINE_MULTIPLY, EPOCH_FUNCTION_SIGMOID);
    builder_.map("candidate", g, candidate, EPOCH_FUNCTION_TANH);
    builder_.combine("enter", candidate, i, entering, EPOCH_COMBINE_MULTIPLY,
                     EPOCH_FUNCTION_SIGMOID);
    builder_.combine("cell", kept, entering, c, EPOCH_COMBINE_ADD);
    builder_.map("open", o, open, EPOCH_FUNCTION_SIGMOID);
    builder_.combine("hidden", open, c, h, EPOCH_COMBINE_MULTIPLY, EPOCH_FUNCTION_TANH);
    builder_.begin_layer("");
    const Value last = builder_.tensor(hidden, builder_.narrow(), 1);
    builder_.last_pool(h, last);
    return last;
  }

  // Patches are moved in words of 4 bytes: an odd number of channels is not narrowed before.
  std::uint32_t patch_type(const DenseLayer& layer) const {
    return layer.inputs % 2 != 0 ? static_cast<std::uint32_t>(EPOCH_TYPE_FP32) : builder_.narrow();
  }

  // A convolution is a product with the patches under its kernel: channels fastest, as pixels lie.
  Value add_convolutions(Value in) {
    std::uint32_t height = config_.height, width = config_.width;
    for (std::size_t n = 0; n < model_.layers.size(); ++n) {
      const DenseLayer& layer = model_.layers[n];
      const NetworkBuilder::Patches patches{height, width, layer.inputs, layer.kernel,
                                            layer.stride};
      height = patches.out_rows();
      width = patches.out_columns();
      builder_.begin_layer("layers." + std::to_string(n));
      const std::uint32_t patch = layer.kernel * layer.kernel * layer.inputs;
      Value columns = builder_.tensor(patch, builder_.type_of(in), height * width);
      builder_.patches("", in, columns, patches);
      columns = narrowed("patches", columns, height * width);
      const bool last = n + 1 == model_.layers.size();
      const Value out = builder_.tensor(layer.outputs,
                                        last ? builder_.narrow() : patch_type(model_.layers[n + 1]),
                                        height * width);
      builder_.linear("", columns, out,
                      {by_pixel(layer), layer.bias, activation_of(config_.activation)});
      in = out;
    }
    builder_.begin_layer("");
    const Value pooled = builder_.tensor(in.width, EPOCH_TYPE_FP32, 1);
    builder_.mean_pool(in, pooled);
    return narrowed("features", pooled, 1);
  }

  // As the array reads it.
  Value narrowed(const std::string& name, Value in, std::uint32_t rows) {
    if (builder_.type_of(in) == builder_.narrow()) return in;
    const Value out = builder_.tensor(in.width, builder_.narrow(), rows);
    builder_.map(name, in, out, EPOCH_FUNCTION_IDENTITY);
    return out;
  }

  // [out][in][k][k] as [out][k][k][in].
  static std::vector<float> by_pixel(const DenseLayer& layer) {
    const std::size_t area = std::size_t{layer.kernel} * layer.kernel;
    std::vector<float> weight(layer.weight.size());
    for (std::size_t out = 0; out < layer.outputs; ++out)
      for (std::size_t in = 0; in < layer.inputs; ++in)
        for (std::size_t k = 0; k < area; ++k)
          weight[(out * area + k) * layer.inputs + in] =
              layer.weight[(out * layer.inputs + in) * area + k];
    return weight;
  }

  const DenseModel& model_;
  const DenseConfig& config_;
  NetworkBuilder& builder_;
};

}  // namespace

std::vector<std::uint8_t> build_dense(const DenseModel& model, NetworkBuilder& builder) {
  if (builder.type() == NumberType::int8)
    builder.refuse("network", "int8 is defined for s4d networks only");
  return DenseNetwork(model, builder).build();
}

}  // namespace epoch
