// SPDX-License-Identifier: Apache-2.0
#include "run/unwinder.h"

#include <dwarf.h>

#include <cstdlib>
#include <memory>

namespace epoch {
namespace {

struct Freed {
  void operator()(void* memory) const { std::free(memory); }
};

constexpr int kReturnAddress = 1, kStackPointer = 2;

std::string text_of(const char* text) {
  return text == nullptr ? "" : text;
}

// Where the call of an inlined function stands.
DebugInfo::Place call_place(Dwarf_Die* inlined, Dwarf_Files* files) {
  DebugInfo::Place place;
  Dwarf_Attribute attribute;
  Dwarf_Word value = 0;
  if (files != nullptr &&
      dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attribute), &value) == 0) {
    place.file = text_of(dwarf_filesrc(files, value, nullptr, nullptr));
  }
  if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attribute), &value) == 0) {
    place.line = static_cast<int>(value);
  }
  return place;
}

}  // namespace

// ---- DebugInfo ----------------------------------------------------------------------------------

DebugInfo::DebugInfo(const std::vector<std::uint8_t>& elf_bytes) {
  elf_version(EV_CURRENT);
  // libelf takes a writable image, and does not write to it without elf_update().
  auto* image = reinterpret_cast<char*>(const_cast<std::uint8_t*>(elf_bytes.data()));
  elf_ = elf_memory(image, elf_bytes.size());
  if (elf_ != nullptr) dwarf_ = dwarf_begin_elf(elf_, DWARF_C_READ, nullptr);
}

DebugInfo::~DebugInfo() {
  if (dwarf_ != nullptr) dwarf_end(dwarf_);
  if (elf_ != nullptr) elf_end(elf_);
}

bool DebugInfo::find_unit(std::uint32_t address, Dwarf_Die& unit) {
  if (dwarf_ == nullptr) return false;
  Dwarf_CU* cu = nullptr;
  while (dwarf_get_units(dwarf_, cu, &cu, nullptr, nullptr, &unit, nullptr) == 0) {
    if (dwarf_haspc(&unit, address) == 1) return true;
  }
  return false;
}

std::vector<DebugInfo::Place> DebugInfo::places(std::uint32_t address) {
  std::vector<Place> places;
  Dwarf_Die unit;
  if (!find_unit(address, unit)) return places;
  Place here;
  if (Dwarf_Line* line = dwarf_getsrc_die(&unit, address)) {
    here.file = text_of(dwarf_linesrc(line, nullptr, nullptr));
    dwarf_lineno(line, &here.line);
  }
  Dwarf_Files* files = nullptr;
  std::size_t file_count = 0;
  if (dwarf_getsrcfiles(&unit, &files, &file_count) != 0) files = nullptr;
  // Assemblers know the sizes of functions before the linker has relaxed them: symbols are right.
  if (dwarf_srclang(&unit) == DW_LANG_Mips_Assembler) return {here};
  Dwarf_Die* found = nullptr;
  const int scopes = dwarf_getscopes(&unit, address, &found);
  const std::unique_ptr<Dwarf_Die, Freed> free_found(found);
  for (int i = 0; i < scopes; ++i) {
    const int tag = dwarf_tag(&found[i]);
    if (tag != DW_TAG_subprogram && tag != DW_TAG_inlined_subroutine) continue;
    // Around an inlined function its definition's scopes follow; those of the call are wanted.
    Dwarf_Die* around = nullptr;
    const int outer = dwarf_getscopes_die(&found[i], &around);
    const std::unique_ptr<Dwarf_Die, Freed> free_around(around);
    for (int j = 0; j < outer; ++j) {
      const int kind = dwarf_tag(&around[j]);
      if (kind != DW_TAG_subprogram && kind != DW_TAG_inlined_subroutine) continue;
      here.function = text_of(dwarf_diename(&around[j]));
      places.push_back(here);
      if (kind == DW_TAG_subprogram) break;
      here = call_place(&around[j], files);
    }
    break;
  }
  if (places.empty()) places.push_back(here);
  return places;
}

Dwarf_Frame* DebugInfo::frame(std::uint32_t address) {
  Dwarf_Frame* frame = nullptr;
  Dwarf_CFI* tables[] = {dwarf_ != nullptr ? dwarf_getcfi(dwarf_) : nullptr,
                         elf_ != nullptr ? dwarf_getcfi_elf(elf_) : nullptr};
  for (Dwarf_CFI* table : tables) {
    if (table != nullptr && dwarf_cfi_addrframe(table, address, &frame) == 0) return frame;
  }
  return nullptr;
}

// ---- Unwinder -----------------------------------------------------------------------------------

Unwinder::Unwinder(DebugInfo& info, const StoppedHart& hart)
    : info_(info), hart_(hart), pc_(hart.pc) {
  for (std::size_t i = 0; i < x_.size(); ++i) x_[i] = hart.x[i];
}

