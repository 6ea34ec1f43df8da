// SPDX-License-Identifier: Apache-2.0
#include "check/device_checks.h"

#include <cstring>

#include "memory_map.h"
#include "run/inspection.h"

namespace epoch {
namespace {

constexpr std::uint64_t kShown = 20;  // of a kind

constexpr const char* kDescriptions[DmaChecker::kinds] = {
    "Commands whose doorbell no fence w,o separates from a store to what they use",
    "Commands whose memory the hart stored to before they had completed",
    "Commands whose results the hart loaded before they had completed",
    "Commands whose results the hart loaded without a fence i,r after their completion",
    "Commands whose memory the hart's cache might still have held at the doorbell",
    "Commands whose results the hart loaded without invalidating its cache"};

}  // namespace

// One EpochCore: what its ring and its registers tell.
class DeviceChecks::Device : public RingObserver {
 public:
  Device(EpochCore& core, unsigned number, const Inspection& inspection, DmaChecker* dma,
         std::unique_ptr<RaceChecker> races)
      : core_(core),
        number_(number),
        inspection_(inspection),
        decoder_(limits_of(core.config())),
        dma_(dma),
        races_(std::move(races)) {
    core.observe_ring(*this);
  }

  void on_enable(std::uint32_t head) override {
    in_flight_.clear();
    completed_ = done_at_ = submitted_ = head;
    stopping_ = false;
    if (dma_ != nullptr) dma_->drained(number_);
    if (races_ == nullptr) return;
    RaceChecker::Semaphores values{};
    for (unsigned s = 0; s < EPOCH_SEMAPHORES; ++s)
      values[s] = static_cast<std::uint8_t>(peek(EPOCH_REG_SEMAPHORE + 4 * s));
    races_->enabled(head, values);
  }

  void on_doorbell(std::uint32_t tail) override {
    if (races_ != nullptr) races_->doorbell(tail);
    if (dma_ == nullptr) return;
    if (static_cast<std::int32_t>(tail - submitted_) < 0) dma_->withdrawn(number_, tail);
    for (; static_cast<std::int32_t>(tail - submitted_) > 0; ++submitted_) submit(submitted_);
    submitted_ = tail;
  }

  void on_fetch(const Command& command) override {
    const bool interrupts =
        command.irq_on_done || command.opcode == EPOCH_OP_IRQ || command.opcode == EPOCH_OP_HALT;
    in_flight_.push_back({command.sequence, interrupts, false});
    if (races_ != nullptr) races_->fetched(command);
  }

  void on_command(const CommandView& command) {
    if (command.state == CommandView::State::dropped) in_flight_.clear();
    if (command.state != CommandView::State::retired || in_flight_.empty()) return;
    in_flight_[command.sequence - in_flight_.front().sequence].retired = true;
    while (!in_flight_.empty() && in_flight_.front().retired) {
      completed_ = in_flight_.front().sequence + 1;
      if (in_flight_.front().interrupts) done_at_ = completed_;
      in_flight_.pop_front();
    }
  }

  // What a register read tells the hart, and what a write begins.
  void on_access(std::uint32_t offset, bool is_write, std::uint32_t value) {
    constexpr std::uint32_t stops = EPOCH_CTRL_RESET_MASK | EPOCH_CTRL_ABORT_MASK;
    if (is_write) {
      if (offset == EPOCH_REG_CTRL && (value & stops) != 0) stopping_ = true;
      return;
    }
    if (offset == EPOCH_REG_COMPLETED) observed(value);
    if (offset == EPOCH_REG_IRQ_STATUS && (value & EPOCH_IRQ_STATUS_DONE_MASK) != 0)
      observed(done_at_);
    if (offset == EPOCH_REG_RING_HEAD && dma_ != nullptr) dma_->fetched(number_, value);
    if (offset == EPOCH_REG_STATUS && (value & EPOCH_STATUS_BUSY_MASK) == 0) observed(completed_);
    const bool halted = offset == EPOCH_REG_STATUS && (value & EPOCH_STATUS_HALTED_MASK) != 0 &&
                        (value & EPOCH_STATUS_BUSY_MASK) == 0;
    const bool stopped = offset == EPOCH_REG_CTRL && stopping_ && (value & stops) == 0;
    if (!halted && !stopped) return;
    stopping_ = false;
    if (dma_ != nullptr) dma_->drained(number_);
  }

 private:
  struct InFlight {
    std::uint32_t sequence;
    bool interrupts;
    bool retired;
  };

  std::uint32_t peek(std::uint32_t offset) const { return core_.registers().peek(offset); }

  void observed(std::uint32_t completed) {
    if (dma_ != nullptr) dma_->completed(number_, completed);
    if (races_ != nullptr) races_->observed(completed);
  }

