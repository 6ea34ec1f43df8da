// SPDX-License-Identifier: Apache-2.0
#include "config/search.h"

#include <algorithm>
#include <stdexcept>

#include "config/json_text.h"

namespace epoch {

namespace fs = std::filesystem;

SearchFolders default_search_folders() {
  std::error_code error;
  const fs::path executable = fs::read_symlink("/proc/self/exe", error).parent_path();
  SearchFolders folders;
  folders.firmware = {executable / "firmware"};
  // build/<preset>/epochvp and an installed bin/epochvp; then the tree it was built from.
  for (const fs::path& candidate : {executable / ".." / ".." / "scenarios",
                                    executable / ".." / "share" / "epochcore" / "scenarios",
                                    fs::path(EPOCH_SOURCE_SCENARIOS)}) {
    const fs::path folder = candidate.lexically_normal();
    if (std::find(folders.scenarios.begin(), folders.scenarios.end(), folder) ==
        folders.scenarios.end()) {
      folders.scenarios.push_back(folder);
    }
  }
  return folders;
}

fs::path find_file(const FileReference& reference, const std::vector<fs::path>& others) {
  std::vector<fs::path> tried = {reference.folder / reference.text};
  if (reference.text.find('/') == std::string::npos) {
    for (const fs::path& folder : others) tried.push_back(folder / reference.text);
  }
  std::string places;
  for (const fs::path& place : tried) {
    std::error_code error;
    if (fs::exists(place, error)) return place;
    places += (places.empty() ? "" : ", ") + one_line(place.lexically_normal().string(), 300);
  }
  throw std::invalid_argument("\"" + one_line(reference.text) + "\" not found; tried " + places);
}

}  // namespace epoch
