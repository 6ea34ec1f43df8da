// SPDX-License-Identifier: Apache-2.0
#include "models/pe_grid/oracle/refusals.h"

#include <stdexcept>
#include <string>

#include "models/pe_grid/oracle/shape.h"

namespace grid_oracle {

namespace {

void refuse_if(bool wrong, const std::string& why) {
  if (wrong) throw std::invalid_argument(why);
}

void refuse_sizes(const GridCase& c) {
  refuse_if(c.rows < 1 || c.cols < 1, "rows and cols must be at least 1");
  refuse_if(c.segment_rows < 1 || c.rows % c.segment_rows != 0,
            "segment_rows must be at least 1 and divide rows");
  refuse_if(c.multipliers < 1, "multipliers must be at least 1");
  refuse_if(c.slots < 1, "state_slots must be at least 1");
  refuse_if(c.mul_latency < 1, "mul_latency must be at least 1");
  refuse_if(c.add_latency < 0, "add_latency must not be negative");
  refuse_if(c.hop < 1, "hop must be at least 1");
  refuse_if(c.channels < 1, "channels must be at least 1");
  refuse_if(c.modes < 1, "modes must be at least 1");
  refuse_if(c.steps < 1, "steps must be at least 1");
  refuse_if(c.ports.read < 0 || c.ports.write < 0 || c.ports.coefficient < 0 || c.ports.state < 0,
            "a port's bytes a cycle must not be negative");
}

void refuse_modes(const GridCase& c) {
  const bool streams_a = c.mode == Mode::selective || c.mode == Mode::ssd;
  const bool one_slot = c.mode == Mode::edge || c.mode == Mode::mac;
  refuse_if(streams_a && c.batch(), "batch slots are refused for selective and ssd");
  refuse_if(streams_a && c.type == Type::bf16d, "bf16d is refused for selective and ssd");
  refuse_if(one_slot && c.slots != 1, "edge and mac use one state slot");
  refuse_if(c.mode == Mode::dplr && c.multipliers > 6, "dplr takes at most 6 multipliers");
  refuse_if(c.mode == Mode::edge && c.modes != 1, "an edge cell has one mode");
}

void refuse_placement(const GridCase& c) {
  const Shape shape = shape_of(c);
  const bool too_high = shape.segment_height > c.rows;
  refuse_if(too_high && c.mode == Mode::dplr, "dplr needs all its modes in the rows: P > R");
  refuse_if(too_high, "more modes than one block holds: P > R");
  refuse_if(c.channels > shape.capacity,
            "more channels than one pass holds: " + std::to_string(c.channels) + " > " +
                std::to_string(shape.capacity));
}

}  // namespace

void refuse_impossible_shape(const GridCase& c) {
  refuse_sizes(c);
  refuse_modes(c);
  refuse_placement(c);
}

// The drain's flags. A block that another one follows leaves its accumulators and has no drain.
void refuse_impossible_drain(const GridCase& c) {
  const bool combine = c.has_input("stored");
  refuse_if(c.shift && !c.reverse, "shift needs reverse");
  refuse_if(c.shift && !combine, "shift needs inputs.stored: it adds to the step before");
  refuse_if(c.partial && (c.has_d() || combine), "a partial command has no drain: no d, no stored");
  refuse_if(c.mode == Mode::mac && (c.has_d() || combine), "mac has neither d nor stored");
  refuse_if(c.mode == Mode::edge && (c.has_d() || combine || c.has_input("acc") || c.partial),
            "edge emits its state: no d, acc, stored or partial");
  refuse_if(c.mode == Mode::edge && c.output_bytes != 4, "edge emits 4-byte words");
  refuse_if(c.mode == Mode::dplr && (c.partial || c.has_input("acc")),
            "dplr is never split into blocks: no partial, no acc");
}

}  // namespace grid_oracle
