// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace epoch::gdb {

// A register as GDB's target description knows it. All have 32 bits.
struct TargetRegister {
  std::string name;
  unsigned number = 0;  // GDB's: x0 to x31, then pc, f0 to f31, CSR n as 65 + n
  enum class Feature { cpu, fpu, csr } feature = Feature::cpu;
};

constexpr unsigned kPcNumber = 32;
constexpr unsigned kFirstFloatNumber = 33;
constexpr unsigned kFirstCsrNumber = 65;

enum class PointKind { soft_breakpoint, hard_breakpoint, write_watch, read_watch, access_watch };

// The machine that a debugger looks at, standing still. A text that is not empty says why
// something could not be done.
class DebugTarget {
 public:
  virtual ~DebugTarget() = default;

  virtual std::vector<TargetRegister> registers() const = 0;
  virtual std::optional<std::uint32_t> read_register(unsigned number) = 0;
  virtual std::string write_register(unsigned number, std::uint32_t value) = 0;

  // As many bytes from the address on as can be read, without side effects; "" if not even one can.
  virtual std::string read_memory(std::uint64_t address, std::size_t bytes) = 0;
  virtual std::string write_memory(std::uint64_t address, const std::string& bytes) = 0;

  virtual std::string insert(PointKind kind, std::uint64_t address, std::uint64_t bytes) = 0;
  virtual void remove(PointKind kind, std::uint64_t address, std::uint64_t bytes) = 0;
  virtual void remove_all() = 0;

  // What `monitor LINE` prints.
  virtual std::string monitor(const std::string& line) = 0;
};

}  // namespace epoch::gdb
