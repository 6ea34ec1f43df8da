// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "errors.h"
#include "generate/generators.h"
#include "generate/random_stream.h"

namespace epoch {
namespace {

using Json = nlohmann::ordered_json;

// A plain network: sizes as usual for MNIST digits, from no publication.
struct DenseSize {
  const char* family;
  const char* task;
  std::uint32_t steps, input_width, labels;
  std::uint32_t side;  // cnn: of a square image
  std::vector<std::uint32_t> hidden, kernels, strides;
};

const DenseSize& size_of(const GenerateRequest& request) {
  static const std::vector<DenseSize> sizes = {
      {"mlp", "mnist", 16, 784, 10, 0, {512, 512}, {}, {}},
      {"mlp", "tiny", 5, 6, 3, 0, {8, 7}, {}, {}},
      {"lstm", "mnist", 28, 28, 10, 0, {128}, {}, {}},
      {"lstm", "tiny", 9, 3, 3, 0, {6}, {}, {}},
      {"cnn", "mnist", 784, 1, 10, 28, {16, 32, 64}, {3, 3, 3}, {1, 2, 2}},
      {"cnn", "tiny", 49, 2, 3, 7, {4, 5}, {3, 2}, {1, 2}},
  };
  for (const DenseSize& size : sizes) {
    if (request.family == size.family && request.task == size.task) return size;
  }
  return sizes[0];
}

void add_lstm(TensorFile& tensors, std::uint64_t seed, std::uint64_t inputs, std::uint64_t width) {
  const double bound = 1 / std::sqrt(static_cast<double>(width));  // as torch.nn.LSTM
  const auto add = [&](const char* name, const std::vector<std::uint64_t>& shape) {
    const std::uint64_t count = shape[0] * (shape.size() > 1 ? shape[1] : 1);
    tensors.add(name, shape, RandomStream(seed, name).uniforms(count, -bound, bound));
  };
  add("lstm.weight_ih_l0", {4 * width, inputs});
  add("lstm.weight_hh_l0", {4 * width, width});
  add("lstm.bias_ih_l0", {4 * width});
  add("lstm.bias_hh_l0", {4 * width});
}

void add_convolution(TensorFile& tensors, std::uint64_t seed, const std::string& name,
                     std::uint64_t outputs, std::uint64_t inputs, std::uint64_t kernel) {
  const std::uint64_t area = inputs * kernel * kernel;
  const double bound = 1 / std::sqrt(static_cast<double>(area));
  tensors.add(name + ".weight", {outputs, inputs, kernel, kernel},
              RandomStream(seed, name + ".weight").uniforms(outputs * area, -bound, bound));
  tensors.add(name + ".bias", {outputs},
              RandomStream(seed, name + ".bias").uniforms(outputs, -bound, bound));
}

// The last layer's kernel must find as many pixels as it has.
void check_image(const DenseSize& size, const std::vector<std::uint32_t>& kernels,
                 const std::vector<std::uint32_t>& strides) {
  std::uint32_t side = size.side;
  for (std::size_t i = 0; i < kernels.size(); ++i) {
    if (kernels[i] > side)
      throw UsageError("--layers of this cnn is at most " + std::to_string(i) +
                       ": the image is too small for more");
    side = (side - kernels[i]) / strides[i] + 1;
  }
}

// One value a layer: the size's own, the last one repeated.
std::vector<std::uint32_t> resized(std::vector<std::uint32_t> values, std::size_t layers) {
  if (!values.empty()) values.resize(layers, values.back());
  return values;
}

}  // namespace

GeneratedModel generate_dense(const GenerateRequest& request) {
  const DenseSize& size = size_of(request);
  const std::size_t layers =
      request.layers.value_or(static_cast<std::uint32_t>(size.hidden.size()));
  const std::vector<std::uint32_t> hidden = resized(size.hidden, layers);
  const std::vector<std::uint32_t> kernels = resized(size.kernels, layers);
  const std::vector<std::uint32_t> strides = resized(size.strides, layers);
  check_image(size, kernels, strides);
  GeneratedModel model;
  model.config = {{"model_type", request.family},
                  {"name", request.family + "-" + request.task},
                  {"input_width", size.input_width},
                  {"input_scale", 255},
                  {"input_mean", 0.5},
                  {"input_std", 0.5},
                  {"hidden_sizes", hidden}};
  if (request.family != "lstm") model.config["activation"] = "relu";
  if (request.family == "cnn") {
    model.config["kernel_sizes"] = kernels;
    model.config["strides"] = strides;
    model.config["input_height"] = size.side;
    model.config["input_columns"] = size.side;
  }
  model.config["num_labels"] = size.labels;
  model.config["torch_dtype"] = "float32";

  std::uint64_t inputs = size.input_width, widest = inputs;
  for (std::size_t i = 0; i < layers; ++i) {
    const std::string name = "layers." + std::to_string(i);
    if (request.family == "lstm")
      add_lstm(model.tensors, request.seed, inputs, hidden[i]);
    else if (request.family == "cnn")
      add_convolution(model.tensors, request.seed, name, hidden[i], inputs, kernels[i]);
    else
      add_linear(model.tensors, request.seed, name, hidden[i], inputs);
    inputs = hidden[i];
    widest = std::max(widest, inputs);
  }
  add_linear(model.tensors, request.seed, "decoder", size.labels, inputs);
  model.steps = request.steps.value_or(size.steps);
  model.input = walking_bytes(request.seed, model.steps, size.input_width);
  model.description =
      "random " + request.family + " of a size for " + (request.task == "tiny" ? "tests" : "MNIST");
  model.activation_bytes = 32 * widest * model.steps;
  return model;
}

}  // namespace epoch
