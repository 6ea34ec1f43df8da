// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "memory/dram_controller/controller.h"
#include "models/memory/dram_controller/devices.h"
#include "models/memory/dram_controller/traffic.h"

using namespace epoch;
using test::TrafficRequest;

namespace {

// Row above bank above column: what follows in an address follows in a row.
constexpr const char* kRowMajor = "row-rank-bankgroup-bank-column-channel";

DramControllerConfig quiet(const char* mapping = "row-rank-bank-column-bankgroup-channel") {
  DramControllerConfig config;
  config.mapping = mapping;
  config.refresh = false;
  return config;
}

std::uint64_t address_of(const DramDevice& device, unsigned bank, std::uint32_t row,
                         std::uint32_t column = 0) {
  return AddressMapping(kRowMajor, device, 1, 1, false).encode({0, bank, row, column}) *
         device.burst_bytes();
}

// n requests of one burst each, all there from clock 0.
template <typename Place>
std::vector<TrafficRequest> requests_of(unsigned n, const DramDevice& device, Place place,
                                        bool write = false) {
  std::vector<TrafficRequest> requests;
  for (unsigned i = 0; i < n; ++i) requests.push_back({0, place(i), device.burst_bytes(), write});
  return requests;
}

// Clocks until the last data.
DramClock duration(const DramDevice& device, const DramControllerConfig& config,
                   const std::vector<TrafficRequest>& requests) {
  DramController controller(device, config);
  test::play(controller, requests);
  CHECK(controller.idle());
  return controller.counts().last_end;
}

}  // namespace

TEST_CASE("unloaded reads take tRCD + CL + burst, hits CL + burst, conflicts tRP more") {
  for (const std::string& name : test::device_names()) {
    INFO(name);
    const DramDevice device = test::shipped_device(name);
    const DramTiming& t = device.timing;
    const unsigned burst = device.burst_clocks();
    DramController controller(device, quiet(kRowMajor));
    const std::vector<TrafficRequest> requests = {
        {1000, address_of(device, 0, 5), 1, false},
        {2000, address_of(device, 0, 5, 1), device.burst_bytes(), false},
        {3000, address_of(device, 0, 6), device.burst_bytes(), false},
        {4000, address_of(device, 1, 6), device.burst_bytes(), false}};
    const std::vector<std::uint64_t> done = test::play(controller, requests);
    CHECK(done[0] == (1000 + t.tRCDRD + t.CL + burst) * t.tCK);
    CHECK(done[1] == (2000 + t.CL + burst) * t.tCK);
    CHECK(done[2] == (3000 + t.tRP + t.tRCDRD + t.CL + burst) * t.tCK);
    CHECK(done[3] == (4000 + t.tRCDRD + t.CL + burst) * t.tCK);
    const ControllerCounts counts = controller.counts();
    CHECK(counts.row_hits == 1);
    CHECK(counts.row_misses == 2);
    CHECK(counts.row_conflicts == 1);
    CHECK(counts.read_bytes == 1 + 3 * device.burst_bytes());
    CHECK(controller.bank_counts(0, 0).conflicts == 1);
    CHECK(controller.bank_counts(0, 1).misses == 1);
  }
}

TEST_CASE("a write completes when it is queued, its data end tRCD + CWL + burst later") {
  for (const std::string& name : test::device_names()) {
    INFO(name);
    const DramDevice device = test::shipped_device(name);
    DramController controller(device, quiet());
    const std::vector<std::uint64_t> done =
        test::play(controller, {{50, 0, device.burst_bytes(), true}});
    CHECK(done[0] == 50 * std::uint64_t{device.timing.tCK});
    CHECK(controller.counts().write_latency ==
          device.timing.tRCDWR + device.timing.CWL + device.burst_clocks());
  }
}

TEST_CASE("a request that arrives between two clocks is taken at the next") {
  const DramDevice device = test::shipped_device("ddr4-3200");
  DramController controller(device, quiet());
  controller.advance_to(1001);
  controller.enqueue(7, 0, 64, false, 1001);  // 625 ps a clock: clock 2
  controller.advance_to(1'000'000);
  DramController::Completion done;
  REQUIRE(controller.pop_completion(done));
  CHECK(done.id == 7);
  CHECK(done.time_ps == (2 + 22 + 22 + 4) * 625u);
  CHECK_FALSE(controller.pop_completion(done));
  CHECK(controller.next_event_ps() == kNoDramClock);
}

