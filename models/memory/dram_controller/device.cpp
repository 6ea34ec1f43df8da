// SPDX-License-Identifier: Apache-2.0
#include "memory/dram_controller/device.h"

#include <stdexcept>

namespace epoch {
namespace {

constexpr unsigned kMostClocks = 10'000'000;
constexpr unsigned kMostBanks = 64;  // of a rank: one bit each in the scheduler's masks

[[noreturn]] void refuse(const std::string& field, unsigned value, const std::string& why) {
  throw std::invalid_argument(field + ": " + std::to_string(value) + ": " + why);
}

bool power_of_two(unsigned value) {
  return value != 0 && (value & (value - 1)) == 0;
}

void check_organisation(const DramOrganisation& o) {
  for (const DramOrganisationField& field : dram_organisation_fields()) {
    const unsigned value = o.*field.member;
    const unsigned minimum = field.member == &DramOrganisation::data_bits ? 8 : 1;
    if (!power_of_two(value) || value < minimum || value > field.maximum) {
      refuse(std::string("organisation.") + field.name, value,
             "must be a power of two from " + std::to_string(minimum) + " to " +
                 std::to_string(field.maximum));
    }
  }
  if (o.burst < o.transfers_per_clock) {
    refuse("organisation.burst", o.burst,
           "must be at least transfers_per_clock, " + std::to_string(o.transfers_per_clock));
  }
  if (o.columns < o.burst) {
    refuse("organisation.columns", o.columns,
           "must be at least one burst, " + std::to_string(o.burst));
  }
  if (o.bank_groups * o.banks > kMostBanks) {
    refuse("organisation.banks", o.banks,
           "must be at most " + std::to_string(kMostBanks / o.bank_groups) + " in each of " +
               std::to_string(o.bank_groups) + " bank groups");
  }
}

// `field` must be at least `least`, which `what` says in words.
void at_least(const char* field, unsigned value, std::uint64_t least, const std::string& what) {
  if (value < least) {
    refuse(std::string("timing.") + field, value,
           "must be at least " + std::to_string(least) + ", " + what);
  }
}

void check_timing(const DramDevice& device) {
  const DramTiming& t = device.timing;
  for (const DramTimingField& field : dram_timing_fields()) {
    const unsigned value = t.*field.member;
    if (value < field.minimum || value > kMostClocks) {
      refuse(
          std::string("timing.") + field.name, value,
          "must be from " + std::to_string(field.minimum) + " to " + std::to_string(kMostClocks));
    }
  }
  at_least("tRC", t.tRC, std::uint64_t{t.tRAS} + t.tRP, "tRAS + tRP");
  at_least("tRPab", t.tRPab, t.tRP, "tRP");
  at_least("tRRD_L", t.tRRD_L, t.tRRD_S, "tRRD_S");
  at_least("tFAW", t.tFAW, t.tRRD_S, "tRRD_S: four activates take longer than two");
  at_least("tCCD_S", t.tCCD_S, device.burst_clocks(), "the clocks of a burst on the data bus");
  at_least("tCCD_L", t.tCCD_L, t.tCCD_S, "tCCD_S");
  at_least("tWTR_L", t.tWTR_L, t.tWTR_S, "tWTR_S");
  at_least("tRAS", t.tRAS, t.tRCDRD, "tRCDRD: a row is open until it has been read");
  const unsigned read_end = t.CL + device.burst_clocks();
  at_least("tRTW", t.tRTW, read_end > t.CWL ? read_end - t.CWL : 1,
           "CL + the clocks of a burst - CWL: a write's data follow the read's");
  at_least("tREFI", t.tREFI, std::uint64_t{t.tRFC} + t.tRPab + 1,
           "more than tRFC + tRPab: a refresh ends before the next is due");
}

}  // namespace

std::uint64_t DramDevice::rank_bytes() const {
  return std::uint64_t{banks_per_rank()} * organisation.rows * organisation.columns *
         (organisation.data_bits / 8);
}

double DramDevice::peak_gb_per_s() const {
  return organisation.data_bits / 8.0 * organisation.transfers_per_clock / timing.tCK * 1e3;
}

const std::vector<DramTimingField>& dram_timing_fields() {
  using T = DramTiming;
  static const std::vector<DramTimingField> fields = {
      {"tCK_ps", &T::tCK, 100},  {"CL", &T::CL, 1},         {"CWL", &T::CWL, 1},
      {"tRCDRD", &T::tRCDRD, 1}, {"tRCDWR", &T::tRCDWR, 1}, {"tRP", &T::tRP, 1},
      {"tRPab", &T::tRPab, 1},   {"tRAS", &T::tRAS, 1},     {"tRC", &T::tRC, 1},
      {"tRRD_S", &T::tRRD_S, 1}, {"tRRD_L", &T::tRRD_L, 1}, {"tFAW", &T::tFAW, 1},
      {"tCCD_S", &T::tCCD_S, 1}, {"tCCD_L", &T::tCCD_L, 1}, {"tWTR_S", &T::tWTR_S, 1},
      {"tWTR_L", &T::tWTR_L, 1}, {"tWR", &T::tWR, 1},       {"tRTP", &T::tRTP, 1},
      {"tRTW", &T::tRTW, 1},     {"tRTRS", &T::tRTRS, 0},   {"tREFI", &T::tREFI, 1},
      {"tRFC", &T::tRFC, 1},
  };
  return fields;
}

const std::vector<DramOrganisationField>& dram_organisation_fields() {
  using O = DramOrganisation;
  static const std::vector<DramOrganisationField> fields = {
      {"data_bits", &O::data_bits, 1024},
      {"burst", &O::burst, 64},
      {"transfers_per_clock", &O::transfers_per_clock, 16},
      {"bank_groups", &O::bank_groups, 16},
      {"banks", &O::banks, 64},
      {"rows", &O::rows, 1u << 24},
      {"columns", &O::columns, 1u << 16},
      {"command_buses", &O::command_buses, 2},
  };
  return fields;
}

void check_device(const DramDevice& device) {
  check_organisation(device.organisation);
  check_timing(device);
}

}  // namespace epoch
