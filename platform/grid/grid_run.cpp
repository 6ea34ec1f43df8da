// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <stdexcept>

#include "config/json_text.h"
#include "epochcore/pe_grid/number_format.h"
#include "epochcore/pe_grid/operands.h"
#include "errors.h"
#include "files/output_file.h"
#include "grid/grid_case.h"
#include "grid/grid_operands.h"

namespace epoch {

namespace {

// The words of a case as the array takes them.
struct Operands {
  std::vector<float> coefficients;  // [channel][mode][word]
  std::vector<float> state;         // [lane][mode][word]

  explicit Operands(const GridCase& grid_case)
      : coefficients(interleaved(grid_case, "coefficients")),
        state(interleaved(grid_case, "state")) {}

 private:
  static std::vector<float> interleaved(const GridCase& grid_case, const std::string& section) {
    std::vector<const GridOperand*> tables;
    for (const GridOperand& operand : grid_case.operands)
      if (operand.section == section) tables.push_back(&operand);
    std::vector<float> words;
    if (tables.empty()) return words;
    for (std::size_t i = 0; i < tables.front()->words.size(); ++i)
      for (const GridOperand* table : tables) words.push_back(table->words[i]);
    return words;
  }
};

const float* words_or_null(const GridCase& grid_case, const char* section, const char* name) {
  const GridOperand* const operand = grid_case.find(section, name);
  return operand == nullptr ? nullptr : operand->words.data();
}

ArrayCommand command_of(const GridCase& grid_case) {
  ArrayCommand command = grid_case.command;
  const auto input = [&](const char* name) { return words_or_null(grid_case, "inputs", name); };
  switch (grid_case.block.mode) {
    case ArrayMode::selective:
      command.decay = input("d");
      break;
    case ArrayMode::ssd:
      command.decay = input("a");
      break;
    default:
      break;
  }
  command.drive = input("du");
  command.b = input("B");
  command.c = input("C");
  command.u = input("u");
  if (grid_case.block.mode == ArrayMode::mac) command.u = input("x");
  if (grid_case.block.mode == ArrayMode::edge) command.u = input("v");
  command.stored = input("stored");
  command.accumulator = input("acc");
  return command;
}

// Splits [row][column][table] words into tables again.
std::vector<GridOperand> state_tables(const GridCase& grid_case, const std::vector<float>& words) {
  std::vector<GridOperand> tables;
  const CoefficientBlock& block = grid_case.block;
  const auto names = case_operands(block.mode, block.type).state;
  for (std::size_t part = 0; part < names.size(); ++part) {
    GridOperand table{names[part], "state", 4, block.lanes(), block.modes, {}};
    for (std::size_t i = part; i < words.size(); i += names.size()) table.words.push_back(words[i]);
    tables.push_back(std::move(table));
  }
  return tables;
}

std::string hex_word(float word, unsigned bytes) {
  char text[9];
  if (bytes == 4)
    std::snprintf(text, sizeof text, "%08x", static_cast<unsigned>(bits_of_float(word)));
  else
    std::snprintf(text, sizeof text, "%04x", static_cast<unsigned>(bf16_of_word(word)));
  return text;
}

Json table_json(const GridOperand& table) {
  Json rows = Json::array();
  for (std::size_t row = 0; row < table.rows; ++row) {
    Json words = Json::array();
    for (std::size_t i = 0; i < table.columns; ++i)
      words.push_back(hex_word(table.words[row * table.columns + i], table.bytes));
    rows.push_back(std::move(words));
  }
  return rows;
}

Json result_json(const GridCase& grid_case, const GridResult& result) {
  Json json;
  json["outputs"] = table_json(result.outputs);
  json["state"] = Json::object();
  for (const GridOperand& table : result.state) json["state"][table.name] = table_json(table);
  json["cycles"] = result.cycles;
  const ArrayMode mode = grid_case.block.mode;
  if (mode == ArrayMode::liquid_real || mode == ArrayMode::liquid_complex)
    json["saturated"] = result.saturated;
  json["coeff_cycles"] = result.coefficient_cycles;
  json["state_cycles"] = result.state_cycles;
  return json;
}

Json operands_json(const GridCase& grid_case) {
  Json json;
  for (const GridOperand& operand : grid_case.operands) {
    if (operand.section.empty())
      json[operand.name] = table_json(operand)[0];
    else
      json[operand.section][operand.name] = table_json(operand);
  }
  return json;
}

// ---- $readmemh files ----

// One table as a file, and what the manifest says of it.
Json write_table(const std::filesystem::path& folder, const std::string& role,
                 const GridOperand& table) {
  const std::string name =
      (role == "operand" && !table.section.empty() ? table.section : role) + "_" + table.name;
  std::string text;
  for (const float word : table.words) text += hex_word(word, table.bytes) + "\n";
  write_file(folder / (name + ".hex"), text);
  return {{"file", name + ".hex"},    {"role", role},
          {"section", table.section}, {"name", table.name},
          {"bits", 8 * table.bytes},  {"rows", table.rows},
          {"columns", table.columns}};
}

}  // namespace

GridResult run_grid_case(const GridCase& grid_case, Fidelity fidelity) {
  const Operands operands(grid_case);
  GridResult result;
  const std::unique_ptr<PeArray> array = PeArray::make(fidelity, grid_case.array);
  CoefficientBlock block = grid_case.block;
  block.words = operands.coefficients.empty() ? nullptr : operands.coefficients.data();
  result.coefficient_cycles = array->coefficient_cycles(block);
  result.state_cycles = array->state_cycles(block);
  block.extra = words_or_null(grid_case, "", "d");
  const ArrayCommand command = command_of(grid_case);
  array->load(block);
  array->load_state(block, operands.state.data());

  const bool edge = block.mode == ArrayMode::edge, raw = command.partial || edge;
  GridOperand& outputs = result.outputs;
  outputs.name = edge ? "v" : "y";
  outputs.bytes = raw ? 4 : type_bytes(command.output);
  outputs.rows = command.steps;
  outputs.columns = PeArray::outputs(block, Activation::none);
  outputs.words.resize(outputs.rows * outputs.columns);
  NumericEvents events;
  result.timing = array->run(command, outputs.words.data(), events);
  result.saturated = events.saturated;
  result.cycles = result.timing.array;
  if (block.mode == ArrayMode::mac) result.cycles += result.coefficient_cycles;

  std::vector<float> state(operands.state.size());
  array->save_state(block, state.data());
  result.state = state_tables(grid_case, state);
  return result;
}

Json grid_results(const GridCase& grid_case) {
  Json json;
  json["fast"] = result_json(grid_case, run_grid_case(grid_case, Fidelity::fast));
  json["cycle"] = result_json(grid_case, run_grid_case(grid_case, Fidelity::cycle));
  if (grid_case.seeded) json["operands"] = operands_json(grid_case);
  return json;
}

void write_grid_vectors(const GridCase& grid_case, const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!std::filesystem::is_directory(folder, error))
    throw UnavailableError(folder.string() + ": cannot be made a folder");
  const GridResult result = run_grid_case(grid_case, Fidelity::cycle);
  Json files = Json::array();
  for (const GridOperand& operand : grid_case.operands)
    files.push_back(write_table(folder, "operand", operand));
  files.push_back(write_table(folder, "expected", result.outputs));
  for (const GridOperand& table : result.state)
    files.push_back(write_table(folder, "expected_state", table));
  const ArrayTiming& timing = result.timing;
  const Json manifest = {{"words", "one a line, hexadecimal, [row][column] in row order"},
                         {"cycles", result.cycles},
                         {"interval", timing.interval},
                         {"coeff_cycles", result.coefficient_cycles},
                         {"state_cycles", result.state_cycles},
                         {"saturated", result.saturated},
                         {"files", files}};
  write_file(folder / "manifest.json", manifest.dump(2) + "\n");
}

}  // namespace epoch
