// SPDX-License-Identifier: Apache-2.0
#include "debugger/debugger.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <utility>

#include "cpu/csr_names.h"
#include "errors.h"
#include "report/register_names.h"

namespace epoch {

using gdb::PointKind;
using gdb::StopReport;
using gdb::TargetRegister;

namespace {

constexpr unsigned kWaitMs = 100;  // how late a SIGINT is seen while standing
constexpr std::size_t kMostPoints = 1000;
constexpr unsigned kMalformedShown = 3;
constexpr std::uint64_t kAddressEnd = std::uint64_t{1} << 32;
// Where a process that `monitor reset` has started finds its debugger.
constexpr const char* kHandOver = "EPOCHVP_DEBUGGER";

std::vector<TargetRegister> all_registers(const HartDebugger& hart) {
  std::vector<TargetRegister> registers;
  for (unsigned n = 0; n < 32; ++n)  // GDB's name of s0
    registers.push_back({n == 8 ? "fp" : kRegisterNames[n], n});
  registers.push_back({"pc", gdb::kPcNumber});
  for (unsigned n = 0; n < 32; ++n)
    registers.push_back({kFloatNames[n], gdb::kFirstFloatNumber + n, TargetRegister::Feature::fpu});
  for (const CsrName& csr : csr_names()) {
    if (!hart.read_csr(csr.number)) continue;
    registers.push_back(
        {csr.name, gdb::kFirstCsrNumber + csr.number, TargetRegister::Feature::csr});
  }
  return registers;
}

PointKind kind_of(Watchpoint::Kind kind) {
  return kind == Watchpoint::Kind::write  ? PointKind::write_watch
         : kind == Watchpoint::Kind::read ? PointKind::read_watch
                                          : PointKind::access_watch;
}

StopReport report_of_watch(const WatchHit& hit) {
  StopReport report;
  report.address = hit.address;
  report.detail = hit.watchpoint.kind == Watchpoint::Kind::write ? StopReport::Detail::write_watch
                  : hit.watchpoint.kind == Watchpoint::Kind::read
                      ? StopReport::Detail::read_watch
                      : StopReport::Detail::access_watch;
  return report;
}

int signal_of(std::uint32_t mcause) {
  switch (mcause) {
    case cause::illegal_instruction:
      return gdb::kSignalIllegal;
    case cause::breakpoint:
      return gdb::kSignalTrap;
    case cause::load_address_misaligned:
    case cause::store_address_misaligned:
      return gdb::kSignalBus;
    default:
      return gdb::kSignalSegment;
  }
}

Watchpoint watchpoint_of(PointKind kind, std::uint64_t address, std::uint64_t bytes) {
  return {kind == PointKind::write_watch  ? Watchpoint::Kind::write
          : kind == PointKind::read_watch ? Watchpoint::Kind::read
                                          : Watchpoint::Kind::access,
          static_cast<std::uint32_t>(address), static_cast<std::uint32_t>(address + bytes - 1)};
}

bool is_breakpoint(PointKind kind) {
  return kind == PointKind::soft_breakpoint || kind == PointKind::hard_breakpoint;
}

std::string quoted(const std::string& text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '/' || c == '.' || c == '_' ||
           c == '-';
  });
  return plain ? text : "'" + text + "'";
}

}  // namespace

Debugger::Debugger(Soc& soc, const Monitor& monitor, DebuggerOptions options)
    : soc_(soc),
      hart_(soc.cpu->attach_debugger()),
      monitor_(monitor),
      options_(std::move(options)),
      registers_(all_registers(hart_)) {
  hart_.on_stop = [this](const HartStop& stop) { stand(report_of(stop)); };
  if (const char* handed_over = std::getenv(kHandOver)) {
    const std::string text = handed_over;
    ::unsetenv(kHandOver);
    adopt(text);
    return;
  }
  server_ = std::make_unique<gdb::Server>(options_.port);
  waits_for_first_ = options_.wait;
  if (options_.wait) {
    attaching_ = true;
    hart_.request_halt();
  }
  announce();
}

