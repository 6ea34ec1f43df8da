// SPDX-License-Identifier: Apache-2.0
// Model folders of every family: read back whole, and refused key by key and tensor by tensor.
#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <functional>
#include <limits>
#include <set>

#include "errors.h"
#include "model/scratch_model.h"
#include "reference/random_models.h"
#include "reference/smnist_data.h"

using namespace epoch;
using namespace epoch::test;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

struct Family {
  const char* name;
  std::function<NetworkModel(RandomModels&)> make;
};
const Family kFamilies[] = {
    {"s4d", [](RandomModels& random) { return random.s4(SsmKind::s4d); }},
    {"s4", [](RandomModels& random) { return random.s4(SsmKind::s4); }},
    {"s5", [](RandomModels& random) { return random.s4(SsmKind::s5); }},
    {"liquid_s4", [](RandomModels& random) { return random.s4(SsmKind::liquid); }},
    {"mamba", [](RandomModels& random) { return random.mamba(false); }},
    {"mamba2", [](RandomModels& random) { return random.mamba(true); }},
    {"mlp", [](RandomModels& random) { return random.dense(DenseKind::mlp); }},
    {"lstm", [](RandomModels& random) { return random.dense(DenseKind::lstm); }},
    {"cnn", [](RandomModels& random) { return random.dense(DenseKind::cnn); }},
};

NetworkModel model_of(const std::string& family, unsigned seed) {
  RandomModels random(seed);
  for (const Family& each : kFamilies)
    if (each.name == family) return each.make(random);
  throw std::logic_error("no family " + family);
}

void check_refused(const ScratchModel& folder, const std::string& reason) {
  CAPTURE(reason);
  CHECK_THROWS_WITH(folder.load(),
                    Contains(folder.path() + "/") && Contains(reason) && !Contains("\n"));
  CHECK_THROWS_AS(folder.load(), InputError);
}

// A seed whose random s4d has what a test asks for.
S4Model s4d_with(const std::function<bool(const S4Config&)>& wanted) {
  RandomModels random(7);
  S4Model model = random.s4(SsmKind::s4d);
  while (!wanted(model.config)) model = random.s4(SsmKind::s4d);
  return model;
}

}  // namespace

TEST_CASE("model folder: every family is read back as it was written") {
  for (const Family& family : kFamilies) {
    for (unsigned seed = 0; seed < 40; ++seed) {
      CAPTURE(family.name, seed);
      RandomModels random(seed);
      NetworkModel model = family.make(random);
      std::visit([](auto& any) { any.config.name = "random"; }, model);
      const ScratchModel written(model);
      const NetworkModel loaded = written.load();
      REQUIRE(loaded.index() == model.index());
      const ScratchModel again(loaded);
      CHECK(again.config == written.config);
      CHECK(again.tensors == written.tensors);
      std::visit(
          [&](const auto& any) { CHECK(any.tensor_file == written.path() + "/model.safetensors"); },
          loaded);
    }
  }
}

TEST_CASE("model folder: a missing key is named, or has the value that the README gives") {
  const std::set<std::string> optional = {"bidirectional",  "second_direction", "encoder",
                                          "norm",           "prenorm",          "final_norm",
                                          "activation",     "decoder",          "c_truncated_at",
                                          "use_bias",       "use_conv_bias",    "norm_before_gate",
                                          "time_step_rank", "intermediate_size"};
  for (const Family& family : kFamilies) {
    const NetworkModel model = model_of(family.name, 3);
    const json complete = ScratchModel(model).config;
    for (const auto& [key, value] : complete.items()) {
      CAPTURE(family.name, key);
      ScratchModel folder(model);
      folder.config.erase(key);
      if (optional.count(key) == 0) check_refused(folder, "/config.json: no key '" + key + "'");
    }
  }
  S4Model plain = s4d_with([](const S4Config& c) {
    return c.directions == 1 && c.vocabulary == 0 && c.norm == NormKind::layer && c.prenorm &&
           !c.final_norm && c.gelu == Gelu::erf && !c.retrieval;
  });
  plain.config.shifted = true;
  ScratchModel folder(plain);
  for (const std::string& key : optional) folder.config.erase(key);
  CHECK(ScratchModel(folder.load()).tensors == folder.tensors);
  CHECK(std::get<S4Model>(folder.load()).config.shifted);
  CHECK(std::get<S4Model>(folder.load()).config.name == folder.path());
}