TEST_CASE("streaming over the bank groups keeps the data bus busy to the last clock") {
  for (const std::string& name : test::device_names()) {
    INFO(name);
    const DramDevice device = test::shipped_device(name);
    const DramTiming& t = device.timing;
    // One row in each bank group; activates are spaced by tRRD_S, never slower than the bursts.
    const unsigned n = device.bursts_per_row() * device.organisation.bank_groups;
    if (t.tRRD_S > device.burst_clocks() || t.tFAW > 4 * device.burst_clocks()) continue;
    const auto next = [&](unsigned i) { return std::uint64_t{i} * device.burst_bytes(); };
    CHECK(duration(device, quiet(), requests_of(n, device, next)) ==
          t.tRCDRD + t.CL + n * device.burst_clocks());
    CHECK(duration(device, quiet(), requests_of(n, device, next, true)) ==
          t.tRCDWR + t.CWL + n * device.burst_clocks());
  }
}

TEST_CASE("a long stream gets the peak less one refresh an interval") {
  for (const std::string& name : test::device_names()) {
    INFO(name);
    const DramDevice device = test::shipped_device(name);
    const DramTiming& t = device.timing;
    DramControllerConfig config;
    DramController controller(device, config);
    const unsigned n = 100'000;
    test::play(controller, requests_of(n, device, [&](unsigned i) {
                 return std::uint64_t{i} * device.burst_bytes();
               }));
    const ControllerCounts counts = controller.counts();
    CHECK(counts.channels.refreshes == counts.last_end / t.tREFI);
    // A refresh costs tRFC, and at most the way to it and back: the last read's tRTP or the last
    // activate's tRAS, tRPab, and tRCD + CL + a burst until data flow again; a row's end costs at
    // most a bank's tRAS + tRP + tRCD, which other banks hide in part.
    const std::uint64_t data = std::uint64_t{n} * device.burst_clocks();
    const std::uint64_t refreshed = counts.channels.refreshes * t.tRFC;
    const std::uint64_t detour =
        counts.channels.refreshes * (t.tRAS + t.tRPab + t.tRCDRD + t.CL + device.burst_clocks());
    CHECK(counts.last_end >= data + refreshed);
    const std::uint64_t most = data + refreshed + detour;
    CHECK(static_cast<double>(counts.last_end) <= 1.03 * static_cast<double>(most));
  }
}

TEST_CASE("hits in one bank group are tCCD_L apart") {
  for (const std::string& name : test::device_names()) {
    INFO(name);
    const DramDevice device = test::shipped_device(name);
    const DramTiming& t = device.timing;
    const unsigned n = device.bursts_per_row();
    const auto column = [&](unsigned i) { return address_of(device, 0, 3, i); };
    CHECK(duration(device, quiet(kRowMajor), requests_of(n, device, column)) ==
          t.tRCDRD + t.CL + (n - 1) * t.tCCD_L + device.burst_clocks());
  }
}

TEST_CASE("another row of the same bank with every request is bound by the bank's cycle") {
  for (const std::string& name : test::device_names()) {
    INFO(name);
    const DramDevice device = test::shipped_device(name);
    const DramTiming& t = device.timing;
    const unsigned n = 500;
    const auto row = [&](unsigned i) { return address_of(device, 2, i); };
    const unsigned read_cycle = std::max(t.tRC, t.tRCDRD + t.tRTP + t.tRP);
    CHECK(duration(device, quiet(kRowMajor), requests_of(n, device, row)) ==
          (n - 1) * read_cycle + t.tRCDRD + t.CL + device.burst_clocks());
    const unsigned write_cycle =
        std::max(t.tRC, t.tRCDWR + t.CWL + device.burst_clocks() + t.tWR + t.tRP);
    CHECK(duration(device, quiet(kRowMajor), requests_of(n, device, row, true)) ==
          (n - 1) * write_cycle + t.tRCDWR + t.CWL + device.burst_clocks());
  }
}

TEST_CASE("another row in the next bank with every request is bound by tRRD and tFAW") {
  for (const std::string& name : test::device_names()) {
    INFO(name);
    const DramDevice device = test::shipped_device(name);
    const DramTiming& t = device.timing;
    const unsigned n = 4000, banks = device.banks_per_rank(),
                   groups = device.organisation.bank_groups;
    // Bank groups in turn, so that tRRD_S counts.
    const auto place = [&](unsigned i) {
      const unsigned bank =
          i % groups * device.organisation.banks + i / groups % device.organisation.banks;
      return address_of(device, bank, i / banks);
    };
    const double period = std::max(
        {double(t.tRRD_S), t.tFAW / 4.0, double(device.burst_clocks()), double(t.tRC) / banks});
    const auto clocks =
        static_cast<double>(duration(device, quiet(kRowMajor), requests_of(n, device, place)));
    CHECK(clocks >= (n - 4) * period);
    CHECK(clocks <= 1.03 * n * period + t.tRC);
  }
}

