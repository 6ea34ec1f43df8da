// SPDX-License-Identifier: Apache-2.0
#include "report/access_text.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace epoch {
namespace {

std::string hex(std::uint64_t value, unsigned digits) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%0*llx", static_cast<int>(digits),
                static_cast<unsigned long long>(value));
  return text;
}

const char* step_name(CommandView::State state) {
  switch (state) {
    case CommandView::State::queued:
      return "fetched";
    case CommandView::State::running:
      return "started";
    case CommandView::State::retired:
      return "retired";
    case CommandView::State::dropped:
      return "dropped";
  }
  return "";
}

std::string semaphores_text(const char* what, const std::array<std::uint8_t, 2>& numbers) {
  std::string text;
  for (const std::uint8_t number : numbers) {
    if (number != no_semaphore) text += (text.empty() ? "" : ",") + std::to_string(number);
  }
  return text.empty() ? "" : std::string(" ") + what + "=" + text;
}

}  // namespace

RecordedAccess::RecordedAccess(const BusAccess& access, std::uint32_t access_pc)
    : time_ps(access.time_ps),
      initiator(&access.initiator),
      range(access.range),
      address(access.address),
      length(access.length),
      pc(access_pc),
      is_write(access.is_write),
      ok(access.ok) {
  if (is_write || ok) std::memcpy(&value, access.data, std::min<std::size_t>(length, sizeof value));
}

std::string AccessText::access(const RecordedAccess& access) const {
  const std::string symbol = access.pc != 0 ? elf_.symbolize(access.pc) : "";
  std::string text = std::to_string(access.time_ps) + " " + *access.initiator + " " +
                     (access.pc != 0 ? hex(access.pc, 8) : "-") + " " +
                     (symbol.empty() ? "-" : symbol) + (access.is_write ? " write " : " read ");
  const bool is_register = access.range != nullptr && registers_.has(access.range->name);
  const std::uint64_t offset = access.range != nullptr ? access.address - access.range->base : 0;
  if (access.range == nullptr) {
    text += "unmapped+" + hex(access.address, 8);
  } else if (is_register) {
    text += registers_.name(access.range->name, offset);
  } else {
    text += access.range->name + "+" + hex(offset, 1);
  }
  if (access.length > 8) {
    text += " " + std::to_string(access.length) + "_bytes";
  } else {
    text += access.is_write || access.ok ? " " + hex(access.value, 2 * access.length) : " -";
  }
  if (!access.ok) return text + " refused";
  if (!is_register) return text;
  return text +
         registers_.fields(access.range->name, offset, static_cast<std::uint32_t>(access.value));
}

std::string AccessText::command(std::uint64_t time_ps, const std::string& device,
                                const CommandView& command) {
  return std::to_string(time_ps) + " command " + step_name(command.state) + " " + device + "." +
         engine_name(command.engine) + " " + opcode_name(command.opcode) +
         " sequence=" + std::to_string(command.sequence) + tags(command);
}

std::string AccessText::tags(const CommandView& command) {
  return " context=" + hex(command.context, 4) + semaphores_text("waits", command.waits) +
         semaphores_text("signals", command.signals);
}

}  // namespace epoch
