// SPDX-License-Identifier: Apache-2.0
#include "report/instruction_trace.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "config/json_text.h"
#include "config/key_value.h"
#include "errors.h"
#include "report/register_names.h"

namespace epoch {
namespace {

constexpr const char* kColumns = "# time_ps pc symbol bits mnemonic operands effects\n";

std::string effect(const char* name, std::uint32_t value) {
  char text[48];
  std::snprintf(text, sizeof text, " %s=0x%08x", name, value);
  return text;
}

}  // namespace

AddressRange32 parse_trace_range(const std::string& text, const FunctionMap& functions) {
  if (const auto range = functions.named(text)) return *range;
  const std::size_t dash = std::min(text.find('-'), text.size());
  const auto first = number32(text.substr(0, dash));
  const auto last = number32(dash < text.size() ? text.substr(dash + 1) : "");
  if (first && last && *first <= *last) return {*first, *last};
  throw UsageError("--trace-range " + one_line(text) +
                   ": neither a function or label of the program nor START-END, e.g. main or "
                   "0x80000000-0x800000ff");
}

InstructionTrace::InstructionTrace(const std::filesystem::path& file, const ElfFile& elf,
                                   std::vector<AddressRange32> ranges, const Hart& hart,
                                   std::uint64_t period_ps)
    : file_(file), elf_(elf), ranges_(std::move(ranges)), hart_(hart), period_ps_(period_ps) {
  file_.write(kColumns);
}

bool InstructionTrace::traced(std::uint32_t pc) const {
  return ranges_.empty() ||
         std::any_of(ranges_.begin(), ranges_.end(),
                     [pc](const AddressRange32& range) { return range.contains(pc); });
}

std::string InstructionTrace::place(std::uint64_t cycle, std::uint32_t pc) const {
  char text[48];
  std::snprintf(text, sizeof text, "%llu 0x%08x ",
                static_cast<unsigned long long>(cycle * period_ps_), pc);
  const std::string symbol = elf_.symbolize(pc);
  return text + (symbol.empty() ? "-" : symbol);
}

// What was written where, where execution goes on if not behind the instruction, and why not.
std::string InstructionTrace::effects(const ExecutedInstruction& executed,
                                      const InstructionText& text) const {
  if (!executed.retired) {
    return effect("trap", hart_.last_trap().cause) + effect("to", executed.next_pc);
  }
  const Instruction& i = executed.decoded;
  std::string effects;
  if (text.writes_register && i.rd != kDiscard) {
    effects += effect(kRegisterNames[i.rd % 32], executed.result);
  }
  if (text.writes_float) effects += effect(kFloatNames[i.rd % 32], executed.float_result);
  if (text.reads_memory || text.writes_memory) {
    const bool has_offset =
        (i.op >= Op::lb && i.op <= Op::sw) || i.op == Op::flw || i.op == Op::fsw;
    const std::uint32_t address =
        executed.rs1 + (has_offset ? static_cast<std::uint32_t>(i.imm) : 0);
    effects += effect("at", address);
  }
  const bool gave_up = i.op == Op::sc_w && executed.result != 0;
  if (text.writes_memory && !gave_up) effects += effect("stored", executed.rs2);
  if (executed.next_pc != executed.pc + 2u * i.length) effects += effect("to", executed.next_pc);
  return effects;
}

void InstructionTrace::on_instruction(const ExecutedInstruction& executed) {
  if (!traced(executed.pc)) return;
  const Instruction& i = executed.decoded;
  InstructionText text{"fetch", "-"};
  char bits[16] = "-";
  if (i.op != Op::undecoded) {
    text = instruction_text(executed.pc, i.bits);
    std::snprintf(bits, sizeof bits, "%0*x", 4 * i.length, i.bits);
  }
  file_.write(place(executed.cycle, executed.pc) + " " + bits + " " + text.mnemonic + " " +
              text.operands + effects(executed, text) + "\n");
}

void InstructionTrace::on_interrupt(std::uint64_t cycle, const TrapInfo& trap,
                                    std::uint32_t handler) {
  if (!traced(trap.pc) && !traced(handler)) return;
  file_.write(place(cycle, trap.pc) + " - interrupt -" + effect("trap", trap.cause) +
              effect("to", handler) + "\n");
}

}  // namespace epoch
