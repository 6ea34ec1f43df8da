// SPDX-License-Identifier: Apache-2.0
#include "epoch_scheduler.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <memory>
#include <random>

#include "firmware/machine.h"
#include "firmware/sample_network.h"

using namespace epoch::test;

namespace {

constexpr std::uint64_t base = 0x1'8000'0000;  // above 4 GiB: bus addresses have 64 bits
constexpr std::uint32_t capacity = 60000;

// A network, its program, and the memory around it.
struct Scheduled {
  epoch_caps caps{};
  SampleNetwork sample;
  std::unique_ptr<SampleImage> image;
  epoch_network network{};
  std::uint32_t steps = 0;
  std::vector<epoch_descriptor> descriptors;
  std::vector<epoch_clock> clocks;
  epoch_program program{};
  epoch_schedule_request request{};
  epoch_schedule_failure failure{};
  std::unique_ptr<epoch_scheduler> scheduler = std::make_unique<epoch_scheduler>();
  std::size_t memory_bytes = 0;
  int status = 0;

  Scheduled(const epoch_caps& with, SampleNetwork of, std::uint32_t length)
      : caps(with), sample(std::move(of)), steps(length) {
    image = std::make_unique<SampleImage>(sample);
    REQUIRE(epoch_network_open(&network, image->data(), image->size(), &caps) == EPOCH_NETWORK_OK);
    descriptors.resize(capacity);
    clocks.resize(capacity);
    program = {descriptors.data(), capacity, 0};
    request.network = &network;
    request.caps = &caps;
    request.steps = steps;
    request.image = base;
    request.input = base + (image->size() + 4095) / 4096 * 4096;
    request.output = request.input + 4096 + steps * sample.input_width;
    request.output = (request.output + 63) / 64 * 64;
    const std::uint64_t result_bytes =
        4ull * epoch_network_output_steps(&network, steps) * sample.output_width();
    request.scratch = (request.output + result_bytes + 63) / 64 * 64;
    request.scratch_bytes = epoch_schedule_scratch_bytes(&network, &caps, steps);
    memory_bytes = request.scratch + request.scratch_bytes - base;
    status = epoch_schedule(scheduler.get(), &request, &program, clocks.data(), &failure);
  }
};

std::vector<std::uint8_t> random_pixels(std::mt19937& random, std::size_t count) {
  std::vector<std::uint8_t> pixels(count);
  for (auto& pixel : pixels) pixel = static_cast<std::uint8_t>(random());
  return pixels;
}

// Largest difference, relative to the largest reference value.
double error_of(const float* result, const std::vector<double>& expected) {
  double largest = 1e-3;
  double difference = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    largest = std::max(largest, std::abs(expected[i]));
    const double d = std::abs(double{result[i]} - expected[i]);
    difference = std::isnan(d) ? 1e9 : std::max(difference, d);
  }
  return difference / largest;
}

// Runs the program twice under random interleavings and compares with float64.
void check_runs(const Scheduled& scheduled, std::mt19937& random) {
  Machine machine(scheduled.caps, base, scheduled.memory_bytes,
                  static_cast<std::uint32_t>(random()));
  std::memcpy(machine.memory(base), scheduled.image->data(), scheduled.image->size());
  for (int run = 0; run < 2; ++run) {
    const auto pixels = random_pixels(random, scheduled.steps * scheduled.sample.input_width);
    std::memcpy(machine.memory(scheduled.request.input), pixels.data(), pixels.size());
    const std::uint64_t elements = machine.ssm_elements();
    const std::uint64_t products = machine.gemm_products();
    const bool ok = machine.run(scheduled.program);
    INFO(machine.problem());
    REQUIRE(ok);
    CHECK(machine.done());
    CHECK(machine.semaphores_zero());
    CHECK(machine.ssm_elements() - elements == scheduled.sample.ssm_elements(scheduled.steps));
    CHECK(machine.gemm_products() - products == scheduled.sample.gemm_products(scheduled.steps));
    const auto expected = evaluate(scheduled.sample, pixels, scheduled.steps);
    const auto* result = reinterpret_cast<const float*>(machine.memory(scheduled.request.output));
    CHECK(error_of(result, expected) < 1e-3);
  }
}

