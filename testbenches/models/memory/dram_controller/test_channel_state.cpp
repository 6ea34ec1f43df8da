// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <functional>

#include "memory/dram_controller/channel_state.h"
#include "models/memory/dram_controller/devices.h"

using namespace epoch;
using Command = epoch::DramCommand;

namespace {

constexpr DramClock kStart = 1'000'000;  // long after the rows were opened
constexpr unsigned kRanks = 2;

// A device with one constraint: every other timing as short as can be. CL, CWL and the burst stay,
// since constraints are counted from data.
struct Isolated {
  DramDevice device;
  ChannelState state;
  unsigned same_group = 1;   // a bank beside bank 0
  unsigned other_group = 1;  // one of another bank group, if there is one
  unsigned other_rank;
  unsigned burst;

  Isolated(const DramDevice& full, const std::vector<unsigned DramTiming::*>& kept)
      : device(reduced(full, kept)),
        state(device, kRanks),
        other_rank(device.banks_per_rank()),
        burst(device.burst_clocks()) {
    if (device.organisation.bank_groups > 1) other_group = device.organisation.banks;
  }

  static DramDevice reduced(DramDevice device, const std::vector<unsigned DramTiming::*>& kept) {
    const DramTiming full = device.timing;
    for (const DramTimingField& field : dram_timing_fields()) {
      device.timing.*field.member = field.minimum;
    }
    device.timing.CL = full.CL;
    device.timing.CWL = full.CWL;
    for (const auto member : kept) device.timing.*member = full.*member;
    return device;
  }

