// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <sstream>

#include "cli/command.h"
#include "config/key_value.h"
#include "memory_map.h"
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

std::string line(const Region& region, const std::string& indent) {
  std::string size = std::to_string(region.size) + " B";
  if (region.size % (1 << 20) == 0) {
    size = std::to_string(region.size >> 20) + " MiB";
  } else if (region.size % (1 << 10) == 0) {
    size = std::to_string(region.size >> 10) + " KiB";
  }
  const std::string padding(size.size() < 10 ? 10 - size.size() : 0, ' ');
  return hex_address(region.base) + "  " + hex_address(region.end() - 1) + "  " + padding + size +
         "  " + indent + region.name + "\n";
}

// What is loaded, sorted by address.
std::vector<Region> contents(const Workload& workload) {
  std::vector<Region> regions;
  for (const ElfSegment& segment : workload.elf.segments()) {
    regions.push_back({"program " + std::filesystem::path(workload.elf_name).filename().string(),
                       segment.address, segment.memory_bytes});
  }
  for (const Blob& blob : workload.blobs) regions.push_back(blob.region());
  std::stable_sort(regions.begin(), regions.end(),
                   [](const Region& a, const Region& b) { return a.base < b.base; });
  return regions;
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
    loaded = contents(load_workload(configuration, folders));
  }
  std::string text = "first       last              size  name\n";
  for (const Region& region : platform_regions(configuration.values)) {
    text += line(region, "");
    for (const Region& part : loaded) {
      if (region.contains(part.base, part.size)) text += line(part, "  ");
    }
  }
  print(text);
  return 0;
}

}  // namespace epoch
