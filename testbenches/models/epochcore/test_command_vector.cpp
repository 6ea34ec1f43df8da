// SPDX-License-Identifier: Apache-2.0
// The command decoder alone: GATHER and the commands of the vector unit.
#include <catch2/catch.hpp>

#include "descriptors.h"

using namespace epoch;

namespace {

constexpr std::uint32_t activations = EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, 0);
constexpr std::uint32_t coefficients = EPOCH_LOCAL(EPOCH_BUFFER_COEFFICIENTS, 0);
constexpr std::uint32_t accumulators = EPOCH_LOCAL(EPOCH_BUFFER_ACCUMULATORS, 0);
constexpr std::uint32_t activation_bytes = 512 * 1024, accumulator_bytes = 256 * 1024;
constexpr unsigned fp32 = EPOCH_TYPE_FP32, bf16 = EPOCH_TYPE_BF16, int8 = EPOCH_TYPE_INT8;

Command command;  // the last one decoded

std::uint32_t code_of(const Descriptor& words) {
  return CommandDecoder(limits_of(EpochCoreConfig{})).decode(words, 0, command).code;
}
template <typename Raw>
std::uint32_t code_of(const Raw& raw) {
  return code_of(to_words(raw));
}

// 4 rows of 8, correct for every operation; COMBINE and CONV1D have a second operand.
epoch_vector_command correct(unsigned opcode) {
  epoch_vector_command raw = vector_raw(opcode, activations, activations + 0x1000, 4, 8);
  raw.parameters = coefficients;
  if (opcode == EPOCH_OP_COMBINE || opcode == EPOCH_OP_CONV1D) raw.second = accumulators;
  if (opcode == EPOCH_OP_COMBINE) raw.second_stride = 32;
  return raw;
}

constexpr unsigned vector_opcodes[] = {EPOCH_OP_AFFINE,  EPOCH_OP_LAYERNORM, EPOCH_OP_POOL,
                                       EPOCH_OP_RMSNORM, EPOCH_OP_MAP,       EPOCH_OP_COMBINE,
                                       EPOCH_OP_CONV1D,  EPOCH_OP_ARGMAX};

}  // namespace

TEST_CASE("GATHER is one plane of indexed rows") {
  const epoch_dma_command good = gather_raw(0x1000, 9, accumulators + 16, activations + 64, 5, 12);
  REQUIRE(code_of(good) == EPOCH_ERROR_NONE);
  CHECK(command.engine == EPOCH_ENGINE_DMA_IN);
  const auto& work = std::get<DmaWork>(command.work);
  CHECK(work.indices.address == accumulators + 16);
  CHECK(work.indices.bytes() == 4 * 5);
  CHECK(work.table_rows == 9);
  const auto with = [&good](std::uint32_t epoch_dma_command::*member, std::uint32_t value) {
    epoch_dma_command raw = good;
    raw.*member = value;
    return code_of(raw);
  };
  CHECK(with(&epoch_dma_command::planes, 2) == EPOCH_ERROR_RESERVED);
  CHECK(with(&epoch_dma_command::planes, 0) == EPOCH_ERROR_RESERVED);
  CHECK(with(&epoch_dma_command::bus_plane_stride, 4) == EPOCH_ERROR_RESERVED);
  CHECK(with(&epoch_dma_command::local_plane_stride, 4) == EPOCH_ERROR_RESERVED);
  CHECK(with(&epoch_dma_command::table_rows, 0) == EPOCH_ERROR_SIZE);
  CHECK(with(&epoch_dma_command::rows, 0) == EPOCH_ERROR_SIZE);
  CHECK(with(&epoch_dma_command::row_bytes, 0) == EPOCH_ERROR_SIZE);
  CHECK(with(&epoch_dma_command::bus_lo, 0x1003) == EPOCH_ERROR_NONE);
  CHECK(with(&epoch_dma_command::local, activations + 2) == EPOCH_ERROR_ALIGNMENT);
  CHECK(with(&epoch_dma_command::local_row_stride, 14) == EPOCH_ERROR_ALIGNMENT);
  CHECK(with(&epoch_dma_command::indices, accumulators + 18) == EPOCH_ERROR_ALIGNMENT);
  CHECK(with(&epoch_dma_command::indices, accumulators + accumulator_bytes - 20) ==
        EPOCH_ERROR_NONE);
  CHECK(with(&epoch_dma_command::indices, accumulators + accumulator_bytes - 16) ==
        EPOCH_ERROR_LOCAL_RANGE);
  CHECK(with(&epoch_dma_command::indices, 0xC0000000) == EPOCH_ERROR_LOCAL_RANGE);
  CHECK(with(&epoch_dma_command::indices, activations + 64 + 56) == EPOCH_ERROR_OVERLAP);
  CHECK(with(&epoch_dma_command::indices, activations + 64 + 60) == EPOCH_ERROR_NONE);
  CHECK(with(&epoch_dma_command::local, activations + activation_bytes - 60) == EPOCH_ERROR_NONE);
  CHECK(with(&epoch_dma_command::local, activations + activation_bytes - 56) ==
        EPOCH_ERROR_LOCAL_RANGE);
  // The whole table is on the bus, wherever the indices point.
  epoch_dma_command end = good;
  end.bus_lo = 0xFFFFFFFF - 9 * 12 + 1;
  end.bus_hi = 0xFFFFFFFF;
  CHECK(code_of(end) == EPOCH_ERROR_NONE);
  end.table_rows = 10;
  CHECK(code_of(end) == EPOCH_ERROR_SIZE);
  epoch_dma_command down = good;
  down.bus_row_stride = static_cast<std::uint32_t>(-12);
  down.bus_lo = 8 * 12;
  CHECK(code_of(down) == EPOCH_ERROR_NONE);
  down.bus_lo -= 1;
  CHECK(code_of(down) == EPOCH_ERROR_SIZE);
  for (const unsigned opcode : {EPOCH_OP_LOAD, EPOCH_OP_STORE})
    for (const unsigned word : {12u, 13u}) {
      Descriptor words = dma_command(opcode, 0, activations, 4);
      words[word] = 4;
      CHECK(code_of(words) == EPOCH_ERROR_RESERVED);
    }
  // Indices on top of one another still are one a row.
  epoch_dma_command still = good;
  still.local_row_stride = 0;
  still.rows = accumulator_bytes / 4;
  still.indices = accumulators;
  CHECK(code_of(still) == EPOCH_ERROR_NONE);
  still.rows += 1;
  CHECK(code_of(still) == EPOCH_ERROR_LOCAL_RANGE);
}

