// SPDX-License-Identifier: Apache-2.0
#include "compiler/compiled_network.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>

namespace epoch::test {
namespace {

using Make = NetworkModel (*)(RandomModels&);
struct Family {
  const char* name;
  Make make;
};
const Family kFamilies[] = {
    {"s4d", [](RandomModels& random) -> NetworkModel { return random.s4(SsmKind::s4d); }},
    {"s4", [](RandomModels& random) -> NetworkModel { return random.s4(SsmKind::s4); }},
    {"s5", [](RandomModels& random) -> NetworkModel { return random.s4(SsmKind::s5); }},
    {"liquid_s4", [](RandomModels& random) -> NetworkModel { return random.s4(SsmKind::liquid); }},
    {"mamba", [](RandomModels& random) -> NetworkModel { return random.mamba(false); }},
    {"mamba2", [](RandomModels& random) -> NetworkModel { return random.mamba(true); }},
    {"mlp", [](RandomModels& random) -> NetworkModel { return random.dense(DenseKind::mlp); }},
    {"lstm", [](RandomModels& random) -> NetworkModel { return random.dense(DenseKind::lstm); }},
    {"cnn", [](RandomModels& random) -> NetworkModel { return random.dense(DenseKind::cnn); }},
};

std::size_t index_of(const std::string& family) {
  std::size_t index = 0;
  while (kFamilies[index].name != family) ++index;
  return index;
}

}  // namespace

const std::vector<std::string>& family_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Family& family : kFamilies) all.emplace_back(family.name);
    return all;
  }();
  return names;
}

NetworkModel random_model(RandomModels& random, const std::string& family) {
  return kFamilies[index_of(family)].make(random);
}

unsigned first_seed(const std::string& family) {
  return 1000 * static_cast<unsigned>(index_of(family));
}

bool family_has(const std::string& family, NumberType type) {
  const bool streamed = family == "mamba" || family == "mamba2";
  if (type == NumberType::int8) return family == "s4d";
  return type != NumberType::bf16d || !streamed;
}

S4Model random_int8_model(RandomModels& random) {
  S4Model model = random.s4(SsmKind::s4d);
  if (model.config.glu != GluKind::full) model.config.glu = GluKind::none;
  model.config.retrieval = false;
  return model;
}

epoch_caps default_target() {
  return compiler_target(EpochCoreConfig{});
}

epoch_caps target_of(std::uint32_t rows, std::uint32_t cols, std::uint32_t segment_rows) {
  epoch_caps caps = default_target();
  caps.array = {rows, cols, segment_rows, 1, EPOCH_SLOTS_MODE};
  return caps;
}

epoch_caps random_target(RandomModels& random, const NetworkModel& model) {
  const auto* s4 = std::get_if<S4Model>(&model);
  const bool dplr = s4 != nullptr && s4->config.kind == SsmKind::s4;
  for (;;) {
    const std::uint32_t segment = random.integer(1, 4);
    epoch_caps caps = target_of(segment * random.integer(1, 4), random.integer(2, 7), segment);
    caps.array.state_slots = random.integer(1, 3);
    caps.array.slots_kind = random.coin() ? EPOCH_SLOTS_MODE : EPOCH_SLOTS_CHANNEL;
    const std::uint32_t modes_a_row =
        caps.array.slots_kind == EPOCH_SLOTS_MODE ? caps.array.state_slots : 1;
    if (!dplr || caps.array.rows * modes_a_row >= s4->config.modes) return caps;
  }
}

std::vector<std::uint8_t> input_bytes(const ReferenceInput& input) {
  std::vector<std::uint8_t> bytes = input.bytes;
  const std::size_t begin = bytes.size();
  bytes.resize(begin + input.tokens.size() * sizeof(std::uint32_t));
  if (!input.tokens.empty())
    std::memcpy(bytes.data() + begin, input.tokens.data(), bytes.size() - begin);
  return bytes;
}

ImageRun run_image(const Image& image, const ReferenceInput& input) {
  const epoch_image_tensor& tensor = image.tensors[image.header.input];
  const std::size_t elements = input.bytes.size() + input.tokens.size();
  return evaluate_image(
      image, input_bytes(input),
      static_cast<std::uint32_t>(elements / tensor.width / image.header.documents));
}

std::vector<double> image_outputs(const std::vector<std::uint8_t>& bytes,
                                  const ReferenceInput& input) {
  const Image image = read_image(bytes);
  return run_image(image, input).tensors[image.header.output];
}

double relative_difference(const std::vector<double>& found, const std::vector<double>& expected) {
  if (found.size() != expected.size()) throw std::logic_error("results of different length");
  double worst = 0, largest = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!std::isfinite(found[i])) return HUGE_VAL;
    worst = std::max(worst, std::abs(found[i] - expected[i]));
    largest = std::max(largest, std::abs(expected[i]));
  }
  return worst / largest;
}

}  // namespace epoch::test