TEST_CASE("model folder: other spellings of the same network") {
  SECTION("glu by true and false, layer_norm_eps, batch of no key more than usual") {
    for (const GluKind glu : {GluKind::full, GluKind::none}) {
      ScratchModel folder(s4d_with([&](const S4Config& c) { return c.glu == glu; }));
      folder.config["glu"] = glu == GluKind::full;
      folder.config["layer_norm_eps"] = folder.config["norm_eps"];
      folder.config.erase("norm_eps");
      CHECK(std::get<S4Model>(folder.load()).config.glu == glu);
    }
  }
  SECTION("s4d without B: it is 1") {
    ScratchModel folder(
        s4d_with([](const S4Config& c) { return c.discretization == Discretization::bilinear; }));
    for (auto tensor = folder.tensors.begin(); tensor != folder.tensors.end();)
      tensor = tensor->first.find(".ssm.B") != std::string::npos ? folder.tensors.erase(tensor)
                                                                 : std::next(tensor);
    const S4Model model = std::get<S4Model>(folder.load());
    const std::vector<float>& b = model.layers[0].ssm.b;
    REQUIRE(b.size() == model.layers[0].ssm.c.size());
    for (std::size_t i = 0; i < b.size(); ++i) CHECK(b[i] == (i % 2 == 0 ? 1 : 0));
  }
  SECTION("liquid_s4 drops an odd dimension, as its code does") {
    ScratchModel folder(model_of("liquid_s4", 1));
    const std::uint32_t dimensions = folder.config["d_state"];
    folder.config["d_state"] = dimensions + 1;
    CHECK(std::get<S4Model>(folder.load()).config.modes == dimensions / 2);
  }
  SECTION("an lstm's biases are added") {
    ScratchModel folder(model_of("lstm", 1));
    for (float& bias : folder.tensors["lstm.bias_hh_l0"].values) bias = 0.25f;
    const std::vector<float>& first = folder.tensors["lstm.bias_ih_l0"].values;
    const DenseModel model = std::get<DenseModel>(folder.load());
    for (std::size_t i = 0; i < first.size(); ++i)
      CHECK(model.layers[0].bias[i] == first[i] + 0.25f);
  }
  SECTION("a language model's head may be its embedding, which has two names") {
    ScratchModel folder(model_of("mamba", 1));
    folder.tensors["backbone.embedding.weight"] = folder.tensors["backbone.embeddings.weight"];
    folder.tensors.erase("backbone.embeddings.weight");
    folder.tensors.erase("lm_head.weight");
    const MambaModel model = std::get<MambaModel>(folder.load());
    CHECK(model.embedding == folder.tensors["backbone.embedding.weight"].values);
    CHECK(model.head == model.embedding);
  }
}

// Keys of state-spaces/mamba-130m-hf and of Mamba2Config's defaults.
TEST_CASE("model folder: published configurations are understood") {
  const json training = {{"architectures", {"MambaForCausalLM"}},
                         {"bos_token_id", 0},
                         {"eos_token_id", 0},
                         {"pad_token_id", 0},
                         {"fused_add_norm", true},
                         {"hidden_act", "silu"},
                         {"initializer_range", 0.1},
                         {"pad_vocab_size_multiple", 8},
                         {"rescale_prenorm_residual", false},
                         {"residual_in_fp32", true},
                         {"rms_norm", true},
                         {"time_step_floor", 0.0001},
                         {"time_step_init_scheme", "random"},
                         {"time_step_max", 0.1},
                         {"time_step_min", 0.001},
                         {"time_step_scale", 1.0},
                         {"torch_dtype", "float32"},
                         {"transformers_version", "4.39.0.dev0"},
                         {"use_cache", true}};
  SECTION("mamba, its rank left to be H/16 rounded up") {
    RandomModels random(5);
    MambaModel model = random.mamba(false);
    while (model.config.time_rank != 1) model = random.mamba(false);
    ScratchModel folder(model);
    folder.config.update(training);
    folder.config.update({{"expand", 2}, {"ssm_cfg", json::object()}});
    folder.config["time_step_rank"] = "auto";
    folder.config.erase("intermediate_size");
    CHECK(std::get<MambaModel>(folder.load()).config.time_rank == 1);
    CHECK(std::get<MambaModel>(folder.load()).config.inner == 2 * model.config.hidden);
  }
  SECTION("mamba2, whose limits json writes as a bare Infinity") {
    ScratchModel folder(model_of("mamba2", 5));
    folder.config.update(training);
    folder.config.update({{"chunk_size", 256}, {"tie_word_embeddings", false}});
    folder.config["time_step_limit"] = {0.0, "Infinity"};
    folder.write();
    std::ifstream in(folder.path() + "/config.json");
    std::string text(std::istreambuf_iterator<char>(in), {});
    const std::size_t at = text.find("\"Infinity\"");
    text.replace(at, 10, "Infinity");
    in.close();
    std::ofstream(folder.path() + "/config.json") << text;
    CHECK_NOTHROW(load_model(folder.path()));
  }
}

