// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <vector>

#include "cpu/hart.h"

namespace epoch {

// A hart without SystemC: 64 KiB of memory, a device of four words, bus errors everywhere else.
class PlainBus : public HartBus {
 public:
  static constexpr std::uint32_t kBase = 0x80000000u, kBytes = 0x10000u, kDevice = 0x10000000u;

  struct Access {
    bool is_write;
    std::uint32_t address;
    unsigned bytes;
    std::uint64_t cycle;
    std::uint32_t pc;
  };

  BusReply read(std::uint32_t address, std::uint8_t* data, unsigned bytes) override {
    log.push_back({false, address, bytes, hart->cycles(), hart->pc()});
    const std::uint8_t* from = at(address, bytes);
    if (from != nullptr) std::memcpy(data, from, bytes);
    return reply(from, address);
  }
  BusReply write(std::uint32_t address, const std::uint8_t* data, unsigned bytes) override {
    log.push_back({true, address, bytes, hart->cycles(), hart->pc()});
    std::uint8_t* to = at(address, bytes);
    if (to != nullptr) std::memcpy(to, data, bytes);
    return reply(to, address);
  }
  BusReply fetch(std::uint32_t address, std::uint8_t* data) override {
    ++fetches;
    const std::uint8_t* from = address - kDevice < sizeof device ? nullptr : at(address, 2);
    if (from != nullptr) std::memcpy(data, from, 2);
    return reply(from, address);
  }
  BusReply transfer_line(std::uint32_t address, unsigned bytes, bool write) override {
    lines.push_back({write, address, bytes, hart->cycles(), hart->pc()});
    return reply(at(address, bytes), address);
  }
  std::optional<DirectRegion> direct_region(std::uint32_t, bool) override {
    if (!grants_direct) return std::nullopt;
    return DirectRegion{kBase, kBase + kBytes - 1, memory.data(), true, true};
  }
  std::uint64_t time() override { return ticks; }
  std::uint32_t interrupts() override { return levels; }

  std::vector<std::uint8_t> memory = std::vector<std::uint8_t>(kBytes);
  std::uint8_t device[16] = {};
  std::vector<Access> log;
  std::vector<Access> lines;
  unsigned fetches = 0;
  bool grants_direct = true;
  std::uint64_t stall = 0;
  std::uint64_t ticks = 0;
  std::uint32_t levels = 0;
  Hart* hart = nullptr;

 private:
  std::uint8_t* at(std::uint32_t address, unsigned bytes) {
    if (address - kDevice <= sizeof device - bytes) return device + (address - kDevice);
    if (address - kBase <= kBytes - bytes) return memory.data() + (address - kBase);
    return nullptr;
  }
  BusReply reply(const void* target, std::uint32_t address) const {
    return {target != nullptr, target != nullptr && address - kBase < kBytes, stall};
  }
};

inline CpuConfig config_from(std::uint32_t reset_pc) {
  CpuConfig config;
  config.reset_pc = reset_pc;
  return config;
}

struct PlainBoard {
  static constexpr std::uint32_t kBase = PlainBus::kBase;
  static constexpr std::uint32_t kHandler = kBase + 0x8000;  // handler() below

  PlainBus bus;
  Hart hart;

  explicit PlainBoard(const CpuConfig& config = config_from(kBase)) : hart(bus, config) {
    bus.hart = &hart;
  }

  void put(std::uint32_t address, std::initializer_list<std::uint32_t> words) {
    std::uint32_t offset = address - kBase;
    for (const std::uint32_t word : words) {
      std::memcpy(bus.memory.data() + offset, &word, sizeof word);
      offset += sizeof word;
    }
    hart.forget_code(address, address + 4 * static_cast<std::uint32_t>(words.size()) - 1);
  }
  void put_half(std::uint32_t address, std::uint16_t half) {
    std::memcpy(bus.memory.data() + (address - kBase), &half, sizeof half);
    hart.forget_code(address, address + 1);
  }
  std::uint32_t word(std::uint32_t address) const {
    std::uint32_t value = 0;
    std::memcpy(&value, bus.memory.data() + (address - kBase), sizeof value);
    return value;
  }
  // One instruction at an address of its own choice.
  Hart::Exit step(std::uint32_t instruction, std::uint32_t address = kBase) {
    put(address, {instruction});
    hart.set_pc(address);
    return hart.run(1);
  }
  void steps(unsigned count) {
    for (unsigned n = 0; n < count; ++n) hart.run(1);
  }
  // CSR access by instructions that the hart executes outside the program under test.
  std::uint32_t read_csr(std::uint32_t number);
  void write_csr(std::uint32_t number, std::uint32_t value);
};

}  // namespace epoch
