// SPDX-License-Identifier: Apache-2.0
#include "config/key_makers.h"

namespace epoch {
namespace {

void add_pe(std::vector<Key>& keys, const std::string& grid) {
  keys.push_back(integer(grid + "state_slots", EPOCH_FIELD(epochcore.pe_grid.state_slots), 1, 255,
                         "State slots in a PE"));
  keys.push_back(choice(
      grid + "slots_kind", EPOCH_FIELD(epochcore.pe_grid.slots_kind), {"mode", "channel", "batch"},
      std::vector<SlotsKind>{SlotsKind::mode, SlotsKind::channel, SlotsKind::batch},
      "What further slots of a PE hold: modes of the channel, channels, or sequences of a batch"));
  keys.push_back(choice(grid + "segment_io", EPOCH_FIELD(epochcore.pe_grid.segment_io),
                        {"tapped", "chained"},
                        std::vector<SegmentIo>{SegmentIo::tapped, SegmentIo::chained},
                        "Ports at every segment, or a chain from segment to segment"));
  keys.push_back(
      integer(grid + "hop", EPOCH_FIELD(epochcore.pe_grid.hop), 1, 15, "Cycles from PE to PE"));
  keys.push_back(choice(grid + "reduce", EPOCH_FIELD(epochcore.pe_grid.reduce),
                        {"tree", "systolic"}, std::vector<Reduce>{Reduce::tree, Reduce::systolic},
                        "How dplr sums over a segment's rows"));
  keys.push_back(choice(grid + "pe_exp", EPOCH_FIELD(epochcore.pe_grid.pe_exp),
                        {"shared", "dedicated"},
                        std::vector<ExpUnit>{ExpUnit::shared, ExpUnit::dedicated},
                        "Selective: exp on the PE's multipliers, or in a unit of its own"));
  keys.push_back(plain(grid + "state_shadow", KeyType::boolean, EPOCH_FIELD(epochcore.state_shadow),
                       "STATE transfers work on shadow registers, beside array commands"));
}

void add_pe_grid(std::vector<Key>& keys) {
  const std::string grid = "epochcore.pe_grid.";
  keys.push_back(integer(grid + "rows", EPOCH_FIELD(epochcore.pe_grid.rows), 1, 1024, "PE rows"));
  keys.push_back(
      integer(grid + "cols", EPOCH_FIELD(epochcore.pe_grid.cols), 1, 1024, "PE columns"));
  keys.push_back(integer(grid + "segment_rows", EPOCH_FIELD(epochcore.pe_grid.segment_rows), 1,
                         1024, "Rows between inject and extract ports; divides rows"));
  keys.push_back(choice(grid + "pe", EPOCH_FIELD(epochcore.pe_grid.lima), {"lima", "mac"},
                        std::vector<bool>{true, false},
                        "Processing element: LIMA-PE, or the plain MAC of the baseline"));
  keys.push_back(integer(grid + "multipliers", EPOCH_FIELD(epochcore.pe_grid.multipliers), 1, 15,
                         "Multipliers in a PE; a plain MAC has 1"));
  add_pe(keys, grid);
  keys.push_back(integer(grid + "mul_latency", EPOCH_FIELD(epochcore.pe_grid.mul_latency), 1, 15,
                         "Multiplier latency in array cycles"));
  keys.push_back(integer(grid + "add_latency", EPOCH_FIELD(epochcore.pe_grid.add_latency), 0, 15,
                         "Adder latency in array cycles"));
  Key lanes = integer(grid + "drain_lanes", EPOCH_FIELD(epochcore.pe_grid.drain_lanes), 1, 1024,
                      "Elements a cycle of the drain pipeline; auto = one a column");
  lanes.allows_auto = true;
  lanes.read = [](const ScenarioConfig& c, std::size_t) {
    return c.drain_lanes ? KeyValue(std::uint64_t{*c.drain_lanes}) : KeyValue(Automatic{});
  };
  lanes.write = [](ScenarioConfig& c, std::size_t, const KeyValue& value) {
    c.drain_lanes.reset();
    if (const auto* n = std::get_if<std::uint64_t>(&value)) {
      c.drain_lanes = static_cast<unsigned>(*n);
    }
  };
  keys.push_back(lanes);
  keys.push_back(choice(grid + "fidelity", EPOCH_FIELD(epochcore.fidelity), {"fast", "cycle"},
                        std::vector<Fidelity>{Fidelity::fast, Fidelity::cycle},
                        "fast: closed form; cycle: every register, every clock; same results"));
  keys.push_back(integer(grid + "ports.read_bytes", EPOCH_FIELD(epochcore.pe_grid.ports.read), 0,
                         65535, "Operand bytes a cycle from the buffers; 0 = unlimited"));
  keys.push_back(integer(grid + "ports.write_bytes", EPOCH_FIELD(epochcore.pe_grid.ports.write), 0,
                         32767, "Result bytes a cycle to the buffers; 0 = unlimited"));
  keys.push_back(integer(grid + "ports.coefficient_bytes",
                         EPOCH_FIELD(epochcore.pe_grid.ports.coefficient), 0, 65535,
                         "Coefficient bytes a cycle; 0 = unlimited"));
  keys.push_back(integer(grid + "ports.state_bytes", EPOCH_FIELD(epochcore.pe_grid.ports.state), 0,
                         32767, "State bytes a cycle each way; 0 = unlimited"));
}

template <typename Access>
void add_buffer(std::vector<Key>& keys, const std::string& name, Access buffer) {
  const std::string path = "epochcore.buffers." + name + ".";
  keys.push_back(power_of_two(integer(
      path + "size_kib", [buffer](auto& c, std::size_t) -> auto& { return buffer(c).size_kib; }, 1,
      4096, "Size of the " + name + " buffer")));
  keys.push_back(power_of_two(integer(
      path + "banks", [buffer](auto& c, std::size_t) -> auto& { return buffer(c).banks; }, 1, 256,
      "Banks, each serving one access a cycle")));
  keys.push_back(power_of_two(integer(
      path + "width_bytes",
      [buffer](auto& c, std::size_t) -> auto& { return buffer(c).width_bytes; }, 4, 1024,
      "Bytes that a bank serves in a cycle")));
  keys.push_back(plain(
      path + "bank_conflicts", KeyType::boolean,
      [buffer](auto& c, std::size_t) -> auto& { return buffer(c).bank_conflicts; },
      "Whether a strided tile takes the cycles of its busiest bank; false: perfectly interleaved"));
}

}  // namespace

void add_epochcore_keys(std::vector<Key>& keys) {
  keys.push_back(integer("epochcore.instances", EPOCH_FIELD(epochcore_instances), 1, 4,
                         "EpochCores, all alike; each further one lies 0x02000000 behind the one "
                         "before"));
  keys.push_back(number("epochcore.clock_mhz", EPOCH_FIELD(epochcore.clock_mhz), 1, 10000,
                        "Clock of the array and its engines"));
  add_pe_grid(keys);
  add_buffer(
      keys, "activations", [](auto& c) -> auto& { return c.epochcore.activations; });
  add_buffer(
      keys, "coefficients", [](auto& c) -> auto& { return c.epochcore.coefficients; });
  add_buffer(
      keys, "accumulators", [](auto& c) -> auto& { return c.epochcore.accumulators; });
  keys.push_back(
      power_of_two(integer("epochcore.dma.burst_bytes", EPOCH_FIELD(epochcore.dma_burst_bytes), 16,
                           4096, "Largest bus burst")));
  keys.push_back(integer("epochcore.dma.outstanding", EPOCH_FIELD(epochcore.dma_outstanding), 1,
                         255, "Outstanding bursts in each direction"));
  keys.push_back(integer("epochcore.vector_unit.lanes", EPOCH_FIELD(epochcore.vector_lanes), 1,
                         1024, "Lanes of the vector unit"));
  keys.push_back(integer("epochcore.fifo_depth", EPOCH_FIELD(epochcore.fifo_depth), 1, 127,
                         "Commands that each engine's FIFO holds"));
}

}  // namespace epoch
