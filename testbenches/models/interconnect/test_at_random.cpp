// SPDX-License-Identifier: Apache-2.0
// Random traffic of several masters through random crossbars: every byte against a plain memory,
// every hop watched, and the same times whichever order the modules are elaborated in. A child a
// run.
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>

#include "at_bench.h"

using namespace epoch;

namespace {

constexpr unsigned masters = 3, region_bytes = 4096, requests = 400;

unsigned below(std::mt19937& random, std::size_t n) {
  return static_cast<unsigned>(random() % n);
}

InterconnectConfig random_bus(std::mt19937& random) {
  const auto one_of = [&](std::vector<unsigned> values) {
    return values[below(random, values.size())];
  };
  InterconnectConfig config;
  config.clock_mhz = one_of({333, 500, 1000});
  config.width_bytes = one_of({4, 16, 64, 128});
  config.arbitration = static_cast<Arbitration>(below(random, 3));
  config.latency_cycles = below(random, 4);
  config.outstanding_per_initiator = one_of({1, 2, 7, 64});
  config.outstanding_per_target = one_of({1, 3, 64});
  config.max_burst_bytes = one_of({16, 64, 256, 4096});
  return config;
}

// Every master has a region of its own in every target; within a target its accesses keep their
// order, so a plain memory says what each read returns.
class Traffic {
 public:
  Traffic(AtBench& bench, std::mt19937& random) : bench_(bench) {
    for (unsigned m = 0; m < masters; ++m) {
      bench.master(m).outstanding = 1 + below(random, 16);
      for (unsigned n = 0; n < requests; ++n) put(m, random);
    }
  }
  // Empty if every answer is what it should be.
  std::string problem() const {
    for (unsigned m = 0; m < masters; ++m) {
      const auto& answers = bench_.masters[m]->answers;
      if (answers.size() != requests) return "answers are missing";
      for (const auto& answer : answers) {
        if (answer.status != tlm::TLM_OK_RESPONSE) return "an error";
        if (answer.data != expected_[m][answer.number]) return "other data";
      }
    }
    return "";
  }

 private:
  void put(unsigned m, std::mt19937& random) {
    static constexpr std::uint64_t bases[] = {AtBench::dram_base, AtBench::at_base,
                                              AtBench::lt_base};
    const unsigned target = below(random, 3), offset = below(random, region_bytes - 512);
    const unsigned bytes = 1 + below(random, 512), place = m * region_bytes + offset;
    std::vector<std::uint8_t>& memory = memories_[target];
    memory.resize(masters * region_bytes);
    if (below(random, 2) == 0) {
      bench_.master(m).read(bases[target] + place, bytes);
      expected_[m].emplace_back(memory.begin() + place, memory.begin() + place + bytes);
      return;
    }
    std::vector<std::uint8_t> data(bytes);
    for (auto& byte : data) byte = static_cast<std::uint8_t>(random());
    std::copy(data.begin(), data.end(), memory.begin() + place);
    bench_.master(m).write(bases[target] + place, data);
    expected_[m].push_back(data);
  }

  AtBench& bench_;
  std::vector<std::uint8_t> memories_[3];
  std::vector<std::vector<std::uint8_t>> expected_[masters];
};

// Statistics and times of a run as text, or what is wrong with it.
std::string run(unsigned seed, bool reverse) {
  std::mt19937 random(seed);
  const InterconnectConfig config = random_bus(random);
  DramConfig dram;
  dram.size_bytes = 1 << 20;
  dram.queue_depth = 1 + below(random, 8);
  AtBench bench({{3, 1}, {1, 0}, {2, 2}}, config, dram, reverse);
  bench.device.before_access = [&](tlm::tlm_generic_payload& payload) {
    bench.device.latency =
        sc_core::sc_time(static_cast<double>(payload.get_address() % 40), sc_core::SC_NS);
  };
  bench.slow.latency = sc_core::sc_time(30, sc_core::SC_NS);
  Traffic traffic(bench, random);
  bench.run();
  if (!bench.violations.empty()) return "violation: " + bench.violations[0];
  const std::string problem = traffic.problem() + bench.bus.conservation();
  if (!problem.empty()) return "problem: " + problem;
  Statistics all;
  bench.bus.statistics(all);
  bench.dram.statistics(all);
  std::string text = "ok";
  for (const Statistic& statistic : all)
    std::visit([&](auto value) { text += " " + std::to_string(value); }, statistic.value);
  for (const auto& master : bench.masters)
    for (const auto& answer : master->answers) text += " " + std::to_string(answer.done_ps);
  return text;
}

std::string in_child(unsigned seed, bool reverse) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    close(ends[0]);
    const std::string text = run(seed, reverse);
    std::size_t done = 0;
    while (done < text.size()) {
      const ssize_t count = write(ends[1], text.data() + done, text.size() - done);
      if (count <= 0) _exit(1);
      done += static_cast<std::size_t>(count);
    }
    _exit(0);
  }
  close(ends[1]);
  std::string text;
  char part[4096];
  for (ssize_t count; (count = read(ends[0], part, sizeof part)) > 0;)
    text.append(part, static_cast<std::size_t>(count));
  close(ends[0]);
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(status == 0);
  return text;
}

}  // namespace

TEST_CASE("random traffic is what a plain memory says, in either order of elaboration") {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    const std::string forward = in_child(seed, false);
    CHECK(forward.substr(0, 3) == "ok ");
    CHECK(in_child(seed, true) == forward);
  }
}
