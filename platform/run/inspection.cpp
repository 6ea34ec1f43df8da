// SPDX-License-Identifier: Apache-2.0
#include "run/inspection.h"

#include <cstdio>
#include <cstring>

#include "config/key_value.h"
#include "report/register_names.h"
#include "run/backtrace.h"
#include "run/disassembler.h"

namespace epoch {
namespace {

constexpr const char* kIndent = "\n  ";

const char* trap_name(std::uint32_t mcause) {
  switch (mcause) {
    case 0:
      return "instruction address misaligned";
    case cause::instruction_access_fault:
      return "instruction access fault";
    case cause::illegal_instruction:
      return "illegal instruction";
    case cause::breakpoint:
      return "breakpoint";
    case cause::load_address_misaligned:
      return "load address misaligned";
    case cause::load_access_fault:
      return "load access fault";
    case cause::store_address_misaligned:
      return "store address misaligned";
    case cause::store_access_fault:
      return "store access fault";
    case cause::ecall_from_m:
      return "environment call";
    default:
      return (mcause & cause::interrupt) != 0 ? "interrupt" : "unknown cause";
  }
}

// Registers 1 to 31 by their ABI names, eight a line.
template <typename Value>
std::string hart_registers(const Value& value) {
  std::string text;
  for (unsigned i = 1; i < 32; ++i) {
    char item[40];
    std::snprintf(item, sizeof item, "%s%-4s %08x", i % 8 == 1 ? kIndent : "  ", kRegisterNames[i],
                  value(i));
    text += item;
  }
  return text;
}

// "BUS_READ: a LOAD read was answered with an error".
std::string error_meaning(std::uint32_t code) {
  switch (code) {
#define EPOCH_X_ERROR_MEANING(name, value, description) \
  case value:                                           \
    return std::string(#name ": ") + (description);
    EPOCH_ERRORS(EPOCH_X_ERROR_MEANING)
#undef EPOCH_X_ERROR_MEANING
    default:
      return "unknown";
  }
}

}  // namespace

Inspection::Inspection(Soc& soc, const ScenarioConfig& config, const Workload& workload)
    : soc_(soc), workload_(workload), regions_(platform_regions(config)) {
  for (const auto& epochcore : soc.epochcores) {
    registers_.add(epochcore->name(), epochcore->registers());
  }
  registers_.add("clint", soc.clint->register_bank());
  registers_.add("plic", soc.plic->register_bank());
  registers_.add("simctl", soc.simctl->register_bank());
  registers_.add("uart");
}

std::uint8_t* Inspection::memory(std::uint64_t address, std::uint64_t bytes) const {
  for (const Region& region : regions_) {
    if (!region.contains(address, bytes)) continue;
    const std::uint64_t offset = address - region.base;
    if (region.name == "dram") return soc_.dram->data() + offset;
    if (region.name == "sram") return soc_.sram->data() + offset;
    if (region.name == "boot_rom") return soc_.boot_rom->data() + offset;
  }
  return nullptr;
}

std::string Inspection::place(std::uint32_t pc) const {
  const std::string symbol = workload_.elf.symbolize(pc);
  return hex_address(pc) + (symbol.empty() ? "" : " <" + symbol + ">");
}

std::string Inspection::position() const {
  return soc_.cpu ? "at pc " + place(soc_.cpu->hart().pc()) : "in native code";
}

std::string Inspection::instruction(std::uint32_t pc) const {
  const std::uint8_t* first = memory(pc, 2);
  if (first == nullptr) return "none: no memory answers at the pc";
  std::uint16_t half = 0;
  std::memcpy(&half, first, sizeof half);
  const unsigned count = instruction_bytes(half);
  const std::uint8_t* at = memory(pc, count);
  if (at == nullptr) return "cut off by the end of memory";
  std::uint32_t word = 0;
  std::memcpy(&word, at, count);
  char raw[16];
  std::snprintf(raw, sizeof raw, "%0*x", static_cast<int>(2 * count), word);
  return std::string(raw) + "  " + disassemble(pc, {at, at + count});
}

std::string Inspection::native_trap(std::uint32_t mcause) const {
  char text[160];
  const auto& fault = soc_.native_cpu->last_fault();
  std::snprintf(text, sizeof text, "unhandled trap: %s (mcause 0x%x) in native code; ",
                trap_name(mcause), mcause);
  const bool bus = mcause == cause::load_access_fault || mcause == cause::store_access_fault;
  return text + std::string("given up by the firmware's handler") +
         (bus && fault ? kIndent + std::string("the bus refused ") +
                             (fault->is_write ? "a write to " : "a read of ") +
                             hex_address(static_cast<std::uint32_t>(fault->address))
                       : "") +
         kIndent + "the host's debugger tells more (firmware/README.md)";
}

std::string Inspection::trap(const TrapInfo& trap, const std::string& by) const {
  char text[160];
  std::snprintf(text, sizeof text, "unhandled trap: %s (mcause 0x%x, mtval 0x%08x) at pc ",
                trap_name(trap.cause), trap.cause, trap.tval);
  return text + place(trap.pc) + "; " + by + kIndent + "instruction " + instruction(trap.pc) +
         hart_registers([&](unsigned i) { return trap.x[i]; });
}

std::string Inspection::backtrace(const TrapInfo& trap) const {
  StoppedHart stopped;
  stopped.pc = trap.pc;
  stopped.x = trap.x;
  stopped.read = [this](std::uint32_t address) -> std::optional<std::uint32_t> {
    std::uint32_t word = 0;
    const std::uint8_t* at = memory(address, sizeof word);
    if (at == nullptr) return std::nullopt;
    std::memcpy(&word, at, sizeof word);
    return word;
  };
  return epoch::backtrace(workload_.elf_bytes, workload_.elf, stopped);
}

std::string Inspection::unmapped(const UnmappedAccess& access) const {
  const Region wanted{"", access.address, access.length};
  std::string text = std::string("unmapped ") + (access.is_write ? "write" : "read") + " of " +
                     range_text(wanted) + " by " + access.initiator;
  const Region* before = nullptr;
  const Region* after = nullptr;
  for (const Region& region : regions_) {  // sorted by base
    if (region.base <= access.address) before = &region;
    if (region.base > access.address && after == nullptr) after = &region;
  }
  const auto named = [](const Region& region) { return region.name + " " + range_text(region); };
  if (before != nullptr && before->contains(access.address, 1)) {
    return text + ", across the end of " + named(*before);
  }
  if (before != nullptr && after != nullptr) {
    return text + ", between " + named(*before) + " and " + named(*after);
  }
  if (before != nullptr) return text + ", above " + named(*before);
  return after != nullptr ? text + ", below " + named(*after) : text;
}

std::string Inspection::hart() const {
  if (soc_.native_cpu) {
    return "native code: its registers are the host's\nbus accesses " +
           std::to_string(soc_.native_cpu->bus_accesses()) + "\n" +
           (soc_.sleeping() ? "asleep until an interrupt\n" : "");
  }
  const Hart& hart = soc_.cpu->hart();
  const TrapInfo& last = hart.last_trap();
  std::string text =
      "pc " + place(hart.pc()) + hart_registers([&](unsigned i) { return hart.x(i); }) +
      "\ninstructions " + std::to_string(hart.instructions()) + ", cycles " +
      std::to_string(hart.cycles()) + "\ntraps " + std::to_string(hart.counts().traps) +
      ", interrupts " + std::to_string(hart.counts().interrupts) + "\n";
  TrapInfo now{0, hart.pc(), 0, {}};
  for (unsigned i = 1; i < now.x.size(); ++i) now.x[i] = hart.x(i);
  text += "backtrace" + backtrace(now) + "\n";
  if (hart.counts().traps + hart.counts().interrupts == 0) return text;
  char cause_text[80];
  std::snprintf(cause_text, sizeof cause_text, "last trap: %s (mcause 0x%x, mtval 0x%08x) at pc ",
                trap_name(last.cause), last.cause, last.tval);
  return text + cause_text + place(last.pc) + "\n";
}

// ---- EpochCore ----------------------------------------------------------------------------------

std::vector<CommandView> Inspection::unfetched(unsigned instance) const {
  const std::uint32_t size = peek(instance, EPOCH_REG_RING_SIZE);
  const std::uint32_t tail = peek(instance, EPOCH_REG_RING_TAIL);
  const std::uint64_t base = peek(instance, EPOCH_REG_RING_BASE_LO) |
                             std::uint64_t{peek(instance, EPOCH_REG_RING_BASE_HI)} << 32;
  std::vector<CommandView> commands;
  const std::uint32_t head = peek(instance, EPOCH_REG_RING_HEAD);
  if (size == 0 || tail - head > size) return commands;
  for (std::uint32_t sequence = head; sequence != tail; ++sequence) {
    Descriptor words{};
    const std::uint8_t* at =
        memory(base + sizeof words * std::uint64_t{sequence & (size - 1)}, sizeof words);
    if (at == nullptr) break;
    std::memcpy(words.data(), at, sizeof words);
    commands.push_back(view_of(words, sequence));
  }
  return commands;
}

BlockageReport Inspection::blockage(unsigned instance) const {
  DeviceState device;
  device.pending = soc_.epochcores[instance]->pending();
  device.unfetched = unfetched(instance);
  for (unsigned i = 0; i < EPOCH_SEMAPHORES; ++i) {
    device.semaphores[i] = peek(instance, EPOCH_REG_SEMAPHORE + 4 * i);
  }
  device.enabled = EPOCH_GET(peek(instance, EPOCH_REG_STATUS), STATUS, ENABLED) != 0;
  device.fifo_depth = soc_.epochcores[instance]->config().fifo_depth;
  return explain_blockage(device);
}

std::string Inspection::error_text(unsigned instance) const {
  const std::uint32_t code = peek(instance, EPOCH_REG_ERROR_CODE);
  if (code == EPOCH_ERROR_NONE) return "";
  char text[200], number[16];
  std::snprintf(number, sizeof number, "0x%03x ", code);
  std::snprintf(
      text, sizeof text, ", command %u, context 0x%04x, address 0x%08llx, %u bytes",
      peek(instance, EPOCH_REG_ERROR_SEQ), peek(instance, EPOCH_REG_ERROR_CONTEXT),
      static_cast<unsigned long long>(peek(instance, EPOCH_REG_ERROR_ADDR_LO) |
                                      std::uint64_t{peek(instance, EPOCH_REG_ERROR_ADDR_HI)} << 32),
      peek(instance, EPOCH_REG_ERROR_LEN));
  return kIndent + std::string("error ") + number + error_meaning(code) + text;
}

std::string Inspection::device_text(unsigned instance) const {
  const BlockageReport report = blockage(instance);
  const std::string who = instances() == 1 ? "EpochCore" : epochcore_name(instance);
  std::string text = kIndent + who + " " + report.verdict;
  for (const std::string& line : report.lines) text += kIndent + line;
  char interrupt[80];
  std::snprintf(interrupt, sizeof interrupt, "interrupt line %d (IRQ_STATUS 0x%x, IRQ_ENABLE 0x%x)",
                soc_.epochcores[instance]->irq.read(), peek(instance, EPOCH_REG_IRQ_STATUS),
                peek(instance, EPOCH_REG_IRQ_ENABLE));
  return text + error_text(instance) + kIndent + interrupt;
}

std::string Inspection::engines() const {
  std::string text;
  for (unsigned i = 0; i < instances(); ++i) text += device_text(i);
  const auto [external, timer, software] = soc_.interrupt_inputs();
  char interrupts[80];
  std::snprintf(interrupts, sizeof interrupts,
                "the hart's interrupts: external %d, timer %d, software %d", external, timer,
                software);
  return text + kIndent + interrupts;
}

std::string Inspection::epochcore_registers(unsigned instance) const {
  return device_registers(epochcore_name(instance));
}

std::string Inspection::device_registers(const std::string& device) const {
  const RegisterBank* bank = registers_.bank(device);
  std::string text;
  if (bank == nullptr) return text;
  for (const Register& reg : bank->table()) {
    for (unsigned i = 0; i < reg.count; ++i) {
      const std::uint32_t offset = reg.offset + 4 * i;
      const std::uint32_t value = bank->peek(offset);
      char line[80];
      std::snprintf(line, sizeof line, "0x%03x  0x%08x  ", offset, value);
      text += line + registers_.name(device, offset).substr(device.size() + 1) +
              fields_text(reg, value) + "\n";
    }
  }
  return text;
}

}  // namespace epoch
