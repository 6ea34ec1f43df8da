// SPDX-License-Identifier: Apache-2.0
// Cases of `epochvp grid`: an accepted one of a small array runs, and both fidelities give the same
// words, states and cycles.
#include <stdexcept>
#include <string>

#include "errors.h"
#include "fuzz/entry.h"
#include "grid/grid_case.h"

using namespace epoch;
using namespace epoch::fuzz;

namespace {

// What a mutation can ask for and still run in no time.
bool is_small(const GridCase& grid_case) {
  const ArrayConfig& array = grid_case.array;
  return array.rows <= 64 && array.cols <= 64 && array.state_slots <= 8 &&
         grid_case.command.steps <= 64;
}

// The array may refuse what the reader has let through, but only with a reason.
void check_run(const GridCase& grid_case) {
  Json results;
  try {
    results = grid_results(grid_case);
  } catch (const std::invalid_argument& refusal) {
    must_be_one_line(refusal.what());
    return;
  }
  must(results["fast"] == results["cycle"], "both fidelities give the same result");
  must(results["fast"]["outputs"].size() == grid_case.command.steps, "outputs of every step");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    const GridCase grid_case = read_grid_case(parse_long_json(text), "case");
    if (is_small(grid_case)) check_run(grid_case);
    ++accepted_inputs;
  } catch (const InputError& refusal) {
    must_be_one_line(refusal.what());
  } catch (const std::invalid_argument& refusal) {
    must_be_one_line(refusal.what());
  }
  return 0;
}