TEST_CASE("mixed hits lose the data bus's changes of direction and nothing else") {
  for (const std::string& name : test::device_names()) {
    INFO(name);
    const DramDevice device = test::shipped_device(name);
    const DramTiming& t = device.timing;
    // Reads in one bank, writes in a bank of another group, one after the other.
    const unsigned n = 64 * 30,
                   other = device.organisation.bank_groups > 1 ? device.organisation.banks : 1;
    std::vector<TrafficRequest> requests;
    for (unsigned i = 0; i < n; ++i) {
      requests.push_back(
          {0, address_of(device, i % 2 == 0 ? 0 : other, 0, i / 2 % device.bursts_per_row()),
           device.burst_bytes(), i % 2 == 1});
    }
    DramController controller(device, quiet(kRowMajor));
    test::play(controller, requests);
    const ControllerCounts counts = controller.counts();
    // Writes are drained from over 25 to under 7 of 32: 20 or more a turn, fewer only at the end.
    const double turns = n / 2 / 20.0 + 2;
    const double turn = t.tRTW + t.CWL + device.burst_clocks() + t.tWTR_L;
    const double hits = n * double(t.tCCD_L);
    CHECK(double(counts.last_end) <= hits + turns * turn + t.tRCDRD + t.CL + t.tRC);
    CHECK(double(counts.last_end) >= n * double(t.tCCD_S));
    CHECK(counts.channels.reads + counts.channels.writes + counts.channels.forwarded == n);
  }
}

