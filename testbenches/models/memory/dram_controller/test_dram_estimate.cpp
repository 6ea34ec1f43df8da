// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <random>
#include <tuple>

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
    CHECK(estimate.bank_counts(0, 0).hits == 2);
    CHECK(estimate.bank_counts(0, 0).misses == 1);
    CHECK(estimate.bank_counts(0, 0).conflicts == 1);
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

// Masters with `window` requests of 256 bytes outstanding, each starting when the oldest ends.
double closed_loop_controller_ns(const DramDevice& device, unsigned window,
                                 const std::vector<TrafficRequest>& requests) {
  DramController controller(device, DramControllerConfig());
  std::uint64_t now = 0, last = 0, next = 0;
  unsigned outstanding = 0;
  while (true) {
    DramController::Completion done;
    while (controller.pop_completion(done)) {
      --outstanding;
      last = std::max(last, done.time_ps);
    }
    for (; next < requests.size() && outstanding < window; ++next, ++outstanding) {
      const TrafficRequest& r = requests[next];
      if (!controller.can_accept(r.write, r.address)) break;
      controller.enqueue(next, r.address, r.bytes, r.write, now);
    }
    const std::uint64_t event = controller.next_event_ps();
    if (event == kNoDramClock) return static_cast<double>(last) / 1e3;
    controller.advance_to(now = std::max(now, event));
  }
}

double closed_loop_estimate_ns(const DramDevice& device, unsigned window,
                               const std::vector<TrafficRequest>& requests) {
  DramEstimate estimate(device, DramControllerConfig());
  std::vector<std::uint64_t> slots(window);
  for (const TrafficRequest& r : requests) {
    std::uint64_t& slot = *std::min_element(slots.begin(), slots.end());
    slot = estimate.reserve(slot, r.address, r.bytes, r.write);
  }
  return static_cast<double>(*std::max_element(slots.begin(), slots.end())) / 1e3;
}

// The README's table of how times differ.
TEST_CASE("estimate and controller differ by no more than the README says") {
  for (const std::string& name : test::device_names()) {
    const DramDevice device = test::shipped_device(name);
    std::mt19937_64 random(1);
    std::vector<TrafficRequest> stream, mixed, two_streams, scattered;
    for (unsigned i = 0; i < 10'000; ++i) {
      const std::uint64_t far = i % 2 == 0 ? 0 : std::uint64_t{1} << 28;  // the same bank
      const std::uint64_t half = i / 2 * std::uint64_t{256};
      stream.push_back({0, i * std::uint64_t{256}, 256, false});
      mixed.push_back({0, (far == 0 ? 0 : far + 4096) + half, 256, i % 2 == 1});
      two_streams.push_back({0, far + half, 256, false});
      scattered.push_back({0, random() % device.rank_bytes() / 256 * 256, 256, false});
    }
    for (const auto& [kind, requests, least, most] :
         {std::tuple("stream", stream, -0.06, 0.02), std::tuple("mixed", mixed, -0.30, 0.15),
          std::tuple("two streams", two_streams, -0.30, 0.05),
          std::tuple("scattered", scattered, -0.25, 0.05)}) {
      for (const unsigned window : {1u, 8u}) {
        const double at = closed_loop_controller_ns(device, window, requests);
        const double lt = closed_loop_estimate_ns(device, window, requests);
        INFO(name << " " << kind << " window " << window << ": controller " << at
                  << " ns, estimate " << lt << " ns, " << 100 * (lt / at - 1) << " %");
        CHECK(lt / at - 1 >= least);
        CHECK(lt / at - 1 <= most);
      }
    }
  }
}

TEST_CASE("a master that writes faster than the memory waits for room in the buffer") {
  const DramDevice device = test::shipped_device("ddr4-3200");
  DramEstimate estimate(device, quiet());
  std::uint64_t last = 0;
  const unsigned n = 10'000;
  for (unsigned i = 0; i < n; ++i) last = estimate.reserve(0, std::uint64_t{i} * 64, 64, true);
  // In one bank group after the other, tCCD_L apart; a group that begins gets slots that the one
  // before has left.
  CHECK(last <= n * 8 * 625);
  CHECK(static_cast<double>(last) >= 0.9 * n * 8 * 625);
}

TEST_CASE("an estimate after a long pause costs no time for the refreshes in between") {
  const DramDevice device = test::shipped_device("ddr4-3200");
  DramEstimate estimate(device, DramControllerConfig());
  estimate.reserve(0, 0, 64, false);
  const std::uint64_t later = std::uint64_t{625} * 12480 * 100'000'000;
  CHECK(estimate.reserve(later - 625, 64, 64, false) < later + 1'000'000);
  CHECK(estimate.counts(0).refreshes >= 99'999'999);
}