  // Opens row 7 of banks long before kStart.
  void open(std::initializer_list<unsigned> banks) {
    DramClock clock = 0;
    for (const unsigned bank : banks) state.issue(Command::act, bank, 7, clock += 10'000);
  }
  void issue(Command command, unsigned bank, DramClock clock) {
    REQUIRE(state.earliest(command, bank) <= clock);
    state.issue(command, bank, 7, clock);
  }
  bool allowed(Command command, unsigned bank, DramClock clock) const {
    return state.earliest(command, bank) <= clock;
  }
  // Refused the clock before, accepted then.
  void first_at(Command command, unsigned bank, DramClock clock) const {
    CHECK_FALSE(allowed(command, bank, clock - 1));
    CHECK(allowed(command, bank, clock));
  }
};

using T = DramTiming;

struct Case {
  const char* name;
  std::vector<unsigned DramTiming::*> kept;
  std::function<void(Isolated&)> run;
};

const std::vector<Case>& row_cases() {
  static const std::vector<Case> cases = {
      {"tRCDRD: ACT to RD",
       {&T::tRCDRD},
       [](Isolated& s) {
         s.issue(Command::act, 0, kStart);
         s.first_at(Command::rd, 0, kStart + s.device.timing.tRCDRD);
         s.first_at(Command::rda, 0, kStart + s.device.timing.tRCDRD);
       }},
      {"tRCDWR: ACT to WR",
       {&T::tRCDWR},
       [](Isolated& s) {
         s.issue(Command::act, 0, kStart);
         s.first_at(Command::wr, 0, kStart + s.device.timing.tRCDWR);
         s.first_at(Command::wra, 0, kStart + s.device.timing.tRCDWR);
       }},
      {"tRAS: ACT to PRE and PREab",
       {&T::tRAS},
       [](Isolated& s) {
         s.issue(Command::act, 0, kStart);
         s.first_at(Command::pre, 0, kStart + s.device.timing.tRAS);
         s.first_at(Command::preab, 1, kStart + s.device.timing.tRAS);
       }},
      {"tRC: ACT to ACT of one bank",
       {&T::tRC},
       [](Isolated& s) {
         s.issue(Command::act, 0, kStart);
         s.issue(Command::pre, 0, kStart + 1);
         s.first_at(Command::act, 0, kStart + s.device.timing.tRC);
       }},
      {"tRC: ACT to REFab",
       {&T::tRC},
       [](Isolated& s) {
         s.issue(Command::act, 0, kStart);
         s.issue(Command::pre, 0, kStart + 1);
         s.first_at(Command::refab, 0, kStart + s.device.timing.tRC);
       }},
      {"tRP: PRE to ACT and REFab",
       {&T::tRP},
       [](Isolated& s) {
         s.open({0});
         s.issue(Command::pre, 0, kStart);
         s.first_at(Command::act, 0, kStart + s.device.timing.tRP);
         s.first_at(Command::refab, 0, kStart + s.device.timing.tRP);
       }},
      {"tRPab: PREab to ACT and REFab",
       {&T::tRPab},
       [](Isolated& s) {
         s.open({0});
         s.issue(Command::preab, 0, kStart);
         s.first_at(Command::act, 0, kStart + s.device.timing.tRPab);
         s.first_at(Command::act, s.same_group, kStart + s.device.timing.tRPab);
         s.first_at(Command::refab, 0, kStart + s.device.timing.tRPab);
         CHECK(s.allowed(Command::act, s.other_rank, kStart + 1));
       }},
      {"tRRD_S: ACT to ACT of another bank group",
       {&T::tRRD_S},
       [](Isolated& s) {
         s.issue(Command::act, 0, kStart);
         s.first_at(Command::act, s.other_group, kStart + s.device.timing.tRRD_S);
         CHECK(s.allowed(Command::act, s.other_rank, kStart + 1));
       }},
      {"tRRD_L: ACT to ACT of the bank group",
       {&T::tRRD_L},
       [](Isolated& s) {
         s.issue(Command::act, 0, kStart);
         s.first_at(Command::act, s.same_group, kStart + s.device.timing.tRRD_L);
       }},
      {"tFAW: the fifth ACT of a rank",
       {&T::tFAW},
       [](Isolated& s) {
         for (unsigned i = 0; i < 4; ++i) s.issue(Command::act, i, kStart + 2 * i);
         s.first_at(Command::act, 4, kStart + s.device.timing.tFAW);
         CHECK(s.allowed(Command::act, s.other_rank, kStart + 7));
         s.issue(Command::act, 4, kStart + s.device.timing.tFAW);
         s.first_at(Command::act, 5, kStart + 2 + s.device.timing.tFAW);
       }},
      {"tRFC: REFab to ACT and REFab",
       {&T::tRFC},
       [](Isolated& s) {
         s.issue(Command::refab, 0, kStart);
         s.first_at(Command::act, 0, kStart + s.device.timing.tRFC);
         s.first_at(Command::refab, 0, kStart + s.device.timing.tRFC);
         CHECK(s.allowed(Command::act, s.other_rank, kStart + 1));
       }},
  };
  return cases;
}

const std::vector<Case>& column_cases() {
  static const std::vector<Case> cases = {
      {"tCCD_S: RD to RD, WR to WR of another bank group",
       {&T::tCCD_S},
       [](Isolated& s) {
         s.open({0, s.other_group});
         s.issue(Command::rd, 0, kStart);
         s.first_at(Command::rd, s.other_group, kStart + s.device.timing.tCCD_S);
         s.issue(Command::wr, 0, 2 * kStart);
         s.first_at(Command::wr, s.other_group, 2 * kStart + s.device.timing.tCCD_S);
       }},
      {"tCCD_L: RD to RD, WR to WR of the bank group",
       {&T::tCCD_L},
       [](Isolated& s) {
         s.open({0, s.same_group});
         s.issue(Command::rd, 0, kStart);
         s.first_at(Command::rd, s.same_group, kStart + s.device.timing.tCCD_L);
         s.issue(Command::wr, 0, 2 * kStart);
         s.first_at(Command::wr, s.same_group, 2 * kStart + s.device.timing.tCCD_L);
       }},
      {"tWTR_S: WR to RD of another bank group",
       {&T::tWTR_S},
       [](Isolated& s) {
         s.open({0, s.other_group});
         s.issue(Command::wr, 0, kStart);
         const T& t = s.device.timing;
         s.first_at(Command::rd, s.other_group, kStart + t.CWL + s.burst + t.tWTR_S);
       }},
      {"tWTR_L: WR to RD of the bank group",
       {&T::tWTR_L},
       [](Isolated& s) {
         s.open({0, s.same_group});
         s.issue(Command::wr, 0, kStart);
         const T& t = s.device.timing;
         s.first_at(Command::rd, s.same_group, kStart + t.CWL + s.burst + t.tWTR_L);
       }},
      {"tRTW: RD to WR",
       {&T::tRTW},
       [](Isolated& s) {
         s.open({0, s.other_group});
         s.issue(Command::rd, 0, kStart);
         s.first_at(Command::wr, 0, kStart + s.device.timing.tRTW);
         s.first_at(Command::wr, s.other_group, kStart + s.device.timing.tRTW);
       }},
      {"tWR: WR to PRE and PREab",
       {&T::tWR},
       [](Isolated& s) {
         s.open({0});
         s.issue(Command::wr, 0, kStart);
         const DramClock written = kStart + s.device.timing.CWL + s.burst;
         s.first_at(Command::pre, 0, written + s.device.timing.tWR);
         s.first_at(Command::preab, 0, written + s.device.timing.tWR);
       }},
      {"tRTP: RD to PRE and PREab",
       {&T::tRTP},
       [](Isolated& s) {
         s.open({0});
         s.issue(Command::rd, 0, kStart);
         s.first_at(Command::pre, 0, kStart + s.device.timing.tRTP);
         s.first_at(Command::preab, 0, kStart + s.device.timing.tRTP);
       }},
      {"tRTRS: the data bus changes ranks",
       {&T::tRTRS},
       [](Isolated& s) {
         const T& t = s.device.timing;
         s.open({0, s.other_rank});
         s.issue(Command::rd, 0, kStart);
         s.first_at(Command::rd, s.other_rank, kStart + s.burst + t.tRTRS);
         s.first_at(Command::wr, s.other_rank, kStart + t.CL + s.burst + t.tRTRS - t.CWL);
         s.issue(Command::wr, 0, 2 * kStart);
         s.first_at(Command::wr, s.other_rank, 2 * kStart + s.burst + t.tRTRS);
         const unsigned sum = t.CWL + s.burst + t.tRTRS;
         s.first_at(Command::rd, s.other_rank, 2 * kStart + (sum > t.CL + 1 ? sum - t.CL : 1));
       }},
      {"RDA: tRTP and tRP to ACT and REFab",
       {&T::tRTP, &T::tRP},
       [](Isolated& s) {
         s.open({0});
         s.issue(Command::rda, 0, kStart);
         CHECK(s.state.open_row(0) == ChannelState::kClosed);
         s.first_at(Command::act, 0, kStart + s.device.timing.tRTP + s.device.timing.tRP);
         s.first_at(Command::refab, 0, kStart + s.device.timing.tRTP + s.device.timing.tRP);
       }},
      {"RDA: its precharge waits for tRAS",
       {&T::tRAS, &T::tRP},
       [](Isolated& s) {
         s.issue(Command::act, 0, kStart);
         s.issue(Command::rda, 0, kStart + 1);
         s.first_at(Command::act, 0, kStart + s.device.timing.tRAS + s.device.timing.tRP);
       }},
      {"WRA: tWR and tRP to ACT",
       {&T::tWR, &T::tRP},
       [](Isolated& s) {
         const T& t = s.device.timing;
         s.open({0});
         s.issue(Command::wra, 0, kStart);
         s.first_at(Command::act, 0, kStart + t.CWL + s.burst + t.tWR + t.tRP);
       }},
      {"one command a clock on each command bus",
       {},
       [](Isolated& s) {
         s.open({0, s.other_group});
         s.issue(Command::rd, 0, kStart);
         const bool two = s.device.organisation.command_buses == 2;
         CHECK(s.allowed(Command::pre, s.other_group, kStart) == two);
         CHECK(s.allowed(Command::pre, s.other_group, kStart + 1));
         s.issue(Command::pre, s.other_group, kStart + 1);
         s.first_at(Command::act, s.other_rank, kStart + 2);
       }},
  };
  return cases;
}

}  // namespace

TEST_CASE("every constraint of every device refuses the clock before and accepts then") {
  for (const std::string& name : test::device_names()) {
    const DramDevice device = test::shipped_device(name);
    for (const auto* cases : {&row_cases(), &column_cases()}) {
      for (const Case& one : *cases) {
        INFO(name << ": " << one.name);
        Isolated isolated(device, one.kept);
        one.run(isolated);
      }
    }
  }
}

TEST_CASE("a constraint that the whole device hides behind another is still the later of both") {
  for (const std::string& name : test::device_names()) {
    INFO(name);
    const DramDevice device = test::shipped_device(name);
    const DramTiming& t = device.timing;
    ChannelState state(device, 1);
    DramClock clock = kStart;
    for (unsigned i = 0; i < 4; ++i) {
      clock = std::max(clock, state.earliest(DramCommand::act, i));
      state.issue(DramCommand::act, i, 0, clock);
    }
    // Four activates of one bank group, tRRD_L apart; the fifth waits for tRRD and for tFAW.
    CHECK(clock == kStart + 3 * t.tRRD_L);
    const unsigned step = device.organisation.banks > 4 ? t.tRRD_L : t.tRRD_S;
    CHECK(state.earliest(DramCommand::act, 4) == std::max(clock + step, kStart + t.tFAW));
  }
}
