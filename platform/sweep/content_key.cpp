// SPDX-License-Identifier: Apache-2.0
#include "sweep/content_key.h"

#include <algorithm>
#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <limits>
#include <stdexcept>
#include <vector>

#include "config/describe.h"
#include "config/key_value.h"
#include "errors.h"
#include "files/input_file.h"

namespace epoch {

namespace fs = std::filesystem;

namespace {

std::string digest(const void* bytes, std::size_t count) {
  const boost::uuids::name_generator_sha1 generate(boost::uuids::ns::oid());
  return boost::uuids::to_string(generate(bytes, count));
}

std::string file_digest(const fs::path& file) {
  try {
    const auto bytes = read_file(file, std::numeric_limits<std::uint64_t>::max());
    return digest(bytes.data(), bytes.size());
  } catch (const InputError&) {
    return "missing";
  }
}

std::string folder_digest(const fs::path& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.is_regular_file(error)) {
      files.push_back(entry.path().filename().string() + " " + file_digest(entry.path()) + "\n");
    }
  }
  std::sort(files.begin(), files.end());
  std::string text;
  for (const std::string& file : files) text += file;
  return digest(text.data(), text.size());
}

}  // namespace

ContentKeys::ContentKeys(const SearchFolders& folders, const fs::path& program)
    : folders_(folders), program_(file_digest(program)) {}

const std::string& ContentKeys::contents(const fs::path& file) {
  const auto known = known_.find(file);
  if (known != known_.end()) return known->second;
  std::error_code error;
  const bool folder = fs::is_directory(file, error);
  return known_[file] = folder ? folder_digest(file) : file_digest(file);
}

// Name and contents: the firmware is told its own name, nothing else depends on the folder.
std::string ContentKeys::file_value(const std::string& key, const FileReference& reference) {
  if (reference.empty()) return "";
  std::vector<fs::path> others;
  if (key == "firmware.elf") others = folders_.firmware;
  if (key.rfind("network.", 0) == 0) others = folders_.scenarios;
  try {
    const fs::path file = find_file(reference, others);
    std::string value = fs::path(reference.text).filename().string() + " " + contents(file);
    if (key == "firmware.elf") {  // beside it the same for cpu.kind native
      value += " " + contents(fs::path(file).replace_extension(".so"));
    }
    return value;
  } catch (const std::invalid_argument&) {
    return reference.text + " missing";
  }
}

std::string ContentKeys::of(const Configuration& configuration, const std::string& extra) {
  std::string text = program_ + "\n" + extra + "\n";
  const ScenarioConfig& config = configuration.values;
  for_each_value(config, [&](const Key& key, std::size_t index, const std::string& path) {
    const KeyValue value = key.read(config, index);
    text += path + " = ";
    if (const auto* file = std::get_if<FileReference>(&value)) {
      text += file_value(key.path, *file);
    } else {
      text += key_value_to_json(key, value).dump(-1, ' ', true, Json::error_handler_t::replace);
    }
    text += "\n";
  });
  const std::string prefix = "file:";
  if (config.uart.input.rfind(prefix, 0) == 0) {
    text += contents(config.uart.input.substr(prefix.size())) + "\n";
  }
  return digest(text.data(), text.size());
}

}  // namespace epoch
