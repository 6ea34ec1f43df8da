// SPDX-License-Identifier: Apache-2.0
#include "epoch_order.h"

#include "epoch_share.h"

#include <bitset>
#include <catch2/catch.hpp>
#include <deque>
#include <memory>
#include <random>
#include <vector>

namespace {

constexpr std::size_t longest = 512;
using Set = std::bitset<longest>;

struct Added {
  std::uint32_t engine;
  std::uint32_t position;  // in the program
  std::vector<epoch_access> accesses;
};

struct Ordered {
  explicit Ordered(std::uint32_t capacity, std::uint32_t leased = EPOCH_ALL_SEMAPHORES)
      : descriptors(capacity), clocks(capacity), program{descriptors.data(), capacity, 0} {
    epoch_order_begin(order.get(), &program, clocks.data(), leased);
  }

  int add(std::uint32_t engine, const std::vector<epoch_access>& accesses) {
    static const std::uint32_t opcodes[] = {EPOCH_OP_LOAD, EPOCH_OP_STORE, EPOCH_OP_GEMM,
                                            EPOCH_OP_POOL};
    epoch_descriptor descriptor{};
    descriptor.command.control = EPOCH_CONTROL(opcodes[engine], 0, 0);
    const int status = epoch_order_add(order.get(), &descriptor, 1, accesses.data(),
                                       static_cast<std::uint32_t>(accesses.size()));
    if (status == 0) added.push_back({engine, program.count - 1, accesses});
    return status;
  }

  std::uint32_t semaphores(std::uint32_t position) const {
    return descriptors[position].command.semaphores;
  }

  std::vector<epoch_descriptor> descriptors;
  std::vector<epoch_clock> clocks;
  epoch_program program;
  std::unique_ptr<epoch_order> order = std::make_unique<epoch_order>();
  std::vector<Added> added;
};

// For each command, which others have certainly retired when it starts: by semaphores, FENCE and
// the order in which an engine starts and retires. Signals of a semaphore that nobody takes are
// counted.
std::vector<Set> retired_before(const Ordered& ordered, unsigned& untaken) {
  std::vector<Set> result(ordered.program.count);
  std::vector<int> last_of_engine(EPOCH_ENGINES, -1);
  std::vector<int> previous(ordered.program.count, -1);  // of the same engine
  std::vector<std::deque<std::uint32_t>> signals(EPOCH_SEMAPHORES);
  Set barrier;
  for (std::uint32_t at = 0; at < ordered.program.count; ++at) {
    const auto& command = ordered.descriptors[at].command;
    const std::uint32_t opcode = EPOCH_CONTROL_OPCODE(command.control);
    const std::uint32_t engine = epoch_opcode_engine(opcode);
    if (opcode == EPOCH_OP_FENCE) {
      for (std::uint32_t earlier = 0; earlier < at; ++earlier) barrier.set(earlier);
      continue;
    }
    previous[at] = last_of_engine[engine];
    last_of_engine[engine] = static_cast<int>(at);
    Set& retired = result[at];
    retired = barrier;
    if (previous[at] >= 0) retired |= result[static_cast<std::size_t>(previous[at])];
    for (unsigned shift = 0; shift < 16; shift += 8) {
      const std::uint32_t wait = (command.semaphores >> shift) & 0xFFu;
      if (wait == 0) continue;
      auto& queue = signals[wait & 0xFu];
      REQUIRE_FALSE(queue.empty());  // the signaller comes earlier in the ring
      const std::uint32_t by = queue.front();
      queue.pop_front();
      retired |= result[by];
      for (int p = static_cast<int>(by); p >= 0; p = previous[static_cast<std::size_t>(p)])
        retired.set(static_cast<std::size_t>(p));
    }
    for (unsigned shift = 16; shift < 32; shift += 8) {
      const std::uint32_t signal = (command.semaphores >> shift) & 0xFFu;
      if (signal != 0) signals[signal & 0xFu].push_back(at);
    }
  }
  untaken = 0;
  for (const auto& queue : signals) untaken += static_cast<unsigned>(queue.size());
  return result;
}

bool conflict(const epoch_access& a, const epoch_access& b) {
  return a.space == b.space && a.begin < b.end && b.begin < a.end && (a.write || b.write);
}

// Every conflicting pair is ordered: reads after writes always, the rest between engines.
void check_ordered(const Ordered& ordered) {
  unsigned untaken = 0;
  const std::vector<Set> retired = retired_before(ordered, untaken);
  CHECK(untaken == 0);
  for (std::size_t q = 0; q < ordered.added.size(); ++q) {
    for (std::size_t p = 0; p < q; ++p) {
      for (const auto& later : ordered.added[q].accesses) {
        for (const auto& earlier : ordered.added[p].accesses) {
          if (!conflict(earlier, later)) continue;
          const bool same_engine = ordered.added[p].engine == ordered.added[q].engine;
          if (same_engine && later.write) continue;
          INFO("position " << ordered.added[q].position << " after " << ordered.added[p].position);
          REQUIRE(retired[ordered.added[q].position].test(ordered.added[p].position));
        }
      }
    }
  }
}

epoch_access access(std::uint32_t space, bool write, std::uint64_t begin, std::uint64_t bytes) {
  return {space, write, begin, begin + bytes};
}

}  // namespace

