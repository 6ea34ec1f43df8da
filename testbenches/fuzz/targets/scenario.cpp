// SPDX-License-Identifier: Apache-2.0
// Scenario files: an accepted one describes hardware that can be built, and its effective
// configuration is a scenario that gives itself.
#include <stdexcept>
#include <string>

#include "config/configuration.h"
#include "config/describe.h"
#include "errors.h"
#include "fuzz/entry.h"
#include "memory_map.h"

using namespace epoch;
using namespace epoch::fuzz;

namespace {

void check_hardware(const ScenarioConfig& config) {
  try {
    check_config(config.epochcore);
  } catch (const std::invalid_argument& problem) {
    must(false, problem.what());
  }
  const std::vector<Region> regions = platform_regions(config);
  for (std::size_t i = 1; i < regions.size(); ++i)
    must(!regions[i - 1].overlaps(regions[i]), "regions that do not overlap");
}

void check_effective(const Configuration& first) {
  const std::string dump = effective_configuration(first).dump();
  try {
    const Configuration second = load_configuration(
        input_file(reinterpret_cast<const std::uint8_t*>(dump.data()), dump.size()), {});
    must(effective_configuration(second).dump() == dump,
         "an effective configuration that gives itself");
  } catch (const InputError& refusal) {
    must(false, refusal.what());
  }
  must(!configuration_origins(first).empty(), "an origin for every key");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const Configuration configuration = load_configuration(input_file(data, size), {});
    check_hardware(configuration.values);
    check_effective(configuration);
    ++accepted_inputs;
  } catch (const InputError& refusal) {
    must_be_one_line(refusal.what());
  }
  return 0;
}
