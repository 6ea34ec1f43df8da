// SPDX-License-Identifier: Apache-2.0
// Bent descriptors through the decoder: correct ones of every opcode, malformed in every field.
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "fuzz/bent_descriptors.h"
#include "fuzz/descriptor_rules.h"

using namespace epoch;
using namespace epoch::fuzz;

namespace {

constexpr unsigned seed = 31;

// A decoder and its rules, both with the coefficients that the correct command needs.
struct Pair {
  explicit Pair(unsigned variant)
      : decoder(limits_of(hardware_variant(variant))),
        rules(limits_of(hardware_variant(variant))) {}
  CommandDecoder decoder;
  DescriptorRules rules;
};

}  // namespace

TEST_CASE("every correct descriptor is accepted") {
  std::set<unsigned> opcodes;
  for (const CorrectDescriptor& correct : correct_descriptors()) {
    Pair pair(0);
    for (const Descriptor& before : correct.before)
      CHECK(check_descriptor(pair.decoder, pair.rules, before));
    CHECK(check_descriptor(pair.decoder, pair.rules, correct.words));
    opcodes.insert(EPOCH_CONTROL_OPCODE(correct.words[0]));
  }
#define EPOCH_X_HAS(name, value, engine, description) CHECK(opcodes.count(value) == 1);
  EPOCH_OPCODES(EPOCH_X_HAS)
#undef EPOCH_X_HAS
}

TEST_CASE("a single wrong field of any correct descriptor is refused or obeys the rules") {
  INFO("seed " << seed);
  std::mt19937 random(seed);
  std::map<std::pair<unsigned, unsigned>, unsigned> refused;  // by opcode and word
  for (const CorrectDescriptor& correct : correct_descriptors()) {
    for (unsigned word = 0; word < 16; ++word) {
      for (unsigned trial = 0; trial < 100; ++trial) {
        Pair pair(0);
        for (const Descriptor& before : correct.before)
          check_descriptor(pair.decoder, pair.rules, before);
        Descriptor words = correct.words;
        bend_word(words[word], trial, random);
        if (!check_descriptor(pair.decoder, pair.rules, words))
          ++refused[{correct.words[0] & 0xFF, word}];
      }
    }
  }
  for (const CorrectDescriptor& correct : correct_descriptors()) {
    const unsigned opcode = correct.words[0] & 0xFF;
    for (unsigned word = 0; word < 16; ++word) {
      if (any_value_allowed(opcode, word)) continue;
      CAPTURE(opcode, word);
      CHECK(refused[{opcode, word}] > 0);
    }
  }
}

TEST_CASE("200,000 bent descriptors: the decoder accepts what the rules allow and nothing else") {
  INFO("seed " << seed);
  std::mt19937 random(seed);
  std::map<std::uint32_t, unsigned> codes;
  for (unsigned program = 0; program < 20000; ++program) {
    Pair pair(program);
    for (unsigned i = 0; i < 10; ++i) {
      std::uint32_t code = 0;
      if (i % 5 == 0) {  // coefficients for those that follow
        const auto& correct = correct_descriptors()[random() % correct_descriptors().size()];
        for (const Descriptor& before : correct.before)
          check_descriptor(pair.decoder, pair.rules, before);
      }
      check_descriptor(pair.decoder, pair.rules, bent_descriptor(random), &code);
      ++codes[code];
    }
  }
  CHECK(codes[EPOCH_ERROR_NONE] > 10000);
  for (std::uint32_t code = EPOCH_ERROR_OPCODE; code <= EPOCH_ERROR_COEFFICIENTS; ++code) {
    CAPTURE(code);
    CHECK(codes[code] > 100);
  }
}
