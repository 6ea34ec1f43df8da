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
#include "epochcore/operand_words.h"
#include "epochcore/scratchpad.h"
#include "epochcore/tile_port.h"

namespace epoch {

// The array as an engine. Arithmetic and cycles are PeArray's; here are operands, order and time:
//   COEFF fills shadow registers while array commands run; the next array command swaps them in.
//   An array command of the schedule of the one before (same mode, type and number of modes) starts
//   `stream` cycles after it, another one when the array is empty and its results are published.
//   STATE waits for the end of the array command before, and holds up the one after; with
//   state_shadow it works on shadow registers: a save holds nothing up, a load waits for nothing
//   and is swapped in by the array command after it. STREAMS takes a cycle; what it says came with
//   the command after it.
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
  // A command other than COEFF between its start and its end.
  struct Running {
    std::uint32_t sequence = 0;
    std::uint64_t end_ps = 0;
    LocalTile destination;  // no rows: publishes nothing
    NumericEvents events;
    bool state = false;
    std::vector<std::uint8_t> result;
  };
  // A state in the shadow registers. It waits for the next command on the array.
  struct ShadowState {
    ArrayShape shape;
    std::vector<float> words;
  };

  void note_race(const LocalTile& operand);
  void start_load(const Command& command);
  void start_array(const Command& command);
  void start_state(const Command& command);
  void start_streams(const Command& command);
  const std::uint8_t* read_bytes(const LocalTile& tile);
  // An operand of `steps` rows a sequence as words by lane, or null if the tile has no rows.
  const float* read_operand(const LocalTile& tile, NumberType type, const ArrayWork& work,
                            std::vector<float>& into);
  void publish_words(const ArrayWork& work, Running& running);
  void swap_coefficients();
  void swap_states();
  void claim_ports(const ArrayWork& work, const ArrayTiming& timing);
  // `bytes` of a tile's buffer every `interval` cycles.
  void claim(const LocalTile& tile, std::uint64_t bytes, std::uint64_t interval,
             std::uint64_t from_ps, std::uint64_t until_ps);
  Running& push_running(std::uint32_t sequence, std::uint64_t end_ps);
  std::vector<std::uint8_t> result_buffer(const LocalTile& tile);
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
  BlockWords shadow_words_;
  std::vector<ShadowState> shadow_states_;  // in the order of their STATE commands
  std::uint64_t shadow_state_end_ps_ = 0;   // of the last of them
  // Array.
  std::deque<Running> running_;
  std::vector<std::vector<std::uint8_t>> spare_;  // result buffers to reuse
  std::uint64_t stream_end_ps_ = 0;               // of the last array command
  std::uint64_t array_end_ps_ = 0;                // its last result
  std::uint64_t state_end_ps_ = 0;                // of the last STATE command
  bool state_saved_ = false;  // since the last array command: the next one waits for its end
  ArrayShape last_shape_;
  std::vector<std::uint8_t> bytes_;
  std::vector<float> rows_, results_;
  std::vector<float> source_, stored_, accumulator_, drive_, b_, c_, u_;

  std::uint64_t ssm_updates_ = 0;  // steps x lanes x modes
  std::uint64_t macs_ = 0;
  std::uint64_t load_cycles_ = 0;
  std::uint64_t state_cycles_ = 0;
  std::uint64_t races_ = 0;
};

}  // namespace epoch
