// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "debugger/debug_target.h"
#include "debugger/packet.h"

namespace epoch::gdb {

// GDB's numbers of signals.
enum Signal : int {
  kSignalInterrupt = 2,
  kSignalIllegal = 4,
  kSignalTrap = 5,
  kSignalBus = 10,
  kSignalSegment = 11,
  kSignalStop = 17,
};

// Why the machine stands.
struct StopReport {
  int signal = kSignalTrap;
  enum class Detail {
    none,
    software_breakpoint,
    hardware_breakpoint,
    write_watch,
    read_watch,
    access_watch
  } detail = Detail::none;
  std::uint64_t address = 0;  // of a watch: the byte that was touched
};

// What a debugger wants to happen next.
struct Order {
  enum class Kind { go_on, step, detach, kill } kind = Kind::go_on;
  std::uint32_t range_first = 0;  // step: on while the pc is in [first, last)
  std::uint32_t range_last = 0;
};

// One debugger's conversation, from its first byte to its last: bytes in, bytes and orders out.
// Knows neither sockets nor the simulation.
class Session {
 public:
  enum class State { halted, running };

  explicit Session(DebugTarget& target) : target_(target) {}

  // What came in; answers gather in output().
  void receive(std::string_view bytes);
  // Bytes to send, and forgets them.
  std::string take_output();
  // While halted: the order that the debugger has given, once. The session is then running.
  std::optional<Order> take_order();
  // While running: the debugger has asked to stop, once.
  bool take_interrupt();

  // The machine has stopped, or the program has ended with this exit status.
  void stopped(const StopReport& why);
  void exited(int status);
  // Text for the debugger's console, while running.
  void print(const std::string& text);

  State state() const { return state_; }
  bool halted() const { return state_ == State::halted; }

  // A session may move to another process, without losing a byte: its state as a word.
  std::string suspended() const;
  void resume(const std::string& state);

  // Told of each malformed packet, in words.
  std::function<void(const std::string& what)> on_malformed;

 private:
  void process();
  void packet(const std::string& text);
  void reply(std::string_view payload);
  void console(const std::string& text);
  void order(const Order& order);

  // One packet, or a family, each.
  void query(const std::string& text);
  void set(const std::string& text);
  void supported(std::string_view features);
  void transfer_description(std::string_view range);
  void monitor(std::string_view hex);
  void read_registers();
  void write_registers(std::string_view hex);
  void read_register(std::string_view number);
  void write_register(std::string_view text);
  void read_memory(std::string_view text);
  void write_memory(std::string_view text, bool binary);
  void point(const std::string& text);
  void verbose(const std::string& text);
  void continue_packet(const std::string& text);
  void resume_actions(std::string_view actions);

  void answer(const std::string& problem);  // "OK", or an error with this text
  std::string stop_text() const;

  DebugTarget& target_;
  PacketReader reader_;
  std::string output_;
  std::string last_payload_;  // for a debugger that did not understand it
  State state_ = State::halted;
  bool acknowledges_ = true;
  bool wants_break_reasons_ = false;  // swbreak and hwbreak
  bool interrupt_ = false;
  std::optional<Order> order_;
  std::deque<std::string> early_;  // packets that came while the machine ran
  StopReport last_stop_{kSignalTrap, StopReport::Detail::none, 0};
};

// The target description that GDB asks for. It says that there is no operating system: GDB would
// take Linux for granted, and then steps by breakpoints of its own, past an MRET for instance.
std::string target_xml(const std::vector<TargetRegister>& registers);

}  // namespace epoch::gdb
