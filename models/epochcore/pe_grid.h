// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <systemc>
#include <vector>

#include "common/statistics.h"
#include "epochcore/counters.h"
#include "epochcore/csr.h"
#include "epochcore/engine.h"
#include "epochcore/scratchpad.h"
#include "epochcore/tile_port.h"

namespace epoch {

// The array as an engine. Arithmetic and cycles are PeArray's; here are operands, order and time:
//   COEFF fills shadow registers while array commands run; the next array command swaps them in.
//   An array command of the schedule of the one before (same mode and number of modes) starts
//   `stream` cycles after it, another one when the array is empty and its results are published.
//   STATE waits for the end of the array command before, and holds up the one after.
// Operands are read at a command's start and results written at its end, so a command that reads
// what the one before writes needs a semaphore between them (firmware/include/README.md).
class PeGrid : public sc_core::sc_module, public Engine {
 public:
  TilePort local;

  // `buffers`: where array commands claim their bandwidth, by buffer number.
  PeGrid(const sc_core::sc_module_name& module_name, const EpochCoreConfig& config,
         std::uint64_t period_ps, EngineClient& client, Csr& csr, Counters& counters,
         std::vector<Scratchpad*> buffers);

  std::uint64_t earliest_start(const Command& command) const override;
  void start(const Command& command) override;
  void settle() override;
  void cancel() override;
  bool busy() const override { return loading_ || !running_.empty(); }
  void reset() override;

  void statistics(const std::string& prefix, Statistics& out) const;

 private:
  // An array or STATE command between its start and its end.
  struct Running {
    std::uint32_t sequence = 0;
    std::uint64_t end_ps = 0;
    LocalTile destination;  // no rows: publishes nothing
    NumericEvents events;
    bool state = false;
    std::vector<float> result;
  };

  void note_race(const LocalTile& operand);
  void start_load(const Command& command);
  void start_array(const Command& command);
  void start_state(const Command& command);
  const float* read_floats(const LocalTile& tile, std::vector<float>& into);
  void swap_coefficients();
  void claim_ports(const ArrayWork& work, const ArrayTiming& timing);
  void claim(const LocalTile& tile, std::uint64_t interval, std::uint64_t from_ps,
             std::uint64_t until_ps);
  Running& push_running(std::uint32_t sequence, std::uint64_t cycles, std::uint64_t drain_cycles);
  std::vector<float> result_buffer(const LocalTile& tile);
  CoefficientBlock shadow_block() const;
  void schedule();
  void wake() { client_.wake(); }
  void end_load();
  void end_running();
  bool trapped(const Running& done);
  void update_transferring();

  const EpochCoreConfig config_;
  const std::uint64_t period_ps_;
  EngineClient& client_;
  Csr& csr_;
  Counters& counters_;
  std::vector<Scratchpad*> buffers_;
  std::unique_ptr<PeArray> array_;

  sc_core::sc_event step_event_;
  // Loader and shadow registers.
  bool loading_ = false;
  bool shadow_full_ = false;
  std::uint32_t load_sequence_ = 0;
  std::uint64_t load_end_ps_ = 0;
  CoefficientWork shadow_;
  std::vector<float> shadow_words_;
  // Array.
  std::deque<Running> running_;
  std::vector<std::vector<float>> spare_;  // result buffers to reuse
  std::uint64_t stream_end_ps_ = 0;        // of the last array command
  std::uint64_t array_end_ps_ = 0;         // of the last array or STATE command
  bool last_was_state_ = false;
  ArrayMode last_mode_ = ArrayMode::real;
  unsigned last_modes_ = 0;
  std::vector<float> u_;
  std::vector<float> stored_;
  std::vector<float> accumulator_;

  std::uint64_t ssm_updates_ = 0;  // steps x channels x modes
  std::uint64_t macs_ = 0;
  std::uint64_t load_cycles_ = 0;
  std::uint64_t state_cycles_ = 0;
  std::uint64_t races_ = 0;
};

}  // namespace epoch
