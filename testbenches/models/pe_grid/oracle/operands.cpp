// SPDX-License-Identifier: Apache-2.0
#include "models/pe_grid/oracle/operands.h"

#include <stdexcept>

namespace grid_oracle {

int operand_bytes(Type type) {
  return type == Type::fp32 ? 4 : 2;
}

Operands operands_of(Mode mode, Type type) {
  const int b = operand_bytes(type);
  const int a = type == Type::bf16d ? 2 : 4;  // bf16 keeps a in fp32, bf16d has a - 1 in bf16
  switch (mode) {
    case Mode::real:
      return {{{"a", a}, {"c", b}}, {{"u", b}}, {}, {"x"}};
    case Mode::complex:
      return {{{"ar", a}, {"ai", a}, {"cr", b}, {"ci", b}}, {{"u", b}}, {}, {"xr", "xi"}};
    case Mode::liquid_real:
      return {{{"a", a}, {"b", b}, {"c", b}}, {{"u", b}}, {}, {"x"}};
    case Mode::liquid_complex:
      return {{{"ar", a}, {"ai", a}, {"br", b}, {"bi", b}, {"cr", b}, {"ci", b}},
              {{"u", b}},
              {},
              {"xr", "xi"}};
    case Mode::dplr:
      return {
          {{"ar", a}, {"ai", a}, {"wr", 4}, {"wi", 4}, {"pr", 4}, {"pi", 4}, {"cr", b}, {"ci", b}},
          {{"u", b}},
          {},
          {"xr", "xi"}};
    case Mode::selective:
      return {{{"A", 4}}, {{"d", 4}, {"du", b}}, {{"B", b}, {"C", b}}, {"x"}};
    case Mode::ssd:
      return {{}, {{"a", 4}, {"du", b}}, {{"B", b}, {"C", b}}, {"x"}};
    case Mode::edge:
      return {{{"ar", a}, {"ai", a}}, {{"v", 4}}, {}, {"xr", "xi"}};
    case Mode::mac:
      return {{{"w", b}}, {}, {{"x", b}}, {}};
  }
  throw std::logic_error("a mode without operands");
}

int bytes_of(const std::vector<Operand>& operands) {
  int bytes = 0;
  for (const Operand& operand : operands) bytes += operand.bytes;
  return bytes;
}

}  // namespace grid_oracle
