// SPDX-License-Identifier: Apache-2.0
#include "device_tree.h"

#include <libfdt.h>

#include <cmath>
#include <cstdio>
#include <stdexcept>

#include "memory_map.h"

namespace epoch {
namespace {

constexpr std::uint32_t kHartInterruptController = 1;  // phandles
constexpr std::uint32_t kPlic = 2;
constexpr std::uint32_t kMachineSoftware = 3;  // interrupt numbers at the hart
constexpr std::uint32_t kMachineTimer = 7;
constexpr std::uint32_t kMachineExternal = 11;
constexpr std::uint32_t kCacheBlockBytes = 64;
constexpr std::size_t kMaxBytes = 24 * 1024;  // leaves the boot rom room for its code

// libfdt's sequential-write calls with their error codes turned into exceptions.
class TreeWriter {
 public:
  TreeWriter() : bytes_(kMaxBytes) {
    check(fdt_create(bytes_.data(), static_cast<int>(bytes_.size())));
    check(fdt_finish_reservemap(bytes_.data()));
  }

  void begin(const std::string& name) { check(fdt_begin_node(bytes_.data(), name.c_str())); }
  void begin(const std::string& name, std::uint64_t address) {
    char unit[20];
    std::snprintf(unit, sizeof unit, "@%llx", static_cast<unsigned long long>(address));
    begin(name + unit);
  }
  void end() { check(fdt_end_node(bytes_.data())); }

  void text(const char* name, const std::string& value) {
    check(fdt_property(bytes_.data(), name, value.c_str(), static_cast<int>(value.size() + 1)));
  }
  void flag(const char* name) { check(fdt_property(bytes_.data(), name, nullptr, 0)); }
  void cells(const char* name, const std::vector<std::uint32_t>& values) {
    std::vector<fdt32_t> big_endian;
    for (const std::uint32_t value : values) big_endian.push_back(cpu_to_fdt32(value));
    check(fdt_property(bytes_.data(), name, big_endian.data(),
                       static_cast<int>(big_endian.size() * sizeof(fdt32_t))));
  }
  void cell(const char* name, std::uint32_t value) { cells(name, {value}); }
  void reg(std::uint64_t base, std::uint64_t size) {
    cells("reg", {static_cast<std::uint32_t>(base >> 32), static_cast<std::uint32_t>(base),
                  static_cast<std::uint32_t>(size >> 32), static_cast<std::uint32_t>(size)});
  }
  // Addresses and sizes of the children of this node take two cells each.
  void wide_children() {
    cell("#address-cells", 2);
    cell("#size-cells", 2);
  }

  std::vector<std::uint8_t> finish() {
    check(fdt_finish(bytes_.data()));
    bytes_.resize(fdt_totalsize(bytes_.data()));
    return std::move(bytes_);
  }

