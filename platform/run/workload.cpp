// SPDX-License-Identifier: Apache-2.0
#include "run/workload.h"

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <utility>

#include "boot_rom.h"
#include "compiler/network_compiler.h"
#include "config/json_text.h"
#include "device_tree.h"
#include "files/input_file.h"
#include "native/native_program.h"

namespace epoch {

namespace fs = std::filesystem;

namespace {

// The place of a file that a key names; not finding it is the fault of whoever wrote the key.
fs::path locate(const Configuration& configuration, const std::string& key,
                const FileReference& reference, const std::vector<fs::path>& folders,
                const std::string& hint = "") {
  try {
    return find_file(reference, folders).lexically_normal();
  } catch (const std::invalid_argument& problem) {
    configuration.refuse(key, problem.what() + (hint.empty() ? "" : "; " + one_line(hint, 200)));
  }
}

// Sequences of an IDX file of bytes (magic 0x0803: count, rows, columns), or one plain sequence.
// Throws std::invalid_argument for an IDX file of anything else, or of fewer bytes than it says.
std::vector<std::vector<std::uint8_t>> sequences_of(const std::vector<std::uint8_t>& file) {
  constexpr std::size_t header = 16, most = 32;
  const bool idx = file.size() >= 4 && file[0] == 0 && file[1] == 0 && file[2] == 8;
  if (!idx) return {file};
  const auto big32 = [&](std::size_t at) {
    return std::size_t{file[at]} << 24 | std::size_t{file[at + 1]} << 16 |
           std::size_t{file[at + 2]} << 8 | std::size_t{file[at + 3]};
  };
  if (file[3] != 3 || file.size() < header)
    throw std::invalid_argument("an IDX file must have 3 dimensions: sequences, rows, columns");
  const std::size_t length = big32(8) * big32(12), count = std::min(most, big32(4));
  if (length == 0 || count == 0 || (file.size() - header) / length < count)
    throw std::invalid_argument("an IDX file of " + std::to_string(big32(4)) + " x " +
                                std::to_string(length) + " bytes that holds " +
                                std::to_string(file.size() - header));
  std::vector<std::vector<std::uint8_t>> sequences;
  for (auto at = file.begin() + header; sequences.size() < count;
       at += static_cast<std::ptrdiff_t>(length))
    sequences.emplace_back(at, at + static_cast<std::ptrdiff_t>(length));
  return sequences;
}

CompilerOptions compiler_options(const Configuration& configuration, const SearchFolders& folders) {
  const NetworkConfig& network = configuration.values.network;
  CompilerOptions options;
  options.type = network.type;
  options.partial = network.partial_type;
  if (network.calibration.empty() || network.type != NumberType::int8) return options;
  const fs::path file =
      locate(configuration, "network.calibration", network.calibration, folders.scenarios);
  try {
    options.calibration = sequences_of(read_file(file, configuration.values.dram.size_bytes));
  } catch (const std::invalid_argument& error) {
    configuration.refuse("network.calibration", file.string() + ": " + error.what());
  }
  return options;
}

void add_network(const Configuration& configuration, const SearchFolders& folders,
                 std::vector<Blob>& blobs) {
  const NetworkConfig& network = configuration.values.network;
  if (network.model.empty()) return;
  blobs.push_back({"network", "epochcore,network-image", "network.address", network.address,
                   compile_model(configuration, folders)});
}

void add_data(const Configuration& configuration, std::vector<Blob>& blobs) {
  const ScenarioConfig& config = configuration.values;
  for (std::size_t i = 0; i < config.data.size(); ++i) {
    const DataConfig& data = config.data[i];
    const std::string key = "data." + std::to_string(i);
    const fs::path file = locate(configuration, key + ".file", data.file, {}, data.hint);
    Blob blob{data.name, "epochcore,data", key + ".address", data.address,
              read_file(file, config.dram.size_bytes)};
    if (blob.bytes.empty()) configuration.refuse(key + ".file", file.string() + " is empty");
    blobs.push_back(std::move(blob));
  }
}

// Beside the ELF, by the same name.
std::shared_ptr<NativeProgram> load_native(const Configuration& configuration,
                                           const fs::path& elf) {
  const fs::path file = fs::path(elf).replace_extension(".so");
  std::error_code error;
  if (!fs::is_regular_file(file, error)) {
    configuration.refuse("cpu.kind",
                         "\"native\" needs " + file.string() +
                             ", the firmware compiled for the host, which is not there");
  }
  return std::make_shared<NativeProgram>(file);
}

}  // namespace

std::vector<std::uint8_t> compile_model(const Configuration& configuration,
                                        const SearchFolders& folders, const fs::path& model) {
  const ScenarioConfig& config = configuration.values;
  const fs::path located = model.empty() ? locate(configuration, "network.model",
                                                  config.network.model, folders.scenarios)
                                         : model;
  const fs::path folder = (located / "").lexically_normal().parent_path();  // as messages show it
  CompiledNetwork compiled =
      compile_network(load_model(folder.string()), compiler_target(config.epochcore),
                      compiler_options(configuration, folders));
  constexpr std::size_t most = 5;
  for (std::size_t i = 0; i < std::min(most, compiled.warnings.size()); ++i)
    std::fprintf(stderr, "epochvp: warning: %s\n", compiled.warnings[i].c_str());
  if (compiled.warnings.size() > most)
    std::fprintf(stderr, "epochvp: warning: and %zu more\n", compiled.warnings.size() - most);
  return std::move(compiled.image);
}

Workload load_workload(const Configuration& configuration, const SearchFolders& folders) {
  const ScenarioConfig& config = configuration.values;
  if (config.firmware.elf.empty()) {
    configuration.refuse("firmware.elf",
                         "no firmware to run; name one, e.g. \"firmware\": { \"elf\": "
                         "\"hello.elf\" } or --set firmware.elf=hello.elf");
  }
  const fs::path elf = locate(configuration, "firmware.elf", config.firmware.elf, folders.firmware);
  Workload workload;
  workload.elf_name = elf.string();
  workload.elf_bytes = read_file(elf, ElfFile::kMaxFileBytes);
  workload.elf = ElfFile::parse(elf.string(), workload.elf_bytes);
  if (config.cpu_kind == CpuKind::native) workload.native = load_native(configuration, elf);
  add_network(configuration, folders, workload.blobs);
  add_data(configuration, workload.blobs);
  place(configuration, workload.elf_name, workload.elf, workload.blobs);
  std::vector<std::uint8_t> tree;
  try {
    tree = make_device_tree(config, elf.filename().string(), workload.blobs);
    workload.boot_rom = make_boot_rom(config.memory_map.boot_rom, workload.elf.entry(), tree);
  } catch (const std::exception& problem) {
    configuration.refuse("firmware.args", problem.what());
  }
  return workload;
}

}  // namespace epoch
