// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "memory/dram_controller/device.h"
#include "models/memory/dram_controller/devices.h"
#include "platform/scratch_folder.h"

using namespace epoch;
using Catch::Matchers::Contains;

namespace {

// The refusal of DDR4 with one thing changed.
template <typename Change>
std::string refusal(Change change) {
  DramDevice device = test::shipped_device("ddr4-3200");
  change(device);
  return test::message_of<std::invalid_argument>([&] { check_device(device); });
}

}  // namespace

TEST_CASE("the shipped devices have the peak bandwidth, bursts and sizes of their kind") {
  struct Expected {
    const char* name;
    double gb_per_s;
    unsigned burst_bytes, burst_clocks;
    std::uint64_t row_bytes, mib;
  };
  for (const Expected& e : {Expected{"ddr4-3200", 25.6, 64, 4, 8192, 8192},
                            Expected{"lpddr4-4266", 8.5288, 32, 8, 2048, 1024},
                            Expected{"lpddr5-6400", 12.8, 32, 2, 2048, 2048},
                            Expected{"hbm2", 16, 32, 2, 1024, 1024}}) {
    INFO(e.name);
    const DramDevice device = test::shipped_device(e.name);
    CHECK(device.peak_gb_per_s() == Approx(e.gb_per_s).epsilon(1e-4));
    CHECK(device.burst_bytes() == e.burst_bytes);
    CHECK(device.burst_clocks() == e.burst_clocks);
    CHECK(device.bursts_per_row() * device.burst_bytes() == e.row_bytes);
    CHECK(device.rank_bytes() == e.mib << 20);
    // A write may follow a read as soon as its data fits behind the read's and a preamble.
    const DramTiming& t = device.timing;
    CHECK(t.tRTW == t.CL + device.burst_clocks() + 2 - t.CWL);
  }
}

TEST_CASE("timings that no device can have are refused with field, value and what would do") {
  CHECK(refusal([](DramDevice&) {}).empty());
  CHECK_THAT(refusal([](DramDevice& d) { d.timing.tRC = 73; }),
             Contains("timing.tRC: 73: must be at least 74, tRAS + tRP"));
  CHECK_THAT(refusal([](DramDevice& d) { d.timing.tFAW = 3; }),
             Contains("timing.tFAW: 3: must be at least 4, tRRD_S"));
  CHECK_THAT(refusal([](DramDevice& d) { d.timing.tRFC = 12480; }),
             Contains("timing.tREFI: 12480: must be at least") && Contains("tRFC"));
  CHECK_THAT(refusal([](DramDevice& d) { d.timing.tCCD_S = 3; }),
             Contains("timing.tCCD_S: 3: must be at least 4"));
  CHECK_THAT(refusal([](DramDevice& d) { d.timing.tCCD_L = 3; }), Contains("timing.tCCD_L"));
  CHECK_THAT(refusal([](DramDevice& d) { d.timing.tRRD_L = 3; }), Contains("timing.tRRD_L"));
  CHECK_THAT(refusal([](DramDevice& d) { d.timing.tWTR_L = 3; }), Contains("timing.tWTR_L"));
  CHECK_THAT(refusal([](DramDevice& d) { d.timing.tRPab = 21; }), Contains("timing.tRPab"));
  CHECK_THAT(refusal([](DramDevice& d) { d.timing.tRTW = 9; }),
             Contains("timing.tRTW: 9: must be at least 10"));
  CHECK_THAT(refusal([](DramDevice& d) { d.timing.tRAS = 21; }), Contains("timing.tRAS"));
  for (const DramTimingField& field : dram_timing_fields()) {
    if (field.minimum == 0) continue;
    CHECK_THAT(refusal([&](DramDevice& d) { d.timing.*field.member = 0; }),
               Contains(std::string("timing.") + field.name + ": 0"));
    CHECK_THAT(refusal([&](DramDevice& d) { d.timing.*field.member = 20'000'000; }),
               Contains("20000000"));
  }
}

TEST_CASE("organisations that no device can have are refused") {
  for (const DramOrganisationField& field : dram_organisation_fields()) {
    for (const unsigned value : {0u, 3u, 1u << 30}) {
      CHECK_THAT(
          refusal([&](DramDevice& d) { d.organisation.*field.member = value; }),
          Contains(std::string("organisation.") + field.name + ": " + std::to_string(value)) &&
              Contains("power of two"));
    }
  }
  CHECK_THAT(refusal([](DramDevice& d) { d.organisation.data_bits = 4; }), Contains("from 8"));
  CHECK_THAT(refusal([](DramDevice& d) { d.organisation.burst = 1; }),
             Contains("organisation.burst: 1: must be at least transfers_per_clock"));
  CHECK_THAT(refusal([](DramDevice& d) { d.organisation.columns = 4; }),
             Contains("organisation.columns: 4: must be at least one burst"));
  CHECK_THAT(refusal([](DramDevice& d) { d.organisation.banks = 32; }),
             Contains("organisation.banks: 32: must be at most 16"));
}
