/* SPDX-License-Identifier: Apache-2.0 */
#include "machine.h"

#include <stddef.h>

#include "csr.h"
#include "fdt_walker.h"
#include "host.h"
#include "mmio.h"
#include "platform.h"
#include "trap.h"

/* mcause */
#define INTERRUPT 0x80000000u
enum {
  LOAD_MISALIGNED = 4,
  LOAD_FAULT = 5,
  STORE_MISALIGNED = 6,
  STORE_FAULT = 7,
  SOFTWARE = 3,
  TIMER = 7,
  EXTERNAL = 11
};

/* hal_spin on the RISC-V hart: nop, add, branch. */
#define CYCLES_A_TURN 3u

struct hal_native_csrs hal_native_csrs;
static const struct hal_native_host* host;

/* ---- Traps: as the hart takes them, with interrupts off until the handler is back ---- */

static void trap(uint32_t cause, uint64_t value) {
  struct hal_trap_frame frame = {.cause = cause, .value = (uint32_t)value};
  const uint32_t saved = hal_native_csrs.mstatus;
  hal_native_csrs.mstatus &= ~HAL_MSTATUS_MIE;
  hal_trap_dispatch(&frame);
  hal_native_csrs.mstatus |= saved & HAL_MSTATUS_MIE;
}

/* The hart's priorities: external, software, timer. */
void hal_native_take_interrupts(void) {
  while ((hal_native_csrs.mstatus & HAL_MSTATUS_MIE) != 0) {
    const uint32_t pending = host->interrupts(host->context) & hal_native_csrs.mie;
    if (pending & HAL_MIE_MEIE)
      trap(INTERRUPT | EXTERNAL, 0);
    else if (pending & HAL_MIE_MSIE)
      trap(INTERRUPT | SOFTWARE, 0);
    else if (pending & HAL_MIE_MTIE)
      trap(INTERRUPT | TIMER, 0);
    else
      return;
  }
}

void hal_wfi(void) {
  host->sleep(host->context, hal_native_csrs.mie);
  hal_native_take_interrupts();
}

void hal_spin(uint32_t turns) {
  host->spin(host->context, (uint64_t)turns * CYCLES_A_TURN);
  hal_native_take_interrupts();
}

/* There is no instruction to step over: the access that failed has been given up. */
void hal_trap_skip(struct hal_trap_frame* frame) {
  (void)frame;
}

/* ---- Registers ---- */

static void bus_read(uintptr_t address, void* data, uint32_t bytes) {
  if (address % bytes != 0)
    trap(LOAD_MISALIGNED, address);
  else if (!host->read(host->context, address, data, bytes))
    trap(LOAD_FAULT, address);
  hal_native_take_interrupts();
}

static void bus_write(uintptr_t address, const void* data, uint32_t bytes) {
  if (address % bytes != 0)
    trap(STORE_MISALIGNED, address);
  else if (!host->write(host->context, address, data, bytes))
    trap(STORE_FAULT, address);
  hal_native_take_interrupts();
}

#define REGISTER(bits)                                            \
  uint##bits##_t hal_read##bits(uintptr_t address) {              \
    uint##bits##_t value = 0;                                     \
    bus_read(address, &value, sizeof value);                      \
    return value;                                                 \
  }                                                               \
  void hal_write##bits(uintptr_t address, uint##bits##_t value) { \
    bus_write(address, &value, sizeof value);                     \
  }
REGISTER(8)
REGISTER(16)
REGISTER(32)
#undef REGISTER

/* ---- Memory ---- */

void* hal_machine_pointer(uint64_t address, uint64_t bytes) {
  return host->pointer(host->context, address, bytes);
}

uint64_t hal_machine_address(const void* pointer) {
  return host->address(host->context, pointer);
}

struct hal_range hal_machine_program(void) {
  return (struct hal_range){host->program_begin, host->program_end};
}

/* ---- Reset ---- */

#define EXPORTED __attribute__((visibility("default")))

EXPORTED extern const uint32_t hal_native_version;
EXPORTED void hal_native_run(const struct hal_native_host* simulator);

const uint32_t hal_native_version = HAL_NATIVE_VERSION;

/* The tree says by itself how long it is (hal_fdt_open). */
void hal_native_run(const struct hal_native_host* simulator) {
  host = simulator;
  hal_start(host->hart, hal_machine_pointer(host->device_tree, sizeof(uint32_t)));
}
