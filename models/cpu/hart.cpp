// SPDX-License-Identifier: Apache-2.0
#include "cpu/hart.h"

#include <algorithm>
#include <cstring>

#include "cpu/decoder.h"

namespace epoch {

namespace {

std::optional<L1Cache> make_cache(const CacheConfig& config) {
  return config.size_kib == 0 ? std::nullopt : std::make_optional<L1Cache>(config);
}

}  // namespace

Hart::Hart(HartBus& bus, const CpuConfig& config)
    : bus_(bus),
      pc_(config.reset_pc & ~1u),
      splits_misaligned_(config.misaligned == Misaligned::hardware),
      timing_(config.timing),
      icache_(make_cache(config.icache)),
      dcache_(make_cache(config.dcache)),
      icache_miss_cycles_(config.icache.miss_cycles),
      dcache_miss_cycles_(config.dcache.miss_cycles),
      timed_(!timing_.uniform() || icache_ || dcache_),
      csrs_(config) {}

Hart::Exit Hart::run(std::uint64_t cycles) {
  if (halted()) return Exit::halted;
  limit_ = this->cycles() + cycles;
  budget_ = cycles;
  exit_.reset();
  for (CodeCache& code : code_) code.trim();
  take_interrupt();
  if (debugger_ != nullptr) {
    debugger_->run();
  } else if (!exit_) {
    interpret();
  }
  if (uncached_ != nullptr) uncached_->op = Op::undecoded;
  uncached_ = nullptr;
  return exit_.value_or(Exit::budget);
}

void Hart::sleep_until(std::uint64_t cycle) {
  if (cycle <= cycles()) return;
  const std::uint64_t slept = cycle - cycles();
  limit_ += slept;
  cycles_without_retirement_ += slept;
}

void Hart::revoke_direct(std::uint32_t first, std::uint32_t last) {
  direct_.remove(first, last);
  // The region that goes may be wider than the range: drop all code decoded by direct access.
  clear_code();
}

void Hart::forget_code(std::uint32_t first, std::uint32_t last) {
  for (CodeCache& code : code_) code.invalidate(first, last);
}

void Hart::clear_code() {
  for (CodeCache& code : code_) code.clear();
}

void Hart::follow_csr(std::uint32_t number, Privilege before) {
  follow_mode(before);
  if (!Pmp::has(number)) return;
  direct_.forget_pages();
  clear_code();
}

void Hart::follow_mode(Privilege before) {
  if (csrs_.data_mode() != before) direct_.forget_pages();
}

// The one place where the cycles of an instruction are counted outside the interpreter's loop.
void Hart::retire(std::uint32_t next_pc) {
  pc_ = next_pc;
  --budget_;
}

void Hart::spend(std::uint64_t cycles, std::uint64_t& budget) {
  cycles_without_retirement_ += cycles;
  const std::uint64_t within = std::min(cycles, budget);
  budget -= within;
  limit_ += cycles - within;
  const std::uint64_t of_rest = std::min(rest_, cycles - within);
  rest_ -= of_rest;
  // A debugger's: it is part of the budget.
  withheld_ -= std::min(withheld_, cycles - within - of_rest);
}

// Only directly accessible memory is cached: it has no side effects.
void Hart::fill_line(L1Cache& cache, std::uint32_t address, bool write, std::uint32_t miss_cycles) {
  const std::optional<std::uint32_t> written_back = cache.fill(address, write);
  if (written_back) {
    ++counts_.dcache_write_backs;
    finish_bus(bus_.transfer_line(*written_back, cache.line_bytes(), true));
  }
  finish_bus(bus_.transfer_line(cache.line_of(address), cache.line_bytes(), false));
  limit_ += miss_cycles;
  cycles_without_retirement_ += miss_cycles;
}

void Hart::touch_data(std::uint32_t address, bool write) {
  const std::uint32_t bytes = dcache_->line_bytes();
  if (direct_.find(dcache_->line_of(address), bytes, write) == nullptr) return;
  if (dcache_->hit(address, write)) return;
  ++counts_.dcache_misses;
  fill_line(*dcache_, address, write, dcache_miss_cycles_);
}

bool Hart::leaves_line(std::uint32_t pc, const Instruction& i) const {
  if (pc == fetched_pc_) return false;
  const std::uint32_t last = i.length == 2 ? pc + 2 : pc;
  return icache_->line_of(pc) != fetched_line_ || icache_->line_of(last) != fetched_line_;
}

void Hart::touch_code(const Instruction& i) {
  fetched_pc_ = pc_;
  for (std::uint32_t n = 0; n < std::max<unsigned>(i.length, 1); ++n) {
    const std::uint32_t address = pc_ + 2 * n;
    fetched_line_ = icache_->line_of(address);
    if (direct_.find(fetched_line_, icache_->line_bytes(), false) == nullptr) continue;
    if (icache_->hit(address, false)) continue;
    ++counts_.icache_misses;
    fill_line(*icache_, address, false, icache_miss_cycles_);
  }
}

void Hart::end_quantum() {
  limit_ -= budget_ - 1;
  budget_ = 1;
  rest_ = 0;
  withheld_ = 0;
}

void Hart::withhold(std::uint64_t left) {
  withheld_ += rest_;
  rest_ = 0;
  if (budget_ <= left) return;
  withheld_ += budget_ - left;
  limit_ -= budget_ - left;
  budget_ = left;
}

void Hart::give_back() {
  limit_ += withheld_;
  budget_ += withheld_;
  withheld_ = 0;
}

// A trapping instruction takes a cycle and does not retire (privileged specification, 3.3.1).
void Hart::raise(std::uint32_t cause, std::uint32_t tval) {
  ++counts_.traps;
  enter_trap(cause, tval);
  ++cycles_without_retirement_;
  --budget_;
}

void Hart::enter_trap(std::uint32_t cause, std::uint32_t tval) {
  last_trap_ = TrapInfo{cause, pc_, tval, {}};
  std::copy_n(x_.begin(), last_trap_.x.size(), last_trap_.x.begin());
  if (!csrs_.has_handler()) exit_ = Exit::halted;
  reservation_.reset();
  const Privilege before = csrs_.data_mode();
  pc_ = csrs_.enter_trap(cause, pc_, tval);
  follow_mode(before);
}

void Hart::take_interrupt() {
  const std::optional<std::uint32_t> taken = csrs_.interrupt_to_take();
  if (!taken) return;
  ++counts_.interrupts;
  if (debugger_ != nullptr) debugger_->interrupted(pc_);
  enter_trap(*taken, 0);
  if (observer_ != nullptr) observer_->on_jump(cycles(), pc_);
  for (InstructionObserver* each : each_) each->on_interrupt(cycles(), last_trap_, pc_);
}

bool Hart::finish_bus(const BusReply& reply) {
  ++counts_.bus_accesses;
  limit_ += reply.stall;
  cycles_without_retirement_ += reply.stall;
  end_quantum();
  return reply.ok;
}

void Hart::ask_direct(std::uint32_t address, bool write) {
  if (const auto region = bus_.direct_region(address, write)) direct_.add(*region);
}

Hart::FetchedHalf Hart::fetch_half(std::uint32_t address) {
  FetchedHalf half{csrs_.pmp().allows(address, 2, AccessKind::execute, csrs_.mode()), 0};
  if (!half.ok) return half;
  if (const std::uint8_t* host = direct_.find(address, 2, false)) {
    std::memcpy(&half.bits, host, sizeof half.bits);
    return half;
  }
  std::uint8_t bytes[2];
  const BusReply reply = bus_.fetch(address, bytes);
  half.ok = finish_bus(reply);
  if (!half.ok) return half;
  std::memcpy(&half.bits, bytes, sizeof half.bits);
  if (reply.direct) ask_direct(address, false);
  return half;
}

// Decodes what stands at pc_. Memory that cannot be accessed directly may answer differently the
// next time, so what comes from there is executed once; fetching it has ended the quantum, hence
// run() returns after this one instruction and clears the slot.
void Hart::decode_slot(Instruction* slot) {
  const FetchedHalf low = fetch_half(pc_);
  if (!low.ok) return raise(cause::instruction_access_fault, pc_);
  std::uint32_t bits = low.bits;
  const std::uint32_t second = pc_ + 2;
  if (!is_compressed(bits)) {
    const FetchedHalf high = fetch_half(second);
    if (!high.ok) return raise(cause::instruction_access_fault, second);
    bits |= static_cast<std::uint32_t>(high.bits) << 16;
  }
  Instruction decoded = decode(bits);
  if (memory_observer_ != nullptr && decoded.op == Op::fence) decoded.op = Op::told_fence;
  code().fill(pc_, decoded);
  fetched_pc_ = 1;  // its second half may lie in another line
  for (unsigned n = 0; n < decoded.length; ++n) {
    const std::uint32_t address = pc_ + 2 * n;
    if (direct_.find(address, 2, false) == nullptr) uncached_ = slot;
    code().page(address);  // stores to both halves' pages must look for code
    direct_.forget_store_page(address);
  }
}

bool Hart::permitted(std::uint32_t address, unsigned bytes, AccessKind kind) const {
  return csrs_.pmp().allows(address, bytes, kind, csrs_.data_mode());
}

// Only such a page may be remembered: nobody asks about it again.
bool Hart::page_permitted(std::uint32_t address, AccessKind kind) const {
  return permitted(address & kPageMask, kPageBytes, kind);
}

bool Hart::watched_page(std::uint32_t address) const {
  return debugger_ != nullptr && debugger_->watches_page(address);
}

bool Hart::read_memory(std::uint32_t address, std::uint8_t* data, unsigned bytes,
                       std::uint32_t fault) {
  if (!permitted(address, bytes, AccessKind::read)) {
    raise(fault, address);
    return false;
  }
  if (dcache_) touch_data(address, false);
  if (const std::uint8_t* host = direct_.find(address, bytes, false)) {
    std::memcpy(data, host, bytes);
    counts_.direct_bytes += bytes;
    if (memory_observer_ != nullptr)
      memory_observer_->on_load(address, bytes);
    else if (!watched_page(address) && page_permitted(address, AccessKind::read))
      direct_.remember_load_page(address);
    return true;
  }
  const BusReply reply = bus_.read(address, data, bytes);
  if (!finish_bus(reply)) {
    raise(fault, address);
    return false;
  }
  if (reply.direct) ask_direct(address, false);
  if (memory_observer_ != nullptr) memory_observer_->on_load(address, bytes);
  return true;
}

bool Hart::write_memory(std::uint32_t address, const std::uint8_t* data, unsigned bytes) {
  if (!permitted(address, bytes, AccessKind::write)) {
    raise(cause::store_access_fault, address);
    return false;
  }
  if (dcache_) touch_data(address, true);
  if (std::uint8_t* host = direct_.find(address, bytes, true)) {
    std::memcpy(host, data, bytes);
    counts_.direct_bytes += bytes;
    if (memory_observer_ == nullptr && !watched_page(address) && !holds_code(address) &&
        page_permitted(address, AccessKind::write)) {
      direct_.remember_store_page(address);
    }
  } else {
    const BusReply reply = bus_.write(address, data, bytes);
    if (!finish_bus(reply)) {
      raise(cause::store_access_fault, address);
      return false;
    }
    if (reply.direct) ask_direct(address, true);
  }
  if (memory_observer_ != nullptr) memory_observer_->on_store(address, bytes);
  forget_code(address, address + bytes - 1);
  return true;
}

namespace {

// The largest naturally aligned part that an access of `bytes` at this address begins with.
unsigned first_part(std::uint32_t address, unsigned bytes) {
  unsigned part = 4;
  while (address % part != 0 || part > bytes) part /= 2;
  return part;
}

}  // namespace

bool Hart::read_parts(std::uint32_t address, std::uint8_t* data, unsigned bytes) {
  if (address % bytes != 0 && !splits_misaligned_) {
    raise(cause::load_address_misaligned, address);
    return false;
  }
  for (unsigned done = 0; done < bytes;) {
    const unsigned part = first_part(address + done, bytes - done);
    if (!read_memory(address + done, data + done, part, cause::load_access_fault)) return false;
    done += part;
  }
  return true;
}

// Nothing is written if protection refuses any part. A bus error may come after a part is written.
bool Hart::write_parts(std::uint32_t address, const std::uint8_t* data, unsigned bytes) {
  if (address % bytes != 0 && !splits_misaligned_) {
    raise(cause::store_address_misaligned, address);
    return false;
  }
  for (unsigned n = 0; n < bytes; ++n) {
    if (!permitted(address + n, 1, AccessKind::write)) {
      raise(cause::store_access_fault, address + n);
      return false;
    }
  }
  for (unsigned done = 0; done < bytes;) {
    const unsigned part = first_part(address + done, bytes - done);
    if (!write_memory(address + done, data + done, part)) return false;
    done += part;
  }
  return true;
}

void Hart::load(const Instruction& i, unsigned bytes, bool is_signed) {
  const std::uint32_t address = x_[i.rs1] + static_cast<std::uint32_t>(i.imm);
  std::uint32_t value = 0;
  std::uint8_t data[4] = {};
  if (!read_parts(address, data, bytes)) return;
  std::memcpy(&value, data, sizeof value);
  const unsigned unused = 32 - 8 * bytes;
  value <<= unused;
  x_[i.rd] = is_signed ? static_cast<std::uint32_t>(static_cast<std::int32_t>(value) >> unused)
                       : value >> unused;
  retire(i);
}

void Hart::store(const Instruction& i, unsigned bytes) {
  const std::uint32_t address = x_[i.rs1] + static_cast<std::uint32_t>(i.imm);
  std::uint8_t data[4];
  std::memcpy(data, &x_[i.rs2], sizeof data);
  if (write_parts(address, data, bytes)) retire(i);
}

void Hart::load_float(const Instruction& i) {
  const std::uint32_t address = x_[i.rs1] + static_cast<std::uint32_t>(i.imm);
  std::uint8_t data[4];
  if (!read_parts(address, data, sizeof data)) return;
  std::memcpy(&f_[i.rd], data, sizeof data);
  csrs_.floats_changed();
  retire(i);
}

void Hart::store_float(const Instruction& i) {
  const std::uint32_t address = x_[i.rs1] + static_cast<std::uint32_t>(i.imm);
  std::uint8_t data[4];
  std::memcpy(data, &f_[i.rs2], sizeof data);
  if (write_parts(address, data, sizeof data)) retire(i);
}

void Hart::load_reserved(const Instruction& i) {
  const std::uint32_t address = x_[i.rs1];
  if (address % 4 != 0) return raise(cause::load_address_misaligned, address);
  std::uint8_t data[4];
  if (!read_memory(address, data, sizeof data, cause::load_access_fault)) return;
  std::memcpy(&x_[i.rd], data, sizeof data);
  reservation_ = address;
  retire(i);
}

void Hart::store_conditional(const Instruction& i) {
  const std::uint32_t address = x_[i.rs1];
  if (address % 4 != 0) return raise(cause::store_address_misaligned, address);
  const bool reserved = reservation_ == address;
  reservation_.reset();
  std::uint8_t data[4];
  std::memcpy(data, &x_[i.rs2], sizeof data);
  if (reserved && !write_memory(address, data, sizeof data)) return;
  x_[i.rd] = reserved ? 0 : 1;
  retire(i);
}

namespace {

std::uint32_t atomic_result(Op op, std::uint32_t old, std::uint32_t operand) {
  const auto a = static_cast<std::int32_t>(old);
  const auto b = static_cast<std::int32_t>(operand);
  switch (op) {
    case Op::amoadd_w:
      return old + operand;
    case Op::amoxor_w:
      return old ^ operand;
    case Op::amoand_w:
      return old & operand;
    case Op::amoor_w:
      return old | operand;
    case Op::amomin_w:
      return a < b ? old : operand;
    case Op::amomax_w:
      return a > b ? old : operand;
    case Op::amominu_w:
      return std::min(old, operand);
    case Op::amomaxu_w:
      return std::max(old, operand);
    default:
      return operand;  // amoswap
  }
}

}  // namespace

// All faults of an AMO are store/AMO faults, those of its read too (3.7.1 and table 3.6).
void Hart::atomic(const Instruction& i) {
  const std::uint32_t address = x_[i.rs1];
  if (address % 4 != 0) return raise(cause::store_address_misaligned, address);
  if (!permitted(address, 4, AccessKind::write)) return raise(cause::store_access_fault, address);
  std::uint32_t old = 0;
  std::uint8_t data[4];
  if (!read_memory(address, data, sizeof data, cause::store_access_fault)) return;
  std::memcpy(&old, data, sizeof old);
  const std::uint32_t result = atomic_result(i.op, old, x_[i.rs2]);
  std::memcpy(data, &result, sizeof data);
  if (!write_memory(address, data, sizeof data)) return;
  x_[i.rd] = old;
  retire(i);
}

CounterInputs Hart::counter_inputs(std::uint32_t csr_number) {
  const bool wants_time = csr_number == csr::time || csr_number == csr::timeh;
  return {cycles(), instructions(), wants_time ? bus_.time() : 0};
}

// Fences and cache blocks: accesses happen in program order and the caches hold no data, so whoever
// wants to know is told, and nothing else happens. A block needs read or write access (CMO
// specification 1.0, 2.5.3); in user mode menvcfg, which is 0, permits none.
void Hart::tell_order(const Instruction& i) {
  if (i.op == Op::cbo) {
    if (csrs_.mode() != Privilege::machine) return raise(cause::illegal_instruction, i.bits);
    const std::uint32_t address = x_[i.rs1];
    if (!permitted(address, 1, AccessKind::read) && !permitted(address, 1, AccessKind::write))
      return raise(cause::store_access_fault, address);
  }
  if (memory_observer_ != nullptr && i.op == Op::cbo)
    memory_observer_->on_block(static_cast<BlockOperation>(i.imm), x_[i.rs1]);
  else if (memory_observer_ != nullptr)
    memory_observer_->on_fence(i.bits >> 24 & 15u, i.bits >> 20 & 15u);
  retire(i);
}

// Reading mip samples the inputs now; what the write to mie or mstatus lets in is taken next.
void Hart::access_csr(const Instruction& i) {
  const auto number = static_cast<std::uint32_t>(i.imm);
  const bool immediate = i.op >= Op::csrrwi;
  const std::uint32_t operand = immediate ? i.rs1 : x_[i.rs1];
  const bool plain_write = i.op == Op::csrrw || i.op == Op::csrrwi;
  const bool writes = plain_write || i.rs1 != 0;
  if (number == csr::mip) csrs_.set_interrupts(bus_.interrupts());
  const CounterInputs now = counter_inputs(number);
  const std::optional<std::uint32_t> old = csrs_.read(number, now);
  if (!old || !csrs_.accessible(number) || (writes && CsrFile::read_only(number))) {
    return raise(cause::illegal_instruction, i.bits);
  }
  if (writes) {
    const Privilege before = csrs_.data_mode();
    const bool sets = i.op == Op::csrrs || i.op == Op::csrrsi;
    const std::uint32_t value = plain_write ? operand : sets ? *old | operand : *old & ~operand;
    csrs_.write(number, value, now);
    if (CsrFile::gates_interrupts(number)) end_quantum();
    follow_csr(number, before);
  }
  x_[i.rd] = *old;
  retire(i);
}

void Hart::return_from_trap(const Instruction& i) {
  if (csrs_.mode() != Privilege::machine) return raise(cause::illegal_instruction, i.bits);
  const Privilege before = csrs_.data_mode();
  end_quantum();
  retire(csrs_.leave_trap());
  follow_mode(before);
}

void Hart::wait_for_interrupt(const Instruction& i) {
  if (csrs_.traps_wfi()) return raise(cause::illegal_instruction, i.bits);
  retire(i);
  if (!csrs_.interrupt_pending()) exit_ = Exit::wait_for_interrupt;
}

void Hart::execute_memory(const Instruction& i) {
  switch (i.op) {
    case Op::lb:
      return load(i, 1, true);
    case Op::lh:
      return load(i, 2, true);
    case Op::lw:
      return load(i, 4, true);
    case Op::lbu:
      return load(i, 1, false);
    case Op::lhu:
      return load(i, 2, false);
    case Op::sb:
      return store(i, 1);
    case Op::sh:
      return store(i, 2);
    case Op::sw:
      return store(i, 4);
    case Op::lr_w:
      return load_reserved(i);
    case Op::sc_w:
      return store_conditional(i);
    default:
      return atomic(i);
  }
}

void Hart::execute_system(const Instruction& i) {
  switch (i.op) {
    case Op::told_fence:
    case Op::cbo:
      return tell_order(i);
    case Op::fence_i:
      clear_code();
      if (icache_) icache_->clear();
      fetched_line_ = fetched_pc_ = 1;
      return retire(i);
    case Op::ecall:
      return raise(csrs_.mode() == Privilege::machine ? cause::ecall_from_m : cause::ecall_from_u,
                   0);
    case Op::ebreak:
      return raise(cause::breakpoint, pc_);
    case Op::mret:
      return return_from_trap(i);
    case Op::wfi:
      return wait_for_interrupt(i);
    case Op::illegal:
      return raise(cause::illegal_instruction, i.bits);
    default:
      return access_csr(i);
  }
}

void Hart::execute(Instruction* slot) {
  const Instruction i = *slot;  // a store may change the slot it came from
  if (debugger_ != nullptr && debugger_->stops_before(i)) return;
  const std::uint64_t traps = counts_.traps;
  execute(slot, i);
  if (timed_ && counts_.traps == traps) spend(timing_.extra(i.op), budget_);
}

void Hart::execute(Instruction* slot, const Instruction& i) {
  switch (i.op) {
    case Op::undecoded:
      return decode_slot(slot);
    case Op::page_end:
      return;  // pc_ is in the next page already
    case Op::illegal:
    case Op::told_fence:
    case Op::cbo:
    case Op::fence_i:
    case Op::ecall:
    case Op::ebreak:
    case Op::mret:
    case Op::wfi:
    case Op::csrrw:
    case Op::csrrs:
    case Op::csrrc:
    case Op::csrrwi:
    case Op::csrrsi:
    case Op::csrrci:
      return execute_system(i);
    default:
      return i.op >= Op::flw ? execute_float(i) : execute_memory(i);
  }
}

}  // namespace epoch
