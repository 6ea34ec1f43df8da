// SPDX-License-Identifier: Apache-2.0
#include "epoch_scheduler.h"

#include <catch2/catch.hpp>
#include <random>

#include "firmware/scheduled.h"

using namespace epoch::test;

namespace {

constexpr epoch_schedule_kind kinds[] = {EPOCH_SCHEDULE_KIND_LAYER, EPOCH_SCHEDULE_KIND_RESIDENT,
                                         EPOCH_SCHEDULE_KIND_DEPTH_FIRST};

std::uint32_t pick(std::mt19937& random, std::uint32_t low, std::uint32_t high) {
  return std::uniform_int_distribution<std::uint32_t>(low, high)(random);
}

epoch_caps roomy(const epoch_array_shape& array) {
  return sample_caps(array, 1 << 20, 1 << 20, 1 << 20);
}

epoch_caps tight(std::mt19937& random, const epoch_array_shape& array) {
  return sample_caps(array, 64u << pick(random, 3, 10), 64u << pick(random, 3, 9),
                     64u << pick(random, 2, 9));
}

// The reference: everything fits, and a phase is one tile; nothing moves while something computes.
std::vector<std::uint8_t> in_one_tile(const epoch_array_shape& array,
                                      const std::vector<std::uint8_t>& image, std::uint32_t steps,
                                      const std::vector<std::uint8_t>& input) {
  const Scheduled whole(roomy(array), image, steps, EPOCH_SCHEDULE_KIND_LAYER, 0, nullptr, ~0u);
  REQUIRE(whole.ok());
  Machine machine = whole.machine(0);
  return whole.run(machine, input);
}

// What plans look like, to see that the random cases reach every kind of them.
struct Seen {
  unsigned programs = 0, refused = 0;
  unsigned several_tiles = 0, reverse = 0, ahead = 0, loops = 0, patches = 0;
  unsigned skewed = 0, swaps = 0, staged = 0, blocks = 0, input_folds = 0;
  unsigned streamed = 0, resident_homes = 0, one_slot = 0, fences = 0, documents = 0;

  void count(const Scheduled& scheduled) {
    bool ssm_sums = false, gemm_sums = false;
    for (std::uint32_t at = 0; at < scheduled.program.count; ++at) {
      const auto& descriptor = scheduled.descriptors[at];
      const std::uint32_t opcode = EPOCH_CONTROL_OPCODE(descriptor.command.control);
      const bool sums = (EPOCH_FORMAT_FLAGS(descriptor.array.format) & EPOCH_ARRAY_ACC_OUT) != 0;
      ssm_sums = ssm_sums || (opcode == EPOCH_OP_SSM && sums);
      gemm_sums = gemm_sums || (opcode == EPOCH_OP_GEMM && sums);
    }
    ++programs;
    blocks += ssm_sums;
    input_folds += gemm_sums;
    fences += scheduled.scheduler->order.fences != 0;
    documents += scheduled.network.header->documents > 1;
    resident_homes += scheduled.plan.chip_bytes != 0;
    for (const epoch_phase& phase : scheduled) count_phase(scheduled, phase);
  }

  void count_phase(const Scheduled& scheduled, const epoch_phase& phase) {
    several_tiles += phase.tiles > 1;
    reverse += phase.reverse && phase.tiles > 1;
    loops += phase.loop && phase.tiles > 1;
    patches += phase.granule > 1 && phase.tiles > 1;
    swaps += phase.units > 1 && phase.tiles > 1;
    staged += phase.staged && phase.tiles > 1;
    skewed += phase.skewed && phase.tiles > 1;
    streamed += !phase.resident;
    for (std::uint32_t l = 0; l < phase.local_count; ++l) {
      const epoch_local& local = scheduled.locals(phase)[l];
      ahead += local.ahead;
      one_slot += phase.tiles > 1 && local.loaded && local.slots == 1;
    }
  }
};

// With the buffer that was too small at the size that was asked for, it fails no more for that.
void check_needed(const Scheduled& refused, const std::vector<std::uint8_t>& image,
                  std::uint32_t steps, epoch_schedule_kind kind) {
  epoch_caps caps = refused.caps;
  const auto result = refused.failure.result;
  if (result == EPOCH_SCHEDULE_CAUSAL) return;
  const unsigned buffer = result == EPOCH_SCHEDULE_ACTIVATIONS || result == EPOCH_SCHEDULE_RESIDENT
                              ? EPOCH_BUFFER_ACTIVATIONS
                          : result == EPOCH_SCHEDULE_COEFFICIENTS ? EPOCH_BUFFER_COEFFICIENTS
                          : result == EPOCH_SCHEDULE_ACCUMULATORS ? EPOCH_BUFFER_ACCUMULATORS
                                                                  : EPOCH_BUFFERS;
  REQUIRE(buffer < EPOCH_BUFFERS);
  CHECK(refused.failure.needed > refused.failure.available);
  CHECK(refused.failure.available <= caps.buffer_bytes[buffer]);
  caps.buffer_bytes[buffer] = static_cast<std::uint32_t>(refused.failure.needed);
  const Scheduled again(caps, image, steps, kind);
  CHECK((again.ok() || again.failure.result != result || again.failure.op > refused.failure.op ||
         result == EPOCH_SCHEDULE_RESIDENT));
}

}  // namespace

