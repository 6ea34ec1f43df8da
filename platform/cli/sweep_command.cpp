// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <cstdio>
#include <functional>
#include <sstream>
#include <thread>

#include "cli/command.h"
#include "config/json_text.h"
#include "errors.h"
#include "files/output_file.h"
#include "report/html/html_page.h"
#include "run/progress.h"
#include "sweep/sweep.h"
#include "sweep/sweep_report.h"
#include "sweep/sweep_table.h"

namespace epoch {

namespace fs = std::filesystem;
namespace po = boost::program_options;

namespace {

constexpr int kSomeFailed = 1;  // exit status

po::options_description sweep_options() {
  po::options_description options("Options");
  options.add_options()  //
      ("out", po::value<std::string>()->value_name("DIR"),
       "folder of the results; the same command goes on where a killed one stopped")(
          "report", po::value<std::string>()->value_name("FILE.html"),
          "write curves, roofline, stalls and Pareto front as one page")(
          "jobs,j", po::value<std::string>()->value_name("N"),
          "points to run side by side (default: a core each)")(
          "fresh", "run every point again, whatever DIR has")(
          "list", "only print the points: number, the record in DIR, values")(
          "point", po::value<std::string>()->value_name("N|KEY"),
          "only run this point into DIR, without tables (for a cluster; see scripts/sweep)")(
          "collect", "only write the tables, of what DIR has")(
          "schema", "print a JSON Schema of sweep files instead")("help,h", "show this text");
  return options;
}

std::string help_text(const po::options_description& options) {
  std::ostringstream text;
  text
      << "usage: epochvp sweep SWEEP.json --out DIR [options]\n\n"
         "Runs a scenario at many values of its keys, each point a process of its own, and makes\n"
         "a table of what came out. A sweep file:\n\n"
         "  { \"scenario\": \"smnist\",                      // a name, a file, or { ... }\n"
         "    \"args\": [\"--digits=1\"],                    // of the firmware\n"
         "    \"grid\": { \"dram.ideal.gb_per_s\": [6.4, 12.8, 25.6],\n"
         "              \"epochcore.pe_grid.rows\": [16, 32] } }\n\n"
         "grid runs every combination, the last key fastest. \"points\": [{ \"key\": value }, "
         "...]\n"
         "lists combinations one by one; each meets every point of the grid, if there is one.\n"
         "Any key of `epochvp config` may be swept, firmware.args.0 too. \"columns\": "
         "[\"dram.*\",\n"
         "\"active_time_ns\"] chooses the table's columns, \"*\" all statistics; \"max_sim_time\": "
         "\"5ms\"\n"
         "ends runs that would not. Every point's configuration is checked before one runs.\n\n"
         "  DIR/sweep.csv, DIR/sweep.json   a row a point, in the points' order\n"
         "  DIR/points/KEY.json             one run's result, with KEY.uart.txt what it printed,\n"
         "                                  and KEY.postmortem/ if it failed\n\n"
         "A point that fails has a row that says why, and the sweep goes on. A point whose keys,\n"
         "files and program are those of a result in DIR is not run again.\n\n"
      << options
      << "\nExamples:\n"
         "  epochvp sweep scenarios/bandwidth/dram_bandwidth.json --out build/dram \\\n"
         "    --report build/dram/report.html\n"
         "  epochvp sweep my.json --out build/my --jobs 1 --fresh\n"
         "  epochvp sweep my.json --list\n\n"
         "Exit status:\n"
         "  0    every point ended well        1    a point failed or has not been run\n"
         "  64   wrong command line            65   wrong sweep file: nothing has run\n"
         "  69   something missing or not permitted\n"
         "  130  interrupted; what has run is kept\n";
  return text.str();
}

std::size_t positive(const po::variables_map& values, const std::string& option, std::size_t most) {
  const std::string text = values[option].as<std::string>();
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 1 || number > most) {
    throw UsageError("--" + option + " " + one_line(text) + ": write an integer in 1.." +
                     std::to_string(most));
  }
  return number;
}

unsigned jobs_of(const po::variables_map& values) {
  constexpr std::size_t most = 1024;
  if (values.count("jobs") != 0) return static_cast<unsigned>(positive(values, "jobs", most));
  return std::max(1u, std::thread::hardware_concurrency());
}

// Says how far it is: on a terminal in a line that stays, elsewhere in a line every ten seconds.
class Teller {
 public:
  void operator()(const SweepProgress& progress) {
    if (line_.due()) line_.show("epochvp: " + progress.text());
    if (line_.terminal() || progress.wall_s < next_s_) return;
    next_s_ = progress.wall_s + kPeriodS;
    std::fprintf(stderr, "epochvp: %s\n", progress.text().c_str());
  }