TEST_CASE("model folder: bad values are refused by key, value and what is allowed") {
  struct Change {
    const char* family;
    const char* key;
    json value;
    const char* reason;
  };
  const Change changes[] = {
      {"s4d", "model_type", "s6", "'model_type' is '\"s6\"', expected one of \"s4d\", \"s4\""},
      {"s4d", "d_model", 0, "'d_model' is '0', expected an integer in 1..1048576"},
      {"s4d", "d_model", -3, "'d_model' is '-3'"},
      {"s4d", "d_model", 2.5, "'d_model' is '2.5'"},
      {"s4d", "d_model", "32", "'d_model' is"},
      {"s4d", "d_model", 1u << 21, "'d_model' is '2097152'"},
      {"s4d", "d_state", 3, "3 is odd"},
      {"s4", "d_state", 5, "5 is odd"},
      {"s4d", "n_layers", 0, "'n_layers' is '0'"},
      {"s4d", "n_layers", 5000, "'n_layers' is '5000', expected an integer in 1..4096"},
      {"s4d", "bidirectional", 1, "'bidirectional' is '1', expected true or false"},
      {"s4d", "second_direction", "both", "expected one of \"shifted\", \"inclusive\""},
      {"s5", "second_direction", "shifted", "is \"shifted\": s5 is \"inclusive\""},
      {"s4d", "discretization", "euler", "expected one of \"stored\", \"zoh\", \"bilinear\""},
      {"s4", "discretization", "zoh", "'discretization' of s4 is \"bilinear\""},
      {"s5", "discretization", "stored", "which s4d and liquid_s4 may be"},
      {"s4", "c_truncated_at", -1, "'c_truncated_at' is '-1', expected an integer in 0.."},
      {"s4d", "norm", "group", "expected one of \"layer\", \"rms\", \"batch\""},
      {"s4d", "norm_eps", -1e-5, "'norm_eps' is '-1e-05', expected a finite number above 0"},
      {"s4d", "activation", "relu", "expected one of \"gelu\", \"gelu_tanh\""},
      {"s4d", "glu", "half3", "expected one of \"full\", \"half1\", \"half2\", \"none\""},
      {"s4d", "pooling", "max", "expected one of \"mean\", \"last\""},
      {"s4d", "decoder", "tree", "expected one of \"linear\", \"retrieval\""},
      {"s4d", "torch_dtype", "bfloat16", "'torch_dtype' is '\"bfloat16\"', expected \"float32\""},
      {"s4d", "name", 3, "'name' is '3', expected a string"},
      {"s4d", "dropout", 0.1, "unknown key 'dropout'"},
      {"mlp", "input_std", 0, "'input_std' is '0', expected a finite number above 0"},
      {"mlp", "input_std", "x", "'input_std'"},
      {"mlp", "input_mean", nullptr, "'input_mean' is 'null', expected a finite number"},
      {"mlp", "hidden_sizes", json::array(), "'hidden_sizes' is '[]', expected a list"},
      {"mlp", "hidden_sizes", {4, 0}, "'hidden_sizes' is '0', expected an integer"},
      {"mlp", "activation", "swish", "'activation' is '\"swish\"'"},
      {"lstm", "hidden_sizes", {4, 4}, "'hidden_sizes' of an lstm has one value"},
      {"lstm", "activation", "relu", "unknown key 'activation'"},
      {"cnn", "input_height", 5000, "'input_height' is '5000', expected an integer in 1..4096"},
      {"cnn", "kernel_sizes", {1, 1, 1, 1}, "have one value for each of 'hidden_sizes'"},
      {"mamba", "hidden_act", "gelu", "'hidden_act' is '\"gelu\"', expected \"silu\""},
      {"mamba", "conv_kernel", 65, "'conv_kernel' is '65', expected an integer in 1..64"},
      {"mamba", "time_step_rank", "large", "'time_step_rank' is '\"large\"', expected \"auto\""},
      {"mamba2", "n_groups", 7, "'n_groups' does not divide num_heads"},
      {"mamba2", "rms_norm", false, "'rms_norm' is 'false', expected true"},
      {"mamba2", "time_step_limit", {0.0, 1.0}, "'time_step_limit'"},
      {"mamba2", "expand", 1000, "'expand' times hidden_size is not num_heads times head_dim"},
  };
  for (const Change& change : changes) {
    CAPTURE(change.family, change.key, change.value.dump());
    ScratchModel folder(model_of(change.family, 3));
    folder.config[change.key] = change.value;
    check_refused(folder, change.reason);
  }
}

