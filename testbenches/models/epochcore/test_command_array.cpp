// SPDX-License-Identifier: Apache-2.0
// The command decoder alone: modes, types, slots, sequences and streams of array commands.
#include <catch2/catch.hpp>

#include "descriptors.h"

using namespace epoch;

namespace {

constexpr std::uint32_t activations = EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, 0);
constexpr std::uint32_t coefficients = EPOCH_LOCAL(EPOCH_BUFFER_COEFFICIENTS, 0);
constexpr std::uint32_t activation_bytes = 512 * 1024, coefficient_bytes = 256 * 1024;
constexpr unsigned fp32 = EPOCH_TYPE_FP32, bf16 = EPOCH_TYPE_BF16, bf16d = EPOCH_TYPE_BF16D,
                   int8 = EPOCH_TYPE_INT8;

// Codes of descriptors in ring order, on hardware that a test bends.
class Ring {
 public:
  explicit Ring(void (*bend)(ArrayConfig&) = [](ArrayConfig&) {})
      : decoder_([bend] {
          EpochCoreConfig config;
          bend(config.pe_grid);
          return limits_of(config);
        }()) {}
  std::uint32_t operator()(const Descriptor& words) {
    return decoder_.decode(words, 0, command).code;
  }
  template <typename Raw>
  std::uint32_t operator()(const Raw& raw) {
    return (*this)(to_words(raw));
  }
  template <typename Work>
  const Work& work() const {
    return std::get<Work>(command.work);
  }
  void forget() { decoder_.forget_coefficients(); }
  Command command;

 private:
  CommandDecoder decoder_;
};

// 8 rows x 4 columns, segments of 2, three slots a PE.
void three_slots(ArrayConfig& array, SlotsKind kind) {
  array.rows = 8;
  array.cols = 4;
  array.segment_rows = 2;
  array.state_slots = 3;
  array.slots_kind = kind;
}
void mode_slots(ArrayConfig& array) {
  three_slots(array, SlotsKind::mode);
}
void channel_slots(ArrayConfig& array) {
  three_slots(array, SlotsKind::channel);
}
void batch_slots(ArrayConfig& array) {
  three_slots(array, SlotsKind::batch);
}

Descriptor coeff(unsigned mode, unsigned channels, unsigned modes, unsigned type = fp32,
                 unsigned sequences = 0, bool extra = false) {
  return coeff_command(mode, channels, modes, coefficients, extra, type, sequences);
}
epoch_array_command ssm(unsigned mode, unsigned type = fp32, std::uint32_t flags = 0) {
  return array_raw(mode, 4, mode == EPOCH_MODE_EDGE ? 1 : 4, 8, activations, activations + 0x1000,
                   flags, type);
}
Descriptor ssm_coeff(unsigned mode, unsigned type = fp32) {
  return coeff(mode, 4, mode == EPOCH_MODE_EDGE ? 1 : 4, type, 0, mode != EPOCH_MODE_EDGE);
}
// Code of an array command behind its own COEFF.
std::uint32_t array_code(const epoch_array_command& raw) {
  Ring ring;
  const std::uint32_t mode = EPOCH_FORMAT_MODE(raw.format), type = EPOCH_FORMAT_TYPE(raw.format);
  CHECK(ring(ssm_coeff(mode, type)) == EPOCH_ERROR_NONE);
  return ring(raw);
}
epoch_streams_command streams(unsigned type = fp32) {
  return streams_raw(4, 4, activations + 0x2000, 0x1000, type);
}

}  // namespace

TEST_CASE("types that a mode has are accepted, others refused") {
  // fp32, bf16, bf16d, int8
  const char* const table[] = {"1111", "1111", "1110", "1110", "1110",
                               "1100", "1100", "1110", "1111"};
  for (unsigned mode = EPOCH_MODE_REAL; mode <= EPOCH_MODE_MAC; ++mode)
    for (unsigned type = fp32; type <= int8; ++type) {
      CAPTURE(mode, type);
      Ring ring;
      CHECK(ring(coeff(mode, 4, 1, type)) ==
            (table[mode][type] == '1' ? EPOCH_ERROR_NONE : EPOCH_ERROR_TYPE));
    }
}

