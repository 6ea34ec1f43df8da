// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace epoch {

// The plain engine that the fast one is compared with: fetches, decodes and executes one
// instruction at a time, straight from the specifications, and remembers nothing about code or
// pages. It shares the arithmetic of soft_float with the hart, which has a test of its own, and
// nothing else. Its surroundings are those of PlainBus.
class ReferenceHart {
 public:
  ReferenceHart(std::uint32_t start, bool splits_misaligned)
      : pc(start), splits_(splits_misaligned) {}

  // One instruction, or the exception that it raises; a cycle in either case.
  void step();
  // As at the start of Hart::run: no cycle.
  void take_interrupt(std::uint32_t mip);

  std::array<std::uint32_t, 32> x{}, f{};
  std::uint32_t pc;
  unsigned mode = 3;
  std::uint32_t mtvec = 0, mip = 0;
  std::uint64_t time = 0;
  std::uint64_t retired = 0;
  std::vector<std::uint8_t> memory;
  std::array<std::uint8_t, 16> device{};

 private:
  using Word = std::uint32_t;
  struct Trap {
    Word cause, tval;
  };

  Word fetch(unsigned& length);
  void execute(Word bits, unsigned length, Word raw);
  void execute_branch(Word bits, Word& next);
  Word alu(Word bits, Word a, Word b, bool immediate) const;
  void execute_amo(Word bits, Word raw);
  void execute_float(Word bits, Word raw);
  void execute_fused(Word bits, Word raw);
  Word rounded_mode(Word bits, Word raw) const;
  void execute_system(Word bits, Word raw, Word& next);
  void execute_csr(Word bits, Word raw);
  std::optional<Word> read_csr(Word number) const;
  void write_csr(Word number, Word value);
  void write_pmp(Word number, Word value);
  void enter_trap(Word cause, Word tval);

  bool permitted(Word address, unsigned bytes, Word right, unsigned as) const;
  std::uint8_t* byte_at(Word address);
  Word load(Word address, unsigned bytes, Word cause);
  void store(Word address, unsigned bytes, Word value);
  unsigned data_mode() const { return (mstatus_ >> 17 & 1) != 0 ? mstatus_ >> 11 & 3 : mode; }
  void set_x(Word number, Word value) {
    if (number != 0) x[number] = value;
  }
  void set_f(Word number, Word value) {
    f[number] = value;
    mstatus_ |= 3u << 13;
  }
  void raise_flags(Word flags) {
    if (flags == 0) return;
    fcsr_ |= flags;
    mstatus_ |= 3u << 13;
  }

  bool splits_;
  Word mstatus_ = 0, mie_ = 0, mcounteren_ = 0, mcountinhibit_ = 0, mscratch_ = 0, mepc_ = 0;
  Word mcause_ = 0, mtval_ = 0, fcsr_ = 0;
  std::array<Word, 8> pmpaddr_{};
  std::array<std::uint8_t, 8> pmpcfg_{};
  std::uint64_t mcycle_ = 0, minstret_ = 0;
  bool wrote_cycle_ = false, wrote_instret_ = false;
  std::optional<Word> reservation_;
};

}  // namespace epoch
