// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <memory>
#include <sstream>

#include "cli/command.h"
#include "errors.h"
#include "report/json_report.h"
#include "report/vcd_writer.h"
#include "run/simulation.h"

namespace epoch {

namespace fs = std::filesystem;
namespace po = boost::program_options;

namespace {

struct RunFiles {
  std::optional<fs::path> statistics;
  std::optional<fs::path> vcd;
  std::optional<fs::path> mmio;
  std::optional<fs::path> post_mortem = "epochvp-postmortem";  // nullopt: none
  bool post_mortem_asked = false;                              // by name
};

po::options_description run_options() {
  po::options_description options("Options");
  add_set_option(options);
  options.add_options()  //
      ("stats", po::value<std::string>()->value_name("FILE"), "write statistics as JSON")(
          "vcd", po::value<std::string>()->value_name("FILE"),
          "write waveforms, and FILE's name with .gtkw for GTKWave")(
          "trace-mmio", po::value<std::string>()->value_name("FILE"),
          "write a line a register access and a command")(
          "out", po::value<std::string>()->value_name("DIR"),
          "write all of these into DIR: stats.json, waves.vcd, mmio.txt, and on failure "
          "postmortem")(
          "postmortem", po::value<std::string>()->value_name("DIR|none"),
          "folder that a failed run (70, 71, 72, 75) leaves, by default epochvp-postmortem; named "
          "here, also for a firmware code other than 0")(
          "check", po::value<std::vector<std::string>>()->value_name("WHAT"),
          "dma: the hart's side of the memory model; races: commands that touch the same bytes in "
          "no order; again for both. A line on stderr a finding; exit 76")(
          "max-sim-time", po::value<std::string>()->value_name("TIME"),
          "stop after this simulated time, e.g. 5ms (exit 75)")(
          "max-wall-time", po::value<std::string>()->value_name("TIME"),
          "stop after this wall time, e.g. 10s (exit 75)")("help,h", "show this text");
  return options;
}

std::string help_text(const po::options_description& options) {
  std::ostringstream text;
  text << "usage: epochvp run SCENARIO|ELF [options] [-- firmware arguments]\n\n"
          "Runs firmware on the platform. SCENARIO is a JSON file or the bare name of a shipped\n"
          "scenario; an ELF runs on the default platform. stdout carries what the firmware sends\n"
          "to the UART, nothing else; arguments after -- replace the scenario's.\n\n"
       << options
       << "\nExamples:\n"
          "  epochvp run hello\n"
          "  epochvp run smnist -- --digits=5\n"
          "  epochvp run smnist --set epochcore.pe_grid.rows=64 --stats stats.json\n"
          "  epochvp run smnist --vcd waves.vcd -- --digits=1 && gtkwave waves.gtkw\n"
          "  epochvp run my_firmware.elf --max-sim-time 5ms\n\n"
       << kExitStatusHelp;
  return text.str();
}

// What stands before "--", and the firmware's arguments behind it, if there is one.
std::optional<std::vector<std::string>> split_firmware_arguments(
    std::vector<std::string>& arguments) {
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  if (dashes == arguments.end()) return std::nullopt;
  std::vector<std::string> firmware(dashes + 1, arguments.end());
  arguments.erase(dashes, arguments.end());
  return firmware;
}

Configuration run_configuration(const std::string& target, const std::vector<std::string>& sets,
                                const SearchFolders& folders) {
  std::error_code error;
  if (!fs::is_regular_file(target, error) || !ElfFile::has_magic(target)) {
    return configuration_for(target, sets, folders);
  }
  Configuration configuration = load_configuration(std::nullopt, sets);
  configuration.values.firmware.elf = {target, fs::current_path()};
  return configuration;
}

RunFiles run_files(const po::variables_map& values) {
  RunFiles files;
  if (const auto folder = optional_text(values, "out")) {
    std::error_code error;
    fs::create_directories(*folder, error);
    if (!fs::is_directory(*folder, error)) {
      throw UnavailableError(*folder + ": cannot be made a folder");
    }
    files.statistics = fs::path(*folder) / "stats.json";
    files.vcd = fs::path(*folder) / "waves.vcd";
    files.mmio = fs::path(*folder) / "mmio.txt";
    files.post_mortem = fs::path(*folder) / "postmortem";
  }
  if (const auto file = optional_text(values, "stats")) files.statistics = *file;
  if (const auto file = optional_text(values, "vcd")) files.vcd = *file;
  if (const auto file = optional_text(values, "trace-mmio")) files.mmio = *file;
  if (const auto folder = optional_text(values, "postmortem")) {
    files.post_mortem.reset();
    if (*folder != "none") files.post_mortem = *folder;
    files.post_mortem_asked = true;
  }
  return files;
}

fs::path gtkwave_save(fs::path vcd) {
  return vcd.replace_extension(".gtkw");
}

RunLimits run_limits(const po::variables_map& values) {
  RunLimits limits;
  if (const auto text = optional_text(values, "max-sim-time")) {
    limits.simulated_ps = parse_time_ps("max-sim-time", *text);
  }
  if (const auto text = optional_text(values, "max-wall-time")) {
    limits.wall_s = static_cast<double>(parse_time_ps("max-wall-time", *text)) / 1e12;
  }
  return limits;
}

CheckOptions check_options(const po::variables_map& values) {
  CheckOptions options;
  if (values.count("check") == 0) return options;
  for (const std::string& what : values["check"].as<std::vector<std::string>>()) {
    if (what != "dma" && what != "races")
      throw UsageError("--check " + what + ": there are dma and races");
    (what == "dma" ? options.dma : options.races) = true;
  }
  return options;
}

void report_outputs(const RunSummary& summary, const RunFiles& files) {
  if (!summary.message.empty()) std::fprintf(stderr, "epochvp: %s\n", summary.message.c_str());
  if (files.statistics) std::fprintf(stderr, "epochvp: statistics %s\n", files.statistics->c_str());
  if (files.vcd) std::fprintf(stderr, "epochvp: waveforms %s\n", files.vcd->c_str());
  if (files.mmio) std::fprintf(stderr, "epochvp: register accesses %s\n", files.mmio->c_str());
}

// A failure that the platform found, or one of the firmware's where the user asked for it.
bool leaves_post_mortem(const RunSummary& summary, const RunFiles& files) {
  switch (summary.exit_status) {
    case 0:
    case kExitFindings:
    case kExitInterrupted:
      return false;
    case kExitPlatform:
    case kExitTrap:
    case kExitDeadlock:
    case kExitLimit:
      return files.post_mortem.has_value();
    default:
      return files.post_mortem.has_value() && files.post_mortem_asked;
  }
}

// Not being able to write it changes nothing about how the run ended.
void write_post_mortem(const Simulation& simulation, const RunSummary& summary,
                       const fs::path& folder) {
  const std::string problem = simulation.post_mortem(summary).write(folder);
  if (problem.empty()) {
    std::fprintf(stderr, "epochvp: post-mortem %s\n", (folder / "summary.txt").c_str());
  } else {
    std::fprintf(stderr, "epochvp: no post-mortem: %s\n", problem.c_str());
  }
}

}  // namespace

int run_command(const std::vector<std::string>& all_arguments) {
  std::vector<std::string> arguments = all_arguments;
  const auto firmware_arguments = split_firmware_arguments(arguments);
  const po::options_description options = run_options();
  const po::variables_map values = parse_options(arguments, options, {"target"});
  if (values.count("help") != 0) {
    print(help_text(options));
    return 0;
  }
  const auto target = optional_text(values, "target");
  if (!target) throw UsageError("run what? A scenario or an ELF, e.g. epochvp run hello");
  const RunLimits limits = run_limits(values);
  const CheckOptions checks = check_options(values);
  const SearchFolders folders = default_search_folders();
  Configuration configuration = run_configuration(*target, set_arguments(values), folders);
  if (firmware_arguments) {
    configuration.values.firmware.args = *firmware_arguments;
    configuration.writers["firmware.args"] = Writer{"-- arguments", fs::current_path(), true};
  }
  const Workload workload = load_workload(configuration, folders);
  const RunFiles files = run_files(values);

  Simulation simulation(configuration.values, workload);
  std::unique_ptr<VcdWriter> vcd;
  if (files.vcd) {
    vcd = std::make_unique<VcdWriter>(*files.vcd);
    simulation.trace_to(*vcd);
    vcd->write_gtkwave_save(gtkwave_save(*files.vcd));  // refused now rather than later
  }
  if (files.mmio) simulation.trace_mmio_to(*files.mmio);
  if (files.statistics) write_text_file(*files.statistics, "");  // likewise
  simulation.check(checks);
  end_run_on_interrupt();
  RunSummary summary = simulation.run(limits);
  summary.scenario = *target;
  if (files.vcd) vcd->write_gtkwave_save(gtkwave_save(*files.vcd));  // zoomed to the whole run
  if (files.statistics) {
    const Json report = statistics_report(summary, simulation.statistics());
    write_text_file(*files.statistics, report.dump(2) + "\n");
  }
  report_outputs(summary, files);
  if (leaves_post_mortem(summary, files)) {
    write_post_mortem(simulation, summary, *files.post_mortem);
  }
  std::fprintf(stderr, "epochvp: %s\n", summary_line(summary).c_str());
  return summary.exit_status;
}

}  // namespace epoch