TEST_CASE("coefficient blocks are packed: poles, words of the type, scales, D or bias") {
  // Bytes of 3 channels x 5 modes with D (edge: 3 cells without), by hand from epochcore.h's table.
  const std::uint32_t table[][4] = {{132, 98, 66, 72},  {252, 186, 126, 116}, {192, 126, 98, 0},
                                    {372, 246, 186, 0}, {492, 426, 366, 0},   {72, 66, 0, 0},
                                    {12, 6, 0, 0},      {24, 24, 12, 0},      {72, 44, 44, 40}};
  for (unsigned mode = EPOCH_MODE_REAL; mode <= EPOCH_MODE_MAC; ++mode)
    for (unsigned type = fp32; type <= int8; ++type) {
      const std::uint32_t bytes = table[mode][type];
      if (bytes == 0) continue;
      CAPTURE(mode, type);
      const bool edge = mode == EPOCH_MODE_EDGE;
      Descriptor words = coeff(mode, 3, edge ? 1 : 5, type, 0, !edge);
      Ring ring;
      REQUIRE(ring(words) == EPOCH_ERROR_NONE);
      CHECK(ring.work<CoefficientWork>().block.bytes() == bytes);
      const std::uint32_t room = (bytes + 3) / 4 * 4;
      words[2] = coefficients + coefficient_bytes - room;
      CHECK(ring(words) == EPOCH_ERROR_NONE);
      words[2] += 4;
      CHECK(ring(words) == EPOCH_ERROR_LOCAL_RANGE);
      words[2] = coefficients + 2;
      CHECK(ring(words) == EPOCH_ERROR_ALIGNMENT);
    }
  Ring ring;  // ssd without D: nothing is read, wherever it is said to be
  Descriptor none = coeff(EPOCH_MODE_SSD, 3, 5);
  none[2] = 0xFFFFFFFF;
  CHECK(ring(none) == EPOCH_ERROR_NONE);
}

TEST_CASE("modes that an instance does not have are refused") {
  Ring seven([](ArrayConfig& array) { array.multipliers = 7; });
  CHECK(seven(coeff(EPOCH_MODE_DPLR, 4, 4)) == EPOCH_ERROR_MODE);
  CHECK(seven(coeff(EPOCH_MODE_COMPLEX, 4, 4)) == EPOCH_ERROR_NONE);
  Ring narrow([](ArrayConfig& array) { array.cols = 1; });
  CHECK(narrow(coeff(EPOCH_MODE_EDGE, 1, 1)) == EPOCH_ERROR_MODE);
  Ring batch(batch_slots);
  for (const unsigned mode : {EPOCH_MODE_SELECTIVE, EPOCH_MODE_SSD})
    CHECK(batch(coeff(mode, 4, 4)) == EPOCH_ERROR_MODE);
  CHECK(batch(streams()) == EPOCH_ERROR_MODE);
  Ring plain([](ArrayConfig& array) { array.lima = false; });
  for (unsigned mode = EPOCH_MODE_REAL; mode < EPOCH_MODE_MAC; ++mode)
    CHECK(plain(coeff(mode, 1, 1)) == EPOCH_ERROR_MODE);
  CHECK(plain(streams()) == EPOCH_ERROR_MODE);
}

