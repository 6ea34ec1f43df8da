// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "generate/generators.h"
#include "generate/portable_math.h"
#include "generate/random_stream.h"

namespace epoch {
namespace {

using Json = nlohmann::ordered_json;

// The keys of Hugging Face's MambaConfig and Mamba2Config.
struct MambaSize {
  std::uint32_t vocabulary, hidden, layers, state, taps;
  std::uint32_t rank;                     // mamba
  std::uint32_t heads, head_dim, groups;  // mamba2
  const char* source;
};

constexpr MambaSize kMamba130m = {
    50280, 768, 24, 16, 4,
    48,    0,   0,  0,  "of the size of state-spaces/mamba-130m (arXiv 2312.00752)"};
constexpr MambaSize kMamba2130m = {
    50288, 768, 24, 128, 4,
    0,     24,  64, 1,   "of the size of state-spaces/mamba2-130m (arXiv 2405.21060)"};
constexpr MambaSize kTiny = {40, 8, 2, 4, 4, 2, 0, 0, 0, "of the size for tests"};
constexpr MambaSize kTiny2 = {40, 8, 2, 4, 4, 0, 4, 4, 2, "of the size for tests"};

constexpr double kDtMin = 1e-3, kDtMax = 1e-1;

// B and C as large as x, as training makes them: the published start would leave the recurrence a
// share of 1/200 in y, and an error in it unseen.
constexpr float kLargerProjection = 8, kLargerInput = 4;

class MambaGenerator {
 public:
  MambaGenerator(const GenerateRequest& request, const MambaSize& size)
      : request_(request),
        size_(size),
        second_(request.family == "mamba2"),
        layers_(request.layers.value_or(size.layers)),
        inner_(second_ ? size.heads * size.head_dim : 2 * size.hidden) {}

  GeneratedModel generate();

 private:
  Json config() const;
  std::uint64_t seed() const { return request_.seed; }
  void add_layer(const std::string& name);
  void add_norm(const std::string& name, std::uint64_t width);
  void add_steps(const std::string& name, std::uint64_t count);
  void add_matrix(const std::string& name, std::uint64_t outputs, std::uint64_t inputs,
                  std::uint64_t first, std::uint64_t count, float larger);
  void add_first(const std::string& mixer);
  void add_second(const std::string& mixer);

