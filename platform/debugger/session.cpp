// SPDX-License-Identifier: Apache-2.0
#include "debugger/session.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace epoch::gdb {

namespace {

constexpr const char* kMalformed = "E01";
constexpr std::size_t kMostMemory = kPacketBytes / 2 - 8;  // hexadecimal, in one answer
constexpr std::size_t kConsoleChunk = 1024;
constexpr std::size_t kMostEarly = 64;
constexpr unsigned kGeneralRegisters = kPcNumber + 1;  // x0 to x31 and pc: what `g` carries

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

// What stands before `separator`; `rest` is what stands behind it, or nothing if there is none.
std::string_view split(std::string_view text, char separator, std::string_view& rest) {
  const std::size_t at = text.find(separator);
  rest = at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
  return text.substr(0, at);
}

struct Range {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};

// "80000000,4".
std::optional<Range> two_numbers(std::string_view text) {
  std::string_view rest;
  const auto first = hex_number(split(text, ',', rest));
  const auto second = hex_number(rest);
  if (!first || !second) return std::nullopt;
  return Range{*first, *second};
}

const char* feature_name(TargetRegister::Feature feature) {
  switch (feature) {
    case TargetRegister::Feature::cpu:
      return "org.gnu.gdb.riscv.cpu";
    case TargetRegister::Feature::fpu:
      return "org.gnu.gdb.riscv.fpu";
    default:
      return "org.gnu.gdb.riscv.csr";
  }
}

const char* type_of(const TargetRegister& reg) {
  if (reg.feature == TargetRegister::Feature::fpu) return "ieee_single";
  if (reg.name == "pc" || reg.name == "ra") return "code_ptr";
  return reg.name == "sp" || reg.name == "gp" || reg.name == "tp" ? "data_ptr" : "int";
}

}  // namespace

std::string target_xml(const std::vector<TargetRegister>& registers) {
  std::string text =
      "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
      "<target version=\"1.0\">\n<architecture>riscv:rv32</architecture>\n<osabi>none</osabi>\n";
  using Feature = TargetRegister::Feature;
  for (const Feature feature : {Feature::cpu, Feature::fpu, Feature::csr}) {
    std::string rows;
    for (const TargetRegister& reg : registers) {
      if (reg.feature != feature) continue;
      rows += "<reg name=\"" + reg.name + "\" bitsize=\"32\" type=\"" + type_of(reg) +
              "\" regnum=\"" + std::to_string(reg.number) + "\"" +
              (feature == Feature::csr ? " save-restore=\"no\" group=\"csr\"" : "") + "/>\n";
    }
    if (rows.empty()) continue;
    text +=
        std::string("<feature name=\"") + feature_name(feature) + "\">\n" + rows + "</feature>\n";
  }
  return text + "</target>\n";
}

// ---- bytes --------------------------------------------------------------------------------------

void Session::receive(std::string_view bytes) {
  reader_.feed(bytes);
  process();
}

// A debugger that does not wait for its answers: packets are kept until the machine stands, an
// interrupt has its effect at once.
void Session::process() {
  while (halted() && !order_ && !early_.empty()) {
    const std::string text = std::move(early_.front());
    early_.pop_front();
    packet(text);
  }
  while (!order_) {
    const std::optional<Event> event = reader_.next();
    if (!event) return;
    switch (event->kind) {
      case Event::Kind::acknowledge:
        break;
      case Event::Kind::resend:
        if (acknowledges_ && !last_payload_.empty()) output_ += encode_packet(last_payload_);
        break;
      case Event::Kind::interrupt:
        interrupt_ = interrupt_ || !halted();
        break;
      case Event::Kind::malformed:
        if (acknowledges_) output_ += '-';
        if (on_malformed) on_malformed(event->text);
        break;
      case Event::Kind::packet:
        if (acknowledges_) output_ += '+';
        if (halted()) {
          packet(event->text);
        } else if (early_.size() < kMostEarly) {
          early_.push_back(event->text);
        }
        break;
    }
  }
}

