// SPDX-License-Identifier: Apache-2.0
#include "fake_machine.h"

#define _Noreturn [[noreturn]]  // C11's spelling, in platform.h
extern "C" {
#include "mmio.h"
#include "platform.h"
#include "timer.h"
#include "trap.h"
}

FakeMachine* FakeMachine::current = nullptr;

FakeMachine::FakeMachine() {
  registers[EPOCH_REG_ID] = EPOCH_ID_VALUE;
  registers[EPOCH_REG_VERSION] = EPOCH_VERSION_MAJOR << 16 | EPOCH_VERSION_MINOR;
  current = this;
}

FakeMachine::~FakeMachine() {
  current = nullptr;
}

void FakeMachine::raise_error(std::uint32_t code, std::uint32_t sequence) {
  registers[EPOCH_REG_ERROR_CODE] = code;
  registers[EPOCH_REG_ERROR_SEQ] = sequence;
  registers[EPOCH_REG_IRQ_STATUS] |= EPOCH_IRQ_STATUS_ERROR_MASK;
}

std::size_t FakeMachine::find(Kind kind, std::uint32_t offset, std::size_t from) const {
  for (std::size_t i = from; i < log.size(); ++i)
    if (log[i].kind == kind && log[i].offset == offset) return i;
  return none;
}

std::size_t FakeMachine::find_value(std::uint32_t offset, std::uint32_t value) const {
  for (std::size_t i = 0; i < log.size(); ++i)
    if (log[i].kind == Kind::write && log[i].offset == offset && log[i].value == value) return i;
  return none;
}

std::uint32_t FakeMachine::read(std::uint32_t offset) {
  if (on_read) on_read(offset);
  if (offset == EPOCH_REG_CTRL && resets_left_ != 0 && --resets_left_ == 0) {
    registers[EPOCH_REG_CTRL] = 0;
    if (on_reset_done) on_reset_done();
  }
  log.push_back({Kind::read, offset, registers[offset]});
  return registers[offset];
}

void FakeMachine::write(std::uint32_t offset, std::uint32_t value) {
  log.push_back({Kind::write, offset, value});
  if (offset == EPOCH_REG_IRQ_STATUS) {
    registers[offset] &= ~value;
    if ((value & EPOCH_IRQ_STATUS_ERROR_MASK) != 0) registers[EPOCH_REG_ERROR_CODE] = 0;
    return;
  }
  registers[offset] = value;
  if (offset == EPOCH_REG_CTRL && (value & EPOCH_CTRL_RESET_MASK) != 0) resets_left_ = reset_reads;
  if (offset == EPOCH_REG_CTRL && (value & EPOCH_CTRL_ENABLE_MASK) != 0)
    registers[EPOCH_REG_RING_HEAD] = registers[EPOCH_REG_RING_TAIL] =
        registers[EPOCH_REG_COMPLETED] = registers[EPOCH_REG_RING_START];
  if (offset == EPOCH_REG_RING_TAIL && device_runs)
    registers[EPOCH_REG_RING_HEAD] = registers[EPOCH_REG_COMPLETED] = value;
}

bool FakeMachine::allocate(hal_dma_buffer& buffer, std::uint32_t bytes) {
  if (bytes > memory_bytes) return false;
  memory_.assign(bytes, 0);
  buffer = {memory_.data(), 0x1'2345'6780'00C0, bytes};  // not what the hart calls it
  return true;
}

extern "C" {

uint32_t hal_read32(uintptr_t address) {
  return FakeMachine::current->read(static_cast<uint32_t>(address - FakeMachine::base));
}
void hal_write32(uintptr_t address, uint32_t value) {
  FakeMachine::current->write(static_cast<uint32_t>(address - FakeMachine::base), value);
}
void hal_fence_before_doorbell(void) {
  FakeMachine::current->log.push_back({FakeMachine::Kind::fence, 0, 0});
}
void hal_fence_after_completion(void) {
  hal_fence_before_doorbell();
}
void hal_dma_sync_for_device(const hal_dma_buffer*, uint32_t offset, uint32_t bytes) {
  FakeMachine::current->log.push_back({FakeMachine::Kind::to_device, offset, bytes});
}
void hal_dma_sync_for_cpu(const hal_dma_buffer*, uint32_t offset, uint32_t bytes) {
  FakeMachine::current->log.push_back({FakeMachine::Kind::to_cpu, offset, bytes});
}
bool hal_dma_alloc(hal_dma_buffer* buffer, uint32_t bytes) {
  return FakeMachine::current->allocate(*buffer, bytes);
}
uint64_t hal_timer_now_ns(void) {
  if (FakeMachine::current->on_time) FakeMachine::current->on_time();
  return FakeMachine::current->now_ns();
}
bool hal_poll(bool (*ready)(void*), void* argument, uint64_t deadline_ns) {
  while (!ready(argument))
    if (hal_timer_now_ns() >= deadline_ns) return ready(argument);
  return true;
}
bool hal_wait(bool (*ready)(void*), void* argument, uint64_t deadline_ns) {
  return hal_poll(ready, argument, deadline_ns);
}
uint32_t hal_interrupts_disable(void) {
  const bool saved = FakeMachine::current->masked;
  if (!saved && FakeMachine::current->on_time) FakeMachine::current->on_time();
  FakeMachine::current->masked = true;
  return !saved;
}
void hal_interrupts_restore(uint32_t saved) {
  FakeMachine::current->masked = saved == 0;
  if (saved != 0 && FakeMachine::current->on_time) FakeMachine::current->on_time();
}
bool hal_plic_connect(uint32_t source, hal_interrupt_handler handler, void* argument) {
  FakeMachine::current->handler = handler;
  FakeMachine::current->handler_argument = argument;
  return source != 0;
}
const hal_fdt* hal_platform_fdt(void) {
  return nullptr;
}
bool hal_fdt_cell(const hal_fdt*, const hal_fdt_node*, const char*, uint32_t, uint32_t* value) {
  *value = 123456789;
  return true;
}
bool hal_platform_device(const char*, uint32_t, uintptr_t* base, uint32_t* interrupt,
                         hal_fdt_node*) {
  *base = FakeMachine::base;
  *interrupt = FakeMachine::current->interrupt;
  return FakeMachine::current->present;
}

}  // extern "C"
