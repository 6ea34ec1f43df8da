// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

extern "C" {
#include "epoch_device.h"
#include "plic.h"
}

// The HAL and the device as the driver sees them: registers, time that passes with each look at it,
// and a log of everything in order. There is one at a time.
class FakeMachine {
 public:
  enum class Kind { read, write, to_device, to_cpu, fence };
  struct Event {
    Kind kind;
    std::uint32_t offset;  // of the register; of the range in the ring
    std::uint32_t value;   // read or written; bytes
  };

  FakeMachine();
  ~FakeMachine();

  static constexpr std::uintptr_t base = 0x1000;
  bool present = true;
  std::uint32_t interrupt = 2;
  std::uint32_t memory_bytes = 1 << 20;
  bool device_runs = true;        // a doorbell completes everything at once
  std::uint32_t reset_reads = 3;  // of CTRL until the reset is done
  std::function<void()> on_reset_done;
  std::function<void(std::uint32_t offset)> on_read;  // before the value is taken

  std::map<std::uint32_t, std::uint32_t> registers;
  std::vector<Event> log;
  hal_interrupt_handler handler = nullptr;
  void* handler_argument = nullptr;

  // An error with its cause; the line as the handler would be called for it.
  void raise_error(std::uint32_t code, std::uint32_t sequence);
  void interrupt_now() { handler(handler_argument); }
  bool masked = false;            // interrupts of the hart
  std::function<void()> on_time;  // time is read, before they are off and when they are on again
  const std::uint8_t* memory() const { return memory_.data(); }  // that was allocated

  // Places in the log; `none` if there is no such event at or after `from`.
  static constexpr std::size_t none = ~std::size_t{0};
  std::size_t find(Kind kind, std::uint32_t offset, std::size_t from = 0) const;
  std::size_t find_value(std::uint32_t offset, std::uint32_t value) const;  // a write

  std::uint32_t read(std::uint32_t offset);
  void write(std::uint32_t offset, std::uint32_t value);
  std::uint64_t now_ns() { return time_ns_ += 100; }
  bool allocate(hal_dma_buffer& buffer, std::uint32_t bytes);

  static FakeMachine* current;

 private:
  std::uint64_t time_ns_ = 0;
  std::uint32_t resets_left_ = 0;
  std::vector<std::uint8_t> memory_;
};
