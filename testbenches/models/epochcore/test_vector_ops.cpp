// SPDX-License-Identifier: Apache-2.0
// Every operation of the vector unit on the device: bits of random operands against software
// arithmetic, history of CONV1D across commands, cycles against the table of the README.
#include <catch2/catch.hpp>
#include <cmath>

#include "device_bench.h"
#include "models/pe_grid/soft_float.h"
#include "vector_reference.h"

using namespace epoch;
namespace reference = vector_reference;

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint32_t source_at = EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, 0),
                        result_at = EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, 0x20000),
                        second_at = EPOCH_LOCAL(EPOCH_BUFFER_ACCUMULATORS, 0),
                        parameters_at = EPOCH_LOCAL(EPOCH_BUFFER_COEFFICIENTS, 0);

void append(Bytes& bytes, std::uint32_t word, unsigned width) {
  for (unsigned i = 0; i < width; ++i) bytes.push_back(static_cast<std::uint8_t>(word >> (8 * i)));
}

// Rows of words as they lie in a buffer, `stride` bytes apart; between them 0xEE.
Bytes packed(const std::vector<float>& words, std::size_t length, unsigned type,
             std::size_t stride) {
  Bytes bytes;
  const unsigned width = element_size(type);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i % length == 0) bytes.resize(i / length * stride, 0xEE);
    append(bytes, soft::to_bits(words[i]) >> (type == EPOCH_TYPE_BF16 ? 16 : 0), width);
  }
  return bytes;
}

void poke(DeviceBench& bench, std::uint32_t at, const Bytes& bytes) {
  if (!bytes.empty()) bench.poke(at, bytes.data(), bytes.size());
}

// A random command, its operands and its descriptor.
class RandomVector {
 public:
  RandomVector(std::mt19937& random, unsigned opcode) : random_(random) {
    draw_command(opcode);
    draw_operands();
  }

  Descriptor descriptor() const {
    epoch_vector_command raw = vector_raw(command.opcode, source_at, result_at, command.rows,
                                          command.length, flags(), source_type_);
    raw.format |= EPOCH_VECTOR_MODE(command.op, command.function);
    raw.parameters = parameters_at;
    raw.source_stride = static_cast<std::uint32_t>(source_stride_);
    raw.destination_stride = static_cast<std::uint32_t>(result_stride_);
    raw.immediate0 = soft::to_bits(command.immediate0);
    raw.immediate1 = soft::to_bits(command.immediate1);
    if (!operands.second.empty()) raw.second = second_at;
    if (command.opcode == EPOCH_OP_COMBINE) raw.second = second_at;
    if (command.opcode == EPOCH_OP_COMBINE)
      raw.second_stride = static_cast<std::uint32_t>(second_stride_);
    raw.types = EPOCH_VECTOR_TYPES(result_type_, second_type_, command.count);
    return to_words(raw);
  }

  void write(DeviceBench& bench) const {
    if (command.opcode == EPOCH_OP_AFFINE)
      poke(bench, source_at, pixels_);
    else
      poke(bench, source_at, packed(operands.source, source_length_, source_type_, source_stride_));
    const bool conv = command.opcode == EPOCH_OP_CONV1D;
    poke(bench, second_at,
         packed(operands.second, second_length_, conv ? source_type_ : second_type_,
                second_stride_));
    poke(bench, parameters_at, packed(operands.parameters, command.length, 0, 4 * command.length));
    poke(bench, result_at, packed(operands.before, command.length, 0, 4 * command.length));
  }

