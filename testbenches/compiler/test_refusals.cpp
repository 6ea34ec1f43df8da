// SPDX-License-Identifier: Apache-2.0
// What cannot be compiled is refused in one line: op, limit, and by how much.
#include <catch2/catch.hpp>
#include <limits>

#include "compiler/compiled_network.h"
#include "compiler/network_builder.h"
#include "errors.h"
#include "reference/smnist_data.h"

using namespace epoch;
using namespace epoch::test;
using Catch::Matchers::Contains;

namespace {

// As a model folder has it; its name stands before every message.
template <class Model>
NetworkModel named(Model model) {
  model.tensor_file = "file";
  return model;
}

void check_refused(const NetworkModel& model, const epoch_caps& caps, const std::string& message,
                   const CompilerOptions& options = {}) {
  CAPTURE(message);
  CHECK_THROWS_WITH(compile_network(model, caps, options), "file: " + message);
  CHECK_THROWS_AS(compile_network(model, caps, options), InputError);
}

S4Model s4_model(RandomModels& random, SsmKind kind) {
  S4Model model = random.s4(kind);
  model.config.gelu = Gelu::erf;
  while (model.config.retrieval || model.config.glu != GluKind::full ||
         model.config.norm != NormKind::layer || model.config.vocabulary != 0 ||
         model.config.pooling != Pooling::mean || model.config.directions != 1)
    model = random.s4(kind);
  model.config.gelu = Gelu::erf;
  return model;
}

NetworkModel smnist() {
  S4Model model = load_s4_model(smnist_folder());
  return named(std::move(model));
}

epoch_caps without(std::uint32_t epoch_caps::*bits, std::uint32_t bit) {
  epoch_caps caps = default_target();
  caps.*bits &= ~(1u << bit);
  return caps;
}

const std::string kLacks = ", which this hardware does not have";

}  // namespace

TEST_CASE("an array mode that the hardware lacks is named") {
  RandomModels random(1);
  const auto check = [](const NetworkModel& model, std::uint32_t mode, const std::string& message) {
    check_refused(model, without(&epoch_caps::modes, mode), message + kLacks);
  };
  check(named(s4_model(random, SsmKind::s4d)), EPOCH_MODE_COMPLEX,
        "layers.0.ssm: needs array mode complex");
  check(named(s4_model(random, SsmKind::s4)), EPOCH_MODE_DPLR,
        "layers.0.ssm: needs array mode dplr");
  check(named(s4_model(random, SsmKind::s5)), EPOCH_MODE_EDGE,
        "layers.0.ssm: needs array mode edge");
  check(named(s4_model(random, SsmKind::liquid)), EPOCH_MODE_LIQUID_COMPLEX,
        "layers.0.ssm: needs array mode liquid complex");
  check(named(random.mamba(false)), EPOCH_MODE_SELECTIVE,
        "backbone.layers.0.mixer.ssm: needs array mode selective");
  check(named(random.mamba(true)), EPOCH_MODE_SSD,
        "backbone.layers.0.mixer.ssm: needs array mode ssd");
  check(named(s4_model(random, SsmKind::s4d)), EPOCH_MODE_MAC, "encoder: needs array mode mac");
}

TEST_CASE("a number type that the hardware lacks, or a mode has not, is named") {
  RandomModels random(2);
  const NetworkModel s4d = named(s4_model(random, SsmKind::s4d));
  const CompilerOptions int8{NumberType::int8, {input_bytes(random.input(s4d))}};
  check_refused(s4d, without(&epoch_caps::types, EPOCH_TYPE_FP32),
                "encoder: needs number type fp32" + kLacks);
  check_refused(s4d, without(&epoch_caps::types, EPOCH_TYPE_BF16),
                "encoder: needs number type bf16" + kLacks, {NumberType::bf16, {}});
  check_refused(s4d, without(&epoch_caps::types, EPOCH_TYPE_BF16D),
                "encoder: needs number type bf16d" + kLacks, {NumberType::bf16d, {}});
  check_refused(s4d, without(&epoch_caps::types, EPOCH_TYPE_INT8),
                "encoder: needs number type int8" + kLacks, int8);
  check_refused(named(random.mamba(false)), default_target(),
                "backbone.layers.0.mixer.ssm: array mode selective has no number type bf16d",
                {NumberType::bf16d, {}});
  check_refused(named(random.mamba(true)), default_target(),
                "backbone.layers.0.mixer.ssm: array mode ssd has no number type bf16d",
                {NumberType::bf16d, {}});
}

