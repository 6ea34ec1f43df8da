// SPDX-License-Identifier: Apache-2.0
#include <libfdt.h>

#include <catch2/catch.hpp>
#include <cstring>

#include "boot_rom.h"
#include "config/configuration.h"
#include "device_tree.h"
#include "memory_map.h"
#include "platform/scratch_folder.h"

using namespace epoch;
using Catch::Matchers::Contains;

namespace {

// Reads a tree back with libfdt's read-only half.
class Tree {
 public:
  explicit Tree(std::vector<std::uint8_t> bytes) : bytes_(std::move(bytes)) {
    REQUIRE(fdt_check_full(bytes_.data(), bytes_.size()) == 0);
  }
  int node(const std::string& path) const { return fdt_path_offset(bytes_.data(), path.c_str()); }
  bool has(const std::string& path, const char* name) const {
    return property(path, name, nullptr) != nullptr;
  }
  std::string text(const std::string& path, const char* name) const {
    const char* value = static_cast<const char*>(property(path, name, nullptr));
    return value == nullptr ? "" : value;
  }
  std::vector<std::uint32_t> cells(const std::string& path, const char* name) const {
    int bytes = 0;
    const void* value = property(path, name, &bytes);
    std::vector<std::uint32_t> cells;
    for (int i = 0; value != nullptr && i < bytes / 4; ++i) {
      fdt32_t cell;
      std::memcpy(&cell, static_cast<const char*>(value) + 4 * i, 4);
      cells.push_back(fdt32_to_cpu(cell));
    }
    return cells;
  }

 private:
  const void* property(const std::string& path, const char* name, int* bytes) const {
    const int at = node(path);
    return at < 0 ? nullptr : fdt_getprop(bytes_.data(), at, name, bytes);
  }
  std::vector<std::uint8_t> bytes_;
};

using Cells = std::vector<std::uint32_t>;

Tree tree_of(const std::vector<std::string>& sets, const std::vector<Blob>& blobs = {}) {
  return Tree(make_device_tree(load_configuration(std::nullopt, sets).values, "x.elf", blobs));
}

}  // namespace

TEST_CASE("the device tree tells whether DMA is coherent") {
  CHECK(tree_of({}).has("/soc", "dma-coherent"));
  CHECK_FALSE(tree_of({"cpu.dma_coherent=false"}).has("/soc", "dma-coherent"));
}

TEST_CASE("the device tree tells every EpochCore") {
  const Tree tree = tree_of({"epochcore.instances=2", "memory_map.epochcore=0x50000000"});
  CHECK(tree.cells("/soc/epochcore@50000000", "reg") == Cells{0, 0x50000000, 0, 0x1000});
  CHECK(tree.cells("/soc/epochcore@50000000", "interrupts") == Cells{2});
  CHECK(tree.cells("/soc/epochcore@52000000", "reg") == Cells{0, 0x52000000, 0, 0x1000});
  CHECK(tree.cells("/soc/epochcore@52000000", "interrupts") == Cells{3});
  CHECK(tree.text("/soc/epochcore@52000000", "compatible") == "epochcore,epochcore");
  CHECK(tree.cells("/soc/plic@c000000", "riscv,ndev") == Cells{3});
  CHECK(tree_of({}).node("/soc/epochcore@22000000") < 0);
}

