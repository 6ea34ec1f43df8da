// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/json_text.h"
#include "epochcore/pe_grid/array.h"

namespace epoch {

// A table of operand words in a case: its name there, its shape, and the words as 32 bits each.
struct GridOperand {
  std::string name;     // "ar", "u", "xr"
  std::string section;  // "coefficients", "inputs", "state"; "" for d
  unsigned bytes = 4;   // of a word as it is written
  std::size_t rows = 0, columns = 0;
  std::vector<float> words;  // [row][column]
};

// One array command on one array (README.md: CASE.json).
struct GridCase {
  ArrayConfig array;
  CoefficientBlock block;  // without its words
  ArrayCommand command;    // without its operands
  std::vector<GridOperand> operands;
  bool seeded = false;  // operands were made from a seed, not read

  const GridOperand* find(const std::string& section, const std::string& name) const;
};

// Reads a case. Throws InputError that names `where`, the key, the value and what is allowed.
GridCase read_grid_case(const Json& json, const std::string& where);
GridCase read_grid_case_file(const std::filesystem::path& file);

struct GridResult {
  std::vector<GridOperand> state;
  GridOperand outputs;
  ArrayTiming timing;
  std::uint64_t cycles = 0;  // row 0 taking the first u to the last y; mac: and its tile's load
  std::uint64_t coefficient_cycles = 0, state_cycles = 0;
  std::uint64_t saturated = 0;
};
GridResult run_grid_case(const GridCase& grid_case, Fidelity fidelity);

// {"fast": R, "cycle": R}; the operands too if a seed made them.
Json grid_results(const GridCase& grid_case);

// Writes a file of hex words, one a line ($readmemh), for each operand and result, and
// manifest.json. Throws UnavailableError if one cannot be written.
void write_grid_vectors(const GridCase& grid_case, const std::filesystem::path& folder);

}  // namespace epoch