TEST_CASE("random networks give the same bits whatever the buffers, the schedule and the order") {
  Seen seen;
  for (std::uint32_t seed = 1; seed <= 600; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const epoch_array_shape array = random_array(random);
    ImageLimits limits;
    limits.causal = pick(random, 0, 1) == 0;
    const auto image = random_image(random, array, limits);
    const std::uint32_t steps = pick(random, 0, 5) == 0 ? 1 : pick(random, 1, 60);
    const auto input = random_input(random, AlignedImage(image), steps);
    const auto expected = in_one_tile(array, image, steps, input);
    const epoch_caps caps = tight(random, array);
    for (const epoch_schedule_kind kind : kinds) {
      CAPTURE(epoch_schedule_kind_text(kind));
      const Scheduled scheduled(caps, image, steps, kind);
      if (!scheduled.ok()) {
        INFO(epoch_schedule_result_text(scheduled.failure.result));
        check_needed(scheduled, image, steps, kind);
        ++seen.refused;
        continue;
      }
      seen.count(scheduled);
      for (std::uint32_t interleaving = 0; interleaving < 2; ++interleaving) {
        Machine machine = scheduled.machine(seed * 7 + interleaving);
        CHECK(scheduled.run(machine, input) == expected);
        CHECK(scheduled.run(machine, input) == expected);  // a program runs again and again
      }
    }
  }
  // Each kind of plan was among them.
  CHECK(seen.programs > 600);
  CHECK(seen.refused > 50);
  CHECK(seen.several_tiles > 500);
  CHECK(seen.reverse > 50);
  CHECK(seen.ahead > 50);
  CHECK(seen.loops > 20);
  CHECK(seen.patches > 5);
  CHECK(seen.swaps > 100);
  CHECK(seen.skewed > 50);
  CHECK(seen.staged > 20);
  CHECK(seen.blocks > 50);
  CHECK(seen.input_folds > 100);
  CHECK(seen.streamed > 200);
  CHECK(seen.resident_homes > 50);
  CHECK(seen.one_slot > 20);
  CHECK(seen.documents > 20);
  CHECK(seen.fences > 0);
}

TEST_CASE("random networks in tiles of any length give the same bits") {
  unsigned programs = 0, asked_for = 0;
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const epoch_array_shape array = random_array(random);
    const auto image = random_image(random, array, ImageLimits{});
    const std::uint32_t steps = pick(random, 1, 60), rows = pick(random, 1, 70);
    CAPTURE(rows);
    const auto input = random_input(random, AlignedImage(image), steps);
    const auto expected = in_one_tile(array, image, steps, input);
    const Scheduled tiled(tight(random, array), image, steps, kinds[pick(random, 0, 2)], 0, nullptr,
                          rows);
    if (!tiled.ok()) continue;
    ++programs;
    for (const epoch_phase& phase : tiled) {
      CHECK(phase.tile <= std::max(rows, phase.granule));
      asked_for += phase.tile == rows;
    }
    Machine machine = tiled.machine(seed);
    CHECK(tiled.run(machine, input) == expected);
  }
  CHECK(programs > 100);
  CHECK(asked_for > 30);
}

