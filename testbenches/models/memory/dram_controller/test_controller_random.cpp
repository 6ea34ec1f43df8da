// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "memory/dram_controller/controller.h"
#include "models/memory/dram_controller/constraint_checker.h"
#include "models/memory/dram_controller/devices.h"
#include "models/memory/dram_controller/traffic.h"

using namespace epoch;
using test::TrafficRequest;

namespace {

template <typename T>
T one_of(std::mt19937_64& random, std::initializer_list<T> values) {
  return *(values.begin() + random() % values.size());
}

DramControllerConfig random_config(std::mt19937_64& random) {
  DramControllerConfig config;
  config.channels = one_of(random, {1u, 1u, 2u, 4u});
  config.ranks = one_of(random, {1u, 2u});
  config.mapping = one_of(
      random, {"row-rank-bank-column-bankgroup-channel", "row-bank-bankgroup-rank-column-channel",
               "channel-row-column-rank-bank-bankgroup-column:2"});
  config.bank_xor = random() % 2 == 0;
  config.page_policy = one_of(random, {PagePolicy::open, PagePolicy::open_adaptive,
                                       PagePolicy::closed, PagePolicy::closed_adaptive});
  config.starvation_cap = one_of(random, {0u, 1u, 4u, 16u});
  config.unified_queue = random() % 3 == 0;
  config.read_queue = one_of(random, {1u, 3u, 8u, 32u});
  config.write_queue = one_of(random, {1u, 3u, 8u, 32u});
  config.write_high_percent = one_of(random, {50u, 80u, 100u});
  config.write_low_percent = one_of(random, {0u, 20u, 50u});
  config.refresh = random() % 4 != 0;
  config.refresh_postponed = one_of(random, {0u, 0u, 3u, 8u});
  return config;
}

// Streams, strides and noise over a few places, so that rows are hit, missed and fought over.
std::vector<TrafficRequest> random_traffic(std::mt19937_64& random, std::uint64_t size,
                                           unsigned n) {
  const std::uint64_t span = one_of<std::uint64_t>(random, {1 << 10, 1 << 16, size / 2});
  const unsigned pause = one_of(random, {0u, 2u, 40u});
  const unsigned writes = one_of(random, {0u, 30u, 50u, 100u});
  std::vector<TrafficRequest> requests;
  DramClock clock = 0;
  std::uint64_t stream = 0;
  for (unsigned i = 0; i < n; ++i) {
    clock += pause == 0 ? 0 : random() % pause;
    if (random() % 500 == 0) clock += 20'000;  // long enough for refreshes in a pause
    const std::uint64_t bytes = random() % 10 == 0 ? 1 + random() % 700 : 32;
    stream = random() % 3 == 0 ? random() % span : (stream + 64) % span;
    requests.push_back({clock, stream, bytes, random() % 100 < writes});
  }
  return requests;
}

std::uint64_t bursts_of(const std::vector<TrafficRequest>& requests, unsigned burst_bytes) {
  std::uint64_t bursts = 0;
  for (const TrafficRequest& r : requests)
    bursts += (r.address + r.bytes - 1) / burst_bytes - r.address / burst_bytes + 1;
  return bursts;
}

void check_run(const DramDevice& device, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const DramControllerConfig config = random_config(random);
  DramController controller(device, config);
  std::vector<std::vector<CommandRecord>> logs(config.channels);
  for (unsigned i = 0; i < config.channels; ++i) controller.record(i, &logs[i]);
  const auto requests = random_traffic(random, controller.size_bytes(), 1500);
  const std::vector<std::uint64_t> done = test::play(controller, requests);

  std::uint64_t columns = 0;
  for (const std::vector<CommandRecord>& log : logs) {
    CHECK(test::first_violation(log, device, config.ranks, config.refresh,
                                config.refresh_postponed) == "");
    for (const CommandRecord& r : log) {
      columns += r.command == DramCommand::rd || r.command == DramCommand::rda ||
                 r.command == DramCommand::wr || r.command == DramCommand::wra;
    }
  }
  const ControllerCounts counts = controller.counts();
  CHECK(columns + counts.channels.forwarded == bursts_of(requests, device.burst_bytes()));
  CHECK(counts.row_hits + counts.row_misses + counts.row_conflicts == columns);
  std::uint64_t bytes = 0;
  for (const TrafficRequest& r : requests) bytes += r.bytes;
  CHECK(counts.read_bytes + counts.write_bytes == bytes);
  CHECK(counts.reads + counts.writes == requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (done[i] == ~std::uint64_t{0} || done[i] < requests[i].clock * device.timing.tCK)
      FAIL("request " << i << " completed at " << done[i]);
  }
  CHECK(controller.idle());
}

}  // namespace

