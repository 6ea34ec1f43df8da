// SPDX-License-Identifier: Apache-2.0
// The command decoder alone: every decode error, what is accepted, and arbitrary bits.
#include <catch2/catch.hpp>
#include <random>

#include "descriptors.h"

using namespace epoch;

namespace {

constexpr std::uint32_t activations = EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, 0);
constexpr std::uint32_t coefficients = EPOCH_LOCAL(EPOCH_BUFFER_COEFFICIENTS, 0);

Limits default_limits() {
  return limits_of(EpochCoreConfig{});
}

// Error code of a descriptor on a fresh decoder.
std::uint32_t code_of(const Descriptor& words) {
  CommandDecoder decoder(default_limits());
  Command command;
  return decoder.decode(words, 0, command).code;
}

// Error code of an array or STATE command after a COEFF.
std::uint32_t code_after(const Descriptor& coeff, const Descriptor& words) {
  CommandDecoder decoder(default_limits());
  Command command;
  REQUIRE(decoder.decode(coeff, 0, command).code == EPOCH_ERROR_NONE);
  return decoder.decode(words, 1, command).code;
}

Descriptor real_coeff() {
  return coeff_command(EPOCH_MODE_REAL, 8, 4, coefficients, true);
}
epoch_array_command real_ssm() {
  return array_raw(EPOCH_MODE_REAL, 8, 4, 16, activations, activations + 0x1000);
}
std::uint32_t ssm_code(const epoch_array_command& raw) {
  return code_after(real_coeff(), to_words(raw));
}
Descriptor mac_coeff() {
  return coeff_command(EPOCH_MODE_MAC, 16, 32, coefficients, true);
}
epoch_array_command gemm() {
  return array_raw(EPOCH_MODE_MAC, 16, 32, 16, activations, activations + 0x4000);
}

}  // namespace

TEST_CASE("correct descriptors decode to what they say") {
  CommandDecoder decoder(default_limits());
  Command command;
  epoch_dma_command dma = dma_raw(EPOCH_OP_LOAD, 0x1'2345'6789, activations + 64, 12);
  dma.control = EPOCH_CONTROL(EPOCH_OP_LOAD, EPOCH_FLAG_IRQ_ON_DONE, 0xBEEF);
  dma.semaphores = EPOCH_SEMAPHORE_FIELD(0, EPOCH_SEMAPHORE_USE(3), EPOCH_SEMAPHORE_USE(15),
                                         EPOCH_SEMAPHORE_USE(15));
  dma.rows = 3;
  dma.bus_row_stride = static_cast<std::uint32_t>(-100);
  dma.local_row_stride = 16;
  REQUIRE(decoder.decode(to_words(dma), 77, command).code == EPOCH_ERROR_NONE);
  CHECK(command.sequence == 77);
  CHECK(command.engine == EPOCH_ENGINE_DMA_IN);
  CHECK(command.context == 0xBEEF);
  CHECK(command.irq_on_done);
  CHECK(command.waits == std::array<std::uint8_t, 2>{no_semaphore, 3});
  CHECK(command.signals == std::array<std::uint8_t, 2>{15, 15});
  const auto& work = std::get<DmaWork>(command.work);
  CHECK(work.bus == 0x1'2345'6789);
  CHECK(work.bus_row_stride == -100);
  CHECK(work.rows == 3);

  REQUIRE(decoder.decode(mac_coeff(), 0, command).code == EPOCH_ERROR_NONE);
  CHECK(std::get<CoefficientWork>(command.work).block.bytes() == 4 * (16 * 32 + 16));
  epoch_array_command glu = gemm();
  glu.activation = EPOCH_ACTIVATION_GLU;
  glu.format |= EPOCH_FORMAT(0, 0, EPOCH_ARRAY_EXTRA);
  REQUIRE(decoder.decode(to_words(glu), 0, command).code == EPOCH_ERROR_NONE);
  CHECK(std::get<ArrayWork>(command.work).destination.row_bytes == 4 * 8);
  CHECK(std::get<ArrayWork>(command.work).source.row_bytes == 4 * 32);
  CHECK(std::get<ArrayWork>(command.work).stored.rows == 0);
}