  // What lies from result_at on afterwards, if 0xEE was between the rows before.
  Bytes expected() const {
    const std::vector<float> words = reference::results(command, operands);
    Bytes bytes;
    const unsigned width = argmax() ? 4 : element_size(result_type_);
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (i % result_length_ == 0) bytes.resize(i / result_length_ * result_stride_, 0xEE);
      append(bytes,
             argmax() ? soft::to_bits(words[i])
                      : reference::converted(words[i], result_type_, command.immediate1),
             width);
    }
    return bytes;
  }

  reference::Command command;
  reference::Operands operands;

 private:
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  bool argmax() const { return command.opcode == EPOCH_OP_ARGMAX; }
  bool combine() const { return command.opcode == EPOCH_OP_COMBINE; }

  std::uint32_t flags() const {
    return (command.accumulate ? EPOCH_VECTOR_ACC : 0u) |
           (command.scale ? EPOCH_VECTOR_SCALE : 0u) | (command.gain ? EPOCH_VECTOR_GAIN : 0u) |
           (command.bias ? EPOCH_VECTOR_BIAS : 0u);
  }

  void draw_command(unsigned opcode) {
    command.opcode = opcode;
    command.rows = 1 + below(12);
    command.length = 1 + below(40);
    const bool affine = opcode == EPOCH_OP_AFFINE, pool = opcode == EPOCH_OP_POOL;
    const bool conv = opcode == EPOCH_OP_CONV1D, map = opcode == EPOCH_OP_MAP;
    if (map || combine()) {
      command.count = 1 + below(4);
      command.length *= command.count;
    }
    if (conv) command.count = 1 + below(5);
    if (map || combine() || conv) command.function = below(EPOCH_FUNCTIONS);
    if (combine()) command.op = below(EPOCH_COMBINES);
    command.accumulate = pool && below(2) == 0;
    command.scale = pool && below(2) == 0;
    command.gain = (map || combine()) && below(2) == 0;
    command.bias = (map || conv) && below(2) == 0;
    if (!affine) source_type_ = below(2) == 0 ? EPOCH_TYPE_BF16 : EPOCH_TYPE_FP32;
    if (combine()) second_type_ = below(2) == 0 ? EPOCH_TYPE_BF16 : EPOCH_TYPE_FP32;
    const unsigned types[] = {EPOCH_TYPE_FP32, EPOCH_TYPE_BF16, EPOCH_TYPE_INT8};
    if (!pool && !argmax()) result_type_ = types[below(affine ? 2 : 3)];
  }

  std::vector<float> words(std::size_t count, unsigned type) {
    std::vector<float> list(count);
    for (float& word : list) word = reference::random_word(random_, type, wild_);
    return list;
  }

  std::size_t stride_for(std::size_t length, unsigned width) {
    return length * width + std::size_t{width} * below(3);
  }

  void draw_operands() {
    wild_ = below(3) == 0 ? 3 : 0;
    const unsigned length = command.length, repeated = length / command.count;
    const bool conv = command.opcode == EPOCH_OP_CONV1D;
    source_length_ = command.opcode == EPOCH_OP_MAP ? repeated : length;
    result_length_ = argmax() ? 1 : length;
    second_length_ = conv ? length : repeated;
    operands.source = words(std::size_t{command.rows} * source_length_, source_type_);
    source_stride_ = stride_for(source_length_, element_size(source_type_));
    result_stride_ = stride_for(result_length_, argmax() ? 4 : element_size(result_type_));
    if (command.opcode == EPOCH_OP_AFFINE) draw_pixels();
    if (combine()) operands.second = words(std::size_t{command.rows} * repeated, second_type_);
    if (conv) operands.second = words(std::size_t{command.count - 1} * length, source_type_);
    second_stride_ = conv ? std::size_t{length} * element_size(source_type_)
                          : stride_for(repeated, element_size(second_type_));
    unsigned parameter_rows = (command.gain ? 1u : 0u) + (command.bias ? 1u : 0u);
    if (conv) parameter_rows += command.count;
    if (command.opcode == EPOCH_OP_LAYERNORM) parameter_rows = 2;
    if (command.opcode == EPOCH_OP_RMSNORM) parameter_rows = 1;
    operands.parameters = words(std::size_t{parameter_rows} * length, 0);
    if (command.accumulate) operands.before = words(length, 0);
    command.immediate0 = command.opcode == EPOCH_OP_AFFINE || command.scale ? 0.37f : 1e-5f;
    command.immediate1 = 9.5f;
  }

  void draw_pixels() {
    source_stride_ = source_length_ + below(3);
    pixels_.assign(source_stride_ * command.rows, 0xEE);
    for (std::size_t i = 0; i < operands.source.size(); ++i) {
      const unsigned pixel = below(256);
      operands.source[i] = static_cast<float>(pixel);
      pixels_[i / source_length_ * source_stride_ + i % source_length_] =
          static_cast<std::uint8_t>(pixel);
    }
  }

  std::mt19937& random_;
  unsigned source_type_ = 0, second_type_ = 0, result_type_ = 0, wild_ = 0;
  std::size_t source_length_ = 0, second_length_ = 0, result_length_ = 0;
  std::size_t source_stride_ = 0, second_stride_ = 0, result_stride_ = 0;
  Bytes pixels_;
};

