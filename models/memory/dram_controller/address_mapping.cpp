// SPDX-License-Identifier: Apache-2.0
#include "memory/dram_controller/address_mapping.h"

#include <sstream>
#include <stdexcept>

namespace epoch {
namespace {

constexpr unsigned kOpen = ~0u;  // a part that takes what is left
const char* const kNames[] = {"row", "rank", "bankgroup", "bank", "column", "channel"};

unsigned log2_of(std::uint64_t power) {
  unsigned bits = 0;
  while ((std::uint64_t{1} << bits) < power) ++bits;
  return bits;
}

}  // namespace

AddressMapping::AddressMapping(const std::string& text, const DramDevice& device, unsigned channels,
                               unsigned ranks, bool bank_xor)
    : width_{log2_of(device.organisation.rows),        log2_of(ranks),
             log2_of(device.organisation.bank_groups), log2_of(device.organisation.banks),
             log2_of(device.bursts_per_row()),         log2_of(channels)},
      bank_xor_(bank_xor) {
  parse(text);
  for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {
    part->shift = bits_;
    bits_ += part->bits;
  }
  unsigned used[kFields] = {};
  for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {
    part->field_shift = used[part->field];
    used[part->field] += part->bits;
  }
}

AddressMapping::Part AddressMapping::part_from(const std::string& word) const {
  const std::size_t colon = word.find(':');
  const std::string name = word.substr(0, colon);
  for (unsigned field = 0; field < kFields; ++field) {
    if (name != kNames[field]) continue;
    if (colon == std::string::npos) return {static_cast<Field>(field), kOpen, 0, 0};
    const std::string digits = word.substr(colon + 1);
    if (digits.empty() || digits.size() > 2 ||
        digits.find_first_not_of("0123456789") != std::string::npos) {
      throw std::invalid_argument("\"" + word + "\" needs a number of bits, e.g. \"" + name +
                                  ":2\"");
    }
    return {static_cast<Field>(field), static_cast<unsigned>(std::stoul(digits)), 0, 0};
  }
  throw std::invalid_argument("\"" + name.substr(0, 40) +
                              "\" is no field; fields are row, rank, bankgroup, bank, column, "
                              "channel, joined by \"-\"");
}

void AddressMapping::parse(const std::string& text) {
  std::stringstream words(text);
  std::string word;
  while (std::getline(words, word, '-')) parts_.push_back(part_from(word));
  unsigned named[kFields] = {};
  unsigned open[kFields] = {};
  for (const Part& part : parts_) {
    if (part.bits == kOpen) {
      ++open[part.field];
    } else {
      named[part.field] += part.bits;
    }
  }
  for (unsigned field = 0; field < kFields; ++field) {
    const std::string need = std::string(kNames[field]) + " has " + std::to_string(width_[field]) +
                             (width_[field] == 1 ? " bit" : " bits");
    if (open[field] > 1) {
      throw std::invalid_argument(need + ", and two parts without a number: write \"" +
                                  kNames[field] + ":N\"");
    }
    if (named[field] > width_[field] || (open[field] == 0 && named[field] != width_[field])) {
      throw std::invalid_argument("does not cover the space: " + need + ", the mapping names " +
                                  std::to_string(named[field]));
    }
  }
  for (Part& part : parts_) {
    if (part.bits == kOpen) part.bits = width_[part.field] - named[part.field];
  }
}

// Bank and bank group together, so that one rule spreads a stride over every bank of the rank.
std::uint32_t AddressMapping::exclusive(std::uint32_t bank_of_rank, std::uint32_t row) const {
  if (!bank_xor_) return bank_of_rank;
  const std::uint32_t mask = (1u << (width_[kBankGroup] + width_[kBank])) - 1;
  return bank_of_rank ^ (row & mask);
}

DramAddress AddressMapping::decode(std::uint64_t burst) const {
  std::uint32_t value[kFields] = {};
  for (const Part& part : parts_) {
    const std::uint64_t mask = (std::uint64_t{1} << part.bits) - 1;
    value[part.field] |= static_cast<std::uint32_t>(burst >> part.shift & mask) << part.field_shift;
  }
  const std::uint32_t bank = value[kBankGroup] << width_[kBank] | value[kBank];
  DramAddress place;
  place.channel = value[kChannel];
  place.row = value[kRow];
  place.column = value[kColumn];
  place.bank = value[kRank] << (width_[kBankGroup] + width_[kBank]) | exclusive(bank, place.row);
  return place;
}

std::uint64_t AddressMapping::encode(const DramAddress& place) const {
  const unsigned bank_bits = width_[kBankGroup] + width_[kBank];
  const std::uint32_t bank = exclusive(place.bank & ((1u << bank_bits) - 1), place.row);
  std::uint32_t value[kFields];
  value[kRow] = place.row;
  value[kRank] = place.bank >> bank_bits;
  value[kBankGroup] = bank >> width_[kBank];
  value[kBank] = bank & ((1u << width_[kBank]) - 1);
  value[kColumn] = place.column;
  value[kChannel] = place.channel;
  std::uint64_t burst = 0;
  for (const Part& part : parts_) {
    const std::uint64_t mask = (std::uint64_t{1} << part.bits) - 1;
    burst |= (value[part.field] >> part.field_shift & mask) << part.shift;
  }
  return burst;
}

}  // namespace epoch