StopReport Debugger::report_of(const HartStop& stop) const {
  StopReport report;
  switch (stop.reason) {
    case HartStop::Reason::watchpoint:
      return report_of_watch(stop.hit);
    case HartStop::Reason::breakpoint: {
      const bool soft = points_.count({PointKind::soft_breakpoint, soc_.cpu->hart().pc(), 0}) != 0;
      report.detail =
          soft ? StopReport::Detail::software_breakpoint : StopReport::Detail::hardware_breakpoint;
      return report;
    }
    case HartStop::Reason::halt:
      if (!attaching_) report.signal = gdb::kSignalInterrupt;
      return report;
    default:
      return report;
  }
}

void Debugger::say(const std::string& text) const {
  if (before_wait) before_wait();
  std::fprintf(stderr, "epochvp: gdb: %s\n", text.c_str());
}

void Debugger::announce() const {
  const std::string port = std::to_string(server_->port());
  say((options_.wait ? "waiting at" : "listening at") + std::string(" 127.0.0.1:") + port +
      "; paste: gdb-multiarch " + quoted(options_.elf) + " -ex 'target remote 127.0.0.1:" + port +
      "'");
}

// ---- coming and going ---------------------------------------------------------------------------

void Debugger::meet() {
  if (server_->refused() != refused_) {
    refused_ = server_->refused();
    say("a second debugger was turned away: one is connected");
  }
  if (session_ || !server_->connected()) return;
  session_.emplace(static_cast<gdb::DebugTarget&>(*this));
  session_->on_malformed = [this](const std::string& what) {
    if (++malformed_ <= kMalformedShown) say(what + "; ignored");
  };
  malformed_ = 0;
  hart_.catch_ebreak(true);
  waits_for_first_ = false;
  say("connected");
}

void Debugger::leave(const std::string& why) {
  wants_stop_ = false;
  foreign_.reset();
  session_.reset();
  remove_all();
  hart_.catch_ebreak(false);
  hart_.go_on();
  server_->disconnect();
  say(why);
}

void Debugger::flush() {
  const std::string bytes = session_ ? session_->take_output() : "";
  if (!bytes.empty()) server_->send(bytes);
}

void Debugger::poll() {
  const bool was_there = session_.has_value();
  server_->poll();
  meet();
  if (!session_) return;
  attaching_ = attaching_ || !was_there;
  wants_stop_ = wants_stop_ || !was_there;
  if (!session_->halted()) {
    session_->receive(server_->take_received());
    wants_stop_ = wants_stop_ || session_->take_interrupt();
    flush();
  }
  if (!server_->connected()) return leave("the debugger is gone; the run goes on without it");
  if (!wants_stop_) return;
  if (!soc_.cpu->sleeping()) return hart_.request_halt();  // it may fall asleep instead
  StopReport report;
  if (!attaching_) report.signal = gdb::kSignalInterrupt;
  stand(report);
}

// ---- standing -----------------------------------------------------------------------------------

void Debugger::stand(const StopReport& why) {
  hart_.go_on();  // unless told otherwise
  wants_stop_ = false;
  if (!session_ && !waits_for_first_) return;
  if (run_is_over && run_is_over()) return;
  if (before_wait) before_wait();
  if (session_) session_->stopped(why);
  attaching_ = false;
  for (bool stands = true; stands;) {
    const auto began = std::chrono::steady_clock::now();
    stands = stand_on();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    waited_s_ += took.count();
    if (session_) attended_s_ += took.count();
  }
}

bool Debugger::stand_on() {
  flush();
  if (restart_) start_anew();
  if (session_) {
    if (const std::optional<gdb::Order> order = session_->take_order()) {
      return !obey(*order);
    }
    if (!server_->connected()) {
      leave("the debugger is gone; the run goes on without it");
      return false;
    }
  }
  if (gave_up && gave_up()) return false;
  server_->wait_ms(kWaitMs);
  meet();
  if (session_) session_->receive(server_->take_received());
  return true;
}

