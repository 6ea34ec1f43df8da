// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/program_options.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/configuration.h"
#include "config/search.h"

namespace epoch {

// A subcommand of epochvp. `arguments` are those after its name; the return value is the exit
// status. Exceptions become one line on stderr and an exit status in main().
struct Subcommand {
  const char* name;
  const char* summary;
  int (*run)(const std::vector<std::string>& arguments);
};

int run_command(const std::vector<std::string>& arguments);
int compare_command(const std::vector<std::string>& arguments);
int compile_command(const std::vector<std::string>& arguments);
int map_command(const std::vector<std::string>& arguments);
int regs_command(const std::vector<std::string>& arguments);
int generate_command(const std::vector<std::string>& arguments);
int grid_command(const std::vector<std::string>& arguments);
int sweep_command(const std::vector<std::string>& arguments);
int memtest_command(const std::vector<std::string>& arguments);
int config_command(const std::vector<std::string>& arguments);

constexpr const char* kExitStatusHelp =
    "Exit status:\n"
    "  0..63  the firmware's own code (0 = pass; a code above 63 becomes 63)\n"
    "  64     wrong command line          65  wrong input file\n"
    "  69     something missing or not permitted\n"
    "  70     platform error              71  unhandled trap of the firmware\n"
    "  72     deadlock: nothing is left to happen\n"
    "  75     simulated-time or wall-time limit\n"
    "  76     --check found something, and the firmware was content\n"
    "  130    interrupted, or killed by a debugger\n";

// Parses options, `positional` names taking the arguments without a dash. Prints nothing; throws
// UsageError.
boost::program_options::variables_map parse_options(
    const std::vector<std::string>& arguments,
    const boost::program_options::options_description& options,
    const std::vector<std::string>& positional);

// "5ms" in picoseconds. Units: ps ns us ms s. Throws UsageError naming the option.
std::uint64_t parse_time_ps(const std::string& option, const std::string& text);

// The scenario file that a command-line argument means: a path, or the bare name of a shipped one.
std::filesystem::path find_scenario(const std::string& argument, const SearchFolders& folders);

// The configuration for an optional scenario argument and --set options.
Configuration configuration_for(const std::optional<std::string>& argument,
                                const std::vector<std::string>& sets, const SearchFolders& folders);

// Options that several commands share.
void add_set_option(boost::program_options::options_description& options);
std::vector<std::string> set_arguments(const boost::program_options::variables_map& values);
std::optional<std::string> optional_text(const boost::program_options::variables_map& values,
                                         const std::string& name);

// Prints to stdout what the command was asked for; throws UnavailableError if that fails.
void print(const std::string& text);

}  // namespace epoch
