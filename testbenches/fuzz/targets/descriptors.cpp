// SPDX-License-Identifier: Apache-2.0
// Descriptors in ring order, 64 bytes each: the decoder accepts exactly what the rules allow. The
// first byte chooses the hardware.
#include <cstring>

#include "fuzz/descriptor_rules.h"
#include "fuzz/entry.h"

using namespace epoch;
using namespace epoch::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Limits limits = limits_of(hardware_variant(data[0]));
  CommandDecoder decoder(limits);
  DescriptorRules rules(limits);
  bool all_legal = size > sizeof(Descriptor);
  for (std::size_t at = 1; at + sizeof(Descriptor) <= size; at += sizeof(Descriptor)) {
    Descriptor words;
    std::memcpy(words.data(), data + at, sizeof words);
    all_legal = check_descriptor(decoder, rules, words) && all_legal;
  }
  accepted_inputs += all_legal ? 1 : 0;
  return 0;
}