TEST_CASE("what fits one pass depends on slots and segments") {
  struct Case {
    void (*hardware)(ArrayConfig&);
    unsigned mode, channels, modes, sequences;
    bool fits;
  };
  const Case cases[] = {// Mode slots: ceil(modes / 3) rows, rounded up to segments of 2.
                        {mode_slots, EPOCH_MODE_REAL, 4, 24, 0, true},
                        {mode_slots, EPOCH_MODE_REAL, 4, 25, 0, false},
                        {mode_slots, EPOCH_MODE_REAL, 16, 6, 0, true},
                        {mode_slots, EPOCH_MODE_REAL, 17, 6, 0, false},
                        {mode_slots, EPOCH_MODE_REAL, 9, 7, 0, false},
                        {mode_slots, EPOCH_MODE_REAL, 4, 4, 2, false},
                        // Channel slots: three times the channels, one mode a row.
                        {channel_slots, EPOCH_MODE_COMPLEX, 12, 8, 0, true},
                        {channel_slots, EPOCH_MODE_COMPLEX, 13, 8, 0, false},
                        {channel_slots, EPOCH_MODE_COMPLEX, 4, 9, 0, false},
                        {channel_slots, EPOCH_MODE_COMPLEX, 48, 2, 0, true},
                        {channel_slots, EPOCH_MODE_COMPLEX, 49, 2, 0, false},
                        {channel_slots, EPOCH_MODE_COMPLEX, 4, 4, 2, false},
                        // Batch slots: sequences of the same channels.
                        {batch_slots, EPOCH_MODE_REAL, 4, 8, 3, true},
                        {batch_slots, EPOCH_MODE_REAL, 4, 8, 4, false},
                        {batch_slots, EPOCH_MODE_REAL, 4, 8, 0xFFFFFFFF, false},
                        {batch_slots, EPOCH_MODE_REAL, 5, 8, 1, false},
                        // GEMM and edge use one slot and, edge, two columns a cell.
                        {mode_slots, EPOCH_MODE_MAC, 4, 8, 1, true},
                        {mode_slots, EPOCH_MODE_MAC, 4, 9, 0, false},
                        {channel_slots, EPOCH_MODE_MAC, 5, 8, 0, false},
                        {batch_slots, EPOCH_MODE_MAC, 4, 8, 2, false},
                        {channel_slots, EPOCH_MODE_EDGE, 2, 1, 0, true},
                        {channel_slots, EPOCH_MODE_EDGE, 3, 1, 0, false},
                        {mode_slots, EPOCH_MODE_EDGE, 2, 2, 0, false},
                        {batch_slots, EPOCH_MODE_EDGE, 2, 1, 2, false}};
  for (const Case& row : cases) {
    Ring ring(row.hardware);
    CAPTURE(row.mode, row.channels, row.modes, row.sequences);
    CHECK(ring(coeff(row.mode, row.channels, row.modes, fp32, row.sequences)) ==
          (row.fits ? EPOCH_ERROR_NONE : EPOCH_ERROR_TILE));
  }
}

TEST_CASE("type and sequences are the loaded ones, 0 sequences are one") {
  Ring ring(batch_slots);
  epoch_array_command raw = array_raw(EPOCH_MODE_REAL, 4, 8, 5, activations, activations + 0x1000);
  const auto sequences = [&raw](unsigned number) {
    raw.types = EPOCH_ARRAY_TYPES(0, 0, number);
    return raw;
  };
  REQUIRE(ring(coeff(EPOCH_MODE_REAL, 4, 8, fp32, 3)) == EPOCH_ERROR_NONE);
  CHECK(ring(sequences(3)) == EPOCH_ERROR_NONE);
  CHECK(ring.work<ArrayWork>().source.rows == 15);
  CHECK(ring.work<ArrayWork>().destination.rows == 15);
  for (const unsigned other : {0u, 1u, 2u})
    CHECK(ring(sequences(other)) == EPOCH_ERROR_COEFFICIENTS);
  CHECK(ring(sequences(4)) == EPOCH_ERROR_TILE);
  CHECK(ring(state_command(EPOCH_MODE_REAL, 4, 8, activations, true, fp32, 3)) == EPOCH_ERROR_NONE);
  CHECK(ring.work<StateWork>().block.bytes() == 4 * 4 * 3 * 8);
  CHECK(ring(state_command(EPOCH_MODE_REAL, 4, 8, activations, true, fp32, 2)) ==
        EPOCH_ERROR_COEFFICIENTS);
  CHECK(ring(state_command(EPOCH_MODE_REAL, 4, 8, activations, true, bf16, 3)) ==
        EPOCH_ERROR_COEFFICIENTS);
  REQUIRE(ring(coeff(EPOCH_MODE_REAL, 4, 8, fp32, 0)) == EPOCH_ERROR_NONE);
  CHECK(ring(sequences(0)) == EPOCH_ERROR_NONE);
  CHECK(ring(sequences(1)) == EPOCH_ERROR_NONE);
  raw.format = EPOCH_FORMAT(EPOCH_MODE_REAL, bf16, 0);
  CHECK(ring(raw) == EPOCH_ERROR_COEFFICIENTS);
}

