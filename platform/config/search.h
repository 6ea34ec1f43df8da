// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/scenario.h"

namespace epoch {

// Where the platform looks for what a scenario names.
struct SearchFolders {
  std::vector<std::filesystem::path> firmware;
  std::vector<std::filesystem::path> scenarios;  // shipped scenarios and their models
};

// Folders around the executable, and those of the source tree that it was built from.
SearchFolders default_search_folders();

// The file or folder that a reference means: its own folder first; a bare name (no "/") is then
// looked for in `others`. Throws std::invalid_argument naming the places tried.
std::filesystem::path find_file(const FileReference& reference,
                                const std::vector<std::filesystem::path>& others);

}  // namespace epoch
