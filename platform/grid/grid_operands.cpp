// SPDX-License-Identifier: Apache-2.0
#include "grid/grid_operands.h"

#include "epochcore/pe_grid/operands.h"

namespace epoch {

namespace {

std::vector<const char*> coefficient_names(ArrayMode mode) {
  switch (mode) {
    case ArrayMode::real:
      return {"a", "c"};
    case ArrayMode::complex:
      return {"ar", "ai", "cr", "ci"};
    case ArrayMode::liquid_real:
      return {"a", "b", "c"};
    case ArrayMode::liquid_complex:
      return {"ar", "ai", "br", "bi", "cr", "ci"};
    case ArrayMode::dplr:
      return {"ar", "ai", "wr", "wi", "pr", "pi", "cr", "ci"};
    case ArrayMode::selective:
      return {"A"};
    case ArrayMode::ssd:
      return {};
    case ArrayMode::edge:
      return {"ar", "ai"};
    case ArrayMode::mac:
      break;
  }
  return {"w"};
}

}  // namespace

CaseOperands case_operands(ArrayMode mode, NumberType type) {
  constexpr unsigned wide = 4;
  const unsigned narrow = type_bytes(type);
  CaseOperands operands;
  const std::vector<WordKind>& kinds = coefficient_words(mode);
  const std::vector<const char*> names = coefficient_names(mode);
  for (std::size_t i = 0; i < kinds.size(); ++i)
    operands.coefficients.push_back({names[i], word_bytes(kinds[i], mode, type)});
  switch (mode) {
    case ArrayMode::selective:
    case ArrayMode::ssd:
      operands.north = {{mode == ArrayMode::selective ? "d" : "a", wide}, {"du", narrow}};
      operands.west = {{"B", narrow}, {"C", narrow}};
      break;
    case ArrayMode::edge:
      operands.north = {{"v", wide}};
      break;
    case ArrayMode::mac:
      operands.west = {{"x", narrow}};
      break;
    default:
      operands.north = {{"u", narrow}};
      break;
  }
  if (state_words(mode) == 1) operands.state = {"x"};
  if (state_words(mode) == 2) operands.state = {"xr", "xi"};
  return operands;
}

}  // namespace epoch