TEST_CASE("types of results and of what is stored") {
  epoch_array_command raw = ssm(EPOCH_MODE_REAL, bf16);
  const auto code = [&raw](unsigned output, unsigned stored, std::uint32_t flags,
                           std::uint32_t scale = 0) {
    raw.types = EPOCH_ARRAY_TYPES(output, stored, 0);
    raw.format = EPOCH_FORMAT(EPOCH_MODE_REAL, bf16, flags);
    raw.stored = activations + 0x3000;
    raw.scale = scale;
    return array_code(raw);
  };
  const std::uint32_t combine = EPOCH_ARRAY_COMBINE;
  for (const unsigned output : {fp32, bf16, int8}) CHECK(code(output, 0, 0) == EPOCH_ERROR_NONE);
  CHECK(code(bf16d, 0, 0) == EPOCH_ERROR_TYPE);
  CHECK(code(4, 0, 0) == EPOCH_ERROR_TYPE);
  CHECK(code(fp32, bf16, combine) == EPOCH_ERROR_NONE);
  for (const unsigned stored : {bf16d, int8, 4u})
    CHECK(code(fp32, stored, combine) == EPOCH_ERROR_TYPE);
  CHECK(code(fp32, bf16, 0) == EPOCH_ERROR_TYPE);  // nothing is stored
  CHECK(code(bf16, 0, EPOCH_ARRAY_ACC_OUT) == EPOCH_ERROR_TYPE);
  CHECK(code(fp32, 0, 0, 1) == EPOCH_ERROR_RESERVED);
  CHECK(code(bf16, 0, 0, 0x3F800000) == EPOCH_ERROR_RESERVED);
  for (const std::uint32_t scale : {0u, 0x3F800000u, 0x7FC00000u, 0xFFFFFFFFu})
    CHECK(code(int8, 0, 0, scale) == EPOCH_ERROR_NONE);

  epoch_array_command cells = ssm(EPOCH_MODE_EDGE, bf16);
  CHECK(array_code(cells) == EPOCH_ERROR_NONE);
  cells.types = EPOCH_ARRAY_TYPES(bf16, 0, 0);
  CHECK(array_code(cells) == EPOCH_ERROR_TYPE);
}

TEST_CASE("rows are as long as their elements") {
  struct Case {
    unsigned mode, type, output, source, destination;  // bytes of 4 channels x 4 modes
  };
  for (const Case& row : {Case{EPOCH_MODE_REAL, bf16, fp32, 8, 16},
                          {EPOCH_MODE_REAL, int8, int8, 4, 4},
                          {EPOCH_MODE_COMPLEX, bf16d, bf16, 8, 8},
                          {EPOCH_MODE_MAC, int8, bf16, 4, 8},
                          {EPOCH_MODE_MAC, bf16d, fp32, 8, 16},
                          {EPOCH_MODE_EDGE, bf16, fp32, 32, 32}}) {
    CAPTURE(row.mode, row.type);
    epoch_array_command raw = ssm(row.mode, row.type);
    raw.types = EPOCH_ARRAY_TYPES(row.output, 0, 0);
    Ring ring;
    REQUIRE(ring(ssm_coeff(row.mode, row.type)) == EPOCH_ERROR_NONE);
    REQUIRE(ring(raw) == EPOCH_ERROR_NONE);
    CHECK(ring.work<ArrayWork>().source.row_bytes == row.source);
    CHECK(ring.work<ArrayWork>().destination.row_bytes == row.destination);
    raw.destination =
        activations + activation_bytes - (7 * raw.destination_stride + row.destination);
    CHECK(ring(raw) == EPOCH_ERROR_NONE);
    raw.destination += 4;
    CHECK(ring(raw) == EPOCH_ERROR_LOCAL_RANGE);
  }
}

TEST_CASE("array operands are aligned to their elements") {
  const auto code = [](unsigned type, unsigned output, unsigned stored, unsigned word,
                       std::uint32_t by) {
    epoch_array_command raw = ssm(EPOCH_MODE_REAL, type, EPOCH_ARRAY_COMBINE | EPOCH_ARRAY_ACC_IN);
    raw.types = EPOCH_ARRAY_TYPES(output, stored, 0);
    raw.stored = activations + 0x3000;
    raw.stored_stride = 64;
    raw.accumulator = activations + 0x4000;
    raw.accumulator_stride = 64;
    Descriptor words = to_words(raw);
    words[word] += by;
    Ring ring;
    CHECK(ring(ssm_coeff(EPOCH_MODE_REAL, type)) == EPOCH_ERROR_NONE);
    return ring(words);
  };
  const unsigned source[] = {2, 9}, destination[] = {3, 10}, stored[] = {4, 11}, sums[] = {5, 12};
  for (unsigned i = 0; i < 2; ++i) {  // address, stride
    CHECK(code(fp32, fp32, fp32, source[i], 2) == EPOCH_ERROR_ALIGNMENT);
    CHECK(code(bf16, fp32, fp32, source[i], 2) == EPOCH_ERROR_NONE);
    CHECK(code(bf16d, fp32, fp32, source[i], 1) == EPOCH_ERROR_ALIGNMENT);
    CHECK(code(int8, fp32, fp32, source[i], 1) == EPOCH_ERROR_NONE);
    CHECK(code(int8, fp32, fp32, destination[i], 2) == EPOCH_ERROR_ALIGNMENT);
    CHECK(code(fp32, bf16, fp32, destination[i], 2) == EPOCH_ERROR_NONE);
    CHECK(code(fp32, bf16, fp32, destination[i], 1) == EPOCH_ERROR_ALIGNMENT);
    CHECK(code(fp32, int8, fp32, destination[i], 1) == EPOCH_ERROR_NONE);
    CHECK(code(fp32, int8, fp32, stored[i], 2) == EPOCH_ERROR_ALIGNMENT);
    CHECK(code(fp32, int8, bf16, stored[i], 2) == EPOCH_ERROR_NONE);
    CHECK(code(int8, int8, bf16, sums[i], 2) == EPOCH_ERROR_ALIGNMENT);
  }
}

