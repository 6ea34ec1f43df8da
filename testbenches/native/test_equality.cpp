// SPDX-License-Identifier: Apache-2.0
// The same program on the simulated hart and as host code: the accelerator sees the same register
// writes in the same order and fetches the same descriptors, and when it ends the same bytes stand
// in all memory but the program's own. Both runs' facts are taken from the bus and the memories.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "common/file_text.h"
#include "platform/scratch_folder.h"
#include "run/simulation.h"

namespace epoch {
namespace {

using test::ScratchFolder;

constexpr std::uint64_t kPage = 4096;

bool ends_with(const std::string& text, const char* end) {
  const std::string tail = end;
  return text.size() >= tail.size() &&
         text.compare(text.size() - tail.size(), tail.size(), tail) == 0;
}

// Pages of dram that the program's image does not own, empty ones left out: address, then bytes.
void write_memory(Simulation& simulation, const ScenarioConfig& config, const ElfFile& elf,
                  const std::filesystem::path& file) {
  std::uint64_t first = ~std::uint64_t{0}, end = 0;
  for (const ElfSegment& segment : elf.segments()) {
    first = std::min<std::uint64_t>(first, segment.address);
    end = std::max<std::uint64_t>(end, std::uint64_t{segment.address} + segment.memory_bytes);
  }
  std::ofstream out(file, std::ios::binary);
  const std::uint64_t base = config.memory_map.dram;
  for (std::uint64_t address = base; address < base + config.dram.size_bytes; address += kPage) {
    const char* bytes = reinterpret_cast<char*>(simulation.soc().dram->data() + (address - base));
    if (std::all_of(bytes, bytes + kPage, [](char byte) { return byte == 0; })) continue;
    std::string page(bytes, kPage);
    for (std::uint64_t i = 0; i < kPage; ++i)
      if (address + i >= first && address + i < end) page[i] = 0;
    if (page.find_first_not_of('\0') == std::string::npos) continue;
    out.write(reinterpret_cast<const char*>(&address), sizeof address);
    out << page;
  }
}

// One run in this process, which elaborates only once: its UART is `uart`, the rest by name.
int run(const Configuration& configuration, const ScratchFolder& folder, const std::string& name) {
  const int uart = ::open((folder / (name + ".uart")).c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600);
  if (uart < 0 || ::dup2(uart, STDOUT_FILENO) < 0) return 200;
  const Workload workload =
      load_workload(configuration, SearchFolders{{EPOCH_FIRMWARE}, {EPOCH_SCENARIOS}});
  Simulation simulation(configuration.values, workload);
  simulation.trace_mmio_to(folder / (name + ".mmio"));
  simulation.on_bus_access = [&](const BusAccess& access) {
    if (!ends_with(access.initiator, ".commands") || access.is_write || !access.ok) return;
    std::ofstream out(folder / (name + "." + access.initiator), std::ios::app | std::ios::binary);
    out.write(reinterpret_cast<const char*>(&access.address), sizeof access.address);
    out.write(reinterpret_cast<const char*>(access.data), access.length);
  };
  const RunSummary summary = simulation.run({});
  write_memory(simulation, configuration.values, workload.elf, folder / (name + ".memory"));
  return summary.exit_status;
}

struct RegisterAccess {
  bool is_write;
  std::string name, value;

  bool operator==(const RegisterAccess& other) const {
    return is_write == other.is_write && name == other.name && value == other.value;
  }
};

// The hart's accesses to the accelerators' registers, out of a register trace. A driver that polls
// acknowledges a cause when a poll happens to find it: then that is left out.
std::vector<RegisterAccess> accesses_of(const std::string& trace, bool polls) {
  std::vector<RegisterAccess> accesses;
  std::istringstream lines(trace);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string time, initiator, pc, symbol, kind, name, value;
    words >> time >> initiator >> pc >> symbol >> kind >> name >> value;
    if (initiator != "cpu" || name.rfind("epochcore", 0) != 0) continue;
    if (polls && ends_with(name, ".IRQ_STATUS")) continue;
    accesses.push_back({kind == "write", name, value});
  }
  return accesses;
}

// What the driver looks at until it changes: how often depends on time.
bool is_polled(const RegisterAccess& access) {
  return ends_with(access.name, ".COMPLETED") || ends_with(access.name, ".IRQ_STATUS") ||
         ends_with(access.name, ".RING_HEAD");
}

enum class Doorbells {
  compared,
  // Nor the value of the last one: an error stops the driver while it waits for free slots.
  by_name
};

// One device's writes in their order, and its reads, without their values, where they stand between
// them. Polls are left out, and of reads of one register in a row one remains.
//
// A doorbell rings for as many descriptors as slots were free when the driver looked: of doorbells
// in a row the last remains.
std::vector<RegisterAccess> collapsed(const std::vector<RegisterAccess>& accesses,
                                      const std::string& device, Doorbells doorbells) {
  std::vector<RegisterAccess> result;
  for (RegisterAccess access : accesses) {
    if (access.name.rfind(device + ".", 0) != 0) continue;
    const bool is_doorbell = access.is_write && ends_with(access.name, ".RING_TAIL");
    if (!access.is_write && is_polled(access)) continue;
    if (!access.is_write || (is_doorbell && doorbells == Doorbells::by_name)) access.value.clear();
    const bool repeats = !result.empty() && result.back().name == access.name &&
                         result.back().is_write == access.is_write;
    if (repeats && (is_doorbell || !access.is_write)) result.pop_back();
    result.push_back(access);
  }
  return result;
}

std::string text(const std::vector<RegisterAccess>& accesses, std::size_t from, std::size_t count) {
  std::string lines;
  for (std::size_t i = from; i < std::min(accesses.size(), from + count); ++i)
    lines += (accesses[i].is_write ? "write " : "read ") + accesses[i].name + " " +
             accesses[i].value + "\n";
  return lines;
}

void check_same(const std::vector<RegisterAccess>& rv32,
                const std::vector<RegisterAccess>& native) {
  const auto differ = std::mismatch(rv32.begin(), rv32.end(), native.begin(), native.end());
  const auto at = static_cast<std::size_t>(differ.first - rv32.begin());
  CAPTURE(at, text(rv32, at, 5), text(native, at, 5));
  CHECK(rv32.size() > 50);
  CHECK((rv32 == native));
}

// A file of each of the two runs.
struct Pair {
  Pair(const ScratchFolder& folder, const std::string& what)
      : rv32(test::file_text(folder / ("rv32" + what))),
        native(test::file_text(folder / ("native" + what))) {}
  std::string rv32, native;
};

void check_same_bytes(const ScratchFolder& folder, const std::string& what) {
  const Pair bytes(folder, what);
  const auto differ =
      std::mismatch(bytes.rv32.begin(), bytes.rv32.end(), bytes.native.begin(), bytes.native.end());
  CAPTURE(what, bytes.rv32.size(), bytes.native.size(), differ.first - bytes.rv32.begin());
  CHECK(bytes.rv32.size() > 500);
  CHECK((bytes.rv32 == bytes.native));
}

// Without what is counted in cycles: "... cycles N" of a line, the line of the utilisation.
std::string timeless(const std::string& uart) {
  std::string result;
  std::istringstream lines(uart);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("utilisation ", 0) == 0) continue;
    result += line.substr(0, line.find(" cycles ")) + "\n";
  }
  return result;
}