TEST_CASE("flags, functions and operators are those of the operation") {
  // ACC, SCALE, GAIN, BIAS, ZERO; a function; an operator; a count
  struct Row {
    const char* flags;
    unsigned opcode;
    bool function, op, count;
  };
  const Row table[] = {{"00000", EPOCH_OP_AFFINE, false, false, false},
                       {"00000", EPOCH_OP_LAYERNORM, false, false, false},
                       {"11000", EPOCH_OP_POOL, false, false, false},
                       {"00000", EPOCH_OP_RMSNORM, false, false, false},
                       {"00110", EPOCH_OP_MAP, true, false, true},
                       {"00100", EPOCH_OP_COMBINE, true, true, true},
                       {"00011", EPOCH_OP_CONV1D, true, false, true},
                       {"00000", EPOCH_OP_ARGMAX, false, false, false}};
  for (const Row& row : table) {
    CAPTURE(row.opcode);
    const epoch_vector_command good = correct(row.opcode);
    CHECK(code_of(good) == EPOCH_ERROR_NONE);
    for (unsigned flag = 0; flag < 16; ++flag) {
      epoch_vector_command raw = good;
      raw.format |= EPOCH_FORMAT(0, 0, 1u << flag);
      CAPTURE(flag);
      CHECK(code_of(raw) == (flag > 4                 ? EPOCH_ERROR_RESERVED
                             : row.flags[flag] == '1' ? EPOCH_ERROR_NONE
                                                      : EPOCH_ERROR_MODE));
    }
    for (unsigned function = 1; function < 16; ++function) {
      epoch_vector_command raw = good;
      raw.format |= EPOCH_VECTOR_MODE(0, function);
      CHECK(code_of(raw) == (!row.function                ? EPOCH_ERROR_RESERVED
                             : function < EPOCH_FUNCTIONS ? EPOCH_ERROR_NONE
                                                          : EPOCH_ERROR_MODE));
    }
    for (unsigned op = 1; op < 16; ++op) {
      epoch_vector_command raw = good;
      raw.format |= EPOCH_VECTOR_MODE(op, 0);
      CHECK(code_of(raw) == (!row.op               ? EPOCH_ERROR_RESERVED
                             : op < EPOCH_COMBINES ? EPOCH_ERROR_NONE
                                                   : EPOCH_ERROR_MODE));
    }
    epoch_vector_command raw = good;
    raw.types = EPOCH_VECTOR_TYPES(0, 0, 1);
    CHECK(code_of(raw) == EPOCH_ERROR_NONE);
    raw.types = EPOCH_VECTOR_TYPES(0, 0, 2);
    CHECK(code_of(raw) == (row.count ? EPOCH_ERROR_NONE : EPOCH_ERROR_RESERVED));
    raw.types = EPOCH_VECTOR_TYPES(0, 0, 3);  // 8 columns do not divide by it; three taps do
    CHECK(code_of(raw) == (row.opcode == EPOCH_OP_CONV1D ? EPOCH_ERROR_NONE
                           : row.count                   ? EPOCH_ERROR_SIZE
                                                         : EPOCH_ERROR_RESERVED));
  }
}

