// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <sstream>
#include <utility>

#include "cli/command.h"
#include "config/json_text.h"
#include "errors.h"
#include "files/output_file.h"
#include "report/json_report.h"
#include "report/vcd_writer.h"
#include "run/signature.h"
#include "run/simulation.h"

namespace epoch {

namespace fs = std::filesystem;
namespace po = boost::program_options;

namespace {

struct RunFiles {
  std::optional<fs::path> statistics;
  std::optional<fs::path> vcd;
  std::optional<fs::path> events;
  std::optional<fs::path> log;
  std::optional<fs::path> mmio;
  std::optional<fs::path> instructions;
  std::optional<fs::path> profile;
  std::optional<fs::path> signature;
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
          "trace", po::value<std::string>()->value_name("FILE"),
          "write commands, functions, transactions and counters as trace events, for "
          "https://ui.perfetto.dev or chrome://tracing")(
          "trace-limit", po::value<std::string>()->value_name("MIB"),
          "size of that file at most, 1 to 65536, by default 128: of more the latest is kept")(
          "trace-mmio", po::value<std::string>()->value_name("FILE"),
          "write a line a register access and a command")(
          "signature", po::value<std::string>()->value_name("FILE"),
          "write what lies between the ELF's symbols begin_signature and end_signature at the end, "
          "a 32-bit hexadecimal word a line")(
          "out", po::value<std::string>()->value_name("DIR"),
          "write all of these into DIR: stats.json, waves.vcd, trace.json, mmio.txt, and on "
          "failure postmortem")("trace-instructions", po::value<std::string>()->value_name("FILE"),
                                "write a line an instruction (large: 60 to 100 bytes each)")(
          "trace-range", po::value<std::vector<std::string>>()->value_name("SYMBOL|START-END"),
          "trace instructions of this function or these addresses only; repeatable")(
          "profile", po::value<std::string>()->value_name("FILE"),
          "count instructions by call stack: folded stacks for flamegraph.pl, and the functions "
          "with most of them on stderr")(
          "postmortem", po::value<std::string>()->value_name("DIR|none"),
          "folder that a failed run (70, 71, 72, 75) leaves, by default epochvp-postmortem; named "
          "here, also for a firmware code other than 0")(
          "log", po::value<std::vector<std::string>>()->value_name("SCOPE=LEVEL"),
          "tell on stderr what these parts of the machine do, e.g. epochcore.dma=debug; levels are "
          "error, warning, info, debug; SCOPE may have * and ?; repeatable, or separated by "
          "commas")("log-format", po::value<std::string>()->value_name("text|json"),
                    "json: an object a line, with the time in ps")(
          "log-file", po::value<std::string>()->value_name("FILE"), "write the log here instead")(
          "check", po::value<std::vector<std::string>>()->value_name("WHAT"),
          "dma: the hart's side of the memory model; races: commands that touch the same bytes in "
          "no order; again for both. A line on stderr a finding; exit 76")(
          "max-sim-time", po::value<std::string>()->value_name("TIME"),
          "stop after this simulated time, e.g. 5ms (exit 75)")(
          "max-wall-time", po::value<std::string>()->value_name("TIME"),
          "stop after this wall time, e.g. 10s (exit 75)")(
          "gdb", po::value<std::string>()->value_name("PORT"),
          "let GDB in at this port of 127.0.0.1 (0: a free one); stderr says what to paste")(
          "gdb-wait", "wait for it before the first instruction")("help,h", "show this text");
  return options;
}

std::string help_text(const po::options_description& options) {
  std::ostringstream text;
  text
      << "usage: epochvp run SCENARIO|ELF [options] [-- firmware arguments]\n\n"
         "Runs firmware on the platform. SCENARIO is a JSON file or the bare name of a shipped\n"
         "scenario; an ELF runs on the default platform. stdout carries what the firmware sends\n"
         "to the UART, nothing else; arguments after -- replace the scenario's.\n\n"
      << options
      << "\nExamples:\n"
         "  epochvp run hello\n"
         "  epochvp run smnist -- --digits=5\n"
         "  epochvp run smnist --set epochcore.pe_grid.rows=64 --stats stats.json\n"
         "  epochvp run smnist --profile smnist.folded && flamegraph.pl smnist.folded >smnist.svg\n"
         "  epochvp run hello --trace-instructions main.txt --trace-range main\n"
         "  epochvp run smnist --vcd waves.vcd -- --digits=1 && gtkwave waves.gtkw\n"
         "  epochvp run smnist --trace trace.json -- --digits=2      (open in ui.perfetto.dev)\n"
         "  epochvp run smnist --log plic=info,epochcore.dma=debug -- --digits=1\n"
         "  epochvp run my_firmware.elf --max-sim-time 5ms\n"
         "  epochvp run ring --gdb 3333 --gdb-wait\n\n"
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

std::optional<std::string> optional_name(const po::variables_map& values,
                                         const std::string& option) {
  const auto name = optional_text(values, option);
  if (name && name->empty()) throw UsageError("--" + option + " needs a name");
  return name;
}

RunFiles run_files(const po::variables_map& values) {
  RunFiles files;
  if (const auto folder = optional_name(values, "out")) {
    std::error_code error;
    fs::create_directories(*folder, error);
    if (!fs::is_directory(*folder, error)) {
      throw UnavailableError(*folder + ": cannot be made a folder");
    }
    files.statistics = fs::path(*folder) / "stats.json";
    files.vcd = fs::path(*folder) / "waves.vcd";
    files.events = fs::path(*folder) / "trace.json";
    files.mmio = fs::path(*folder) / "mmio.txt";
    files.post_mortem = fs::path(*folder) / "postmortem";
  }
  if (const auto file = optional_name(values, "stats")) files.statistics = *file;
  if (const auto file = optional_name(values, "vcd")) files.vcd = *file;
  if (const auto file = optional_name(values, "trace")) files.events = *file;
  if (const auto file = optional_name(values, "log-file")) files.log = *file;
  if (const auto file = optional_name(values, "trace-mmio")) files.mmio = *file;
  if (const auto file = optional_name(values, "trace-instructions")) files.instructions = *file;
  if (const auto file = optional_name(values, "profile")) files.profile = *file;
  if (const auto file = optional_name(values, "signature")) files.signature = *file;
  if (const auto folder = optional_name(values, "postmortem")) {
    files.post_mortem.reset();
    if (*folder != "none") files.post_mortem = *folder;
    files.post_mortem_asked = true;
  }
  return files;
}

fs::path gtkwave_save(fs::path vcd) {
  return vcd.replace_extension(".gtkw");
}

// No two outputs in one file, and none in a file that the run is made of. Devices take any number.
void refuse_shared_files(const RunFiles& files, const std::string& target, const std::string& elf) {
  std::map<fs::path, std::string> taken;
  const auto take = [&](const std::string& who, const std::optional<fs::path>& file) {
    std::error_code error;
    if (!file || (fs::exists(*file, error) && !fs::is_regular_file(*file, error))) return;
    const auto [other, fresh] = taken.emplace(fs::weakly_canonical(fs::absolute(*file)), who);
    if (!fresh && other->second != who)
      throw UsageError(who + " " + file->string() + ": " + other->second + " is that file too");
  };
  take("the program", elf);
  take("the program", target);  // the ELF itself, or a scenario's file
  take("--stats", files.statistics);
  take("--vcd", files.vcd);
  if (files.vcd) take("--vcd's GTKWave save file", gtkwave_save(*files.vcd));
  take("--trace", files.events);
  take("--log-file", files.log);
  take("--trace-mmio", files.mmio);
  take("--trace-instructions", files.instructions);
  take("--profile", files.profile);
  take("--signature", files.signature);
}

std::vector<AddressRange32> trace_ranges(const po::variables_map& values, const ElfFile& elf,
                                         CpuKind kind) {
  std::vector<AddressRange32> ranges;
  for (const char* option : {"trace-instructions", "profile"}) {
    if (kind == CpuKind::native && values.count(option) != 0) {
      throw UsageError(std::string("--") + option +
                       " watches the RISC-V hart; with cpu.kind native there is none");
    }
  }
  if (values.count("trace-range") == 0) return ranges;
  if (values.count("trace-instructions") == 0) {
    throw UsageError("--trace-range bounds --trace-instructions FILE, which is missing");
  }
  const FunctionMap functions(elf);
  for (const std::string& text : values["trace-range"].as<std::vector<std::string>>()) {
    ranges.push_back(parse_trace_range(text, functions));
  }
  return ranges;
}

// Replaces this process by one that was called alike. Returns why it could not.
std::string run_again(const std::vector<std::string>& arguments) {
  std::vector<std::string> words = {"epochvp", "run"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::fflush(nullptr);
  ::execv("/proc/self/exe", argv.data());
  return std::strerror(errno);
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

std::optional<DebuggerOptions> debugger_options(const po::variables_map& values,
                                                const ScenarioConfig& config,
                                                const std::string& elf,
                                                const std::vector<std::string>& arguments) {
  const auto text = optional_text(values, "gdb");
  const bool wait = values.count("gdb-wait") != 0;
  if (!text) {
    if (wait) throw UsageError("--gdb-wait needs --gdb PORT");
    return std::nullopt;
  }
  if (config.cpu_kind == CpuKind::native)
    throw UsageError(
        "--gdb sees the RISC-V hart; with cpu.kind native the host's gdb sees the firmware: "
        "gdb --args epochvp run ...");
  const bool digits = !text->empty() && text->size() <= 5 &&
                      text->find_first_not_of("0123456789") == std::string::npos;
  const unsigned long port = digits ? std::strtoul(text->c_str(), nullptr, 10) : 65536;
  if (port > 65535) {
    throw UsageError("--gdb " + one_line(*text) + ": a port is a number, 0 (a free one) to 65535");
  }
  return DebuggerOptions{static_cast<std::uint16_t>(port), wait, elf,
                         [arguments] { return run_again(arguments); }};
}

CheckOptions check_options(const po::variables_map& values, const ScenarioConfig& config) {
  CheckOptions options;
  if (values.count("check") == 0) return options;
  for (const std::string& what : values["check"].as<std::vector<std::string>>()) {
    if (what != "dma" && what != "races")
      throw UsageError("--check " + one_line(what) + ": there are dma and races");
    (what == "dma" ? options.dma : options.races) = true;
  }
  if (options.dma && config.cpu_kind == CpuKind::native)
    throw UsageError("--check dma watches the RISC-V hart, which cpu.kind native does without");
  return options;
}

constexpr std::uint64_t kDefaultTraceMib = 128;

std::uint64_t trace_limit_bytes(const po::variables_map& values, const RunFiles& files) {
  const auto text = optional_text(values, "trace-limit");
  if (!text) return kDefaultTraceMib << 20;
  if (!files.events) throw UsageError("--trace-limit bounds --trace FILE, which is missing");
  const bool digits = !text->empty() && text->size() <= 5 &&
                      text->find_first_not_of("0123456789") == std::string::npos;
  const unsigned long mib = digits ? std::strtoul(text->c_str(), nullptr, 10) : 0;
  if (mib == 0 || mib > 65536)
    throw UsageError("--trace-limit " + one_line(*text) + ": a number of MiB, 1 to 65536");
  return std::uint64_t{mib} << 20;
}

struct LogRequest {
  std::vector<LogRule> rules;
  LogWriter::Format format = LogWriter::Format::text;
};

std::optional<LogRequest> log_request(const po::variables_map& values) {
  const auto format = optional_text(values, "log-format");
  if (format && *format != "text" && *format != "json")
    throw UsageError("--log-format " + one_line(*format) + ": there are text and json");
  if (values.count("log") == 0) {
    for (const char* option : {"log-format", "log-file"}) {
      if (values.count(option) != 0)
        throw UsageError(std::string("--") + option + " needs --log SCOPE=LEVEL");
    }
    return std::nullopt;
  }
  LogRequest request;
  if (format == "json") request.format = LogWriter::Format::json;
  for (const std::string& text : values["log"].as<std::vector<std::string>>()) {
    const std::vector<LogRule> rules = parse_log_rules(text);
    request.rules.insert(request.rules.end(), rules.begin(), rules.end());
  }
  return request;
}

void report_events(const Simulation& simulation, const fs::path& file) {
  const EventTrace& events = simulation.events();
  std::fprintf(stderr, "epochvp: trace %s\n", file.c_str());
  if (events.dropped() == 0) return;
  std::fprintf(stderr,
               "epochvp: the trace lacks %llu events, all that ended up to %s us: --trace-limit\n",
               static_cast<unsigned long long>(events.dropped()),
               microseconds(events.kept_from_ps()).c_str());
}

void report_outputs(const RunSummary& summary, const RunFiles& files) {
  if (!summary.message.empty()) std::fprintf(stderr, "epochvp: %s\n", summary.message.c_str());
  if (files.statistics) std::fprintf(stderr, "epochvp: statistics %s\n", files.statistics->c_str());
  if (files.vcd) std::fprintf(stderr, "epochvp: waveforms %s\n", files.vcd->c_str());
  if (files.mmio) std::fprintf(stderr, "epochvp: register accesses %s\n", files.mmio->c_str());
  if (files.instructions) {
    std::fprintf(stderr, "epochvp: instructions %s\n", files.instructions->c_str());
  }
  if (files.signature) std::fprintf(stderr, "epochvp: signature %s\n", files.signature->c_str());
}

void report_profile(const Simulation& simulation, const fs::path& file) {
  constexpr std::size_t kShown = 20;
  simulation.profile().write_folded(file);
  std::fprintf(stderr, "epochvp: profile %s\n%s", file.c_str(),
               simulation.profile().top(kShown).c_str());
}

// Where the signature will be read from, found to exist before anything runs.
SignatureRange signature_in(const Simulation& simulation, const Workload& workload) {
  const SignatureRange range = signature_range(workload.elf_name, workload.elf);
  if (range.bytes != 0 && simulation.memory(range.first, range.bytes) == nullptr) {
    throw InputError(workload.elf_name, "its signature lies in no memory");
  }
  return range;
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
  const SearchFolders folders = default_search_folders();
  Configuration configuration = run_configuration(*target, set_arguments(values), folders);
  if (firmware_arguments) {
    configuration.values.firmware.args = *firmware_arguments;
    configuration.writers["firmware.args"] = Writer{"-- arguments", fs::current_path(), true};
  }
  const CheckOptions checks = check_options(values, configuration.values);
  const Workload workload = load_workload(configuration, folders);
  std::vector<AddressRange32> ranges =
      trace_ranges(values, workload.elf, configuration.values.cpu_kind);
  const RunFiles files = run_files(values);
  const std::optional<LogRequest> logging = log_request(values);
  const std::uint64_t trace_limit = trace_limit_bytes(values, files);
  refuse_shared_files(files, *target, workload.elf_name);
  const auto debugging =
      debugger_options(values, configuration.values, workload.elf_name, all_arguments);

  Simulation simulation(configuration.values, workload);
  std::unique_ptr<LogWriter> log;
  if (logging) {
    log = std::make_unique<LogWriter>(logging->rules, logging->format, files.log);
    simulation.log_to(*log);
  }
  std::unique_ptr<VcdWriter> vcd;
  if (files.vcd) {
    vcd = std::make_unique<VcdWriter>(*files.vcd);
    simulation.trace_to(*vcd);
    vcd->write_gtkwave_save(gtkwave_save(*files.vcd));  // refused now rather than later
  }
  if (files.events) {
    simulation.trace_events_to(
        *files.events, trace_limit,
        {{"producer", std::string("epochvp ") + EPOCH_PROJECT_VERSION}, {"program", *target}});
  }
  if (files.statistics) simulation.record_series();
  if (files.mmio) simulation.trace_mmio_to(*files.mmio);
  if (files.instructions) {
    simulation.trace_instructions_to(*files.instructions, std::move(ranges));
  }
  if (files.profile) simulation.count_instructions();
  for (const auto& file : {files.statistics, files.profile}) {
    if (file) write_file(*file, "");  // likewise
  }
  std::optional<SignatureRange> signature;
  if (files.signature) {
    signature = signature_in(simulation, workload);
    write_file(*files.signature, "");  // likewise
  }
  if (debugging) simulation.debug_on(*debugging);
  simulation.check(checks);
  end_run_on_interrupt();
  RunSummary summary = simulation.run(limits);
  summary.scenario = *target;
  if (files.vcd) vcd->write_gtkwave_save(gtkwave_save(*files.vcd));  // zoomed to the whole run
  if (files.statistics) {
    const Json report = statistics_report(summary, simulation.statistics(), simulation.series());
    write_file(*files.statistics, report.dump(2) + "\n");
  }
  if (signature) {
    const std::uint8_t* memory = simulation.memory(signature->first, signature->bytes);
    write_file(*files.signature, signature_text(memory, signature->bytes));
  }
  report_outputs(summary, files);
  if (files.events) report_events(simulation, *files.events);
  if (files.log) std::fprintf(stderr, "epochvp: log %s\n", files.log->c_str());
  if (files.profile) report_profile(simulation, *files.profile);
  if (leaves_post_mortem(summary, files)) {
    write_post_mortem(simulation, summary, *files.post_mortem);
  }
  std::fprintf(stderr, "epochvp: %s\n", summary_line(summary).c_str());
  return summary.exit_status;
}

}  // namespace epoch
