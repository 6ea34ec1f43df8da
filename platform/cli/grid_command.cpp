// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <sstream>

#include "cli/command.h"
#include "errors.h"
#include "grid/grid_case.h"

namespace epoch {

namespace po = boost::program_options;

namespace {

std::string help_text(const po::options_description& options) {
  std::ostringstream text;
  text << "usage: epochvp grid CASE.json [--vectors DIR]\n\n"
          "Runs one command on the PE array alone, in both fidelities, and prints results, final\n"
          "state and cycles as JSON. A case names mode, type, array, sizes and operands as hex\n"
          "words, or a seed that makes them: platform/grid/README.md.\n\n"
       << options
       << "\nExample:\n"
          "  echo '{\"mode\": \"complex\", \"rows\": 8, \"cols\": 4, \"segment_rows\": 8,\n"
          "         \"channels\": 4, \"modes\": 8, \"steps\": 16, \"seed\": 1}' > case.json\n"
          "  epochvp grid case.json --vectors vectors\n\n"
       << kExitStatusHelp;
  return text.str();
}

}  // namespace

int grid_command(const std::vector<std::string>& arguments) {
  po::options_description options("Options");
  options.add_options()("vectors", po::value<std::string>()->value_name("DIR"),
                        "also write operands and results as $readmemh files, and manifest.json")(
      "help,h", "show this text");
  const po::variables_map values = parse_options(arguments, options, {"case"});
  if (values.count("help") != 0) {
    print(help_text(options));
    return 0;
  }
  const auto file = optional_text(values, "case");
  if (!file) throw UsageError("grid needs a case, e.g. epochvp grid case.json");
  const GridCase grid_case = read_grid_case_file(*file);
  Json results;
  try {
    results = grid_results(grid_case);
    if (const auto folder = optional_text(values, "vectors")) {
      write_grid_vectors(grid_case, *folder);
      std::fprintf(stderr, "epochvp: vectors %s/manifest.json\n", folder->c_str());
    }
  } catch (const std::invalid_argument& refusal) {
    throw InputError(*file, refusal.what());
  }
  print(results.dump() + "\n");
  return 0;
}

}  // namespace epoch
