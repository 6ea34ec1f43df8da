// SPDX-License-Identifier: Apache-2.0
#include <sstream>

#include "cli/command.h"
#include "memory_map.h"
#include "report/map_report.h"
#include "run/workload.h"

namespace epoch {

namespace po = boost::program_options;

namespace {

std::string help_text(const po::options_description& options) {
  std::ostringstream text;
  text << "usage: epochvp map [SCENARIO] [options]\n\n"
          "Prints who answers which address, and where a scenario's program, network and data are\n"
          "loaded.\n\n"
       << options
       << "\nExamples:\n"
          "  epochvp map\n"
          "  epochvp map smnist --set memory_map.uart=0x11000000\n\n"
       << kExitStatusHelp;
  return text.str();
}

}  // namespace

int map_command(const std::vector<std::string>& arguments) {
  po::options_description options("Options");
  add_set_option(options);
  options.add_options()("help,h", "show this text");
  const po::variables_map values = parse_options(arguments, options, {"scenario"});
  if (values.count("help") != 0) {
    print(help_text(options));
    return 0;
  }
  const SearchFolders folders = default_search_folders();
  const Configuration configuration =
      configuration_for(optional_text(values, "scenario"), set_arguments(values), folders);
  std::vector<Region> loaded;
  if (!configuration.values.firmware.elf.empty()) {
    loaded = loaded_regions(load_workload(configuration, folders));
  }
  print(memory_map_text(platform_regions(configuration.values), loaded));
  return 0;
}

}  // namespace epoch
