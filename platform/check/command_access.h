// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "epochcore/command.h"

namespace epoch {

// Bytes [begin, end) of an address space: a buffer of EpochCore's by its number, or the bus.
struct ByteRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};
constexpr unsigned kBusSpace = EPOCH_BUFFERS;

// When a command touches its bytes, by the contract: a grid or vector command takes its operands
// at its start and publishes results at its end; a DMA command moves bytes at any time between.
enum class Moment : std::uint8_t { start, end, between };

struct CommandAccess {
  unsigned space = kBusSpace;
  bool is_write = false;
  Moment moment = Moment::between;
  std::vector<ByteRange> ranges;  // ascending, disjoint, not touching
};

// Every byte of memory that a decoded command may read or write, exact for any strides. A GATHER
// may read all rows of its table. More than a million pieces become the range that spans them.
std::vector<CommandAccess> accesses_of(const Command& command);

// What two accesses share: the first range, and how many bytes in all.
struct Shared {
  ByteRange first;
  std::uint64_t bytes = 0;
};
Shared shared_bytes(const std::vector<ByteRange>& a, const std::vector<ByteRange>& b);

// "activations 0x00000100..0x000001ff", "memory 0x80001000..0x80001fff".
std::string range_text(unsigned space, const ByteRange& range);
// "command 7 LOAD (dma_in)", with its context if it has one.
std::string command_text(std::uint32_t sequence, unsigned opcode, std::uint16_t context);

}  // namespace epoch