TEST_CASE("unknown and unimplemented opcodes are refused") {
  unsigned known = 0;
  for (unsigned opcode = 0; opcode < 256; ++opcode) {
    const std::uint32_t code = code_of(control_command(opcode));
    bool exists = false;
#define EPOCH_X_EXISTS(name, value, engine, description) exists = exists || opcode == value;
    EPOCH_OPCODES(EPOCH_X_EXISTS)
    CAPTURE(opcode);
    CHECK((code != EPOCH_ERROR_OPCODE) == exists);
    known += exists ? 1 : 0;
  }
  CHECK(known == 20);
  Limits limits = default_limits();
  limits.vector_ops = 1;
  Command command;
  CHECK(CommandDecoder(limits).decode(control_command(EPOCH_OP_POOL), 0, command).code ==
        EPOCH_ERROR_OPCODE);
}

TEST_CASE("every reserved word and bit is checked") {
  const std::vector<std::pair<Descriptor, unsigned>> commands = {
      {control_command(EPOCH_OP_NOP), 2},
      {control_command(EPOCH_OP_HALT), 2},
      {dma_command(EPOCH_OP_LOAD, 0, activations, 4), 12},
      {to_words(gather_raw(0, 4, coefficients, activations, 2, 4)), 14},
      {real_coeff(), 6},
      {state_command(EPOCH_MODE_REAL, 8, 4, coefficients, true), 6},
      {to_words(streams_raw(8, 4, activations, 0x400)), 9},
      {to_words(vector_raw(EPOCH_OP_POOL, activations, activations + 0x1000, 2, 8)), 15}};
  for (const auto& [words, first] : commands) {
    for (unsigned i = first; i < 16; ++i) {
      Descriptor bent = words;
      bent[i] = 1u << i;
      CAPTURE(EPOCH_CONTROL_OPCODE(words[0]), i);
      CHECK(code_of(bent) == EPOCH_ERROR_RESERVED);
    }
    for (unsigned bit = 1; bit < 8; ++bit)
      CHECK(code_of(with_flags(words, 1u << bit)) == EPOCH_ERROR_RESERVED);
  }
  CHECK(code_of(with_semaphores(control_command(EPOCH_OP_NOP), 0x01)) == EPOCH_ERROR_RESERVED);
  CHECK(code_of(with_semaphores(control_command(EPOCH_OP_NOP), 0, 0, 0x90)) ==
        EPOCH_ERROR_RESERVED);
  epoch_vector_command pool = vector_raw(EPOCH_OP_POOL, activations, activations + 0x1000, 2, 8);
  pool.format |= EPOCH_FORMAT(0, 0, 0x20);
  CHECK(code_of(to_words(pool)) == EPOCH_ERROR_RESERVED);
  pool.format = EPOCH_FORMAT(1, EPOCH_TYPE_FP32, 0);
  CHECK(code_of(to_words(pool)) == EPOCH_ERROR_RESERVED);
  epoch_array_command ssm = real_ssm();
  ssm.format |= EPOCH_FORMAT(0, 0, 0x80);
  CHECK(ssm_code(ssm) == EPOCH_ERROR_RESERVED);
}

TEST_CASE("the same semaphore twice in one wait is refused, in one signal it is not") {
  const Descriptor nop = control_command(EPOCH_OP_NOP);
  const std::uint32_t five = EPOCH_SEMAPHORE_USE(5);
  CHECK(code_of(with_semaphores(nop, five, five)) == EPOCH_ERROR_SEMAPHORE_FIELD);
  CHECK(code_of(with_semaphores(nop, five, EPOCH_SEMAPHORE_USE(6))) == EPOCH_ERROR_NONE);
  CHECK(code_of(with_semaphores(nop, 0, 0, five, five)) == EPOCH_ERROR_NONE);
}

