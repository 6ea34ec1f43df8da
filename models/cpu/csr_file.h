// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "cpu/config.h"
#include "cpu/pmp.h"
#include "cpu/soft_float.h"
#include "cpu/trap.h"

namespace epoch {

// CSR numbers (privileged specification v1.12, tables 2.2 to 2.6).
namespace csr {
constexpr std::uint32_t fflags = 0x001, frm = 0x002, fcsr = 0x003;
constexpr std::uint32_t mstatus = 0x300, misa = 0x301, mie = 0x304, mtvec = 0x305;
constexpr std::uint32_t mcounteren = 0x306, menvcfg = 0x30a, menvcfgh = 0x31a;
constexpr std::uint32_t mstatush = 0x310, mcountinhibit = 0x320;
constexpr std::uint32_t mhpmevent3 = 0x323, mhpmevent31 = 0x33f;
constexpr std::uint32_t mscratch = 0x340, mepc = 0x341, mcause = 0x342, mtval = 0x343, mip = 0x344;
constexpr std::uint32_t tselect = 0x7a0, tcontrol = 0x7a5;
constexpr std::uint32_t mcycle = 0xb00, minstret = 0xb02, mcycleh = 0xb80, minstreth = 0xb82;
constexpr std::uint32_t mhpmcounter3 = 0xb03, mhpmcounter31 = 0xb1f;
constexpr std::uint32_t mhpmcounter3h = 0xb83, mhpmcounter31h = 0xb9f;
constexpr std::uint32_t cycle = 0xc00, time = 0xc01, instret = 0xc02;
constexpr std::uint32_t cycleh = 0xc80, timeh = 0xc81, instreth = 0xc82;
constexpr std::uint32_t mvendorid = 0xf11, marchid = 0xf12, mimpid = 0xf13, mhartid = 0xf14;
constexpr std::uint32_t mconfigptr = 0xf15;
}  // namespace csr

// What the counters count, as they stand before the instruction that asks.
struct CounterInputs {
  std::uint64_t cycles = 0;
  std::uint64_t instructions = 0;
  std::uint64_t time = 0;  // ticks of the timebase
};

// The CSRs of a hart with machine and user mode, and the trap state among them.
class CsrFile {
 public:
  explicit CsrFile(const CpuConfig& config);

  // An access to a CSR that does not exist, or that the mode may not access, is an illegal
  // instruction.
  bool accessible(std::uint32_t number) const;
  std::optional<std::uint32_t> read(std::uint32_t number, const CounterInputs& now) const;
  // The CSR exists and is not read-only. Fields keep only what they support (WARL).
  void write(std::uint32_t number, std::uint32_t value, const CounterInputs& now);
  // The two top bits of the number say so (privileged specification, 2.1).
  static constexpr bool read_only(std::uint32_t number) { return (number >> 10) == 3; }
  // Whether writing it can let an interrupt in.
  static constexpr bool gates_interrupts(std::uint32_t number) {
    return number == csr::mstatus || number == csr::mie;
  }

  Privilege mode() const { return mode_; }
  // The mode whose rights loads and stores have: another than mode() under mstatus.MPRV.
  Privilege data_mode() const { return mprv_ ? previous_mode_ : mode_; }
  const Pmp& pmp() const { return pmp_; }
  // WFI in user mode is an illegal instruction (mstatus.TW).
  bool traps_wfi() const { return tw_ && mode_ == Privilege::user; }

  // mstatus.FS: floating-point instructions are legal, and have changed something.
  bool floats_on() const { return fs_ != 0; }
  void floats_changed() { fs_ = 3; }
  void raise_flags(std::uint32_t flags);
  // Of an instruction's rm field; nothing if it names none.
  std::optional<f32::Rounding> rounding(std::uint32_t rm) const;

  // Levels of the three interrupt inputs, as bits of mip.
  void set_interrupts(std::uint32_t mip) { mip_ = mip & kInterrupts; }
  // Pending and individually enabled: wakes WFI whatever mstatus.MIE says (3.3.3).
  bool interrupt_pending() const { return (mip_ & mie_) != 0; }
  // What would be taken at once if it were pending, as bits of mip (3.1.6.1).
  std::uint32_t takeable_interrupts() const {
    return mie_bit_ || mode_ == Privilege::user ? mie_ : 0;
  }
  // The mcause of the interrupt to take now: external before software before timer (3.1.9).
  std::optional<std::uint32_t> interrupt_to_take() const;

  // Both return the pc to go on at.
  std::uint32_t enter_trap(std::uint32_t cause, std::uint32_t pc, std::uint32_t tval);
  std::uint32_t leave_trap();
  bool has_handler() const { return (mtvec_ & ~3u) != 0; }

 private:
  // A counter that can be written and stopped: an offset to a source that always runs.
  class Counter {
   public:
    std::uint64_t value(std::uint64_t source) const { return stopped_ ? held_ : source + offset_; }
    void set(std::uint64_t value, std::uint64_t source);
    void stop(bool stopped, std::uint64_t source);

   private:
    std::uint64_t offset_ = 0;
    std::uint64_t held_ = 0;
    bool stopped_ = false;
  };

  static constexpr std::uint32_t kInterrupts =
      1u << kSoftwareInterrupt | 1u << kTimerInterrupt | 1u << kExternalInterrupt;

  std::uint32_t mstatus() const;
  void write_mstatus(std::uint32_t value);
  std::optional<std::uint32_t> read_machine(std::uint32_t number) const;
  void write_float(std::uint32_t number, std::uint32_t value);
  std::optional<std::uint32_t> read_counter(std::uint32_t number, const CounterInputs& now) const;
  void write_counter(std::uint32_t number, std::uint32_t value, const CounterInputs& now);
  void write_countinhibit(std::uint32_t value, const CounterInputs& now);

  std::uint32_t hart_id_, vendor_id_, architecture_id_, implementation_id_;
  Privilege mode_ = Privilege::machine;
  Privilege previous_mode_ = Privilege::user;  // mstatus.MPP
  bool mprv_ = false;                          // mstatus.MPRV
  bool tw_ = false;                            // mstatus.TW
  std::uint32_t fs_ = 0;                       // mstatus.FS
  std::uint32_t fflags_ = 0;
  std::uint32_t frm_ = 0;
  bool mie_bit_ = false;   // mstatus.MIE
  bool mpie_bit_ = false;  // mstatus.MPIE
  std::uint32_t mie_ = 0;
  std::uint32_t mip_ = 0;
  std::uint32_t mtvec_ = 0;
  std::uint32_t mscratch_ = 0;
  std::uint32_t mepc_ = 0;
  std::uint32_t mcause_ = 0;
  std::uint32_t mtval_ = 0;
  std::uint32_t mcountinhibit_ = 0;
  std::uint32_t mcounteren_ = 0;
  Pmp pmp_;
  Counter cycle_;
  Counter instret_;
};

}  // namespace epoch
