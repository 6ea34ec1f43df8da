// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "cpu/code_cache.h"
#include "cpu/config.h"
#include "cpu/csr_file.h"
#include "cpu/direct_memory.h"
#include "cpu/hart_bus.h"
#include "cpu/hart_debugger.h"
#include "cpu/instruction.h"
#include "cpu/l1_cache.h"
#include "cpu/op_timing.h"
#include "cpu/trap.h"

namespace epoch {

// Sees where execution goes. A hart without one pays nothing for it.
class HartObserver {
 public:
  virtual ~HartObserver() = default;
  // Execution continues at pc, which does not follow its predecessor in memory.
  virtual void on_jump(std::uint64_t cycle, std::uint32_t pc) = 0;
};

// One step of the hart as an InstructionObserver is shown it.
struct ExecutedInstruction {
  std::uint64_t cycle = 0;  // at its start
  std::uint32_t pc = 0;
  Instruction decoded;    // Op::undecoded if it could not be fetched
  std::uint32_t rs1 = 0;  // values of the source registers before
  std::uint32_t rs2 = 0;
  std::uint32_t result = 0;  // value of x[rd] after, and of f[rd]
  std::uint32_t float_result = 0;
  std::uint32_t next_pc = 0;
  bool retired = false;  // otherwise it trapped: Hart::last_trap()
};

// Sees every instruction and every interrupt. The hart then executes one instruction at a time; a
// hart without one pays nothing for it.
class InstructionObserver {
 public:
  virtual ~InstructionObserver() = default;
  virtual void on_instruction(const ExecutedInstruction& executed) = 0;
  // An interrupt is taken: trap.pc has not been executed, handler is where execution goes on.
  virtual void on_interrupt(std::uint64_t cycle, const TrapInfo& trap, std::uint32_t handler) = 0;
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
  std::uint64_t icache_misses = 0;
  std::uint64_t dcache_misses = 0;
  std::uint64_t dcache_write_backs = 0;
};

// An RV32IMAFC + Zicsr + Zifencei + Zicbom hart with machine and user mode. Its clock is a count of
// cycles since reset that runs while it executes, waits for the bus and sleeps; whoever owns the
// hart ties the count to time.
class Hart {
 public:
  enum class Exit {
    budget,              // the cycles are used up, or something asks for synchronisation
    wait_for_interrupt,  // WFI retired with nothing pending
    halted               // last_trap() found no handler
  };

  Hart(HartBus& bus, const CpuConfig& config);

  // Runs for at most this many cycles (>= 1), and fewer where the quantum has to end: after a bus
  // access, a write to mie or mstatus, MRET. Interrupts are taken at the start only.
  Exit run(std::uint64_t cycles);
  void set_interrupts(std::uint32_t mip) { csrs_.set_interrupts(mip); }
  bool interrupt_pending() const { return csrs_.interrupt_pending(); }
  std::uint32_t takeable_interrupts() const { return csrs_.takeable_interrupts(); }
  std::optional<std::uint32_t> interrupt_to_take() const { return csrs_.interrupt_to_take(); }
  // Sleeps until that cycle; no effect if it has passed.
  void sleep_until(std::uint64_t cycle);

  // The bus withdraws direct access to the range.
  void revoke_direct(std::uint32_t first, std::uint32_t last);
  // Someone else wrote instructions: forget what was decoded from the range.
  void forget_code(std::uint32_t first, std::uint32_t last);

  std::uint32_t pc() const { return pc_; }
  void set_pc(std::uint32_t pc) { pc_ = pc & ~1u; }
  std::uint32_t x(unsigned number) const { return x_[number]; }
  void set_x(unsigned number, std::uint32_t value) { x_[number == 0 ? kDiscard : number] = value; }
  std::uint32_t f(unsigned number) const { return f_[number]; }
  void set_f(unsigned number, std::uint32_t value) { f_[number] = value; }
  Privilege mode() const { return csrs_.mode(); }
  std::uint64_t cycles() const { return limit_ - budget_; }
  std::uint64_t instructions() const { return cycles() - cycles_without_retirement_; }
  const HartCounts& counts() const { return counts_; }
  bool halted() const { return exit_ == Exit::halted; }
  // The latest trap taken, with the registers as its handler found them (reports by a debugger or
  // by a platform whose firmware gives up).
  const TrapInfo& last_trap() const { return last_trap_; }
  void observe(HartObserver& observer) { observer_ = &observer; }
  void observe_instructions(InstructionObserver& observer) { each_.push_back(&observer); }
  // Before the first run().
  void observe_memory(MemoryObserver& observer) { memory_observer_ = &observer; }

 private:
  friend class HartDebugger;