TEST_CASE("types and modes that are not implemented are refused") {
  for (unsigned type = EPOCH_TYPE_INT8 + 1; type < 256; ++type) {
    CHECK(code_of(coeff_command(EPOCH_MODE_REAL, 8, 4, coefficients, false, type)) ==
          EPOCH_ERROR_TYPE);
    epoch_vector_command pool = vector_raw(EPOCH_OP_POOL, activations, activations + 4096, 2, 8);
    pool.format = EPOCH_FORMAT(0, type, 0);
    CHECK(code_of(to_words(pool)) == EPOCH_ERROR_TYPE);
  }
  for (unsigned mode = EPOCH_MODE_MAC + 1; mode < 256; ++mode)
    CHECK(code_of(coeff_command(mode, 8, 4, coefficients)) == EPOCH_ERROR_MODE);
  EpochCoreConfig plain;
  plain.pe_grid.lima = false;
  Command command;
  CommandDecoder decoder(limits_of(plain));
  CHECK(decoder.decode(real_coeff(), 0, command).code == EPOCH_ERROR_MODE);
  CHECK(decoder.decode(mac_coeff(), 0, command).code == EPOCH_ERROR_NONE);
}

TEST_CASE("flag combinations without meaning are refused") {
  const auto ssm_with = [](std::uint32_t flags, std::uint32_t activation = 0) {
    epoch_array_command raw = real_ssm();
    raw.format |= EPOCH_FORMAT(0, 0, flags);
    raw.stored = activations + 0x2000;
    raw.stored_stride = 32;
    raw.accumulator = activations + 0x3000;
    raw.accumulator_stride = 32;
    raw.activation = activation;
    return ssm_code(raw);
  };
  const std::uint32_t shifted = EPOCH_ARRAY_SHIFT | EPOCH_ARRAY_REVERSE | EPOCH_ARRAY_COMBINE;
  CHECK(ssm_with(shifted) == EPOCH_ERROR_NONE);
  CHECK(ssm_with(shifted & ~EPOCH_ARRAY_REVERSE) == EPOCH_ERROR_MODE);
  CHECK(ssm_with(shifted & ~EPOCH_ARRAY_COMBINE) == EPOCH_ERROR_MODE);
  CHECK(ssm_with(EPOCH_ARRAY_ACC_OUT) == EPOCH_ERROR_NONE);
  CHECK(ssm_with(EPOCH_ARRAY_ACC_OUT | EPOCH_ARRAY_EXTRA) == EPOCH_ERROR_MODE);
  CHECK(ssm_with(EPOCH_ARRAY_ACC_OUT | EPOCH_ARRAY_COMBINE) == EPOCH_ERROR_MODE);
  CHECK(ssm_with(EPOCH_ARRAY_ACC_OUT, EPOCH_ACTIVATION_GELU) == EPOCH_ERROR_MODE);
  CHECK(ssm_with(0, EPOCH_ACTIVATION_GELU) == EPOCH_ERROR_NONE);
  CHECK(ssm_with(0, EPOCH_ACTIVATION_GLU) == EPOCH_ERROR_MODE);
  CHECK(ssm_with(0, EPOCH_ACTIVATION_TANH) == EPOCH_ERROR_NONE);
  CHECK(ssm_with(0, EPOCH_ACTIVATION_TANH + 1) == EPOCH_ERROR_MODE);
  CHECK(ssm_with(0, 0xFFFFFFFF) == EPOCH_ERROR_MODE);

  for (const unsigned flag : {EPOCH_ARRAY_REVERSE, EPOCH_ARRAY_SHIFT, EPOCH_ARRAY_ZERO_STATE}) {
    epoch_array_command raw = gemm();
    raw.format |= EPOCH_FORMAT(0, 0, flag);
    CHECK(code_after(mac_coeff(), to_words(raw)) == EPOCH_ERROR_MODE);
  }
  epoch_array_command odd = array_raw(EPOCH_MODE_MAC, 15, 32, 4, activations, activations + 0x4000);
  odd.activation = EPOCH_ACTIVATION_GLU;
  CHECK(code_after(coeff_command(EPOCH_MODE_MAC, 15, 32, coefficients), to_words(odd)) ==
        EPOCH_ERROR_MODE);
  epoch_array_command swapped = gemm();
  swapped.control = EPOCH_CONTROL(EPOCH_OP_SSM, 0, 0);
  CHECK(code_after(mac_coeff(), to_words(swapped)) == EPOCH_ERROR_MODE);
  epoch_vector_command norm = vector_raw(EPOCH_OP_LAYERNORM, activations, activations, 2, 8, 1);
  CHECK(code_of(to_words(norm)) == EPOCH_ERROR_MODE);
}

