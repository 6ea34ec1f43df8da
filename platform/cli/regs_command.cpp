// SPDX-License-Identifier: Apache-2.0
#include <sstream>

#include "cli/command.h"
#include "config/json_text.h"
#include "device_tree.h"
#include "epochcore/csr.h"
#include "errors.h"
#include "report/register_report.h"

namespace epoch {

namespace po = boost::program_options;

namespace {

std::string help_text(const po::options_description& options) {
  std::ostringstream text;
  text << "usage: epochvp regs [--format text|json|md|svd]\n\n"
          "Prints EpochCore's registers, from the table that the model and the driver share.\n\n"
       << options
       << "\nExamples:\n"
          "  epochvp regs | grep IRQ\n"
          "  epochvp regs --format svd > epochcore.svd\n\n"
       << kExitStatusHelp;
  return text.str();
}

}  // namespace

int regs_command(const std::vector<std::string>& arguments) {
  po::options_description options("Options");
  options.add_options()("format",
                        po::value<std::string>()->value_name("FORMAT")->default_value("text"),
                        "text, json, md (Markdown) or svd (CMSIS-SVD)")("help,h", "show this text");
  const po::variables_map values = parse_options(arguments, options, {});
  if (values.count("help") != 0) {
    print(help_text(options));
    return 0;
  }
  const std::string format = values["format"].as<std::string>();
  const std::vector<Register> table = epoch_registers();
  if (format == "text") {
    print(registers_as_text(table));
  } else if (format == "json") {
    print(registers_as_json(table));
  } else if (format == "md") {
    print(registers_as_markdown(table));
  } else if (format == "svd") {
    print(registers_as_svd(table, MemoryMapConfig{}.epochcore, EPOCH_WINDOW_BYTES,
                           kEpochCoreInterrupt));
  } else {
    throw UsageError("--format " + one_line(format) + ": allowed: text, json, md, svd");
  }
  return 0;
}

}  // namespace epoch
