// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "debugger/debug_target.h"

namespace epoch::gdb {

// A machine without a simulation: registers, 4 KiB of memory at 0x1000, and what was asked of it.
class FakeTarget : public DebugTarget {
 public:
  static constexpr std::uint64_t kBase = 0x1000, kBytes = 0x1000;
  static constexpr unsigned kCsr = kFirstCsrNumber + 0x340;  // mscratch

  std::vector<TargetRegister> registers() const override;
  std::optional<std::uint32_t> read_register(unsigned number) override;
  std::string write_register(unsigned number, std::uint32_t value) override;
  std::string read_memory(std::uint64_t address, std::size_t bytes) override;
  std::string write_memory(std::uint64_t address, const std::string& bytes) override;
  std::string insert(PointKind kind, std::uint64_t address, std::uint64_t bytes) override;
  void remove(PointKind kind, std::uint64_t address, std::uint64_t bytes) override;
  void remove_all() override { points.clear(); }
  std::string monitor(const std::string& line) override;

  std::array<std::uint32_t, kPcNumber + 1> values{};
  std::uint32_t csr = 0;
  std::string memory = std::string(kBytes, '\0');
  std::set<std::tuple<PointKind, std::uint64_t, std::uint64_t>> points;
  std::vector<std::string> asked;  // of monitor
};

}  // namespace epoch::gdb
