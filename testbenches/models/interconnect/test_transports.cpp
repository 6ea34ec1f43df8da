// SPDX-License-Identifier: Apache-2.0
// How times of lt and at differ: measures the table of models/interconnect/README.md and compares.
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <iterator>

#include "at_bench.h"
#include "common/initiator_tester.h"
#include "common/sim_time.h"
#include "interconnect/lt_interconnect.h"

using namespace epoch;

namespace {

struct Row {
  const char* name;
  unsigned masters, bursts, bytes, outstanding;
  bool first_writes, second_writes;
  unsigned width = 64;

  bool writes(unsigned master) const { return master == 0 ? first_writes : second_writes; }
  InterconnectConfig bus() const {
    InterconnectConfig config;
    config.width_bytes = width;
    return config;
  }
};

constexpr Row rows[] = {
    {"one read of 256 B", 1, 1, 256, 1, false, false},
    {"one write of 256 B", 1, 1, 256, 1, true, false},
    {"one read of 64 B", 1, 1, 64, 1, false, false},
    {"100 reads of 256 B, one at a time", 1, 100, 256, 1, false, false},
    {"1000 reads of 256 B, 16 outstanding", 1, 1000, 256, 16, false, false},
    {"1000 writes of 256 B, 16 outstanding", 1, 1000, 256, 16, true, false},
    {"two masters, each 1000 reads of 256 B, 8 outstanding", 2, 1000, 256, 8, false, false},
    {"16-byte bus: 1000 reads of 256 B, 16 outstanding", 1, 1000, 256, 16, false, false, 16},
    {"16-byte bus: one master reads, one writes, each 1000 times 256 B, 16 outstanding", 2, 1000,
     256, 16, false, true, 16},
};

std::uint64_t address_of(unsigned master, unsigned burst, const Row& row) {
  return AtBench::dram_base + (std::uint64_t{master} << 20) + std::uint64_t{burst} * row.bytes;
}

double last_answer_at(const Row& row) {
  AtBench bench(alike(row.masters), row.bus());
  for (unsigned m = 0; m < row.masters; ++m) {
    bench.master(m).outstanding = row.outstanding;
    for (unsigned i = 0; i < row.bursts; ++i)
      row.writes(m)
          ? bench.master(m).write(address_of(m, i, row), std::vector<std::uint8_t>(row.bytes))
          : bench.master(m).read(address_of(m, i, row), row.bytes);
  }
  bench.run();
  if (!bench.violations.empty()) std::abort();
  std::uint64_t last = 0;
  for (const auto& master : bench.masters) last = std::max(last, master->answers.back().done_ps);
  return static_cast<double>(last) / 1e3;
}

double last_answer_lt(const Row& row) {
  LtInterconnect bus("bus", row.bus());
  Dram dram("dram", DramConfig{});
  bus.add_target("dram", AtBench::dram_base, dram.size()).bind(dram.socket);
  std::deque<InitiatorTester> masters;
  std::uint64_t last = 0;
  for (unsigned m = 0; m < row.masters; ++m) {
    InitiatorTester& master = masters.emplace_back(("m" + std::to_string(m)).c_str());
    master.socket.bind(bus.add_initiator("m" + std::to_string(m), true));
    master.decoupled = true;
    master.spawn([&row, &master, &last, m] {
      std::vector<std::uint8_t> data(row.bytes);
      std::deque<std::uint64_t> under_way;
      for (unsigned i = 0; i < row.bursts; ++i) {
        if (under_way.size() == row.outstanding) {
          const std::uint64_t until = under_way.front();
          under_way.pop_front();
          if (until > now_ps()) sc_core::wait(from_ps(until - now_ps()));
        }
        row.writes(m) ? master.write(address_of(m, i, row), data.data(), row.bytes)
                      : master.read(address_of(m, i, row), data.data(), row.bytes);
        under_way.push_back(now_ps(master.last_delay));
      }
      last = std::max(last, under_way.back());
    });
  }
  sc_core::sc_start();
  return static_cast<double>(last) / 1e3;
}

double in_child(double (*measure)(const Row&), const Row& row) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const double ns = measure(row);
    _exit(write(ends[1], &ns, sizeof ns) == sizeof ns ? 0 : 1);
  }
  close(ends[1]);
  double ns = 0;
  REQUIRE(read(ends[0], &ns, sizeof ns) == sizeof ns);
  close(ends[0]);
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(status == 0);
  return ns;
}

}  // namespace

TEST_CASE("the README's table of times in lt and at is what they take") {
  std::ifstream file(INTERCONNECT_README);
  const std::string readme{std::istreambuf_iterator<char>(file), {}};
  for (const Row& row : rows) {
    char line[160];
    std::snprintf(line, sizeof line, "| %s | %.1f | %.1f |", row.name,
                  in_child(last_answer_lt, row), in_child(last_answer_at, row));
    std::printf("%s\n", line);
    CHECK_THAT(readme, Catch::Contains(line));
  }
}