TEST_CASE("sizes of zero and sizes that overflow are refused") {
  for (unsigned word : {5u, 6u, 9u}) {  // row_bytes, rows, planes
    Descriptor words = dma_command(EPOCH_OP_LOAD, 0, activations, 4);
    words[word] = 0;
    CHECK(code_of(words) == EPOCH_ERROR_SIZE);
    words = dma_command(EPOCH_OP_LOAD, 0, activations, 64);
    words[word] = 0xFFFFFFFF;
    CHECK(code_of(words) != EPOCH_ERROR_NONE);
  }
  CHECK(code_of(dma_command(EPOCH_OP_LOAD, ~std::uint64_t{0} - 3, activations, 4)) ==
        EPOCH_ERROR_NONE);
  CHECK(code_of(dma_command(EPOCH_OP_LOAD, ~std::uint64_t{0} - 2, activations, 4)) ==
        EPOCH_ERROR_SIZE);
  epoch_dma_command down = dma_raw(EPOCH_OP_LOAD, 8, activations, 4);
  down.rows = 3;
  down.local_row_stride = 4;
  down.bus_row_stride = static_cast<std::uint32_t>(-4);
  CHECK(code_of(to_words(down)) == EPOCH_ERROR_NONE);
  down.bus_lo = 7;
  CHECK(code_of(to_words(down)) == EPOCH_ERROR_SIZE);

  CHECK(code_of(coeff_command(EPOCH_MODE_REAL, 0, 4, coefficients)) == EPOCH_ERROR_SIZE);
  CHECK(code_of(coeff_command(EPOCH_MODE_REAL, 4, 0, coefficients)) == EPOCH_ERROR_SIZE);
  epoch_array_command ssm = real_ssm();
  ssm.steps = 0;
  CHECK(ssm_code(ssm) == EPOCH_ERROR_SIZE);
  ssm.steps = 0xFFFFFFFF;
  CHECK(ssm_code(ssm) == EPOCH_ERROR_SIZE);
  ssm = real_ssm();
  ssm.steps = 512 * 1024;  // rows on top of each other, more than the buffer holds
  ssm.source_stride = 0;
  CHECK(ssm_code(ssm) == EPOCH_ERROR_SIZE);
  CHECK(code_of(to_words(vector_raw(EPOCH_OP_POOL, activations, activations + 64, 0, 8))) ==
        EPOCH_ERROR_SIZE);
  CHECK(code_of(to_words(vector_raw(EPOCH_OP_POOL, activations, activations + 64, 2, 0))) ==
        EPOCH_ERROR_SIZE);
}

TEST_CASE("alignment is per type") {
  CHECK(code_of(dma_command(EPOCH_OP_STORE, 3, activations + 4, 5)) == EPOCH_ERROR_NONE);
  CHECK(code_of(dma_command(EPOCH_OP_STORE, 0, activations + 2, 4)) == EPOCH_ERROR_ALIGNMENT);
  for (unsigned word : {8u, 11u}) {
    Descriptor words = dma_command(EPOCH_OP_STORE, 0, activations + 4, 4);
    words[word] = 2;
    CHECK(code_of(words) == EPOCH_ERROR_ALIGNMENT);
  }
  CHECK(code_of(coeff_command(EPOCH_MODE_REAL, 8, 4, coefficients + 1)) == EPOCH_ERROR_ALIGNMENT);
  epoch_array_command ssm = real_ssm();
  ssm.source += 2;
  CHECK(ssm_code(ssm) == EPOCH_ERROR_ALIGNMENT);
  ssm = real_ssm();
  ssm.destination_stride = 33;
  CHECK(ssm_code(ssm) == EPOCH_ERROR_ALIGNMENT);
  epoch_vector_command affine =
      vector_raw(EPOCH_OP_AFFINE, activations + 1, activations + 0x1000, 3, 5);
  CHECK(code_of(to_words(affine)) == EPOCH_ERROR_NONE);
  affine.destination += 1;
  CHECK(code_of(to_words(affine)) == EPOCH_ERROR_ALIGNMENT);
}