void compare(unsigned opcode, unsigned rounds) {
  DeviceBench bench;
  const unsigned seed = 7000 + opcode;
  std::mt19937 random(seed);
  bench.run([&] {
    bench.enable();
    for (unsigned round = 0; round < rounds; ++round) {
      const RandomVector vector(random, opcode);
      const Bytes expected = vector.expected();
      poke(bench, result_at, Bytes(expected.size(), 0xEE));
      vector.write(bench);
      bench.submit({vector.descriptor()});
      CHECK(bench.wait_done());
      Bytes result(expected.size());
      bench.peek(result_at, result.data(), result.size());
      CAPTURE(seed, round, vector.command.function, vector.command.op, vector.command.count);
      REQUIRE(result == expected);
    }
  });
}

}  // namespace

TEST_CASE("AFFINE equals software arithmetic") {
  compare(EPOCH_OP_AFFINE, 200);
}
TEST_CASE("LAYERNORM equals software arithmetic") {
  compare(EPOCH_OP_LAYERNORM, 300);
}
TEST_CASE("POOL equals software arithmetic") {
  compare(EPOCH_OP_POOL, 300);
}
TEST_CASE("RMSNORM equals software arithmetic") {
  compare(EPOCH_OP_RMSNORM, 300);
}
TEST_CASE("MAP equals software arithmetic") {
  compare(EPOCH_OP_MAP, 900);
}
TEST_CASE("COMBINE equals software arithmetic") {
  compare(EPOCH_OP_COMBINE, 1200);
}
TEST_CASE("CONV1D equals software arithmetic") {
  compare(EPOCH_OP_CONV1D, 900);
}
TEST_CASE("ARGMAX equals a plain search") {
  compare(EPOCH_OP_ARGMAX, 300);
}

TEST_CASE("ARGMAX takes the first of equals and never a NaN") {
  const float nan = soft::from_bits(0x7FC00000), infinity = soft::from_bits(0x7F800000);
  const float tiny = soft::from_bits(0x00000001);  // flushed: equal to zero
  const std::vector<std::pair<std::vector<float>, std::uint32_t>> rows = {
      {{1, 3, 3, 2}, 1},
      {{-1, -1, -1, -1}, 0},
      {{nan, -infinity, nan, nan}, 1},
      {{nan, nan, nan, nan}, 0},
      {{nan, 1, 2, nan}, 2},
      {{0, -0.0f, tiny, -tiny}, 0},
      {{tiny, 0, nan, -1}, 0},
      {{-infinity, -3e38f, 0, nan}, 2},
      {{infinity, 1, infinity, 0}, 0},
      {{-0.0f, 0, 1e-45f, -1}, 0},
      {{5, nan, 5, 7}, 3}};
  DeviceBench bench;
  std::vector<float> source;
  for (const auto& row : rows) source.insert(source.end(), row.first.begin(), row.first.end());
  bench.poke_floats(source_at, source);
  bench.execute({to_words(vector_raw(EPOCH_OP_ARGMAX, source_at, result_at,
                                     static_cast<std::uint32_t>(rows.size()), 4))});
  std::vector<std::uint32_t> found(rows.size());
  bench.peek(result_at, found.data(), 4 * found.size());
  for (std::size_t r = 0; r < rows.size(); ++r) {
    CAPTURE(r);
    CHECK(found[r] == rows[r].second);
  }
}

