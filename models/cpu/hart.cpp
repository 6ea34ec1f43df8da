// SPDX-License-Identifier: Apache-2.0
#include "cpu/hart.h"

#include <algorithm>
#include <cstring>

#include "cpu/decoder.h"

namespace epoch {

Hart::Hart(HartBus& bus, std::uint32_t reset_pc, std::uint32_t hart_id)
    : bus_(bus), pc_(reset_pc & ~1u), csrs_(hart_id) {}

Hart::Exit Hart::run(std::uint64_t cycles) {
  if (halted()) return Exit::halted;
  limit_ = this->cycles() + cycles;
  budget_ = cycles;
  exit_.reset();
  code_.trim();
  take_interrupt();
  if (!exit_) interpret();
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
  code_.clear();
}

// The one place where the cycles of an instruction are counted outside the interpreter's loop.
void Hart::retire(std::uint32_t next_pc) {
  pc_ = next_pc;
  --budget_;
}

void Hart::end_quantum() {
  limit_ -= budget_ - 1;
  budget_ = 1;
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
  pc_ = csrs_.enter_trap(cause, pc_, tval);
}

void Hart::take_interrupt() {
  const std::optional<std::uint32_t> taken = csrs_.interrupt_to_take();
  if (!taken) return;
  ++counts_.interrupts;
  enter_trap(*taken, 0);
  if (observer_ != nullptr) observer_->on_jump(cycles(), pc_);
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
  FetchedHalf half{true, 0};
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
  code_.fill(pc_, decoded);
  for (unsigned n = 0; n < decoded.length; ++n) {
    const std::uint32_t address = pc_ + 2 * n;
    if (direct_.find(address, 2, false) == nullptr) uncached_ = slot;
    code_.page(address);  // stores to both halves' pages must look for code
    direct_.forget_store_page(address);
  }
}

bool Hart::read_memory(std::uint32_t address, std::uint8_t* data, unsigned bytes,
                       std::uint32_t fault) {
  if (const std::uint8_t* host = direct_.find(address, bytes, false)) {
    std::memcpy(data, host, bytes);
    counts_.direct_bytes += bytes;
    if (memory_observer_ != nullptr)
      memory_observer_->on_load(address, bytes);
    else
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
  if (std::uint8_t* host = direct_.find(address, bytes, true)) {
    std::memcpy(host, data, bytes);
    counts_.direct_bytes += bytes;
    if (memory_observer_ == nullptr && !code_.holds(address)) direct_.remember_store_page(address);
  } else {
    const BusReply reply = bus_.write(address, data, bytes);
    if (!finish_bus(reply)) {
      raise(cause::store_access_fault, address);
      return false;
    }
    if (reply.direct) ask_direct(address, true);
  }
  if (memory_observer_ != nullptr) memory_observer_->on_store(address, bytes);
  code_.invalidate(address, address + bytes - 1);
  return true;
}

void Hart::load(const Instruction& i, unsigned bytes, bool is_signed) {
  const std::uint32_t address = x_[i.rs1] + static_cast<std::uint32_t>(i.imm);
  if (address % bytes != 0) return raise(cause::load_address_misaligned, address);
  std::uint32_t value = 0;
  std::uint8_t data[4] = {};
  if (!read_memory(address, data, bytes, cause::load_access_fault)) return;
  std::memcpy(&value, data, sizeof value);
  const unsigned unused = 32 - 8 * bytes;
  value <<= unused;
  x_[i.rd] = is_signed ? static_cast<std::uint32_t>(static_cast<std::int32_t>(value) >> unused)
                       : value >> unused;
  retire(i);
}

void Hart::store(const Instruction& i, unsigned bytes) {
  const std::uint32_t address = x_[i.rs1] + static_cast<std::uint32_t>(i.imm);
  if (address % bytes != 0) return raise(cause::store_address_misaligned, address);
  std::uint8_t data[4];
  std::memcpy(data, &x_[i.rs2], sizeof data);
  if (write_memory(address, data, bytes)) retire(i);
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

// Fences and cache blocks: accesses happen in program order and there is no cache, so whoever wants
// to know is told, and nothing else happens.
void Hart::tell_order(const Instruction& i) {
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
  if (!old || (writes && CsrFile::read_only(number))) {
    return raise(cause::illegal_instruction, i.bits);
  }
  if (writes) {
    const bool sets = i.op == Op::csrrs || i.op == Op::csrrsi;
    const std::uint32_t value = plain_write ? operand : sets ? *old | operand : *old & ~operand;
    csrs_.write(number, value, now);
    if (CsrFile::gates_interrupts(number)) end_quantum();
  }
  x_[i.rd] = *old;
  retire(i);
}

void Hart::wait_for_interrupt(const Instruction& i) {
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
      code_.clear();
      return retire(i);
    case Op::ecall:
      return raise(cause::ecall_from_m, 0);
    case Op::ebreak:
      return raise(cause::breakpoint, pc_);
    case Op::mret:
      end_quantum();
      return retire(csrs_.leave_trap());
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
      return execute_memory(i);
  }
}

}  // namespace epoch
