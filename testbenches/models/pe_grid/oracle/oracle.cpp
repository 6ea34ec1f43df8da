// SPDX-License-Identifier: Apache-2.0
#include "models/pe_grid/oracle/oracle.h"

#include "models/pe_grid/oracle/case_json.h"
#include "models/pe_grid/oracle/command.h"
#include "models/pe_grid/oracle/timing.h"

namespace grid_oracle {

nlohmann::json run_oracle(const nlohmann::json& grid_case) {
  const GridCase c = parse_case(grid_case);
  const Values values = run_command(c);
  const Times times = time_command(c);
  nlohmann::json result;
  result["outputs"] = words_json(values.outputs, c.output_bytes);
  result["state"] = nlohmann::json::object();
  for (const auto& [name, table] : values.state) result["state"][name] = words_json(table, 4);
  result["cycles"] = times.cycles;
  result["coeff_cycles"] = times.coefficient_cycles;
  result["state_cycles"] = times.state_cycles;
  if (c.mode == Mode::liquid_real || c.mode == Mode::liquid_complex)
    result["saturated"] = values.saturated;
  return result;
}

}  // namespace grid_oracle
