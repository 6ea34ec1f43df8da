// SPDX-License-Identifier: Apache-2.0
#include "case_program.h"

#include <algorithm>
#include <map>

namespace epoch {

namespace {

using nlohmann::json;

struct ModeTable {
  const char* name;
  std::vector<const char*> words;  // of a mode, in the block's order (epochcore.h)
  const char* source;
  std::vector<const char*> state;
};

// In the order of EPOCH_MODE_*.
const std::vector<ModeTable>& modes() {
  static const std::vector<ModeTable> table = {
      {"real", {"a", "c"}, "u", {"x"}},
      {"complex", {"ar", "ai", "cr", "ci"}, "u", {"xr", "xi"}},
      {"liquid_real", {"a", "b", "c"}, "u", {"x"}},
      {"liquid_complex", {"ar", "ai", "br", "bi", "cr", "ci"}, "u", {"xr", "xi"}},
      {"dplr", {"ar", "ai", "wr", "wi", "pr", "pi", "cr", "ci"}, "u", {"xr", "xi"}},
      {"selective", {"A"}, "d", {"x"}},
      {"ssd", {}, "a", {"x"}},
      {"edge", {"ar", "ai"}, "v", {"xr", "xi"}},
      {"mac", {"w"}, "x", {}}};
  return table;
}

const ModeTable& mode_named(const std::string& name) {
  return *std::find_if(modes().begin(), modes().end(),
                       [&](const ModeTable& row) { return row.name == name; });
}

// A word of a case, as many bytes as it has pairs of digits.
void append(std::vector<std::uint8_t>& bytes, const json& word) {
  const std::string digits = word.get<std::string>();
  for (std::size_t at = digits.size(); at > 0; at -= 2)
    bytes.push_back(static_cast<std::uint8_t>(std::stoul(digits.substr(at - 2, 2), nullptr, 16)));
}

std::string word_at(const std::vector<std::uint8_t>& bytes, std::size_t at, unsigned width) {
  std::string digits;
  for (std::size_t i = at + width; i > at; --i) {
    constexpr const char* hex = "0123456789abcdef";
    digits += hex[bytes[i - 1] >> 4];
    digits += hex[bytes[i - 1] & 15];
  }
  return digits;
}

void pad(std::vector<std::uint8_t>& bytes) {
  while (bytes.size() % 4 != 0) bytes.push_back(0xEE);
}

unsigned number_or(const json& object, const char* key, unsigned otherwise) {
  return object.contains(key) ? object.at(key).get<unsigned>() : otherwise;
}

bool flag_of(const json& object, const char* key) {
  if (!object.contains(key)) return false;
  const json& value = object.at(key);
  return value.is_boolean() ? value.get<bool>() : value.get<int>() != 0;
}

std::string text_or(const json& object, const char* key, const char* otherwise) {
  return object.contains(key) ? object.at(key).get<std::string>() : otherwise;
}

constexpr std::uint32_t activations = EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, 0);

}  // namespace

CaseProgram::CaseProgram(const json& grid_case)
    : case_(grid_case),
      mode_name_(grid_case.at("mode").get<std::string>()),
      channels_(grid_case.at("channels").get<unsigned>()),
      modes_(grid_case.at("modes").get<unsigned>()) {
  const ModeTable& table = mode_named(mode_name_);
  mode_ = static_cast<unsigned>(&table - modes().data());
  const std::map<std::string, unsigned> types = {
      {"fp32", EPOCH_TYPE_FP32}, {"bf16", EPOCH_TYPE_BF16}, {"bf16d", EPOCH_TYPE_BF16D}};
  type_ = types.at(case_.at("type").get<std::string>());
  if (text_or(case_, "slots_kind", "mode") == "batch")
    sequences_ = number_or(case_, "state_slots", 1);
  for (const char* name : table.state) state_names_.emplace_back(name);
  const bool raw = flag_of(case_, "partial") || mode_name_ == "edge";
  const char* narrow = type_ == EPOCH_TYPE_FP32 ? "fp32" : "bf16";
  if (!raw && text_or(case_, "output_type", narrow) == "bf16") output_bytes_ = 2;
  place_block();
  place_state();
  cut_tiles();
}

