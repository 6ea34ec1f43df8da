// SPDX-License-Identifier: Apache-2.0
#include "models/memory/dram_controller/constraint_checker.h"

#include <algorithm>
#include <map>

namespace epoch::test {
namespace {

using C = DramCommand;

bool is_read(C c) {
  return c == C::rd || c == C::rda;
}
bool is_write(C c) {
  return c == C::wr || c == C::wra;
}
bool is_column(C c) {
  return is_read(c) || is_write(c);
}

const char* name_of(C c) {
  static const char* const names[] = {"ACT", "RD", "WR", "RDA", "WRA", "PRE", "PREab", "REFab"};
  return names[static_cast<int>(c)];
}

std::string text(const CommandRecord& r) {
  return std::string(name_of(r.command)) + " bank " + std::to_string(r.bank) + " row " +
         std::to_string(r.row) + " at " + std::to_string(r.clock);
}

struct Relation {
  bool rank, group, bank;
};

// Least clocks from a to b by the tables; 0 where they say nothing. Precharges hidden in RDA and
// WRA are commands of their own here (expand()), which no bus carries.
unsigned least(const CommandRecord& a, const CommandRecord& b, Relation same, const DramDevice& d) {
  const DramTiming& t = d.timing;
  const unsigned bl = d.organisation.burst / d.organisation.transfers_per_clock;
  unsigned clocks = 0;
  const auto need = [&clocks](bool applies, unsigned n) {
    if (applies) clocks = std::max(clocks, n);
  };
  const C x = a.command, y = b.command;
  need(x == C::act && y == C::act && same.bank, t.tRC);
  need(x == C::act && y == C::act && same.group, t.tRRD_L);
  need(x == C::act && y == C::act && same.rank, t.tRRD_S);
  need(x == C::act && is_read(y) && same.bank, t.tRCDRD);
  need(x == C::act && is_write(y) && same.bank, t.tRCDWR);
  need(x == C::act && y == C::pre && same.bank, t.tRAS);
  need(x == C::act && y == C::preab && same.rank, t.tRAS);
  need(x == C::act && y == C::refab && same.rank, t.tRC);
  need(is_read(x) && is_read(y) && same.rank, same.group ? t.tCCD_L : t.tCCD_S);
  need(is_write(x) && is_write(y) && same.rank, same.group ? t.tCCD_L : t.tCCD_S);
  need(is_read(x) && is_write(y) && same.rank, t.tRTW);
  need(is_write(x) && is_read(y) && same.rank, t.CWL + bl + (same.group ? t.tWTR_L : t.tWTR_S));
  need(is_read(x) && y == C::pre && same.bank, t.tRTP);
  need(is_write(x) && y == C::pre && same.bank, t.CWL + bl + t.tWR);
  need(is_read(x) && y == C::preab && same.rank, t.tRTP);
  need(is_write(x) && y == C::preab && same.rank, t.CWL + bl + t.tWR);
  need(x == C::pre && y == C::act && same.bank, t.tRP);
  need(x == C::pre && y == C::refab && same.rank, t.tRP);
  need(x == C::preab && (y == C::act || y == C::refab) && same.rank, t.tRPab);
  need(x == C::refab && (y == C::act || y == C::refab) && same.rank, t.tRFC);
  return clocks;
}

std::string pairs(const std::vector<CommandRecord>& log, const DramDevice& d) {
  const unsigned per_rank = d.organisation.bank_groups * d.organisation.banks;
  const unsigned horizon = 2 * (d.timing.tRFC + d.timing.tRC + d.timing.tFAW + 200);
  for (std::size_t j = 0; j < log.size(); ++j) {
    for (std::size_t i = j; i-- > 0;) {
      const CommandRecord &a = log[i], &b = log[j];
      if (a.clock + horizon < b.clock) break;
      const Relation same{a.bank / per_rank == b.bank / per_rank,
                          a.bank / d.organisation.banks == b.bank / d.organisation.banks,
                          a.bank == b.bank};
      if (a.clock + least(a, b, same, d) > b.clock) return text(a) + " then " + text(b);
    }
  }
  return "";
}

std::string windows(const std::vector<CommandRecord>& log, const DramDevice& d) {
  std::map<unsigned, std::vector<DramClock>> acts;  // by rank
  for (const CommandRecord& r : log) {
    if (r.command != C::act) continue;
    auto& list = acts[r.bank / (d.organisation.bank_groups * d.organisation.banks)];
    list.push_back(r.clock);
    const std::size_t n = list.size();
    if (n > 4 && list[n - 5] + d.timing.tFAW > r.clock) return "tFAW: " + text(r);
  }
  return "";
}

// Reads and writes overlap nowhere on the data bus, and ranks leave tRTRS between them.
std::string data_bus(const std::vector<CommandRecord>& log, const DramDevice& d) {
  struct Transfer {
    DramClock begin;
    unsigned rank;
    CommandRecord of;
  };
  std::vector<Transfer> transfers;
  for (const CommandRecord& r : log) {
    if (!is_column(r.command)) continue;
    transfers.push_back({r.clock + (is_read(r.command) ? d.timing.CL : d.timing.CWL),
                         r.bank / (d.organisation.bank_groups * d.organisation.banks), r});
  }
  std::sort(transfers.begin(), transfers.end(),
            [](const Transfer& a, const Transfer& b) { return a.begin < b.begin; });
  for (std::size_t i = 1; i < transfers.size(); ++i) {
    const Transfer &a = transfers[i - 1], &b = transfers[i];
    const unsigned gap = a.rank == b.rank ? 0 : d.timing.tRTRS;
    if (a.begin + d.organisation.burst / d.organisation.transfers_per_clock + gap > b.begin) {
      return "data bus: " + text(a.of) + " and " + text(b.of);
    }
  }
  return "";
}

std::string command_buses(const std::vector<CommandRecord>& log, const DramDevice& d) {
  std::map<std::pair<DramClock, bool>, unsigned> used;
  for (const CommandRecord& r : log) {
    const bool column = d.organisation.command_buses == 2 && is_column(r.command);
    if (++used[{r.clock, column}] > 1) return "command bus: " + text(r);
  }
  return "";
}

std::string states(const std::vector<CommandRecord>& log, const DramDevice& d) {
  const unsigned per_rank = d.organisation.bank_groups * d.organisation.banks;
  std::map<unsigned, std::uint32_t> open;
  for (const CommandRecord& r : log) {
    const unsigned first = r.bank / per_rank * per_rank;
    const auto begin = open.lower_bound(first), end = open.lower_bound(first + per_rank);
    if (r.command == C::act && !open.emplace(r.bank, r.row).second) return "open: " + text(r);
    if (is_column(r.command) && (open.count(r.bank) == 0 || open[r.bank] != r.row))
      return "row not open: " + text(r);
    if (r.command == C::refab && begin != end) return "not closed: " + text(r);
    if (r.command == C::preab) open.erase(begin, end);
    if (r.command == C::pre || r.command == C::rda || r.command == C::wra) open.erase(r.bank);
  }
  return "";
}

// By any time, at most `postponed` + 1 refreshes are missing, the one in preparation included, and
// a rank that owes more than `postponed` is refreshed within one interval.
std::string refreshes(const std::vector<CommandRecord>& log, const DramDevice& d, unsigned ranks,
                      unsigned postponed) {
  const unsigned per_rank = d.organisation.bank_groups * d.organisation.banks;
  std::vector<std::uint64_t> done(ranks);
  for (const CommandRecord& r : log) {
    const std::uint64_t due = r.clock / d.timing.tREFI;
    const unsigned rank = r.bank / per_rank;
    if (r.command == C::refab && ++done[rank] > due) return "refresh too early: " + text(r);
    if (done[rank] + postponed + 1 < due) return "refresh missing before " + text(r);
  }
  return "";
}

// The precharge inside RDA and WRA, at the first clock that tRTP, tWR and tRAS allow.
std::vector<CommandRecord> expand(const std::vector<CommandRecord>& log, const DramDevice& d) {
  const unsigned bl = d.organisation.burst / d.organisation.transfers_per_clock;
  std::map<unsigned, DramClock> ready;  // for the precharge, of earlier columns
  std::vector<CommandRecord> all;
  for (const CommandRecord& r : log) {
    all.push_back(r);
    if (r.command == C::act) {
      ready[r.bank] = r.clock + d.timing.tRAS;
    }
    if (!is_column(r.command)) continue;
    const DramClock own =
        is_read(r.command) ? r.clock + d.timing.tRTP : r.clock + d.timing.CWL + bl + d.timing.tWR;
    ready[r.bank] = std::max(ready[r.bank], own);
    if (r.command == C::rda || r.command == C::wra)
      all.push_back({ready[r.bank], C::pre, r.bank, r.row, 0});
  }
  std::stable_sort(all.begin(), all.end(), [](const CommandRecord& a, const CommandRecord& b) {
    return a.clock < b.clock;
  });
  return all;
}

}  // namespace

std::string first_violation(const std::vector<CommandRecord>& log, const DramDevice& device,
                            unsigned ranks, bool refresh, unsigned postponed) {
  for (const std::string& found :
       {pairs(expand(log, device), device), windows(log, device), data_bus(log, device),
        command_buses(log, device), states(log, device),
        refresh ? refreshes(log, device, ranks, postponed) : std::string()}) {
    if (!found.empty()) return found;
  }
  return "";
}

}  // namespace epoch::test
