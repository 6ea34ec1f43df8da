// SPDX-License-Identifier: Apache-2.0
#include "debugger/fake_target.h"

#include <algorithm>

namespace epoch::gdb {

std::vector<TargetRegister> FakeTarget::registers() const {
  std::vector<TargetRegister> all;
  for (unsigned n = 0; n < 32; ++n) all.push_back({"x" + std::to_string(n), n});
  all.push_back({"pc", kPcNumber});
  all.push_back({"mscratch", kCsr, TargetRegister::Feature::csr});
  return all;
}

std::optional<std::uint32_t> FakeTarget::read_register(unsigned number) {
  if (number < values.size()) return values[number];
  if (number == kCsr) return csr;
  return std::nullopt;
}

std::string FakeTarget::write_register(unsigned number, std::uint32_t value) {
  if (number != kCsr && number >= values.size()) return "no such register";
  if (number == kCsr) {
    csr = value;
  } else if (number != 0) {
    values[number] = value;
  }
  return "";
}

std::string FakeTarget::read_memory(std::uint64_t address, std::size_t bytes) {
  if (address < kBase || address >= kBase + kBytes) return "";
  return memory.substr(address - kBase, bytes);
}

std::string FakeTarget::write_memory(std::uint64_t address, const std::string& bytes) {
  if (address < kBase || address >= kBase + kBytes || bytes.size() > kBase + kBytes - address) {
    return "no memory there";
  }
  memory.replace(address - kBase, bytes.size(), bytes);
  return "";
}

std::string FakeTarget::insert(PointKind kind, std::uint64_t address, std::uint64_t bytes) {
  if (points.size() >= 100) return "too many";
  points.insert({kind, address, bytes});
  return "";
}

void FakeTarget::remove(PointKind kind, std::uint64_t address, std::uint64_t bytes) {
  points.erase({kind, address, bytes});
}

std::string FakeTarget::monitor(const std::string& line) {
  if (asked.size() < 100) asked.push_back(line);
  return "you said " + line.substr(0, 2000) + "\n";
}

}  // namespace epoch::gdb