TEST_CASE("random traffic under random settings breaks no constraint and loses nothing") {
  for (const std::string& name : test::device_names()) {
    const DramDevice device = test::shipped_device(name);
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
      INFO(name << " seed " << seed);
      check_run(device, seed);
    }
  }
}

// Whether traffic at the device's own timings shows when `field` had to be one clock longer.
bool is_seen(const DramDevice& device, const DramTimingField& field) {
  DramDevice longer = device;
  ++(longer.timing.*field.member);
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    std::mt19937_64 random(seed);
    DramControllerConfig config = random_config(random);
    config.channels = 1;
    config.ranks = 2;
    config.read_queue = config.write_queue = 32;
    DramController controller(device, config);
    std::vector<CommandRecord> log;
    controller.record(0, &log);
    test::play(controller, random_traffic(random, controller.size_bytes(), 1500));
    if (!test::first_violation(log, longer, config.ranks, false, 0).empty()) return true;
  }
  return false;
}

// The checker would be worth nothing if it found nothing, nor the traffic if it met no constraint.
TEST_CASE("the traffic meets each constraint, and the checker sees it missed by one clock") {
  for (const std::string& name : test::device_names()) {
    const DramDevice device = test::shipped_device(name);
    const DramTiming& t = device.timing;
    for (const DramTimingField& field : dram_timing_fields()) {
      const auto is = [&](unsigned DramTiming::*member) { return field.member == member; };
      if (is(&DramTiming::tCK) || is(&DramTiming::tREFI)) continue;
      // In a single bank group, the longer of two spacings is the only one.
      const bool one_group = device.organisation.bank_groups == 1;
      if (one_group && (is(&DramTiming::tCCD_S) || is(&DramTiming::tWTR_S))) continue;
      if (is(&DramTiming::tFAW) && t.tFAW < 4 * t.tRRD_S) continue;  // LPDDR4: tRRD says it all
      INFO(name << ": " << field.name);
      CHECK(is_seen(device, field));
    }
  }
}

TEST_CASE("the same requests give the same completions") {
  const DramDevice device = test::shipped_device("hbm2");
  std::vector<std::uint64_t> first;
  for (int run = 0; run < 2; ++run) {
    std::mt19937_64 random(99);
    DramControllerConfig config = random_config(random);
    config.channels = 4;
    DramController controller(device, config);
    const auto done = test::play(controller, random_traffic(random, controller.size_bytes(), 5000));
    if (run == 0) first = done;
    CHECK(done == first);
  }
}

// Requests of single bursts, each place once: what passes whom can be told from the log.
TEST_CASE("under random traffic nobody is passed by more hits of its bank than the cap") {
  const DramDevice device = test::shipped_device("ddr4-3200");
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    DramControllerConfig config;
    config.mapping = "row-bank-bankgroup-column";
    config.starvation_cap = static_cast<unsigned>(random() % 6);
    config.unified_queue = true;
    DramController controller(device, config);
    std::vector<CommandRecord> log;
    controller.record(0, &log);
    const AddressMapping mapping(config.mapping, device, 1, 1, false);
    std::map<std::uint64_t, std::size_t> order;  // burst -> arrival
    std::map<std::pair<unsigned, std::uint32_t>, std::uint32_t> columns;
    std::vector<TrafficRequest> requests;
    for (std::uint32_t i = 0; i < 3000; ++i) {
      const auto bank = static_cast<unsigned>(random() % 2);
      const auto row = 4 * (i / 500) + static_cast<std::uint32_t>(random() % 4);
      const std::uint64_t burst = mapping.encode({0, bank, row, columns[{bank, row}]++});
      CHECK(order.emplace(burst, i).second);
      requests.push_back({0, burst * 64, 64, random() % 3 == 0});
    }
    test::play(controller, requests);
    std::map<unsigned, std::vector<std::size_t>> served;  // by bank, arrivals in order of service
    for (const CommandRecord& r : log) {
      if (r.command != DramCommand::rd && r.command != DramCommand::wr) continue;
      served[r.bank].push_back(order.at(mapping.encode({0, r.bank, r.row, r.column})));
    }
    for (const auto& [bank, list] : served) {
      for (std::size_t i = 0; i < list.size(); ++i) {
        const auto passed =
            std::count_if(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(i),
                          [&](std::size_t other) { return other > list[i]; });
        if (static_cast<unsigned>(passed) > config.starvation_cap) {
          FAIL("arrival " << list[i] << " of bank " << bank << " was passed by " << passed);
        }
      }
    }
  }
}