void run_both(const std::filesystem::path& scenario, std::vector<std::string> sets,
              const std::vector<std::string>& arguments, const ScratchFolder& folder) {
  sets.emplace_back("dram.size_mib=32");
  sets.emplace_back();
  for (const std::string kind : {"rv32", "native"}) {
    sets.back() = "cpu.kind=" + kind;
    Configuration configuration = load_configuration(scenario, sets);
    if (!arguments.empty()) configuration.values.firmware.args = arguments;
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) ::_exit(run(configuration, folder, kind));
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CAPTURE(scenario, kind);
    REQUIRE(WIFEXITED(status));
    REQUIRE(WEXITSTATUS(status) == 0);
  }
}

void compare(const std::filesystem::path& scenario, const std::vector<std::string>& sets,
             const std::vector<std::string>& arguments, unsigned devices = 1,
             Doorbells doorbells = Doorbells::compared) {
  const ScratchFolder folder;
  CAPTURE(scenario, arguments);
  run_both(scenario, sets, arguments, folder);
  const Pair uart(folder, ".uart"), trace(folder, ".mmio");
  CHECK(uart.rv32.size() > 50);
  // Several devices share the memory: how they get into each other's way depends on time.
  CHECK(timeless(uart.rv32) == timeless(uart.native));
  if (devices == 1) CHECK(uart.rv32 == uart.native);
  const bool polls = std::find(arguments.begin(), arguments.end(), "--poll") != arguments.end();
  const auto rv32 = accesses_of(trace.rv32, polls), native = accesses_of(trace.native, polls);
  for (unsigned i = 0; i < devices; ++i) {
    const std::string device = epochcore_name(i);
    check_same(collapsed(rv32, device, doorbells), collapsed(native, device, doorbells));
    check_same_bytes(folder, "." + device + ".commands");
  }
  check_same_bytes(folder, ".memory");
}

std::filesystem::path shipped(const char* name) {
  return std::filesystem::path(EPOCH_SCENARIOS) / name;
}

TEST_CASE("native smnist equals rv32: asleep, polling, on two EpochCores") {
  compare(shipped("smnist.json"), {}, {"--digits=3", "--logits"});
  compare(shipped("smnist.json"), {}, {"--digits=2", "--poll"});
  compare(shipped("smnist.json"), {"epochcore.instances=2"}, {"--digits=4", "--logits"}, 2);
}

TEST_CASE("native smnist equals rv32 on other machines") {
  compare(shipped("smnist.json"),
          {"epochcore.pe_grid.rows=16", "epochcore.pe_grid.cols=64", "dram.ideal.gb_per_s=3"},
          {"--digits=2", "--logits", "--schedule=layer"});
  compare(shipped("smnist.json"),
          {"memory_map.epochcore=0x50000000", "memory_map.scratchpad=0x51000000",
           "memory_map.boot_rom=0x3000", "cpu.clock_mhz=1200"},
          {"--digits=2", "--logits"});
}

TEST_CASE("native ring equals rv32, errors and recovery and all") {
  compare(shipped("ring.json"), {}, {});
  compare(shipped("ring.json"), {}, {"--poll"});
}

TEST_CASE("native network equals rv32, on generated networks") {
  const std::vector<std::string> networks = {"s4d --task tiny", "mamba --task tiny --decode 4",
                                             "lstm --task tiny", "cnn --task tiny"};
  for (const std::string& network : networks) {
    const std::string model = EPOCH_GENERATED;
    std::filesystem::remove_all(model);
    const std::string command =
        "'" EPOCHVP "' generate " + network + " --out '" + model + "' 2>/dev/null";
    REQUIRE(std::system(command.c_str()) == 0);
    compare(model + "/scenario.json", {}, {});
    compare(model + "/scenario.json", {"epochcore.pe_grid.rows=8"}, {});
  }
}

TEST_CASE("native self-test equals rv32") {
  compare(shipped("selftest.json"), {}, {"--waits=0"}, 1, Doorbells::by_name);
}

}  // namespace
}  // namespace epoch