// Any parts of the buffers, any semaphores: the bits of the whole device, and nothing outside them.
TEST_CASE("random networks in a share of the device give the same bits") {
  unsigned programs = 0, fences = 0;
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const epoch_array_shape array = random_array(random);
    const auto image = random_image(random, array, ImageLimits{});
    const std::uint32_t steps = pick(random, 1, 40);
    const auto input = random_input(random, AlignedImage(image), steps);
    const auto expected = in_one_tile(array, image, steps, input);
    epoch_share share{pick(random, 0, 0xFFFF), pick(random, 0, EPOCH_ALL_SEMAPHORES), {}, {}};
    for (unsigned b = 0; b < EPOCH_BUFFERS; ++b) {
      share.begin[b] = 64 * pick(random, 0, 100);
      share.bytes[b] = 64u << pick(random, 5, 10);
    }
    const Scheduled part(roomy(array), image, steps, kinds[pick(random, 0, 2)], 0, &share);
    if (!part.ok()) continue;
    ++programs;
    fences += part.scheduler->order.fences != 0;
    CHECK(epoch_program_stands_alone(&part.program, share.semaphores));
    for (std::uint32_t at = 0; at < part.program.count; ++at)
      REQUIRE(EPOCH_CONTROL_CONTEXT(part.descriptors[at].command.control) == share.context);
    Machine machine = part.machine(seed);
    CHECK(part.run(machine, input) == expected);
    CHECK(machine.written_only_in(share));
  }
  CHECK(programs > 100);
  CHECK(fences > 50);
}

TEST_CASE("a causal network runs in pieces: what a run keeps, the next one resumes") {
  unsigned pieces = 0, carried = 0;
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const epoch_array_shape array = random_array(random);
    ImageLimits limits;
    limits.causal = true;
    limits.one_output = false;
    const auto image = random_image(random, array, limits);
    const std::uint32_t first = pick(random, 1, 20), second = pick(random, 1, 20);
    const auto input = random_input(random, AlignedImage(image), first + second);
    const std::size_t split = input.size() / (first + second) * first;
    const std::vector<std::uint8_t> before(input.begin(), input.begin() + static_cast<long>(split));
    const std::vector<std::uint8_t> after(input.begin() + static_cast<long>(split), input.end());
    const auto kind = kinds[pick(random, 0, 2)];
    const epoch_caps caps = tight(random, array);
    const Scheduled one(caps, image, first, kind, EPOCH_SCHEDULE_KEEP);
    const Scheduled two(caps, image, second, kind, EPOCH_SCHEDULE_RESUME | EPOCH_SCHEDULE_KEEP);
    if (!one.ok() || !two.ok()) continue;
    const auto expected = in_one_tile(array, image, first + second, input);
    Machine machine_one = one.machine(seed + 1);
    auto found = one.run(machine_one, before);
    Machine machine_two = two.machine(seed + 2, one.carries(machine_one));
    const auto rest = two.run(machine_two, after);
    found.insert(found.end(), rest.begin(), rest.end());
    CHECK(found == expected);
    ++pieces;
    carried += one.plan.carry_bytes != 0;
  }
  CHECK(pieces > 100);
  CHECK(carried > 50);
}

TEST_CASE("a network that looks ahead has no depth_first schedule and no session") {
  std::mt19937 random(3);
  const epoch_array_shape array = {8, 8, 4, 1, EPOCH_SLOTS_MODE};
  unsigned refused = 0;
  for (int i = 0; i < 50; ++i) {
    const auto image = random_image(random, array);
    const Scheduled layer(roomy(array), image, 5, EPOCH_SCHEDULE_KIND_LAYER);
    REQUIRE(layer.ok());
    bool ahead = false;
    for (const epoch_phase& phase : layer) ahead = ahead || phase.reverse;
    const Scheduled depth(roomy(array), image, 5, EPOCH_SCHEDULE_KIND_DEPTH_FIRST);
    const Scheduled session(roomy(array), image, 5, EPOCH_SCHEDULE_KIND_LAYER,
                            EPOCH_SCHEDULE_RESUME);
    CHECK(depth.ok() != ahead);
    CHECK(session.ok() != ahead);
    if (ahead) CHECK(depth.failure.result == EPOCH_SCHEDULE_CAUSAL);
    refused += ahead;
  }
  CHECK(refused > 10);
}

