// SPDX-License-Identifier: Apache-2.0
// Type int8: both fidelities against its definition written a second time, in exact integers.
#include <catch2/catch.hpp>

#include "models/pe_grid/int8_reference.h"
#include "models/pe_grid/soft_float.h"

using namespace epoch;
using namespace int8_reference;

namespace {

std::vector<std::uint32_t> bits_of(const std::vector<float>& words) {
  std::vector<std::uint32_t> bits;
  for (float each : words) bits.push_back(soft::to_bits(each));
  return bits;
}

}  // namespace

TEST_CASE("int8 equals its definition in integers, and fast equals cycle in time") {
  std::uint64_t clamped_in_all = 0;
  for (std::uint32_t seed = 1; seed <= 3000; ++seed) {
    const Case original = random_case(seed);
    Case expected = random_case(seed);
    std::uint64_t clamped = 0;
    const std::vector<float> results = defined(expected, clamped);
    clamped_in_all += clamped;
    ArrayTiming timing[2];
    for (const Fidelity fidelity : {Fidelity::fast, Fidelity::cycle}) {
      CAPTURE(seed, static_cast<int>(fidelity), static_cast<int>(original.block.mode));
      const auto array = PeArray::make(fidelity, original.config);
      CoefficientBlock block = original.block;
      block.words = original.words.data();
      block.extra = original.extra.data();
      block.scale = original.scale.data();
      array->load(block);
      array->load_state(block, original.state.data());
      ArrayCommand command = original.command;
      command.u = original.u.data();
      if (command.stored != nullptr) command.stored = original.stored.data();
      if (command.accumulator != nullptr) command.accumulator = original.acc.data();
      std::vector<float> y(results.size(), 7.0f), state(original.state.size());
      NumericEvents events;
      timing[fidelity == Fidelity::cycle] = array->run(command, y.data(), events);
      array->save_state(block, state.data());
      CHECK(bits_of(y) == bits_of(results));
      CHECK(bits_of(state) == bits_of(expected.state));
      CHECK(events.saturated == clamped);
    }
    CHECK(timing[0].array == timing[1].array);
    CHECK(timing[0].total == timing[1].total);
    CHECK(timing[0].bytes_in == timing[1].bytes_in);
  }
  CHECK(clamped_in_all > 0);
}
