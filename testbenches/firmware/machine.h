// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "epoch_caps.h"
#include "epoch_program.h"

namespace epoch::test {

// A small machine that runs a program as the contract allows and in no special order: descriptors
// are fetched in ring order into bounded FIFOs, and at every moment a random legal event happens: a
// fetch, the start of a FIFO's head, the retirement of an engine's oldest command. Grid and vector
// commands read at their start and write when they retire; a DMA command moves each row at either
// end. Plain float arithmetic, written from the contract. It reports every broken rule as text.
class Machine {
 public:
  Machine(const epoch_caps& caps, std::uint64_t memory_base, std::size_t memory_bytes,
          std::uint32_t seed);

  std::uint8_t* memory(std::uint64_t address) { return &memory_[address - memory_base_]; }

  // Runs to the end; false if a rule was broken or nothing could happen any more.
  bool run(const epoch_program& program);

  const std::string& problem() const { return problem_; }
  bool semaphores_zero() const;
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
    epoch_descriptor descriptor;
    std::vector<Range> reads;   // not yet read for certain
    std::vector<Range> writes;  // not yet written for certain
    std::function<void()> publish;
  };
  struct Registers {  // what COEFF loaded
    std::uint32_t mode = 0;
    std::uint32_t channels = 0;
    std::uint32_t modes = 0;
    std::vector<float> words;
    std::vector<float> extra;
  };

  void fail(const std::string& text);
  bool can_fetch(const epoch_program& program) const;
  void fetch(const epoch_program& program);
  bool can_start(unsigned engine) const;
  void start(unsigned engine);
  void retire(unsigned engine);
  bool all_idle() const;

  void decode(const epoch_descriptor& descriptor, InFlight& command);
  void decode_transfer(const epoch_descriptor& descriptor, InFlight& command);
  void decode_coefficients(const epoch_descriptor& descriptor, InFlight& command);
  void decode_array(const epoch_descriptor& descriptor, InFlight& command);
  void decode_vector(const epoch_descriptor& descriptor, InFlight& command);
  std::vector<float> run_ssm(const epoch_array_command& command, const std::vector<float>& y0);
  std::vector<float> run_gemm(const epoch_array_command& command, const std::vector<float>& y0);
  void check_hazards(unsigned engine, const InFlight& command);

  bool inside(std::uint32_t local, std::uint64_t bytes, unsigned alignment);
  std::vector<Range> rows(std::uint32_t local, std::uint32_t stride, std::uint32_t count,
                          std::uint64_t row_bytes, unsigned alignment);
  std::vector<float> read_rows(std::uint32_t local, std::uint32_t stride, std::uint32_t count,
                               std::uint32_t length);
  void write_rows(std::uint32_t local, std::uint32_t stride, std::uint32_t count,
                  std::uint32_t length, const std::vector<float>& values);
  std::uint8_t* at(std::uint32_t space, std::uint64_t offset);

  epoch_caps caps_;
  std::uint64_t memory_base_;
  std::vector<std::uint8_t> memory_;
  std::array<std::vector<std::uint8_t>, EPOCH_BUFFERS> buffers_;
  std::mt19937 random_;
  std::size_t fifo_depth_;
  std::size_t overlap_;  // commands of one engine in flight at once

  std::size_t position_ = 0;  // of the next fetch
  std::array<std::deque<epoch_descriptor>, EPOCH_ENGINES> fifos_;
  std::array<std::deque<InFlight>, EPOCH_ENGINES> running_;
  std::array<int, EPOCH_SEMAPHORES> semaphores_{};
  Registers registers_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::array<float, 2>>
      state_;  // by (row, column)
  bool done_ = false;
  std::uint64_t ssm_elements_ = 0;
  std::uint64_t gemm_products_ = 0;
  std::array<std::array<bool, EPOCH_ENGINES>, EPOCH_ENGINES> overlapped_{};
  std::string problem_;
};

}  // namespace epoch::test