TEST_CASE("elements of sources are fp32 or bf16, results int8 too, where the operation has them") {
  for (const unsigned opcode : vector_opcodes) {
    const bool affine = opcode == EPOCH_OP_AFFINE, argmax = opcode == EPOCH_OP_ARGMAX;
    const bool pool = opcode == EPOCH_OP_POOL, combine = opcode == EPOCH_OP_COMBINE;
    for (unsigned type = fp32; type < 6; ++type) {
      CAPTURE(opcode, type);
      const auto code = [&](const epoch_vector_command& raw, bool accepted) {
        CHECK(code_of(raw) == (accepted ? EPOCH_ERROR_NONE : EPOCH_ERROR_TYPE));
      };
      epoch_vector_command raw = correct(opcode);
      raw.format |= EPOCH_FORMAT(0, type, 0);
      code(raw, type == fp32 || (type == bf16 && !affine));
      raw = correct(opcode);
      raw.types = EPOCH_VECTOR_TYPES(type, 0, 0);
      code(raw, type == fp32 || (!pool && !argmax && (type == bf16 || (type == int8 && !affine))));
      raw = correct(opcode);
      raw.types = EPOCH_VECTOR_TYPES(0, type, 0);
      code(raw, type == fp32 || (combine && type == bf16));
    }
  }
}

TEST_CASE("rows, parameters and histories are as long as they say") {
  const auto decoded = [](epoch_vector_command raw) {
    REQUIRE(code_of(raw) == EPOCH_ERROR_NONE);
    return std::get<VectorWork>(command.work);
  };
  CHECK(decoded(correct(EPOCH_OP_RMSNORM)).parameters.bytes() == 4 * 8);
  CHECK(decoded(correct(EPOCH_OP_LAYERNORM)).parameters.bytes() == 4 * 16);
  CHECK(decoded(correct(EPOCH_OP_MAP)).parameters.rows == 0);
  CHECK(decoded(correct(EPOCH_OP_ARGMAX)).destination.row_bytes == 4);
  CHECK(decoded(correct(EPOCH_OP_ARGMAX)).destination.rows == 4);
  CHECK(decoded(correct(EPOCH_OP_CONV1D)).second.rows == 0);  // one tap has no history
  epoch_vector_command map = correct(EPOCH_OP_MAP);
  map.format = EPOCH_FORMAT(0, bf16, EPOCH_VECTOR_GAIN | EPOCH_VECTOR_BIAS);
  map.types = EPOCH_VECTOR_TYPES(int8, 0, 4);
  CHECK(decoded(map).source.row_bytes == 2 * 2);
  CHECK(decoded(map).destination.row_bytes == 8);
  CHECK(decoded(map).parameters.bytes() == 4 * 16);
  epoch_vector_command combine = correct(EPOCH_OP_COMBINE);
  combine.types = EPOCH_VECTOR_TYPES(fp32, bf16, 2);
  combine.format = EPOCH_FORMAT(0, 0, EPOCH_VECTOR_GAIN);
  CHECK(decoded(combine).source.row_bytes == 32);
  CHECK(decoded(combine).second.row_bytes == 2 * 4);
  CHECK(decoded(combine).second.rows == 4);
  CHECK(decoded(combine).parameters.bytes() == 4 * 8);
  epoch_vector_command conv = correct(EPOCH_OP_CONV1D);
  conv.format = EPOCH_FORMAT(0, bf16, EPOCH_VECTOR_BIAS);
  conv.types = EPOCH_VECTOR_TYPES(fp32, 0, 5);
  conv.second_stride = 0x12345;  // not looked at: history rows lie one after the other
  CHECK(decoded(conv).second.rows == 4);
  CHECK(decoded(conv).second.row_bytes == 16);
  CHECK(decoded(conv).second.stride == 16);
  CHECK(decoded(conv).parameters.bytes() == 4 * (5 + 1) * 8);

  conv.second = accumulators + accumulator_bytes - 4 * 16;
  CHECK(code_of(conv) == EPOCH_ERROR_NONE);
  conv.second += 2;
  CHECK(code_of(conv) == EPOCH_ERROR_LOCAL_RANGE);
  conv.second += 1;
  CHECK(code_of(conv) == EPOCH_ERROR_ALIGNMENT);
  for (const std::uint32_t length : {0x1FFFFFFFu, 0x20000000u, 0xFFFFFFFFu}) {
    epoch_vector_command huge = correct(EPOCH_OP_CONV1D);
    huge.length = length;
    huge.types = EPOCH_VECTOR_TYPES(0, 0, 0xFFFF);
    CHECK(code_of(huge) != EPOCH_ERROR_NONE);
  }
}