TEST_CASE("CONV1D in pieces of any length equals one command, its history are the last rows") {
  DeviceBench bench;
  const unsigned seed = 4321;
  std::mt19937 random(seed);
  const auto below = [&random](unsigned n) { return static_cast<unsigned>(random() % n); };
  bench.run([&] {
    bench.enable();
    for (unsigned round = 0; round < 60; ++round) {
      CAPTURE(seed, round);
      const unsigned type = round % 2 == 0 ? EPOCH_TYPE_FP32 : EPOCH_TYPE_BF16;
      const unsigned width = element_size(type), length = 1 + below(9), rows = 1 + below(30);
      reference::Command c;
      c.opcode = EPOCH_OP_CONV1D;
      c.rows = rows;
      c.length = length;
      c.count = 2 + below(5);
      c.bias = true;
      c.function = EPOCH_FUNCTION_SILU;
      reference::Operands o;
      for (unsigned i = 0; i < rows * length; ++i)
        o.source.push_back(reference::random_word(random, type, 2));
      for (unsigned i = 0; i < (c.count + 1) * length; ++i)
        o.parameters.push_back(reference::random_word(random, 0, 0));
      o.second.assign(std::size_t{c.count - 1} * length, 0.0f);
      poke(bench, source_at, packed(o.source, length, type, std::size_t{length} * width));
      poke(bench, parameters_at, packed(o.parameters, length, 0, 4 * length));
      poke(bench, second_at, Bytes(std::size_t{c.count - 1} * length * width, 0xCC));  // not read

      for (unsigned done = 0; done < rows;) {
        const unsigned piece = 1 + below(rows - done);
        epoch_vector_command raw = vector_raw(
            EPOCH_OP_CONV1D, source_at + done * length * width, result_at + done * length * 4,
            piece, length, EPOCH_VECTOR_BIAS | (done == 0 ? EPOCH_VECTOR_ZERO : 0), type);
        raw.format |= EPOCH_FUNCTION_SILU;
        raw.parameters = parameters_at;
        raw.second = second_at;
        raw.types = EPOCH_VECTOR_TYPES(0, 0, c.count);
        bench.submit({to_words(raw)});
        CHECK(bench.wait_done());
        done += piece;
      }
      std::vector<std::uint32_t> result(std::size_t{rows} * length);
      bench.peek(result_at, result.data(), 4 * result.size());
      const std::vector<float> expected = reference::results(c, o);
      for (std::size_t i = 0; i < result.size(); ++i)
        REQUIRE(result[i] == soft::to_bits(soft::flush(expected[i])));

      std::vector<float> seen = o.second;  // zeros, then the rows, bit by bit
      seen.insert(seen.end(), o.source.begin(), o.source.end());
      seen.erase(seen.begin(), seen.end() - static_cast<std::ptrdiff_t>(o.second.size()));
      const Bytes history = packed(seen, length, type, std::size_t{length} * width);
      Bytes kept(history.size());
      bench.peek(second_at, kept.data(), kept.size());
      REQUIRE(kept == history);
    }
  });
}

TEST_CASE("in place: results over the source, and over COMBINE's second operand") {
  DeviceBench bench;
  const std::vector<float> a = {1, 2, 3, 4}, b = {10, 20, 30, 40};
  bench.poke_floats(source_at, a);
  bench.poke_floats(second_at, b);
  epoch_vector_command raw = vector_raw(EPOCH_OP_COMBINE, source_at, second_at, 2, 2);
  raw.second = second_at;
  raw.second_stride = 8;
  raw.format = EPOCH_VECTOR_MODE(EPOCH_COMBINE_SUBTRACT, 0);
  epoch_vector_command again = raw;
  again.destination = source_at;
  bench.execute({with_semaphores(to_words(raw), 0, 0, EPOCH_SEMAPHORE_USE(0)),
                 with_semaphores(to_words(again), EPOCH_SEMAPHORE_USE(0))});
  CHECK(bench.peek_floats(second_at, 4) == std::vector<float>{-9, -18, -27, -36});
  CHECK(bench.peek_floats(source_at, 4) == std::vector<float>{10, 20, 30, 40});
}