std::string Session::take_output() {
  return std::exchange(output_, {});
}

void Session::reply(std::string_view payload) {
  last_payload_ = payload;
  output_ += encode_packet(payload);
}

void Session::answer(const std::string& problem) {
  reply(problem.empty() ? "OK" : "E." + problem);
}

void Session::print(const std::string& text) {
  if (!halted()) console(text);
}

void Session::console(const std::string& text) {
  for (std::size_t at = 0; at < text.size(); at += kConsoleChunk) {
    reply("O" + to_hex(std::string_view(text).substr(at, kConsoleChunk)));
  }
}

std::string Session::suspended() const {
  return std::string(acknowledges_ ? "1" : "0") + (wants_break_reasons_ ? "1" : "0");
}

void Session::resume(const std::string& state) {
  acknowledges_ = state.substr(0, 1) != "0";
  wants_break_reasons_ = state.substr(1, 1) == "1";
}

// ---- orders and stops ---------------------------------------------------------------------------

void Session::order(const Order& order) {
  state_ = State::running;
  interrupt_ = false;
  order_ = order;
}

std::optional<Order> Session::take_order() {
  const std::optional<Order> taken = std::exchange(order_, std::nullopt);
  if (taken) process();  // an interrupt may stand behind it
  return taken;
}

bool Session::take_interrupt() {
  return std::exchange(interrupt_, false);
}

void Session::stopped(const StopReport& why) {
  last_stop_ = why;
  const bool told = state_ == State::running;
  state_ = State::halted;
  interrupt_ = false;
  if (told) reply(stop_text());
  process();
}

void Session::exited(int status) {
  if (state_ == State::running) reply("W" + to_hex(std::string(1, static_cast<char>(status))));
}

std::string Session::stop_text() const {
  std::string text = "T" + to_hex(std::string(1, static_cast<char>(last_stop_.signal)));
  const auto watch = [&](const char* name) {
    text += std::string(name) + ":";
    std::string digits;
    for (int shift = 28; shift >= 0; shift -= 4) {
      digits += "0123456789abcdef"[last_stop_.address >> shift & 15u];
    }
    text += digits + ";";
  };
  switch (last_stop_.detail) {
    case StopReport::Detail::software_breakpoint:
      if (wants_break_reasons_) text += "swbreak:;";
      break;
    case StopReport::Detail::hardware_breakpoint:
      if (wants_break_reasons_) text += "hwbreak:;";
      break;
    case StopReport::Detail::write_watch:
      watch("watch");
      break;
    case StopReport::Detail::read_watch:
      watch("rwatch");
      break;
    case StopReport::Detail::access_watch:
      watch("awatch");
      break;
    case StopReport::Detail::none:
      break;
  }
  // What GDB asks for after every step: ra, sp, s0, pc.
  for (const unsigned number : {1u, 2u, 8u, kPcNumber}) {
    const std::optional<std::uint32_t> value = target_.read_register(number);
    if (!value) continue;
    text += to_hex(std::string(1, static_cast<char>(number))) + ":" + word_hex(*value) + ";";
  }
  return text + "thread:1;";
}

// ---- packets ------------------------------------------------------------------------------------

void Session::packet(const std::string& text) {
  const std::string_view rest =
      std::string_view(text).substr(std::min<std::size_t>(1, text.size()));
  switch (text.empty() ? '\0' : text[0]) {
    case '?':
      return reply(stop_text());
    case 'g':
      return read_registers();
    case 'G':
      return write_registers(rest);
    case 'p':
      return read_register(rest);
    case 'P':
      return write_register(rest);
    case 'm':
      return read_memory(rest);
    case 'M':
      return write_memory(rest, false);
    case 'X':
      return write_memory(rest, true);
    case 'Z':
    case 'z':
      return point(text);
    case 'c':
    case 'C':
    case 's':
    case 'S':
      return continue_packet(text);
    case 'v':
      return verbose(text);
    case 'q':
      return query(text);
    case 'Q':
      return set(text);
    case 'H':
      return reply("OK");  // there is one thread
    case 'T':
      return reply(hex_number(rest) == 1u ? "OK" : kMalformed);
    case 'D':
      reply("OK");
      return order({Order::Kind::detach, 0, 0});
    case 'k':
      return order({Order::Kind::kill, 0, 0});
    default:
      return reply("");  // not supported
  }
}

