// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <set>

#include "memory/dram_controller/address_mapping.h"
#include "models/memory/dram_controller/devices.h"
#include "platform/scratch_folder.h"

using namespace epoch;
using Catch::Matchers::Contains;

namespace {

// 2 bank groups x 2 banks x 4 rows x 4 bursts: small enough to visit all of it.
DramDevice small_device() {
  DramDevice device = test::shipped_device("ddr4-3200");
  device.organisation = {64, 8, 2, 2, 2, 4, 32, 1};
  return device;
}

std::string refusal(const std::string& text, unsigned channels = 2, unsigned ranks = 2) {
  return test::message_of<std::invalid_argument>(
      [&] { AddressMapping(text, small_device(), channels, ranks, false); });
}

}  // namespace

TEST_CASE("fields are cut from the burst's number, the last the least significant") {
  const AddressMapping mapping("row-rank-bank-column-bankgroup-channel", small_device(), 2, 2,
                               false);
  CHECK(mapping.bits() == 8);
  //                                       row rank bank column group channel
  const DramAddress place = mapping.decode(0b10'1'1'01'0'1);
  CHECK(place.channel == 1);
  CHECK(place.row == 2);
  CHECK(place.column == 1);
  CHECK(place.bank == (1 * 2 + 0) * 2 + 1);
  CHECK(mapping.encode(place) == 0b10'1'1'01'0'1);
}

TEST_CASE("a field in parts is put together most significant part first") {
  const AddressMapping mapping("row:1-column-bank-bankgroup-row-column:1", small_device(), 1, 1,
                               false);
  //                                       row column bank group row column
  const DramAddress place = mapping.decode(0b1'1'0'1'0'1);
  CHECK(place.row == 2);
  CHECK(place.column == 3);
  CHECK(place.bank == 1 * 2 + 0);
}

TEST_CASE("every mapping is a bijection between the space and its places") {
  for (const bool bank_xor : {false, true}) {
    for (const char* text :
         {"row-rank-bank-column-bankgroup-channel", "row-bank-bankgroup-column-rank-channel",
          "channel-rank-bankgroup-bank-row-column",
          "column:1-row-channel-bank-bankgroup-rank-column"}) {
      INFO(text << " xor " << bank_xor);
      const AddressMapping mapping(text, small_device(), 2, 2, bank_xor);
      std::set<std::vector<unsigned>> places;
      for (std::uint64_t burst = 0; burst < 256; ++burst) {
        const DramAddress place = mapping.decode(burst);
        CHECK(place.channel < 2);
        CHECK(place.bank < 8);
        CHECK(place.row < 4);
        CHECK(place.column < 4);
        CHECK(mapping.encode(place) == burst);
        places.insert({place.channel, place.bank, place.row, place.column});
      }
      CHECK(places.size() == 256);
    }
  }
}

TEST_CASE("bank_xor spreads a stride of rows over every bank of a rank") {
  const DramDevice device = test::shipped_device("ddr4-3200");
  const char* text = "row-bank-bankgroup-column";
  const std::uint64_t stride = std::uint64_t{device.bursts_per_row()} * device.banks_per_rank();
  std::set<unsigned> plain, spread;
  for (std::uint64_t row = 0; row < 16; ++row) {
    plain.insert(AddressMapping(text, device, 1, 1, false).decode(row * stride).bank);
    spread.insert(AddressMapping(text, device, 1, 1, true).decode(row * stride).bank);
  }
  CHECK(plain.size() == 1);
  CHECK(spread.size() == 16);
}

TEST_CASE("a mapping that does not cover the space exactly is refused") {
  CHECK_THAT(refusal("row-rank-bank-column-channel"),
             Contains("bankgroup has 1 bit, the mapping names 0"));
  CHECK_THAT(refusal("row-rank-bank-bankgroup-column"), Contains("channel has 1 bit"));
  CHECK_THAT(refusal("row-bank-bankgroup-column-channel"), Contains("rank has 1 bit"));
  CHECK_THAT(refusal("row:1-rank-bank-bankgroup-column-channel"),
             Contains("row has 2 bits, the mapping names 1"));
  CHECK_THAT(refusal("row:3-rank-bank-bankgroup-column-channel"), Contains("names 3"));
  CHECK_THAT(refusal("row-row-rank-bank-bankgroup-column-channel"), Contains("row:N"));
  CHECK_THAT(refusal("row-rank-bank-bankgroup-col-channel"), Contains("\"col\" is no field"));
  CHECK_THAT(refusal("row-rank-bank-bankgroup-column:-channel"), Contains("number of bits"));
  CHECK_THAT(refusal("row-rank-bank-bankgroup-column:x-channel"), Contains("number of bits"));
  CHECK_THAT(refusal(""), Contains("row has 2 bits"));
  CHECK_THAT(refusal("row--rank"), Contains("is no field"));
  // One channel and one rank need no name.
  CHECK(refusal("row-bank-bankgroup-column", 1, 1).empty());
}
