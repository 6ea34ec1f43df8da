// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <vector>

namespace epoch {

class Hart;
struct Instruction;

struct Watchpoint {
  enum class Kind : std::uint8_t { write, read, access };
  Kind kind = Kind::write;
  std::uint32_t first = 0;
  std::uint32_t last = 0;  // inclusive
  bool sees(bool is_write) const {
    return kind == Kind::access || is_write == (kind == Kind::write);
  }
  bool operator==(const Watchpoint& other) const {
    return kind == other.kind && first == other.first && last == other.last;
  }
};

// A watchpoint that an access touches, and its first byte that is.
struct WatchHit {
  Watchpoint watchpoint;
  std::uint32_t address = 0;
};

// Why a hart stands still for its debugger.
struct HartStop {
  enum class Reason : std::uint8_t { halt, step, breakpoint, ebreak, watchpoint };
  Reason reason = Reason::halt;
  WatchHit hit;  // of a watchpoint
};

// A debugger's hold on a hart, for as long as it lives: stops it between two instructions, and
// leaves no other trace. A stop splits no quantum, takes no cycle and moves no interrupt, so a run
// that was stopped and stepped ends in the same counts as one that was not.
//
// The hart's hot loop knows nothing of this: instructions at breakpoints are never left decoded in
// the code cache, and watched pages never enter the table of directly accessed ones, so that both
// are met on the slow path.
class HartDebugger {
 public:
  explicit HartDebugger(Hart& hart);
  ~HartDebugger();
  HartDebugger(const HartDebugger&) = delete;
  HartDebugger& operator=(const HartDebugger&) = delete;

  // Called with the hart between two instructions; it goes on when this returns, by the order
  // (go_on, step) that was given meanwhile.
  std::function<void(const HartStop&)> on_stop;

  // Runs freely. A breakpoint where the hart stands has been seen and does not stop it again.
  void go_on();
  // Executes one instruction, and further ones while the pc stays in [first, last): an interrupt
  // that is taken on the way is handled in full first, unless something in its handler stops.
  void step(std::uint32_t first = 0, std::uint32_t last = 0);
  // Stops before the next instruction, unless another order comes first.
  void request_halt();

  void insert_breakpoint(std::uint32_t address);
  void remove_breakpoint(std::uint32_t address) { breakpoints_.erase(address); }
  void insert_watchpoint(const Watchpoint& watchpoint);
  void remove_watchpoint(const Watchpoint& watchpoint);
  void remove_all();
  // Whether to stop before an EBREAK; it is executed as usual when the hart goes on.
  void catch_ebreak(bool caught) { catch_ebreak_ = caught; }
  // The watchpoint that an access of anybody's touches.
  std::optional<WatchHit> touched(std::uint64_t address, std::uint64_t bytes, bool is_write) const;

  // The hart waits for the bus with an instruction half done (only others than on_stop can see
  // that): its registers can be read, but whoever writes them writes too early.
  bool mid_instruction() const { return interpreting_; }
  void set_pc(std::uint32_t pc);
  void set_x(unsigned number, std::uint32_t value);
  void set_f(unsigned number, std::uint32_t value);
  std::optional<std::uint32_t> read_csr(std::uint32_t number) const;  // nothing: there is none
  void write_csr(std::uint32_t number, std::uint32_t value);          // of one that exists

 private:
  friend class Hart;

  struct Return {  // from the handler of an interrupt that came while stepping
    std::uint32_t pc;
    std::uint32_t sp;
  };

  // Hart's: instead of its interpret().
  void run();
  void interrupted(std::uint32_t pc);  // and is about to enter the handler
  // Before the hart executes what the interpreter has left to it, or decodes it. If so, it does
  // nothing and leaves the interpreter.
  bool stops_before(const Instruction& i);
  bool watches_page(std::uint32_t address) const;

  bool stops_undecoded();
  std::optional<WatchHit> touched_by(const Instruction& i) const;
  void interpret();
  void stop(HartStop why);
  void finish_step();
  bool steps_now() const { return stepping_ && !return_; }
  void forget_slot(std::uint32_t pc);
  std::optional<std::uint32_t> standing_at() const;

  Hart& hart_;
  std::set<std::uint32_t> breakpoints_;
  std::vector<Watchpoint> watchpoints_;
  bool catch_ebreak_ = false;

  bool halt_requested_ = false;
  bool stepping_ = false;
  std::uint32_t range_first_ = 0, range_last_ = 0;
  std::optional<Return> return_;
  bool pc_written_ = false;               // since the hart stopped
  std::optional<std::uint32_t> passing_;  // the pc whose breakpoint does not count
  std::optional<HartStop> event_;         // what left the interpreter
  bool interpreting_ = false;
};

}  // namespace epoch