TEST_CASE("local ranges end with their buffer") {
  const std::uint32_t size = 512 * 1024;
  CHECK(code_of(dma_command(EPOCH_OP_LOAD, 0, activations + size - 8, 8)) == EPOCH_ERROR_NONE);
  CHECK(code_of(dma_command(EPOCH_OP_LOAD, 0, activations + size - 8, 9)) ==
        EPOCH_ERROR_LOCAL_RANGE);
  CHECK(code_of(dma_command(EPOCH_OP_LOAD, 0, EPOCH_LOCAL(3, 0), 4)) == EPOCH_ERROR_LOCAL_RANGE);
  epoch_dma_command down = dma_raw(EPOCH_OP_LOAD, 0, activations + 8, 4);
  down.planes = 3;
  down.bus_plane_stride = 4;
  down.local_plane_stride = static_cast<std::uint32_t>(-4);
  CHECK(code_of(to_words(down)) == EPOCH_ERROR_NONE);
  down.local -= 4;
  CHECK(code_of(to_words(down)) == EPOCH_ERROR_LOCAL_RANGE);
  epoch_array_command ssm = real_ssm();
  ssm.destination = activations + size - 16 * 32;
  CHECK(ssm_code(ssm) == EPOCH_ERROR_NONE);
  ssm.destination += 4;
  CHECK(ssm_code(ssm) == EPOCH_ERROR_LOCAL_RANGE);
  CommandDecoder decoder(default_limits());
  Command command;
  const DecodeError error =
      decoder.decode(dma_command(EPOCH_OP_LOAD, 0, activations + size, 64), 0, command);
  CHECK(error.address == activations + size);
  CHECK(error.length == 64);
}

TEST_CASE("tiles larger than the array are refused") {
  // 32 x 32, segments of 8: 4 modes round up to 8 rows, 4 folds, 128 channels a pass.
  CHECK(code_of(coeff_command(EPOCH_MODE_REAL, 128, 4, coefficients)) == EPOCH_ERROR_NONE);
  CHECK(code_of(coeff_command(EPOCH_MODE_REAL, 129, 4, coefficients)) == EPOCH_ERROR_TILE);
  CHECK(code_of(coeff_command(EPOCH_MODE_REAL, 64, 16, coefficients)) == EPOCH_ERROR_NONE);
  CHECK(code_of(coeff_command(EPOCH_MODE_REAL, 33, 17, coefficients)) == EPOCH_ERROR_TILE);
  CHECK(code_of(coeff_command(EPOCH_MODE_REAL, 1, 33, coefficients)) == EPOCH_ERROR_TILE);
  CHECK(code_of(coeff_command(EPOCH_MODE_MAC, 32, 32, coefficients)) == EPOCH_ERROR_NONE);
  CHECK(code_of(coeff_command(EPOCH_MODE_MAC, 33, 8, coefficients)) == EPOCH_ERROR_TILE);
}

