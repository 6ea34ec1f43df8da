// SPDX-License-Identifier: Apache-2.0
#include "cpu/code_cache.h"

namespace epoch {
namespace {

bool jumps_by_immediate(Op op) {
  return op == Op::jal || (op >= Op::beq && op <= Op::bgeu);
}

}  // namespace

CodePage::CodePage(std::uint32_t address) : address_(address) {
  slots_[kSlots].op = Op::page_end;
  slots_[kSlots + 1].op = Op::page_end;
}

void CodePage::clear() {
  for (unsigned n = 0; n < kSlots; ++n) slots_[n].op = Op::undecoded;
}

// Knowing its pc, an AUIPC is a constant, and a jump may be known to stay inside its page.
void CodeCache::fill(std::uint32_t pc, const Instruction& decoded) {
  Instruction& slot = *page(pc).slot(pc);
  slot = decoded;
  const std::uint32_t target = pc + static_cast<std::uint32_t>(decoded.imm);
  if (decoded.op == Op::auipc) {
    slot.op = Op::lui;
    slot.imm = static_cast<std::int32_t>(target);
  }
  slot.local = jumps_by_immediate(decoded.op) && (target & kPageMask) == (pc & kPageMask);
}

void CodeCache::invalidate_slot(std::uint32_t pc) {
  const auto found = pages_.find(pc & kPageMask);
  if (found != pages_.end()) found->second->slot(pc)->op = Op::undecoded;
}

void CodeCache::invalidate(std::uint32_t first, std::uint32_t last) {
  // A 32-bit instruction that starts one halfword earlier reaches into the range.
  const std::uint32_t begin = (first & ~1u) - 2;
  const std::uint64_t halfwords = (static_cast<std::uint64_t>(last) - (first & ~1u)) / 2 + 2;
  if (halfwords <= CodePage::kSlots) {
    for (std::uint32_t n = 0; n < halfwords; ++n) invalidate_slot(begin + 2 * n);
    return;
  }
  for (auto& [address, page] : pages_) {
    if (address <= last && address + (kPageBytes - 1) >= first) page->clear();
  }
  invalidate_slot(begin);
}

void CodeCache::clear() {
  for (auto& [address, page] : pages_) page->clear();
}

void CodeCache::trim() {
  if (pages_.size() <= kMostPages) return;
  pages_.clear();
  recent_.fill({});
}

CodePage& CodeCache::look_up(std::uint32_t page_address) {
  std::unique_ptr<CodePage>& page = pages_[page_address];
  if (page == nullptr) page = std::make_unique<CodePage>(page_address);
  return *page;
}

}  // namespace epoch
