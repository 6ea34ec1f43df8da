// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "cpu/code_cache.h"
#include "cpu/csr_file.h"
#include "cpu/direct_memory.h"
#include "cpu/hart_bus.h"
#include "cpu/instruction.h"
#include "cpu/trap.h"

namespace epoch {

// Sees where execution goes. A hart without one pays nothing for it.
class HartObserver {
 public:
  virtual ~HartObserver() = default;
  // Execution continues at pc, which does not follow its predecessor in memory.
  virtual void on_jump(std::uint64_t cycle, std::uint32_t pc) = 0;
};

// Operations of Zicbom, as encoded.
enum class BlockOperation : std::uint8_t { invalidate, clean, flush };

// Sees what the hart does to memory, in program order; Hart::pc() is that of the instruction. A
// hart with one makes every access the slow way.
class MemoryObserver {
 public:
  virtual ~MemoryObserver() = default;
  virtual void on_load(std::uint32_t address, unsigned bytes) = 0;
  virtual void on_store(std::uint32_t address, unsigned bytes) = 0;
  // Bits of the instruction's sets: input 8, output 4, read 2, write 1.
  virtual void on_fence(unsigned predecessors, unsigned successors) = 0;
  virtual void on_block(BlockOperation operation, std::uint32_t address) = 0;
};

struct HartCounts {
  std::uint64_t bus_accesses = 0;  // transactions: devices, and memory before its first grant
  std::uint64_t direct_bytes = 0;  // loaded and stored without a transaction
  std::uint64_t traps = 0;         // exceptions
  std::uint64_t interrupts = 0;    // interrupts taken
};

// An RV32IMAC + Zicsr + Zifencei hart in machine mode. Its clock is a count of cycles since reset
// that runs while it executes, waits for the bus and sleeps; whoever owns the hart ties the count
// to time.
class Hart {
 public:
  enum class Exit {
    budget,              // the cycles are used up, or something asks for synchronisation
    wait_for_interrupt,  // WFI retired with nothing pending
    halted               // last_trap() found no handler
  };

  Hart(HartBus& bus, std::uint32_t reset_pc, std::uint32_t hart_id);

  // Runs for at most this many cycles (>= 1), and fewer where the quantum has to end: after a bus
  // access, a write to mie or mstatus, MRET. Interrupts are taken at the start only.
  Exit run(std::uint64_t cycles);
  void set_interrupts(std::uint32_t mip) { csrs_.set_interrupts(mip); }
  bool interrupt_pending() const { return csrs_.interrupt_pending(); }
  // Sleeps until that cycle; no effect if it has passed.
  void sleep_until(std::uint64_t cycle);

  // The bus withdraws direct access to the range.
  void revoke_direct(std::uint32_t first, std::uint32_t last);
  // Someone else wrote instructions: forget what was decoded from the range.
  void forget_code(std::uint32_t first, std::uint32_t last) { code_.invalidate(first, last); }

  std::uint32_t pc() const { return pc_; }
  void set_pc(std::uint32_t pc) { pc_ = pc & ~1u; }
  std::uint32_t x(unsigned number) const { return x_[number]; }
  void set_x(unsigned number, std::uint32_t value) { x_[number == 0 ? kDiscard : number] = value; }
  std::uint64_t cycles() const { return limit_ - budget_; }
  std::uint64_t instructions() const { return cycles() - cycles_without_retirement_; }
  const HartCounts& counts() const { return counts_; }
  bool halted() const { return exit_ == Exit::halted; }
  // The latest trap taken, with the registers as its handler found them (reports by a debugger or
  // by a platform whose firmware gives up).
  const TrapInfo& last_trap() const { return last_trap_; }
  void observe(HartObserver& observer) { observer_ = &observer; }
  // Before the first run().
  void observe_memory(MemoryObserver& observer) { memory_observer_ = &observer; }

 private:
  // Interprets out of the code cache until budget_ is 0 or exit_ set (interpreter.cpp).
  void interpret();
  template <bool observed>
  void interpret_as();
  template <typename T>
  bool load_direct(std::uint32_t address, std::uint32_t& result);
  template <typename T>
  bool store_direct(std::uint32_t address, T value);

  // Everything that the interpreter's fast path leaves: executes the instruction in this slot at
  // pc_ in full, retires or traps, and leaves pc_ at the next.
  void execute(Instruction* slot);
  void execute_memory(const Instruction& i);
  void execute_system(const Instruction& i);
  void decode_slot(Instruction* slot);

  struct FetchedHalf {
    bool ok;
    std::uint16_t bits;
  };
  FetchedHalf fetch_half(std::uint32_t address);

  // Accesses by whatever way leads there. `fault` is the mcause to report; false: trapped.
  bool read_memory(std::uint32_t address, std::uint8_t* data, unsigned bytes, std::uint32_t fault);
  bool write_memory(std::uint32_t address, const std::uint8_t* data, unsigned bytes);
  void load(const Instruction& i, unsigned bytes, bool is_signed);
  void store(const Instruction& i, unsigned bytes);
  void load_reserved(const Instruction& i);
  void store_conditional(const Instruction& i);
  void atomic(const Instruction& i);
  void tell_order(const Instruction& i);
  void access_csr(const Instruction& i);
  CounterInputs counter_inputs(std::uint32_t csr_number);
  // Accounts for a transaction, after which others must get to run.
  bool finish_bus(const BusReply& reply);
  void ask_direct(std::uint32_t address, bool write);

  void retire(std::uint32_t next_pc);
  void retire(const Instruction& i) { retire(pc_ + 2u * i.length); }
  void raise(std::uint32_t cause, std::uint32_t tval);
  void enter_trap(std::uint32_t cause, std::uint32_t tval);
  void take_interrupt();
  void wait_for_interrupt(const Instruction& i);
  void end_quantum();

  HartBus& bus_;
  HartObserver* observer_ = nullptr;
  MemoryObserver* memory_observer_ = nullptr;

  std::array<std::uint32_t, kRegisterSlots> x_{};
  std::uint32_t pc_;
  CsrFile csrs_;
  std::optional<std::uint32_t> reservation_;  // word address of the last LR.W

  // The cycle count is limit_ - budget_: running costs the interpreter one decrement. Cycles in
  // which nothing retires (stalls, sleep, traps) are counted apart; the rest are instructions.
  std::uint64_t limit_ = 0;
  std::uint64_t budget_ = 0;
  std::uint64_t cycles_without_retirement_ = 0;
  std::optional<Exit> exit_;
  TrapInfo last_trap_;

  DirectMemory direct_;
  CodeCache code_;
  Instruction* uncached_ = nullptr;  // decoded from memory that must be fetched each time
  HartCounts counts_;
};

}  // namespace epoch