TEST_CASE("a request longer than its queues is split, and everything of it is transferred") {
  const DramDevice device = test::shipped_device("hbm2");
  for (const unsigned channels : {1u, 4u, 16u}) {
    INFO(channels);
    DramControllerConfig config = quiet();
    config.channels = channels;
    config.read_queue = config.write_queue = 4;
    DramController controller(device, config);
    const std::vector<std::uint64_t> done = test::play(
        controller, {{0, 16, 65'536, false}, {0, 1 << 20, 4096, true}, {0, 0, 1, false}});
    const ControllerCounts counts = controller.counts();
    CHECK(counts.channels.reads == 2049 + 1);  // unaligned: one burst more
    CHECK(counts.channels.writes == 128);
    CHECK(counts.read_bytes == 65'537);
    CHECK(counts.write_bytes == 4096);
    CHECK(done[0] >= 2049 * 2 / channels * 1000);
    CHECK(done[2] < ~std::uint64_t{0});
  }
}

TEST_CASE("channels add up") {
  const DramDevice device = test::shipped_device("hbm2");
  DramControllerConfig config = quiet();
  config.channels = 16;
  DramController controller(device, config);
  CHECK(controller.peak_gb_per_s() == Approx(256));
  CHECK(controller.size_bytes() == std::uint64_t{16} << 30);
  const unsigned n = 16 * 32 * 8;  // one row of each bank group of each channel
  test::play(controller, requests_of(n, device, [&](unsigned i) {
               return std::uint64_t{i} * device.burst_bytes();
             }));
  // Activates, 4 clocks apart, are slower than the bursts of the first round over bank groups.
  CHECK(controller.counts().last_end < 12 + 17 + n / 16 * 2 + 8 * 4 + 1);
}

TEST_CASE("a read of what waits to be written is answered from the queue") {
  const DramDevice device = test::shipped_device("ddr4-3200");
  DramController controller(device, quiet());
  std::vector<TrafficRequest> requests = {{0, 1 << 20, 64, false}};  // keeps the bus reading
  requests.push_back({0, 4096, 64, true});
  requests.push_back({0, 4096, 64, false});
  requests.push_back({0, 4096 + 32, 8, false});
  const std::vector<std::uint64_t> done = test::play(controller, requests);
  CHECK(done[2] == 625);
  CHECK(done[3] == 625);
  CHECK(controller.counts().channels.forwarded == 2);
}

TEST_CASE("a write stays behind the reads of its place that came before") {
  const DramDevice device = test::shipped_device("ddr4-3200");
  DramControllerConfig config = quiet(kRowMajor);
  config.write_queue = 8;
  DramController controller(device, config);
  std::vector<CommandRecord> log;
  controller.record(0, &log);
  std::vector<TrafficRequest> requests;
  for (unsigned i = 0; i < 20; ++i) {
    requests.push_back({0, address_of(device, 0, 1, i), 64, false});
    requests.push_back({0, address_of(device, 0, 1, i), 64, true});
  }
  test::play(controller, requests);
  CHECK(controller.idle());
  std::vector<bool> read(20), written(20);
  for (const CommandRecord& r : log) {
    if (r.command == DramCommand::rd) read[r.column] = true;
    if (r.command == DramCommand::wr) {
      CHECK(read[r.column]);
      written[r.column] = true;
    }
  }
  CHECK(written == std::vector<bool>(20, true));
}

TEST_CASE("a request lets as many younger hits pass as the cap says, and no more") {
  const DramDevice device = test::shipped_device("ddr4-3200");
  for (const bool unified : {false, true}) {
    for (const unsigned cap : {0u, 1u, 4u, 16u}) {
      INFO("cap " << cap << " unified " << unified);
      DramControllerConfig config = quiet(kRowMajor);
      config.starvation_cap = cap;
      config.unified_queue = unified;
      DramController controller(device, config);
      std::vector<CommandRecord> log;
      controller.record(0, &log);
      std::vector<TrafficRequest> requests = {{0, address_of(device, 0, 0, 0), 64, false},
                                              {60, address_of(device, 0, 9, 0), 64, false}};
      for (unsigned i = 1; i < 60; ++i)
        requests.push_back({60, address_of(device, 0, 0, i), 64, false});
      test::play(controller, requests);
      unsigned before = 0;
      for (const CommandRecord& r : log) {
        if (r.command != DramCommand::rd) continue;
        if (r.row == 9) break;
        ++before;
      }
      CHECK(before == 1 + cap);  // the one that opened the row, then those that may pass
    }
  }
}

TEST_CASE("page policies close rows when they say") {
  const DramDevice device = test::shipped_device("ddr4-3200");
  const auto commands = [&](PagePolicy policy, const std::vector<TrafficRequest>& requests) {
    DramControllerConfig config = quiet(kRowMajor);
    config.page_policy = policy;
    DramController controller(device, config);
    std::vector<CommandRecord> log;
    controller.record(0, &log);
    test::play(controller, requests);
    std::vector<DramCommand> result;
    for (const CommandRecord& r : log) result.push_back(r.command);
    return result;
  };
  using C = DramCommand;
  using List = std::vector<C>;
  const auto at = [&](std::uint32_t row, std::uint32_t column) {
    return address_of(device, 0, row, column);
  };
  const std::vector<TrafficRequest> hits = {{0, at(0, 0), 64, false}, {0, at(0, 1), 64, false}};
  const std::vector<TrafficRequest> conflict = {{0, at(0, 0), 64, false}, {0, at(1, 0), 64, false}};
  CHECK(commands(PagePolicy::open, hits) == List{C::act, C::rd, C::rd});
  CHECK(commands(PagePolicy::open_adaptive, hits) == List{C::act, C::rd, C::rd});
  CHECK(commands(PagePolicy::closed_adaptive, hits) == List{C::act, C::rd, C::rda});
  CHECK(commands(PagePolicy::closed, hits) == List{C::act, C::rda, C::act, C::rda});
  CHECK(commands(PagePolicy::open, conflict) == List{C::act, C::rd, C::pre, C::act, C::rd});
  CHECK(commands(PagePolicy::open_adaptive, conflict) == List{C::act, C::rda, C::act, C::rd});
  CHECK(commands(PagePolicy::closed_adaptive, conflict) == List{C::act, C::rda, C::act, C::rda});
}

TEST_CASE("refreshes may wait for a pause, up to their number") {
  const DramDevice device = test::shipped_device("ddr4-3200");
  const auto refreshes = [&](unsigned postponed, bool refresh) {
    DramControllerConfig config;
    config.refresh = refresh;
    config.refresh_postponed = postponed;
    DramController controller(device, config);
    const unsigned n = 12480 * 6 / 4;  // six intervals of data
    test::play(controller,
               requests_of(n, device, [&](unsigned i) { return std::uint64_t{i} * 64; }));
    const std::uint64_t busy = controller.counts().channels.refreshes;
    controller.advance_to(std::uint64_t{100} * 12480 * 625 + 1'000'000);
    CHECK(controller.counts().channels.refreshes == (refresh ? 100 : 0));
    return busy;
  };
  CHECK(refreshes(0, false) == 0);
  CHECK(refreshes(0, true) == 6);
  CHECK(refreshes(8, true) == 0);
  CHECK(refreshes(2, true) == 4);
}

TEST_CASE("a long pause is passed over without changing what comes after") {
  const DramDevice device = test::shipped_device("lpddr5-6400");
  DramControllerConfig config;
  config.ranks = 2;
  std::vector<std::uint64_t> done[2];
  std::vector<CommandRecord> log;
  for (const bool stepwise : {false, true}) {
    DramController controller(device, config);
    if (stepwise) controller.record(0, &log);  // a recorded channel takes every step
    done[stepwise] = test::play(controller, {{5, 0, 64, false},
                                             {3125 * 1000 + 7, 64, 64, true},
                                             {3125 * 1000 + 9, 1 << 16, 64, false}});
    CHECK(controller.counts().channels.refreshes == 2 * 1000);
  }
  CHECK(done[0] == done[1]);
}