std::uint32_t pick(std::mt19937& random, std::uint32_t low, std::uint32_t high) {
  return std::uniform_int_distribution<std::uint32_t>(low, high)(random);
}

// What a program contains, to see that the random cases reach every kind of schedule.
struct Kinds {
  unsigned programs = 0;
  unsigned several_tiles = 0;
  unsigned several_blocks = 0;  // SSM partial sums
  unsigned input_folds = 0;     // GEMM partial sums
  unsigned swept = 0;
  unsigned wide = 0;
  unsigned streamed = 0;  // parameters that do not stay in the buffer
  unsigned fused_residual = 0;
  unsigned loaded_residual = 0;
  unsigned single_slot = 0;
  unsigned fences = 0;

  void count(const Scheduled& scheduled) {
    bool ssm_sums = false;
    bool gemm_sums = false;
    for (std::uint32_t at = 0; at < scheduled.program.count; ++at) {
      const auto& descriptor = scheduled.descriptors[at];
      const std::uint32_t opcode = EPOCH_CONTROL_OPCODE(descriptor.command.control);
      const bool sums = (EPOCH_FORMAT_FLAGS(descriptor.array.format) & EPOCH_ARRAY_ACC_OUT) != 0;
      ssm_sums = ssm_sums || (opcode == EPOCH_OP_SSM && sums);
      gemm_sums = gemm_sums || (opcode == EPOCH_OP_GEMM && sums);
    }
    ++programs;
    several_blocks += ssm_sums;
    input_folds += gemm_sums;
    fences += scheduled.scheduler->order.fences != 0;
    count_phases(scheduled);
  }

  void count_phases(const Scheduled& scheduled) {
    epoch_phase phase{};
    epoch_schedule_failure failure{};
    while (epoch_plan_next(&scheduled.network, &scheduled.caps, scheduled.steps, &phase,
                           &failure) == 1) {
      several_tiles += phase.tiles > 1;
      swept += phase.swept;
      wide += phase.wide;
      streamed += !phase.resident;
      single_slot += phase.tiles > 1 && phase.tensors[0].slots == 1;
      loaded_residual += phase.residual;
      for (std::uint32_t o = 0; o < phase.op_count; ++o)
        fused_residual += !phase.residual && scheduled.network.ops[phase.first_op + o].residual;
    }
  }
};

// With the buffer that was too small at the size that was asked for, it fails no more for that.
void check_needed(const Scheduled& refused) {
  epoch_caps caps = refused.caps;
  const auto result = refused.failure.result;
  const unsigned buffer = result == EPOCH_SCHEDULE_ACTIVATIONS    ? EPOCH_BUFFER_ACTIVATIONS
                          : result == EPOCH_SCHEDULE_COEFFICIENTS ? EPOCH_BUFFER_COEFFICIENTS
                          : result == EPOCH_SCHEDULE_ACCUMULATORS ? EPOCH_BUFFER_ACCUMULATORS
                                                                  : EPOCH_BUFFERS;
  REQUIRE(buffer < EPOCH_BUFFERS);
  CHECK(refused.failure.needed > refused.failure.available);
  caps.buffer_bytes[buffer] = refused.failure.needed;
  const Scheduled again(caps, refused.sample, refused.steps);
  const bool moved_on =
      again.status == 0 || again.failure.result != result || again.failure.op > refused.failure.op;
  CHECK(moved_on);
  if (again.status != 0) return;
  caps.buffer_bytes[buffer] = (refused.failure.needed - 1) / 64 * 64;  // and no less would do
  CHECK(Scheduled(caps, refused.sample, refused.steps).status != 0);
}

epoch_caps default_caps() {
  return sample_caps({32, 32, 8, 1}, 512 << 10, 256 << 10, 256 << 10);
}

