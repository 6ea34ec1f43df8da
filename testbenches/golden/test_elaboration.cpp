// SPDX-License-Identifier: Apache-2.0
// Whole runs with the modules elaborated in either order: the kernel's order of processes follows
// the order of elaboration, and nothing that anybody sees may follow it.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "common/file_text.h"
#include "platform/scratch_folder.h"
#include "run/simulation.h"

namespace epoch {
namespace {

using test::ScratchFolder;

// One run in this process, which elaborates only once: its UART is `uart`, the rest by name.
int run(const Configuration& configuration, Soc::Elaboration order, const ScratchFolder& folder,
        const std::string& name) {
  const int uart = ::open((folder / (name + ".uart")).c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600);
  if (uart < 0 || ::dup2(uart, STDOUT_FILENO) < 0) return 200;
  const Workload workload =
      load_workload(configuration, SearchFolders{{EPOCH_FIRMWARE}, {EPOCH_SCENARIOS}});
  Simulation simulation(configuration.values, workload, order);
  VcdWriter vcd(folder / (name + ".vcd"));
  simulation.trace_to(vcd);
  simulation.trace_mmio_to(folder / (name + ".mmio"));
  simulation.trace_events_to(folder / (name + ".trace"), 64u << 20, Json::object());
  LogWriter log(parse_log_rules("*=debug"), LogWriter::Format::text, folder / (name + ".log"));
  simulation.log_to(log);
  simulation.record_series();
  const RunSummary summary = simulation.run({});
  Json report = statistics_report(summary, simulation.statistics(), simulation.series());
  report["simulation"].erase("host");
  std::ofstream(folder / (name + ".stats")) << report.dump(1);
  return summary.exit_status;
}

void compare(const std::string& scenario, const std::vector<std::string>& sets,
             const std::vector<std::string>& arguments) {
  const ScratchFolder folder;
  Configuration configuration =
      load_configuration(std::filesystem::path(EPOCH_SCENARIOS) / scenario, sets);
  configuration.values.firmware.args = arguments;
  for (const bool forward : {true, false}) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0)
      ::_exit(run(configuration, forward ? Soc::Elaboration::forward : Soc::Elaboration::reverse,
                  folder, forward ? "forward" : "reverse"));
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CAPTURE(scenario, forward);
    REQUIRE(WIFEXITED(status));
    REQUIRE(WEXITSTATUS(status) == 0);
  }
  for (const char* kind : {".uart", ".stats", ".vcd", ".mmio", ".trace", ".log"}) {
    CAPTURE(scenario, kind);
    const std::string forward = test::file_text(folder / (std::string("forward") + kind));
    CHECK(forward.size() > 100);
    CHECK(forward == test::file_text(folder / (std::string("reverse") + kind)));
  }
}

TEST_CASE("elaboration in reverse changes no byte of a digit's run") {
  compare("smnist.json", {}, {"--digits=2", "--logits"});
}

TEST_CASE("elaboration in reverse changes no byte while two EpochCores share the memory") {
  compare("smnist.json", {"epochcore.instances=2"}, {"--digits=4", "--logits"});
}

TEST_CASE("elaboration in reverse changes no byte of the self-test at quantum 0") {
  compare("selftest.json", {"cpu.quantum_ns=0"}, {"--waits=1000"});
}

TEST_CASE("elaboration in reverse changes no byte of a digit's run in transport at") {
  compare("smnist.json", {"transport=at"}, {"--digits=2", "--logits"});
}

TEST_CASE("elaboration in reverse changes no byte in transport at while two EpochCores contend") {
  compare(
      "smnist.json",
      {"transport=at", "epochcore.instances=2", "interconnect.arbitration=weighted",
       "interconnect.weight.dma=3", "interconnect.width_bytes=8", "interconnect.max_burst_bytes=64",
       "interconnect.outstanding_per_target=3", "interconnect.check_protocol=true"},
      {"--digits=4", "--logits"});
}

TEST_CASE("elaboration in reverse changes no byte of the self-test in transport at, quantum 0") {
  compare("selftest.json", {"transport=at", "cpu.quantum_ns=0"}, {"--waits=1000"});
}

}  // namespace
}  // namespace epoch
