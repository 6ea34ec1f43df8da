// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <random>

#include "memory/dram_controller/controller.h"
#include "memory/dram_controller/dram_estimate.h"
#include "models/memory/dram_controller/devices.h"
#include "models/memory/dram_controller/traffic.h"

using namespace epoch;
using test::TrafficRequest;

namespace {

constexpr const char* kRowMajor = "row-rank-bankgroup-bank-column-channel";

DramControllerConfig quiet() {
  DramControllerConfig config;
  config.mapping = kRowMajor;
  config.refresh = false;
  return config;
}

// A master with `window` reads outstanding, by estimate and by controller: the last completion.
struct Both {
  double estimate_ns, controller_ns;
};
Both stream(const DramDevice& device, const DramControllerConfig& config, unsigned n,
            unsigned bytes, const std::function<TrafficRequest(unsigned)>& request) {
  DramEstimate estimate(device, config);
  DramController controller(device, config);
  std::vector<std::uint64_t> done;
  std::vector<TrafficRequest> requests;
  constexpr unsigned window = 32;
  for (unsigned i = 0; i < n; ++i) {
    requests.push_back(request(i));
    const std::uint64_t arrival = i < window ? 0 : done[i - window];
    done.push_back(estimate.reserve(arrival, requests[i].address, bytes, requests[i].write));
  }
  test::play(controller, requests);
  std::uint64_t last = 0;
  for (const std::uint64_t one : done) last = std::max(last, one);
  return {static_cast<double>(last) / 1e3,
          static_cast<double>(controller.counts().last_end * device.timing.tCK) / 1e3};
}

}  // namespace

TEST_CASE("the estimate of an idle memory is the controller's") {
  for (const std::string& name : test::device_names()) {
    INFO(name);
    const DramDevice device = test::shipped_device(name);
    const DramTiming& t = device.timing;
    const unsigned burst = device.burst_clocks();
    DramEstimate estimate(device, quiet());
    const AddressMapping mapping(kRowMajor, device, 1, 1, false);
    const auto at = [&](std::uint32_t row, std::uint32_t column) {
      return mapping.encode({0, 0, row, column}) * device.burst_bytes();
    };
    const std::uint64_t period = t.tCK;
    CHECK(estimate.unloaded_ps(1, false) == (t.tRCDRD + t.CL + burst) * period);
    CHECK(estimate.unloaded_ps(1, true) == (t.tRCDWR + t.CWL + burst) * period);
    CHECK(estimate.unloaded_ps(4 * device.burst_bytes(), false) ==
          (t.tRCDRD + t.CL + 4 * burst) * period);
    CHECK(estimate.reserve(1000 * period, at(1, 0), 1, false) ==
          (1000 + t.tRCDRD + t.CL + burst) * period);
    CHECK(estimate.reserve(2000 * period, at(1, 1), 1, false) == (2000 + t.CL + burst) * period);
    CHECK(estimate.reserve(3000 * period, at(2, 0), 1, false) ==
          (3000 + t.tRP + t.tRCDRD + t.CL + burst) * period);
    CHECK(estimate.reserve(4000 * period, at(2, 1), 1, true) == 4000 * period);
    CHECK(estimate.bank_counts(0, 0).hits == 1);
    CHECK(estimate.bank_counts(0, 0).misses == 1);
    CHECK(estimate.bank_counts(0, 0).conflicts == 1);
    // The write is drained in the pause, and counts then.
    CHECK(estimate.counts(0).writes == 0);
    estimate.reserve(9000 * period, at(2, 2), 1, false);
    CHECK(estimate.counts(0).writes == 1);
  }
}

TEST_CASE("a stream in order takes as long by estimate as by the controller, refreshes included") {
  for (const std::string& name : test::device_names()) {
    INFO(name);
    const DramDevice device = test::shipped_device(name);
    DramControllerConfig config;
    for (const bool write : {false, true}) {
      const Both both = stream(device, config, 20'000, device.burst_bytes(), [&](unsigned i) {
        return TrafficRequest{0, std::uint64_t{i} * device.burst_bytes(), device.burst_bytes(),
                              write};
      });
      CHECK(both.estimate_ns == Approx(both.controller_ns).epsilon(0.03));
    }
  }
}

TEST_CASE("a stride over the rows of one bank takes as long by estimate as by the controller") {
  for (const std::string& name : test::device_names()) {
    INFO(name);
    const DramDevice device = test::shipped_device(name);
    const AddressMapping mapping(kRowMajor, device, 1, 1, false);
    const Both both = stream(device, quiet(), 2000, 1, [&](unsigned i) {
      return TrafficRequest{0, mapping.encode({0, 0, i, 0}) * device.burst_bytes(), 1, false};
    });
    CHECK(both.estimate_ns == Approx(both.controller_ns).epsilon(0.001));
  }
}

TEST_CASE("random reads take longer in order than reordered, within the table of the README") {
  for (const std::string& name : test::device_names()) {
    const DramDevice device = test::shipped_device(name);
    std::mt19937_64 random(5);
    const Both both = stream(device, DramControllerConfig(), 20'000, 1, [&](unsigned) {
      return TrafficRequest{0, random() % device.rank_bytes(), 1, false};
    });
    INFO(name << " " << both.estimate_ns << " " << both.controller_ns);
    CHECK(both.estimate_ns >= 0.97 * both.controller_ns);
    CHECK(both.estimate_ns <= 2 * both.controller_ns);
  }
}

TEST_CASE("a master that writes faster than the memory waits for room in the buffer") {
  const DramDevice device = test::shipped_device("ddr4-3200");
  DramEstimate estimate(device, quiet());
  std::uint64_t last = 0;
  const unsigned n = 10'000;
  for (unsigned i = 0; i < n; ++i) last = estimate.reserve(0, std::uint64_t{i} * 64, 64, true);
  // All but what the buffer holds is written, in one bank group after the other: tCCD_L apart.
  CHECK(last <= n * 8 * 625);
  CHECK(static_cast<double>(last) >= 0.95 * n * 8 * 625);
}

TEST_CASE("an estimate after a long pause costs no time for the refreshes in between") {
  const DramDevice device = test::shipped_device("ddr4-3200");
  DramEstimate estimate(device, DramControllerConfig());
  estimate.reserve(0, 0, 64, false);
  const std::uint64_t later = std::uint64_t{625} * 12480 * 100'000'000;
  CHECK(estimate.reserve(later - 625, 64, 64, false) < later + 1'000'000);
  CHECK(estimate.counts(0).refreshes >= 99'999'999);
}
