// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "check/command_access.h"

namespace epoch {
namespace {

std::set<std::uint64_t> bytes_of(const std::vector<ByteRange>& ranges) {
  std::set<std::uint64_t> bytes;
  for (const ByteRange& range : ranges)
    for (std::uint64_t at = range.begin; at < range.end; ++at) bytes.insert(at);
  return bytes;
}

TEST_CASE("rows and planes of a DMA command, byte by byte") {
  std::mt19937 random(5);
  const auto pick = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  for (int n = 0; n < 500; ++n) {
    DmaWork work;
    work.bus = 100000;
    work.local = EPOCH_LOCAL(EPOCH_BUFFER_ACCUMULATORS, 50000);
    work.row_bytes = static_cast<std::uint32_t>(pick(1, 20));
    work.rows = static_cast<std::uint32_t>(pick(1, 6));
    work.planes = static_cast<std::uint32_t>(pick(1, 4));
    work.bus_row_stride = pick(-60, 60);
    work.bus_plane_stride = pick(-200, 200);
    work.local_row_stride = 4 * pick(-10, 10);
    work.local_plane_stride = 4 * pick(-50, 50);
    std::set<std::uint64_t> bus, local;
    for (std::uint32_t p = 0; p < work.planes; ++p)
      for (std::uint32_t r = 0; r < work.rows; ++r)
        for (std::uint32_t b = 0; b < work.row_bytes; ++b) {
          const int row = static_cast<int>(r), plane = static_cast<int>(p);
          bus.insert(100000u + b +
                     static_cast<std::uint64_t>(std::int64_t{row} * work.bus_row_stride +
                                                std::int64_t{plane} * work.bus_plane_stride));
          local.insert(50000u + b +
                       static_cast<std::uint64_t>(std::int64_t{row} * work.local_row_stride +
                                                  std::int64_t{plane} * work.local_plane_stride));
        }
    Command command;
    command.opcode = n % 2 == 0 ? EPOCH_OP_LOAD : EPOCH_OP_STORE;
    command.work = work;
    const std::vector<CommandAccess> accesses = accesses_of(command);
    REQUIRE(accesses.size() == 2);
    CHECK(accesses[0].space == kBusSpace);
    CHECK(accesses[0].is_write == (n % 2 == 1));
    CHECK(bytes_of(accesses[0].ranges) == bus);
    CHECK(accesses[1].space == EPOCH_BUFFER_ACCUMULATORS);
    CHECK(accesses[1].is_write == (n % 2 == 0));
    CHECK(bytes_of(accesses[1].ranges) == local);
  }
}

TEST_CASE("what two lists of ranges share") {
  std::mt19937 random(6);
  const auto list = [&] {
    std::vector<ByteRange> ranges;
    std::uint64_t at = random() % 50;
    for (auto n = random() % 6; n > 0; --n) {
      const std::uint64_t begin = at + 1 + random() % 9;
      at = begin + 1 + random() % 9;
      ranges.push_back({begin, at});
    }
    return ranges;
  };
  for (int n = 0; n < 2000; ++n) {
    const auto a = list(), b = list();
    std::set<std::uint64_t> both;
    const std::set<std::uint64_t> bytes_a = bytes_of(a);
    for (const std::uint64_t byte : bytes_of(b))
      if (bytes_a.count(byte) != 0) both.insert(byte);
    const Shared shared = shared_bytes(a, b);
    CHECK(shared.bytes == both.size());
    if (!both.empty()) CHECK(shared.first.begin == *both.begin());
  }
}

TEST_CASE("when the operands of each kind of command are touched") {
  Command command;
  VectorWork conv;
  conv.source = {EPOCH_LOCAL(0, 0), 2, 64, 64};
  conv.destination = {EPOCH_LOCAL(0, 256), 2, 64, 64};
  conv.second = {EPOCH_LOCAL(0, 512), 3, 64, 64};
  command.opcode = EPOCH_OP_CONV1D;
  command.engine = EPOCH_ENGINE_VECTOR_UNIT;
  command.work = conv;
  CHECK(accesses_of(command).size() == 4);  // source, history read, result, history written
  conv.zero = true;
  command.work = conv;
  CHECK(accesses_of(command).size() == 3);
  command.opcode = EPOCH_OP_POOL;
  VectorWork pool;
  pool.source = conv.source;
  pool.destination = {EPOCH_LOCAL(0, 256), 1, 64, 0};
  pool.accumulate = true;
  command.work = pool;
  const auto accesses = accesses_of(command);
  REQUIRE(accesses.size() == 3);
  CHECK(accesses[0].moment == Moment::start);
  CHECK((!accesses[1].is_write && accesses[1].ranges[0].begin == 256));
  CHECK((accesses[2].is_write && accesses[2].moment == Moment::end));
  DmaWork gather;
  gather.bus = 0x80000000u;
  gather.row_bytes = 16;
  gather.rows = 2;
  gather.planes = 1;
  gather.bus_row_stride = 32;
  gather.local_row_stride = 16;
  gather.table_rows = 100;
  gather.indices = {EPOCH_LOCAL(1, 0), 1, 8, 0};
  command.opcode = EPOCH_OP_GATHER;
  command.work = gather;
  const auto gathered = accesses_of(command);
  REQUIRE(gathered.size() == 3);
  CHECK(gathered[0].ranges.size() == 100);
  CHECK(gathered[2].moment == Moment::start);
  command.work = std::monostate{};
  command.opcode = EPOCH_OP_STREAMS;
  CHECK(accesses_of(command).empty());
}

}  // namespace
}  // namespace epoch
