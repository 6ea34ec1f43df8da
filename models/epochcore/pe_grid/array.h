// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace epoch {

// The PE array as plain C++: exact arithmetic and exact time, no SystemC. Two implementations,
// `fast` and `cycle`, give the same bits and the same cycle counts (array specification) and share
// the layout of a step (schedule.h) but no arithmetic.

enum class Fidelity { fast, cycle };
// What a PE computes in a step; the contract's EPOCH_MODE_* in the same order.
enum class ArrayMode {
  real,
  complex,
  liquid_real,
  liquid_complex,
  dplr,
  selective,
  ssd,
  edge,
  mac
};
// The contract's EPOCH_TYPE_* in the same order. bf16d: poles as a - 1 in bf16.
enum class NumberType { fp32, bf16, bf16d, int8 };
enum class SlotsKind { mode, channel, batch };  // what the further state slots of a PE hold
enum class SegmentIo { tapped, chained };       // ports at every segment, or a chain of them
enum class Reduce { tree, systolic };           // dplr's network
enum class ExpUnit { shared, dedicated };       // selective: on the PE's multipliers, or its own

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
  SegmentIo segment_io = SegmentIo::tapped;
  bool lima = true;          // false: plain MAC PE, GEMM only
  unsigned multipliers = 2;  // per PE
  unsigned state_slots = 1;  // per PE
  SlotsKind slots_kind = SlotsKind::mode;
  unsigned mul_latency = 1;  // cycles
  unsigned add_latency = 0;  // cycles
  unsigned hop = 1;          // cycles from PE to PE
  Reduce reduce = Reduce::tree;
  ExpUnit pe_exp = ExpUnit::shared;
  unsigned drain_lanes = 32;  // elements a cycle
  ArrayPorts ports;
};

// A word is 32 bits: an fp32, a widened bf16 or, of type int8, an integer (int8 and int16 extended
// to int32) in a float's place. A lane is a channel; in batch slots channel * sequences + sequence.

// Coefficients of one pass (or weights of one tile) as COEFF reads them: [channel][mode][words],
// the words of a mode in operands.h.
struct CoefficientBlock {
  ArrayMode mode = ArrayMode::real;
  NumberType type = NumberType::fp32;
  unsigned channels = 0;
  unsigned modes = 0;
  unsigned sequences = 1;        // batch slots in use
  const float* words = nullptr;  // null: the mode has none (ssd)
  const float* extra = nullptr;  // [channel] D or bias, fp32 (bf16 widened), or null
  const float* scale = nullptr;  // int8: [channel] fp32, what an integer y is multiplied with

  unsigned lanes() const { return channels * sequences; }
};

// The drain's activation: SSM after D and stored, GEMM after bias and before stored. GLU (GEMM
// only): columns 2c and 2c + 1 make result c = value * sigmoid(gate). The contract's
// EPOCH_ACTIVATION_* in the same order.
enum class Activation { none, gelu, glu, gelu_tanh, relu, silu, sigmoid, tanh };

// What an SSM or GEMM command asks for, wherever its operands lie.
struct ArrayRun {
  unsigned steps = 0;
  bool use_extra = false;   // D*u or bias in the drain
  bool partial = false;     // another block follows: raw y [steps][lanes], no drain
  bool reverse = false;     // SSM only: steps run from T - 1 to 0
  bool shift = false;       // SSM only, with reverse and stored: step t adds to t - 1,
                            // step 0 to nothing, y[T - 1] is activation(stored[T - 1])
  bool zero_state = false;  // SSM only
  Activation activation = Activation::none;
  NumberType output = NumberType::fp32;       // of the results: fp32, bf16 or int8
  NumberType stored_type = NumberType::fp32;  // width of `stored`, whose words are widened
  float output_scale = 1.0f;                  // int8 results: rint(v * output_scale), clamped

  // With a partial block there is no drain, and so none in it.
  Activation drained() const { return partial ? Activation::none : activation; }
};

// One SSM or GEMM command on packed operands. Arrays are indexed by time, also with `reverse`; none
// overlaps the results.
struct ArrayCommand : ArrayRun {
  // [steps][lanes]; mac: x [steps][modes]; edge: v [steps][2 channels], re and im side by side;
  // selective and ssd: u for D only.
  const float* u = nullptr;
  const float* decay = nullptr;  // selective: d, ssd: a_k; [steps][lanes]
  const float* drive = nullptr;  // selective and ssd: d*u; [steps][lanes]
  const float* b = nullptr;      // selective and ssd: B_k and C_k; [steps][modes]
  const float* c = nullptr;
  const float* stored = nullptr;       // [steps][outputs], COMBINE or residual; null = none
  const float* accumulator = nullptr;  // [steps][lanes], y starts here; null = +0
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
  std::uint64_t overflow = 0;   // outputs that are infinite
  std::uint64_t nan = 0;        // outputs that are NaN
  std::uint64_t saturated = 0;  // liquid: components of x' clamped; int8: registers clamped
};

class PeArray {
 public:
  // Throws std::invalid_argument for an array that cannot be (no rows, segments that do not divide
  // them, no multiplier, slot, hop or lanes of 0).
  static std::unique_ptr<PeArray> make(Fidelity fidelity, const ArrayConfig& config);
  virtual ~PeArray() = default;

  const ArrayConfig& config() const { return config_; }

  // Results a step: lanes, or channels / 2 for GLU (a partial command: lanes), edge 2 channels.
  static unsigned outputs(const CoefficientBlock& block, Activation activation);
  // Cycles to load a block through the coefficient port, a state block through the state port; an
  // unlimited port takes none, but weights shift in a row a cycle.
  std::uint64_t coefficient_cycles(const CoefficientBlock& block) const;
  std::uint64_t state_cycles(const CoefficientBlock& block) const;

  // Makes a block the one that the next commands use; copies it. State registers are untouched.
  virtual void load(const CoefficientBlock& block) = 0;
  // Runs one command on the loaded block: writes y [steps][results], advances the state, adds the
  // infinities and NaNs among the results of a command that drains. Both load and run expect what
  // the command decoder checks (channels fit one pass, modes one block, flags that go together) and
  // throw std::invalid_argument otherwise.
  virtual ArrayTiming run(const ArrayCommand& command, float* y, NumericEvents& events) = 0;
  // State registers of a block of these extents as [lane][mode][words]: real x; complex xr xi.
  // State lives in the PEs: blocks of other extents find what stands in their rows and columns.
  virtual void save_state(const CoefficientBlock& shape, float* words) const = 0;
  virtual void load_state(const CoefficientBlock& shape, const float* words) = 0;

 protected:
  // Throws std::invalid_argument if the command does not fit the loaded block.
  static void check(const CoefficientBlock& block, const ArrayCommand& command);

  explicit PeArray(const ArrayConfig& config) : config_(config) {}
  ArrayConfig config_;
};

}  // namespace epoch
