// SPDX-License-Identifier: Apache-2.0
#include <sstream>

#include "cli/command.h"
#include "errors.h"
#include "memtest/replay.h"

namespace epoch {

namespace po = boost::program_options;

namespace {

std::string help_text(const po::options_description& options) {
  std::ostringstream text;
  text << "usage: epochvp memtest CONFIG --trace FILE [--set KEY=VALUE ...]\n\n"
          "Replays a memory trace through the DRAM controller alone and prints bandwidth,\n"
          "latency and row statistics as JSON. CONFIG is a scenario; of it only \"dram\" counts,\n"
          "whose device must be a real one. A trace has a request a line, in controller clocks,\n"
          "addresses from the start of the memory, \"#\" before comments:\n\n"
          "  <clk> R|W 0x<addr> <bytes>\n\n"
          "A request is taken at its clock, or as soon after as the queue has room; later lines\n"
          "wait behind it. mean_latency_ns counts from there to a read's last data (the write's,\n"
          "in a trace without reads); platform/memtest/README.md explains every figure.\n\n"
       << options
       << "\nExample:\n"
          "  echo '{ \"dram\": { \"device\": \"ddr4-3200\" } }' > memory.json\n"
          "  printf '%s\\n' '0 R 0x0 64' '4 R 0x40 64' '8 W 0x2000 64' > trace.txt\n"
          "  epochvp memtest memory.json --trace trace.txt\n"
          "  epochvp memtest memory.json --trace trace.txt --set dram.page_policy=closed\n\n"
       << kExitStatusHelp;
  return text.str();
}

}  // namespace

int memtest_command(const std::vector<std::string>& arguments) {
  po::options_description options("Options");
  options.add_options()("trace", po::value<std::string>()->value_name("FILE"),
                        "requests to replay");
  add_set_option(options);
  options.add_options()("help,h", "show this text");
  const po::variables_map values = parse_options(arguments, options, {"config"});
  if (values.count("help") != 0) {
    print(help_text(options));
    return 0;
  }
  const auto scenario = optional_text(values, "config");
  const auto file = optional_text(values, "trace");
  if (!scenario || !file) {
    throw UsageError(
        "memtest needs a configuration and a trace, e.g. epochvp memtest memory.json "
        "--trace trace.txt");
  }
  const Configuration configuration =
      configuration_for(scenario, set_arguments(values), default_search_folders());
  const DramConfig& dram = configuration.values.dram;
  if (!dram.device) {
    configuration.refuse("dram.device",
                         "\"ideal\" has no controller; name a device, e.g. ddr4-3200");
  }
  DramController controller(*dram.device, dram.controller);
  TraceFile trace(*file, controller.size_bytes());
  print(replay(controller, trace, *file).dump(2) + "\n");
  return 0;
}

}  // namespace epoch
