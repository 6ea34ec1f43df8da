// SPDX-License-Identifier: Apache-2.0
#include "epoch_scheduler.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <memory>
#include <random>

#include "firmware/machine.h"
#include "firmware/sample_network.h"

using namespace epoch::test;

namespace {

constexpr std::uint64_t base = 0x1'8000'0000;  // above 4 GiB: bus addresses have 64 bits
constexpr std::uint32_t capacity = 60000;

// A network, its program, and the memory around it.
struct Scheduled {
  epoch_caps caps{};
  SampleNetwork sample;
  std::unique_ptr<SampleImage> image;
  epoch_network network{};
  std::uint32_t steps = 0;
  std::vector<epoch_descriptor> descriptors;
  std::vector<epoch_clock> clocks;
  epoch_program program{};
  epoch_schedule_request request{};
  epoch_schedule_failure failure{};
  std::unique_ptr<epoch_scheduler> scheduler = std::make_unique<epoch_scheduler>();
  std::size_t memory_bytes = 0;
  int status = 0;

  Scheduled(const epoch_caps& with, SampleNetwork of, std::uint32_t length)
      : caps(with), sample(std::move(of)), steps(length) {
    image = std::make_unique<SampleImage>(sample);
    REQUIRE(epoch_network_open(&network, image->data(), image->size(), &caps) == EPOCH_NETWORK_OK);
    descriptors.resize(capacity);
    clocks.resize(capacity);
    program = {descriptors.data(), capacity, 0};
    request.network = &network;
    request.caps = &caps;
    request.steps = steps;
    request.image = base;
    request.input = base + (image->size() + 4095) / 4096 * 4096;
    request.output = request.input + 4096 + steps * sample.input_width;
    request.output = (request.output + 63) / 64 * 64;
    const std::uint64_t result_bytes =
        4ull * epoch_network_output_steps(&network, steps) * sample.output_width();
    request.scratch = (request.output + result_bytes + 63) / 64 * 64;
    request.scratch_bytes = epoch_schedule_scratch_bytes(&network, &caps, steps);
    memory_bytes = request.scratch + request.scratch_bytes - base;
    status = epoch_schedule(scheduler.get(), &request, &program, clocks.data(), &failure);
  }
};

std::vector<std::uint8_t> random_pixels(std::mt19937& random, std::size_t count) {
  std::vector<std::uint8_t> pixels(count);
  for (auto& pixel : pixels) pixel = static_cast<std::uint8_t>(random());
  return pixels;
}

// Largest difference, relative to the largest reference value.
double error_of(const float* result, const std::vector<double>& expected) {
  double largest = 1e-3;
  double difference = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    largest = std::max(largest, std::abs(expected[i]));
    const double d = std::abs(double{result[i]} - expected[i]);
    difference = std::isnan(d) ? 1e9 : std::max(difference, d);
  }
  return difference / largest;
}

// Runs the program twice under random interleavings and compares with float64.
void check_runs(const Scheduled& scheduled, std::mt19937& random) {
  Machine machine(scheduled.caps, base, scheduled.memory_bytes, random());
  std::memcpy(machine.memory(base), scheduled.image->data(), scheduled.image->size());
  for (int run = 0; run < 2; ++run) {
    const auto pixels = random_pixels(random, scheduled.steps * scheduled.sample.input_width);
    std::memcpy(machine.memory(scheduled.request.input), pixels.data(), pixels.size());
    const std::uint64_t elements = machine.ssm_elements();
    const std::uint64_t products = machine.gemm_products();
    const bool ok = machine.run(scheduled.program);
    INFO(machine.problem());
    REQUIRE(ok);
    CHECK(machine.done());
    CHECK(machine.semaphores_zero());
    CHECK(machine.ssm_elements() - elements == scheduled.sample.ssm_elements(scheduled.steps));
    CHECK(machine.gemm_products() - products == scheduled.sample.gemm_products(scheduled.steps));
    const auto expected = evaluate(scheduled.sample, pixels, scheduled.steps);
    const auto* result = reinterpret_cast<const float*>(machine.memory(scheduled.request.output));
    CHECK(error_of(result, expected) < 1e-3);
  }
}

std::uint32_t pick(std::mt19937& random, std::uint32_t low, std::uint32_t high) {
  return std::uniform_int_distribution<std::uint32_t>(low, high)(random);
}


}  // namespace

TEST_CASE("random networks on random arrays and buffers compute what float64 does") {
  unsigned scheduled_networks = 0;
  unsigned refused = 0;
  for (std::uint32_t seed = 1; seed <= 400; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const epoch_array_shape array = random_array(random);
    const std::uint32_t steps = pick(random, 0, 3) == 0 ? 1 : pick(random, 1, 70);
    const epoch_caps caps = sample_caps(array, 64u << pick(random, 2, 10), 64u << pick(random, 3, 9),
                                        64u << pick(random, 2, 9));
    const Scheduled scheduled(caps, random_network(random, array), steps);
    if (scheduled.status != 0) {
      INFO(epoch_schedule_result_text(scheduled.failure.result));
      const auto result = scheduled.failure.result;
      CHECK((result == EPOCH_SCHEDULE_ACTIVATIONS || result == EPOCH_SCHEDULE_COEFFICIENTS ||
             result == EPOCH_SCHEDULE_ACCUMULATORS));
      CHECK(scheduled.failure.needed > scheduled.failure.available);
      ++refused;
      continue;
    }
    ++scheduled_networks;
    for (int interleaving = 0; interleaving < 3; ++interleaving) check_runs(scheduled, random);
  }
  CHECK(scheduled_networks > 200);
  CHECK(refused > 5);
}