TEST_CASE("order: every conflict of random programs is ordered, every signal taken") {
  unsigned fences = 0;
  unsigned commands = 0;
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const std::uint32_t span = 2 + static_cast<std::uint32_t>(random() % 30);
    Ordered ordered(longest);
    for (int c = 0; c < 150; ++c) {
      std::vector<epoch_access> accesses;
      for (auto n = 1 + random() % 3; n > 0; --n) {
        const auto space = static_cast<std::uint32_t>(random() % 2 * EPOCH_SPACE_BUS);
        accesses.push_back(access(space, random() % 3 == 0, random() % span, 1 + random() % 4));
      }
      REQUIRE(ordered.add(static_cast<std::uint32_t>(random() % EPOCH_ENGINES), accesses) == 0);
    }
    check_ordered(ordered);
    fences += ordered.order->fences;
    commands += ordered.program.count;
  }
  CHECK(fences < commands / 4);  // the fallback stays one
}

// With fewer semaphores than pairs of engines, the pairs that come first have them.
TEST_CASE("order: a program uses only the semaphores that it may") {
  unsigned fences[EPOCH_SEMAPHORES + 1] = {};
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const std::uint32_t leased = static_cast<std::uint32_t>(random()) & EPOCH_ALL_SEMAPHORES;
    CAPTURE(leased);
    Ordered ordered(longest, leased);
    for (int c = 0; c < 100; ++c)
      REQUIRE(ordered.add(static_cast<std::uint32_t>(random() % EPOCH_ENGINES),
                          {access(0, random() % 2 == 0, random() % 8, 1 + random() % 4)}) == 0);
    check_ordered(ordered);
    for (std::uint32_t at = 0; at < ordered.program.count; ++at)
      for (unsigned shift = 0; shift < 32; shift += 8) {
        const std::uint32_t use = ordered.semaphores(at) >> shift & 0xFFu;
        if (use != 0) REQUIRE((leased >> (use & 0xFu) & 1u) == 1);
      }
  }
  for (const std::uint32_t leased : {0u, 0x00FFu, EPOCH_ALL_SEMAPHORES}) {
    std::mt19937 random(1);
    Ordered ordered(longest, leased);
    for (int c = 0; c < 100; ++c)
      ordered.add(static_cast<std::uint32_t>(random() % EPOCH_ENGINES),
                  {access(0, random() % 2 == 0, random() % 8, 1)});
    fences[__builtin_popcount(leased)] = ordered.order->fences;
  }
  CHECK(fences[0] > fences[8]);
  CHECK(fences[8] > fences[16]);
}

