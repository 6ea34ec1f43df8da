// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "descriptors.h"
#include "epochcore/config.h"

namespace epoch {

// A CASE.json (platform/grid/README.md) as a device sees it: the hardware, operands as bytes in the
// buffers, and the commands that run it. Layouts are written from epochcore.h, not taken from the
// model.
class CaseProgram {
 public:
  explicit CaseProgram(const nlohmann::json& grid_case);

  // Buffers are small, the drain has a lane for every element.
  EpochCoreConfig hardware() const;

  // COEFF, which waits for semaphore 0; STATE, from a buffer; a STREAMS and an SSM, or a GEMM, for
  // each tile; STATE, to a buffer; NOP, which signals 0 when the others are in their FIFO.
  std::vector<Descriptor> commands() const;

  struct Bytes {
    std::uint32_t at;
    std::vector<std::uint8_t> data;
  };
  const std::vector<Bytes>& operands() const { return operands_; }

  // Where results lie, a tile after the other, and the saved state; how to read both back into the
  // tables of a result.
  std::vector<Bytes> results() const;
  nlohmann::json outputs(const std::vector<Bytes>& results) const;
  nlohmann::json state(const std::vector<std::uint8_t>& bytes) const;
  std::uint32_t state_at() const { return saved_; }
  std::size_t state_bytes() const;
  bool has_state() const { return !state_names_.empty(); }

  // What the drain adds to the array's cycles: its stages, an element a lane.
  std::uint64_t drain_cycles() const;

 private:
  struct Tile {
    unsigned first, steps;  // in array order
    std::uint32_t source = 0, destination = 0, stored = 0, sums = 0, drive = 0, b = 0, c = 0, u = 0;
  };

  const nlohmann::json& input(const std::string& name) const { return case_.at("inputs").at(name); }
  bool has(const std::string& name) const { return case_.at("inputs").contains(name); }
  std::uint32_t place(std::vector<std::uint8_t> data);
  std::uint32_t place_rows(const std::string& name, const Tile& tile);
  void place_block();
  void place_state();
  void cut_tiles();
  Descriptor array(const Tile& tile) const;
  Descriptor streams(const Tile& tile) const;
  unsigned output_columns() const;
  std::uint32_t flags() const;

  nlohmann::json case_;
  std::string mode_name_;
  unsigned mode_ = 0, type_ = 0, channels_ = 0, modes_ = 0, sequences_ = 1;
  unsigned output_bytes_ = 4;
  std::vector<std::string> state_names_;
  std::vector<Tile> tiles_;
  std::vector<Bytes> operands_;
  std::uint32_t next_ = 0, block_ = 0, loaded_ = 0, saved_ = 0;
};

}  // namespace epoch
