// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "errors.h"
#include "generate/generators.h"
#include "generate/hippo.h"
#include "generate/portable_math.h"
#include "generate/published_sizes.h"
#include "generate/random_stream.h"

namespace epoch {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kPi = 3.14159265358979323846;

// |B| of liquid_s4: with zero-order hold |b z| stays below 1 - |a| for inputs up to 6, so that
// (a + b z) contracts. The published initialisation (V^* B of HiPPO-LegS) does not: its code
// evaluates a kernel, not the recurrence.
constexpr double kLiquidB = 0.08;

// A stream's variance at its start, and by how much a block adds to it at most: running statistics
// of batch norms are drawn around that (README.md has what was measured).
constexpr double kFirstVariance = 0.5, kVarianceOfABlock = 0.25, kVarianceOfAnS5Block = 1;

const TaskShape& shape_of(const std::string& task) {
  const auto& shapes = task_shapes();
  return *std::find_if(shapes.begin(), shapes.end(),
                       [&](const TaskShape& shape) { return task == shape.task; });
}

const PublishedSize& size_of(const GenerateRequest& request) {
  const auto& sizes = published_sizes();
  return *std::find_if(sizes.begin(), sizes.end(), [&](const PublishedSize& size) {
    return request.task == size.task && is_for(size, request.family.c_str()) &&
           (request.variant.empty() || request.variant == size.variant);
  });
}

// Interleaved complex words.
void append(std::vector<float>& words, std::complex<double> word) {
  words.push_back(static_cast<float>(word.real()));
  words.push_back(static_cast<float>(word.imag()));
}

class S4Generator {
 public:
  explicit S4Generator(const GenerateRequest& request)
      : request_(request),
        size_(size_of(request)),
        shape_(shape_of(request.task)),
        layers_(request.layers.value_or(size_.layers)),
        modes_(size_.state / 2),
        directions_(size_.bidirectional ? 2 : 1) {
    if (request.family == "s5")
      legs_ = hippo_legs(size_.state / size_.blocks);
    else if (request.family != "s4d" || request.init == "legs")
      legs_ = hippo_legs(size_.state);
  }

  GeneratedModel generate();

 private:
  Json config() const;
  bool shared() const { return request_.family == "s5"; }
  bool final_norm() const { return size_.prenorm && !shared(); }
  std::uint64_t seed() const { return request_.seed; }
  std::vector<std::uint64_t> by_direction(std::vector<std::uint64_t> shape) const;
  double frequency(std::uint32_t mode) const;
  std::vector<float> log_steps(const std::string& name, std::size_t count) const;
  void add_norm(const std::string& name, std::uint32_t blocks_before);
  void add_ssm(const std::string& name);
  void add_shared(const std::string& name);
  void add_diagonal(const std::string& name);
  void add_dplr(const std::string& name);
  void add_c(const std::string& name, const std::vector<std::uint64_t>& shape);