TEST_CASE("edge and dplr refuse what their sums cannot do") {
  CHECK(array_code(ssm(EPOCH_MODE_EDGE, fp32, EPOCH_ARRAY_REVERSE | EPOCH_ARRAY_ZERO_STATE)) ==
        EPOCH_ERROR_NONE);
  for (const unsigned flag :
       {EPOCH_ARRAY_EXTRA, EPOCH_ARRAY_COMBINE, EPOCH_ARRAY_ACC_IN, EPOCH_ARRAY_ACC_OUT})
    CHECK(array_code(ssm(EPOCH_MODE_EDGE, fp32, flag)) == EPOCH_ERROR_MODE);
  epoch_array_command edge = ssm(EPOCH_MODE_EDGE);
  edge.activation = EPOCH_ACTIVATION_RELU;
  CHECK(array_code(edge) == EPOCH_ERROR_MODE);
  Ring ring;
  CHECK(ring(coeff(EPOCH_MODE_EDGE, 4, 1, fp32, 0, true)) == EPOCH_ERROR_MODE);
  CHECK(array_code(ssm(EPOCH_MODE_DPLR, fp32, EPOCH_ARRAY_EXTRA)) == EPOCH_ERROR_NONE);
  for (const unsigned flag : {EPOCH_ARRAY_ACC_IN, EPOCH_ARRAY_ACC_OUT})
    CHECK(array_code(ssm(EPOCH_MODE_DPLR, fp32, flag)) == EPOCH_ERROR_MODE);
}

TEST_CASE("every activation is of SSM and GEMM, GLU of an even GEMM only") {
  for (unsigned activation = 0; activation <= EPOCH_ACTIVATION_TANH; ++activation) {
    epoch_array_command raw = ssm(EPOCH_MODE_LIQUID_REAL);
    raw.activation = activation;
    CHECK(array_code(raw) ==
          (activation == EPOCH_ACTIVATION_GLU ? EPOCH_ERROR_MODE : EPOCH_ERROR_NONE));
    raw = ssm(EPOCH_MODE_MAC, bf16);
    raw.activation = activation;
    CHECK(array_code(raw) == EPOCH_ERROR_NONE);
  }
}

TEST_CASE("STREAMS and its SSM come as a pair") {
  for (const unsigned mode : {EPOCH_MODE_SELECTIVE, EPOCH_MODE_SSD}) {
    Ring ring;
    REQUIRE(ring(ssm_coeff(mode)) == EPOCH_ERROR_NONE);
    CHECK(ring(ssm(mode)) == EPOCH_ERROR_STREAMS);
    CHECK(ring(streams()) == EPOCH_ERROR_NONE);
    for (const unsigned opcode : {EPOCH_OP_NOP, EPOCH_OP_FENCE, EPOCH_OP_IRQ, EPOCH_OP_HALT})
      CHECK(ring(control_command(opcode)) == EPOCH_ERROR_STREAMS);
    CHECK(ring(streams()) == EPOCH_ERROR_STREAMS);
    CHECK(ring(ssm_coeff(EPOCH_MODE_REAL)) == EPOCH_ERROR_STREAMS);
    CHECK(ring(ssm(EPOCH_MODE_REAL)) == EPOCH_ERROR_STREAMS);
    CHECK(ring(ssm(EPOCH_MODE_MAC)) == EPOCH_ERROR_STREAMS);
    CHECK(ring(control_command(0x7F)) == EPOCH_ERROR_OPCODE);
    epoch_array_command wrong = ssm(mode);
    wrong.steps = 0;
    CHECK(ring(wrong) == EPOCH_ERROR_SIZE);
    CHECK(ring(ssm(mode)) == EPOCH_ERROR_NONE);  // a refused command leaves STREAMS waiting
    CHECK(ring(ssm(mode)) == EPOCH_ERROR_STREAMS);
    CHECK(ring(streams()) == EPOCH_ERROR_NONE);
    ring.forget();
    CHECK(ring(control_command(EPOCH_OP_NOP)) == EPOCH_ERROR_NONE);
    CHECK(ring(streams()) == EPOCH_ERROR_NONE);
    CHECK(ring(ssm(mode)) == EPOCH_ERROR_COEFFICIENTS);
  }
}