TEST_CASE("every operation and function takes the cycles of the table") {
  // Stages behind the elements (models/epochcore/README.md), in the order of EPOCH_FUNCTION_*.
  constexpr std::uint64_t stages[] = {0, 19, 27, 1, 23, 22, 23, 37, 14};
  struct Case {
    unsigned opcode, lanes, rows, length, count, function;
    std::uint32_t flags;
    std::uint64_t cycles;
  };
  const auto up = [](std::uint64_t a, std::uint64_t b) { return (a + b - 1) / b; };
  std::vector<Case> rows;
  for (const unsigned lanes : {1u, 24u, 32u}) {
    for (unsigned f = 0; f < EPOCH_FUNCTIONS; ++f) {
      rows.push_back({EPOCH_OP_MAP, lanes, 5, 36, 3, f, 0, 4 + stages[f] + up(5 * 36, lanes)});
      rows.push_back({EPOCH_OP_COMBINE, lanes, 7, 20, 1, f, 0, 4 + stages[f] + up(140, lanes)});
      rows.push_back({EPOCH_OP_CONV1D, lanes, 6, 33, 4, f, EPOCH_VECTOR_BIAS,
                      4 + stages[f] + 4 * up(198, lanes)});
    }
    rows.push_back({EPOCH_OP_AFFINE, lanes, 3, 50, 1, 0, 0, 4 + up(150, lanes)});
    rows.push_back({EPOCH_OP_LAYERNORM, lanes, 40, 11, 1, 0, 0, 32 + 3 * 11 * up(40, lanes)});
    rows.push_back({EPOCH_OP_RMSNORM, lanes, 40, 11, 1, 0, 0, 32 + 2 * 11 * up(40, lanes)});
    rows.push_back({EPOCH_OP_POOL, lanes, 9, 70, 1, 0, 0, 4 + 9 * up(70, lanes)});
    rows.push_back({EPOCH_OP_POOL, lanes, 9, 70, 1, 0, EPOCH_VECTOR_SCALE, 4 + 10 * up(70, lanes)});
    const std::uint64_t tree = lanes == 1 ? 0 : 5;  // levels over the lanes
    rows.push_back({EPOCH_OP_ARGMAX, lanes, 6, 100, 1, 0, 0, 4 + tree + 6 * up(100, lanes)});
  }
  EpochCoreConfig config;  // buffers so wide that only arithmetic takes time
  config.activations = {512, 64, 64};
  config.coefficients = config.accumulators = {256, 64, 64};
  std::vector<std::unique_ptr<DeviceBench>> benches;
  for (const unsigned lanes : {1u, 24u, 32u}) {
    config.vector_lanes = lanes;
    benches.push_back(std::make_unique<DeviceBench>(config, "l" + std::to_string(lanes) + "_"));
  }
  for (std::size_t b = 0; b < benches.size(); ++b) {
    DeviceBench& bench = *benches[b];
    bench.record_traces();
    std::vector<const Case*> run;
    bench.run([&] {
      bench.enable();
      for (const Case& row : rows) {
        if (row.lanes != (b == 0 ? 1u : b == 1 ? 24u : 32u)) continue;
        epoch_vector_command raw =
            vector_raw(row.opcode, source_at, result_at, row.rows, row.length, row.flags);
        raw.format |= EPOCH_VECTOR_MODE(0, row.function);
        raw.parameters = parameters_at;
        raw.types = EPOCH_VECTOR_TYPES(0, 0, row.count);
        const bool second = row.opcode == EPOCH_OP_COMBINE || row.opcode == EPOCH_OP_CONV1D;
        if (second) raw.second = second_at;
        if (row.opcode == EPOCH_OP_COMBINE) raw.second_stride = 4 * row.length;
        bench.submit({to_words(raw)});
        CHECK(bench.wait_done());
        bench.cycles(1);  // apart, so that each is a span of the trace
        run.push_back(&row);
      }
    });
    const auto spans = bench.spans("vector_unit");
    REQUIRE(spans.size() == run.size());
    for (std::size_t i = 0; i < run.size(); ++i) {
      CAPTURE(run[i]->opcode, run[i]->lanes, run[i]->function);
      CHECK(spans[i].end - spans[i].start == run[i]->cycles);
    }
  }
}
