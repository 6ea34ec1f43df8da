// SPDX-License-Identifier: Apache-2.0
// Transport at: a run in which bytes of one hop are not those of the next is a platform error.
#include <catch2/catch.hpp>
#include <string>

#include "errors.h"
#include "run/simulation.h"

namespace epoch {
namespace {

// hello, with a read of the dram past the interconnect behind the `extra`th access; 0: none.
RunSummary run_hello(unsigned extra) {
  const Configuration configuration =
      load_configuration(std::filesystem::path(EPOCH_SCENARIOS) / "hello.json",
                         {"transport=at", "uart.output=file:/dev/null"});
  const Workload workload =
      load_workload(configuration, SearchFolders{{EPOCH_FIRMWARE}, {EPOCH_SCENARIOS}});
  Simulation simulation(configuration.values, workload);
  unsigned accesses = 0;
  simulation.on_bus_access = [&](const BusAccess&) {
    if (++accesses != extra) return;
    std::uint8_t word[4];
    tlm::tlm_generic_payload payload;
    payload.set_read();
    payload.set_data_ptr(word);
    payload.set_data_length(sizeof word);
    payload.set_streaming_width(sizeof word);
    sc_core::sc_time delay;
    simulation.soc().dram->socket.get_base_export()->b_transport(payload, delay);
  };
  const RunSummary summary = simulation.run({});
  CHECK(accesses > 100);
  return summary;
}

TEST_CASE("bytes agree at every hop") {
  const RunSummary summary = run_hello(0);
  CHECK(summary.exit_status == 0);
  CHECK(summary.message.empty());
}

TEST_CASE("bytes that the interconnect has not seen are a platform error with both figures") {
  const RunSummary summary = run_hello(100);
  CHECK(summary.exit_status == kExitPlatform);
  CHECK_THAT(summary.message, Catch::Contains("bytes do not agree: dram.read_bytes is ") &&
                                  Catch::Contains(", interconnect.target.dram.read_bytes is "));
}

}  // namespace
}  // namespace epoch
