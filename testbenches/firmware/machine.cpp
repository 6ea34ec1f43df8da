// SPDX-License-Identifier: Apache-2.0
#include "firmware/machine.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace epoch::test {
namespace {

constexpr std::uint32_t bus_space = EPOCH_BUFFERS;

float as_float(std::uint32_t bits) {
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

float gelu(float x) {
  return 0.5f * x * (1.0f + std::erf(x / std::sqrt(2.0f)));
}

}  // namespace

Machine::Machine(const epoch_caps& caps, std::uint64_t memory_base, std::size_t memory_bytes,
                 std::uint32_t seed)
    : caps_(caps), memory_base_(memory_base), memory_(memory_bytes), random_(seed) {
  for (unsigned b = 0; b < EPOCH_BUFFERS; ++b) buffers_[b].assign(caps.buffer_bytes[b], 0xFF);
  fifo_depth_ = std::uniform_int_distribution<std::size_t>(1, 16)(random_);
  overlap_ = std::uniform_int_distribution<std::size_t>(1, 4)(random_);
}

void Machine::fail(const std::string& text) {
  if (problem_.empty()) problem_ = "at descriptor " + std::to_string(position_) + ": " + text;
}

bool Machine::semaphores_zero() const {
  return std::all_of(semaphores_.begin(), semaphores_.end(), [](int n) { return n == 0; });
}

bool Machine::all_idle() const {
  for (unsigned e = 0; e < EPOCH_ENGINES; ++e)
    if (!fifos_[e].empty() || !running_[e].empty()) return false;
  return true;
}

// ---- Events ----

bool Machine::can_fetch(const epoch_program& program) const {
  if (position_ == program.count) return false;
  const std::uint32_t opcode = EPOCH_CONTROL_OPCODE(program.descriptors[position_].command.control);
  const std::uint32_t engine = epoch_opcode_engine(opcode);
  if (engine == EPOCH_ENGINE_CONTROL) return all_idle();  // FENCE holds, IRQ tells
  return fifos_[engine].size() < fifo_depth_;
}

void Machine::fetch(const epoch_program& program) {
  const epoch_descriptor& descriptor = program.descriptors[position_++];
  const std::uint32_t opcode = EPOCH_CONTROL_OPCODE(descriptor.command.control);
  const std::uint32_t engine = epoch_opcode_engine(opcode);
  if (engine != EPOCH_ENGINE_CONTROL) {
    fifos_[engine].push_back(descriptor);
  } else if (opcode == EPOCH_OP_IRQ) {
    done_ = true;
    if (position_ != program.count) fail("IRQ before the end");
  } else if (opcode != EPOCH_OP_FENCE || descriptor.command.semaphores != 0) {
    fail("unexpected control command");
  }
}

bool Machine::can_start(unsigned engine) const {
  if (fifos_[engine].empty() || running_[engine].size() >= overlap_) return false;
  const std::uint32_t field = fifos_[engine].front().command.semaphores;
  for (unsigned shift = 0; shift < 16; shift += 8) {
    const std::uint32_t wait = (field >> shift) & 0xFFu;
    if (wait != 0 && semaphores_[wait & 0xFu] == 0) return false;
  }
  return true;
}

void Machine::start(unsigned engine) {
  InFlight command;
  command.descriptor = fifos_[engine].front();
  fifos_[engine].pop_front();
  const std::uint32_t field = command.descriptor.command.semaphores;
  if ((field & 0xFFu) != 0 && (field & 0xFFu) == ((field >> 8) & 0xFFu))
    fail("the same semaphore twice in one wait");
  for (unsigned shift = 0; shift < 16; shift += 8) {
    const std::uint32_t wait = (field >> shift) & 0xFFu;
    if (wait != 0) --semaphores_[wait & 0xFu];
  }
  decode(command.descriptor, command);
  check_hazards(engine, command);
  const bool dma = engine == EPOCH_ENGINE_DMA_IN || engine == EPOCH_ENGINE_DMA_OUT;
  if (!dma) command.reads.clear();  // taken
  running_[engine].push_back(std::move(command));
  for (unsigned other = 0; other < EPOCH_ENGINES; ++other) {
    if (other == engine || running_[other].empty()) continue;
    overlapped_[engine][other] = overlapped_[other][engine] = true;
  }
}

void Machine::retire(unsigned engine) {
  InFlight command = std::move(running_[engine].front());
  running_[engine].pop_front();
  if (command.publish) command.publish();
  const std::uint32_t field = command.descriptor.command.semaphores;
  for (unsigned shift = 16; shift < 32; shift += 8) {
    const std::uint32_t signal = (field >> shift) & 0xFFu;
    if (signal != 0 && ++semaphores_[signal & 0xFu] > EPOCH_SEMAPHORE_MAX)
      fail("semaphore overflow");
  }
}

bool Machine::run(const epoch_program& program) {
  position_ = 0;
  done_ = false;
  for (;;) {
    std::vector<unsigned> events;  // 0..3 start, 4..7 retire, 8 fetch
    for (unsigned e = 0; e < EPOCH_ENGINES; ++e) {
      if (can_start(e)) events.push_back(e);
      if (!running_[e].empty()) events.push_back(EPOCH_ENGINES + e);
    }
    if (can_fetch(program)) events.push_back(2 * EPOCH_ENGINES);
    if (events.empty() || !problem_.empty()) break;
    const unsigned event =
        events[std::uniform_int_distribution<std::size_t>(0, events.size() - 1)(random_)];
    if (event < EPOCH_ENGINES)
      start(event);
    else if (event < 2 * EPOCH_ENGINES)
      retire(event - EPOCH_ENGINES);
    else
      fetch(program);
  }
  if (position_ != program.count || !all_idle()) fail("deadlock");
  return problem_.empty();
}

// ---- Bytes ----

std::uint8_t* Machine::at(std::uint32_t space, std::uint64_t offset) {
  return space == bus_space ? memory(offset) : &buffers_[space][offset];
}

bool Machine::inside(std::uint32_t local, std::uint64_t bytes, unsigned alignment) {
  const std::uint32_t buffer = EPOCH_LOCAL_BUFFER(local);
  const std::uint64_t offset = EPOCH_LOCAL_OFFSET(local);
  if (buffer >= EPOCH_BUFFERS || offset + bytes > buffers_[buffer].size()) {
    fail("local range outside its buffer");
    return false;
  }
  if (offset % alignment != 0) {
    fail("misaligned local address");
    return false;
  }
  return true;
}

std::vector<Machine::Range> Machine::rows(std::uint32_t local, std::uint32_t stride,
                                          std::uint32_t count, std::uint64_t row_bytes,
                                          unsigned alignment) {
  std::vector<Range> result;
  for (std::uint32_t r = 0; r < count; ++r) {
    const std::uint32_t row = local + r * stride;
    if (!inside(row, row_bytes, alignment)) return {};
    const std::uint64_t begin = EPOCH_LOCAL_OFFSET(row);
    result.push_back({EPOCH_LOCAL_BUFFER(row), begin, begin + row_bytes});
  }
  return result;
}

std::vector<float> Machine::read_rows(std::uint32_t local, std::uint32_t stride,
                                      std::uint32_t count, std::uint32_t length) {
  std::vector<float> values(std::size_t{count} * length);
  for (std::uint32_t r = 0; r < count; ++r) {
    const std::uint32_t row = local + r * stride;
    if (!inside(row, 4ull * length, 4)) break;
    std::memcpy(&values[std::size_t{r} * length],
                at(EPOCH_LOCAL_BUFFER(row), EPOCH_LOCAL_OFFSET(row)), 4ull * length);
  }
  return values;
}

void Machine::write_rows(std::uint32_t local, std::uint32_t stride, std::uint32_t count,
                         std::uint32_t length, const std::vector<float>& values) {
  for (std::uint32_t r = 0; r < count; ++r) {
    const std::uint32_t row = local + r * stride;
    std::memcpy(at(EPOCH_LOCAL_BUFFER(row), EPOCH_LOCAL_OFFSET(row)),
                &values[std::size_t{r} * length], 4ull * length);
  }
}

void Machine::check_hazards(unsigned engine, const InFlight& command) {
  const auto overlap = [](const std::vector<Range>& a, const std::vector<Range>& b) {
    for (const Range& x : a)
      for (const Range& y : b)
        if (x.space == y.space && x.begin < y.end && y.begin < x.end) return true;
    return false;
  };
  for (unsigned e = 0; e < EPOCH_ENGINES; ++e) {
    for (const InFlight& other : running_[e]) {
      if (overlap(command.reads, other.writes)) fail("reads what a running command writes");
      if (overlap(command.writes, other.reads)) fail("writes what a running command reads");
      if (e != engine && overlap(command.writes, other.writes))
        fail("writes what a running command of another engine writes");
    }
  }
}

// ---- Commands ----

void Machine::decode(const epoch_descriptor& descriptor, InFlight& command) {
  switch (EPOCH_CONTROL_OPCODE(descriptor.command.control)) {
    case EPOCH_OP_LOAD:
    case EPOCH_OP_STORE:
      return decode_transfer(descriptor, command);
    case EPOCH_OP_COEFF:
      return decode_coefficients(descriptor, command);
    case EPOCH_OP_SSM:
    case EPOCH_OP_GEMM:
      return decode_array(descriptor, command);
    case EPOCH_OP_AFFINE:
    case EPOCH_OP_LAYERNORM:
    case EPOCH_OP_POOL:
      return decode_vector(descriptor, command);
    default:
      fail("unexpected opcode");
  }
}

void Machine::decode_transfer(const epoch_descriptor& descriptor, InFlight& command) {
  const epoch_dma_command& dma = descriptor.dma;
  const bool load = EPOCH_CONTROL_OPCODE(dma.control) == EPOCH_OP_LOAD;
  const std::uint64_t bus = dma.bus_lo | std::uint64_t{dma.bus_hi} << 32;
  if (dma.rows == 0 || dma.row_bytes == 0 || dma.planes != 1) return fail("transfer of nothing");
  if (dma.local_row_stride % 4 != 0) return fail("misaligned local stride");
  std::vector<Range> local = rows(dma.local, dma.local_row_stride, dma.rows, dma.row_bytes, 4);
  std::vector<Range> remote;
  for (std::uint32_t r = 0; r < dma.rows; ++r) {
    const std::uint64_t begin =
        bus + static_cast<std::uint64_t>(static_cast<std::int64_t>(r) *
                                         static_cast<std::int32_t>(dma.bus_row_stride));
    if (begin < memory_base_ || begin + dma.row_bytes > memory_base_ + memory_.size())
      return fail("bus error");
    remote.push_back({bus_space, begin, begin + dma.row_bytes});
  }
  if (local.size() != remote.size()) return;
  command.reads = load ? remote : local;
  command.writes = load ? local : remote;
  std::vector<std::size_t> late;  // rows that move when the command retires
  for (std::size_t r = 0; r < local.size(); ++r) {
    const Range& from = command.reads[r];
    const Range& to = command.writes[r];
    if (std::bernoulli_distribution(0.5)(random_))
      late.push_back(r);
    else
      std::memmove(at(to.space, to.begin), at(from.space, from.begin), dma.row_bytes);
  }
  command.publish = [this, late, reads = command.reads, writes = command.writes] {
    for (const std::size_t r : late)
      std::memmove(at(writes[r].space, writes[r].begin), at(reads[r].space, reads[r].begin),
                   reads[r].end - reads[r].begin);
  };
}

void Machine::decode_coefficients(const epoch_descriptor& descriptor, InFlight& command) {
  const epoch_coeff_command& coeff = descriptor.coeff;
  Registers loaded;
  loaded.mode = EPOCH_FORMAT_MODE(coeff.format);
  loaded.channels = EPOCH_EXTENT_CHANNELS(coeff.extent);
  loaded.modes = EPOCH_EXTENT_MODES(coeff.extent);
  const std::uint32_t per_mode =
      loaded.mode == EPOCH_MODE_COMPLEX ? 4 : (loaded.mode == EPOCH_MODE_REAL ? 2 : 1);
  const std::uint32_t words = loaded.channels * loaded.modes * per_mode;
  const std::uint32_t extra =
      (EPOCH_FORMAT_FLAGS(coeff.format) & EPOCH_COEFF_EXTRA) != 0 ? loaded.channels : 0;
  if (loaded.channels == 0 || loaded.modes == 0) return fail("empty coefficient block");
  const std::uint32_t rows_per_channel = (loaded.modes + caps_.array.segment_rows - 1) /
                                         caps_.array.segment_rows * caps_.array.segment_rows;
  const bool fits =
      loaded.mode == EPOCH_MODE_MAC
          ? loaded.channels <= caps_.array.cols && loaded.modes <= caps_.array.rows
          : loaded.modes <= caps_.array.rows &&
                loaded.channels <= caps_.array.rows / rows_per_channel * caps_.array.cols;
  if (!fits) return fail("block larger than the array");
  command.reads = rows(coeff.local, 0, 1, 4ull * (words + extra), 4);
  const std::vector<float> values = read_rows(coeff.local, 0, 1, words + extra);
  loaded.words.assign(values.begin(), values.begin() + words);
  loaded.extra.assign(values.begin() + words, values.end());
  registers_ = loaded;
}

std::vector<float> Machine::run_ssm(const epoch_array_command& command,
                                    const std::vector<float>& y0) {
  const std::uint32_t channels = registers_.channels;
  const std::uint32_t modes = registers_.modes;
  const bool is_complex = registers_.mode == EPOCH_MODE_COMPLEX;
  const std::uint32_t segment = caps_.array.segment_rows;
  const std::uint32_t rows_per_channel = (modes + segment - 1) / segment * segment;
  const std::vector<float> u =
      read_rows(command.source, command.source_stride, command.steps, channels);
  if (EPOCH_FORMAT_FLAGS(command.format) & EPOCH_ARRAY_ZERO_STATE) state_.clear();
  std::vector<float> y = y0;
  for (std::uint32_t c = 0; c < channels; ++c) {
    const std::uint32_t column = c % caps_.array.cols;
    const std::uint32_t first_row = c / caps_.array.cols * rows_per_channel;
    for (std::uint32_t m = 0; m < modes; ++m) {
      std::array<float, 2>& x = state_[{first_row + m, column}];
      const float* w = &registers_.words[(std::size_t{c} * modes + m) * (is_complex ? 4 : 2)];
      for (std::uint32_t t = 0; t < command.steps; ++t) {
        const float in = u[std::size_t{t} * channels + c];
        float& out = y[std::size_t{t} * channels + c];
        if (is_complex) {
          const float re = w[0] * x[0] - w[1] * x[1] + in;
          x[1] = w[0] * x[1] + w[1] * x[0];
          x[0] = re;
          out += w[2] * x[0] - w[3] * x[1];
        } else {
          x[0] = w[0] * x[0] + in;
          out += w[1] * x[0];
        }
      }
    }
  }
  if (EPOCH_FORMAT_FLAGS(command.format) & EPOCH_ARRAY_EXTRA) {
    for (std::size_t i = 0; i < y.size(); ++i) y[i] += registers_.extra.at(i % channels) * u[i];
  }
  ssm_elements_ += std::uint64_t{command.steps} * channels * modes;
  return y;
}

std::vector<float> Machine::run_gemm(const epoch_array_command& command,
                                     const std::vector<float>& y0) {
  const std::uint32_t columns = registers_.channels;
  const std::uint32_t inputs = registers_.modes;
  const std::vector<float> u =
      read_rows(command.source, command.source_stride, command.steps, inputs);
  std::vector<float> y = y0;
  for (std::uint32_t t = 0; t < command.steps; ++t) {
    for (std::uint32_t c = 0; c < columns; ++c) {
      float& out = y[std::size_t{t} * columns + c];
      for (std::uint32_t i = 0; i < inputs; ++i)
        out += registers_.words[std::size_t{c} * inputs + i] * u[std::size_t{t} * inputs + i];
      if (EPOCH_FORMAT_FLAGS(command.format) & EPOCH_ARRAY_EXTRA) out += registers_.extra.at(c);
    }
  }
  gemm_products_ += std::uint64_t{command.steps} * columns * inputs;
  return y;
}

void Machine::decode_array(const epoch_descriptor& descriptor, InFlight& command) {
  const epoch_array_command& array = descriptor.array;
  const bool gemm = EPOCH_CONTROL_OPCODE(array.control) == EPOCH_OP_GEMM;
  const std::uint32_t flags = EPOCH_FORMAT_FLAGS(array.format);
  const std::uint32_t steps = array.steps;
  if (steps == 0) return fail("no steps");
  if (EPOCH_FORMAT_MODE(array.format) != registers_.mode ||
      array.extent != EPOCH_EXTENT(registers_.channels, registers_.modes))
    return fail("the array holds other coefficients");
  if ((flags & EPOCH_ARRAY_EXTRA) != 0 && registers_.extra.empty())
    return fail("EXTRA without a vector");
  const bool partial = (flags & EPOCH_ARRAY_ACC_OUT) != 0;
  const std::uint32_t in = gemm ? registers_.modes : registers_.channels;
  const std::uint32_t wide = registers_.channels;
  const bool glu = array.activation == EPOCH_ACTIVATION_GLU;
  const std::uint32_t out = glu && !partial ? wide / 2 : wide;

  command.reads = rows(array.source, array.source_stride, steps, 4ull * in, 4);
  std::vector<float> y(std::size_t{steps} * wide, 0.0f);
  if (flags & EPOCH_ARRAY_ACC_IN) {
    const auto sums = rows(array.accumulator, array.accumulator_stride, steps, 4ull * wide, 4);
    command.reads.insert(command.reads.end(), sums.begin(), sums.end());
    y = read_rows(array.accumulator, array.accumulator_stride, steps, wide);
  }
  std::vector<float> stored(std::size_t{steps} * out, 0.0f);
  if (flags & EPOCH_ARRAY_COMBINE) {
    const auto ranges = rows(array.stored, array.stored_stride, steps, 4ull * out, 4);
    command.reads.insert(command.reads.end(), ranges.begin(), ranges.end());
    stored = read_rows(array.stored, array.stored_stride, steps, out);
  }
  command.writes = rows(array.destination, array.destination_stride, steps, 4ull * out, 4);
  if (!problem_.empty()) return;

  y = gemm ? run_gemm(array, y) : run_ssm(array, y);
  std::vector<float> result(std::size_t{steps} * out);
  for (std::size_t i = 0; i < result.size(); ++i) {
    float v = glu && !partial ? y[2 * i] / (1.0f + std::exp(-y[2 * i + 1])) : y[i];
    if (partial) {
      result[i] = v;
      continue;
    }
    if (!gemm) v += stored[i];
    if (array.activation == EPOCH_ACTIVATION_GELU) v = gelu(v);
    result[i] = gemm ? v + stored[i] : v;
  }
  command.publish = [this, array, steps, out, result] {
    write_rows(array.destination, array.destination_stride, steps, out, result);
  };
}

void Machine::decode_vector(const epoch_descriptor& descriptor, InFlight& command) {
  const epoch_vector_command& vector = descriptor.vector;
  const std::uint32_t opcode = EPOCH_CONTROL_OPCODE(vector.control);
  const std::uint32_t flags = EPOCH_FORMAT_FLAGS(vector.format);
  const std::uint32_t n = vector.length;
  if (vector.rows == 0 || n == 0) return fail("empty vector command");
  const bool affine = opcode == EPOCH_OP_AFFINE;
  const bool pool = opcode == EPOCH_OP_POOL;
  const std::uint32_t out_rows = pool ? 1 : vector.rows;
  command.reads =
      rows(vector.source, vector.source_stride, vector.rows, affine ? n : 4ull * n, affine ? 1 : 4);
  command.writes = rows(vector.destination, vector.destination_stride, out_rows, 4ull * n, 4);
  if (opcode == EPOCH_OP_LAYERNORM) {
    const auto parameters = rows(vector.parameters, 0, 1, 8ull * n, 4);
    command.reads.insert(command.reads.end(), parameters.begin(), parameters.end());
  }
  if (pool && (flags & EPOCH_VECTOR_ACC))
    command.reads.insert(command.reads.end(), command.writes.begin(), command.writes.end());
  if (!problem_.empty()) return;

  std::vector<float> result(std::size_t{out_rows} * n, 0.0f);
  if (affine) {
    for (std::uint32_t r = 0; r < vector.rows; ++r) {
      const std::uint32_t row = vector.source + r * vector.source_stride;
      const std::uint8_t* pixels = at(EPOCH_LOCAL_BUFFER(row), EPOCH_LOCAL_OFFSET(row));
      for (std::uint32_t i = 0; i < n; ++i)
        result[std::size_t{r} * n + i] =
            static_cast<float>(pixels[i]) * as_float(vector.immediate0) +
            as_float(vector.immediate1);
    }
  } else {
    const std::vector<float> in = read_rows(vector.source, vector.source_stride, vector.rows, n);
    if (pool) {
      if (flags & EPOCH_VECTOR_ACC) result = read_rows(vector.destination, 0, 1, n);
      for (std::size_t i = 0; i < in.size(); ++i) result[i % n] += in[i];
      for (float& value : result)
        if (flags & EPOCH_VECTOR_SCALE) value *= as_float(vector.immediate0);
    } else {
      const std::vector<float> parameters = read_rows(vector.parameters, 0, 1, 2 * n);
      for (std::uint32_t r = 0; r < vector.rows; ++r) {
        const float* x = &in[std::size_t{r} * n];
        double mean = 0;
        double variance = 0;
        for (std::uint32_t i = 0; i < n; ++i) mean += x[i] / double(n);
        for (std::uint32_t i = 0; i < n; ++i) variance += (x[i] - mean) * (x[i] - mean) / double(n);
        const double scale = 1.0 / std::sqrt(variance + double{as_float(vector.immediate0)});
        for (std::uint32_t i = 0; i < n; ++i)
          result[std::size_t{r} * n + i] =
              static_cast<float>((x[i] - mean) * scale) * parameters[i] + parameters[n + i];
      }
    }
  }
  command.publish = [this, vector, out_rows, n, result] {
    write_rows(vector.destination, vector.destination_stride, out_rows, n, result);
  };
}

}  // namespace epoch::test
