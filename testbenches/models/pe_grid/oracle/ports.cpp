// SPDX-License-Identifier: Apache-2.0
#include "models/pe_grid/oracle/ports.h"

#include "models/pe_grid/oracle/operands.h"
#include "models/pe_grid/oracle/shape.h"

namespace grid_oracle {

// A west word is read once and fanned out to the columns; a north word is a lane's own, save the
// edge cell, which takes v's re and im as two.
std::int64_t bytes_in(const GridCase& c) {
  const Operands operands = operands_of(c.mode, c.type);
  const bool u_streams = c.mode != Mode::selective && c.mode != Mode::ssd;
  std::int64_t bytes = static_cast<std::int64_t>(c.output_words()) * bytes_of(operands.north);
  bytes += static_cast<std::int64_t>(c.modes) * bytes_of(operands.west);
  if (c.has_d() && !u_streams) bytes += c.lanes() * operand_bytes(c.type);
  if (c.has_input("acc")) bytes += c.lanes() * 4;
  if (c.has_input("stored")) bytes += c.lanes() * c.stored_bytes;
  return bytes;
}

std::int64_t bytes_out(const GridCase& c) {
  return static_cast<std::int64_t>(c.output_words()) * c.output_bytes;
}

// mac loads whole segments, empty rows included. Sequences of a batch share their coefficients.
std::int64_t coefficient_bytes(const GridCase& c) {
  const int rows = c.mode == Mode::mac ? shape_of(c).segment_height : c.modes;
  const int bytes = bytes_of(operands_of(c.mode, c.type).coefficients);
  return static_cast<std::int64_t>(c.channels) * rows * bytes;
}

std::int64_t state_bytes(const GridCase& c) {
  const auto words = static_cast<std::int64_t>(operands_of(c.mode, c.type).state.size());
  return words * 4 * c.lanes() * c.modes;
}

std::int64_t port_cycles(std::int64_t bytes, int port) {
  return port == 0 ? 0 : (bytes + port - 1) / port;
}

}  // namespace grid_oracle
