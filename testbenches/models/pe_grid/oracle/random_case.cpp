// SPDX-License-Identifier: Apache-2.0
#include "models/pe_grid/oracle/random_case.h"

#include <algorithm>
#include <vector>

#include "models/pe_grid/oracle/case_json.h"
#include "models/pe_grid/oracle/operands.h"
#include "models/pe_grid/oracle/random_words.h"
#include "models/pe_grid/oracle/shape.h"

namespace grid_oracle {

namespace {

using nlohmann::json;

constexpr int most_channels = 24;  // so that a case stays small

const char* name_of(Type type) {
  return type == Type::fp32 ? "fp32" : type == Type::bf16 ? "bf16" : "bf16d";
}

const char* name_of(SlotsKind kind) {
  return kind == SlotsKind::mode ? "mode" : kind == SlotsKind::channel ? "channel" : "batch";
}

bool streams_a(const GridCase& c) {
  return c.mode == Mode::selective || c.mode == Mode::ssd;
}

bool one_slot(const GridCase& c) {
  return c.mode == Mode::edge || c.mode == Mode::mac;
}

void draw_type(Dice& dice, GridCase& c) {
  const bool no_bf16d = streams_a(c) || c.mode == Mode::mac;  // mac has no a
  c.type = static_cast<Type>(dice.between(0, no_bf16d ? 1 : 2));
}

int divisor_of(int rows, Dice& dice) {
  int divisor = dice.between(1, rows);
  while (rows % divisor != 0) --divisor;
  return divisor;
}

int small_port(Dice& dice) {
  return dice.one_in(2) ? 0 : dice.between(1, 64);
}

void draw_array(Dice& dice, GridCase& c) {
  c.rows = dice.between(1, 16);
  c.cols = dice.between(c.mode == Mode::edge ? 2 : 1, 10);
  c.segment_rows = divisor_of(c.rows, dice);
  c.chained = dice.one_in(2);
  c.multipliers = dice.between(1, 6);
  c.slots = one_slot(c) ? 1 : dice.between(1, 3);
  c.slots_kind = static_cast<SlotsKind>(one_slot(c) ? 0 : dice.between(0, streams_a(c) ? 1 : 2));
  c.mul_latency = dice.between(1, 4);
  c.add_latency = dice.between(0, 4);
  c.hop = dice.between(1, 2);
  c.systolic_reduce = dice.one_in(2);
  c.dedicated_exp = dice.one_in(2);
  c.ports = {small_port(dice), small_port(dice), small_port(dice), small_port(dice)};
}

// Half of the cases keep a channel within one segment, so that several stand above each other.
void draw_sizes(Dice& dice, GridCase& c) {
  const int rows = dice.one_in(2) ? c.segment_rows : c.rows;
  const int most = rows * (c.slots_kind == SlotsKind::mode ? c.slots : 1);
  c.modes = c.mode == Mode::edge ? 1 : dice.between(1, most);
  c.channels = 1;
  c.channels = dice.between(1, std::min(shape_of(c).capacity, most_channels));
  c.steps = dice.between(1, 20);
}

json ports_json(const Ports& ports) {
  return {{"read", ports.read},
          {"write", ports.write},
          {"coefficient", ports.coefficient},
          {"state", ports.state}};
}

json array_json(const GridCase& c, const std::string& mode) {
  return {{"mode", mode},
          {"type", name_of(c.type)},
          {"rows", c.rows},
          {"cols", c.cols},
          {"segment_rows", c.segment_rows},
          {"segment_io", c.chained ? "chained" : "tapped"},
          {"multipliers", c.multipliers},
          {"state_slots", c.slots},
          {"slots_kind", name_of(c.slots_kind)},
          {"mul_latency", c.mul_latency},
          {"add_latency", c.add_latency},
          {"hop", c.hop},
          {"reduce", c.systolic_reduce ? "systolic" : "tree"},
          {"pe_exp", c.dedicated_exp ? "dedicated" : "shared"},
          {"ports", ports_json(c.ports)},
          {"channels", c.channels},
          {"modes", c.modes},
          {"steps", c.steps}};
}

std::vector<int> cut_into_tiles(Dice& dice, int steps) {
  std::vector<int> tiles;
  while (steps > 0) {
    const int tile = dice.between(1, steps);
    tiles.push_back(tile);
    steps -= tile;
  }
  return tiles;
}

// A type by name, or its default's bytes where the key stays away.
int draw_word_type(Dice& dice, const GridCase& c, const char* key, json& result) {
  if (dice.one_in(3)) return operand_bytes(c.type);
  const bool narrow = dice.one_in(2);
  result[key] = narrow ? "bf16" : "fp32";
  return narrow ? 2 : 4;
}

// What the drain does beyond y, and what y starts with.
void add_drain(Dice& dice, RandomWords& words, const GridCase& c, json& result) {
  const int b = operand_bytes(c.type);
  json& inputs = result["inputs"];
  if (dice.one_in(3)) {
    result["d"] = words.table("D", 1, c.channels, b).front();
    if (streams_a(c)) inputs["u"] = words.table("u", c.steps, c.lanes(), b);
  }
  const bool combine = dice.one_in(2);
  if (combine) {
    const int bytes = draw_word_type(dice, c, "stored_type", result);
    inputs["stored"] = words.table("stored", c.steps, c.lanes(), bytes);
  }
  const bool shift = combine && c.reverse && dice.one_in(2);
  result["shift"] = shift ? 1 : 0;
}

void add_flags(Dice& dice, RandomWords& words, GridCase& c, json& result) {
  c.reverse = dice.one_in(3);
  result["reverse"] = c.reverse;
  result["shift"] = 0;
  if (dice.one_in(4)) result["tiles"] = cut_into_tiles(dice, c.steps);
  if (c.mode == Mode::edge) return;  // emits its state: no drain
  draw_word_type(dice, c, "output_type", result);
  const bool splits = c.mode != Mode::dplr;  // into blocks
  result["partial"] = splits && dice.one_in(5);
  if (splits && dice.one_in(3)) result["inputs"]["acc"] = words.table("acc", c.steps, c.lanes(), 4);
  if (!result["partial"] && c.mode != Mode::mac) add_drain(dice, words, c, result);
}

void add_operands(RandomWords& words, const GridCase& c, json& result) {
  const Operands operands = operands_of(c.mode, c.type);
  result["coefficients"] = json::object();
  result["inputs"] = json::object();
  result["state"] = json::object();
  for (const Operand& o : operands.coefficients)
    result["coefficients"][o.name] = words.table(o.name, c.channels, c.modes, o.bytes);
  for (const Operand& o : operands.north)
    result["inputs"][o.name] = words.table(o.name, c.steps, c.output_words(), o.bytes);
  for (const Operand& o : operands.west)
    result["inputs"][o.name] = words.table(o.name, c.steps, c.modes, o.bytes);
  for (const std::string& name : operands.state)
    result["state"][name] = words.table(name, c.lanes(), c.modes, 4);
}

}  // namespace

json random_grid_case(std::uint32_t seed, const std::string& mode) {
  Dice dice(seed);
  GridCase c;
  c.mode = mode_of(mode);
  draw_type(dice, c);
  draw_array(dice, c);
  draw_sizes(dice, c);
  json result = array_json(c, mode);
  RandomWords words(dice);
  add_operands(words, c, result);
  add_flags(dice, words, c, result);
  return result;
}

}  // namespace grid_oracle