  const GenerateRequest& request_;
  const MambaSize& size_;
  bool second_;
  std::uint32_t layers_;
  std::uint64_t inner_;
  TensorFile tensors_;
};

Json MambaGenerator::config() const {
  Json json = {{"model_type", request_.family},
               {"name", request_.family + "-" + request_.task},
               {"vocab_size", size_.vocabulary},
               {"hidden_size", size_.hidden},
               {"state_size", size_.state},
               {"num_hidden_layers", layers_},
               {"expand", 2},
               {"conv_kernel", size_.taps}};
  if (second_) {
    json["num_heads"] = size_.heads;
    json["head_dim"] = size_.head_dim;
    json["n_groups"] = size_.groups;
    json["rms_norm"] = true;
    json["norm_before_gate"] = false;
  } else {
    json["time_step_rank"] = size_.rank;
  }
  json["layer_norm_epsilon"] = 1e-5;
  json["use_bias"] = false;
  json["use_conv_bias"] = true;
  json["hidden_act"] = "silu";
  json["tie_word_embeddings"] = true;
  json["torch_dtype"] = "float32";
  return json;
}

void MambaGenerator::add_norm(const std::string& name, std::uint64_t width) {
  tensors_.add(name, {width}, RandomStream(seed(), name).normals(width, 1, 0.1));
}

// The bias whose softplus is a log-uniform dt: dt + log(1 - exp(-dt)).
void MambaGenerator::add_steps(const std::string& name, std::uint64_t count) {
  RandomStream random(seed(), name);
  std::vector<float> bias;
  for (std::uint64_t i = 0; i < count; ++i) {
    const double dt = portable_exp(random.uniform(portable_log(kDtMin), portable_log(kDtMax)));
    bias.push_back(static_cast<float>(dt + portable_log(1 - portable_exp(-dt))));
  }
  tensors_.add(name, {count}, bias);
}

// As add_linear, with rows [first, first + count) larger.
void MambaGenerator::add_matrix(const std::string& name, std::uint64_t outputs,
                                std::uint64_t inputs, std::uint64_t first, std::uint64_t count,
                                float larger) {
  const double bound = 1 / std::sqrt(static_cast<double>(inputs));
  std::vector<float> words = RandomStream(seed(), name).uniforms(outputs * inputs, -bound, bound);
  for (std::uint64_t i = first * inputs; i < (first + count) * inputs; ++i) words[i] *= larger;
  tensors_.add(name, {outputs, inputs}, std::move(words));
}

// A = -1 ... -N in every channel, D = 1 (state-spaces/mamba mamba_ssm/modules/mamba_simple.py).
void MambaGenerator::add_first(const std::string& mixer) {
  const std::uint64_t state = size_.state, rank = size_.rank;
  const double bound = 1 / std::sqrt(static_cast<double>(rank));
  std::vector<float> logs;
  for (std::uint64_t i = 0; i < inner_ * state; ++i)
    logs.push_back(static_cast<float>(portable_log(static_cast<double>(i % state + 1))));
  add_matrix(mixer + "x_proj.weight", rank + 2 * state, inner_, rank, 2 * state, kLargerProjection);
  tensors_.add(
      mixer + "dt_proj.weight", {inner_, rank},
      RandomStream(seed(), mixer + "dt_proj.weight").uniforms(inner_ * rank, -bound, bound));
  add_steps(mixer + "dt_proj.bias", inner_);
  tensors_.add(mixer + "A_log", {inner_, state}, logs);
  tensors_.add(mixer + "D", {inner_}, std::vector<float>(inner_, 1.0f));
}

// A of a head uniform in [-16, -1], D = 1 (mamba_ssm/modules/mamba2.py).
void MambaGenerator::add_second(const std::string& mixer) {
  RandomStream random(seed(), mixer + "A_log");
  std::vector<float> logs;
  for (std::uint32_t head = 0; head < size_.heads; ++head)
    logs.push_back(static_cast<float>(portable_log(random.uniform(1, 16))));
  add_steps(mixer + "dt_bias", size_.heads);
  tensors_.add(mixer + "A_log", {size_.heads}, logs);
  tensors_.add(mixer + "D", {size_.heads}, std::vector<float>(size_.heads, 1.0f));
  add_norm(mixer + "norm.weight", inner_);
}

void MambaGenerator::add_layer(const std::string& name) {
  const std::string mixer = name + "mixer.";
  const std::uint64_t conv = second_ ? inner_ + 2 * size_.groups * size_.state : inner_;
  const std::uint64_t taps = size_.taps;
  const double bound = 1 / std::sqrt(static_cast<double>(taps));
  add_norm(name + "norm.weight", size_.hidden);
  if (second_)
    add_matrix(mixer + "in_proj.weight", inner_ + conv + size_.heads, size_.hidden, 2 * inner_,
               conv - inner_, kLargerInput);
  else
    add_linear(tensors_, seed(), mixer + "in_proj", 2 * inner_, size_.hidden, false);
  tensors_.add(mixer + "conv1d.weight", {conv, 1, taps},
               RandomStream(seed(), mixer + "conv1d.weight").uniforms(conv * taps, -bound, bound));
  tensors_.add(mixer + "conv1d.bias", {conv},
               RandomStream(seed(), mixer + "conv1d.bias").uniforms(conv, -bound, bound));
  second_ ? add_second(mixer) : add_first(mixer);
  add_linear(tensors_, seed(), mixer + "out_proj", size_.hidden, inner_, false);
}

GeneratedModel MambaGenerator::generate() {
  const std::uint64_t hidden = size_.hidden, words = size_.vocabulary * hidden;
  tensors_.add("backbone.embeddings.weight", {size_.vocabulary, hidden},
               RandomStream(seed(), "backbone.embeddings.weight").normals(words, 0, 0.02));
  for (std::uint32_t i = 0; i < layers_; ++i)
    add_layer("backbone.layers." + std::to_string(i) + ".");
  add_norm("backbone.norm_f.weight", hidden);

  GeneratedModel model;
  const std::uint32_t usual = request_.task == "prefill" ? 32 : 8;
  model.steps = request_.steps.value_or(usual);
  model.decode = request_.decode.value_or(request_.task == "decode" ? 8 : 0);
  model.input = token_bytes(seed(), model.steps, size_.vocabulary);
  model.config = config();
  model.tensors = std::move(tensors_);
  model.description = "random " + request_.family + " " + size_.source;
  // The head is the embedding once more; x, z, dt, B and C of all steps.
  model.activation_bytes = 4 * words + 32 * inner_ * model.steps;
  return model;
}

}  // namespace

GeneratedModel generate_mamba(const GenerateRequest& request) {
  const bool second = request.family == "mamba2";
  if (request.task == "tiny") return MambaGenerator(request, second ? kTiny2 : kTiny).generate();
  return MambaGenerator(request, second ? kMamba2130m : kMamba130m).generate();
}

}  // namespace epoch