// encoder | 3 x (norm, ssm, glu + residual) | pool | linear, as the digits' network.
SampleNetwork digits_network(std::mt19937& random) {
  SampleNetwork network = random_network(random, {32, 32, 8, 1}, {1, 1, 0, 1});
  const auto op = [](std::uint32_t kind, std::uint32_t inputs, std::uint32_t outputs) {
    SampleOp sample;
    sample.op.kind = kind;
    sample.op.inputs = inputs;
    sample.op.outputs = outputs;
    return sample;
  };
  const auto values = [&](std::size_t count, float size) {
    std::vector<float> result(count);
    for (float& value : result) value = size * (static_cast<float>(random() % 2001) / 1000 - 1);
    return result;
  };
  network.input_width = 1;
  network.layers.clear();
  SampleOp affine = op(EPOCH_IMAGE_OP_AFFINE, 1, 1);
  affine.op.immediate0 = 0x3C000000;  // 1/128
  SampleOp encoder = op(EPOCH_IMAGE_OP_LINEAR, 1, 32);
  encoder.op.format = EPOCH_FORMAT(EPOCH_MODE_MAC, EPOCH_TYPE_FP32, EPOCH_ARRAY_EXTRA);
  encoder.values = values(32, 1);
  encoder.extra = values(32, 1);
  network.layers.push_back({affine, encoder});
  for (int layer = 0; layer < 3; ++layer) {
    SampleOp norm = op(EPOCH_IMAGE_OP_NORM, 32, 32);
    norm.op.immediate0 = 0x3727C5AC;  // 1e-5
    norm.values = values(64, 1);
    SampleOp ssm = op(EPOCH_IMAGE_OP_SSM, 32, 32);
    ssm.op.format = EPOCH_FORMAT(EPOCH_MODE_COMPLEX, EPOCH_TYPE_FP32, EPOCH_ARRAY_EXTRA);
    ssm.op.activation = EPOCH_ACTIVATION_GELU;
    ssm.op.modes = 16;
    ssm.values = values(32 * 16 * 4, 0.6f);
    ssm.extra = values(32, 1);
    SampleOp glu = op(EPOCH_IMAGE_OP_LINEAR, 32, 32);
    glu.op.format =
        EPOCH_FORMAT(EPOCH_MODE_MAC, EPOCH_TYPE_FP32, EPOCH_ARRAY_EXTRA | EPOCH_ARRAY_COMBINE);
    glu.op.activation = EPOCH_ACTIVATION_GLU;
    glu.op.residual = 1;
    glu.values = values(32 * 64, 0.2f);
    glu.extra = values(64, 0.2f);
    network.layers.push_back({norm, ssm, glu});
  }
  network.layers.push_back({op(EPOCH_IMAGE_OP_POOL, 32, 32)});
  SampleOp head = op(EPOCH_IMAGE_OP_LINEAR, 32, 10);
  head.op.format = EPOCH_FORMAT(EPOCH_MODE_MAC, EPOCH_TYPE_FP32, EPOCH_ARRAY_EXTRA);
  head.values = values(320, 0.3f);
  head.extra = values(10, 1);
  network.layers.push_back({head});
  return network;
}

unsigned count_opcode(const Scheduled& scheduled, std::uint32_t opcode) {
  unsigned count = 0;
  for (std::uint32_t at = 0; at < scheduled.program.count; ++at)
    count += EPOCH_CONTROL_OPCODE(scheduled.descriptors[at].command.control) == opcode;
  return count;
}

}  // namespace

TEST_CASE("random networks on random arrays and buffers compute what float64 does") {
  Kinds kinds;
  unsigned refused = 0;
  for (std::uint32_t seed = 1; seed <= 500; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const epoch_array_shape array = random_array(random);
    const std::uint32_t steps = pick(random, 0, 3) == 0 ? 1 : pick(random, 1, 70);
    const epoch_caps caps = sample_caps(array, 64u << pick(random, 2, 10),
                                        64u << pick(random, 3, 9), 64u << pick(random, 2, 9));
    const Scheduled scheduled(caps, random_network(random, array), steps);
    if (scheduled.status != 0) {
      INFO(epoch_schedule_result_text(scheduled.failure.result));
      check_needed(scheduled);
      ++refused;
      continue;
    }
    kinds.count(scheduled);
    for (int interleaving = 0; interleaving < 3; ++interleaving) check_runs(scheduled, random);
  }
  // Each kind of schedule was among them.
  CHECK(kinds.programs > 300);
  CHECK(refused > 10);
  CHECK(kinds.several_tiles > 100);
  CHECK(kinds.several_blocks > 30);
  CHECK(kinds.input_folds > 50);
  CHECK(kinds.wide > 50);
  CHECK(kinds.swept - kinds.wide > 50);
  CHECK(kinds.streamed > 100);
  CHECK(kinds.fused_residual > 30);
  CHECK(kinds.loaded_residual > 30);
  CHECK(kinds.single_slot > 10);
  CHECK(kinds.fences > 0);
}

