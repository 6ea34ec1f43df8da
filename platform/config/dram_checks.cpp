// SPDX-License-Identifier: Apache-2.0
#include "config/dram_checks.h"

#include <algorithm>
#include <stdexcept>

#include "config/dram_device_file.h"
#include "config/json_text.h"
#include "config/search.h"
#include "memory/dram_controller/address_mapping.h"

namespace epoch {
namespace {

std::uint64_t device_bytes(const DramConfig& dram) {
  return dram.device->rank_bytes() * dram.controller.ranks * dram.controller.channels;
}

// The key among those that was written, to blame for a combination; the last if none was.
std::string blamed(const Configuration& c, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (c.written(key)) return key;
  }
  return *(keys.end() - 1);
}

void check_mapping(const Configuration& c) {
  const DramConfig& dram = c.values.dram;
  const DramControllerConfig& controller = dram.controller;
  try {
    AddressMapping(controller.mapping, *dram.device, controller.channels, controller.ranks,
                   controller.bank_xor);
  } catch (const std::invalid_argument& problem) {
    c.refuse(blamed(c, {"dram.mapping", "dram.channels", "dram.ranks", "dram.device"}),
             "mapping \"" + one_line(controller.mapping, 100) + "\" " + problem.what());
  }
}

}  // namespace

void load_dram_device(Configuration& c) {
  FileReference reference = c.values.dram_device;
  if (reference.text == "ideal") return;
  if (reference.text.size() < 5 || reference.text.substr(reference.text.size() - 5) != ".json") {
    reference.text += ".json";
  }
  std::vector<std::filesystem::path> folders = default_search_folders().scenarios;
  for (std::filesystem::path& folder : folders) folder /= "memory";
  std::filesystem::path file;
  try {
    file = find_file(reference, folders);
  } catch (const std::invalid_argument& problem) {
    c.refuse("dram.device", problem.what());
  }
  // A file beside its scenario keeps its whole name, by which a dumped configuration finds it.
  if (file == reference.folder / reference.text) c.values.dram_device.text = reference.text;
  DramConfig& dram = c.values.dram;
  dram.device = read_dram_device(file);
  if (!c.written("dram.size_mib")) dram.size_bytes = std::min(dram.size_bytes, device_bytes(dram));
}

void check_dram(const Configuration& c) {
  const DramConfig& dram = c.values.dram;
  if (dram.controller.write_low_percent > dram.controller.write_high_percent) {
    c.refuse(blamed(c, {"dram.write_low_percent", "dram.write_high_percent"}),
             "write_low_percent " + std::to_string(dram.controller.write_low_percent) +
                 " must not be above write_high_percent " +
                 std::to_string(dram.controller.write_high_percent));
  }
  if (!dram.device) return;
  check_mapping(c);
  if (dram.size_bytes > device_bytes(dram)) {
    c.refuse(blamed(c, {"dram.size_mib", "dram.device"}),
             std::to_string(dram.size_bytes >> 20) +
                 " MiB are more than the device has: " + std::to_string(dram.controller.channels) +
                 " channels x " + std::to_string(dram.controller.ranks) + " ranks x " +
                 std::to_string(dram.device->rank_bytes() >> 20) + " MiB");
  }
}

}  // namespace epoch