 private:
  static constexpr double kPeriodS = 10;
  Progress line_;
  double next_s_ = kPeriodS;
};

void check_max_sim_time(const Sweep& sweep) {
  if (!sweep.max_sim_time) return;
  try {
    parse_time_ps("max-sim-time", *sweep.max_sim_time);
  } catch (const UsageError&) {
    throw InputError(sweep.file.string(),
                     "max_sim_time: " + one_line(*sweep.max_sim_time) +
                         ": write a positive time with its unit (ps, ns, us, ms, s), e.g. 5ms");
  }
}

int list_points(const Sweep& sweep, const SearchFolders& folders) {
  const std::vector<std::string> keys = point_keys(sweep, folders);
  std::string text;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    text += std::to_string(i + 1) + "\tpoints/" + keys[i] + ".json\t" +
            one_line(point_text(sweep, sweep.points[i]), 1000) + "\n";
  }
  print(text);
  return 0;
}

// Whether it was interrupted.
bool run_all(SweepRun& run, unsigned jobs) {
  Teller teller;
  return run.run(jobs, std::ref(teller)) != 0;
}

// The number of the point that --point names by its number or the key of its record.
std::size_t point_number(const po::variables_map& values, const SweepRun& run) {
  const std::string name = values["point"].as<std::string>();
  const std::size_t points = run.results().size();
  for (std::size_t i = 0; i < points; ++i) {
    if (run.key(i) == name) return i + 1;
  }
  return positive(values, "point", points);
}

// For a cluster: done is what has a record, be it one of a failure.
int run_one(const Sweep& sweep, const SearchFolders& folders, const std::string& out,
            const po::variables_map& values) {
  const RecordFolder records(out, RecordFolder::Access::shared);
  SweepRun run(sweep, folders, records);
  const std::size_t number = point_number(values, run);
  if (run.run(
          1, [](const SweepProgress&) {}, number - 1) != 0)
    return kExitInterrupted;
  const auto& result = run.results()[number - 1];
  if (!result) return kExitInterrupted;
  if (!result->ok()) {
    std::fprintf(stderr, "epochvp: point %zu (%s): exit %d: %s\n", number,
                 point_text(sweep, sweep.points[number - 1]).c_str(), result->exit_status,
                 result->error.c_str());
  }
  return result->repeatable ? 0 : kSomeFailed;
}

