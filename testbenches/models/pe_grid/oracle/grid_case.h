// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

// One array command in plain types: what a CASE.json says, after its words became numbers.
namespace grid_oracle {

enum class Mode { real, complex, liquid_real, liquid_complex, dplr, selective, ssd, edge, mac };
enum class Type { fp32, bf16, bf16d };
enum class SlotsKind { mode, channel, batch };

// Every operand is an fp32 value: bf16 words are widened, exactly, when they are read.
using Table = std::vector<std::vector<float>>;
using Tables = std::map<std::string, Table>;

struct Ports {  // bytes a cycle, 0 = unlimited
  int read = 0;
  int write = 0;
  int coefficient = 0;
  int state = 0;
};

struct GridCase {
  Mode mode = Mode::real;
  Type type = Type::fp32;

  int rows = 0;
  int cols = 0;
  int segment_rows = 0;
  bool chained = false;
  int multipliers = 2;
  int slots = 1;
  SlotsKind slots_kind = SlotsKind::mode;
  int mul_latency = 1;
  int add_latency = 0;
  int hop = 1;
  bool systolic_reduce = false;  // else a tree
  bool dedicated_exp = false;    // else the PE's own multipliers
  Ports ports;

  int channels = 0;
  int modes = 0;
  int steps = 0;  // over all tiles
  bool partial = false;
  bool reverse = false;
  bool shift = false;
  int output_bytes = 4;
  int stored_bytes = 4;

  Tables coefficients;   // [channel][mode]
  Tables inputs;         // [T][lane], [T][mode] from the west; also u, acc and stored
  Tables state;          // [lane][mode]
  std::vector<float> d;  // [channel], empty if the command has no D

  bool has_input(const std::string& name) const { return inputs.count(name) != 0; }
  bool has_d() const { return !d.empty(); }
  bool batch() const { return slots_kind == SlotsKind::batch; }
  int sequences() const { return batch() ? slots : 1; }
  int lanes() const { return channels * sequences(); }
  int channel_of(int lane) const { return lane / sequences(); }
  int output_words() const { return mode == Mode::edge ? 2 * channels : lanes(); }
};

}  // namespace grid_oracle
