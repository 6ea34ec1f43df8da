// SPDX-License-Identifier: Apache-2.0
// Array commands of every mode and type, from bytes in the buffers to bytes in the buffers, and
// their cycles, against the oracle that was written from the array specification alone.
#include <catch2/catch.hpp>
#include <memory>

#include "case_program.h"
#include "device_bench.h"
#include "models/pe_grid/oracle/oracle.h"
#include "models/pe_grid/oracle/random_case.h"

using namespace epoch;

namespace {

constexpr unsigned cases = 100;  // of each mode

struct Run {
  std::uint32_t seed;
  std::unique_ptr<CaseProgram> program;
  std::unique_ptr<DeviceBench> bench;
};

// From the first array command's start to the last one's end, where a STATE that saves starts.
std::uint64_t array_cycles(const DeviceBench& bench, const std::vector<Descriptor>& commands) {
  const auto starts = bench.starts("pe_grid");  // of all but the NOP at the end
  REQUIRE(starts.size() == commands.size() - 1);
  const auto opcode = [&](std::size_t i) { return EPOCH_CONTROL_OPCODE(commands[i][0]); };
  std::size_t first = 0;
  while (opcode(first) != EPOCH_OP_SSM && opcode(first) != EPOCH_OP_GEMM) ++first;
  const bool saves = opcode(commands.size() - 2) == EPOCH_OP_STATE;
  return (saves ? starts.back() : bench.spans("pe_grid").back().end) - starts[first];
}

void check(const Run& run, const std::string& mode) {
  DeviceBench& bench = *run.bench;
  const CaseProgram& program = *run.program;
  for (const CaseProgram::Bytes& operand : program.operands())
    if (!operand.data.empty()) bench.poke(operand.at, operand.data.data(), operand.data.size());
  bench.record_traces();
  const std::vector<Descriptor> commands = program.commands();
  bench.ring_entries = 64;
  bench.execute(commands);

  const nlohmann::json expected =
      grid_oracle::run_oracle(grid_oracle::random_grid_case(run.seed, mode));
  std::vector<CaseProgram::Bytes> results = program.results();
  for (CaseProgram::Bytes& result : results)
    bench.peek(result.at, result.data.data(), result.data.size());
  CHECK(program.outputs(results) == expected["outputs"]);
  if (program.has_state()) {
    std::vector<std::uint8_t> state(program.state_bytes());
    bench.peek(program.state_at(), state.data(), state.size());
    CHECK(program.state(state) == expected["state"]);
  }
  std::uint64_t cycles = expected["cycles"].get<std::uint64_t>() + program.drain_cycles();
  if (mode == "mac") cycles -= expected["coeff_cycles"].get<std::uint64_t>();
  CHECK(array_cycles(bench, commands) == cycles);
  const double saturated = expected.contains("saturated") ? expected["saturated"].get<double>() : 0;
  CHECK(bench.statistic(bench.core.name() + std::string(".counters.numeric_saturated")) ==
        saturated);
}

void compare(const std::string& mode, std::uint32_t first) {
  std::vector<Run> runs;
  for (std::uint32_t seed = first; seed < first + cases; ++seed) {
    Run run{seed, nullptr, nullptr};
    run.program = std::make_unique<CaseProgram>(grid_oracle::random_grid_case(seed, mode));
    EpochCoreConfig config = run.program->hardware();
    config.fidelity = seed % 2 == 0 ? Fidelity::fast : Fidelity::cycle;
    run.bench = std::make_unique<DeviceBench>(config, "s" + std::to_string(seed) + "_");
    runs.push_back(std::move(run));
  }
  for (const Run& run : runs) {
    CAPTURE(mode, run.seed);
    check(run, mode);
  }
}

}  // namespace

TEST_CASE("commands of mode real equal the oracle") {
  compare("real", 1000);
}
TEST_CASE("commands of mode complex equal the oracle") {
  compare("complex", 2000);
}
TEST_CASE("commands of mode liquid real equal the oracle") {
  compare("liquid_real", 3000);
}
TEST_CASE("commands of mode liquid complex equal the oracle") {
  compare("liquid_complex", 4000);
}
TEST_CASE("commands of mode dplr equal the oracle") {
  compare("dplr", 5000);
}
TEST_CASE("commands of mode selective equal the oracle") {
  compare("selective", 6000);
}
TEST_CASE("commands of mode ssd equal the oracle") {
  compare("ssd", 7000);
}
TEST_CASE("commands of mode edge equal the oracle") {
  compare("edge", 8000);
}
TEST_CASE("commands of mode mac equal the oracle") {
  compare("mac", 9000);
}
