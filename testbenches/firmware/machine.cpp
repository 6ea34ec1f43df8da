// SPDX-License-Identifier: Apache-2.0
#include "firmware/machine.h"

#include <algorithm>
#include <cstring>
#include <sstream>
#include <utility>

#include "epochcore/pe_grid/operands.h"
#include "epochcore/vector_ops.h"

namespace epoch::test {
namespace {

constexpr std::uint32_t bus_space = EPOCH_BUFFERS;

NumberType number_type(Element element) {
  return element == Element::bf16   ? NumberType::bf16
         : element == Element::int8 ? NumberType::int8
                                    : NumberType::fp32;
}

}  // namespace

Limits limits_of_caps(const epoch_caps& caps) {
  Limits limits;
  for (unsigned b = 0; b < EPOCH_BUFFERS; ++b) limits.buffer_bytes[b] = caps.buffer_bytes[b];
  limits.array.rows = caps.array.rows;
  limits.array.cols = caps.array.cols;
  limits.array.segment_rows = caps.array.segment_rows;
  limits.array.state_slots = caps.array.state_slots;
  limits.array.slots_kind = static_cast<SlotsKind>(caps.array.slots_kind);
  limits.array.drain_lanes = caps.array.cols;
  limits.modes = caps.modes;
  limits.types = caps.types;
  limits.activations = caps.activations;
  limits.vector_ops = caps.vector_ops;
  return limits;
}

Machine::Machine(const epoch_caps& caps, std::uint64_t memory_base, std::size_t memory_bytes,
                 std::uint32_t seed)
    : memory_base_(memory_base),
      memory_(memory_bytes),
      random_(seed),
      decoder_(limits_of_caps(caps)),
      array_(PeArray::make(Fidelity::fast, limits_of_caps(caps).array)) {
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

// Buffers are all ones at first.
bool Machine::written_only_in(const epoch_share& share) const {
  const auto untouched = [](std::uint8_t byte) { return byte == 0xFF; };
  for (unsigned b = 0; b < EPOCH_BUFFERS; ++b) {
    const auto begin = buffers_[b].begin() + share.begin[b];
    if (!std::all_of(buffers_[b].begin(), begin, untouched)) return false;
    if (!std::all_of(begin + share.bytes[b], buffers_[b].end(), untouched)) return false;
  }
  return true;
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
  Descriptor words;
  std::memcpy(words.data(), program.descriptors[position_].words, sizeof words);
  Command command;
  const DecodeError error = decoder_.decode(words, position_++, command);
  if (error.code != EPOCH_ERROR_NONE) {
    std::ostringstream text;
    text << opcode_name(EPOCH_CONTROL_OPCODE(words[0])) << " refused with error 0x" << std::hex
         << error.code << " at 0x" << error.address;
    return fail(text.str());
  }
  if (command.engine == EPOCH_ENGINE_CONTROL)
    control(command, position_ == program.count);
  else
    fifos_[command.engine].push_back(command);
}

void Machine::control(const Command& command, bool last) {
  const bool waits = command.waits[0] != no_semaphore || command.signals[0] != no_semaphore;
  if (command.opcode == EPOCH_OP_IRQ) {
    done_ = true;
    if (!last) fail("IRQ before the end");
  } else if (command.opcode != EPOCH_OP_FENCE || waits) {
    fail("unexpected control command");
  }
}

bool Machine::can_start(unsigned engine) const {
  if (fifos_[engine].empty() || running_[engine].size() >= overlap_) return false;
  for (const std::uint8_t wait : fifos_[engine].front().waits)
    if (wait != no_semaphore && semaphores_[wait] == 0) return false;
  return true;
}

void Machine::start(unsigned engine) {
  InFlight running;
  running.command = fifos_[engine].front();
  fifos_[engine].pop_front();
  for (const std::uint8_t wait : running.command.waits)
    if (wait != no_semaphore) --semaphores_[wait];
  execute(running);
  check_hazards(engine, running);
  const bool dma = engine == EPOCH_ENGINE_DMA_IN || engine == EPOCH_ENGINE_DMA_OUT;
  if (!dma) running.reads.clear();  // taken
  running_[engine].push_back(std::move(running));
  for (unsigned other = 0; other < EPOCH_ENGINES; ++other) {
    if (other == engine || running_[other].empty()) continue;
    overlapped_[engine][other] = overlapped_[other][engine] = true;
  }
}

void Machine::retire(unsigned engine) {
  const InFlight running = std::move(running_[engine].front());
  running_[engine].pop_front();
  if (running.publish) running.publish();
  for (const std::uint8_t signal : running.command.signals)
    if (signal != no_semaphore && ++semaphores_[signal] > EPOCH_SEMAPHORE_MAX)
      fail("semaphore overflow");
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

std::vector<Machine::Range> Machine::ranges(const LocalTile& tile) const {
  std::vector<Range> result;
  const std::uint32_t buffer = EPOCH_LOCAL_BUFFER(tile.address);
  const bool packed = tile.stride == static_cast<std::int32_t>(tile.row_bytes);
  if (packed && tile.rows != 0) {  // one piece
    const std::uint64_t begin = EPOCH_LOCAL_OFFSET(tile.address);
    return {{buffer, begin, begin + tile.bytes()}};
  }
  for (std::uint32_t r = 0; r < tile.rows; ++r) {
    const std::int64_t begin =
        std::int64_t{EPOCH_LOCAL_OFFSET(tile.address)} + std::int64_t{r} * tile.stride;
    const auto offset = static_cast<std::uint64_t>(begin);
    result.push_back({buffer, offset, offset + tile.row_bytes});
  }
  return result;
}

Machine::Range Machine::bus_range(std::uint64_t address, std::uint64_t bytes) {
  if (address < memory_base_ || address + bytes > memory_base_ + memory_.size()) {
    fail("bus error");
    return {bus_space, memory_base_, memory_base_};
  }
  return {bus_space, address, address + bytes};
}

std::vector<std::uint8_t> Machine::read(const LocalTile& tile, InFlight& command) {
  std::vector<std::uint8_t> bytes;
  for (const Range& range : ranges(tile)) {
    const std::uint8_t* from = at(range.space, range.begin);
    bytes.insert(bytes.end(), from, from + (range.end - range.begin));
    command.reads.push_back(range);
  }
  return bytes;
}

std::vector<float> Machine::read_words(const LocalTile& tile, NumberType type, InFlight& command) {
  const std::vector<std::uint8_t> bytes = read(tile, command);
  std::vector<float> words(bytes.size() / type_bytes(type));
  unpack_words(type, bytes.data(), words.size(), words.data());
  return words;
}

void Machine::write_later(const LocalTile& tile, std::vector<std::uint8_t> bytes,
                          InFlight& command) {
  const std::vector<Range> rows = ranges(tile);
  command.writes.insert(command.writes.end(), rows.begin(), rows.end());
  command.publish = [this, rows, bytes = std::move(bytes), before = command.publish] {
    if (before) before();
    for (std::size_t r = 0, from = 0; r < rows.size(); from += rows[r].end - rows[r].begin, ++r)
      std::memcpy(at(rows[r].space, rows[r].begin), bytes.data() + from,
                  rows[r].end - rows[r].begin);
  };
}

// What ranges span, by address space: most pairs of commands are told apart by that.
std::vector<Machine::Range> Machine::hulls(const std::vector<Range>& ranges) {
  std::vector<Range> result;
  for (const Range& range : ranges) {
    const auto same = std::find_if(result.begin(), result.end(),
                                   [&](const Range& hull) { return hull.space == range.space; });
    if (same == result.end()) {
      result.push_back(range);
      continue;
    }
    same->begin = std::min(same->begin, range.begin);
    same->end = std::max(same->end, range.end);
  }
  return result;
}

void Machine::check_hazards(unsigned engine, const InFlight& command) {
  const auto meet = [](const Range& x, const Range& y) {
    return x.space == y.space && x.begin < y.end && y.begin < x.end;
  };
  const auto overlap = [&](const std::vector<Range>& a, const std::vector<Range>& b) {
    for (const Range& whole : hulls(a))
      for (const Range& other : hulls(b))
        if (meet(whole, other))
          return std::any_of(a.begin(), a.end(), [&](const Range& x) {
            return std::any_of(b.begin(), b.end(), [&](const Range& y) { return meet(x, y); });
          });
    return false;
  };
  for (unsigned e = 0; e < EPOCH_ENGINES; ++e) {
    for (const InFlight& other : running_[e]) {
      const std::string pair = std::string(opcode_name(command.command.opcode)) + " " +
                               std::to_string(command.command.sequence) + ", " +
                               opcode_name(other.command.opcode) + " " +
                               std::to_string(other.command.sequence) + " running: ";
      if (overlap(command.reads, other.writes) || overlap(command.taken, other.writes))
        fail(pair + "reads what it writes");
      if (overlap(command.writes, other.reads)) fail(pair + "writes what it reads");
      if (e != engine && overlap(command.writes, other.writes))
        fail(pair + "writes what it writes");
    }
  }
}

// ---- Commands ----

void Machine::execute(InFlight& running) {
  const Command& command = running.command;
  if (const auto* dma = std::get_if<DmaWork>(&command.work)) {
    if (command.opcode == EPOCH_OP_GATHER) return gather(*dma, running);
    return transfer(*dma, command.opcode == EPOCH_OP_LOAD, running);
  }
  if (const auto* coefficients = std::get_if<CoefficientWork>(&command.work))
    return load_coefficients(*coefficients, running);
  if (const auto* state = std::get_if<StateWork>(&command.work))
    return exchange_state(*state, running);
  if (const auto* array = std::get_if<ArrayWork>(&command.work)) return run_array(*array, running);
  if (const auto* vector = std::get_if<VectorWork>(&command.work))
    return run_vector(command.opcode, *vector, running);
}

// Each row at the start or at the end.
void Machine::move_late(const std::vector<Range>& from, const std::vector<Range>& to,
                        InFlight& command) {
  std::vector<std::size_t> late;
  for (std::size_t r = 0; r < from.size(); ++r) {
    if (std::bernoulli_distribution(0.5)(random_))
      late.push_back(r);
    else
      std::memmove(at(to[r].space, to[r].begin), at(from[r].space, from[r].begin),
                   from[r].end - from[r].begin);
  }
  command.reads = from;
  command.writes = to;
  command.publish = [this, late, from, to] {
    for (const std::size_t r : late)
      std::memmove(at(to[r].space, to[r].begin), at(from[r].space, from[r].begin),
                   from[r].end - from[r].begin);
  };
}

void Machine::transfer(const DmaWork& work, bool load, InFlight& command) {
  std::vector<Range> local, remote;
  for (std::uint32_t p = 0; p < work.planes; ++p) {
    for (std::uint32_t r = 0; r < work.rows; ++r) {
      const std::int64_t bus =
          std::int64_t{r} * work.bus_row_stride + std::int64_t{p} * work.bus_plane_stride;
      const std::int64_t offset =
          std::int64_t{r} * work.local_row_stride + std::int64_t{p} * work.local_plane_stride;
      const std::uint64_t at_offset =
          EPOCH_LOCAL_OFFSET(work.local) + static_cast<std::uint64_t>(offset);
      local.push_back({EPOCH_LOCAL_BUFFER(work.local), at_offset, at_offset + work.row_bytes});
      remote.push_back(bus_range(work.bus + static_cast<std::uint64_t>(bus), work.row_bytes));
    }
  }
  if (!problem_.empty()) return;
  load ? move_late(remote, local, command) : move_late(local, remote, command);
}

void Machine::gather(const DmaWork& work, InFlight& command) {
  InFlight indices;
  const std::vector<std::uint8_t> bytes = read(work.indices, indices);
  std::vector<Range> local, remote;
  for (std::uint32_t r = 0; r < work.rows; ++r) {
    std::uint32_t index;
    std::memcpy(&index, &bytes[4 * std::size_t{r}], sizeof index);
    if (index >= work.table_rows) return fail("index outside the table");
    const std::uint64_t offset =
        EPOCH_LOCAL_OFFSET(work.local) +
        static_cast<std::uint64_t>(std::int64_t{r} * work.local_row_stride);
    local.push_back({EPOCH_LOCAL_BUFFER(work.local), offset, offset + work.row_bytes});
    remote.push_back(
        bus_range(work.bus + static_cast<std::uint64_t>(std::int64_t{index} * work.bus_row_stride),
                  work.row_bytes));
  }
  if (!problem_.empty()) return;
  move_late(remote, local, command);
  command.taken = indices.reads;
}

void Machine::load_coefficients(const CoefficientWork& work, InFlight& command) {
  BlockWords words;
  const std::vector<std::uint8_t> bytes = read(work.block, command);
  words.unpack(work, bytes.data());
  array_->load(words.block(work.shape));
}

void Machine::exchange_state(const StateWork& work, InFlight& command) {
  std::vector<float> words(work.block.bytes() / sizeof(float));
  if (work.save) {
    array_->save_state(work.shape.block(), words.data());
    std::vector<std::uint8_t> bytes(work.block.bytes());
    std::memcpy(bytes.data(), words.data(), bytes.size());
    return write_later(work.block, std::move(bytes), command);
  }
  const std::vector<std::uint8_t> bytes = read(work.block, command);
  std::memcpy(words.data(), bytes.data(), bytes.size());
  array_->load_state(work.shape.block(), words.data());
}

void Machine::run_array(const ArrayWork& work, InFlight& command) {
  const NumberType type = work.shape.type;
  const bool streamed = work.drive.rows != 0, edge = work.shape.mode == ArrayMode::edge;
  const auto words = [&](const LocalTile& tile, NumberType of) {
    return read_words(tile, of, command);
  };
  const std::vector<float> source = words(work.source, streamed || edge ? NumberType::fp32 : type);
  const std::vector<float> drive = words(work.drive, type), b = words(work.b, type),
                           c = words(work.c, type), u = words(work.u, type),
                           stored = words(work.stored, work.stored_type),
                           sums = words(work.accumulator, NumberType::fp32);
  const auto data = [](const std::vector<float>& v) { return v.empty() ? nullptr : v.data(); };
  ArrayCommand run{work};
  run.u = streamed ? data(u) : source.data();
  run.decay = streamed ? source.data() : nullptr;
  run.drive = data(drive);
  run.b = data(b);
  run.c = data(c);
  run.stored = data(stored);
  run.accumulator = data(sums);
  std::vector<float> results(std::size_t{work.steps} *
                             PeArray::outputs(work.shape.block(), work.drained()));
  NumericEvents events;
  array_->run(run, results.data(), events);
  std::vector<std::uint8_t> bytes(work.destination.bytes());
  pack_words(work.partial || edge ? NumberType::fp32 : work.output, results.data(), results.size(),
             bytes.data());
  write_later(work.destination, std::move(bytes), command);
  const std::uint64_t done = std::uint64_t{work.steps} * work.shape.channels * work.shape.modes;
  (work.shape.mode == ArrayMode::mac ? gemm_products_ : ssm_elements_) += done;
}

void Machine::run_vector(unsigned opcode, const VectorWork& work, InFlight& command) {
  const bool conv = opcode == EPOCH_OP_CONV1D;
  const std::vector<std::uint8_t> raw = read(work.source, command);
  std::vector<float> source(raw.size() / element_bytes(work.source_element));
  if (work.source_element != Element::uint8)
    unpack_words(number_type(work.source_element), raw.data(), source.size(), source.data());
  const std::vector<float> parameters = read_words(work.parameters, NumberType::fp32, command);
  std::vector<float> second = read_words(work.second, number_type(work.second_element), command);
  std::vector<float> out(work.destination.bytes() / element_bytes(work.destination_element));
  if (work.accumulate) out = read_words(work.destination, NumberType::fp32, command);
  const float* const gain = work.gain ? parameters.data() : nullptr;
  const float* const bias = work.bias ? parameters.data() + (work.gain ? work.length : 0) : nullptr;
  std::vector<std::uint8_t> bytes(work.destination.bytes());
  switch (opcode) {
    case EPOCH_OP_AFFINE:
      vector_affine(raw.data(), out.data(), out.size(), work.immediate0, work.immediate1);
      break;
    case EPOCH_OP_LAYERNORM:
      vector_layernorm(source.data(), out.data(), work.rows, work.length, parameters.data(),
                       parameters.data() + work.length, work.immediate0);
      break;
    case EPOCH_OP_RMSNORM:
      vector_rmsnorm(source.data(), out.data(), work.rows, work.length, parameters.data(),
                     work.immediate0);
      break;
    case EPOCH_OP_POOL:
      vector_pool(source.data(), out.data(), work.rows, work.length, work.accumulate,
                  work.scale ? &work.immediate0 : nullptr);
      break;
    case EPOCH_OP_MAP:
      vector_map(work, source.data(), gain, bias, out.data());
      break;
    case EPOCH_OP_COMBINE:
      vector_combine(work, source.data(), second.data(), gain, out.data());
      break;
    case EPOCH_OP_CONV1D: {
      if (work.zero) std::fill(second.begin(), second.end(), 0.0f);
      second.insert(second.end(), source.begin(), source.end());
      const std::size_t taps = std::size_t{work.count} * work.length;
      vector_conv1d(work, second.data(), parameters.data(),
                    work.bias ? parameters.data() + taps : nullptr, out.data());
      break;
    }
    default:  // ARGMAX
      vector_argmax(source.data(), reinterpret_cast<std::uint32_t*>(bytes.data()), work.rows,
                    work.length);
      return write_later(work.destination, std::move(bytes), command);
  }
  vector_convert(out.data(), out.size(), work.destination_element, work.immediate1, bytes.data());
  write_later(work.destination, std::move(bytes), command);
  if (!conv || work.second.rows == 0) return;
  std::vector<std::uint8_t> history(work.second.bytes());
  const std::size_t kept = std::size_t{work.second.rows} * work.length;
  vector_convert(second.data() + second.size() - kept, kept, work.second_element, 1.0f,
                 history.data());
  write_later(work.second, std::move(history), command);
}

}  // namespace epoch::test