TEST_CASE("model folder: a kernel larger than what is left of its image is refused") {
  ScratchModel folder(model_of("cnn", 3));
  folder.config["kernel_sizes"][0] = 10;
  check_refused(folder, "'kernel_sizes' is 10 for layer 0, whose image is");
}

TEST_CASE("model folder: widths whose product is beyond the limit are refused") {
  ScratchModel first(model_of("mamba", 3)), second(model_of("mamba2", 3));
  first.config.erase("intermediate_size");
  first.config["hidden_size"] = first.config["expand"] = 1u << 16;
  check_refused(first, "4294967296");
  second.config["num_heads"] = second.config["head_dim"] = 1u << 16;
  check_refused(second, "4294967296");
}

TEST_CASE("model folder: every tensor is missed, measured, and must be finite") {
  for (const Family& family : kFamilies) {
    for (const unsigned seed : {3u, 4u}) {
      const NetworkModel model = model_of(family.name, seed);
      const auto complete = ScratchModel(model).tensors;
      for (const auto& [name, tensor] : complete) {
        CAPTURE(family.name, seed, name);
        ScratchModel folder(model);
        const bool optional =
            name == "lm_head.weight" ||
            (std::string(family.name) == "s4d" && name.find(".ssm.B") != std::string::npos &&
             name.find("_bar") == std::string::npos);
        folder.tensors.erase(name);
        if (!optional) check_refused(folder, "no tensor '" + name + "', expected F32 [");
        folder.tensors[name] = tensor;
        folder.tensors[name].shape.push_back(1);
        check_refused(folder, "tensor '" + name + "' is F32 [");
        folder.tensors[name] = tensor;
        folder.tensors[name].values.back() = std::numeric_limits<float>::quiet_NaN();
        check_refused(folder, "tensor '" + name + "' is NaN at [");
        folder.tensors[name].values.back() = -std::numeric_limits<float>::infinity();
        check_refused(folder, "tensor '" + name + "' is infinite at [");
      }
      ScratchModel folder(model);
      folder.tensors["layers.9.extra"] = {{1}, {0}};
      check_refused(folder, "unknown tensor 'layers.9.extra'");
    }
  }
}

TEST_CASE("model folder: missing files are named") {
  CHECK_THROWS_WITH(load_model("nowhere"), "nowhere: no such model folder");
  const ScratchModel folder(model_of("mlp", 1));
  folder.write();
  std::remove((folder.path() + "/model.safetensors").c_str());
  CHECK_THROWS_WITH(load_model(folder.path()), folder.path() + "/model.safetensors: no such file");
  std::remove((folder.path() + "/config.json").c_str());
  CHECK_THROWS_WITH(load_model(folder.path()), folder.path() + "/config.json: no such file");
}

TEST_CASE("model folder: a config that is no JSON object is refused") {
  const ScratchModel folder(model_of("mlp", 1));
  folder.write();
  for (const char* text : {"", "[]", "{\"a\":1,\"a\":1}", "{\"a\":[[[[1]]]]}", "{\"a\":Infinit}"}) {
    CAPTURE(text);
    std::ofstream(folder.path() + "/config.json") << text;
    CHECK_THROWS_AS(load_model(folder.path()), InputError);
  }
}

TEST_CASE("model folder: the trained network's config and shapes") {
  const S4Model model = load_s4_model(smnist_folder());
  CHECK(model.config.name == "smnist");
  CHECK(model.config.channels == 32);
  CHECK(model.config.modes == 16);
  CHECK(model.config.layers == 3);
  CHECK(model.config.labels == 10);
  CHECK(model.config.input_mean == 0.1307);
  CHECK(model.config.input_std == 0.3081);
  CHECK(model.config.discretization == Discretization::stored);
  std::size_t stored = 0;
  for (const auto& [name, tensor] : ScratchModel(model).tensors) stored += tensor.values.size();
  CHECK(stored * sizeof(float) == 64936);  // weights.bin of the training recipe's export
}