TEST_CASE("the digits' network on the default array: fused layers, four tiles, no fence") {
  std::mt19937 random(1);
  const Scheduled scheduled(default_caps(), digits_network(random), 784);
  REQUIRE(scheduled.status == 0);
  CHECK(scheduled.scheduler->order.fences == 0);
  CHECK(count_opcode(scheduled, EPOCH_OP_SSM) == 3 * 4);
  CHECK(count_opcode(scheduled, EPOCH_OP_LAYERNORM) == 3 * 4);
  CHECK(count_opcode(scheduled, EPOCH_OP_GEMM) == 4 + 3 * 4 * 2 + 1);
  CHECK(count_opcode(scheduled, EPOCH_OP_POOL) == 4);
  // inputs of each layer by tile, parameters of all but the pooling once
  CHECK(count_opcode(scheduled, EPOCH_OP_LOAD) == 5 * 4 + 1 + 5);
  CHECK(count_opcode(scheduled, EPOCH_OP_IRQ) == 1);
  CHECK(scheduled.program.count == 144);
  check_runs(scheduled, random);
}

TEST_CASE("double buffering: within a layer, all engines work at once") {
  std::mt19937 random(2);
  SampleNetwork encoder = digits_network(random);
  encoder.layers.resize(1);
  const Scheduled scheduled(default_caps(), encoder, 784);
  REQUIRE(scheduled.status == 0);
  bool overlapped[EPOCH_ENGINES][EPOCH_ENGINES] = {};
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    Machine machine(scheduled.caps, base, scheduled.memory_bytes, seed);
    std::memcpy(machine.memory(base), scheduled.image->data(), scheduled.image->size());
    REQUIRE(machine.run(scheduled.program));
    for (unsigned a = 0; a < EPOCH_ENGINES; ++a)
      for (unsigned b = 0; b < a; ++b) overlapped[a][b] |= machine.overlapped(a, b);
  }
  for (unsigned a = 0; a < EPOCH_ENGINES; ++a) {
    for (unsigned b = 0; b < a; ++b) {
      CAPTURE(a, b);
      CHECK(overlapped[a][b]);
    }
  }
}

TEST_CASE("a swept phase whose rows fit moves each activation once, whatever the passes") {
  std::mt19937 random(7);
  SampleNetwork sample = digits_network(random);
  sample.array = {8, 8, 8, 1};  // 4 passes of 2 blocks
  epoch_caps caps = default_caps();
  caps.array = sample.array;
  const Scheduled scheduled(caps, sample, 784);
  REQUIRE(scheduled.status == 0);
  std::uint64_t loaded = 0;
  std::uint64_t stored = 0;
  for (std::uint32_t at = 0; at < scheduled.program.count; ++at) {
    const auto& dma = scheduled.descriptors[at].dma;
    const std::uint32_t opcode = EPOCH_CONTROL_OPCODE(dma.control);
    const std::uint64_t bytes = std::uint64_t{dma.row_bytes} * dma.rows;
    const std::uint64_t bus = dma.bus_lo | std::uint64_t{dma.bus_hi} << 32;
    if (opcode == EPOCH_OP_LOAD && bus >= scheduled.request.input) loaded += bytes;
    if (opcode == EPOCH_OP_STORE) stored += bytes;
  }
  // A layer: norm | ssm | linear and its residual; then the pool's input; then one row.
  const std::uint64_t rows = 784 * 128;
  CHECK(loaded == 784 + 3 * 4 * rows + rows + 128);
  CHECK(stored == rows + 3 * 3 * rows + 128 + 40);
  check_runs(scheduled, random);
}