void Session::query(const std::string& text) {
  const std::string_view view = text;
  if (starts_with(view, "qSupported")) return supported(view.substr(10));
  if (starts_with(view, "qXfer:features:read:target.xml:"))
    return transfer_description(view.substr(31));
  if (starts_with(view, "qXfer:features:read:")) return reply("E00");
  if (starts_with(view, "qRcmd,")) return monitor(view.substr(6));
  if (starts_with(view, "qAttached")) return reply("1");
  if (starts_with(view, "qThreadExtraInfo,")) return reply(to_hex("hart 0"));
  if (view == "qC") return reply("QC1");
  if (view == "qfThreadInfo") return reply("m1");
  if (view == "qsThreadInfo") return reply("l");
  if (starts_with(view, "qSymbol")) return reply("OK");
  reply("");
}

void Session::set(const std::string& text) {
  if (text != "QStartNoAckMode") return reply("");
  reply("OK");
  acknowledges_ = false;
}

void Session::supported(std::string_view features) {
  wants_break_reasons_ = features.find("swbreak+") != std::string_view::npos;
  reply("PacketSize=" + std::string("4000") +
        ";swbreak+;hwbreak+;vContSupported+;qXfer:features:read+;QStartNoAckMode+");
}

void Session::transfer_description(std::string_view range) {
  const std::optional<Range> part = two_numbers(range);
  if (!part) return reply(kMalformed);
  const std::string xml = target_xml(target_.registers());
  const std::size_t first = std::min<std::uint64_t>(part->first, xml.size());
  const std::size_t count = std::min<std::uint64_t>(part->second, kMostMemory);
  const std::string piece = xml.substr(first, count);
  reply((first + piece.size() < xml.size() ? "m" : "l") + piece);
}

void Session::monitor(std::string_view hex) {
  const std::optional<std::string> line = from_hex(hex);
  if (!line) return reply(kMalformed);
  console(target_.monitor(*line));
  reply("OK");
}

// ---- registers and memory -----------------------------------------------------------------------

void Session::read_registers() {
  std::string text;
  for (unsigned number = 0; number < kGeneralRegisters; ++number) {
    const std::optional<std::uint32_t> value = target_.read_register(number);
    text += value ? word_hex(*value) : "xxxxxxxx";
  }
  reply(text);
}

void Session::write_registers(std::string_view hex) {
  if (hex.size() != std::size_t{kGeneralRegisters} * 8) return reply(kMalformed);
  std::vector<std::uint32_t> values;
  for (unsigned number = 0; number < kGeneralRegisters; ++number) {
    const std::optional<std::uint32_t> value = hex_word(hex.substr(std::size_t{number} * 8, 8));
    if (!value) return reply(kMalformed);
    values.push_back(*value);
  }
  std::string problem;
  for (unsigned number = 0; number < kGeneralRegisters && problem.empty(); ++number) {
    if (target_.read_register(number) == values[number]) continue;
    problem = target_.write_register(number, values[number]);
  }
  answer(problem);
}

void Session::read_register(std::string_view text) {
  const std::optional<std::uint64_t> number = hex_number(text);
  if (!number || *number > 0xFFFF) return reply(kMalformed);
  const std::optional<std::uint32_t> value = target_.read_register(static_cast<unsigned>(*number));
  reply(value ? word_hex(*value) : "E02");
}

void Session::write_register(std::string_view text) {
  std::string_view digits;
  const std::optional<std::uint64_t> number = hex_number(split(text, '=', digits));
  const std::optional<std::uint32_t> value = hex_word(digits);
  if (!number || *number > 0xFFFF || !value) return reply(kMalformed);
  answer(target_.write_register(static_cast<unsigned>(*number), *value));
}