Unwinder::Step Unwinder::lose(const std::string& why) {
  why_ = why;
  return Step::lost;
}

// The operations that compilers and assemblers use in call frame information; nothing for others.
// `is_location`: the result is where the value lies, unless the operations say that it is it.
Unwinder::Word Unwinder::evaluate(const Dwarf_Op* ops, std::size_t count, Word cfa,
                                  bool is_location) {
  std::vector<std::uint32_t> stack;
  const auto push_register = [&](std::uint64_t number, std::uint32_t offset) {
    if (number >= x_.size() || !x_[number]) return false;
    stack.push_back(*x_[number] + offset);
    return true;
  };
  constexpr std::size_t kMostOperations = 64;
  if (count > kMostOperations) return std::nullopt;
  for (std::size_t i = 0; i < count; ++i) {
    const Dwarf_Op& op = ops[i];
    const auto number = static_cast<std::uint32_t>(op.number);
    if (op.atom >= DW_OP_breg0 && op.atom <= DW_OP_breg31) {
      if (!push_register(op.atom - DW_OP_breg0, number)) return std::nullopt;
    } else if (op.atom == DW_OP_bregx) {
      if (!push_register(op.number, static_cast<std::uint32_t>(op.number2))) return std::nullopt;
    } else if (op.atom >= DW_OP_reg0 && op.atom <= DW_OP_reg31) {
      return x_[op.atom - DW_OP_reg0];
    } else if (op.atom == DW_OP_regx) {
      return op.number < x_.size() ? x_[op.number] : std::nullopt;
    } else if (op.atom == DW_OP_call_frame_cfa) {
      if (!cfa) return std::nullopt;
      stack.push_back(*cfa);
    } else if (op.atom == DW_OP_plus_uconst) {
      if (stack.empty()) return std::nullopt;
      stack.back() += number;
    } else if (op.atom == DW_OP_stack_value) {
      is_location = false;
    } else {
      return std::nullopt;
    }
  }
  if (stack.empty()) return std::nullopt;
  return is_location ? hart_.read(stack.back()) : stack.back();
}

// The value that the caller has in a register; nothing if that is not known.
Unwinder::Word Unwinder::caller_value(Dwarf_Frame* frame, int number, std::uint32_t cfa) {
  Dwarf_Op memory[3];
  Dwarf_Op* ops = nullptr;
  std::size_t count = 0;
  if (dwarf_frame_register(frame, number, memory, &ops, &count) != 0) return std::nullopt;
  const bool has_slot = number < static_cast<int>(x_.size());
  if (count != 0) return evaluate(ops, count, cfa, true);
  if (ops == nullptr && has_slot) return x_[static_cast<std::size_t>(number)];  // same value
  return std::nullopt;
}

bool Unwinder::step_registers(Dwarf_Frame* frame, std::uint32_t cfa, int return_register) {
  Dwarf_Op memory[3];
  Dwarf_Op* ops = nullptr;
  std::size_t count = 0;
  outermost_ = dwarf_frame_register(frame, return_register, memory, &ops, &count) == 0 &&
               count == 0 && ops == memory;
  const Word return_address = caller_value(frame, return_register, cfa);
  std::array<Word, 32> caller;
  for (int i = 1; i < 32; ++i) caller[static_cast<std::size_t>(i)] = caller_value(frame, i, cfa);
  caller[0] = 0;
  if (!caller[kStackPointer]) caller[kStackPointer] = cfa;
  x_ = caller;
  if (return_address) pc_ = *return_address & ~1u;
  return return_address.has_value();
}

Unwinder::Step Unwinder::step() {
  const std::unique_ptr<Dwarf_Frame, Freed> frame(info_.frame(executing()));
  if (frame == nullptr) return lose("has no call frame information");
  Dwarf_Op* ops = nullptr;
  std::size_t count = 0;
  if (dwarf_frame_cfa(frame.get(), &ops, &count) != 0 || count == 0) {
    return lose("has call frame information that cannot be read");
  }
  const Word cfa = evaluate(ops, count, std::nullopt, false);
  if (!cfa) return lose("has call frame information that cannot be evaluated");
  bool is_signal = false;
  const int return_register = dwarf_frame_info(frame.get(), nullptr, nullptr, &is_signal);
  const std::uint32_t pc = pc_;
  const Word stack = x_[kStackPointer];
  if (!step_registers(frame.get(), *cfa, return_register)) {
    if (outermost_) return Step::outermost;
    return lose("keeps its return address where nothing can be read");
  }
  // Whoever returns by another register than ra was not called: it interrupted its caller.
  exact_ = is_signal || return_register != kReturnAddress;
  if (pc_ == pc && x_[kStackPointer] == stack) return lose("calls itself without end");
  if (pc_ == 0) return Step::outermost;
  return Step::caller;
}

}  // namespace epoch
