// SPDX-License-Identifier: Apache-2.0
#include "config/keys.h"

#include <algorithm>
#include <cstdio>
#include <unordered_map>

namespace epoch {
namespace {

constexpr double kMax32 = 4294967295.0;

template <typename Access>
Key integer(std::string path, Access access, double minimum, double maximum,
            std::string description) {
  using Field = std::decay_t<decltype(access(std::declval<ScenarioConfig&>(), 0))>;
  Key key;
  key.path = std::move(path);
  key.type = KeyType::integer;
  key.description = std::move(description);
  key.minimum = minimum;
  key.maximum = maximum;
  key.read = [access](const ScenarioConfig& c, std::size_t i) {
    return KeyValue(static_cast<std::uint64_t>(access(c, i)));
  };
  key.write = [access](ScenarioConfig& c, std::size_t i, const KeyValue& value) {
    access(c, i) = static_cast<Field>(std::get<std::uint64_t>(value));
  };
  return key;
}

// An integer whose field counts in units of `scale`, e.g. bytes for a key in KiB.
template <typename Access>
Key scaled(std::string path, Access access, std::uint64_t scale, double minimum, double maximum,
           std::string description) {
  Key key = integer(std::move(path), access, minimum, maximum, std::move(description));
  key.read = [access, scale](const ScenarioConfig& c, std::size_t i) {
    return KeyValue(static_cast<std::uint64_t>(access(c, i) / scale));
  };
  key.write = [access, scale](ScenarioConfig& c, std::size_t i, const KeyValue& value) {
    access(c, i) = std::get<std::uint64_t>(value) * scale;
  };
  return key;
}

Key power_of_two(Key key) {
  key.power_of_two = true;
  return key;
}

template <typename Access>
Key number(std::string path, Access access, double minimum, double maximum,
           std::string description) {
  Key key;
  key.path = std::move(path);
  key.type = KeyType::number;
  key.description = std::move(description);
  key.minimum = minimum;
  key.maximum = maximum;
  key.read = [access](const ScenarioConfig& c, std::size_t i) { return KeyValue(access(c, i)); };
  key.write = [access](ScenarioConfig& c, std::size_t i, const KeyValue& value) {
    access(c, i) = std::get<double>(value);
  };
  return key;
}

template <typename Access>
Key plain(std::string path, KeyType type, Access access, std::string description) {
  using Field = std::decay_t<decltype(access(std::declval<ScenarioConfig&>(), 0))>;
  Key key;
  key.path = std::move(path);
  key.type = type;
  key.description = std::move(description);
  key.read = [access](const ScenarioConfig& c, std::size_t i) { return KeyValue(access(c, i)); };
  key.write = [access](ScenarioConfig& c, std::size_t i, const KeyValue& value) {
    access(c, i) = std::get<Field>(value);
  };
  return key;
}

// A choice: `values[n]` is the field's value for choices[n].
template <typename Access, typename Field>
Key choice(std::string path, Access access, std::vector<std::string> choices,
           std::vector<Field> values, std::string description, std::string note = "") {
  Key key;
  key.path = std::move(path);
  key.type = KeyType::choice;
  key.description = std::move(description);
  key.choices = choices;
  key.note = std::move(note);
  key.read = [access, choices, values](const ScenarioConfig& c, std::size_t i) {
    const auto at = std::find(values.begin(), values.end(), access(c, i)) - values.begin();
    return KeyValue(choices[static_cast<std::size_t>(at)]);
  };
  key.write = [access, choices, values](ScenarioConfig& c, std::size_t i, const KeyValue& value) {
    const auto at = std::find(choices.begin(), choices.end(), std::get<std::string>(value));
    access(c, i) = values[static_cast<std::size_t>(at - choices.begin())];
  };
  return key;
}

template <typename Access>
Key address(std::string path, Access access, std::string description) {
  Key key;
  key.path = std::move(path);
  key.type = KeyType::address;
  key.description = std::move(description);
  key.maximum = kMax32;
  key.read = [access](const ScenarioConfig& c, std::size_t i) {
    return KeyValue(static_cast<std::uint64_t>(access(c, i)));
  };
  key.write = [access](ScenarioConfig& c, std::size_t i, const KeyValue& value) {
    access(c, i) = std::get<std::uint64_t>(value);
  };
  return key;
}

template <typename Access>
Key automatic_address(std::string path, Access access, std::string description) {
  Key key;
  key.path = std::move(path);
  key.type = KeyType::address;
  key.description = std::move(description);
  key.maximum = kMax32;
  key.allows_auto = true;
  key.read = [access](const ScenarioConfig& c, std::size_t i) {
    const OptionalAddress& field = access(c, i);
    return field ? KeyValue(*field) : KeyValue(Automatic{});
  };
  key.write = [access](ScenarioConfig& c, std::size_t i, const KeyValue& value) {
    const auto* number = std::get_if<std::uint64_t>(&value);
    access(c, i) = number ? OptionalAddress(*number) : OptionalAddress();
  };
  return key;
}

// The field named by a member chain of ScenarioConfig.
#define EPOCH_FIELD(chain)            \
  [](auto& c, std::size_t) -> auto& { \
    return c.chain;                   \
  }
#define EPOCH_ELEMENT(list, member)     \
  [](auto& c, std::size_t i) -> auto& { \
    return c.list[i].member;            \
  }

// "file:" and a path, or "tcp:" and a port.
bool is_file_end(const std::string& text) {
  return text.rfind("file:", 0) == 0 && text.size() > 5 &&
         text.find_first_of(std::string("\0\n", 2)) == std::string::npos;
}
bool is_tcp_end(const std::string& text) {
  const std::string port = text.substr(std::min<std::size_t>(4, text.size()));
  return text.rfind("tcp:", 0) == 0 && !port.empty() && port.size() <= 5 &&
         port.find_first_not_of("0123456789") == std::string::npos && std::stoul(port) <= 65535;
}

Key uart_output() {
  Key key = plain("uart.output", KeyType::text, EPOCH_FIELD(uart.output),
                  "Where the UART sends to; tcp listens on 127.0.0.1 and waits for a connection "
                  "before the run (port 0: any free one, which is printed)");
  key.pattern =
      "^(stdout|file:[^\\n\\x00]+|tcp:([0-9]{1,4}|[0-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|"
      "655[0-2][0-9]|6553[0-5]))$";
  key.accepts = [](const std::string& text) {
    return text == "stdout" || is_file_end(text) || is_tcp_end(text);
  };
  key.note = "\"stdout\", \"file:PATH\" or \"tcp:PORT\"";
  return key;
}

Key uart_input() {
  Key key = plain("uart.input", KeyType::text, EPOCH_FIELD(uart.input),
                  "What the UART receives; auto: from the connection of uart.output tcp:PORT, else "
                  "nothing");
  key.pattern = "^(auto|none|stdin|file:[^\\n\\x00]+)$";
  key.accepts = [](const std::string& text) {
    return text == "auto" || text == "none" || text == "stdin" || is_file_end(text);
  };
  key.note = "\"auto\", \"none\", \"stdin\" or \"file:PATH\"";
  return key;
}

void add_workload(std::vector<Key>& keys) {
  keys.push_back(plain("firmware.elf", KeyType::file, EPOCH_FIELD(firmware.elf),
                       "RISC-V ELF to run; a bare name is also searched in the firmware folders"));
  keys.push_back(plain("firmware.args", KeyType::text_list, EPOCH_FIELD(firmware.args),
                       "Arguments of the firmware, argv[1] on"));
  keys.push_back(plain("network.model", KeyType::file, EPOCH_FIELD(network.model),
                       "Model folder (config.json, model.safetensors), compiled for this array and "
                       "loaded; a bare name is also searched in the shipped scenarios"));
  keys.push_back(
      choice("network.type", EPOCH_FIELD(network.type), {"fp32", "bf16", "bf16d", "int8"},
             std::vector<NumberType>{NumberType::fp32, NumberType::bf16, NumberType::bf16d,
                                     NumberType::int8},
             "Number type of the compiled network; bf16d: bf16 with poles as a - 1 in bf16"));
  keys.push_back(
      choice("network.partial_type", EPOCH_FIELD(network.partial_type), {"fp32", "bf16"},
             std::vector<NumberType>{NumberType::fp32, NumberType::bf16},
             "Number type in which a bidirectional layer's first direction waits for the second"));
  keys.push_back(plain("network.calibration", KeyType::file, EPOCH_FIELD(network.calibration),
                       "int8: inputs to measure the network's signals on, an IDX file or plain "
                       "rows of the input (the first 32 sequences are taken)"));
  keys.push_back(automatic_address("network.address", EPOCH_FIELD(network.address),
                                   "Where the network image is loaded"));
  keys.push_back(plain("data[].name", KeyType::text, EPOCH_ELEMENT(data, name),
                       "Name under which the firmware finds the data"));
  keys.push_back(plain("data[].file", KeyType::file, EPOCH_ELEMENT(data, file),
                       "File loaded into dram as it is"));
  keys.push_back(plain("data[].hint", KeyType::text, EPOCH_ELEMENT(data, hint),
                       "What to do when the file is missing, for the message that says so"));
  keys.push_back(automatic_address("data[].address", EPOCH_ELEMENT(data, address),
                                   "Where the file is loaded"));
}

void add_timing(std::vector<Key>& keys) {
  const auto add = [&](const char* name, auto access, const char* instructions) {
    keys.push_back(integer(std::string("cpu.timing.") + name + "_cycles", access, 1, 1000,
                           std::string("Cycles of ") + instructions));
  };
  add("alu", EPOCH_FIELD(cpu.timing.alu), "an instruction of no other class");
  add("multiply", EPOCH_FIELD(cpu.timing.multiply), "a multiplication");
  add("divide", EPOCH_FIELD(cpu.timing.divide), "a division or remainder");
  add("load", EPOCH_FIELD(cpu.timing.load), "a load that does not go over the bus");
  add("store", EPOCH_FIELD(cpu.timing.store), "a store that does not go over the bus");
  add("branch", EPOCH_FIELD(cpu.timing.branch), "a branch that is not taken");
  add("branch_taken", EPOCH_FIELD(cpu.timing.branch_taken), "a branch that is taken");
  add("jump", EPOCH_FIELD(cpu.timing.jump), "JAL and JALR");
  add("atomic", EPOCH_FIELD(cpu.timing.atomic), "LR, SC and AMO");
  add("system", EPOCH_FIELD(cpu.timing.system), "CSR accesses, FENCE.I, MRET and WFI");
  add("float_basic", EPOCH_FIELD(cpu.timing.float_basic),
      "a floating-point operation of no other class");
  add("float_fused", EPOCH_FIELD(cpu.timing.float_fused), "FMADD and its kin");
  add("float_divide", EPOCH_FIELD(cpu.timing.float_divide), "FDIV and FSQRT");
}

template <typename Size, typename Ways, typename Line, typename Miss>
void add_cache(std::vector<Key>& keys, const std::string& path, const std::string& what, Size size,
               Ways ways, Line line, Miss miss) {
  keys.push_back(integer(path + "size_kib", size, 0, 4096,
                         "Size of the " + what + " cache, a power of two; 0: none"));
  keys.push_back(power_of_two(integer(path + "ways", ways, 1, 16, "Ways of a set")));
  keys.push_back(
      power_of_two(integer(path + "line_bytes", line, 8, kLongestLine, "Size of a line")));
  keys.push_back(
      integer(path + "miss_cycles", miss, 0, 1000, "Cycles of a miss beside its bus transactions"));
}

void add_dram_controller(std::vector<Key>& keys) {
  keys.push_back(power_of_two(integer("dram.channels", EPOCH_FIELD(dram.controller.channels), 1, 16,
                                      "Channels of a real device (hbm2: pseudo channels)")));
  keys.push_back(power_of_two(
      integer("dram.ranks", EPOCH_FIELD(dram.controller.ranks), 1, 8, "Ranks of a channel")));
  keys.push_back(plain("dram.mapping", KeyType::text, EPOCH_FIELD(dram.controller.mapping),
                       "Bits of an address above the burst, the most significant field first: row, "
                       "rank, bankgroup, bank, column, channel, joined by \"-\"; \"column:2\" is a "
                       "part of two bits"));
  keys.push_back(plain("dram.bank_xor", KeyType::boolean, EPOCH_FIELD(dram.controller.bank_xor),
                       "Bank group and bank are exclusive-ored with the row's lowest bits"));
  keys.push_back(choice("dram.page_policy", EPOCH_FIELD(dram.controller.page_policy),
                        {"open", "open_adaptive", "closed", "closed_adaptive"},
                        std::vector<PagePolicy>{PagePolicy::open, PagePolicy::open_adaptive,
                                                PagePolicy::closed, PagePolicy::closed_adaptive},
                        "When a row is closed that nobody asks for; adaptive: the queues decide"));
  keys.push_back(integer("dram.starvation_cap", EPOCH_FIELD(dram.controller.starvation_cap), 0, 1e6,
                         "Younger row hits that a request lets pass in its bank; 0: none, first "
                         "come first served"));
  keys.push_back(plain("dram.unified_queue", KeyType::boolean,
                       EPOCH_FIELD(dram.controller.unified_queue),
                       "Reads and writes in one queue of read_queue bursts, served by age; else "
                       "writes wait to be drained together"));
  keys.push_back(integer("dram.read_queue", EPOCH_FIELD(dram.controller.read_queue), 1, 1024,
                         "Bursts that a channel's read queue holds"));
  keys.push_back(integer("dram.write_queue", EPOCH_FIELD(dram.controller.write_queue), 1, 1024,
                         "Bursts that a channel's write queue holds"));
  keys.push_back(integer("dram.write_high_percent", EPOCH_FIELD(dram.controller.write_high_percent),
                         0, 100, "Writes are drained above this share of their queue"));
  keys.push_back(integer("dram.write_low_percent", EPOCH_FIELD(dram.controller.write_low_percent),
                         0, 100, "and until they are below this one, or nothing is to be read"));
  keys.push_back(plain("dram.refresh", KeyType::boolean, EPOCH_FIELD(dram.controller.refresh),
                       "All-bank refreshes, one every tREFI"));
  keys.push_back(integer("dram.refresh_postponed", EPOCH_FIELD(dram.controller.refresh_postponed),
                         0, 8, "Refreshes that may be overdue while requests wait"));
}

void add_dram(std::vector<Key>& keys) {
  Key device = plain("dram.device", KeyType::file, EPOCH_FIELD(dram_device),
                     "Memory device: \"ideal\", fixed latency and bandwidth, or a device file; a "
                     "bare name is also searched in scenarios/memory");
  device.note = "\"ideal\", ddr4-3200, lpddr4-4266, lpddr5-6400, hbm2 or one of your own";
  keys.push_back(device);
  keys.push_back(
      scaled("dram.size_mib", EPOCH_FIELD(dram.size_bytes), 1 << 20, 1, 2048,
             "Size of dram; of a real device, what the memory map shows of it from its start"));
  keys.push_back(number("dram.ideal.latency_ns", EPOCH_FIELD(dram.latency_ns), 0, 1e6,
                        "Latency of an unloaded access"));
  keys.push_back(number("dram.ideal.gb_per_s", EPOCH_FIELD(dram.gb_per_s), 0.001, 1e5,
                        "Bandwidth, 1e9 bytes a second"));
  add_dram_controller(keys);
}

template <typename Access>
void add_share(std::vector<Key>& keys, const std::string& who, Access share) {
  keys.push_back(integer(
      "interconnect.weight." + who,
      [share](auto& c, std::size_t) -> auto& { return share(c).weight; }, 1, 255,
      "at, weighted: grants to " + who + " out of every sum of weights"));
  keys.push_back(integer(
      "interconnect.priority." + who,
      [share](auto& c, std::size_t) -> auto& { return share(c).priority; }, 0, 255,
      "at, fixed: place of " + who + ", 0 first"));
}

// What lt has no use for.
void add_at_interconnect(std::vector<Key>& keys) {
  keys.push_back(choice(
      "interconnect.arbitration", EPOCH_FIELD(interconnect.arbitration),
      {"round_robin", "fixed", "weighted"},
      std::vector<Arbitration>{Arbitration::round_robin, Arbitration::fixed, Arbitration::weighted},
      "at: which initiator a target's request channel goes to"));
  keys.push_back(integer("interconnect.latency_cycles", EPOCH_FIELD(interconnect.latency_cycles), 0,
                         1000, "at: bus cycles of the pipeline, each way"));
  keys.push_back(integer("interconnect.outstanding_per_initiator",
                         EPOCH_FIELD(interconnect.outstanding_per_initiator), 1, 1024,
                         "at: transactions of an initiator between grant and answer"));
  keys.push_back(integer("interconnect.outstanding_per_target",
                         EPOCH_FIELD(interconnect.outstanding_per_target), 1, 1024,
                         "at: bursts at a target between grant and answer"));
  keys.push_back(power_of_two(integer("interconnect.max_burst_bytes",
                                      EPOCH_FIELD(interconnect.max_burst_bytes), 16, 4096,
                                      "at: longer transactions are split at its multiples")));
  keys.push_back(plain("interconnect.check_protocol", KeyType::boolean, EPOCH_FIELD(check_protocol),
                       "at: watches the base protocol on every hop; a violation ends the run"));
  add_share(
      keys, "cpu", [](auto& c) -> auto& { return c.shares.cpu; });
  add_share(
      keys, "dma", [](auto& c) -> auto& { return c.shares.dma; });
  add_share(
      keys, "commands", [](auto& c) -> auto& { return c.shares.commands; });
}

void add_system(std::vector<Key>& keys) {
  keys.push_back(choice("transport", EPOCH_FIELD(transport), {"lt", "at"},
                        std::vector<Transport>{Transport::lt, Transport::at},
                        "Transactions: lt, loosely timed; at, approximately timed, in four phases "
                        "through arbitrated channels"));
  keys.push_back(choice("cpu.kind", EPOCH_FIELD(cpu_kind), {"rv32", "native"},
                        std::vector<CpuKind>{CpuKind::rv32, CpuKind::native},
                        "What executes the firmware: rv32, a simulator of RV32IMAFC, its ELF; "
                        "native, the host, the shared object beside it"));
  keys.push_back(number("cpu.clock_mhz", EPOCH_FIELD(cpu.clock_mhz), 1, 10000, "Processor clock"));
  keys.push_back(integer("cpu.quantum_ns", EPOCH_FIELD(cpu.quantum_ns), 0, 1e9,
                         "How far the hart runs ahead of the rest; 0 is exact"));
  keys.push_back(plain("cpu.dma_coherent", KeyType::boolean, EPOCH_FIELD(dma_coherent),
                       "Bus masters see what the hart's cache holds; if not, firmware cleans and "
                       "invalidates (run --check dma says where it does not)"));
  keys.push_back(integer("cpu.timebase_hz", EPOCH_FIELD(cpu.timebase_hz), 1, 1e9, "Rate of mtime"));
  keys.push_back(uart_output());
  keys.push_back(uart_input());
  keys.push_back(choice("cpu.misaligned", EPOCH_FIELD(cpu.misaligned), {"trap", "hardware"},
                        std::vector<Misaligned>{Misaligned::trap, Misaligned::hardware},
                        "Misaligned loads and stores: an exception, or done in aligned parts"));
  keys.push_back(integer("cpu.pmp_regions", EPOCH_FIELD(cpu.pmp_regions), 0, 16,
                         "Regions of physical memory protection; the others' registers read 0"));
  keys.push_back(
      integer("cpu.vendor_id", EPOCH_FIELD(cpu.vendor_id), 0, kMax32, "What mvendorid reads"));
  keys.push_back(integer("cpu.architecture_id", EPOCH_FIELD(cpu.architecture_id), 0, kMax32,
                         "What marchid reads"));
  keys.push_back(integer("cpu.implementation_id", EPOCH_FIELD(cpu.implementation_id), 0, kMax32,
                         "What mimpid reads"));
  add_timing(keys);
  add_cache(keys, "cpu.icache.", "instruction", EPOCH_FIELD(cpu.icache.size_kib),
            EPOCH_FIELD(cpu.icache.ways), EPOCH_FIELD(cpu.icache.line_bytes),
            EPOCH_FIELD(cpu.icache.miss_cycles));
  add_cache(keys, "cpu.dcache.", "data", EPOCH_FIELD(cpu.dcache.size_kib),
            EPOCH_FIELD(cpu.dcache.ways), EPOCH_FIELD(cpu.dcache.line_bytes),
            EPOCH_FIELD(cpu.dcache.miss_cycles));
  keys.push_back(
      number("interconnect.clock_mhz", EPOCH_FIELD(interconnect.clock_mhz), 1, 10000, "Bus clock"));
  keys.push_back(
      power_of_two(integer("interconnect.width_bytes", EPOCH_FIELD(interconnect.width_bytes), 1,
                           1024, "Bytes a bus cycle")));
  add_at_interconnect(keys);
  add_dram(keys);
  keys.push_back(scaled("sram.size_kib", EPOCH_FIELD(sram.size), 1 << 10, 4, 65536,
                        "Size of the on-chip sram"));
  keys.push_back(
      number("sram.latency_ns", EPOCH_FIELD(sram.latency_ns), 0, 1e6, "Latency of an sram access"));
}

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

void add_epochcore(std::vector<Key>& keys) {
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

void add_memory_map(std::vector<Key>& keys) {
  const std::string map = "memory_map.";
  keys.push_back(address(map + "boot_rom", EPOCH_FIELD(memory_map.boot_rom),
                         "Boot rom: reset pc, device tree"));
  keys.push_back(
      address(map + "clint", EPOCH_FIELD(memory_map.clint), "Timer and software interrupts"));
  keys.push_back(address(map + "plic", EPOCH_FIELD(memory_map.plic), "Interrupt controller"));
  keys.push_back(address(map + "uart", EPOCH_FIELD(memory_map.uart), "16550 serial port"));
  keys.push_back(address(map + "simctl", EPOCH_FIELD(memory_map.simctl), "Simulation control"));
  keys.push_back(
      address(map + "epochcore", EPOCH_FIELD(memory_map.epochcore), "EpochCore registers"));
  keys.push_back(address(map + "scratchpad", EPOCH_FIELD(memory_map.scratchpad),
                         "Debug window onto EpochCore's buffers"));
  keys.push_back(address(map + "sram", EPOCH_FIELD(memory_map.sram), "On-chip sram"));
  keys.push_back(address(map + "dram", EPOCH_FIELD(memory_map.dram), "Main memory"));
}

std::vector<Key> make_keys() {
  std::vector<Key> keys;
  add_workload(keys);
  add_system(keys);
  add_epochcore(keys);
  add_memory_map(keys);
  return keys;
}

std::string plain_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.12g", value);
  return text;
}

std::string range_text(const Key& key) {
  if (key.minimum == key.maximum) return plain_number(key.minimum);
  return plain_number(key.minimum) + " to " + plain_number(key.maximum);
}

std::string quoted_list(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "\"" : ", \"") + value + "\"";
  return text;
}

}  // namespace

std::string Key::allowed() const {
  std::string text;
  switch (type) {
    case KeyType::boolean:
      text = "true or false";
      break;
    case KeyType::integer:
      text = std::string(power_of_two ? "a power of two" : "an integer") +
             (minimum == maximum ? ", only " : ", ") + range_text(*this);
      break;
    case KeyType::number:
      text = "a number, " + range_text(*this);
      break;
    case KeyType::choice:
      text = (choices.size() == 1 ? "only " : "one of ") + quoted_list(choices);
      break;
    case KeyType::text:
      if (accepts) return note;
      text = "a text";
      break;
    case KeyType::file:
      text = "a file name";
      break;
    case KeyType::text_list:
      text = "a list of texts";
      break;
    case KeyType::address:
      text = "an address below 4 GiB, as 268435456 or \"0x10000000\"";
      break;
  }
  if (allows_auto) text += ", or \"auto\"";
  if (!note.empty()) text += " (" + note + ")";
  return text;
}

const std::vector<Key>& scenario_keys() {
  static const std::vector<Key> keys = make_keys();
  return keys;
}

const Key* find_key(const std::string& path) {
  for (const Key& key : scenario_keys()) {
    if (key.path == path) return &key;
  }
  return nullptr;
}

}  // namespace epoch