  const GenerateRequest& request_;
  const PublishedSize& size_;
  const TaskShape& shape_;
  std::uint32_t layers_, modes_, directions_;
  HippoLegs legs_;
  TensorFile tensors_;
};

Json S4Generator::config() const {
  static constexpr const char* norms[] = {"layer", "rms", "batch"};
  static constexpr const char* glus[] = {"none", "full", "half1", "half2"};
  const std::string& family = request_.family;
  Json json = {{"model_type", family == "liquid-s4" ? "liquid_s4" : family},
               {"name", family + "-" + shape_.task},
               {"d_model", size_.channels},
               {"d_state", size_.state},
               {"n_layers", layers_},
               {"bidirectional", size_.bidirectional}};
  json["encoder"] = shape_.vocabulary != 0 ? "embedding" : "linear";
  if (shape_.vocabulary != 0) {
    json["vocab_size"] = shape_.vocabulary;
  } else {
    json["input_width"] = shape_.input_width;
    json["input_scale"] = 255;
    json["input_mean"] = 0.5;
    json["input_std"] = 0.5;
  }
  json["norm"] = norms[static_cast<int>(size_.norm)];
  json["norm_eps"] = 1e-5;
  json["prenorm"] = size_.prenorm;
  json["final_norm"] = final_norm();
  json["activation"] = shared() ? "gelu_tanh" : "gelu";
  json["glu"] = glus[static_cast<int>(size_.glu)];
  json["pooling"] = size_.pooling == Pooling::mean ? "mean" : "last";
  json["num_labels"] = shape_.labels;
  json["decoder"] = shape_.retrieval ? "retrieval" : "linear";
  json["discretization"] = family == "s4" ? "bilinear" : "zoh";
  json["torch_dtype"] = "float32";
  return json;
}

std::vector<std::uint64_t> S4Generator::by_direction(std::vector<std::uint64_t> shape) const {
  if (directions_ > 1) shape.insert(shape.begin(), directions_);
  return shape;
}

// Im lambda of a mode (S4D, arXiv 2206.11893, section 4).
double S4Generator::frequency(std::uint32_t mode) const {
  if (!legs_.lambda.empty()) return legs_.lambda[mode].imag();
  if (request_.init != "inv") return kPi * mode;
  const double n = size_.state;
  return n / kPi * (n / (2 * mode + 1) - 1);
}

std::vector<float> S4Generator::log_steps(const std::string& name, std::size_t count) const {
  return RandomStream(seed(), name)
      .uniforms(count, portable_log(size_.dt_min), portable_log(size_.dt_max));
}

void S4Generator::add_norm(const std::string& name, std::uint32_t blocks_before) {
  const std::uint64_t width = size_.channels;
  const auto stream = [&](const char* tensor) { return RandomStream(seed(), name + tensor); };
  tensors_.add(name + "weight", {width}, stream("weight").normals(width, 1, 0.1));
  tensors_.add(name + "bias", {width}, stream("bias").normals(width, 0, 0.1));
  if (size_.norm != NormKind::batch) return;
  const double variance =
      kFirstVariance + blocks_before * (shared() ? kVarianceOfAnS5Block : kVarianceOfABlock);
  tensors_.add(name + "running_mean", {width},
               stream("running_mean").normals(width, 0, std::sqrt(variance) / 4));
  tensors_.add(name + "running_var", {width},
               stream("running_var").uniforms(width, 0.8 * variance, 1.5 * variance));
}

// Complex normal; s5: trunc_standard_normal, of variance 2 / P. That of liquid_s4 makes up for half
// of what B lacks.
void S4Generator::add_c(const std::string& name, const std::vector<std::uint64_t>& shape) {
  double variance = 1;
  if (shared()) variance = 2.0 / size_.state;
  if (request_.family == "liquid-s4") variance = 0.25 / (kLiquidB * kLiquidB);
  std::uint64_t count = 1;
  for (const std::uint64_t extent : shape) count *= extent;
  tensors_.add(name, shape, RandomStream(seed(), name).normals(count, 0, std::sqrt(variance / 2)));
}

// S5: lambda of one block repeated, B = V^* B_0 by block with B_0 of variance 1 / H, so that B u is
// as large as u (lindermanlab/S5 s5/train.py, s5/ssm_init.py, whose lecun_normal takes 1 / P).
void S4Generator::add_shared(const std::string& name) {
  const std::uint64_t width = size_.channels, block = legs_.lambda.size();
  std::vector<float> re, im, b;
  for (std::uint32_t mode = 0; mode < modes_; ++mode) {
    re.push_back(-0.5f);
    im.push_back(static_cast<float>(legs_.lambda[mode % block].imag()));
  }
  const std::vector<float> start =
      RandomStream(seed(), name + "B")
          .normals(size_.state * width, 0, 1 / std::sqrt(static_cast<double>(width)));
  for (std::uint32_t mode = 0; mode < modes_; ++mode) {
    for (std::uint64_t i = 0; i < width; ++i) {
      std::complex<double> sum;
      for (std::uint64_t n = 0; n < 2 * block; ++n)
        sum += std::conj(legs_.v[n * block + mode % block]) *
               static_cast<double>(start[(mode / block * 2 * block + n) * width + i]);
      append(b, sum);
    }
  }
  tensors_.add(name + "Lambda_re", {modes_}, re);
  tensors_.add(name + "Lambda_im", {modes_}, im);
  tensors_.add(name + "log_step", {modes_}, log_steps(name + "log_step", modes_));
  tensors_.add(name + "B", {modes_, width, 2}, b);
  add_c(name + "C", by_direction({width, modes_, 2}));
}

// s4d has B = 1, left out; liquid_s4 a random phase and a magnitude that contracts.
void S4Generator::add_diagonal(const std::string& name) {
  const std::uint64_t width = size_.channels, rows = width * directions_;
  std::vector<float> im, b;
  RandomStream phase(seed(), name + "B");
  for (std::uint64_t row = 0; row < rows; ++row) {
    for (std::uint32_t mode = 0; mode < modes_; ++mode) {
      im.push_back(static_cast<float>(frequency(mode)));
      // A point of the unit circle by the rational parametrisation, t in [-1, 1]: the right half.
      const double t = phase.uniform(-1, 1), scale = kLiquidB / (1 + t * t);
      append(b, {scale * (1 - t * t), scale * 2 * t});
    }
  }
  tensors_.add(name + "log_dt", by_direction({width}), log_steps(name + "log_dt", rows));
  tensors_.add(name + "log_A_real", by_direction({width, modes_}),
               std::vector<float>(rows * modes_, static_cast<float>(portable_log(0.5))));
  tensors_.add(name + "A_imag", by_direction({width, modes_}), im);
  if (request_.family == "liquid-s4") tensors_.add(name + "B", by_direction({width, modes_, 2}), b);
  add_c(name + "C", by_direction({width, modes_, 2}));
}

void S4Generator::add_dplr(const std::string& name) {
  const std::uint64_t width = size_.channels, rows = width * directions_;
  add_diagonal(name);
  std::vector<float> b, p;
  for (std::uint64_t row = 0; row < rows; ++row) {
    for (std::uint32_t mode = 0; mode < modes_; ++mode) {
      append(b, legs_.b[mode]);
      append(p, legs_.p[mode]);
    }
  }
  tensors_.add(name + "B", by_direction({width, modes_, 2}), b);
  tensors_.add(name + "P", by_direction({width, modes_, 2}), p);
}

void S4Generator::add_ssm(const std::string& name) {
  if (shared())
    add_shared(name);
  else if (request_.family == "s4")
    add_dplr(name);
  else
    add_diagonal(name);
  tensors_.add(name + "D", {size_.channels},
               RandomStream(seed(), name + "D").normals(size_.channels, 0, 1));
}

GeneratedModel S4Generator::generate() {
  const std::uint64_t width = size_.channels;
  if (shape_.vocabulary != 0)
    tensors_.add("embedding.weight", {shape_.vocabulary, width},
                 RandomStream(seed(), "embedding.weight")
                     .normals(shape_.vocabulary * width, 0, std::sqrt(kFirstVariance)));
  else
    add_linear(tensors_, seed(), "encoder", width, shape_.input_width);
  for (std::uint32_t i = 0; i < layers_; ++i) {
    const std::string layer = "layers." + std::to_string(i) + ".";
    add_norm(layer + "norm.", i);
    add_ssm(layer + "ssm.");
    add_linear(tensors_, seed(), layer + "output_linear",
               size_.glu == GluKind::full ? 2 * width : width, width);
  }
  if (final_norm()) add_norm("norm.", layers_);
  if (shape_.retrieval) add_linear(tensors_, seed(), "decoder.0", width, 4 * width);
  add_linear(tensors_, seed(), shape_.retrieval ? "decoder.2" : "decoder", shape_.labels, width);

  GeneratedModel model;
  model.steps = request_.steps.value_or(shape_.steps);
  const std::size_t all_steps = std::size_t{model.steps} * (shape_.retrieval ? 2 : 1);
  model.input = shape_.vocabulary != 0 ? token_bytes(seed(), all_steps, shape_.vocabulary)
                                       : walking_bytes(seed(), all_steps, shape_.input_width);
  model.config = config();
  model.tensors = std::move(tensors_);
  model.description = "random " + request_.family + " of the size for " + shape_.name;
  if (size_.source[0] != '\0') model.description += std::string(" (") + size_.source + ")";
  // The stream, its normalised copy, two directions, the linear's two halves.
  model.activation_bytes = 8 * 4 * width * all_steps;
  return model;
}

}  // namespace

std::vector<std::string> s4_tasks(const std::string& family) {
  std::vector<std::string> tasks;
  for (const TaskShape& shape : task_shapes()) {
    if (!s4_variants(family, shape.task).empty()) tasks.emplace_back(shape.task);
  }
  return tasks;
}

std::vector<std::string> s4_variants(const std::string& family, const std::string& task) {
  std::vector<std::string> variants;
  for (const PublishedSize& size : published_sizes()) {
    if (task == size.task && is_for(size, family.c_str())) variants.emplace_back(size.variant);
  }
  return variants;
}

GeneratedModel generate_s4(const GenerateRequest& request) {
  return S4Generator(request).generate();
}

}  // namespace epoch
