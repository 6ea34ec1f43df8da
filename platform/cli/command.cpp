// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"

#include <cstdio>
#include <cstdlib>

#include "config/json_text.h"
#include "errors.h"

namespace epoch {

namespace fs = std::filesystem;
namespace po = boost::program_options;

po::variables_map parse_options(const std::vector<std::string>& arguments,
                                const po::options_description& options,
                                const std::vector<std::string>& positional) {
  po::options_description all;
  all.add(options);
  po::positional_options_description order;
  for (const std::string& name : positional) {
    all.add_options()(name.c_str(), po::value<std::string>());
    order.add(name.c_str(), 1);
  }
  po::variables_map values;
  try {
    // No guessing: an abbreviated option is a typing error, not an option.
    const int style =
        po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
    po::store(po::command_line_parser(arguments).options(all).positional(order).style(style).run(),
              values);
    po::notify(values);
  } catch (const po::too_many_positional_options_error&) {
    throw UsageError("too many arguments; firmware arguments go behind \"--\"");
  } catch (const po::error& problem) {
    throw UsageError(one_line(problem.what(), 200));
  }
  return values;
}

std::uint64_t parse_time_ps(const std::string& option, const std::string& text) {
  static constexpr struct {
    const char* name;
    double ps;
  } units[] = {{"ps", 1}, {"ns", 1e3}, {"us", 1e6}, {"ms", 1e9}, {"s", 1e12}};
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  for (const auto& unit : units) {
    const double ps = number * unit.ps;
    if (end != text.c_str() && unit.name == std::string(end) && ps >= 1 && ps < 9e18) {
      return static_cast<std::uint64_t>(ps);
    }
  }
  throw UsageError("--" + option + " " + one_line(text) +
                   ": write a positive time with its unit (ps, ns, us, ms, s), e.g. 5ms");
}

fs::path find_scenario(const std::string& argument, const SearchFolders& folders) {
  std::error_code error;
  if (fs::is_regular_file(argument, error)) return argument;
  std::string tried = one_line(argument, 200);
  if (argument.find('/') == std::string::npos) {
    for (const fs::path& folder : folders.scenarios) {
      fs::path file = folder / (argument + ".json");
      if (fs::is_regular_file(file, error)) return file;
      tried += ", " + file.string();
    }
  }
  throw InputError(one_line(argument, 200), "no such scenario or ELF; tried " + tried);
}

Configuration configuration_for(const std::optional<std::string>& argument,
                                const std::vector<std::string>& sets,
                                const SearchFolders& folders) {
  if (!argument) return load_configuration(std::nullopt, sets);
  return load_configuration(find_scenario(*argument, folders), sets);
}

void add_set_option(po::options_description& options) {
  options.add_options()(
      "set", po::value<std::vector<std::string>>()->value_name("KEY=VALUE"),
      "change one key of the scenario, e.g. epochcore.pe_grid.rows=64; repeatable");
}

std::vector<std::string> set_arguments(const po::variables_map& values) {
  return values.count("set") != 0 ? values["set"].as<std::vector<std::string>>()
                                  : std::vector<std::string>{};
}

std::optional<std::string> optional_text(const po::variables_map& values, const std::string& name) {
  if (values.count(name) == 0) return std::nullopt;
  return values[name].as<std::string>();
}

void print(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (std::fflush(stdout) != 0 || !written) throw UnavailableError("standard output is closed");
}

}  // namespace epoch
