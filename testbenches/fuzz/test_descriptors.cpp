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

// A decoder and its rules on the same hardware.
struct Pair {
  explicit Pair(unsigned variant)
      : decoder(limits_of(hardware_variant(variant))),
        rules(limits_of(hardware_variant(variant))) {}
  bool check(const Descriptor& words, std::uint32_t* code = nullptr) {
    return check_descriptor(decoder, rules, words, code);
  }
  CommandDecoder decoder;
  DescriptorRules rules;
};

}  // namespace

TEST_CASE("every correct descriptor is accepted") {
  std::set<unsigned> opcodes;
  for (const CorrectDescriptor& correct : correct_descriptors()) {
    Pair pair(correct.hardware);
    for (const Descriptor& before : correct.before) CHECK(pair.check(before));
    CHECK(pair.check(correct.words));
    for (const Descriptor& after : correct.after) CHECK(pair.check(after));
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
        Pair pair(correct.hardware);
        for (const Descriptor& before : correct.before) pair.check(before);
        Descriptor words = correct.words;
        bend_word(words[word], trial, random);
        if (!pair.check(words)) ++refused[{correct.words[0] & 0xFF, word}];
        for (const Descriptor& after : correct.after) pair.check(after);
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
  unsigned bent = 0;
  while (bent < 200000) {
    // Several programs after one another, mostly on the hardware for which they are correct.
    BentProgram program = bent_program(random);
    Pair pair(random() % 4 != 0 ? program.hardware : static_cast<unsigned>(random()));
    for (unsigned i = 0; i < 4; ++i, program = bent_program(random)) {
      for (const Descriptor& words : program.descriptors) {
        std::uint32_t code = 0;
        pair.check(words, &code);
        ++codes[code];
      }
      ++bent;
    }
  }
  CHECK(codes[EPOCH_ERROR_NONE] > 50000);
  for (std::uint32_t code = EPOCH_ERROR_OPCODE; code <= EPOCH_ERROR_STREAMS; ++code) {
    CAPTURE(code);
    CHECK(codes[code] > 300);
  }
}
