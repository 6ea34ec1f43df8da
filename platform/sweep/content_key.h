// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "config/configuration.h"
#include "config/search.h"

namespace epoch {

// Names what a run's result depends on: the value of every key, the contents of every file that a
// key names, and the program that runs. Two points with the same key give the same bytes.
class ContentKeys {
 public:
  // `program` is hashed whole: a build that computes something else keeps no result of another.
  ContentKeys(const SearchFolders& folders, const std::filesystem::path& program);

  // 36 characters: an RFC 4122 version 5 UUID (SHA-1). `extra` is what matters besides.
  std::string of(const Configuration& configuration, const std::string& extra = "");

 private:
  // "missing" if it cannot be read: the run will say so, and runs again once it is there.
  const std::string& contents(const std::filesystem::path& file);
  std::string file_value(const std::string& key, const FileReference& reference);

  const SearchFolders& folders_;
  std::string program_;
  std::map<std::filesystem::path, std::string> known_;  // hashed before
};

}  // namespace epoch
