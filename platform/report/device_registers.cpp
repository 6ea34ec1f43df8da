// SPDX-License-Identifier: Apache-2.0
#include "report/device_registers.h"

#include <cstdio>

namespace epoch {

const Register* DeviceRegisters::find(const std::string& device, std::uint64_t offset) const {
  const auto entry = devices_.find(device);
  if (entry == devices_.end() || entry->second == nullptr || offset % 4 != 0) return nullptr;
  return offset < entry->second->window_bytes()
             ? entry->second->find(static_cast<std::uint32_t>(offset))
             : nullptr;
}

const RegisterBank* DeviceRegisters::bank(const std::string& device) const {
  const auto entry = devices_.find(device);
  return entry == devices_.end() ? nullptr : entry->second;
}

std::vector<std::string> DeviceRegisters::names() const {
  std::vector<std::string> names;
  for (const auto& [device, bank] : devices_) names.push_back(device);
  return names;
}

std::string DeviceRegisters::name(const std::string& device, std::uint64_t offset) const {
  const Register* reg = find(device, offset);
  if (reg == nullptr) {
    char text[24];
    std::snprintf(text, sizeof text, "+0x%llx", static_cast<unsigned long long>(offset));
    return device + text;
  }
  const std::string name = device + "." + reg->name;
  return reg->count == 1 ? name : name + "[" + std::to_string((offset - reg->offset) / 4) + "]";
}

std::string DeviceRegisters::fields(const std::string& device, std::uint64_t offset,
                                    std::uint32_t value) const {
  const Register* reg = find(device, offset);
  return reg == nullptr ? "" : fields_text(*reg, value);
}

std::string fields_text(const Register& reg, std::uint32_t value) {
  std::string text;
  for (const Field& field : reg.fields) {
    const std::uint64_t mask = (std::uint64_t{1} << field.width) - 1;
    text += " " + field.name + "=" + std::to_string((value >> field.lsb) & mask);
  }
  return text;
}

}  // namespace epoch
