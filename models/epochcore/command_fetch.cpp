// SPDX-License-Identifier: Apache-2.0
// CommandProcessor: descriptors from the ring to the FIFOs.
#include <algorithm>

#include "common/sim_time.h"
#include "epochcore/command_processor.h"

namespace epoch {

namespace {

constexpr std::uint64_t descriptor_bytes = sizeof(epoch_command);
constexpr std::uint64_t boundary_bytes = 4096;  // no burst crosses it

}  // namespace

bool CommandProcessor::may_fetch() const {
  return fetch_on_ && head_ != tail_;
}

void CommandProcessor::fetch() {
  for (;;) {
    while (!may_fetch()) wait(fetch_event_);
    const std::uint64_t generation = generation_;
    const unsigned count = fetch_burst();
    for (unsigned i = 0; i < count && generation == generation_ && head_ != tail_; ++i)
      if (!issue(descriptors_[i], generation)) break;
  }
}

void CommandProcessor::align_to_clock() {
  const std::uint64_t phase = now_ps() % config_.period_ps;
  if (phase != 0) wait(from_ps(config_.period_ps - phase));
}

// Behind everything else of this time: registers, engines, dispatch() and DMA's bursts.
void CommandProcessor::take_turn() {
  wait(sc_core::SC_ZERO_TIME);
  wait(sc_core::SC_ZERO_TIME);
}

// Reads up to four descriptors that lie together in the ring; returns how many are to be issued.
unsigned CommandProcessor::fetch_burst() {
  const std::uint64_t generation = generation_;
  const std::uint32_t size = csr_.bank().get(EPOCH_REG_RING_SIZE);
  const std::uint32_t slot = head_ & (size - 1);
  const std::uint64_t address = ring_base() + descriptor_bytes * slot;
  const std::uint64_t room = (boundary_bytes - address % boundary_bytes) / descriptor_bytes;
  const auto count = static_cast<unsigned>(
      std::min<std::uint64_t>({fetch_descriptors, tail_ - head_, size - slot, room}));
  const auto bytes = static_cast<unsigned>(count * descriptor_bytes);

  fetching_ = true;
  const BusMaster::Answer answer =
      master_.access(tlm::TLM_READ_COMMAND, address, descriptors_.data(), bytes);
  if (answer.done_ps > now_ps()) wait(from_ps(answer.done_ps - now_ps()));
  align_to_clock();
  take_turn();
  fetching_ = false;
  request_dispatch();  // a stop may wait for this answer
  if (generation != generation_) return 0;
  if (!answer.ok) {
    fetch_on_ = false;
    execution_error({EPOCH_ERROR_BUS_FETCH, head_, address, bytes, 0});
    return 0;
  }
  counters_.add(Counters::FETCH_BYTES, bytes);
  return count;
}

// Decodes the descriptor at HEAD and hands it on, one a cycle. False: it was refused or dropped.
bool CommandProcessor::issue(const Descriptor& words, std::uint64_t generation) {
  Command command;
  const DecodeError error = decoder_.decode(words, head_, command);
  if (error.code != EPOCH_ERROR_NONE) {
    const std::uint32_t sequence = head_++;
    precise_error({error.code, sequence, error.address, error.length, command.context});
    return false;
  }
  const bool issued = command.engine == EPOCH_ENGINE_CONTROL ? execute_at_head(command, generation)
                                                             : queue(command, generation);
  if (!issued) return false;
  wait(from_ps(config_.period_ps));
  take_turn();
  return true;
}

// A full FIFO blocks fetch; HEAD moves when the descriptor is in. A doorbell may take it back.
bool CommandProcessor::queue(const Command& command, std::uint64_t generation) {
  Lane& lane = lanes_[command.engine];
  const auto wanted = [&] { return generation == generation_ && head_ != tail_; };
  while (lane.fifo.size() >= config_.fifo_depth && wanted()) wait(fetch_event_);
  if (!wanted()) {
    decoder_.forget_coefficients();  // the dropped command may have been the COEFF it remembers
    return false;
  }
  push_record(command);
  lane.fifo.push_back(command);
  request_dispatch();
  return true;
}

// Control commands execute before anything behind them is issued.
bool CommandProcessor::execute_at_head(const Command& command, std::uint64_t generation) {
  push_record(command);
  control_ = command;
  request_dispatch();
  while (control_ && generation == generation_) wait(fetch_event_);
  return generation == generation_;
}

void CommandProcessor::push_record(const Command& command) {
  for (RingObserver* observer : ring_observers) observer->on_fetch(command);
  records_.push_back({{command.sequence, command.context, command.opcode, command.engine,
                       command.waits, command.signals, CommandView::State::queued},
                      command.irq_on_done || command.opcode == EPOCH_OP_IRQ,
                      command.opcode == EPOCH_OP_HALT});
  ++head_;
  enter(records_.back(), CommandView::State::queued);
}

}  // namespace epoch