TEST_CASE("int8 is refused where it is not defined, and without good inputs to measure") {
  RandomModels random(3);
  const std::string only_s4d =
      "network: int8 is defined for s4d networks with glu \"full\" or \"none\" and one document "
      "only";
  const auto int8 = [&](const NetworkModel& model) {
    return CompilerOptions{NumberType::int8, {input_bytes(random.input(model))}};
  };
  for (const SsmKind kind : {SsmKind::s4, SsmKind::s5, SsmKind::liquid}) {
    const NetworkModel model = named(s4_model(random, kind));
    check_refused(model, default_target(), only_s4d, int8(model));
  }
  S4Model s4d = s4_model(random, SsmKind::s4d);
  check_refused(named(s4d), default_target(),
                "network: int8 needs inputs to measure the ranges of its signals on: "
                "network.calibration, or compile --calibration",
                {NumberType::int8, {}});
  s4d.config.input_width = 1;
  s4d.encoder_weight.resize(s4d.config.channels);
  check_refused(named(s4d), default_target(),
                "calibration: the input is no sequence of this network: 0 elements",
                {NumberType::int8, {{}}});
  const NetworkModel mlp = named(random.dense(DenseKind::mlp));
  check_refused(mlp, default_target(), "network: int8 is defined for s4d networks only", int8(mlp));
  const NetworkModel mamba = named(random.mamba(false));
  check_refused(mamba, default_target(), "calibration: token ids have four bytes each",
                {NumberType::int8, {{1, 2, 3}}});
  CHECK_THROWS_AS(compile_network(mamba, default_target(), int8(mamba)), InputError);
}

TEST_CASE("an activation that the drain lacks is named") {
  RandomModels random(4);
  const auto check = [](const NetworkModel& model, std::uint32_t activation,
                        const std::string& message) {
    check_refused(model, without(&epoch_caps::activations, activation), message + kLacks);
  };
  S4Model s4d = s4_model(random, SsmKind::s4d);
  check(named(s4d), EPOCH_ACTIVATION_NONE, "encoder: needs drain activation none");
  check(named(s4d), EPOCH_ACTIVATION_GELU, "layers.0.ssm: needs drain activation gelu");
  check(named(s4d), EPOCH_ACTIVATION_GLU, "layers.0.output_linear: needs drain activation glu");
  s4d.config.gelu = Gelu::tanh;
  check(named(s4d), EPOCH_ACTIVATION_GELU_TANH, "layers.0.ssm: needs drain activation gelu_tanh");
  const std::pair<DenseActivation, std::uint32_t> activations[] = {
      {DenseActivation::relu, EPOCH_ACTIVATION_RELU},
      {DenseActivation::silu, EPOCH_ACTIVATION_SILU},
      {DenseActivation::sigmoid, EPOCH_ACTIVATION_SIGMOID},
      {DenseActivation::tanh, EPOCH_ACTIVATION_TANH}};
  const char* const names[] = {"relu", "silu", "sigmoid", "tanh"};
  for (std::size_t i = 0; i < 4; ++i) {
    DenseModel mlp = random.dense(DenseKind::mlp);
    mlp.config.activation = activations[i].first;
    check(named(mlp), activations[i].second,
          "layers.0: needs drain activation " + std::string(names[i]));
  }
}

