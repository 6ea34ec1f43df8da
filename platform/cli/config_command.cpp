// SPDX-License-Identifier: Apache-2.0
#include <sstream>

#include "cli/command.h"
#include "config/describe.h"

namespace epoch {

namespace po = boost::program_options;

namespace {

std::string help_text(const po::options_description& options) {
  std::ostringstream text;
  text << "usage: epochvp config [SCENARIO] [options]\n\n"
          "Prints the effective configuration: every key, with its default where the scenario\n"
          "says nothing. The output is a scenario that runs the same.\n\n"
       << options
       << "\nExamples:\n"
          "  epochvp config smnist\n"
          "  epochvp config smnist --origin --set dram.ideal.latency_ns=100\n"
          "  epochvp config --schema > scenario.schema.json\n\n"
       << kExitStatusHelp;
  return text.str();
}

}  // namespace

int config_command(const std::vector<std::string>& arguments) {
  po::options_description options("Options");
  add_set_option(options);
  options.add_options()("origin", "one line a key: its value and who wrote it")(
      "schema", "print a JSON Schema of scenario files instead")("help,h", "show this text");
  const po::variables_map values = parse_options(arguments, options, {"scenario"});
  if (values.count("help") != 0) {
    print(help_text(options));
    return 0;
  }
  if (values.count("schema") != 0) {
    print(scenario_schema().dump(2) + "\n");
    return 0;
  }
  const Configuration configuration = configuration_for(
      optional_text(values, "scenario"), set_arguments(values), default_search_folders());
  if (values.count("origin") != 0) {
    print(configuration_origins(configuration));
  } else {
    print(
        effective_configuration(configuration).dump(2, ' ', false, Json::error_handler_t::replace) +
        "\n");
  }
  return 0;
}

}  // namespace epoch
