// SPDX-License-Identifier: Apache-2.0
#include <fnmatch.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "cli/command.h"
#include "config/json_text.h"
#include "config/suggest.h"
#include "errors.h"
#include "files/output_file.h"
#include "report/comparison.h"

namespace epoch {

namespace fs = std::filesystem;
namespace po = boost::program_options;

namespace {

constexpr int kExitBeyond = 1;
constexpr std::size_t kShown = 30;

po::options_description compare_options() {
  po::options_description options("Options");
  options.add_options()  //
      ("tolerance", po::value<std::vector<std::string>>()->value_name("NAME=REL"),
       "let values move by this share: 0.02, 2% or any (even come and go); NAME may have * and ?; "
       "repeatable, the last that fits counts; otherwise nothing may move")(
          "tolerances", po::value<std::string>()->value_name("FILE"),
          "the same from a JSON file, {\"NAME\": REL, ...}; --tolerance counts before it")(
          "all", "show every value, not the first 30 that changed")(
          "html", po::value<std::string>()->value_name("FILE"), "write the table as a page, too")(
          "help,h", "show this text");
  return options;
}

std::string help_text(const po::options_description& options) {
  std::ostringstream text;
  text << "usage: epochvp compare A.json B.json [options]\n\n"
          "Compares two files of `epochvp run --stats`: what changed, by how much, the largest\n"
          "share first. How the run ended, simulated time, instructions and all statistics count;\n"
          "what depends on the host (simulation.host) does not.\n\n"
       << options
       << "\nExample: does a wider array pay?\n"
          "  epochvp run smnist --stats a.json -- --digits=5\n"
          "  epochvp run smnist --set epochcore.pe_grid.cols=64 --stats b.json -- --digits=5\n"
          "  epochvp compare a.json b.json\n"
          "Example: a regression test that lets cycles move by 1 %, and nothing else:\n"
          "  epochvp compare expected.json now.json --tolerance '*.cycles=1%'\n\n"
          "Exit status:\n"
          "  0      every value is within its tolerance\n"
          "  1      one is beyond, new or missing\n"
          "  64     wrong command line          65  not a file of statistics\n"
          "  69     the page cannot be written\n";
  return text.str();
}

Tolerance parse_tolerance(const std::string& text) {
  const std::size_t equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0)
    throw UsageError("--tolerance " + one_line(text) + ": NAME=REL, e.g. '*.cycles=1%'");
  try {
    return {text.substr(0, equals), tolerance_share(text.substr(equals + 1))};
  } catch (const std::invalid_argument& problem) {
    throw UsageError("--tolerance " + one_line(text) + ": " + problem.what());
  }
}

// A tolerance on the command line that no value has is a slip.
void refuse_unused(const std::vector<Tolerance>& tolerances, const Comparison& comparison) {
  std::vector<std::string> names;
  for (const ComparedValue& value : comparison.values) names.push_back(value.name);
  for (const Tolerance& tolerance : tolerances) {
    const bool used = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return fnmatch(tolerance.pattern.c_str(), name.c_str(), 0) == 0;
    });
    if (used) continue;
    const std::string near = nearest(tolerance.pattern, names);
    throw UsageError("--tolerance " + one_line(tolerance.pattern) + ": neither file has that" +
                     (near.empty() ? "" : "; did you mean \"" + one_line(near) + "\"?"));
  }
}

void refuse_input_as_output(const std::string& html, const std::vector<std::string>& inputs) {
  std::error_code error;
  for (const std::string& input : inputs) {
    if (fs::equivalent(html, input, error))
      throw UsageError("--html " + one_line(html) + ": that is a file to compare");
  }
}

}  // namespace

int compare_command(const std::vector<std::string>& arguments) {
  const po::options_description options = compare_options();
  const po::variables_map values = parse_options(arguments, options, {"a", "b"});
  if (values.count("help") != 0) {
    print(help_text(options));
    return 0;
  }
  const auto a = optional_text(values, "a"), b = optional_text(values, "b");
  if (!a || !b) throw UsageError("compare which two? e.g. epochvp compare before.json after.json");
  std::vector<Tolerance> tolerances, asked;
  if (values.count("tolerance") != 0) {
    for (const std::string& text : values["tolerance"].as<std::vector<std::string>>())
      asked.push_back(parse_tolerance(text));
  }
  const auto html = optional_text(values, "html");
  if (html) refuse_input_as_output(*html, {*a, *b});
  if (const auto file = optional_text(values, "tolerances")) tolerances = read_tolerances(*file);
  tolerances.insert(tolerances.end(), asked.begin(), asked.end());

  const Comparison comparison = compare(read_measurements(*a), read_measurements(*b), tolerances);
  refuse_unused(asked, comparison);
  if (html) write_file(*html, comparison_html(comparison, *a, *b));
  const bool all = values.count("all") != 0;
  print(comparison_text(comparison, all ? std::nullopt : std::optional<std::size_t>(kShown)));
  return comparison.beyond == 0 ? 0 : kExitBeyond;
}

}  // namespace epoch