TEST_CASE("a vector operation that the hardware lacks is named") {
  RandomModels random(5);
  const auto check = [](const NetworkModel& model, std::uint32_t opcode,
                        const std::string& message) {
    check_refused(model, without(&epoch_caps::vector_ops, opcode - EPOCH_OP_AFFINE),
                  message + kLacks);
  };
  const NetworkModel s4d = named(s4_model(random, SsmKind::s4d));
  const NetworkModel mamba = named(random.mamba(false));
  check(s4d, EPOCH_OP_AFFINE, "input: needs vector operation AFFINE");
  check(s4d, EPOCH_OP_LAYERNORM, "layers.0.norm: needs vector operation LAYERNORM");
  check(s4d, EPOCH_OP_POOL, "pool: needs vector operation POOL");
  check(mamba, EPOCH_OP_RMSNORM, "backbone.layers.0.norm: needs vector operation RMSNORM");
  check(mamba, EPOCH_OP_CONV1D, "backbone.layers.0.mixer.conv1d: needs vector operation CONV1D");
  check(mamba, EPOCH_OP_MAP, "backbone.layers.0.mixer.softplus: needs vector operation MAP");
  check(mamba, EPOCH_OP_COMBINE, "backbone.layers.0.mixer.drive: needs vector operation COMBINE");
  NetworkBuilder builder(without(&epoch_caps::vector_ops, EPOCH_OP_ARGMAX - EPOCH_OP_AFFINE),
                         NumberType::fp32, "file");
  const Value row = builder.tensor(4), index = builder.tensor(1, EPOCH_IMAGE_TYPE_UINT32);
  CHECK_THROWS_WITH(builder.argmax(row, index),
                    "file: argmax: needs vector operation ARGMAX" + kLacks);
}

TEST_CASE("arrays that cannot hold a network say what they lack") {
  RandomModels random(6);
  S4Model s4 = s4_model(random, SsmKind::s4);
  s4.config.modes = 9;
  for (S4Layer& layer : s4.layers) layer.ssm = random.ssm(s4.config, 1e-3, 0.1);
  epoch_caps caps = target_of(4, 8, 4);
  check_refused(named(s4), caps,
                "layers.0.ssm: 9 modes that feed back into each other (dplr) are 5 more than the 4 "
                "that a column of the array holds");
  caps.array.state_slots = 2;
  check_refused(named(s4), caps,
                "layers.0.ssm: 9 modes that feed back into each other (dplr) are 1 more than the 8 "
                "that a column of the array holds");
  caps.array.slots_kind = EPOCH_SLOTS_CHANNEL;
  CHECK_THROWS_WITH(compile_network(named(s4), caps), Contains("are 5 more than the 4"));
  caps.array = {8, 8, 8, 2, EPOCH_SLOTS_MODE};
  CHECK_NOTHROW(compile_network(named(s4), caps));

  const std::string pairs =
      "an array of 8 x 1 PEs cannot hold it: pairs of columns (GLU, edge cells) need 2";
  check_refused(named(s4_model(random, SsmKind::s4d)), target_of(8, 1, 8),
                "layers.0.output_linear: " + pairs);
  check_refused(named(s4_model(random, SsmKind::s5)), target_of(8, 1, 8), "layers.0.ssm: " + pairs);
}

TEST_CASE("buffers too small for one step are refused by op, need and excess") {
  epoch_caps caps = default_target();
  SECTION("activations") {
    caps.buffer_bytes[EPOCH_BUFFER_ACTIVATIONS] = 383;
    check_refused(smnist(), caps,
                  "input: activations buffer too small for one step of the phase (bytes): 384 "
                  "needed, 1 more than the 383 available");
  }
  SECTION("coefficients: 32 channels, 16 modes of 4 words, and D") {
    constexpr std::uint32_t block = 32 * (16 * 4 + 1) * 4;
    caps.buffer_bytes[EPOCH_BUFFER_COEFFICIENTS] = block - 64;
    check_refused(smnist(), caps,
                  "layers.0.ssm: coefficients buffer too small for one parameter block (bytes): " +
                      std::to_string(block) + " needed, 64 more than the " +
                      std::to_string(block - 64) + " available");
    caps.buffer_bytes[EPOCH_BUFFER_COEFFICIENTS] = block;
    CHECK_NOTHROW(compile_network(smnist(), caps));
  }
  SECTION("accumulators: 8 columns of partial sums") {
    caps = target_of(8, 8, 8);
    caps.buffer_bytes[EPOCH_BUFFER_ACCUMULATORS] = 28;
    check_refused(smnist(), caps,
                  "layers.0.ssm: accumulators buffer too small for the partial sums (bytes): 32 "
                  "needed, 4 more than the 28 available");
    caps.buffer_bytes[EPOCH_BUFFER_ACCUMULATORS] = 32;
    CHECK_NOTHROW(compile_network(smnist(), caps));
  }
}

