// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "memory/dram_controller/device.h"

namespace epoch {

// Where a burst lies.
struct DramAddress {
  unsigned channel = 0;
  unsigned bank = 0;  // of the channel: (rank * bank_groups + bank group) * banks + bank
  std::uint32_t row = 0;
  std::uint32_t column = 0;  // in bursts
};

// The bits of a burst's number (address / burst bytes), most significant field first:
// "row-rank-bank-column-bankgroup-channel". A field may be written in parts, "column:4" naming its
// number of bits; a part without a number takes the bits that the others leave.
class AddressMapping {
 public:
  // `bank_xor`: bank group and bank are exclusive-ored with the lowest bits of the row.
  // std::invalid_argument if the fields do not name every bit of the space exactly once.
  AddressMapping(const std::string& text, const DramDevice& device, unsigned channels,
                 unsigned ranks, bool bank_xor);

  DramAddress decode(std::uint64_t burst) const;
  std::uint64_t encode(const DramAddress& place) const;  // the inverse
  unsigned bits() const { return bits_; }

 private:
  enum Field : unsigned { kRow, kRank, kBankGroup, kBank, kColumn, kChannel, kFields };
  struct Part {
    Field field;
    unsigned bits;
    unsigned shift;        // in the burst's number
    unsigned field_shift;  // in the field
  };

  void parse(const std::string& text);
  Part part_from(const std::string& word) const;
  std::uint32_t exclusive(std::uint32_t bank_of_rank, std::uint32_t row) const;

  unsigned width_[kFields];
  std::vector<Part> parts_;  // most significant first
  unsigned bits_ = 0;
  bool bank_xor_;
};

}  // namespace epoch