EpochCoreConfig CaseProgram::hardware() const {
  EpochCoreConfig config;
  ArrayConfig& array = config.pe_grid;
  array.rows = case_.at("rows").get<unsigned>();
  array.cols = case_.at("cols").get<unsigned>();
  array.segment_rows = case_.at("segment_rows").get<unsigned>();
  if (text_or(case_, "segment_io", "tapped") == "chained") array.segment_io = SegmentIo::chained;
  array.multipliers = number_or(case_, "multipliers", 2);
  array.state_slots = number_or(case_, "state_slots", 1);
  const std::string kind = text_or(case_, "slots_kind", "mode");
  array.slots_kind = kind == "mode"      ? SlotsKind::mode
                     : kind == "channel" ? SlotsKind::channel
                                         : SlotsKind::batch;
  array.mul_latency = number_or(case_, "mul_latency", 1);
  array.add_latency = number_or(case_, "add_latency", 0);
  array.hop = number_or(case_, "hop", 1);
  if (text_or(case_, "reduce", "tree") == "systolic") array.reduce = Reduce::systolic;
  if (text_or(case_, "pe_exp", "shared") == "dedicated") array.pe_exp = ExpUnit::dedicated;
  const json ports = case_.contains("ports") ? case_.at("ports") : json::object();
  array.ports = {number_or(ports, "read", 0), number_or(ports, "write", 0),
                 number_or(ports, "coefficient", 0), number_or(ports, "state", 0)};
  array.drain_lanes = 0x7FFF;
  config.activations = {128, 8, 64};
  config.coefficients = {1, 4, 64};
  config.accumulators = {1, 4, 64};
  return config;
}

std::uint32_t CaseProgram::place(std::vector<std::uint8_t> data) {
  const std::uint32_t at = activations + next_;
  next_ += static_cast<std::uint32_t>((data.size() + 3) / 4 * 4);
  operands_.push_back({at, std::move(data)});
  return at;
}

// [channel][mode][word], packed; D from the next multiple of 4 on.
void CaseProgram::place_block() {
  std::vector<std::uint8_t> bytes;
  for (unsigned channel = 0; channel < channels_; ++channel)
    for (unsigned mode = 0; mode < modes_; ++mode)
      for (const char* word : mode_named(mode_name_).words)
        append(bytes, case_.at("coefficients").at(word)[channel][mode]);
  pad(bytes);
  if (case_.contains("d"))
    for (const json& word : case_.at("d")) append(bytes, word);
  block_ = place(std::move(bytes));
}

// [channel][sequence][mode][word]: a lane is channel * sequences + sequence.
void CaseProgram::place_state() {
  std::vector<std::uint8_t> bytes;
  for (unsigned lane = 0; lane < channels_ * sequences_; ++lane)
    for (unsigned mode = 0; mode < modes_; ++mode)
      for (const std::string& name : state_names_)
        append(bytes, case_.at("state").at(name)[lane][mode]);
  const std::size_t size = bytes.size();
  loaded_ = place(std::move(bytes));
  saved_ = place(std::vector<std::uint8_t>(size, 0xDD));
}

std::size_t CaseProgram::state_bytes() const {
  return std::size_t{4} * state_names_.size() * channels_ * sequences_ * modes_;
}

// Rows of a tile, one sequence below the other; operands from the west have no sequences.
std::uint32_t CaseProgram::place_rows(const std::string& name, const Tile& tile) {
  std::vector<std::uint8_t> bytes;
  const json& table = input(name);
  const bool west = name == "x" || name == "B" || name == "C";
  const unsigned sequences = west ? 1 : sequences_;
  for (unsigned sequence = 0; sequence < sequences; ++sequence)
    for (unsigned t = tile.first; t < tile.first + tile.steps; ++t)
      for (std::size_t i = sequence; i < table[t].size(); i += sequences)
        append(bytes, table[t][i]);
  return place(std::move(bytes));
}

// In the order in which they run: with `reverse` the last times first. `shift` ties neighbouring
// times, so that its command stays whole.
void CaseProgram::cut_tiles() {
  const auto steps = static_cast<unsigned>(input(mode_named(mode_name_).source).size());
  std::vector<unsigned> sizes = {steps};
  const bool shift = flag_of(case_, "shift"), reverse = flag_of(case_, "reverse");
  if (case_.contains("tiles") && !shift) sizes = case_.at("tiles").get<std::vector<unsigned>>();
  unsigned done = 0;
  for (const unsigned size : sizes) {
    Tile tile;
    tile.steps = size;
    tile.first = reverse ? steps - done - size : done;
    done += size;
    tile.source = place_rows(mode_named(mode_name_).source, tile);
    if (has("stored")) tile.stored = place_rows("stored", tile);
    if (has("acc")) tile.sums = place_rows("acc", tile);
    if (has("du")) {
      tile.drive = place_rows("du", tile);
      tile.b = place_rows("B", tile);
      tile.c = place_rows("C", tile);
      if (has("u")) tile.u = place_rows("u", tile);
    }
    const std::size_t bytes = std::size_t{output_bytes_} * output_columns() * sequences_ * size;
    tile.destination = place(std::vector<std::uint8_t>(bytes, 0xDD));
    tiles_.push_back(tile);
  }
}

// Elements of a destination row.
unsigned CaseProgram::output_columns() const {
  return mode_name_ == "edge" ? 2 * channels_ : channels_;
}

