// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cpu/hart.h"
#include "files/output_file.h"
#include "loaders/function_map.h"
#include "report/instruction_text.h"

namespace epoch {

// The range that --trace-range means: a symbol of the program, or START-END, both inclusive. Throws
// UsageError.
AddressRange32 parse_trace_range(const std::string& text, const FunctionMap& functions);

// Writes a line for each instruction that the hart executes, and each interrupt that it takes.
class InstructionTrace : public InstructionObserver {
 public:
  // Throws UnavailableError if the file cannot be made. Without ranges everything is traced.
  InstructionTrace(const std::filesystem::path& file, const ElfFile& elf,
                   std::vector<AddressRange32> ranges, const Hart& hart, std::uint64_t period_ps);

  void on_instruction(const ExecutedInstruction& executed) override;
  void on_interrupt(std::uint64_t cycle, const TrapInfo& trap, std::uint32_t handler) override;
  // Throws UnavailableError if the disk did not take everything.
  void finish() { file_.close(); }

 private:
  bool traced(std::uint32_t pc) const;
  std::string place(std::uint64_t cycle, std::uint32_t pc) const;  // time, pc, symbol
  std::string effects(const ExecutedInstruction& executed, const InstructionText& text) const;

  OutputFile file_;
  const ElfFile& elf_;
  std::vector<AddressRange32> ranges_;
  const Hart& hart_;
  std::uint64_t period_ps_;
};

}  // namespace epoch
