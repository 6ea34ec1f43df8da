// SPDX-License-Identifier: Apache-2.0
#include "debugger/monitor.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <optional>
#include <sstream>

#include "common/sim_time.h"
#include "config/json_text.h"
#include "config/key_value.h"
#include "report/json_report.h"
#include "report/mmio_trace.h"

namespace epoch {

namespace {

constexpr std::uint32_t kTraceLines = 20;
constexpr std::uint32_t kMostTraceLines = 1000;

template <typename... Values>
std::string formatted(const char* format, Values... values) {
  char text[240];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

std::string times_text(const RecordedCommand& recorded) {
  std::string text = "fetched " + time_text(recorded.fetched_ps);
  if (recorded.started_ps != RecordedCommand::kNever) {
    text += ", started " + time_text(recorded.started_ps);
  }
  if (recorded.ended_ps == RecordedCommand::kNever) return text;
  const bool dropped = recorded.command.state == CommandView::State::dropped;
  return text + (dropped ? ", dropped " : ", retired ") + time_text(recorded.ended_ps);
}

std::string what_it_is(const CommandView& command) {
  const char* opcode = opcode_name(command.opcode);
  return std::string(*opcode != '\0' ? opcode : formatted("opcode 0x%02x", command.opcode)) +
         " on " + engine_name(command.engine) + AccessText::tags(command);
}

std::string value_text(const std::variant<std::uint64_t, double>& value) {
  if (const auto* integer = std::get_if<std::uint64_t>(&value)) return std::to_string(*integer);
  return formatted("%.10g", std::get<double>(value));
}

}  // namespace

const std::vector<Monitor::Command>& Monitor::commands() {
  static const std::vector<Command> all = {
      {"help", "", "this list", &Monitor::help},
      {"map", "", "the memory map and what is loaded", &Monitor::map},
      {"regs", "DEVICE", "a device's registers with their fields; of cpu: the hart",
       &Monitor::registers},
      {"ring", "", "EpochCore's command ring, and what its engines wait for", &Monitor::ring},
      {"sem", "", "EpochCore's semaphores", &Monitor::semaphores},
      {"irq", "", "every interrupt line, from the device to the hart", &Monitor::interrupts},
      {"cmd", "N", "the command with ring counter N: state, times, descriptor", &Monitor::command},
      {"stats", "[NAME]", "statistics so far, of names that begin with NAME", &Monitor::statistics},
      {"time", "", "simulated time, cycles, instructions", &Monitor::time},
      {"trace", "[N]", "the last N (20) register accesses and command steps", &Monitor::trace},
  };
  return all;
}

std::string Monitor::answer(const std::string& line) const {
  std::istringstream stream(line);
  std::string name;
  stream >> name;
  if (name.empty()) name = "help";
  Words arguments;
  for (std::string word; stream >> word;) arguments.push_back(word);
  for (const Command& command : commands()) {
    if (name == command.name) return (this->*command.answer)(arguments);
  }
  return "no command \"" + one_line(name) + "\"; monitor help lists them\n";
}

std::string Monitor::help(const Words&) const {
  std::string text;
  for (const Command& command : commands()) {
    const std::string form = std::string(command.name) + " " + command.arguments;
    text += formatted("%-13s %s\n", form.c_str(), command.summary);
  }
  return text + "reset         start the run anew; then: maintenance flush register-cache\n";
}

std::string Monitor::registers(const Words& arguments) const {
  const std::string device = arguments.empty() ? "" : arguments[0];
  if (device == "cpu") return inspection_.hart();
  std::string text = inspection_.device_registers(device);
  if (!text.empty()) return text;
  text = "regs DEVICE, one of: cpu";
  for (const std::string& name : inspection_.registers().names()) {
    if (inspection_.registers().bank(name) != nullptr) text += " " + name;
  }
  return text + "; x/8xb reads the uart\n";
}

// ---- EpochCore ----------------------------------------------------------------------------------

std::string Monitor::ring_of(unsigned instance) const {
  const std::uint64_t base = peek(instance, EPOCH_REG_RING_BASE_LO) |
                             std::uint64_t{peek(instance, EPOCH_REG_RING_BASE_HI)} << 32;
  std::string text =
      epochcore_name(instance) +
      formatted(": ring 0x%08llx, %u descriptors, TAIL %u, HEAD %u, COMPLETED %u\n",
                static_cast<unsigned long long>(base), peek(instance, EPOCH_REG_RING_SIZE),
                peek(instance, EPOCH_REG_RING_TAIL), peek(instance, EPOCH_REG_RING_HEAD),
                peek(instance, EPOCH_REG_COMPLETED));
  const BlockageReport report = inspection_.blockage(instance);
  text += epochcore_name(instance) + " " + report.verdict + "\n";
  for (const std::string& line : report.lines) text += line + "\n";
  static constexpr const char* states[] = {"queued", "running", "retired", "dropped"};
  for (const CommandView& command : soc_.epochcores[instance]->pending()) {
    text += formatted("%6u  %-8s ", command.sequence, states[static_cast<int>(command.state)]) +
            what_it_is(command) + "\n";
  }
  for (const CommandView& command : inspection_.unfetched(instance)) {
    text += formatted("%6u  %-8s ", command.sequence, "in ring") + what_it_is(command) + "\n";
  }
  return text;
}

std::string Monitor::ring(const Words&) const {
  std::string text;
  for (unsigned i = 0; i < inspection_.instances(); ++i) text += ring_of(i);
  return text;
}

std::string Monitor::semaphores(const Words&) const {
  std::string text;
  for (unsigned i = 0; i < inspection_.instances(); ++i) {
    text += epochcore_name(i) + ":";
    for (unsigned n = 0; n < EPOCH_SEMAPHORES; ++n) {
      text += formatted(" %u=%u", n, peek(i, EPOCH_REG_SEMAPHORE + 4 * n));
    }
    text += "\n";
  }
  return text;
}

std::string Monitor::interrupts(const Words&) const {
  std::string text;
  for (unsigned i = 0; i < inspection_.instances(); ++i) {
    text +=
        epochcore_name(i) + formatted(": line %d, IRQ_STATUS 0x%x, IRQ_ENABLE 0x%x\n",
                                      soc_.epochcores[i]->irq.read(), peek(i, EPOCH_REG_IRQ_STATUS),
                                      peek(i, EPOCH_REG_IRQ_ENABLE));
  }
  text += formatted("uart: line %d\n", soc_.uart->irq.read());
  return text + formatted("hart: external %d, timer %d, software %d\n",
                          soc_.cpu->external_interrupt.read(), soc_.cpu->timer_interrupt.read(),
                          soc_.cpu->software_interrupt.read());
}

std::string Monitor::command_of(unsigned instance, std::uint32_t sequence) const {
  std::string text;
  const auto& recorded = recorder_.commands();
  const auto last = std::find_if(recorded.rbegin(), recorded.rend(), [&](const auto& command) {
    return command.device == instance && command.command.sequence == sequence;
  });
  if (last != recorded.rend()) {
    text = what_it_is(last->command) + "; " + times_text(*last) + "\n";
  } else {
    for (const CommandView& command : inspection_.unfetched(instance)) {
      if (command.sequence == sequence) text = what_it_is(command) + "; in the ring, not fetched\n";
    }
  }
  if (text.empty()) return "";
  text = epochcore_name(instance) + " command " + std::to_string(sequence) + ": " + text;
  // Its descriptor, if the ring still holds it.
  const std::uint32_t size = peek(instance, EPOCH_REG_RING_SIZE);
  const std::uint32_t behind = peek(instance, EPOCH_REG_RING_TAIL) - sequence;
  const std::uint64_t base = peek(instance, EPOCH_REG_RING_BASE_LO) |
                             std::uint64_t{peek(instance, EPOCH_REG_RING_BASE_HI)} << 32;
  if (size == 0 || behind == 0 || behind > size) return text;
  Descriptor words{};
  const std::uint8_t* at =
      inspection_.memory(base + sizeof words * (sequence & (size - 1)), sizeof words);
  if (at == nullptr) return text;
  std::memcpy(words.data(), at, sizeof words);
  for (unsigned i = 0; i < words.size(); ++i) {
    text += formatted("%s%08x%s", i % 8 == 0 ? "  " : "", words[i], i % 8 == 7 ? "\n" : " ");
  }
  return text;
}

std::string Monitor::command(const Words& arguments) const {
  const std::optional<std::uint32_t> sequence =
      arguments.empty() ? std::nullopt : number32(arguments[0]);
  if (!sequence) return "cmd N: which command? monitor ring and monitor trace show their numbers\n";
  std::string text;
  for (unsigned i = 0; i < inspection_.instances(); ++i) text += command_of(i, *sequence);
  return text.empty() ? "no command " + std::to_string(*sequence) + " is remembered\n" : text;
}

// ---- the run so far -----------------------------------------------------------------------------

std::string Monitor::statistics(const Words& arguments) const {
  const std::string prefix = arguments.empty() ? "" : arguments[0];
  std::string text;
  for (const Statistic& one : statistics_()) {
    if (one.name.compare(0, prefix.size(), prefix) != 0) continue;
    text += one.name + " " + value_text(one.value) + " " + one.unit + "\n";
  }
  return text.empty() ? "no statistic begins with \"" + one_line(prefix) + "\"\n" : text;
}

std::string Monitor::time(const Words&) const {
  const Cpu& cpu = *soc_.cpu;
  const std::uint64_t now = now_ps();
  return "simulated " + time_text(now) + (cpu.sleeping() ? ", the hart asleep in WFI" : "") +
         (cpu.local_ps() > now ? "; the hart is ahead at " + time_text(cpu.local_ps()) : "") +
         "\ncycle " + std::to_string(cpu.hart().cycles()) + ", " +
         std::to_string(cpu.hart().instructions()) + " instructions\n";
}

std::string Monitor::trace(const Words& arguments) const {
  const std::optional<std::uint32_t> asked =
      arguments.empty() ? kTraceLines : number32(arguments[0]);
  if (!asked || *asked == 0) return "trace N: how many lines?\n";
  std::vector<std::pair<std::uint64_t, std::string>> lines;
  for (const RecordedAccess& access : recorder_.register_accesses()) {
    lines.emplace_back(access.time_ps, access_text_.access(access));
  }
  for (const RecordedCommand& recorded : recorder_.commands()) {
    const auto step = [&](std::uint64_t time_ps, CommandView::State state) {
      if (time_ps == RecordedCommand::kNever) return;
      CommandView view = recorded.command;
      view.state = state;
      lines.emplace_back(time_ps,
                         AccessText::command(time_ps, epochcore_name(recorded.device), view));
    };
    step(recorded.fetched_ps, CommandView::State::queued);
    step(recorded.started_ps, CommandView::State::running);
    step(recorded.ended_ps, recorded.command.state);
  }
  std::stable_sort(lines.begin(), lines.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  const std::size_t count = std::min<std::size_t>(std::min(*asked, kMostTraceLines), lines.size());
  std::string text = std::string(AccessText::kAccessColumns) + AccessText::kCommandColumns;
  for (std::size_t i = lines.size() - count; i < lines.size(); ++i) text += lines[i].second + "\n";
  return text;
}

}  // namespace epoch