void write_tables(const Sweep& sweep, const SweepRun& run, const fs::path& folder,
                  const std::optional<std::string>& report, const std::string& library) {
  const SweepTable table =
      make_table(sweep, run.results(), sweep.columns.empty() ? default_columns() : sweep.columns);
  for (const std::string& warning : table.warnings) {
    std::fprintf(stderr, "epochvp: warning: %s\n", warning.c_str());
  }
  replace_file(folder / "sweep.csv", table_csv(table));
  replace_file(folder / "sweep.json",
               table_json(sweep, table).dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
  if (!report) return;
  const SweepTable all = make_table(sweep, run.results(), report_columns(sweep));
  replace_file(*report, sweep_report(sweep, all, library));
}

void tell_failures(const Sweep& sweep, const SweepRun& run) {
  constexpr std::size_t kShown = 5;
  std::size_t failed = 0;
  for (std::size_t i = 0; i < sweep.points.size(); ++i) {
    const auto& result = run.results()[i];
    if (!result || result->ok() || ++failed > kShown) continue;
    std::fprintf(stderr, "epochvp: point %zu (%s): exit %d: %s\n", i + 1,
                 point_text(sweep, sweep.points[i]).c_str(), result->exit_status,
                 result->error.c_str());
  }
  if (failed > kShown) {
    std::fprintf(stderr, "epochvp: and %zu more failed; sweep.csv says why\n", failed - kShown);
  }
}

// The end: what came out, where it is, and how to say it in a number.
int conclude(const Sweep& sweep, const SweepRun& run, const std::string& out,
             const std::optional<std::string>& report, bool interrupted) {
  std::size_t ok = 0, failed = 0;
  for (const auto& result : run.results()) {
    if (result) ++(result->ok() ? ok : failed);
  }
  const std::size_t missing = sweep.points.size() - ok - failed;
  tell_failures(sweep, run);
  std::fprintf(stderr, "epochvp: %zu points: %zu ok, %zu failed, %zu not run; %zu were there\n",
               sweep.points.size(), ok, failed, missing, run.kept());
  std::fprintf(stderr, "epochvp: table %s\n", (fs::path(out) / "sweep.csv").c_str());
  if (report) std::fprintf(stderr, "epochvp: report %s\n", report->c_str());
  if (interrupted) {
    std::fprintf(stderr, "epochvp: interrupted; the same command goes on from here\n");
    return kExitInterrupted;
  }
  return failed + missing == 0 ? 0 : kSomeFailed;
}

std::optional<std::string> named(const po::variables_map& values, const std::string& option) {
  const auto name = optional_text(values, option);
  if (name && name->empty()) throw UsageError("--" + option + " needs a name");
  return name;
}

// No result may take the place of the sweep file.
void refuse_own_file(const std::string& file, const std::string& out,
                     const std::optional<std::string>& report) {
  std::vector<fs::path> outputs = {fs::path(out) / "sweep.csv", fs::path(out) / "sweep.json"};
  if (report) outputs.push_back(*report);
  for (const fs::path& output : outputs) {
    if (fs::weakly_canonical(output) == fs::weakly_canonical(file)) {
      throw UsageError(output.string() + " is the sweep file itself; choose another --out");
    }
  }
}

}  // namespace

int sweep_command(const std::vector<std::string>& arguments) {
  const po::options_description options = sweep_options();
  const po::variables_map values = parse_options(arguments, options, {"file"});
  if (values.count("help") != 0) {
    print(help_text(options));
    return 0;
  }
  if (values.count("schema") != 0) {
    print(sweep_schema().dump(2) + "\n");
    return 0;
  }
  const auto file = optional_text(values, "file");
  if (!file) throw UsageError("sweep what? A sweep file; epochvp sweep --help shows one");
  const SearchFolders folders = default_search_folders();
  const unsigned jobs = jobs_of(values);
  const Sweep sweep = read_sweep(*file, folders);
  check_max_sim_time(sweep);
  if (values.count("list") != 0) return list_points(sweep, folders);
  const auto out = named(values, "out");
  if (!out) throw UsageError("sweep needs --out DIR for its results");
  if (values.count("point") != 0) {
    return run_one(sweep, folders, *out, values);
  }
  const auto report = named(values, "report");
  refuse_own_file(*file, *out, report);
  const std::string library = report ? chart_library(chart_library_places()) : "";
  const RecordFolder records(*out, RecordFolder::Access::whole);
  SweepRun run(sweep, folders, records);
  if (values.count("fresh") != 0) run.forget();
  const bool interrupted = values.count("collect") == 0 && run_all(run, jobs);
  write_tables(sweep, run, records.path(), report, library);
  return conclude(sweep, run, *out, report, interrupted);
}

}  // namespace epoch
