// SPDX-License-Identifier: Apache-2.0
#include "grid/grid_case.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>

#include "epochcore/pe_grid/number_format.h"
#include "epochcore/pe_grid/operands.h"
#include "epochcore/pe_grid/placement.h"
#include "errors.h"
#include "grid/grid_operands.h"
#include "grid/seeded_words.h"

namespace epoch {

namespace {

constexpr unsigned kMost = 65'535;              // of rows, channels, modes
constexpr std::uint64_t kMostWords = 1u << 24;  // of all operands
constexpr std::uint64_t kMostSlots = 1u << 24;  // of an array
constexpr std::uintmax_t kMostBytes = std::uintmax_t{1} << 30;

// Reads keys of one object; whoever is left at the end was never asked for.
class CaseReader {
 public:
  CaseReader(const Json& json, const std::string& where) : json_(json), where_(where) {
    if (!json.is_object()) refuse("", "is not an object");
  }

  [[noreturn]] void refuse(const std::string& key, const std::string& why) const {
    throw InputError(where_, key.empty() ? why : key + ": " + why);
  }

  // With the value that the case has.
  [[noreturn]] void refuse_value(const char* key, const std::string& why) const {
    const auto found = json_.find(key);
    refuse(key, found == json_.end() ? why : shown(*found) + ": " + why);
  }

  unsigned number(const char* key, unsigned fallback, unsigned low, unsigned high) {
    const Json* value = take(key);
    if (value == nullptr) return fallback;
    return checked(key, *value, low, high);
  }
  unsigned needed(const char* key, unsigned low, unsigned high) {
    const Json* value = take(key);
    if (value == nullptr) refuse(key, "is missing");
    return checked(key, *value, low, high);
  }
  bool flag(const char* key) {
    const Json* value = take(key);
    if (value == nullptr) return false;
    if (value->is_boolean()) return value->get<bool>();
    return checked(key, *value, 0, 1) == 1;
  }
  template <class Enum>
  Enum choice(const char* key, std::initializer_list<std::pair<const char*, Enum>> choices,
              std::optional<Enum> fallback) {
    const Json* value = take(key);
    if (value == nullptr) {
      if (!fallback) refuse(key, "is missing");
      return *fallback;
    }
    std::string allowed;
    for (const auto& [name, meaning] : choices) {
      if (value->is_string() && value->get_ref<const std::string&>() == name) return meaning;
      allowed += allowed.empty() ? name : std::string(", ") + name;
    }
    refuse(key, shown(*value) + " is none of " + allowed);
  }
  bool has(const char* key) const { return json_.find(key) != json_.end(); }
  const Json* take(const char* key) {
    asked_.insert(key);
    const auto found = json_.find(key);
    return found == json_.end() ? nullptr : &*found;
  }
  void finish() const {
    for (const auto& [key, value] : json_.items())
      if (asked_.count(key) == 0) refuse(one_line(key), "is not a key of a grid case");
  }
  static std::string shown(const Json& value) {
    const std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
    return text.size() > 40 ? text.substr(0, 40) + "..." : text;
  }

 private:
  unsigned checked(const std::string& key, const Json& value, unsigned low, unsigned high) const {
    if (value.is_number_unsigned()) {
      const auto number = value.get<std::uint64_t>();
      if (number >= low && number <= high) return static_cast<unsigned>(number);
    }
    refuse(key, shown(value) + " is not a whole number from " + std::to_string(low) + " to " +
                    std::to_string(high));
  }