TEST_CASE("the device tree tells the default platform") {
  const Tree tree = tree_of({});
  CHECK(tree.cells("/", "#address-cells") == Cells{2});
  CHECK(tree.cells("/soc", "#size-cells") == Cells{2});
  CHECK(tree.cells("/cpus", "timebase-frequency") == Cells{10'000'000});
  CHECK(tree.text("/cpus/cpu@0", "riscv,isa") == "rv32imafc_zicbom");
  CHECK(tree.cells("/cpus/cpu@0", "riscv,cbom-block-size") == Cells{64});
  CHECK(tree.node("/cpus/cpu@0/interrupt-controller") > 0);
  CHECK(tree.cells("/memory@80000000", "reg") == Cells{0, 0x80000000, 0, 512u << 20});
  CHECK(tree.text("/memory@80000000", "device_type") == "memory");
  CHECK(tree.text("/soc/clint@2000000", "compatible") == "riscv,clint0");
  CHECK(tree.text("/soc/plic@c000000", "compatible") == "riscv,plic0");
  CHECK(tree.text("/soc/serial@10000000", "compatible") == "ns16550a");
  CHECK(tree.cells("/soc/serial@10000000", "interrupts") == Cells{1});
  CHECK(tree.text("/soc/simctl@10100000", "compatible") == "epochcore,simctl");
  CHECK(tree.text("/soc/epochcore@20000000", "compatible") == "epochcore,epochcore");
  CHECK(tree.cells("/soc/epochcore@20000000", "reg") == Cells{0, 0x20000000, 0, 0x1000});
  CHECK(tree.cells("/soc/epochcore@20000000", "interrupts") == Cells{2});
  CHECK(tree.cells("/soc/epochcore@20000000", "clock-frequency") == Cells{1'000'000'000});
  CHECK(tree.text("/soc/sram@40000000", "compatible") == "mmio-sram");
  CHECK(tree.text("/chosen", "bootargs") == "x.elf");
  CHECK(tree.text("/chosen", "stdout-path") == "/soc/serial@10000000");
  CHECK(tree.cells("/soc/serial@10000000", "interrupt-parent") ==
        tree.cells("/soc/plic@c000000", "phandle"));
}

TEST_CASE("the device tree follows every base, size and clock") {
  const Tree tree = tree_of({"memory_map.clint=0x03000000", "memory_map.plic=0x14000000",
                             "memory_map.uart=0x30000000", "memory_map.simctl=0x30001000",
                             "memory_map.epochcore=0x50000000", "memory_map.sram=0x60000000",
                             "sram.size_kib=128", "dram.size_mib=256", "memory_map.dram=0x70000000",
                             "epochcore.clock_mhz=800", "cpu.timebase_hz=1000000"});
  CHECK(tree.node("/soc/clint@3000000") > 0);
  CHECK(tree.node("/soc/plic@14000000") > 0);
  CHECK(tree.text("/chosen", "stdout-path") == "/soc/serial@30000000");
  CHECK(tree.node("/soc/simctl@30001000") > 0);
  CHECK(tree.cells("/soc/epochcore@50000000", "clock-frequency") == Cells{800'000'000});
  CHECK(tree.cells("/soc/sram@60000000", "reg") == Cells{0, 0x60000000, 0, 128u << 10});
  CHECK(tree.cells("/memory@70000000", "reg") == Cells{0, 0x70000000, 0, 256u << 20});
  CHECK(tree.cells("/cpus", "timebase-frequency") == Cells{1'000'000});
}

TEST_CASE("reserved memory names network and data") {
  const Blob network{"network",    "epochcore,network-image",      "",
                     std::nullopt, std::vector<std::uint8_t>(300), 0x9f000000};
  const Blob digits{"digits",  "epochcore,data", "", std::nullopt, std::vector<std::uint8_t>(77),
                    0x9e000000};
  const Tree tree = tree_of({}, {network, digits});
  CHECK(tree.text("/reserved-memory/network@9f000000", "compatible") == "epochcore,network-image");
  CHECK(tree.cells("/reserved-memory/network@9f000000", "reg") == Cells{0, 0x9f000000, 0, 300});
  CHECK(tree.text("/reserved-memory/digits@9e000000", "label") == "digits");
  CHECK(tree.cells("/reserved-memory/digits@9e000000", "reg") == Cells{0, 0x9e000000, 0, 77});
}

TEST_CASE("bootargs carry every argument that they can, and refuse the others") {
  CHECK(bootargs_text("p", {"--a=1", "two words", ""}) == "p --a=1 \"two words\" \"\"");
  CHECK_THROWS_AS(bootargs_text("p", {"a\"b"}), std::invalid_argument);
  CHECK_THROWS_AS(bootargs_text("p", {"a\nb"}), std::invalid_argument);
}

TEST_CASE("a device tree too long for the boot rom is refused") {
  ScenarioConfig config;
  config.firmware.args = {std::string(40'000, 'a')};
  CHECK_THAT(test::message_of<std::runtime_error>([&] { make_device_tree(config, "x", {}); }),
             Contains("firmware.args"));
}

TEST_CASE("the boot rom hands over hart, tree and entry") {
  const std::vector<std::uint8_t> tree = {0xd0, 0x0d, 0xfe, 0xed};
  const std::vector<std::uint8_t> rom = make_boot_rom(0x1000, 0x80000040, tree);
  const auto word = [&](std::size_t at) {
    std::uint32_t value;
    std::memcpy(&value, rom.data() + at, 4);
    return value;
  };
  // Fields of the instructions, decoded by hand from the base ISA's formats.
  CHECK((word(0) >> 20) == 0xF14);                                 // csrr: mhartid
  CHECK(((word(0) >> 7) & 31) == 10);                              // into a0
  CHECK((word(4) & 0x7f) == 0x17);                                 // auipc t0 at base + 4
  CHECK(word(4 + (word(8) >> 20)) == 0x1000 + kDeviceTreeOffset);  // lw a1, from there
  CHECK(((word(8) >> 7) & 31) == 11);
  CHECK(word(4 + (word(12) >> 20)) == 0x80000040);  // lw t1, the entry
  CHECK(word(16) == (6u << 15 | 0x67u));            // jr t1
  CHECK(std::memcmp(rom.data() + kDeviceTreeOffset, tree.data(), tree.size()) == 0);
  CHECK_THROWS(make_boot_rom(0x1000, 0, std::vector<std::uint8_t>(kBootRomBytes)));
}
