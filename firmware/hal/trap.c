/* SPDX-License-Identifier: Apache-2.0 */
#include "trap.h"

#include <stddef.h>

#include "csr.h"
#include "plic.h"
#include "simctl.h"
#include "timer.h"
#include "uart.h"

_Static_assert(offsetof(struct hal_trap_frame, pc) == 128, "trap_entry.S stores pc there");
_Static_assert(offsetof(struct hal_trap_frame, cause) == 132, "trap_entry.S stores mcause there");
_Static_assert(offsetof(struct hal_trap_frame, value) == 136, "trap_entry.S stores mtval there");
_Static_assert(offsetof(struct hal_trap_frame, status) == 140, "trap_entry.S stores mstatus there");
_Static_assert(sizeof(struct hal_trap_frame) == 144, "trap_entry.S has so much room");

/* mcause of machine interrupts. */
#define INTERRUPT 0x80000000u
enum { SOFTWARE = 3, TIMER = 7, EXTERNAL = 11 };

static hal_exception_handler exception_handler;
static void* exception_argument;
static uint32_t interrupt_depth;
static hal_software_handler software_handler;
static void* software_argument;

void hal_trap_on_exception(hal_exception_handler handler, void* argument) {
  exception_argument = argument;
  exception_handler = handler;
}

void hal_trap_on_software(hal_software_handler handler, void* argument) {
  software_argument = argument;
  software_handler = handler;
  if (handler != NULL)
    HAL_CSR_SET(mie, HAL_MIE_MSIE);
  else
    HAL_CSR_CLEAR(mie, HAL_MIE_MSIE);
}

uint32_t hal_interrupt_depth(void) {
  return interrupt_depth;
}

uint32_t hal_interrupts_disable(void) {
  const uint32_t saved = hal_csr_read_mstatus() & HAL_MSTATUS_MIE;
  HAL_CSR_CLEAR(mstatus, HAL_MSTATUS_MIE);
  return saved;
}

void hal_interrupts_restore(uint32_t saved) {
  HAL_CSR_SET(mstatus, saved & HAL_MSTATUS_MIE);
}

bool hal_wait(bool (*ready)(void* argument), void* argument, uint64_t deadline_ns) {
  bool done = false;
  bool late = false;
  hal_timer_set(deadline_ns);
  while (!done && !late) {
    const uint32_t saved = hal_interrupts_disable();
    done = ready(argument);
    late = !done && hal_timer_now_ns() >= deadline_ns;
    if (!done && !late) hal_wfi();
    hal_interrupts_restore(saved);
  }
  hal_timer_cancel();
  return done;
}

bool hal_poll(bool (*ready)(void* argument), void* argument, uint64_t deadline_ns) {
  while (!ready(argument)) {
    if (hal_timer_now_ns() >= deadline_ns) return ready(argument);
  }
  return true;
}

static _Noreturn void give_up(const struct hal_trap_frame* frame) {
  hal_uart_write("unhandled trap: cause ");
  hal_uart_write_hex(frame->cause);
  hal_uart_write(" pc ");
  hal_uart_write_hex(frame->pc);
  hal_uart_write(" tval ");
  hal_uart_write_hex(frame->value);
  hal_uart_write("\n");
  hal_simctl_trap(frame->cause);
}

/* Devices' handlers may take long: the timer and software interrupts get through, other devices
 * wait. */
static void handle_external(void) {
  HAL_CSR_CLEAR(mie, HAL_MIE_MEIE);
  HAL_CSR_SET(mstatus, HAL_MSTATUS_MIE);
  hal_plic_dispatch();
  HAL_CSR_CLEAR(mstatus, HAL_MSTATUS_MIE);
  HAL_CSR_SET(mie, HAL_MIE_MEIE);
}

/* False if nobody is there for it. */
static bool handle_interrupt(uint32_t cause) {
  switch (cause) {
    case INTERRUPT | TIMER:
      hal_timer_dispatch();
      return true;
    case INTERRUPT | EXTERNAL:
      handle_external();
      return true;
    case INTERRUPT | SOFTWARE:
      if (software_handler == NULL) return false;
      software_handler(software_argument);
      return true;
    default:
      return false;
  }
}

void hal_trap_dispatch(struct hal_trap_frame* frame) {
  bool handled;
  if ((frame->cause & INTERRUPT) != 0) {
    interrupt_depth++;
    handled = handle_interrupt(frame->cause);
    interrupt_depth--;
  } else {
    handled = exception_handler != NULL && exception_handler(frame, exception_argument);
  }
  if (!handled) give_up(frame);
}
