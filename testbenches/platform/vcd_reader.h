// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace epoch::test {

// Reads a VCD file by the standard's grammar, knowing nothing of the writer. Throws
// std::runtime_error on anything that the grammar (plus string variables) does not allow.
class VcdReader {
 public:
  using Changes = std::vector<std::pair<std::uint64_t, std::string>>;

  explicit VcdReader(const std::string& text) : stream_(text) {
    read_declarations();
    read_changes();
  }

  std::map<std::string, Changes> signals;  // by dotted path
  std::map<std::string, unsigned> widths;
  std::string timescale;
  std::uint64_t end_time = 0;

 private:
  std::string next() {
    std::string token;
    if (!(stream_ >> token)) throw std::runtime_error("VCD ends early");
    return token;
  }
  std::string until_end() {
    std::string all;
    for (std::string token = next(); token != "$end"; token = next()) all += token;
    return all;
  }

  void read_declarations() {
    std::vector<std::string> scopes;
    for (std::string token = next(); token != "$enddefinitions"; token = next()) {
      if (token == "$scope") {
        if (next() != "module") throw std::runtime_error("scope kind");
        scopes.push_back(until_end());
      } else if (token == "$upscope") {
        if (scopes.empty()) throw std::runtime_error("$upscope without $scope");
        scopes.pop_back();
        until_end();
      } else if (token == "$var") {
        read_variable(scopes);
      } else if (token == "$timescale") {
        timescale = until_end();
      } else if (token == "$version") {
        until_end();
      } else {
        throw std::runtime_error("unknown section " + token);
      }
    }
    until_end();
    if (!scopes.empty()) throw std::runtime_error("scope left open");
  }

  void read_variable(const std::vector<std::string>& scopes) {
    std::string path;
    next();  // kind
    const unsigned width = static_cast<unsigned>(std::stoul(next()));
    const std::string id = next();
    for (const std::string& scope : scopes) path += scope + ".";
    path += next();
    until_end();  // bit range
    if (!by_id_.emplace(id, path).second || signals.count(path) != 0) {
      throw std::runtime_error("declared twice: " + path);
    }
    signals[path];
    widths[path] = width;
  }

  void read_changes() {
    std::string token;
    while (stream_ >> token) {
      if (token[0] == '#') {
        const std::uint64_t time = std::stoull(token.substr(1));
        if (timed_ && time <= end_time) throw std::runtime_error("time does not advance");
        timed_ = true;
        end_time = time;
      } else if (token[0] == 'b' || token[0] == 's') {
        add(next(), token.substr(1));
      } else if (token[0] != '$') {
        add(token.substr(1), token.substr(0, 1));
      }
    }
  }

  void add(const std::string& id, const std::string& value) {
    signals.at(by_id_.at(id)).emplace_back(end_time, value);
  }

  std::istringstream stream_;
  std::map<std::string, std::string> by_id_;
  bool timed_ = false;
};

}  // namespace epoch::test