  const Json& json_;
  const std::string where_;
  std::set<std::string> asked_;
};

const std::initializer_list<std::pair<const char*, ArrayMode>> kModes = {
    {"real", ArrayMode::real},
    {"complex", ArrayMode::complex},
    {"liquid_real", ArrayMode::liquid_real},
    {"liquid_complex", ArrayMode::liquid_complex},
    {"dplr", ArrayMode::dplr},
    {"selective", ArrayMode::selective},
    {"ssd", ArrayMode::ssd},
    {"edge", ArrayMode::edge},
    {"mac", ArrayMode::mac}};

ArrayConfig read_array(CaseReader& reader) {
  ArrayConfig array;
  array.rows = reader.needed("rows", 1, kMost);
  array.cols = reader.needed("cols", 1, kMost);
  array.segment_rows = reader.number("segment_rows", array.rows, 1, array.rows);
  if (array.rows % array.segment_rows != 0)
    reader.refuse("segment_rows", std::to_string(array.segment_rows) + " does not divide rows, " +
                                      std::to_string(array.rows));
  array.segment_io = reader.choice<SegmentIo>(
      "segment_io", {{"tapped", SegmentIo::tapped}, {"chained", SegmentIo::chained}},
      SegmentIo::tapped);
  array.multipliers = reader.number("multipliers", 2, 1, 64);
  array.state_slots = reader.number("state_slots", 1, 1, 255);
  array.slots_kind = reader.choice<SlotsKind>(
      "slots_kind",
      {{"mode", SlotsKind::mode}, {"channel", SlotsKind::channel}, {"batch", SlotsKind::batch}},
      SlotsKind::mode);
  array.mul_latency = reader.number("mul_latency", 1, 1, 64);
  array.add_latency = reader.number("add_latency", 0, 0, 64);
  array.hop = reader.number("hop", 1, 1, 64);
  array.reduce = reader.choice<Reduce>(
      "reduce", {{"tree", Reduce::tree}, {"systolic", Reduce::systolic}}, Reduce::tree);
  array.pe_exp = reader.choice<ExpUnit>(
      "pe_exp", {{"shared", ExpUnit::shared}, {"dedicated", ExpUnit::dedicated}}, ExpUnit::shared);
  if (std::uint64_t{array.rows} * array.cols * array.state_slots > kMostSlots)
    reader.refuse("rows", std::to_string(array.rows) + " rows x " + std::to_string(array.cols) +
                              " cols x " + std::to_string(array.state_slots) +
                              " state_slots are more than " + std::to_string(kMostSlots));
  array.ports = {0, 0, 0, 0};
  array.drain_lanes = array.cols;
  return array;
}

ArrayPorts read_ports(CaseReader& reader, const std::string& where) {
  ArrayPorts ports{0, 0, 0, 0};
  const Json* const json = reader.take("ports");
  if (json == nullptr) return ports;
  CaseReader keys(*json, where + ": ports");
  ports.read = keys.number("read", 0, 0, 1u << 20);
  ports.write = keys.number("write", 0, 0, 1u << 20);
  ports.coefficient = keys.number("coefficient", 0, 0, 1u << 20);
  ports.state = keys.number("state", 0, 0, 1u << 20);
  keys.finish();
  return ports;
}

unsigned read_steps(CaseReader& reader) {
  const unsigned steps = reader.number("steps", 0, 1, 1u << 24);
  const Json* const tiles = reader.take("tiles");
  if (tiles == nullptr) {
    if (steps == 0) reader.refuse("steps", "is missing");
    return steps;
  }
  std::uint64_t sum = 0;
  if (!tiles->is_array() || tiles->empty()) reader.refuse("tiles", "is not a list of steps");
  for (const Json& tile : *tiles) {
    if (!tile.is_number_unsigned() || tile == 0 || tile > 1u << 24)
      reader.refuse("tiles", CaseReader::shown(tile) + " is not a number of steps");
    sum += tile.get<std::uint64_t>();
  }
  if (sum > 1u << 24) reader.refuse("tiles", "have more than 16777216 steps in all");
  if (steps != 0 && steps != sum)
    reader.refuse("tiles", "have " + std::to_string(sum) + " steps in all, `steps` says " +
                               std::to_string(steps));
  return static_cast<unsigned>(sum);
}

// The key to blame if the array has no place for the block.
const char* key_at_fault(const ArrayConfig& array, const CoefficientBlock& block) {
  CoefficientBlock smaller = block;
  smaller.channels = 1;
  if (Placement::refusal(array, smaller) == nullptr) return "channels";
  smaller.modes = 1;
  if (Placement::refusal(array, smaller) == nullptr) return "modes";
  smaller.type = NumberType::fp32;
  return Placement::refusal(array, smaller) == nullptr ? "type" : "mode";
}

// What the array would refuse without naming a key.
void check_command(const CaseReader& reader, const GridCase& grid_case, bool stored, bool sums) {
  const ArrayMode mode = grid_case.block.mode;
  const ArrayCommand& command = grid_case.command;
  if (const char* why = Placement::refusal(grid_case.array, grid_case.block))
    reader.refuse_value(key_at_fault(grid_case.array, grid_case.block), why);
  const bool edge = mode == ArrayMode::edge, mac = mode == ArrayMode::mac;
  if (command.shift && (!command.reverse || !stored || mac))
    reader.refuse_value("shift", "needs reverse and inputs.stored, and a recurrence");
  if (command.partial && (edge || mode == ArrayMode::dplr))
    reader.refuse_value("partial", "is not for edge and dplr, which have one block");
  if (sums && (edge || mode == ArrayMode::dplr))
    reader.refuse("inputs.acc", "is not for edge and dplr, which have one block");
  if (command.use_extra && (edge || command.partial))
    reader.refuse("d", "needs a drain: edge and a partial command have none");
  if (stored && (edge || command.partial))
    reader.refuse("inputs.stored", "needs a drain: edge and a partial command have none");
  if (edge && command.output != NumberType::fp32 && reader.has("output_type"))
    reader.refuse_value("output_type", "edge emits words of 4 bytes");
}

// Tables of words: present in the case, or to be made from a seed.
class OperandReader {
 public:
  OperandReader(GridCase& grid_case, const Json& json, const std::string& where)
      : case_(grid_case), json_(json), where_(where) {}

