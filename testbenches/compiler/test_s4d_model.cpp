// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <fstream>
#include <limits>

#include "compiler/model_folder.h"
#include "compiler/s4d_model.h"
#include "errors.h"
#include "reference/smnist_data.h"

using Catch::Matchers::Contains;
using epoch::load_s4d_model;
using epoch::test::ModelFolder;

TEST_CASE("model folder: the trained network's config and shapes") {
  const epoch::S4dModel model = load_s4d_model(epoch::test::smnist_folder());
  CHECK(model.config.name == "smnist");
  CHECK(model.config.channels == 32);
  CHECK(model.config.modes == 16);
  CHECK(model.config.layers == 3);
  CHECK(model.config.input_width == 1);
  CHECK(model.config.labels == 10);
  CHECK(model.config.input_mean == 0.1307);
  CHECK(model.config.input_std == 0.3081);
  CHECK(model.config.input_scale == 255);
  CHECK(model.config.norm_epsilon == 1e-5);
  std::size_t stored = model.encoder_weight.size() + model.encoder_bias.size() +
                       model.decoder_weight.size() + model.decoder_bias.size();
  for (const auto& layer : model.layers) {
    stored += layer.norm_weight.size() + layer.norm_bias.size() + layer.a_bar.size() +
              layer.b_bar.size() + layer.c.size() + layer.d.size() + layer.output_weight.size() +
              layer.output_bias.size();
  }
  CHECK(stored * sizeof(float) == 64936);  // weights.bin of the training recipe's export
}

TEST_CASE("model folder: the name is the folder's or the config's") {
  ModelFolder folder(3, 2, 1, 1, 2);
  folder.write();
  CHECK(load_s4d_model(folder.path() + "/").config.name == folder.path());
  folder.config["name"] = "other";
  folder.write();
  CHECK(load_s4d_model(folder.path()).config.name == "other");
}

TEST_CASE("model folder: bad config values are refused by key") {
  struct Change {
    const char* key;
    nlohmann::json value;
    const char* reason;
  };
  const Change changes[] = {
      {"model_type", "mamba", "'model_type' is '\"mamba\"', expected \"s4d\""},
      {"d_model", 0, "'d_model' is '0', expected an integer in 1.."},
      {"d_model", -3, "'d_model' is '-3'"},
      {"d_model", 2.5, "'d_model' is '2.5'"},
      {"d_model", "32", "'d_model' is"},
      {"d_model", 1u << 21, "'d_model' is '2097152'"},
      {"d_state", 3, "3 is odd"},
      {"n_layers", 0, "'n_layers' is '0'"},
      {"n_layers", 5000, "'n_layers' is '5000'"},
      {"input_std", 0, "'input_std' is '0', expected a finite number above 0"},
      {"input_std", "x", "'input_std'"},
      {"input_mean", nullptr, "'input_mean' is 'null'"},
      {"layer_norm_eps", -1e-5, "'layer_norm_eps'"},
      {"activation", "relu", "'activation' is '\"relu\"', expected \"gelu\""},
      {"glu", false, "'glu' is 'false', expected true"},
      {"pooling", "last", "'pooling'"},
      {"discretization", "zoh", "'discretization'"},
      {"torch_dtype", "bfloat16", "'torch_dtype'"},
      {"name", 3, "'name'"},
      {"dropout", 0.1, "unknown key 'dropout'"},
  };
  for (const Change& change : changes) {
    CAPTURE(change.key, change.value.dump());
    ModelFolder folder(3, 2, 1, 1, 2);
    folder.config[change.key] = change.value;
    folder.write();
    CHECK_THROWS_WITH(load_s4d_model(folder.path()),
                      Contains(folder.path() + "/config.json: ") && Contains(change.reason));
  }
}

TEST_CASE("model folder: every config key that is needed is missed") {
  const nlohmann::json complete = ModelFolder(3, 2, 1, 1, 2).config;
  for (const auto& [key, value] : complete.items()) {
    ModelFolder folder(3, 2, 1, 1, 2);
    folder.config.erase(key);
    folder.write();
    CHECK_THROWS_WITH(load_s4d_model(folder.path()), Contains("no key '" + key + "'"));
  }
}

TEST_CASE("model folder: tensors are refused by name") {
  ModelFolder folder(3, 2, 2, 1, 2);
  const std::string name = "layers.1.ssm.A_bar";
  SECTION("missing") {
    folder.tensors.erase(name);
    folder.write();
    CHECK_THROWS_WITH(load_s4d_model(folder.path()),
                      Contains("no tensor '" + name + "', expected F32 [3, 2, 2]"));
  }
  SECTION("another shape") {
    folder.tensors[name].shape = {2, 3, 2};
    folder.write();
    CHECK_THROWS_WITH(load_s4d_model(folder.path()),
                      Contains("tensor '" + name + "' is F32 [2, 3, 2], expected F32 [3, 2, 2]"));
  }
  SECTION("not finite") {
    folder.tensors[name].values[7] = std::numeric_limits<float>::infinity();
    folder.write();
    CHECK_THROWS_WITH(load_s4d_model(folder.path()),
                      Contains("tensor '" + name + "' is infinite at [1, 1, 1]"));
  }
  SECTION("unknown") {
    folder.tensors["layers.2.ssm.D"] = folder.tensors["layers.1.ssm.D"];
    folder.write();
    CHECK_THROWS_WITH(load_s4d_model(folder.path()), Contains("unknown tensor 'layers.2.ssm.D'"));
  }
}

TEST_CASE("model folder: missing files are named") {
  CHECK_THROWS_WITH(load_s4d_model("nowhere"), "nowhere: no such model folder");
  ModelFolder folder(3, 2, 1, 1, 2);
  folder.write();
  std::remove((folder.path() + "/model.safetensors").c_str());
  CHECK_THROWS_WITH(load_s4d_model(folder.path()),
                    folder.path() + "/model.safetensors: no such file");
  std::remove((folder.path() + "/config.json").c_str());
  CHECK_THROWS_WITH(load_s4d_model(folder.path()), folder.path() + "/config.json: no such file");
}

TEST_CASE("model folder: a config that is no JSON object is refused") {
  ModelFolder folder(3, 2, 1, 1, 2);
  folder.write();
  for (const char* text : {"", "[]", "{\"a\":1,\"a\":1}", "{\"a\":[[[1]]]}"}) {
    CAPTURE(text);
    std::ofstream(folder.path() + "/config.json") << text;
    CHECK_THROWS_AS(load_s4d_model(folder.path()), epoch::InputError);
  }
}
