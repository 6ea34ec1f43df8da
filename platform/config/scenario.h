// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/transport.h"
#include "cpu/config.h"
#include "epochcore/config.h"
#include "interconnect/config.h"
#include "memory/config.h"

namespace epoch {

// A file name as somebody wrote it, and the folder that it is relative to.
struct FileReference {
  std::string text;
  std::filesystem::path folder;

  bool empty() const { return text.empty(); }
};

// Where things lie; nullopt = the platform chooses.
using OptionalAddress = std::optional<std::uint64_t>;

struct FirmwareConfig {
  FileReference elf;
  std::vector<std::string> args;
};

struct NetworkConfig {
  FileReference model;
  NumberType type = NumberType::fp32;
  NumberType partial_type = NumberType::fp32;
  FileReference calibration;
  OptionalAddress address;
};

struct DataConfig {
  std::string name;
  FileReference file;
  std::string hint;
  OptionalAddress address;
};

// Where the UART's line leads to.
struct UartConfig {
  std::string output = "stdout";  // stdout, file:PATH, tcp:PORT
  std::string input =
      "auto";  // auto (the connection of tcp:PORT, else none), none, stdin, file:PATH
};

struct MemoryMapConfig {
  std::uint64_t boot_rom = 0x0000'1000;
  std::uint64_t clint = 0x0200'0000;
  std::uint64_t plic = 0x0C00'0000;
  std::uint64_t uart = 0x1000'0000;
  std::uint64_t simctl = 0x1010'0000;
  std::uint64_t epochcore = 0x2000'0000;
  std::uint64_t scratchpad = 0x2100'0000;
  std::uint64_t sram = 0x4000'0000;
  std::uint64_t dram = 0x8000'0000;
};

// What executes the firmware.
enum class CpuKind {
  rv32,   // a simulator of RV32IMAFC instructions, its ELF
  native  // the host itself, a shared object made of the same sources
};

// What each kind of initiator gets of the interconnect in at.
struct SharesConfig {
  Share cpu, dma, commands;
};

// One platform and what it runs: everything that a scenario file can say, with every default.
struct ScenarioConfig {
  FirmwareConfig firmware;
  NetworkConfig network;
  std::vector<DataConfig> data;
  CpuConfig cpu;
  UartConfig uart;
  CpuKind cpu_kind = CpuKind::rv32;
  bool dma_coherent = true;  // cpu.dma_coherent: for the device tree and the checks
  Transport transport = Transport::lt;
  InterconnectConfig interconnect;
  SharesConfig shares;
  bool check_protocol = false;  // interconnect.check_protocol
  DramConfig dram{512ull << 20};
  FileReference dram_device{"ideal", {}};  // "ideal", or the device file that dram.device is of
  RamConfig sram{64ull << 10, 2.0};
  EpochCoreConfig epochcore;            // of every instance
  unsigned epochcore_instances = 1;     // 1 + n lies n * kInstanceStride behind the first
  std::optional<unsigned> drain_lanes;  // nullopt = one a column
  MemoryMapConfig memory_map;
};

}  // namespace epoch
