// SPDX-License-Identifier: Apache-2.0
#include "boot_rom.h"

#include <stdexcept>

#include "memory_map.h"

namespace epoch {

std::vector<std::uint8_t> make_boot_rom(std::uint64_t base, std::uint32_t entry,
                                        const std::vector<std::uint8_t>& device_tree) {
  if (kDeviceTreeOffset + device_tree.size() > kBootRomBytes) {
    throw std::runtime_error("the device tree does not fit the boot rom");
  }
  const std::uint32_t words[] = {
      0xF140'2573u,  // csrr a0, mhartid
      0x0000'0297u,  // auipc t0, 0       t0 = base + 4
      0x0142'A583u,  // lw a1, 20(t0)     word 6
      0x0182'A303u,  // lw t1, 24(t0)     word 7
      0x0003'0067u,  // jr t1
      0x0000'0013u,  // nop
      static_cast<std::uint32_t>(base + kDeviceTreeOffset),
      entry,
  };
  static_assert(sizeof words == kDeviceTreeOffset, "the tree follows the words");
  std::vector<std::uint8_t> rom;
  for (const std::uint32_t word : words) {
    for (unsigned byte = 0; byte < 4; ++byte) {
      rom.push_back(static_cast<std::uint8_t>(word >> (8 * byte)));
    }
  }
  rom.insert(rom.end(), device_tree.begin(), device_tree.end());
  return rom;
}

}  // namespace epoch
