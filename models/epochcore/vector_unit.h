// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <systemc>
#include <vector>

#include "common/statistics.h"
#include "epochcore/engine.h"
#include "epochcore/tile_port.h"

namespace epoch {

// Cycles of a vector command on operands that are there at once (table in README.md):
// start-up + passes over the elements.
std::uint64_t vector_cycles(unsigned opcode, const VectorWork& work, unsigned lanes);

// Norms, elementwise functions, depthwise convolution, pooling, argmax: takes its operands at its
// start, computes, publishes at its end.
class VectorUnit : public sc_core::sc_module, public Engine {
 public:
  TilePort local;

  VectorUnit(const sc_core::sc_module_name& module_name, const EpochCoreConfig& config,
             std::uint64_t period_ps, EngineClient& client);

  std::uint64_t earliest_start(const Command& command) const override;
  void start(const Command& command) override;
  void settle() override;
  void cancel() override;
  bool busy() const override { return phase_ != Phase::idle; }

  void statistics(const std::string& prefix, Statistics& out) const;

 private:
  enum class Phase { idle, computing, publishing };

  sc_core::sc_time read_operands(const VectorWork& work);
  sc_core::sc_time read_floats(const LocalTile& tile, Element element, float* into);
  void compute(unsigned opcode, const VectorWork& work);
  void compute_floats(unsigned opcode, const VectorWork& work);
  void wake() { client_.wake(); }
  void publish();
  void finish();

  const unsigned lanes_;
  const std::uint64_t period_ps_;
  std::uint64_t peak_[EPOCH_BUFFERS];  // bytes a cycle of each buffer
  EngineClient& client_;

  sc_core::sc_event step_event_;
  Phase phase_ = Phase::idle;
  std::uint32_t sequence_ = 0;
  LocalTile destination_, history_;  // what it writes; no history: no rows
  std::uint64_t publish_ps_ = 0;
  std::uint64_t end_ps_ = 0;
  std::vector<std::uint8_t> bytes_;  // packed operands, reused
  std::vector<float> source_;        // CONV1D: history rows in front
  std::vector<float> second_, parameters_, floats_;
  std::vector<std::uint8_t> result_, history_result_;

  std::uint64_t elements_ = 0;
};

}  // namespace epoch
