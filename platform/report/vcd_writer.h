// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "common/trace.h"
#include "files/output_file.h"

namespace epoch {

// Writes value changes as a VCD file (IEEE 1364-2005, section 18): dotted scopes become nested
// modules, enumerated signals become string variables (an extension that GTKWave and its kin show
// by name). Changes may arrive out of order; advance() says up to where they are complete. The file
// holds nothing but simulated facts: no date, so two runs give the same bytes.
class VcdWriter : public TraceSink {
 public:
  // Throws UnavailableError if the file cannot be made.
  explicit VcdWriter(const std::filesystem::path& file);
  VcdWriter(const VcdWriter&) = delete;
  VcdWriter& operator=(const VcdWriter&) = delete;

  // Throws std::invalid_argument for a signal declared twice in one scope.
  Signal declare(const std::string& scope, const std::string& name, unsigned width_bits,
                 std::vector<std::string> states = {}) override;
  void change(Signal signal, std::uint64_t time_ps, std::uint64_t value) override;

  // No change before `now_ps` will come any more: writes them.
  void advance(std::uint64_t now_ps);
  // Writes all that is left and ends the file at `end_ps`. Throws UnavailableError if the disk did
  // not take everything.
  void finish(std::uint64_t end_ps);
  // A GTKWave save file that shows every signal, grouped by scope.
  void write_gtkwave_save(const std::filesystem::path& file) const;

  std::uint64_t changes() const { return written_; }

 private:
  struct Declaration {
    std::string scope, name, id;
    unsigned width = 1;
    std::vector<std::string> states;
    bool known = false;
    std::uint64_t value = 0;
  };
  struct Change {
    std::uint64_t time_ps;
    Signal signal;
    std::uint64_t value;
  };

  void write_header();
  void write_scopes();
  void write_time(std::uint64_t time_ps);
  void write_value(const Declaration& signal);
  void write_changes(std::size_t count);

  std::filesystem::path name_;
  OutputFile file_;
  std::vector<Declaration> signals_;
  std::map<std::string, Signal> by_name_;
  std::vector<Change> pending_;
  bool header_written_ = false;
  bool finished_ = false;
  bool time_written_ = false;
  std::uint64_t time_ps_ = 0;
  std::uint64_t written_ = 0;
};

}  // namespace epoch