TEST_CASE("vector operands are aligned to their elements") {
  const auto code = [](epoch_vector_command raw, unsigned word, std::uint32_t by) {
    Descriptor words = to_words(raw);
    words[word] += by;
    return code_of(words);
  };
  epoch_vector_command raw = correct(EPOCH_OP_COMBINE);
  for (const unsigned word : {2u, 3u, 8u, 9u, 12u, 13u})
    CHECK(code(raw, word, 2) == EPOCH_ERROR_ALIGNMENT);
  raw.format = EPOCH_FORMAT(0, bf16, EPOCH_VECTOR_GAIN);
  raw.types = EPOCH_VECTOR_TYPES(int8, bf16, 0);
  for (const unsigned word : {2u, 8u, 12u, 13u}) {
    CHECK(code(raw, word, 2) == EPOCH_ERROR_NONE);
    CHECK(code(raw, word, 1) == EPOCH_ERROR_ALIGNMENT);
  }
  CHECK(code(raw, 3, 1) == EPOCH_ERROR_NONE);
  CHECK(code(raw, 9, 1) == EPOCH_ERROR_NONE);
  CHECK(code(raw, 4, 2) == EPOCH_ERROR_ALIGNMENT);
  CHECK(code(correct(EPOCH_OP_ARGMAX), 3, 2) == EPOCH_ERROR_ALIGNMENT);
  CHECK(code(correct(EPOCH_OP_ARGMAX), 9, 2) == EPOCH_ERROR_ALIGNMENT);
}

TEST_CASE("what a vector command reads may be its result, but not overlap it in part") {
  const auto code = [](epoch_vector_command raw, std::uint32_t epoch_vector_command::*member,
                       std::uint32_t value) {
    raw.*member = value;
    return code_of(raw);
  };
  const epoch_vector_command combine = correct(EPOCH_OP_COMBINE);
  const std::uint32_t result = combine.destination;
  for (const auto operand : {&epoch_vector_command::source, &epoch_vector_command::second}) {
    CHECK(code(combine, operand, result) == EPOCH_ERROR_NONE);
    CHECK(code(combine, operand, result + 4) == EPOCH_ERROR_OVERLAP);
    CHECK(code(combine, operand, result + 4 * 32) == EPOCH_ERROR_NONE);
  }
  epoch_vector_command halves = combine;  // bf16 results over the fp32 source: not the same rows
  halves.types = EPOCH_VECTOR_TYPES(bf16, 0, 0);
  halves.source = result;
  CHECK(code_of(halves) == EPOCH_ERROR_OVERLAP);

  // CONV1D writes its history: it shares no byte with anything, and nothing is its equal.
  epoch_vector_command conv = correct(EPOCH_OP_CONV1D);
  conv.types = EPOCH_VECTOR_TYPES(0, 0, 5);  // as many rows of history as of source
  CHECK(code(conv, &epoch_vector_command::source, result) == EPOCH_ERROR_NONE);
  for (const std::uint32_t at : {conv.source, conv.destination, conv.parameters}) {
    CHECK(code(conv, &epoch_vector_command::second, at) == EPOCH_ERROR_OVERLAP);
    CHECK(code(conv, &epoch_vector_command::second, at + 4) == EPOCH_ERROR_OVERLAP);
  }
}

TEST_CASE("words that an operation does not use are ignored, those new in 1.1 zero") {
  for (const unsigned opcode : vector_opcodes) {
    CAPTURE(opcode);
    epoch_vector_command raw = correct(opcode);
    raw.immediate0 = raw.immediate1 = 0xFFFFFFFF;
    CHECK(code_of(raw) == EPOCH_ERROR_NONE);
    const bool has_parameters =
        opcode == EPOCH_OP_LAYERNORM || opcode == EPOCH_OP_RMSNORM || opcode == EPOCH_OP_CONV1D;
    raw.parameters = 0xFFFFFFFF;
    CHECK(code_of(raw) == (has_parameters ? EPOCH_ERROR_ALIGNMENT : EPOCH_ERROR_NONE));
    const bool has_second = opcode == EPOCH_OP_COMBINE || opcode == EPOCH_OP_CONV1D;
    raw = correct(opcode);
    raw.second += 4;
    raw.second_stride += 4;
    CHECK(code_of(raw) == (has_second ? EPOCH_ERROR_NONE : EPOCH_ERROR_RESERVED));
  }
}
