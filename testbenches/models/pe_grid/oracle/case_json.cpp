// SPDX-License-Identifier: Apache-2.0
#include "models/pe_grid/oracle/case_json.h"

#include <set>
#include <stdexcept>

#include "models/pe_grid/oracle/operands.h"
#include "models/pe_grid/oracle/refusals.h"
#include "models/pe_grid/oracle/words.h"

namespace grid_oracle {

namespace {

using nlohmann::json;

const std::set<std::string> known_keys = {
    "mode",        "type",         "rows",        "cols",        "segment_rows", "segment_io",
    "multipliers", "state_slots",  "slots_kind",  "mul_latency", "add_latency",  "hop",
    "reduce",      "pe_exp",       "ports",       "channels",    "modes",        "steps",
    "tiles",       "partial",      "output_type", "stored_type", "reverse",      "shift",
    "d",           "coefficients", "inputs",      "state"};

void refuse_unknown_keys(const json& object, const std::set<std::string>& known,
                         const std::string& where) {
  if (!object.is_object()) throw std::invalid_argument(where + " must be an object");
  for (const auto& item : object.items())
    if (known.count(item.key()) == 0)
      throw std::invalid_argument("unknown key in " + where + ": " + item.key());
}

int integer(const json& object, const std::string& key) {
  if (!object.contains(key)) throw std::invalid_argument("missing key: " + key);
  if (!object.at(key).is_number_integer()) throw std::invalid_argument(key + " must be an integer");
  return object.at(key).get<int>();
}

int integer_or(const json& object, const std::string& key, int otherwise) {
  return object.contains(key) ? integer(object, key) : otherwise;
}

// A flag is true, false, 1 or 0.
bool flag(const json& object, const std::string& key) {
  if (!object.contains(key)) return false;
  if (object.at(key).is_boolean()) return object.at(key).get<bool>();
  const int value = integer(object, key);
  if (value != 0 && value != 1) throw std::invalid_argument(key + " must be 0 or 1");
  return value == 1;
}

std::string text_or(const json& object, const std::string& key, const std::string& otherwise) {
  if (!object.contains(key)) return otherwise;
  if (!object.at(key).is_string()) throw std::invalid_argument(key + " must be a string");
  return object.at(key).get<std::string>();
}

// True for the second of two names.
bool second_of(const json& object, const std::string& key, const std::string& first,
               const std::string& second) {
  const std::string name = text_or(object, key, first);
  if (name != first && name != second)
    throw std::invalid_argument(key + " must be " + first + " or " + second);
  return name == second;
}

SlotsKind slots_kind_of(const std::string& name) {
  if (name == "mode") return SlotsKind::mode;
  if (name == "channel") return SlotsKind::channel;
  if (name == "batch") return SlotsKind::batch;
  throw std::invalid_argument("unknown slots_kind: " + name);
}

// A word's bytes by the name of a type; the default follows the command's type.
int bytes_by_type(const json& object, const std::string& key, int otherwise) {
  if (!object.contains(key)) return otherwise;
  return second_of(object, key, "fp32", "bf16") ? 2 : 4;
}

Ports ports_of(const json& object) {
  Ports ports;
  if (!object.contains("ports")) return ports;
  const json& given = object.at("ports");
  refuse_unknown_keys(given, {"read", "write", "coefficient", "state"}, "ports");
  ports.read = integer_or(given, "read", 0);
  ports.write = integer_or(given, "write", 0);
  ports.coefficient = integer_or(given, "coefficient", 0);
  ports.state = integer_or(given, "state", 0);
  return ports;
}

// Tiles run back to back and keep the state, so only their sum matters.
int steps_of(const json& object) {
  if (!object.contains("tiles")) return integer(object, "steps");
  int sum = 0;
  for (const json& tile : object.at("tiles")) {
    if (!tile.is_number_integer() || tile.get<int>() < 1)
      throw std::invalid_argument("every tile must have at least one step");
    sum += tile.get<int>();
  }
  if (object.contains("steps") && integer(object, "steps") != sum)
    throw std::invalid_argument("steps must be the sum of the tiles");
  return sum;
}

void parse_array(const json& object, GridCase& c) {
  c.rows = integer(object, "rows");
  c.cols = integer(object, "cols");
  c.segment_rows = integer(object, "segment_rows");
  c.chained = second_of(object, "segment_io", "tapped", "chained");
  c.multipliers = integer_or(object, "multipliers", 2);
  c.slots = integer_or(object, "state_slots", 1);
  c.slots_kind = slots_kind_of(text_or(object, "slots_kind", "mode"));
  c.mul_latency = integer_or(object, "mul_latency", 1);
  c.add_latency = integer_or(object, "add_latency", 0);
  c.hop = integer_or(object, "hop", 1);
  c.systolic_reduce = second_of(object, "reduce", "tree", "systolic");
  c.dedicated_exp = second_of(object, "pe_exp", "shared", "dedicated");
  c.ports = ports_of(object);
}

void parse_command(const json& object, GridCase& c) {
  c.channels = integer(object, "channels");
  c.modes = integer(object, "modes");
  c.steps = steps_of(object);
  c.partial = flag(object, "partial");
  c.reverse = flag(object, "reverse");
  c.shift = flag(object, "shift");
  const int narrow = operand_bytes(c.type);
  const bool plain = c.mode == Mode::edge || c.partial;  // state or accumulators: always 4 bytes
  c.output_bytes = bytes_by_type(object, "output_type", plain ? 4 : narrow);
  if (c.partial) c.output_bytes = 4;
  c.stored_bytes = bytes_by_type(object, "stored_type", narrow);
}

std::vector<float> read_row(const json& row, const std::string& name, int size, int bytes) {
  if (!row.is_array() || static_cast<int>(row.size()) != size)
    throw std::invalid_argument(name + ": a row must have " + std::to_string(size) + " words");
  std::vector<float> values;
  for (const json& word : row) {
    if (!word.is_string()) throw std::invalid_argument(name + ": words are hex strings");
    values.push_back(read_word(word.get<std::string>(), bytes));
  }
  return values;
}

Table read_table(const json& group, const std::string& name, int rows, int columns, int bytes) {
  if (!group.contains(name)) throw std::invalid_argument("missing operand: " + name);
  const json& given = group.at(name);
  if (!given.is_array() || static_cast<int>(given.size()) != rows)
    throw std::invalid_argument(name + " must have " + std::to_string(rows) + " rows");
  Table table;
  for (const json& row : given) table.push_back(read_row(row, name, columns, bytes));
  return table;
}

json group_of(const json& object, const std::string& name) {
  return object.contains(name) ? object.at(name) : json::object();
}

void parse_coefficients(const json& object, const Operands& operands, GridCase& c) {
  const json group = group_of(object, "coefficients");
  std::set<std::string> known;
  for (const Operand& operand : operands.coefficients) {
    known.insert(operand.name);
    c.coefficients[operand.name] =
        read_table(group, operand.name, c.channels, c.modes, operand.bytes);
  }
  refuse_unknown_keys(group, known, "coefficients");
  if (object.contains("d")) c.d = read_row(object.at("d"), "d", c.channels, operand_bytes(c.type));
}

// inputs.u beside d * u exists for D only, so it must be there with d and only then.
bool reads_u_for_d(const GridCase& c) {
  return c.has_d() && (c.mode == Mode::selective || c.mode == Mode::ssd);
}

void parse_inputs(const json& object, const Operands& operands, GridCase& c) {
  const json group = group_of(object, "inputs");
  std::set<std::string> known;
  const auto read = [&](const std::string& name, int columns, int bytes) {
    known.insert(name);
    c.inputs[name] = read_table(group, name, c.steps, columns, bytes);
  };
  for (const Operand& operand : operands.north)
    read(operand.name, c.output_words(), operand.bytes);  // a lane takes as many as it gives
  for (const Operand& operand : operands.west) read(operand.name, c.modes, operand.bytes);
  if (reads_u_for_d(c)) read("u", c.lanes(), operand_bytes(c.type));
  if (group.contains("acc")) read("acc", c.lanes(), 4);
  if (group.contains("stored")) read("stored", c.lanes(), c.stored_bytes);
  refuse_unknown_keys(group, known, "inputs");
}

void parse_state(const json& object, const Operands& operands, GridCase& c) {
  const json group = group_of(object, "state");
  std::set<std::string> known;
  for (const std::string& name : operands.state) {
    known.insert(name);
    c.state[name] = group.contains(name) ? read_table(group, name, c.lanes(), c.modes, 4)
                                         : Table(c.lanes(), std::vector<float>(c.modes, 0.0f));
  }
  refuse_unknown_keys(group, known, "state");
}

}  // namespace

Mode mode_of(const std::string& name) {
  static const std::map<std::string, Mode> modes = {{"real", Mode::real},
                                                    {"complex", Mode::complex},
                                                    {"liquid_real", Mode::liquid_real},
                                                    {"liquid_complex", Mode::liquid_complex},
                                                    {"dplr", Mode::dplr},
                                                    {"selective", Mode::selective},
                                                    {"ssd", Mode::ssd},
                                                    {"edge", Mode::edge},
                                                    {"mac", Mode::mac}};
  const auto found = modes.find(name);
  if (found == modes.end()) throw std::invalid_argument("unknown mode: " + name);
  return found->second;
}

Type type_of(const std::string& name) {
  if (name == "fp32") return Type::fp32;
  if (name == "bf16") return Type::bf16;
  if (name == "bf16d") return Type::bf16d;
  throw std::invalid_argument("unknown type: " + name);
}

GridCase parse_case(const json& object) {
  if (object.is_object() && object.contains("seed"))
    throw std::invalid_argument("the oracle takes explicit operands, no seed");
  refuse_unknown_keys(object, known_keys, "the case");
  GridCase c;
  c.mode = mode_of(text_or(object, "mode", ""));
  c.type = type_of(text_or(object, "type", ""));
  parse_array(object, c);
  parse_command(object, c);
  refuse_impossible_shape(c);
  const Operands operands = operands_of(c.mode, c.type);
  parse_coefficients(object, operands, c);
  parse_inputs(object, operands, c);
  parse_state(object, operands, c);
  refuse_impossible_drain(c);
  return c;
}

json words_json(const Table& table, int bytes) {
  json rows = json::array();
  for (const std::vector<float>& values : table) {
    json row = json::array();
    for (float value : values) row.push_back(write_word(value, bytes));
    rows.push_back(row);
  }
  return rows;
}

}  // namespace grid_oracle
