// SPDX-License-Identifier: Apache-2.0
// Layers of every family at LRA's longest size and Mamba's, in every number type.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <string>

#include "compiler/network_compiler.h"
#include "golden/levels.h"
#include "golden/network_run.h"
#include "reference/reference_network.h"

using namespace epoch;
using namespace epoch::test;

namespace {

// What a network reads at 16,384 steps (Mamba: 2,048 tokens), random and always the same.
void check_family(const std::string& arguments, std::uint32_t steps,
                  const std::vector<NumberType>& types) {
  static const char* const names[] = {"fp32", "bf16", "bf16d", "int8"};
  const auto folder = generated(arguments);
  const NetworkModel model = load_model(folder.string());
  const std::vector<std::uint8_t> random = input_of(folder);
  const std::vector<std::uint8_t> constant(random.size(), reads_tokens(model) ? 0 : 200);
  for (const NumberType type : types) {
    for (const bool is_constant : {false, true}) {
      CompilerOptions options;
      options.type = type;
      options.calibration = {random};
      const auto errors =
          layer_errors(model, large_array(), options, is_constant ? constant : random, steps);
      CHECK(!errors.empty());
      for (const LayerError& error : errors) {
        CAPTURE(arguments, names[static_cast<unsigned>(type)], is_constant, error.median,
                error.worst);
        std::printf("%s, %s, %s input: median %.2g, worst %.2g\n", arguments.c_str(),
                    names[static_cast<unsigned>(type)], is_constant ? "constant" : "random",
                    error.median, error.worst);
        // int8 rounds a state's products to 2^-8, of an input's step of 1: where the input rests at
        // one step for as long as the state remembers, that is what it is off by.
        if (type == NumberType::int8 && is_constant)
          CHECK(error.worst <= 0x1p-7 / std::sqrt(2.0));
        else
          CHECK(within_level_3a(error));
        CHECK(error.worst > 0);  // two arithmetics, not one twice
      }
    }
  }
}

const std::vector<NumberType> all = {NumberType::fp32, NumberType::bf16, NumberType::bf16d};
const std::vector<NumberType> streamed = {NumberType::fp32, NumberType::bf16};

}  // namespace

TEST_CASE("levels: S4D Path-X, dt from 1e-4, both directions") {
  check_family("s4d --task path-x --layers 1", 16384,
               {NumberType::fp32, NumberType::bf16, NumberType::bf16d, NumberType::int8});
}
TEST_CASE("levels: S4 Path-X, rank-1 feedback") {
  check_family("s4 --task path-x --layers 1", 16384, all);
}
TEST_CASE("levels: S5 Path-X") {
  check_family("s5 --task path-x --layers 1", 16384, all);
}
TEST_CASE("levels: Liquid-S4 Path-X") {
  check_family("liquid-s4 --task path-x --layers 1", 16384, all);
}
TEST_CASE("levels: Mamba 130M") {
  check_family("mamba --task prefill --layers 1 --steps 2048", 2048, streamed);
}
TEST_CASE("levels: Mamba-2 130M") {
  check_family("mamba2 --task prefill --layers 1 --steps 2048", 2048, streamed);
}
