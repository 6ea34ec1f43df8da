// SPDX-License-Identifier: Apache-2.0
#include "sweep/measures.h"

#include <algorithm>
#include <map>

namespace epoch {

namespace {

// A run's statistics by name.
class Values {
 public:
  explicit Values(const Json& statistics) {
    for (const Json& one : statistics) by_name_[one.at("name")] = one.at("value");
  }
  double operator[](const std::string& name) const {
    const auto at = by_name_.find(name);
    return at == by_name_.end() ? 0 : at->second;
  }

 private:
  std::map<std::string, double> by_name_;
};

// What the memory behind the DMA can deliver at most: the lesser of DRAM and bus.
double memory_peak_gb_s(const ScenarioConfig& config) {
  const DramConfig& dram = config.dram;
  const double memory =
      dram.device ? dram.device->peak_gb_per_s() * dram.controller.channels : dram.gb_per_s;
  const double bus = config.interconnect.clock_mhz * config.interconnect.width_bytes / 1e3;
  return std::min(memory, bus);
}

double ratio(double dividend, double divisor) {
  return divisor > 0 ? dividend / divisor : 0;
}

Statistics derived(const ScenarioConfig& config, const Record& record) {
  const Values values(record.statistics);
  const EpochCoreConfig& core = config.epochcore;
  const std::string counters = "epochcore.counters.";
  const double cycles = values[counters + "cycles"] - values["epochcore.clock.compute.sleep"];
  const double array_cycles = values[counters + "cycles"] - values[counters + "cause_idle"];
  const double ns = cycles * 1e3 / core.clock_mhz;
  const double reads = values[counters + "dma_read_bytes"];
  const double writes = values[counters + "dma_write_bytes"];
  const double operations =
      values["epochcore.pe_grid.macs"] + values["epochcore.pe_grid.ssm_updates"];
  const double pes = double{1} * core.pe_grid.rows * core.pe_grid.cols;
  Statistics list = {
      {"simulated_time_ns", record.simulation.at("simulated_ps").get<double>() / 1e3, "ns",
       "Simulated time of the whole run, firmware's start included"},
      {"instructions", record.simulation.at("instructions").get<std::uint64_t>(), "instruction",
       "Retired by the hart"},
      {"active_cycles", static_cast<std::uint64_t>(cycles), "cycle",
       "Array clock cycles in which the accelerator had something to do"},
      {"active_time_ns", ns, "ns", "The same as time"},
      {"array_idle_cycles", static_cast<std::uint64_t>(std::max(0.0, cycles - array_cycles)),
       "cycle", "Of these, what the array had nothing to do in: with the causes they add up"},
      {"dma_read_gb_s", ratio(reads, ns), "GB/s", "Bytes that LOAD reads, over active time"},
      {"dma_write_gb_s", ratio(writes, ns), "GB/s", "Bytes that STORE writes, over active time"},
      {"operations", static_cast<std::uint64_t>(operations), "operation",
       "Multiply-accumulates and state updates of the array"},
      {"throughput_gop_s", ratio(operations, ns), "Gop/s", "Operations over active time"},
      {"operations_per_byte", ratio(operations, reads + writes), "operation/B",
       "Operations over bytes that DMA moves, both directions"},
      {"array_peak_gop_s", pes * core.clock_mhz / 1e3, "Gop/s",
       "One operation a PE and cycle: no schedule does more"},
      {"memory_peak_gb_s", memory_peak_gb_s(config), "GB/s",
       "The lesser of what dram and interconnect carry, both directions together"}};
  return list;
}

}  // namespace

Statistics measures(const ScenarioConfig& config, const Record& record) {
  if (!record.statistics.is_array() || !record.simulation.is_object()) return {};
  Statistics list = derived(config, record);
  for (const Json& one : record.statistics) {
    Statistic statistic{one.at("name"), std::uint64_t{0}, one.at("unit"), one.at("description")};
    const Json& value = one.at("value");
    if (value.is_number_unsigned()) {
      statistic.value = value.get<std::uint64_t>();
    } else {
      statistic.value = value.get<double>();
    }
    list.push_back(std::move(statistic));
  }
  return list;
}

}  // namespace epoch