  void table(const char* section, const char* name, unsigned bytes, std::size_t rows,
             std::size_t columns) {
    known_[section].insert(name);
    words_ += std::uint64_t{rows} * columns;
    if (words_ > kMostWords)
      refuse(section, name, "more than " + std::to_string(kMostWords) + " words in all");
    GridOperand operand{name, section, bytes, rows, columns, {}};
    if (case_.seeded) {
      case_.operands.push_back(operand);
      return;
    }
    const Json* const words = find(section, name);
    if (words == nullptr) refuse(section, name, "is missing");
    check_list(*words, path(section, name), rows);
    for (std::size_t row = 0; row < rows; ++row)
      read_row((*words)[row], path(section, name) + "[" + std::to_string(row) + "]", operand);
    case_.operands.push_back(std::move(operand));
  }
  // d: [channel].
  void list(const char* name, unsigned bytes, std::size_t columns) {
    GridOperand operand{name, "", bytes, 1, columns, {}};
    if (!case_.seeded) read_row(json_.at(name), name, operand);
    case_.operands.push_back(std::move(operand));
  }
  bool has(const char* section, const char* name) const { return find(section, name) != nullptr; }

  // Refuses tables that the command has no use for.
  void finish() const {
    for (const char* section : {"coefficients", "inputs", "state"}) {
      const auto found = json_.find(section);
      if (found == json_.end() || case_.seeded) continue;
      if (!found->is_object()) throw InputError(where_, std::string(section) + ": is no object");
      const auto known = known_.find(section);
      for (const auto& [name, value] : found->items())
        if (known == known_.end() || known->second.count(name) == 0)
          refuse(section, one_line(name), "is no operand of this command");
    }
  }

 private:
  static std::string path(const std::string& section, const std::string& name) {
    return section + "." + name;
  }
  [[noreturn]] void refuse(const std::string& section, const std::string& name,
                           const std::string& why) const {
    throw InputError(where_, path(section, name) + ": " + why);
  }
  const Json* find(const char* section, const char* name) const {
    const auto found = json_.find(section);
    if (found == json_.end() || !found->is_object()) return nullptr;
    const auto table = found->find(name);
    return table == found->end() ? nullptr : &*table;
  }
  void check_list(const Json& list, const std::string& name, std::size_t count) const {
    if (!list.is_array() || list.size() != count)
      throw InputError(where_, name + ": is not a list of " + std::to_string(count));
  }
  void read_row(const Json& row, const std::string& name, GridOperand& operand) const {
    check_list(row, name, operand.columns);
    for (const Json& word : row) operand.words.push_back(read_word(word, name, operand.bytes));
  }
  float read_word(const Json& json, const std::string& name, unsigned bytes) const {
    const std::size_t digits = 2 * bytes;
    if (json.is_string()) {
      const std::string& text = json.get_ref<const std::string&>();
      const bool hex = text.size() == digits &&
                       text.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
      if (hex) {
        const auto bits = static_cast<std::uint32_t>(std::stoul(text, nullptr, 16));
        return bytes == 4 ? float_of_bits(bits) : widen_bf16(static_cast<std::uint16_t>(bits));
      }
    }
    throw InputError(where_, name + ": " + CaseReader::shown(json) + " is not a word of " +
                                 std::to_string(digits) + " hex digits");
  }

