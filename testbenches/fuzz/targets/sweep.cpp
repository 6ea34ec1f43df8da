// SPDX-License-Identifier: Apache-2.0
// Sweep files: an accepted one has points, and each point's configuration holds its values.
#include "config/describe.h"
#include "errors.h"
#include "fuzz/entry.h"
#include "sweep/sweep_file.h"

using namespace epoch;
using namespace epoch::fuzz;

namespace {

void check_point(const Sweep& sweep, const SweepPoint& point) {
  must(point.values.size() == sweep.keys.size(), "a value, or none, of every key");
  try {
    const Configuration configuration = point_configuration(sweep, point);
    for (std::size_t i = 0; i < sweep.keys.size(); ++i) {
      const bool listed = table_path(sweep.keys[i]) == "firmware.args";
      must(point.values[i].is_null() ||
               configuration.written(listed ? "firmware.args" : sweep.keys[i]),
           "a configuration in which the swept keys are written");
    }
  } catch (const std::exception& refusal) {
    must(false, refusal.what());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const SearchFolders nowhere;
  try {
    const Sweep sweep = read_sweep(input_file(data, size), nowhere);
    must(!sweep.points.empty() && !sweep.keys.empty(), "points, and keys that they are made of");
    constexpr std::size_t looked_at = 100;
    for (std::size_t i = 0; i < sweep.points.size() && i < looked_at; ++i) {
      check_point(sweep, sweep.points[i]);
    }
    ++accepted_inputs;
  } catch (const InputError& refusal) {
    must_be_one_line(refusal.what());
  }
  return 0;
}