  // As the ring says it at the doorbell: of commands that are refused only the slot counts.
  void submit(std::uint32_t sequence) {
    const std::uint64_t base =
        peek(EPOCH_REG_RING_BASE_LO) | std::uint64_t{peek(EPOCH_REG_RING_BASE_HI)} << 32;
    const std::uint64_t slot =
        base + sizeof(Descriptor) * std::uint64_t{sequence & (peek(EPOCH_REG_RING_SIZE) - 1)};
    const std::uint8_t* const bytes = inspection_.memory(slot, sizeof(Descriptor));
    if (bytes == nullptr) return;
    Descriptor words;
    std::memcpy(words.data(), bytes, sizeof words);
    const unsigned opcode = EPOCH_CONTROL_OPCODE(words[0]);
    Submission submission;
    submission.sequence = sequence;
    submission.opcode = opcode;
    submission.context = static_cast<std::uint16_t>(EPOCH_CONTROL_CONTEXT(words[0]));
    submission.slot = {slot, slot + sizeof words};
    Command command;
    const bool moves =
        opcode == EPOCH_OP_LOAD || opcode == EPOCH_OP_STORE || opcode == EPOCH_OP_GATHER;
    if (moves && decoder_.decode(words, sequence, command).code == EPOCH_ERROR_NONE) {
      for (CommandAccess& access : accesses_of(command)) {
        if (access.space != kBusSpace) continue;
        (access.is_write ? submission.writes : submission.reads) = std::move(access.ranges);
      }
    }
    dma_->submitted(number_, std::move(submission));
  }

  EpochCore& core_;
  const unsigned number_;
  const Inspection& inspection_;
  CommandDecoder decoder_;  // of DMA commands, which need nothing from those before them
  DmaChecker* dma_;
  std::unique_ptr<RaceChecker> races_;
  std::deque<InFlight> in_flight_;
  std::uint32_t completed_ = 0;
  std::uint32_t done_at_ = 0;  // COMPLETED when IRQ_STATUS.done was last raised
  std::uint32_t submitted_ = 0;
  bool stopping_ = false;
};

DeviceChecks::DeviceChecks(Soc& soc, const ScenarioConfig& config, const Inspection& inspection,
                           CheckOptions options)
    : options_(options),
      races_{"races", "unordered", "Pairs of commands that touch the same bytes in no order"},
      ambiguous_{"races", "ambiguous_signals",
                 "Waits whose semaphore another command may signal first"} {
  const auto instances = static_cast<unsigned>(soc.epochcores.size());
  if (options.dma) {
    for (int kind = 0; kind < DmaChecker::kinds; ++kind)
      dma_counters_.push_back(
          {"dma", DmaChecker::name_of(static_cast<DmaChecker::Kind>(kind)), kDescriptions[kind]});
    dma_ = std::make_unique<DmaChecker>(config.dma_coherent, instances);
    dma_->on_finding = [this](DmaChecker::Kind kind, const std::string& text) {
      found(dma_counters_[kind], text);
    };
    dma_->pc = [&soc] { return soc.cpu->hart().pc(); };
    dma_->place = [&inspection](std::uint32_t pc) { return inspection.place(pc); };
    dma_->device_name = epochcore_name;
    soc.cpu->observe_memory(*dma_);
  }
  for (unsigned i = 0; i < instances; ++i) {
    std::unique_ptr<RaceChecker> races;
    if (options.races) {
      races = std::make_unique<RaceChecker>();
      races->on_race = [this, i](const Race& race) {
        found(races_, epochcore_name(i) + ": " + text_of(race));
      };
      races->on_ambiguous = [this, i](const AmbiguousSignal& ambiguous) {
        found(ambiguous_, epochcore_name(i) + ": " + text_of(ambiguous));
      };
    }
    devices_.push_back(
        std::make_unique<Device>(*soc.epochcores[i], i, inspection, dma_.get(), std::move(races)));
  }
}

DeviceChecks::~DeviceChecks() = default;

void DeviceChecks::found(Counter& counter, const std::string& text) {
  ++counter.count;
  if (!on_finding || counter.count > kShown) return;
  on_finding(std::string("check ") + counter.check + ": " + text);
  if (counter.count == kShown)
    on_finding(std::string("check ") + counter.check + ": more of " + counter.name +
               " are counted, not shown");
}

void DeviceChecks::on_access(const BusAccess& access) {
  if (access.initiator != "cpu" || access.range == nullptr || !access.ok || access.length != 4)
    return;
  for (unsigned i = 0; i < devices_.size(); ++i) {
    if (access.range->name != epochcore_name(i)) continue;
    std::uint32_t value = 0;
    std::memcpy(&value, access.data, sizeof value);
    devices_[i]->on_access(static_cast<std::uint32_t>(access.address - access.range->base),
                           access.is_write, value);
  }
}

void DeviceChecks::on_command(unsigned device, const CommandView& command) {
  devices_[device]->on_command(command);
}

std::uint64_t DeviceChecks::findings() const {
  std::uint64_t count = races_.count + ambiguous_.count;
  for (const Counter& counter : dma_counters_) count += counter.count;
  return count;
}

void DeviceChecks::statistics(Statistics& out) const {
  const auto add = [&out](const Counter& counter) {
    out.push_back({std::string("check.") + counter.check + "." + counter.name, counter.count,
                   "finding", counter.description});
  };
  for (const Counter& counter : dma_counters_) add(counter);
  if (!options_.races) return;
  add(races_);
  add(ambiguous_);
}

}  // namespace epoch