TEST_CASE("order: a pipeline of two slots needs no fence and few semaphores") {
  Ordered ordered(longest);
  for (std::uint64_t tile = 0; tile < 20; ++tile) {
    const std::uint64_t in = tile % 2;
    const std::uint64_t out = 2 + tile % 2;
    ordered.add(EPOCH_ENGINE_DMA_IN, {access(0, true, in, 1)});
    ordered.add(EPOCH_ENGINE_VECTOR_UNIT, {access(0, false, in, 1), access(0, true, 4 + in, 1)});
    ordered.add(EPOCH_ENGINE_PE_GRID,
                {access(0, false, 4 + in, 1), access(0, false, in, 1), access(0, true, out, 1)});
    ordered.add(EPOCH_ENGINE_DMA_OUT,
                {access(0, false, out, 1), access(EPOCH_SPACE_BUS, true, tile, 1)});
  }
  check_ordered(ordered);
  CHECK(ordered.order->fences == 0);
  // The grid reads the input too, but what it waits for from the vector unit implies the LOAD.
  const std::uint32_t grid = ordered.semaphores(ordered.added[4 * 10 + 2].position);
  CHECK((grid & 0xFFu) == EPOCH_SEMAPHORE_USE(EPOCH_ENGINE_DMA_OUT * 4 + EPOCH_ENGINE_PE_GRID));
  CHECK(((grid >> 8) & 0xFFu) ==
        EPOCH_SEMAPHORE_USE(EPOCH_ENGINE_VECTOR_UNIT * 4 + EPOCH_ENGINE_PE_GRID));
}

TEST_CASE("order: one engine waits for itself only to read what it wrote") {
  Ordered ordered(16);
  ordered.add(EPOCH_ENGINE_PE_GRID, {access(0, true, 0, 8)});
  ordered.add(EPOCH_ENGINE_PE_GRID, {access(0, true, 4, 8)});  // write after write
  CHECK(ordered.semaphores(1) == 0);
  ordered.add(EPOCH_ENGINE_PE_GRID, {access(0, false, 0, 4)});  // read after the first write
  const std::uint32_t self = EPOCH_SEMAPHORE_USE(EPOCH_ENGINE_PE_GRID * 4 + EPOCH_ENGINE_PE_GRID);
  CHECK(ordered.semaphores(0) == EPOCH_SEMAPHORE_FIELD(0, 0, self, 0));
  CHECK(ordered.semaphores(2) == EPOCH_SEMAPHORE_FIELD(self, 0, 0, 0));
  ordered.add(EPOCH_ENGINE_PE_GRID, {access(0, true, 0, 4)});  // write after read
  CHECK(ordered.semaphores(3) == 0);
}

TEST_CASE("order: three producers take a fence") {
  Ordered ordered(16);
  ordered.add(EPOCH_ENGINE_DMA_IN, {access(0, true, 0, 1)});
  ordered.add(EPOCH_ENGINE_VECTOR_UNIT, {access(0, true, 1, 1)});
  ordered.add(EPOCH_ENGINE_PE_GRID, {access(0, true, 2, 1)});
  ordered.add(EPOCH_ENGINE_DMA_OUT, {access(0, false, 0, 3)});
  CHECK(ordered.order->fences == 1);
  CHECK(EPOCH_CONTROL_OPCODE(ordered.descriptors[3].command.control) == EPOCH_OP_FENCE);
  CHECK(ordered.semaphores(4) == 0);
  check_ordered(ordered);
}

TEST_CASE("order: a full record table takes a fence") {
  Ordered ordered(longest);
  for (std::uint64_t n = 0; n < 2 * EPOCH_USES; ++n)
    ordered.add(EPOCH_ENGINE_DMA_IN, {access(0, true, n, 1)});
  CHECK(ordered.order->fences == 1);
  ordered.add(EPOCH_ENGINE_PE_GRID, {access(0, false, 0, 2 * EPOCH_USES)});
  check_ordered(ordered);
}

TEST_CASE("order: a full program is refused") {
  Ordered ordered(2);
  CHECK(ordered.add(EPOCH_ENGINE_DMA_IN, {access(0, true, 0, 1)}) == 0);
  CHECK(ordered.add(EPOCH_ENGINE_DMA_IN, {access(0, true, 1, 1)}) == 0);
  CHECK(ordered.add(EPOCH_ENGINE_DMA_IN, {access(0, true, 2, 1)}) == -1);
  CHECK(epoch_order_end(ordered.order.get()) == -1);
}