TEST_CASE("sizes beyond what a command or an image can say are refused") {
  NetworkBuilder builder(default_target(), NumberType::fp32, "file");
  builder.begin_layer("layer");
  const auto check = [&](const std::string& message, const auto& add) {
    CHECK_THROWS_WITH(add(), "file: layer" + message);
  };
  const Value wide = builder.tensor(65540), out = builder.tensor(65540);
  check(".ssm: a command's extent of 65540 is 5 above the limit of 65535", [&] {
    Recurrence recurrence;
    recurrence.mode = EPOCH_MODE_REAL;
    builder.ssm("ssm", wide, out, recurrence);
  });
  check(".linear: its parameters take more than 2 GiB",
        [&] { builder.linear("linear", wide, out, {}); });
  check(": an operand begins at column 65536 of tensor 0, beyond the limit of 65535",
        [&] { builder.map("map", wide.part(65536, 4), out, EPOCH_FUNCTION_IDENTITY); });
}

TEST_CASE("what leaves a number type's range is refused, whoever computed it") {
  RandomModels random(7);
  constexpr float largest = std::numeric_limits<float>::max();
  const epoch_caps caps = default_target();
  S4Model s4d = s4_model(random, SsmKind::s4d);
  SECTION("c' = 2 C B") {
    s4d.layers[0].ssm.c[2] = largest;
    s4d.layers[0].ssm.b[2] = 1e6f;  // times dt
    check_refused(named(s4d), caps, "layers.0.ssm: a coefficient overflows fp32");
  }
  SECTION("a weight that bf16 rounds to infinity") {
    s4d.decoder_weight[0] = largest;
    CHECK_NOTHROW(compile_network(named(s4d), caps));
    check_refused(named(s4d), caps, "decoder: a coefficient overflows bf16",
                  {NumberType::bf16, {}});
  }
  SECTION("the input's scale") {
    s4d.config.input_std = 1e-300;
    check_refused(named(s4d), caps,
                  "input: input_scale, input_mean and input_std give a scale or offset that "
                  "overflows fp32");
  }
  SECTION("gain and shift of batch norm") {
    s4d.config.norm = NormKind::batch;
    s4d.config.norm_epsilon = 1e-300;
    for (S4Layer& layer : s4d.layers) {
      layer.norm.running_mean.assign(s4d.config.channels, 0);
      layer.norm.running_variance.assign(s4d.config.channels, 1);
    }
    s4d.layers[0].norm.running_variance[1] = 0;
    check_refused(named(s4d), caps, "layers.0.norm: gain or shift of channel 1 overflows fp32");
  }
  SECTION("2 C of s5") {
    S4Model s5 = s4_model(random, SsmKind::s5);
    s5.layers[0].ssm.c[1] = largest;
    check_refused(named(s5), caps, "layers.0.ssm.C: a coefficient overflows fp32");
  }
  SECTION("A of Mamba") {
    MambaModel first = random.mamba(false), second = random.mamba(true);
    first.layers[0].a_log[0] = second.layers[0].a_log[0] = 100;
    check_refused(named(first), caps, "backbone.layers.0.mixer.ssm: a coefficient overflows fp32");
    check_refused(named(second), caps,
                  "backbone.layers.0.mixer.decay: a coefficient overflows fp32");
  }
  SECTION("the sum of an lstm's biases") {
    DenseModel lstm = random.dense(DenseKind::lstm);
    lstm.layers[0].bias[0] = std::numeric_limits<float>::infinity();
    check_refused(named(lstm), caps, "lstm.weight_ih: a coefficient overflows fp32");
  }
}

TEST_CASE("an s4 whose B_bar is 0 is refused with channel and mode") {
  RandomModels random(8);
  S4Model s4 = s4_model(random, SsmKind::s4);
  SsmTensors& ssm = s4.layers.back().ssm;
  for (std::vector<float>* words : {&ssm.b, &ssm.p}) (*words)[2] = (*words)[3] = 0;  // mode 1
  check_refused(
      named(s4), default_target(),
      "layers." + std::to_string(s4.layers.size() - 1) + ".ssm: B_bar of channel 0, mode 1 is 0");
}