  // Interprets out of the code cache until budget_ is 0 or exit_ set (interpreter.cpp).
  void interpret();
  template <bool observed, bool timed>
  void interpret_as();
  // An instruction at a time, for those who want to see each (stepwise.cpp).
  void interpret_stepwise();
  void step_observed();
  Instruction instruction_at(std::uint32_t pc) const;
  void interpret_free();
  // Takes cycles in which nothing retires out of the budget, and where it ends lengthens the run.
  void spend(std::uint64_t cycles, std::uint64_t& budget);
  template <bool timed, typename T>
  bool load_direct(std::uint32_t address, std::uint32_t& result);
  template <bool timed, typename T>
  bool store_direct(std::uint32_t address, T value);

  // Whether the cache has to be asked for this instruction: it is not behind its predecessor in
  // the line. touch_code() then asks, and brings in what is missing.
  bool leaves_line(std::uint32_t pc, const Instruction& i) const;
  void touch_code(const Instruction& i);
  void touch_data(std::uint32_t address, bool write);
  void fill_line(L1Cache& cache, std::uint32_t address, bool write, std::uint32_t miss_cycles);

  // Everything that the interpreter's fast path leaves: executes the instruction in this slot at
  // pc_ in full, retires or traps, and leaves pc_ at the next.
  void execute(Instruction* slot);
  void execute(Instruction* slot, const Instruction& i);
  void execute_memory(const Instruction& i);
  void execute_system(const Instruction& i);
  void execute_float(const Instruction& i);
  void decode_slot(Instruction* slot);

  struct FetchedHalf {
    bool ok;
    std::uint16_t bits;
  };
  FetchedHalf fetch_half(std::uint32_t address);

  // The decoded code of the mode that executes: the other may not be allowed to.
  CodeCache& code() { return code_[csrs_.mode() == Privilege::machine ? 0 : 1]; }
  bool holds_code(std::uint32_t address) const {
    return code_[0].holds(address) || code_[1].holds(address);
  }
  void clear_code();
  // The mode of loads and stores was `before`: what has been found out about pages is void if it
  // changed.
  void follow_mode(Privilege before);
  void follow_csr(std::uint32_t number, Privilege before);  // after it was written

  // Accesses by whatever way leads there. `fault` is the mcause to report; false: trapped.
  bool read_memory(std::uint32_t address, std::uint8_t* data, unsigned bytes, std::uint32_t fault);
  bool write_memory(std::uint32_t address, const std::uint8_t* data, unsigned bytes);
  bool permitted(std::uint32_t address, unsigned bytes, AccessKind kind) const;
  bool page_permitted(std::uint32_t address, AccessKind kind) const;
  // Likewise, of any alignment: trapped, or in naturally aligned parts.
  bool read_parts(std::uint32_t address, std::uint8_t* data, unsigned bytes);
  bool write_parts(std::uint32_t address, const std::uint8_t* data, unsigned bytes);
  bool watched_page(std::uint32_t address) const;
  void load(const Instruction& i, unsigned bytes, bool is_signed);
  void store(const Instruction& i, unsigned bytes);
  void load_reserved(const Instruction& i);
  void store_conditional(const Instruction& i);
  void atomic(const Instruction& i);
  void load_float(const Instruction& i);
  void store_float(const Instruction& i);
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
  void return_from_trap(const Instruction& i);
  void wait_for_interrupt(const Instruction& i);
  void end_quantum();
  // A debugger wants the interpreter back after `left` cycles, and the rest later.
  void withhold(std::uint64_t left);
  void give_back();

  HartBus& bus_;
  HartObserver* observer_ = nullptr;
  std::vector<InstructionObserver*> each_;
  MemoryObserver* memory_observer_ = nullptr;

  std::array<std::uint32_t, kRegisterSlots> x_{};
  std::array<std::uint32_t, 32> f_{};
  std::uint32_t pc_;
  bool splits_misaligned_;
  OpTiming timing_;
  std::optional<L1Cache> icache_, dcache_;
  std::uint32_t icache_miss_cycles_, dcache_miss_cycles_;
  bool timed_;                      // by more than a cycle an instruction
  std::uint32_t fetched_line_ = 1;  // no line, likewise no pc
  std::uint32_t fetched_pc_ = 1;
  CsrFile csrs_;
  std::optional<std::uint32_t> reservation_;  // word address of the last LR.W

  // The cycle count is limit_ - budget_: running costs the interpreter one decrement. Cycles in
  // which nothing retires (stalls, sleep, traps) are counted apart; the rest are instructions.
  std::uint64_t limit_ = 0;
  std::uint64_t budget_ = 0;
  std::uint64_t cycles_without_retirement_ = 0;
  std::optional<Exit> exit_;
  std::uint64_t rest_ = 0;  // budget held back while instructions are observed one by one
  TrapInfo last_trap_;

  DirectMemory direct_;
  std::array<CodeCache, 2> code_;    // of machine and user mode
  Instruction* uncached_ = nullptr;  // decoded from memory that must be fetched each time
  HartCounts counts_;

  HartDebugger* debugger_ = nullptr;
  std::uint64_t withheld_ = 0;  // of the budget, see withhold()
};

}  // namespace epoch