 private:
  static void check(int status) {
    if (status < 0) {
      throw std::runtime_error(std::string("device tree: ") + fdt_strerror(status) +
                               " (long firmware.args, or many data entries)");
    }
  }
  std::vector<std::uint8_t> bytes_;
};

std::uint32_t hertz(double mhz) {
  return static_cast<std::uint32_t>(std::llround(mhz * 1e6));
}

void write_cpus(TreeWriter& tree, const ScenarioConfig& config) {
  tree.begin("cpus");
  tree.cell("#address-cells", 1);
  tree.cell("#size-cells", 0);
  tree.cell("timebase-frequency", static_cast<std::uint32_t>(config.cpu.timebase_hz));
  tree.begin("cpu", config.cpu.hart_id);
  tree.text("device_type", "cpu");
  tree.cell("reg", config.cpu.hart_id);
  tree.text("compatible", "riscv");
  tree.text("riscv,isa", "rv32imafc_zicbom");
  tree.cell("riscv,cbom-block-size", kCacheBlockBytes);
  tree.cell("clock-frequency", hertz(config.cpu.clock_mhz));
  tree.text("status", "okay");
  tree.begin("interrupt-controller");
  tree.cell("#interrupt-cells", 1);
  tree.flag("interrupt-controller");
  tree.text("compatible", "riscv,cpu-intc");
  tree.cell("phandle", kHartInterruptController);
  tree.end();
  tree.end();
  tree.end();
}

void write_device(TreeWriter& tree, const std::string& node, const std::string& compatible,
                  std::uint64_t base, std::uint64_t size) {
  tree.begin(node, base);
  tree.text("compatible", compatible);
  tree.reg(base, size);
}

void write_soc(TreeWriter& tree, const ScenarioConfig& config) {
  const MemoryMapConfig& map = config.memory_map;
  tree.begin("soc");
  tree.wide_children();
  tree.text("compatible", "simple-bus");
  tree.flag("ranges");
  if (config.dma_coherent) tree.flag("dma-coherent");

  write_device(tree, "clint", "riscv,clint0", map.clint, kClintBytes);
  tree.cells("interrupts-extended",
             {kHartInterruptController, kMachineSoftware, kHartInterruptController, kMachineTimer});
  tree.end();

  write_device(tree, "plic", "riscv,plic0", map.plic, kPlicBytes);
  tree.cell("#interrupt-cells", 1);
  tree.flag("interrupt-controller");
  tree.cells("interrupts-extended", {kHartInterruptController, kMachineExternal});
  tree.cell("riscv,ndev", kUartInterrupt + config.epochcore_instances);
  tree.cell("phandle", kPlic);
  tree.end();

  write_device(tree, "serial", "ns16550a", map.uart, kUartBytes);
  tree.cell("clock-frequency", hertz(config.interconnect.clock_mhz));
  tree.cell("interrupt-parent", kPlic);
  tree.cell("interrupts", kUartInterrupt);
  tree.end();

  write_device(tree, "simctl", "epochcore,simctl", map.simctl, kSimctlBytes);
  tree.end();

  for (unsigned i = 0; i < config.epochcore_instances; ++i) {
    write_device(tree, "epochcore", "epochcore,epochcore", map.epochcore + i * kInstanceStride,
                 EPOCH_WINDOW_BYTES);
    tree.cell("clock-frequency", hertz(config.epochcore.clock_mhz));
    tree.cell("interrupt-parent", kPlic);
    tree.cell("interrupts", kEpochCoreInterrupt + i);
    tree.end();
  }

  write_device(tree, "sram", "mmio-sram", map.sram, config.sram.size);
  tree.end();
  tree.end();
}

void write_reserved_memory(TreeWriter& tree, const std::vector<Blob>& blobs) {
  tree.begin("reserved-memory");
  tree.wide_children();
  tree.flag("ranges");
  for (const Blob& blob : blobs) {
    write_device(tree, blob.name, blob.compatible, blob.address, blob.bytes.size());
    tree.text("label", blob.name);
    tree.end();
  }
  tree.end();
}

std::string quoted(const std::string& argument) {
  if (argument.find_first_of("\"\n\r") != std::string::npos ||
      argument.find('\0') != std::string::npos) {
    throw std::invalid_argument("firmware argument \"" + argument +
                                "\" holds a quote or a line break, which bootargs cannot carry");
  }
  const bool plain = !argument.empty() && argument.find_first_of(" \t") == std::string::npos;
  return plain ? argument : "\"" + argument + "\"";
}

}  // namespace

std::string bootargs_text(const std::string& program, const std::vector<std::string>& args) {
  std::string text = quoted(program);
  for (const std::string& argument : args) text += " " + quoted(argument);
  return text;
}

std::vector<std::uint8_t> make_device_tree(const ScenarioConfig& config, const std::string& program,
                                           const std::vector<Blob>& blobs) {
  TreeWriter tree;
  tree.begin("");
  tree.wide_children();
  tree.text("compatible", "epochcore,vp");
  tree.text("model", "EpochCore VP");
  tree.begin("chosen");
  tree.text("bootargs", bootargs_text(program, config.firmware.args));
  char stdout_path[40];
  std::snprintf(stdout_path, sizeof stdout_path, "/soc/serial@%llx",
                static_cast<unsigned long long>(config.memory_map.uart));
  tree.text("stdout-path", stdout_path);
  tree.end();
  write_cpus(tree, config);
  tree.begin("memory", config.memory_map.dram);
  tree.text("device_type", "memory");
  tree.reg(config.memory_map.dram, config.dram.size_bytes);
  tree.end();
  write_reserved_memory(tree, blobs);
  write_soc(tree, config);
  tree.end();
  return tree.finish();
}

}  // namespace epoch
