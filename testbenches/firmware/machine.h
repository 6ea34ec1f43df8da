// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "epoch_caps.h"
#include "epoch_program.h"
#include "epoch_share.h"
#include "epochcore/command.h"
#include "epochcore/operand_words.h"
#include "epochcore/pe_grid/array.h"

namespace epoch::test {

// The hardware that a set of caps stands for, as its decoder and its array know it.
Limits limits_of_caps(const epoch_caps& caps);

// A machine that runs a program as the contract allows and in no special order: descriptors are
// fetched in ring order into bounded FIFOs, and at every moment a random legal event happens: a
// fetch, the start of a FIFO's head, the retirement of an engine's oldest command. Grid and vector
// commands read at their start and write when they retire; a DMA command moves each row at either
// end. Decoder, array and vector arithmetic are the device's own; what is this machine's is the
// order. It reports every broken rule as text.
class Machine {
 public:
  Machine(const epoch_caps& caps, std::uint64_t memory_base, std::size_t memory_bytes,
          std::uint32_t seed);

  std::uint8_t* memory(std::uint64_t address) { return &memory_[address - memory_base_]; }

  // Runs to the end; false if a rule was broken or nothing could happen any more.
  bool run(const epoch_program& program);

  const std::string& problem() const { return problem_; }
  bool semaphores_zero() const;
  bool written_only_in(const epoch_share& share) const;
  bool done() const { return done_; }  // IRQ was executed with everything before it retired
  std::uint64_t ssm_elements() const { return ssm_elements_; }
  std::uint64_t gemm_products() const { return gemm_products_; }
  // Whether commands of these two engines were ever in flight at once.
  bool overlapped(unsigned a, unsigned b) const { return overlapped_[a][b]; }

 private:
  struct Range {  // bytes of an address space: the buffers, then memory
    std::uint32_t space;
    std::uint64_t begin;
    std::uint64_t end;
  };
  struct InFlight {
    Command command;
    std::vector<Range> reads;   // not yet read for certain
    std::vector<Range> taken;   // read at the start: a GATHER's indices
    std::vector<Range> writes;  // not yet written for certain
    std::function<void()> publish;
  };

  void fail(const std::string& text);
  bool can_fetch(const epoch_program& program) const;
  void fetch(const epoch_program& program);
  void control(const Command& command, bool last);
  bool can_start(unsigned engine) const;
  void start(unsigned engine);
  void retire(unsigned engine);
  bool all_idle() const;
  static std::vector<Range> hulls(const std::vector<Range>& ranges);
  void check_hazards(unsigned engine, const InFlight& command);

  void execute(InFlight& command);
  void transfer(const DmaWork& work, bool load, InFlight& command);
  void gather(const DmaWork& work, InFlight& command);
  void move_late(const std::vector<Range>& from, const std::vector<Range>& to, InFlight& command);
  void load_coefficients(const CoefficientWork& work, InFlight& command);
  void exchange_state(const StateWork& work, InFlight& command);
  void run_array(const ArrayWork& work, InFlight& command);
  void run_vector(unsigned opcode, const VectorWork& work, InFlight& command);

  std::vector<Range> ranges(const LocalTile& tile) const;
  Range bus_range(std::uint64_t address, std::uint64_t bytes);
  std::vector<std::uint8_t> read(const LocalTile& tile, InFlight& command);
  std::vector<float> read_words(const LocalTile& tile, NumberType type, InFlight& command);
  void write_later(const LocalTile& tile, std::vector<std::uint8_t> bytes, InFlight& command);
  std::uint8_t* at(std::uint32_t space, std::uint64_t offset);

  std::uint64_t memory_base_;
  std::vector<std::uint8_t> memory_;
  std::array<std::vector<std::uint8_t>, EPOCH_BUFFERS> buffers_;
  std::mt19937 random_;
  std::size_t fifo_depth_;
  std::size_t overlap_;  // commands of one engine in flight at once

  CommandDecoder decoder_;
  std::unique_ptr<PeArray> array_;
  std::uint32_t position_ = 0;  // of the next fetch
  std::array<std::deque<Command>, EPOCH_ENGINES> fifos_;
  std::array<std::deque<InFlight>, EPOCH_ENGINES> running_;
  std::array<int, EPOCH_SEMAPHORES> semaphores_{};
  bool done_ = false;
  std::uint64_t ssm_elements_ = 0;
  std::uint64_t gemm_products_ = 0;
  std::array<std::array<bool, EPOCH_ENGINES>, EPOCH_ENGINES> overlapped_{};
  std::string problem_;
};

}  // namespace epoch::test
