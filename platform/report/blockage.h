// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "epochcore/command.h"

namespace epoch {

// What decides whether EpochCore can go on by itself.
struct DeviceState {
  std::vector<CommandView> pending;    // fetched, from COMPLETED on
  std::vector<CommandView> unfetched;  // in the ring, from HEAD on
  std::array<std::uint32_t, EPOCH_SEMAPHORES> semaphores{};
  bool enabled = true;
  unsigned fifo_depth = 16;
};

enum class Blockage {
  idle,      // nothing to do
  working,   // a command runs or can start
  firmware,  // it needs a command, or CTRL.enable, that only firmware can give
  deadlock   // what it waits for is behind what waits
};

struct BlockageReport {
  Blockage kind = Blockage::idle;
  std::string verdict;             // "is waiting for firmware: ...", of the device
  std::vector<std::string> lines;  // who waits, for what, and who would bring it
};

BlockageReport explain_blockage(const DeviceState& device);

// A descriptor's header, for one that the device has not decoded.
CommandView view_of(const Descriptor& words, std::uint32_t sequence);

}  // namespace epoch