std::uint32_t CaseProgram::flags() const {
  std::uint32_t flags = 0;
  if (case_.contains("d")) flags |= EPOCH_ARRAY_EXTRA;
  if (has("stored")) flags |= EPOCH_ARRAY_COMBINE;
  if (has("acc")) flags |= EPOCH_ARRAY_ACC_IN;
  if (flag_of(case_, "partial")) flags |= EPOCH_ARRAY_ACC_OUT;
  const bool mac = mode_name_ == "mac";  // a GEMM has no order of time to turn round
  if (flag_of(case_, "reverse") && !mac) flags |= EPOCH_ARRAY_REVERSE;
  if (flag_of(case_, "shift")) flags |= EPOCH_ARRAY_SHIFT;
  return flags;
}

Descriptor CaseProgram::array(const Tile& tile) const {
  epoch_array_command raw = array_raw(mode_, channels_, modes_, tile.steps, tile.source,
                                      tile.destination, flags(), type_);
  const unsigned narrow = type_ == EPOCH_TYPE_FP32 ? 4 : 2;
  const char* narrow_name = narrow == 4 ? "fp32" : "bf16";
  const bool bf16_stored = text_or(case_, "stored_type", narrow_name) == "bf16";
  const bool combine = has("stored");
  raw.destination_stride = output_bytes_ * output_columns();
  raw.stored = tile.stored;
  raw.stored_stride = (bf16_stored ? 2 : 4) * channels_;
  raw.accumulator = tile.sums;
  raw.accumulator_stride = 4 * channels_;
  raw.types =
      EPOCH_ARRAY_TYPES(output_bytes_ == 2 ? EPOCH_TYPE_BF16 : EPOCH_TYPE_FP32,
                        combine && bf16_stored ? EPOCH_TYPE_BF16 : EPOCH_TYPE_FP32, sequences_);
  return to_words(raw);
}

Descriptor CaseProgram::streams(const Tile& tile) const {
  epoch_streams_command raw = streams_raw(channels_, modes_, 0, 0, type_);
  raw.drive = tile.drive;
  raw.b = tile.b;
  raw.c = tile.c;
  raw.u = tile.u;
  return to_words(raw);
}

std::vector<Descriptor> CaseProgram::commands() const {
  const bool extra = case_.contains("d");
  const auto use = EPOCH_SEMAPHORE_USE(0);
  std::vector<Descriptor> list = {with_semaphores(
      coeff_command(mode_, channels_, modes_, block_, extra, type_, sequences_), use)};
  if (has_state())
    list.push_back(state_command(mode_, channels_, modes_, loaded_, false, type_, sequences_));
  for (const Tile& tile : tiles_) {
    if (has("du")) list.push_back(streams(tile));
    list.push_back(array(tile));
  }
  if (has_state())
    list.push_back(state_command(mode_, channels_, modes_, saved_, true, type_, sequences_));
  list.push_back(with_semaphores(control_command(EPOCH_OP_NOP), 0, 0, use));
  return list;
}

std::vector<CaseProgram::Bytes> CaseProgram::results() const {
  std::vector<Bytes> list;
  for (const Tile& tile : tiles_)
    list.push_back(
        {tile.destination, std::vector<std::uint8_t>(std::size_t{output_bytes_} * output_columns() *
                                                     sequences_ * tile.steps)});
  return list;
}

// [step][lane], from rows that lie one sequence below the other.
json CaseProgram::outputs(const std::vector<Bytes>& results) const {
  unsigned steps = 0;
  for (const Tile& tile : tiles_) steps += tile.steps;
  json table(std::vector<json>(steps, json::array()));
  for (std::size_t i = 0; i < tiles_.size(); ++i)
    for (unsigned t = 0; t < tiles_[i].steps; ++t)
      for (unsigned column = 0; column < output_columns(); ++column)
        for (unsigned sequence = 0; sequence < sequences_; ++sequence) {
          const std::size_t element =
              (std::size_t{sequence} * tiles_[i].steps + t) * output_columns() + column;
          table[tiles_[i].first + t].push_back(
              word_at(results[i].data, element * output_bytes_, output_bytes_));
        }
  return table;
}

json CaseProgram::state(const std::vector<std::uint8_t>& bytes) const {
  json tables = json::object();
  const std::size_t parts = state_names_.size();
  for (std::size_t part = 0; part < parts; ++part) {
    json& table = tables[state_names_[part]] = json::array();
    for (std::size_t lane = 0; lane < std::size_t{channels_} * sequences_; ++lane) {
      json row = json::array();
      for (std::size_t mode = 0; mode < modes_; ++mode)
        row.push_back(word_at(bytes, 4 * ((lane * modes_ + mode) * parts + part), 4));
      table.push_back(row);
    }
  }
  return tables;
}

std::uint64_t CaseProgram::drain_cycles() const {
  std::uint64_t cycles = 1;  // convert and write
  if (case_.contains("d")) cycles += 2;
  if (has("stored")) cycles += 1;
  return cycles;
}

}  // namespace epoch