// What open accepts can be trusted: the device never refuses a command made of it.
TEST_CASE("an image with changed fields is refused, or its program breaks no rule") {
  unsigned refused = 0, run = 0;
  for (std::uint32_t seed = 1; seed <= 4000; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const epoch_array_shape array = random_array(random);
    AlignedImage image(random_image(random, array));
    for (std::uint32_t change = pick(random, 1, 3); change != 0; --change) {
      epoch_image_header& header = image.header();
      const bool of_tensor = pick(random, 0, 3) == 0;
      auto* words = of_tensor ? reinterpret_cast<std::uint32_t*>(
                                    &image.tensors()[pick(random, 0, header.tensor_count - 1)])
                              : reinterpret_cast<std::uint32_t*>(
                                    &image.ops()[pick(random, 0, header.op_count - 1)]);
      const std::size_t size =
          (of_tensor ? sizeof(epoch_image_tensor) : sizeof(epoch_image_op)) / sizeof *words;
      std::uint32_t& word = words[pick(random, 0, static_cast<std::uint32_t>(size) - 1)];
      const std::uint32_t values[] = {
          0, 1, word + 1, word - 1, word ^ (1u << pick(random, 0, 31)), pick(random, 0, 12), ~0u};
      word = values[pick(random, 0, 6)];
    }
    image.seal();
    const epoch_caps caps = roomy(array);
    epoch_network network{};
    if (epoch_network_open(&network, image.data(), image.size(), &caps, nullptr) !=
        EPOCH_NETWORK_OK) {
      ++refused;
      continue;
    }
    const std::vector<std::uint8_t> bytes(image.data(), image.data() + image.size());
    for (const epoch_schedule_kind kind : kinds) {
      const Scheduled scheduled(caps, bytes, 7, kind);
      if (!scheduled.ok()) continue;
      // Indices all 0: a table may have shrunk.
      const epoch_image_tensor& input = network.tensors[network.header->input];
      const std::size_t rows =
          std::size_t{network.header->documents} * epoch_tensor_rows(&input, 7);
      Machine machine = scheduled.machine(seed);
      scheduled.run(machine, std::vector<std::uint8_t>(rows * epoch_row_bytes(&input)));
      ++run;
    }
  }
  CHECK(refused > 1000);
  CHECK(run > 500);
}

TEST_CASE("double buffering: all engines work at once") {
  bool overlapped[EPOCH_ENGINES][EPOCH_ENGINES] = {};
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    std::mt19937 random(seed);
    const epoch_array_shape array = {8, 8, 4, 1, EPOCH_SLOTS_MODE};
    const auto image = random_image(random, array);
    const auto input = random_input(random, AlignedImage(image), 40);
    const Scheduled scheduled(roomy(array), image, 40, EPOCH_SCHEDULE_KIND_LAYER);
    Machine machine = scheduled.machine(seed);
    scheduled.run(machine, input);
    for (unsigned a = 0; a < EPOCH_ENGINES; ++a)
      for (unsigned b = 0; b < a; ++b) overlapped[a][b] |= machine.overlapped(a, b);
  }
  for (unsigned a = 0; a < EPOCH_ENGINES; ++a)
    for (unsigned b = 0; b < a; ++b) {
      CAPTURE(a, b);
      CHECK(overlapped[a][b]);
    }
}

TEST_CASE("steps, working memory and program length are checked") {
  std::mt19937 random(5);
  const epoch_array_shape array = {8, 8, 4, 1, EPOCH_SLOTS_MODE};
  const auto image = random_image(random, array);
  CHECK(Scheduled(roomy(array), image, 0, EPOCH_SCHEDULE_KIND_LAYER).failure.result ==
        EPOCH_SCHEDULE_STEPS);
  CHECK(Scheduled(roomy(array), image, EPOCH_MAX_STEPS + 1, EPOCH_SCHEDULE_KIND_LAYER)
            .failure.result == EPOCH_SCHEDULE_STEPS);
  Scheduled scheduled(roomy(array), image, 30, EPOCH_SCHEDULE_KIND_LAYER);
  REQUIRE(scheduled.ok());
  const std::uint32_t used = scheduled.program.count;
  CHECK(used <= scheduled.estimate.descriptors);
  scheduled.program.capacity = used;
  CHECK(scheduled.schedule() == 0);
  scheduled.program.capacity = used - 1;
  CHECK(scheduled.schedule() == -1);
  CHECK(scheduled.failure.result == EPOCH_SCHEDULE_PROGRAM);
  CHECK(scheduled.failure.needed == used);
  std::vector<std::uint64_t> room(epoch_plan_workspace(&scheduled.network, &scheduled.caps) / 8);
  epoch_plan plan{};
  CHECK(epoch_plan_make(&plan, &scheduled.plan.request, room.data(),
                        static_cast<std::uint32_t>(room.size() * 8 - 8), &scheduled.failure) == -1);
  CHECK(scheduled.failure.result == EPOCH_SCHEDULE_WORKSPACE);
  CHECK(scheduled.failure.needed == room.size() * 8);
}

TEST_CASE("schedules have names") {
  for (unsigned k = 0; k < EPOCH_SCHEDULE_KINDS; ++k) {
    epoch_schedule_kind kind{};
    CHECK(epoch_schedule_kind_parse(epoch_schedule_kind_text(static_cast<epoch_schedule_kind>(k)),
                                    &kind));
    CHECK(kind == k);
  }
  epoch_schedule_kind kind{};
  CHECK_FALSE(epoch_schedule_kind_parse("fastest", &kind));
}