TEST_CASE("partial overlap is refused, identity and interleaving are not") {
  epoch_array_command ssm = real_ssm();
  ssm.destination = ssm.source;
  CHECK(ssm_code(ssm) == EPOCH_ERROR_NONE);
  ssm.destination = ssm.source + 4;
  CHECK(ssm_code(ssm) == EPOCH_ERROR_OVERLAP);
  ssm.destination = ssm.source + 32;  // one row later
  CHECK(ssm_code(ssm) == EPOCH_ERROR_OVERLAP);
  ssm.source_stride = ssm.destination_stride = 64;  // halves of one array
  CHECK(ssm_code(ssm) == EPOCH_ERROR_NONE);
  ssm.destination += 4;
  CHECK(ssm_code(ssm) == EPOCH_ERROR_OVERLAP);
  ssm = real_ssm();
  ssm.format |= EPOCH_FORMAT(0, 0, EPOCH_ARRAY_COMBINE);
  ssm.stored = ssm.destination;
  ssm.stored_stride = ssm.destination_stride;
  CHECK(ssm_code(ssm) == EPOCH_ERROR_NONE);
  ssm.stored += 32;
  CHECK(ssm_code(ssm) == EPOCH_ERROR_OVERLAP);
  epoch_vector_command norm = vector_raw(EPOCH_OP_LAYERNORM, activations, activations, 4, 8);
  norm.parameters = activations + 4 * 32 - 4;
  CHECK(code_of(to_words(norm)) == EPOCH_ERROR_OVERLAP);
}

TEST_CASE("tiles_overlap agrees with marking bytes") {
  const unsigned seed = 4711;
  std::mt19937 random(seed);
  for (int round = 0; round < 3000; ++round) {
    const auto tile = [&random] {
      LocalTile t;
      t.rows = 1 + static_cast<std::uint32_t>(random() % 6);
      t.row_bytes = 1 + static_cast<std::uint32_t>(random() % 12);
      t.stride = static_cast<std::int32_t>(random() % 41) - 20;
      t.address = 200 + static_cast<std::uint32_t>(random() % 120);
      return t;
    };
    const LocalTile a = tile();
    const LocalTile b = tile();
    std::array<bool, 600> marked{};
    for (std::uint32_t r = 0; r < a.rows; ++r)
      for (std::uint32_t i = 0; i < a.row_bytes; ++i)
        marked.at(static_cast<std::size_t>(static_cast<int>(a.address + i) +
                                           static_cast<int>(r) * a.stride)) = true;
    bool expected = false;
    for (std::uint32_t r = 0; r < b.rows; ++r)
      for (std::uint32_t i = 0; i < b.row_bytes; ++i)
        expected = expected || marked.at(static_cast<std::size_t>(static_cast<int>(b.address + i) +
                                                                  static_cast<int>(r) * b.stride));
    CAPTURE(seed, round);
    REQUIRE(tiles_overlap(a, b) == expected);
  }
}

TEST_CASE("array commands must match the coefficients decoded before them") {
  const Descriptor ssm = to_words(real_ssm());
  CHECK(code_of(ssm) == EPOCH_ERROR_COEFFICIENTS);
  CHECK(code_after(real_coeff(), ssm) == EPOCH_ERROR_NONE);
  CHECK(code_after(coeff_command(EPOCH_MODE_REAL, 8, 5, coefficients), ssm) ==
        EPOCH_ERROR_COEFFICIENTS);
  CHECK(code_after(coeff_command(EPOCH_MODE_COMPLEX, 8, 4, coefficients), ssm) ==
        EPOCH_ERROR_COEFFICIENTS);
  epoch_array_command extra = real_ssm();
  extra.format |= EPOCH_FORMAT(0, 0, EPOCH_ARRAY_EXTRA);
  CHECK(code_after(real_coeff(), to_words(extra)) == EPOCH_ERROR_NONE);
  CHECK(code_after(coeff_command(EPOCH_MODE_REAL, 8, 4, coefficients), to_words(extra)) ==
        EPOCH_ERROR_COEFFICIENTS);
  CHECK(code_of(state_command(EPOCH_MODE_REAL, 8, 4, activations, true)) ==
        EPOCH_ERROR_COEFFICIENTS);
  CHECK(code_after(real_coeff(), state_command(EPOCH_MODE_REAL, 8, 4, activations, true)) ==
        EPOCH_ERROR_NONE);

  CommandDecoder decoder(default_limits());
  Command command;
  REQUIRE(decoder.decode(real_coeff(), 0, command).code == EPOCH_ERROR_NONE);
  decoder.forget_coefficients();
  CHECK(decoder.decode(ssm, 0, command).code == EPOCH_ERROR_COEFFICIENTS);
}