  GridCase& case_;
  const Json& json_;
  const std::string where_;
  std::map<std::string, std::set<std::string>> known_;
  std::uint64_t words_ = 0;
};

void read_operands(GridCase& grid_case, CaseReader& reader, const Json& json,
                   const std::string& where) {
  const CoefficientBlock& block = grid_case.block;
  ArrayCommand& command = grid_case.command;
  const std::size_t steps = command.steps, lanes = block.lanes();
  const CaseOperands operands = case_operands(block.mode, block.type);
  const bool streamed = block.mode == ArrayMode::selective || block.mode == ArrayMode::ssd;
  for (const char* section : {"coefficients", "inputs", "state"}) reader.take(section);
  OperandReader tables(grid_case, json, where);
  command.use_extra = reader.take("d") != nullptr;
  const bool stored = tables.has("inputs", "stored") || (grid_case.seeded && command.shift);
  check_command(reader, grid_case, stored, tables.has("inputs", "acc"));
  for (const OperandName& word : operands.coefficients)
    tables.table("coefficients", word.name, word.bytes, block.channels, block.modes);
  for (const OperandName& word : operands.north)
    tables.table("inputs", word.name, word.bytes, steps,
                 block.mode == ArrayMode::edge ? 2 * lanes : lanes);
  for (const OperandName& word : operands.west)
    tables.table("inputs", word.name, word.bytes, steps, block.modes);
  if (command.use_extra) {
    tables.list("d", extra_bytes(block.mode, block.type), block.channels);
    if (streamed) tables.table("inputs", "u", type_bytes(block.type), steps, lanes);
  }
  if (tables.has("inputs", "acc")) tables.table("inputs", "acc", 4, steps, lanes);
  if (stored) tables.table("inputs", "stored", type_bytes(command.stored_type), steps, lanes);
  for (const char* word : operands.state) {
    const bool given = tables.has("state", word);
    if (given || grid_case.seeded) {
      tables.table("state", word, 4, lanes, block.modes);
    } else {
      GridOperand zeros{word, "state", 4, lanes, block.modes, {}};
      zeros.words.resize(zeros.rows * zeros.columns);
      grid_case.operands.push_back(std::move(zeros));
    }
  }
  tables.finish();
}

}  // namespace

const GridOperand* GridCase::find(const std::string& section, const std::string& name) const {
  const auto found = std::find_if(operands.begin(), operands.end(), [&](const GridOperand& each) {
    return each.section == section && each.name == name;
  });
  return found == operands.end() ? nullptr : &*found;
}

GridCase read_grid_case(const Json& json, const std::string& where) {
  CaseReader reader(json, where);
  GridCase grid_case;
  CoefficientBlock& block = grid_case.block;
  ArrayCommand& command = grid_case.command;
  block.mode = reader.choice<ArrayMode>("mode", kModes, std::nullopt);
  block.type = reader.choice<NumberType>(
      "type",
      {{"fp32", NumberType::fp32}, {"bf16", NumberType::bf16}, {"bf16d", NumberType::bf16d}},
      NumberType::fp32);
  grid_case.array = read_array(reader);
  grid_case.array.ports = read_ports(reader, where);
  block.channels = reader.needed("channels", 1, kMost);
  block.modes = reader.number("modes", 1, 1, kMost);
  const bool alone = block.mode == ArrayMode::edge || block.mode == ArrayMode::mac;
  if (grid_case.array.slots_kind == SlotsKind::batch && !alone)
    block.sequences = grid_case.array.state_slots;
  command.steps = read_steps(reader);
  command.partial = reader.flag("partial");
  command.reverse = reader.flag("reverse") && block.mode != ArrayMode::mac;  // a GEMM has no time
  command.shift = reader.flag("shift");
  const NumberType usual = block.type == NumberType::fp32 ? NumberType::fp32 : NumberType::bf16;
  const auto type_of = [&](const char* key) {
    return reader.choice<NumberType>(key, {{"fp32", NumberType::fp32}, {"bf16", NumberType::bf16}},
                                     usual);
  };
  command.output = type_of("output_type");
  command.stored_type = type_of("stored_type");
  const Json* const seed = reader.take("seed");
  grid_case.seeded = seed != nullptr;
  std::uint64_t seed_value = 0;
  if (grid_case.seeded) {
    if (!seed->is_number_unsigned()) reader.refuse("seed", "is not a whole number");
    seed_value = seed->get<std::uint64_t>();
    for (const char* section : {"coefficients", "inputs", "state"})
      if (json.contains(section)) reader.refuse(section, "is given beside a seed");
  }
  read_operands(grid_case, reader, json, where);
  reader.finish();
  if (grid_case.seeded) make_seeded_words(grid_case, seed_value);
  return grid_case;
}

GridCase read_grid_case_file(const std::filesystem::path& file) {
  const std::string where = file.string();
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) throw InputError(where, "is no file");
  if (std::filesystem::file_size(file, error) > kMostBytes)
    throw InputError(where, "is larger than 1 GiB");
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  try {
    return read_grid_case(parse_long_json(text), where);
  } catch (const std::invalid_argument& problem) {
    throw InputError(where, problem.what());
  }
}

}  // namespace epoch