// Fewer bytes than asked for are an answer too.
void Session::read_memory(std::string_view text) {
  const std::optional<Range> range = two_numbers(text);
  if (!range) return reply(kMalformed);
  const std::size_t count = std::min<std::uint64_t>(range->second, kMostMemory);
  const std::string bytes = target_.read_memory(range->first, count);
  reply(bytes.empty() && count != 0 ? "E0e" : to_hex(bytes));
}

void Session::write_memory(std::string_view text, bool binary) {
  std::string_view data;
  const std::optional<Range> range = two_numbers(split(text, ':', data));
  const std::optional<std::string> bytes = binary ? std::string(data) : from_hex(data);
  if (!range || !bytes || bytes->size() != range->second) return reply(kMalformed);
  answer(bytes->empty() ? "" : target_.write_memory(range->first, *bytes));
}

// Z and z: kind, address, and a length that for breakpoints says how long the instruction is.
// Software and hardware breakpoints are the same: neither changes memory, and there is no end of
// either.
void Session::point(const std::string& text) {
  if (text.size() < 3 || text[2] != ',') return reply(kMalformed);
  if (text[1] < '0' || text[1] > '4') return reply("");
  std::string_view conditions;
  const std::optional<Range> range =
      two_numbers(split(std::string_view(text).substr(3), ';', conditions));
  if (!range) return reply(kMalformed);
  static constexpr PointKind kinds[] = {PointKind::soft_breakpoint, PointKind::hard_breakpoint,
                                        PointKind::write_watch, PointKind::read_watch,
                                        PointKind::access_watch};
  const PointKind kind = kinds[text[1] - '0'];
  if (text[0] == 'Z') return answer(target_.insert(kind, range->first, range->second));
  target_.remove(kind, range->first, range->second);
  reply("OK");
}

// ---- going on -----------------------------------------------------------------------------------

void Session::verbose(const std::string& text) {
  if (text == "vCont?") return reply("vCont;c;C;s;S;r");
  if (starts_with(text, "vCont;")) return resume_actions(std::string_view(text).substr(6));
  if (starts_with(text, "vKill")) {
    reply("OK");
    return order({Order::Kind::kill, 0, 0});
  }
  if (text == "vCtrlC") return reply("OK");  // it stands already
  reply("");
}

// c, s and their forms with a signal, which a bare machine does not have; each may name a pc.
void Session::continue_packet(const std::string& text) {
  std::string_view address = std::string_view(text).substr(1);
  const bool has_signal = text[0] == 'C' || text[0] == 'S';
  if (has_signal) split(std::string_view(text).substr(1), ';', address);
  if (!address.empty()) {
    const std::optional<std::uint64_t> pc = hex_number(address);
    if (!pc) return reply(kMalformed);
    const std::string problem = target_.write_register(kPcNumber, static_cast<std::uint32_t>(*pc));
    if (!problem.empty()) return answer(problem);
  }
  const bool steps = text[0] == 's' || text[0] == 'S';
  order({steps ? Order::Kind::step : Order::Kind::go_on, 0, 0});
}

// The first action that is for the one thread: "s:1", "c", "r80000000,80000010:1".
void Session::resume_actions(std::string_view actions) {
  while (!actions.empty()) {
    std::string_view thread;
    const std::string_view action = split(split(actions, ';', actions), ':', thread);
    if (action.empty()) break;
    if (!thread.empty() && thread != "1" && thread != "-1" && thread != "0") continue;
    if (action[0] == 'c' || action[0] == 'C') return order({Order::Kind::go_on, 0, 0});
    if (action[0] == 's' || action[0] == 'S') return order({Order::Kind::step, 0, 0});
    const std::optional<Range> range = two_numbers(action.substr(1));
    if (action[0] != 'r' || !range) break;
    return order({Order::Kind::step, static_cast<std::uint32_t>(range->first),
                  static_cast<std::uint32_t>(range->second)});
  }
  reply(kMalformed);
}

}  // namespace epoch::gdb
