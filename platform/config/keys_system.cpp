// SPDX-License-Identifier: Apache-2.0
#include "config/key_makers.h"

namespace epoch {
namespace {

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

}  // namespace

void add_system_keys(std::vector<Key>& keys) {
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
  add_bus_keys(keys);
  add_dram_keys(keys);
  keys.push_back(scaled("sram.size_kib", EPOCH_FIELD(sram.size), 1 << 10, 4, 65536,
                        "Size of the on-chip sram"));
  keys.push_back(
      number("sram.latency_ns", EPOCH_FIELD(sram.latency_ns), 0, 1e6, "Latency of an sram access"));
}

}  // namespace epoch
