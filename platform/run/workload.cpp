// SPDX-License-Identifier: Apache-2.0
#include "run/workload.h"

#include <stdexcept>

#include "boot_rom.h"
#include "compiler/network_compiler.h"
#include "config/json_text.h"
#include "device_tree.h"
#include "loaders/file_bytes.h"

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

void add_network(const Configuration& configuration, const SearchFolders& folders,
                 std::vector<Blob>& blobs) {
  const NetworkConfig& network = configuration.values.network;
  if (network.model.empty()) return;
  const fs::path model = locate(configuration, "network.model", network.model, folders.scenarios);
  blobs.push_back({"network", "epochcore,network-image", "network.address", network.address,
                   compile_model(model, configuration.values.epochcore)});
}

void add_data(const Configuration& configuration, std::vector<Blob>& blobs) {
  const ScenarioConfig& config = configuration.values;
  for (std::size_t i = 0; i < config.data.size(); ++i) {
    const DataConfig& data = config.data[i];
    const std::string key = "data." + std::to_string(i);
    const fs::path file = locate(configuration, key + ".file", data.file, {}, data.hint);
    Blob blob{data.name, "epochcore,data", key + ".address", data.address,
              read_file_bytes(file, config.dram.size_bytes)};
    if (blob.bytes.empty()) configuration.refuse(key + ".file", file.string() + " is empty");
    blobs.push_back(std::move(blob));
  }
}

}  // namespace

std::vector<std::uint8_t> compile_model(const fs::path& model, const EpochCoreConfig& config) {
  const Limits limits = limits_of(config);
  ArrayTarget target;
  target.rows = limits.array.rows;
  target.cols = limits.array.cols;
  target.segment_rows = limits.array.segment_rows;
  for (unsigned i = 0; i < EPOCH_BUFFERS; ++i) {
    target.buffer_bytes[i] = static_cast<std::uint32_t>(limits.buffer_bytes[i]);
  }
  target.modes = limits.modes;
  target.types = limits.types;
  target.activations = limits.activations;
  return compile_network(model.string(), target);
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
  workload.elf = ElfFile::read(elf);
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
