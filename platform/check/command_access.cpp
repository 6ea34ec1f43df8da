// SPDX-License-Identifier: Apache-2.0
#include "check/command_access.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

namespace epoch {
namespace {

constexpr std::uint64_t kMostPieces = 1u << 20;

struct Strided {
  std::uint64_t count;
  std::int64_t stride;
};

ByteRange range_of(const Hull& hull) {
  constexpr Wide top =
      ~std::uint64_t{0};  // the last byte of the bus cannot be named; none is there
  return {static_cast<std::uint64_t>(std::max<Wide>(hull.low, 0)),
          static_cast<std::uint64_t>(std::min(hull.high, top))};
}

// Pieces that touch become one.
std::vector<ByteRange> joined(std::vector<ByteRange> pieces) {
  std::sort(pieces.begin(), pieces.end(),
            [](const ByteRange& a, const ByteRange& b) { return a.begin < b.begin; });
  std::vector<ByteRange> result;
  for (const ByteRange& piece : pieces) {
    if (!result.empty() && piece.begin <= result.back().end)
      result.back().end = std::max(result.back().end, piece.end);
    else
      result.push_back(piece);
  }
  return result;
}

// `row` repeated by rows, and those by planes.
std::vector<ByteRange> pieces(Hull row, Strided rows, Strided planes) {
  const std::uint64_t bytes = static_cast<std::uint64_t>(row.high - row.low);
  const auto step = [](std::int64_t stride) {
    return static_cast<std::uint64_t>(stride < 0 ? -stride : stride);
  };
  if (rows.stride == 0) rows.count = 1;
  if (planes.stride == 0) planes.count = 1;
  if (rows.count > 1 && step(rows.stride) <= bytes) {  // no gap between rows
    row = stretch(row, rows.count, static_cast<std::int32_t>(rows.stride));
    rows.count = 1;
  }
  if (static_cast<Wide>(rows.count) * static_cast<Wide>(planes.count) > kMostPieces) {
    const Hull plane = stretch(row, rows.count, static_cast<std::int32_t>(rows.stride));
    return {range_of(stretch(plane, planes.count, static_cast<std::int32_t>(planes.stride)))};
  }
  std::vector<ByteRange> result;
  for (std::uint64_t p = 0; p < planes.count; ++p) {
    for (std::uint64_t r = 0; r < rows.count; ++r) {
      const Wide offset =
          Wide{rows.stride} * static_cast<Wide>(r) + Wide{planes.stride} * static_cast<Wide>(p);
      result.push_back(range_of({row.low + offset, row.high + offset}));
    }
  }
  return joined(std::move(result));
}

class Collector {
 public:
  void tile(const LocalTile& tile, bool is_write, Moment moment) {
    if (tile.rows == 0 || tile.row_bytes == 0) return;
    const Wide first = EPOCH_LOCAL_OFFSET(tile.address);
    add(EPOCH_LOCAL_BUFFER(tile.address), is_write, moment,
        pieces({first, first + tile.row_bytes}, {tile.rows, tile.stride}, {1, 0}));
  }
  void add(unsigned space, bool is_write, Moment moment, std::vector<ByteRange> ranges) {
    accesses.push_back({space, is_write, moment, std::move(ranges)});
  }
  std::vector<CommandAccess> accesses;
};

void collect_dma(const DmaWork& work, unsigned opcode, Collector& out) {
  const bool store = opcode == EPOCH_OP_STORE, gather = opcode == EPOCH_OP_GATHER;
  const Wide bus = static_cast<Wide>(work.bus), local = EPOCH_LOCAL_OFFSET(work.local);
  const std::uint64_t bus_rows = gather ? work.table_rows : work.rows;
  out.add(kBusSpace, store, Moment::between,
          pieces({bus, bus + work.row_bytes}, {bus_rows, work.bus_row_stride},
                 {work.planes, work.bus_plane_stride}));
  out.add(EPOCH_LOCAL_BUFFER(work.local), !store, Moment::between,
          pieces({local, local + work.row_bytes}, {work.rows, work.local_row_stride},
                 {work.planes, work.local_plane_stride}));
  out.tile(work.indices, false, Moment::start);
}

void collect_array(const ArrayWork& work, Collector& out) {
  for (const LocalTile* operand :
       {&work.source, &work.stored, &work.accumulator, &work.drive, &work.b, &work.c, &work.u})
    out.tile(*operand, false, Moment::start);
  out.tile(work.destination, true, Moment::end);
}

void collect_vector(const VectorWork& work, unsigned opcode, Collector& out) {
  const bool history = opcode == EPOCH_OP_CONV1D;
  out.tile(work.source, false, Moment::start);
  out.tile(work.parameters, false, Moment::start);
  if (!history || !work.zero) out.tile(work.second, false, Moment::start);
  if (work.accumulate) out.tile(work.destination, false, Moment::start);
  out.tile(work.destination, true, Moment::end);
  if (history) out.tile(work.second, true, Moment::end);
}

}  // namespace

std::vector<CommandAccess> accesses_of(const Command& command) {
  Collector out;
  if (const auto* dma = std::get_if<DmaWork>(&command.work))
    collect_dma(*dma, command.opcode, out);
  else if (const auto* coefficients = std::get_if<CoefficientWork>(&command.work))
    out.tile(coefficients->block, false, Moment::start);
  else if (const auto* state = std::get_if<StateWork>(&command.work))
    out.tile(state->block, state->save, state->save ? Moment::end : Moment::start);
  else if (const auto* array = std::get_if<ArrayWork>(&command.work))
    collect_array(*array, out);
  else if (const auto* vector = std::get_if<VectorWork>(&command.work))
    collect_vector(*vector, command.opcode, out);
  return std::move(out.accesses);
}

Shared shared_bytes(const std::vector<ByteRange>& a, const std::vector<ByteRange>& b) {
  Shared shared;
  if (a.empty() || b.empty() || a.back().end <= b.front().begin || b.back().end <= a.front().begin)
    return shared;
  const auto by_end = [](const ByteRange& range, std::uint64_t at) { return range.end <= at; };
  auto x = std::lower_bound(a.begin(), a.end(), b.front().begin, by_end);
  auto y = std::lower_bound(b.begin(), b.end(), a.front().begin, by_end);
  while (x != a.end() && y != b.end()) {
    const ByteRange both{std::max(x->begin, y->begin), std::min(x->end, y->end)};
    if (both.begin < both.end) {
      if (shared.bytes == 0) shared.first = both;
      shared.bytes += both.end - both.begin;
    }
    x->end < y->end ? ++x : ++y;
  }
  return shared;
}

std::string range_text(unsigned space, const ByteRange& range) {
  constexpr const char* names[] = {"activations", "coefficients", "accumulators", "memory"};
  char text[80];
  std::snprintf(text, sizeof text, "%s 0x%08" PRIx64 "..0x%08" PRIx64, names[space & 3u],
                range.begin, range.end - 1);
  return text;
}

std::string command_text(std::uint32_t sequence, unsigned opcode, std::uint16_t context) {
  std::string text = "command " + std::to_string(sequence) + " " + opcode_name(opcode);
  if (context != 0) text += " (context " + std::to_string(context) + ")";
  return text;
}

}  // namespace epoch
