// SPDX-License-Identifier: Apache-2.0
// Type int8 from bytes in the buffers to bytes in the buffers, against its definition in integers.
#include <catch2/catch.hpp>
#include <memory>

#include "device_bench.h"
#include "models/pe_grid/int8_reference.h"

using namespace epoch;
using int8_reference::Case;
using int8_reference::integer;

namespace {

constexpr unsigned cases = 120;
constexpr std::uint32_t first_seed = 500;

using Bytes = std::vector<std::uint8_t>;

void append(Bytes& bytes, float word, unsigned width) {
  const auto value = static_cast<std::uint32_t>(integer(word));
  for (unsigned i = 0; i < width; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

// A case's operands where a command finds them; the contract's layout, by hand.
class Int8Program {
 public:
  explicit Int8Program(const Case& c) : case_(c), mac_(c.block.mode == ArrayMode::mac) {
    const unsigned words = mac_ ? 1 : c.block.mode == ArrayMode::real ? 2 : 4;
    Bytes block;
    for (std::size_t i = 0; i < c.words.size(); ++i)
      append(block, c.words[i], !mac_ && i % words < words / 2 ? 2 : 1);
    while (block.size() % 4 != 0) block.push_back(0xEE);
    for (const float scale : c.scale) append(block, scale, 4);
    if (c.command.use_extra)
      for (const float extra : c.extra) append(block, extra, 4);
    block_ = place(block);
    Bytes state;
    for (const float word : c.state) append(state, word, 4);
    state_ = place(state);
    source_ = place(mac_ ? plain(c.u, 1) : rows(c.u, 1));
    stored_ = place(rows(c.stored, 4));
    sums_ = place(rows(c.acc, 4));
    result_ = place(Bytes(elements() * 4, 0xDD));
  }

  std::vector<Descriptor> commands() const {
    const unsigned mode = mac_                                     ? EPOCH_MODE_MAC
                          : case_.block.mode == ArrayMode::complex ? EPOCH_MODE_COMPLEX
                                                                   : EPOCH_MODE_REAL;
    const CoefficientBlock& block = case_.block;
    const unsigned channels = block.channels, modes = block.modes, sequences = block.sequences;
    std::vector<Descriptor> list = {coeff_command(
        mode, channels, modes, block_, case_.command.use_extra, EPOCH_TYPE_INT8, sequences)};
    const auto state = [&](bool save) {
      list.push_back(
          state_command(mode, channels, modes, state_, save, EPOCH_TYPE_INT8, sequences));
    };
    if (!mac_) state(false);
    list.push_back(array(mode));
    if (!mac_) state(true);
    return list;
  }

  void write(DeviceBench& bench) const {
    for (const auto& [at, bytes] : operands_)
      if (!bytes.empty()) bench.poke(at, bytes.data(), bytes.size());
  }

  Bytes expected_results(const std::vector<float>& defined) const {
    return rows(defined, result_bytes());
  }
  Bytes results(DeviceBench& bench) const {
    return peek(bench, result_, elements() * result_bytes());
  }
  Bytes expected_state(const Case& after) const {
    Bytes bytes;
    for (const float word : after.state) append(bytes, word, 4);
    return bytes;
  }
  Bytes state(DeviceBench& bench) const { return peek(bench, state_, 4 * case_.state.size()); }

 private:
  std::size_t elements() const { return std::size_t{case_.command.steps} * case_.block.lanes(); }
  unsigned result_bytes() const {
    return case_.command.output == NumberType::fp32   ? 4
           : case_.command.output == NumberType::bf16 ? 2
                                                      : 1;
  }
  std::uint32_t place(const Bytes& bytes) {
    const std::uint32_t at = EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, next_);
    next_ += static_cast<std::uint32_t>(bytes.size() + 3) / 4 * 4;
    operands_.emplace_back(at, bytes);
    return at;
  }
  static Bytes plain(const std::vector<float>& words, unsigned width) {
    Bytes bytes;
    for (const float word : words) append(bytes, word, width);
    return bytes;
  }
  // [step][lane] as rows of channels, one sequence below the other. bf16 is a word's upper half.
  Bytes rows(const std::vector<float>& words, unsigned width) const {
    Bytes bytes;
    const std::size_t lanes = case_.block.lanes(), sequences = case_.block.sequences;
    for (std::size_t z = 0; z < sequences; ++z)
      for (std::size_t t = 0; t < case_.command.steps; ++t)
        for (std::size_t lane = z; lane < lanes; lane += sequences) {
          const std::int32_t value = integer(words[t * lanes + lane]);
          append(bytes, int8_reference::word(width == 2 ? value >> 16 : value), width);
        }
    return bytes;
  }
  static Bytes peek(DeviceBench& bench, std::uint32_t at, std::size_t count) {
    Bytes bytes(count);
    if (count != 0) bench.peek(at, bytes.data(), count);
    return bytes;
  }
  Descriptor array(unsigned mode) const {
    const ArrayCommand& command = case_.command;
    std::uint32_t flags = 0;
    if (command.use_extra) flags |= EPOCH_ARRAY_EXTRA;
    if (command.stored != nullptr) flags |= EPOCH_ARRAY_COMBINE;
    if (command.accumulator != nullptr) flags |= EPOCH_ARRAY_ACC_IN;
    if (command.partial) flags |= EPOCH_ARRAY_ACC_OUT;
    if (command.reverse) flags |= EPOCH_ARRAY_REVERSE;
    const unsigned channels = case_.block.channels;
    epoch_array_command raw = array_raw(mode, channels, case_.block.modes, command.steps, source_,
                                        result_, flags, EPOCH_TYPE_INT8);
    raw.destination_stride = result_bytes() * channels;
    raw.stored = stored_;
    raw.accumulator = sums_;
    raw.stored_stride = raw.accumulator_stride = 4 * channels;
    const unsigned output = result_bytes() == 4   ? EPOCH_TYPE_FP32
                            : result_bytes() == 2 ? EPOCH_TYPE_BF16
                                                  : EPOCH_TYPE_INT8;
    raw.types = EPOCH_ARRAY_TYPES(output, 0, case_.block.sequences);
    if (output == EPOCH_TYPE_INT8) std::memcpy(&raw.scale, &command.output_scale, 4);
    return to_words(raw);
  }

  const Case& case_;
  const bool mac_;
  std::vector<std::pair<std::uint32_t, Bytes>> operands_;
  std::uint32_t next_ = 0;
  std::uint32_t block_ = 0, state_ = 0, source_ = 0, stored_ = 0, sums_ = 0, result_ = 0;
};

}  // namespace

TEST_CASE("int8 commands equal the definition in integers, clamped words are counted") {
  std::vector<std::unique_ptr<DeviceBench>> benches;
  for (unsigned i = 0; i < cases; ++i) {
    EpochCoreConfig config;
    config.pe_grid = int8_reference::random_case(first_seed + i).config;
    config.fidelity = i % 2 == 0 ? Fidelity::fast : Fidelity::cycle;
    config.activations = {64, 8, 64};
    config.coefficients = config.accumulators = {1, 4, 64};
    benches.push_back(std::make_unique<DeviceBench>(config, "c" + std::to_string(i) + "_"));
  }
  std::uint64_t clamped_in_all = 0;
  for (unsigned i = 0; i < cases; ++i) {
    CAPTURE(first_seed + i);
    DeviceBench& bench = *benches[i];
    const Case original = int8_reference::random_case(first_seed + i);
    const Int8Program program(original);
    program.write(bench);
    bench.execute(program.commands());
    Case after = original;
    after.command.accumulator =
        original.command.accumulator == nullptr ? nullptr : after.acc.data();
    std::uint64_t clamped = 0;
    const std::vector<float> defined = int8_reference::defined(after, clamped);
    CHECK(program.results(bench) == program.expected_results(defined));
    CHECK(program.state(bench) == program.expected_state(after));
    CHECK(bench.statistic(bench.core.name() + std::string(".counters.numeric_saturated")) ==
          static_cast<double>(clamped));
    clamped_in_all += clamped;
  }
  CHECK(clamped_in_all > 0);
}