TEST_CASE("state is zeroed once a pass and block, on the first tile") {
  std::mt19937 random(3);
  const epoch_caps caps = sample_caps({4, 2, 2, 1}, 8192, 16384, 65536);
  SampleLimits limits;
  limits.width = 12;
  for (int network = 0; network < 50; ++network) {
    CAPTURE(network);
    const Scheduled scheduled(caps, random_network(random, caps.array, limits), 40);
    if (scheduled.status != 0) continue;
    unsigned zeroed = 0;
    for (std::uint32_t at = 0; at < scheduled.program.count; ++at) {
      const auto& array = scheduled.descriptors[at].array;
      zeroed += EPOCH_CONTROL_OPCODE(array.control) == EPOCH_OP_SSM &&
                (EPOCH_FORMAT_FLAGS(array.format) & EPOCH_ARRAY_ZERO_STATE) != 0;
    }
    unsigned expected = 0;
    for (const auto& layer : scheduled.sample.layers) {
      for (const auto& sample : layer) {
        epoch_ssm_layout layout{};
        if (sample.op.kind != EPOCH_IMAGE_OP_SSM) continue;
        REQUIRE(epoch_op_ssm_layout(&sample.op, &caps.array, &layout) == 0);
        expected += layout.passes * layout.blocks;
      }
    }
    CHECK(zeroed == expected);
  }
}

TEST_CASE("a schedule that cannot be made says which limit and by how much") {
  std::mt19937 random(4);
  const SampleNetwork sample = digits_network(random);
  const auto fail = [&](const epoch_caps& caps, std::uint32_t steps) {
    const Scheduled scheduled(caps, sample, steps);
    CHECK(scheduled.status == -1);
    return scheduled.failure;
  };
  epoch_caps caps = default_caps();
  CHECK(fail(caps, 0).result == EPOCH_SCHEDULE_STEPS);
  CHECK(fail(caps, 0x1000000).result == EPOCH_SCHEDULE_STEPS);

  caps.buffer_bytes[EPOCH_BUFFER_ACTIVATIONS] = 448;
  epoch_schedule_failure failure = fail(caps, 784);
  CHECK(failure.result == EPOCH_SCHEDULE_ACTIVATIONS);
  CHECK(failure.layer == 1);
  CHECK(failure.needed == 4 * 128);  // input, norm, ssm and output rows of 32 channels
  CHECK(failure.available == 448);

  caps = default_caps();
  caps.buffer_bytes[EPOCH_BUFFER_COEFFICIENTS] = 8192;
  failure = fail(caps, 784);
  CHECK(failure.result == EPOCH_SCHEDULE_COEFFICIENTS);
  CHECK(failure.needed == 32 * 16 * 16 + 128);
  CHECK(failure.available == 8192);
}

TEST_CASE("scratch memory and program length are checked") {
  std::mt19937 random(5);
  Scheduled scheduled(default_caps(), digits_network(random), 784);
  REQUIRE(scheduled.status == 0);
  CHECK(scheduled.request.scratch_bytes == 2 * 784 * 128);
  const std::uint32_t used = scheduled.program.count;
  const auto again = [&] {
    return epoch_schedule(scheduled.scheduler.get(), &scheduled.request, &scheduled.program,
                          scheduled.clocks.data(), &scheduled.failure);
  };
  scheduled.program.capacity = used;
  CHECK(again() == 0);
  scheduled.program.capacity = used - 1;
  CHECK(again() == -1);
  CHECK(scheduled.failure.result == EPOCH_SCHEDULE_PROGRAM);
  CHECK(scheduled.failure.needed == used);
  scheduled.program.capacity = used;
  scheduled.request.scratch_bytes -= 1;
  CHECK(again() == -1);
  CHECK(scheduled.failure.result == EPOCH_SCHEDULE_SCRATCH);
  CHECK(scheduled.failure.needed == 2 * 784 * 128);
}

TEST_CASE("one step, one channel, one mode") {
  std::mt19937 random(6);
  const epoch_caps caps = sample_caps({1, 1, 1, 1}, 1024, 1024, 1024);
  const SampleLimits limits = {1, 1, 3, 4};
  for (int network = 0; network < 30; ++network) {
    CAPTURE(network);
    const Scheduled scheduled(caps, random_network(random, caps.array, limits), 1);
    REQUIRE(scheduled.status == 0);
    check_runs(scheduled, random);
  }
}