// GDB takes it that a watchpoint stops before the access: without the watchpoint, it steps over it
// and then shows what has changed. An access of another's than the hart's is done already. That
// step would let time go on, for as long as the hart sleeps; so it is over before it begins.
bool Debugger::obey(const gdb::Order& order) {
  const std::optional<Point> foreign = std::exchange(foreign_, std::nullopt);
  switch (order.kind) {
    case gdb::Order::Kind::go_on:
      hart_.go_on();
      break;
    case gdb::Order::Kind::step:
      if (foreign && points_.count(*foreign) == 0) {
        session_->stopped({});
        return false;
      }
      hart_.step(order.range_first, order.range_last);
      break;
    case gdb::Order::Kind::detach:
      leave("detached; the run goes on");
      break;
    case gdb::Order::Kind::kill:
      leave("killed by the debugger");
      if (on_kill) on_kill();
      break;
  }
  return true;
}

void Debugger::on_bus_access(const BusAccess& access) {
  if (!session_ || points_.empty() || !access.ok || access.initiator == "cpu") return;
  if (const auto hit = hart_.touched(access.address, access.length, access.is_write)) {
    const Watchpoint& watchpoint = hit->watchpoint;
    foreign_ = Point{kind_of(watchpoint.kind), watchpoint.first,
                     std::uint64_t{watchpoint.last} - watchpoint.first + 1};
    stand(report_of_watch(*hit));
  }
}

void Debugger::stop_at_trap(std::uint32_t mcause, const std::string& text) {
  if (!session_) return;
  session_->print(text + "\n");
  StopReport report;
  report.signal = signal_of(mcause);
  stand(report);
}

bool Debugger::stop_in_deadlock(const std::string& text) {
  if (!session_) return false;
  session_->print(text + "\n");
  StopReport report;
  report.signal = gdb::kSignalStop;
  stand(report);
  return session_.has_value();
}

void Debugger::finished(int exit_status) {
  if (!session_) return;
  session_->exited(exit_status);
  flush();
  server_->disconnect();
  session_.reset();
}

// ---- a new run ----------------------------------------------------------------------------------

// The kernel cannot be reset inside a process, so a new process takes this one's place, and the
// debugger's connection with its breakpoints.
void Debugger::start_anew() {
  restart_ = false;
  std::string text = server_->hand_over() + " " + session_->suspended();
  for (const auto& [kind, address, bytes] : points_) {
    text += " " + std::to_string(static_cast<int>(kind)) + " " + std::to_string(address) + " " +
            std::to_string(bytes);
  }
  ::setenv(kHandOver, text.c_str(), 1);
  const std::string problem = options_.restart ? options_.restart() : "not possible here";
  ::unsetenv(kHandOver);
  say("monitor reset: " + problem);
}

void Debugger::adopt(const std::string& handed_over) {
  std::istringstream words(handed_over);
  std::string listening, connected, state;
  words >> listening >> connected >> state;
  server_ = std::make_unique<gdb::Server>(listening + " " + connected);
  meet();
  session_->resume(state);
  int kind = 0;
  std::uint64_t address = 0, bytes = 0;
  while (words >> kind >> address >> bytes) {
    insert(static_cast<PointKind>(kind), address, bytes);
  }
  attaching_ = true;
  hart_.request_halt();
}

std::string Debugger::monitor(const std::string& line) {
  std::istringstream words(line);
  std::string word;
  words >> word;
  if (word != "reset") return monitor_.answer(line);
  restart_ = true;
  return "the run starts anew; maintenance flush register-cache shows it\n";
}

// ---- registers and memory -----------------------------------------------------------------------

std::optional<std::uint32_t> Debugger::read_register(unsigned number) {
  const Hart& hart = soc_.cpu->hart();
  if (number < 32) return hart.x(number);
  if (number == gdb::kPcNumber) return hart.pc();
  if (number < gdb::kFirstCsrNumber) return hart.f(number - gdb::kFirstFloatNumber);
  const std::uint32_t csr_number = number - gdb::kFirstCsrNumber;
  if (csr_number == csr::mip) return soc_.cpu->interrupt_levels();
  return hart_.read_csr(csr_number);
}

