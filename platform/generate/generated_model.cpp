// SPDX-License-Identifier: Apache-2.0
#include "generate/generated_model.h"

#include <algorithm>
#include <cmath>

#include "errors.h"
#include "generate/generators.h"
#include "generate/random_stream.h"

namespace epoch {
namespace {

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

void check_word(const std::string& what, const std::string& word,
                const std::vector<std::string>& allowed, const std::string& of = "") {
  if (contains(allowed, word)) return;
  std::string list;
  for (const std::string& each : allowed) list += (list.empty() ? "" : ", ") + each;
  const std::string wrong =
      word.empty() ? "generate needs a " + what : "unknown " + what + " \"" + word + "\"" + of;
  throw UsageError(wrong + "; there are: " + list);
}

bool is_s4_family(const std::string& family) {
  return contains({"s4d", "s4", "s5", "liquid-s4"}, family);
}

bool is_mamba(const std::string& family) {
  return family == "mamba" || family == "mamba2";
}

}  // namespace

const std::vector<std::string>& generated_families() {
  static const std::vector<std::string> families = {"s4d",    "s4",  "s5",   "liquid-s4", "mamba",
                                                    "mamba2", "mlp", "lstm", "cnn"};
  return families;
}

std::vector<std::string> tasks_of(const std::string& family) {
  if (is_s4_family(family)) return s4_tasks(family);
  if (is_mamba(family)) return {"prefill", "decode", "tiny"};
  return {"mnist", "tiny"};
}

std::vector<std::string> variants_of(const std::string& family, const std::string& task) {
  return is_s4_family(family) ? s4_variants(family, task) : std::vector<std::string>{};
}

void check_request(const GenerateRequest& request) {
  const std::string& family = request.family;
  check_word("family", family, generated_families());
  check_word("task", request.task, tasks_of(family), " of " + family);
  if (!request.init.empty()) {
    if (family != "s4d") throw UsageError("--init is for s4d, not for " + family);
    check_word("--init", request.init, {"lin", "inv", "legs"});
  }
  if (!request.variant.empty()) {
    const std::vector<std::string> variants = variants_of(family, request.task);
    if (variants.empty()) throw UsageError("--variant is for the S4 families, not for " + family);
    check_word("--variant", request.variant, variants, " of " + family + " --task " + request.task);
  }
  if (request.decode && !is_mamba(family))
    throw UsageError("--decode is for mamba and mamba2, not for " + family);
  if (family == "cnn" && request.steps)
    throw UsageError("--steps is not for cnn: it reads one image");
  if (family == "lstm" && request.layers.value_or(1) != 1)
    throw UsageError("--layers of an lstm is 1");
}

GeneratedModel generate_model(const GenerateRequest& request) {
  check_request(request);
  if (is_s4_family(request.family)) return generate_s4(request);
  if (is_mamba(request.family)) return generate_mamba(request);
  return generate_dense(request);
}

void add_linear(TensorFile& tensors, std::uint64_t seed, const std::string& name,
                std::uint64_t outputs, std::uint64_t inputs, bool bias) {
  const double bound = 1 / std::sqrt(static_cast<double>(inputs));
  tensors.add(name + ".weight", {outputs, inputs},
              RandomStream(seed, name + ".weight").uniforms(outputs * inputs, -bound, bound));
  if (bias)
    tensors.add(name + ".bias", {outputs},
                RandomStream(seed, name + ".bias").uniforms(outputs, -bound, bound));
}

std::vector<std::uint8_t> walking_bytes(std::uint64_t seed, std::size_t steps, std::size_t width) {
  constexpr int stride = 24;  // at most, each way; reflected at 0 and 255
  RandomStream random(seed, "input");
  std::vector<int> place(width);
  for (int& value : place) value = static_cast<int>(random.below(256));
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < steps * width; ++i) {
    int& value = place[i % width];
    value = std::abs(value + static_cast<int>(random.below(2 * stride + 1)) - stride);
    if (value > 255) value = 510 - value;
    bytes.push_back(static_cast<std::uint8_t>(value));
  }
  return bytes;
}

std::vector<std::uint8_t> token_bytes(std::uint64_t seed, std::size_t count,
                                      std::uint32_t vocabulary) {
  RandomStream random(seed, "input");
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t token = random.below(vocabulary);
    for (unsigned byte = 0; byte < 4; ++byte)
      bytes.push_back(static_cast<std::uint8_t>(token >> 8 * byte));
  }
  return bytes;
}

}  // namespace epoch