TEST_CASE("operands of STREAMS are checked with the SSM that gives their sizes") {
  struct Case {
    unsigned word;
    std::uint32_t value;
    std::uint32_t plain, with_d;  // codes without and with D
  };
  const std::uint32_t near_end = activations + activation_bytes - 8 * 16, none = EPOCH_ERROR_NONE;
  const Case cases[] = {{2, near_end, none, none},
                        {2, near_end + 4, EPOCH_ERROR_LOCAL_RANGE, EPOCH_ERROR_LOCAL_RANGE},
                        {4, near_end + 4, EPOCH_ERROR_LOCAL_RANGE, EPOCH_ERROR_LOCAL_RANGE},
                        {5, near_end + 4, EPOCH_ERROR_LOCAL_RANGE, EPOCH_ERROR_LOCAL_RANGE},
                        {7, near_end + 4, none, EPOCH_ERROR_LOCAL_RANGE},
                        {2, activations + 0x2002, EPOCH_ERROR_ALIGNMENT, EPOCH_ERROR_ALIGNMENT},
                        {3, 18, EPOCH_ERROR_ALIGNMENT, EPOCH_ERROR_ALIGNMENT},
                        {4, 0xC0000000, EPOCH_ERROR_LOCAL_RANGE, EPOCH_ERROR_LOCAL_RANGE},
                        {6, 18, EPOCH_ERROR_ALIGNMENT, EPOCH_ERROR_ALIGNMENT},
                        {7, 0xC0000001, none, EPOCH_ERROR_ALIGNMENT},
                        {8, 17, none, EPOCH_ERROR_ALIGNMENT},
                        {2, activations + 0x1004, EPOCH_ERROR_OVERLAP, EPOCH_ERROR_OVERLAP},
                        {2, activations + 0x1000, none, none},  // in place
                        {4, activations + 0x1010, EPOCH_ERROR_OVERLAP, EPOCH_ERROR_OVERLAP},
                        {5, activations + 0x0FF0, EPOCH_ERROR_OVERLAP, EPOCH_ERROR_OVERLAP},
                        {7, activations + 0x1010, none, EPOCH_ERROR_OVERLAP}};
  for (const Case& row : cases)
    for (const bool with_d : {false, true}) {
      CAPTURE(row.word, row.value, with_d);
      Descriptor words = to_words(streams());
      words[row.word] = row.value;
      Ring ring;
      REQUIRE(ring(ssm_coeff(EPOCH_MODE_SELECTIVE)) == EPOCH_ERROR_NONE);
      REQUIRE(ring(words) == EPOCH_ERROR_NONE);
      CHECK(ring(ssm(EPOCH_MODE_SELECTIVE, fp32, with_d ? EPOCH_ARRAY_EXTRA : 0)) ==
            (with_d ? row.with_d : row.plain));
    }
  // d and a_k are 4 bytes wide in every type, what STREAMS names is as wide as the type.
  Ring ring;
  REQUIRE(ring(ssm_coeff(EPOCH_MODE_SSD, bf16)) == EPOCH_ERROR_NONE);
  REQUIRE(ring(streams(bf16)) == EPOCH_ERROR_NONE);
  REQUIRE(ring(ssm(EPOCH_MODE_SSD, bf16, EPOCH_ARRAY_EXTRA)) == EPOCH_ERROR_NONE);
  const auto& work = ring.work<ArrayWork>();
  CHECK(work.source.row_bytes == 16);
  for (const LocalTile* tile : {&work.drive, &work.b, &work.c, &work.u}) {
    CHECK(tile->rows == 8);
    CHECK(tile->row_bytes == 8);
  }
}
