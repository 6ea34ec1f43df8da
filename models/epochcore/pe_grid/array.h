// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace epoch {

// The PE array as plain C++: exact arithmetic and exact time, no SystemC. Two implementations,
// `fast` and `cycle`, give the same bits and the same cycle counts (array specification) and share
// the layout of a step (schedule.h) but no arithmetic.

enum class ArrayMode { real, complex, mac };  // what EPOCH_MODE_* this version implements
enum class Fidelity { fast, cycle };

// Bytes a cycle between the array and its buffers; 0 = unlimited.
struct ArrayPorts {
  unsigned read = 256;
  unsigned write = 128;
  unsigned coefficient = 64;
  unsigned state = 64;
};

struct ArrayConfig {
  unsigned rows = 32;
  unsigned cols = 32;
  unsigned segment_rows = 8;  // inject/extract ports every so many rows; divides rows
  bool lima = true;           // false: plain MAC PE, GEMM only
  unsigned multipliers = 2;   // per PE
  unsigned mul_latency = 1;   // cycles
  unsigned add_latency = 0;   // cycles
  unsigned hop = 1;           // cycles from PE to PE
  unsigned drain_lanes = 32;  // elements a cycle
  ArrayPorts ports;
};

// Coefficients of one pass (or weights of one tile) as COEFF reads them:
// [channel][mode][words], words real: a c; complex: ar ai cr ci; mac: w (channel = column).
struct CoefficientBlock {
  ArrayMode mode = ArrayMode::real;
  unsigned channels = 0;
  unsigned modes = 0;
  const float* words = nullptr;
  const float* extra = nullptr;  // [channel] D or bias, or null
};

// The drain's activation: SSM after D and stored, GEMM after bias and before stored. GLU (GEMM
// only): columns 2c and 2c + 1 make result c = value * sigmoid(gate).
enum class Activation { none, gelu, glu };

// One SSM or GEMM command on packed operands. SSM: u [steps][channels]; GEMM: u [steps][modes].
// Arrays are indexed by time, also with `reverse`; none overlaps the results.
struct ArrayCommand {
  unsigned steps = 0;
  const float* u = nullptr;
  const float* stored = nullptr;       // [steps][outputs], COMBINE or residual; null = none
  const float* accumulator = nullptr;  // [steps][channels], y starts here; null = +0
  bool use_extra = false;              // D*u or bias in the drain
  bool partial = false;                // another block follows: raw y [steps][channels], no drain
  bool reverse = false;                // SSM only: steps run from T - 1 to 0
  bool shift = false;                  // SSM only, with reverse and stored: step t adds to t - 1,
                                       // step 0 to nothing, y[T - 1] is activation(stored[T - 1])
  bool zero_state = false;             // SSM only
  Activation activation = Activation::none;
};

// Cycles of the array clock; array specification "Time".
struct ArrayTiming {
  std::uint64_t interval = 0;  // II_eff
  std::uint64_t stream = 0;  // steps * II_eff: the next command on the same coefficients may start
  std::uint64_t array = 0;   // row 0 taking the first u to the last y
  std::uint64_t total = 0;   // array, then the drain pipeline, to the last result written
  std::uint64_t useful = 0;  // of `total`: steps at the schedule's own pace
  std::uint64_t port_limited = 0;  // of `total`: steps lengthened by a buffer port
  std::uint64_t fill_drain = 0;    // of `total`: the rest
  std::uint64_t pes = 0;           // PEs that hold a mode or weight
  std::uint64_t bytes_in = 0;      // operand bytes a step (read port)
  std::uint64_t bytes_out = 0;     // result bytes a step (write port)
};

struct NumericEvents {
  std::uint64_t overflow = 0;  // outputs that are infinite
  std::uint64_t nan = 0;
};

class PeArray {
 public:
  // Throws std::invalid_argument for an array that cannot be (no rows, segments that do not divide
  // them, no multiplier, hop or lanes of 0).
  static std::unique_ptr<PeArray> make(Fidelity fidelity, const ArrayConfig& config);
  virtual ~PeArray() = default;

  const ArrayConfig& config() const { return config_; }

  // Results a step: channels, or channels / 2 for GLU (a partial command: channels).
  static unsigned outputs(const CoefficientBlock& block, Activation activation);
  // Cycles to load a block through the coefficient port, a state block through the state port; an
  // unlimited port takes none, but weights shift in a row a cycle.
  std::uint64_t coefficient_cycles(const CoefficientBlock& block) const;
  std::uint64_t state_cycles(ArrayMode mode, unsigned channels, unsigned modes) const;

  // Makes a block the one that the next commands use; copies it. State registers are untouched.
  virtual void load(const CoefficientBlock& block) = 0;
  // Runs one command on the loaded block: writes y [steps][results], advances the state, adds the
  // infinities and NaNs among the results of a command that drains. Both load and run expect what
  // the command decoder checks (channels fit one pass, modes one block, flags that go together) and
  // throw std::invalid_argument otherwise.
  virtual ArrayTiming run(const ArrayCommand& command, float* y, NumericEvents& events) = 0;
  // State registers as [channel][mode][words]: real x; complex xr xi. State lives in the PEs:
  // blocks of other extents find what stands in their rows and columns.
  virtual void save_state(ArrayMode mode, unsigned channels, unsigned modes,
                          float* words) const = 0;
  virtual void load_state(ArrayMode mode, unsigned channels, unsigned modes,
                          const float* words) = 0;

 protected:
  // Throws std::invalid_argument if the command does not fit the loaded block.
  static void check(const CoefficientBlock& block, const ArrayCommand& command);

  explicit PeArray(const ArrayConfig& config) : config_(config) {}
  ArrayConfig config_;
};

}  // namespace epoch