std::string Debugger::write_register(unsigned number, std::uint32_t value) {
  if (hart_.mid_instruction()) return "the hart's instruction is on the bus; stepi first";
  if (number < 32) {
    hart_.set_x(number, value);
    return "";
  }
  if (number == gdb::kPcNumber) {
    hart_.set_pc(value);
    soc_.cpu->wake();
    return "";
  }
  if (number < gdb::kFirstCsrNumber) {
    hart_.set_f(number - gdb::kFirstFloatNumber, value);
    return "";
  }
  const std::uint32_t csr_number = number - gdb::kFirstCsrNumber;
  if (!hart_.read_csr(csr_number)) return "no such register";
  if (CsrFile::read_only(csr_number)) return "read-only";
  hart_.write_csr(csr_number, value);
  return "";
}

// A range may cross from one target to the next: then byte by byte, up to what nobody answers.
std::size_t Debugger::transfer(tlm::tlm_command command, std::uint64_t address, char* data,
                               std::size_t bytes) {
  const auto move = [&](std::uint64_t from, char* at, std::size_t count) -> std::size_t {
    return soc_.cpu->debug_transport(command, from, reinterpret_cast<std::uint8_t*>(at),
                                     static_cast<unsigned>(count));
  };
  if (address >= kAddressEnd) return 0;
  bytes = std::min<std::uint64_t>(bytes, kAddressEnd - address);
  std::size_t done = move(address, data, bytes);
  while (done < bytes && move(address + done, data + done, 1) == 1) ++done;
  return done;
}

std::string Debugger::read_memory(std::uint64_t address, std::size_t bytes) {
  std::string data(bytes, '\0');
  data.resize(transfer(tlm::TLM_READ_COMMAND, address, data.data(), bytes));
  return data;
}

std::string Debugger::write_memory(std::uint64_t address, const std::string& bytes) {
  std::string data = bytes;
  const std::size_t done = transfer(tlm::TLM_WRITE_COMMAND, address, data.data(), data.size());
  if (done != 0) {
    soc_.cpu->forget_code(static_cast<std::uint32_t>(address),
                          static_cast<std::uint32_t>(address + done - 1));
  }
  return done == bytes.size() ? "" : "only memory can be written, registers of devices cannot";
}

std::string Debugger::insert(PointKind kind, std::uint64_t address, std::uint64_t bytes) {
  if (is_breakpoint(kind)) bytes = 0;  // however long the instruction is
  if (address >= kAddressEnd || bytes > kAddressEnd - address)
    return "outside of the address space";
  if (!is_breakpoint(kind) && bytes == 0) return "nothing to watch";
  if (points_.size() >= kMostPoints) return "too many breakpoints and watchpoints";
  if (!points_.insert({kind, address, bytes}).second) return "";
  if (is_breakpoint(kind)) {
    hart_.insert_breakpoint(static_cast<std::uint32_t>(address));
  } else {
    hart_.insert_watchpoint(watchpoint_of(kind, address, bytes));
  }
  return "";
}

void Debugger::remove(PointKind kind, std::uint64_t address, std::uint64_t bytes) {
  if (is_breakpoint(kind)) bytes = 0;
  if (points_.erase({kind, address, bytes}) == 0) return;
  if (is_breakpoint(kind)) {
    const bool other = points_.count({PointKind::soft_breakpoint, address, 0}) != 0 ||
                       points_.count({PointKind::hard_breakpoint, address, 0}) != 0;
    if (!other) hart_.remove_breakpoint(static_cast<std::uint32_t>(address));
  } else {
    hart_.remove_watchpoint(watchpoint_of(kind, address, bytes));
  }
}

void Debugger::remove_all() {
  points_.clear();
  hart_.remove_all();
}

}  // namespace epoch
