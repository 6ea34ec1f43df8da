// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace epoch {

// The boot rom's bytes at `base`: a0 = mhartid, a1 = address of the device tree, jump to `entry`;
// then the tree. Throws std::runtime_error if they do not fit kBootRomBytes.
std::vector<std::uint8_t> make_boot_rom(std::uint64_t base, std::uint32_t entry,
                                        const std::vector<std::uint8_t>& device_tree);

constexpr std::uint64_t kDeviceTreeOffset = 0x20;  // of the tree in the rom

}  // namespace epoch