TEST_CASE("arbitrary descriptors never do more than fail, and accepted ones stay in range") {
  const unsigned seed = 20240601;
  std::mt19937 random(seed);
  epoch_vector_command conv =
      vector_raw(EPOCH_OP_CONV1D, activations, activations + 4096, 4, 8, EPOCH_VECTOR_BIAS);
  conv.types = EPOCH_VECTOR_TYPES(EPOCH_TYPE_BF16, 0, 4);
  conv.second = activations + 8192;
  const std::vector<Descriptor> models = {
      dma_command(EPOCH_OP_LOAD, 0x1000, activations, 256),
      dma_command(EPOCH_OP_STORE, 0x1000, activations, 256),
      to_words(gather_raw(0x1000, 9, activations + 4096, activations, 8, 32)),
      real_coeff(),
      to_words(real_ssm()),
      mac_coeff(),
      to_words(gemm()),
      state_command(EPOCH_MODE_REAL, 8, 4, activations, true),
      coeff_command(EPOCH_MODE_SSD, 8, 4, activations, true),
      to_words(streams_raw(8, 4, activations, 4096)),
      array_command(EPOCH_MODE_SSD, 8, 4, 6, activations + 0x8000, activations + 0x9000),
      to_words(conv),
      to_words(vector_raw(EPOCH_OP_COMBINE, activations, activations + 4096, 4, 8)),
      to_words(vector_raw(EPOCH_OP_LAYERNORM, activations, activations + 4096, 4, 8))};
  const Limits limits = default_limits();
  CommandDecoder decoder(limits);
  unsigned accepted = 0;
  const auto inside = [&limits](const LocalTile& tile) {
    if (tile.rows == 0) return true;
    const auto first = static_cast<std::int64_t>(EPOCH_LOCAL_OFFSET(tile.address));
    const std::int64_t last = first + std::int64_t{tile.stride} * (std::int64_t{tile.rows} - 1);
    const unsigned buffer = EPOCH_LOCAL_BUFFER(tile.address);
    return buffer < EPOCH_BUFFERS && std::min(first, last) >= 0 &&
           std::max(first, last) + tile.row_bytes <=
               static_cast<std::int64_t>(limits.buffer_bytes[buffer]);
  };
  for (int round = 0; round < 300000; ++round) {
    Descriptor words = models[random() % models.size()];
    const unsigned changes = random() % 4;
    for (unsigned i = 0; i < changes; ++i) {
      std::uint32_t& word = words[random() % 16];
      switch (random() % 4) {
        case 0:
          word = static_cast<std::uint32_t>(random());
          break;
        case 1:
          word ^= 1u << random() % 32;
          break;
        case 2:
          word = random() % 2 == 0 ? 0 : 0xFFFFFFFF;
          break;
        default:
          word += static_cast<std::uint32_t>(random() % 64) * 4;
          break;
      }
    }
    if (random() % 8 == 0) decoder.forget_coefficients();  // and STREAMS that wait
    Command command;
    const DecodeError error = decoder.decode(words, 0, command);
    CAPTURE(seed, round, words);
    if (error.code != EPOCH_ERROR_NONE) {
      REQUIRE(error.code >= EPOCH_ERROR_OPCODE);
      REQUIRE(error.code <= EPOCH_ERROR_STREAMS);
      continue;
    }
    ++accepted;
    if (const auto* dma = std::get_if<DmaWork>(&command.work)) REQUIRE(inside(dma->indices));
    if (const auto* array = std::get_if<ArrayWork>(&command.work))
      for (const LocalTile* tile :
           {&array->source, &array->destination, &array->stored, &array->accumulator, &array->drive,
            &array->b, &array->c, &array->u})
        REQUIRE(inside(*tile));
    if (const auto* vector = std::get_if<VectorWork>(&command.work))
      for (const LocalTile* tile :
           {&vector->source, &vector->destination, &vector->parameters, &vector->second})
        REQUIRE(inside(*tile));
  }
  CHECK(accepted > 20000);
}
