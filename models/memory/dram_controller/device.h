// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace epoch {

using DramClock = std::uint64_t;  // controller clocks: periods of the device's CK
constexpr DramClock kNoDramClock = ~DramClock{0};

// What one rank of one channel consists of. Sizes are powers of two.
struct DramOrganisation {
  unsigned data_bits = 64;           // data bus of a channel
  unsigned burst = 8;                // transfers of a column command
  unsigned transfers_per_clock = 2;  // 2: double data rate; LPDDR5 at WCK:CK = 4:1 has 8
  unsigned bank_groups = 4;
  unsigned banks = 4;  // of a bank group
  unsigned rows = 65536;
  unsigned columns = 1024;     // of a row, data_bits each
  unsigned command_buses = 1;  // 2 (HBM): one for row, one for column commands
};

// JEDEC's names; clocks, except tCK.
struct DramTiming {
  unsigned tCK = 625;  // ps
  unsigned CL = 0, CWL = 0;
  unsigned tRCDRD = 0, tRCDWR = 0;  // ACT to RD, to WR
  unsigned tRP = 0, tRPab = 0;      // PRE, PREab to ACT
  unsigned tRAS = 0, tRC = 0;
  unsigned tRRD_S = 0, tRRD_L = 0, tFAW = 0;
  unsigned tCCD_S = 0, tCCD_L = 0;
  unsigned tWTR_S = 0, tWTR_L = 0, tWR = 0, tRTP = 0;
  unsigned tRTW = 0;   // RD to WR of the same rank, command to command
  unsigned tRTRS = 0;  // idle clocks of the data bus when it changes ranks
  unsigned tREFI = 0, tRFC = 0;
};

struct DramDevice {
  std::string name;
  DramOrganisation organisation;
  DramTiming timing;

  unsigned burst_bytes() const { return organisation.data_bits / 8 * organisation.burst; }
  unsigned burst_clocks() const { return organisation.burst / organisation.transfers_per_clock; }
  unsigned banks_per_rank() const { return organisation.bank_groups * organisation.banks; }
  unsigned bursts_per_row() const { return organisation.columns / organisation.burst; }
  std::uint64_t rank_bytes() const;
  double peak_gb_per_s() const;  // of one channel, 1e9 bytes a second
};

// A number of a device, by the name that its file uses.
struct DramTimingField {
  const char* name;
  unsigned DramTiming::*member;
  unsigned minimum;
};
const std::vector<DramTimingField>& dram_timing_fields();

struct DramOrganisationField {
  const char* name;
  unsigned DramOrganisation::*member;
  unsigned maximum;  // a power of two from 1 (data_bits: 8) to this
};
const std::vector<DramOrganisationField>& dram_organisation_fields();

// Refuses what no device can be: std::invalid_argument "timing.tRC: 70: ... ; what would do".
void check_device(const DramDevice& device);

}  // namespace epoch
