// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <sstream>

#include "cli/command.h"
#include "errors.h"
#include "files/output_file.h"
#include "report/json_report.h"
#include "run/workload.h"

namespace epoch {

namespace po = boost::program_options;

namespace {

std::string help_text(const po::options_description& options) {
  std::ostringstream text;
  text << "usage: epochvp compile MODEL_DIR [--config SCENARIO] [--type TYPE] -o FILE\n\n"
          "Compiles a trained network (config.json, model.safetensors) into the image that the\n"
          "driver schedules, laid out for the scenario's array. `run` does the same on the fly.\n\n"
       << options
       << "\nExample:\n"
          "  epochvp compile scenarios/smnist --config smnist -o smnist.epim\n\n"
       << kExitStatusHelp;
  return text.str();
}

// The options that stand for a key, as if --set had named it.
std::vector<std::string> settings(const po::variables_map& values) {
  std::vector<std::string> all = set_arguments(values);
  for (const char* key : {"type", "calibration"})
    if (const auto text = optional_text(values, key))
      all.push_back("network." + std::string(key) + "=" + *text);
  return all;
}

}  // namespace

int compile_command(const std::vector<std::string>& arguments) {
  po::options_description options("Options");
  options.add_options()("config", po::value<std::string>()->value_name("SCENARIO"),
                        "scenario whose array the image is for (default: the default platform)")(
      "type", po::value<std::string>()->value_name("TYPE"),
      "number type: fp32, bf16, bf16d or int8 (default: the scenario's network.type)")(
      "calibration", po::value<std::string>()->value_name("FILE"),
      "int8: inputs to measure the network's signals on")(
      "output,o", po::value<std::string>()->value_name("FILE"), "image file to write")(
      "help,h", "show this text");
  add_set_option(options);
  const po::variables_map values = parse_options(arguments, options, {"model"});
  if (values.count("help") != 0) {
    print(help_text(options));
    return 0;
  }
  const auto model = optional_text(values, "model");
  const auto output = optional_text(values, "output");
  if (!model || !output) {
    throw UsageError(
        "compile needs a model folder and -o FILE, e.g. epochvp compile "
        "scenarios/smnist --config smnist -o smnist.epim");
  }
  const SearchFolders folders = default_search_folders();
  const Configuration configuration =
      configuration_for(optional_text(values, "config"), settings(values), folders);
  std::filesystem::path folder;
  try {
    folder = find_file({*model, std::filesystem::current_path()}, folders.scenarios);
  } catch (const std::invalid_argument& problem) {
    throw InputError(*model, problem.what());
  }
  const auto image = compile_model(configuration, folders, folder);
  write_file(*output, std::string(image.begin(), image.end()));
  std::fprintf(stderr, "epochvp: %s, %zu bytes for an array of %u x %u\n", output->c_str(),
               image.size(), configuration.values.epochcore.pe_grid.rows,
               configuration.values.epochcore.pe_grid.cols);
  return 0;
}

}  // namespace epoch
