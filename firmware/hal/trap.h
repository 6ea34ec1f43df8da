/* SPDX-License-Identifier: Apache-2.0
 *
 * Traps: one assembly entry saves all registers, one C dispatcher decides. An exception without a
 * handler is reported on the uart and ends the run through simctl.
 *
 * Interrupts nest by one level: timer and software interrupts come within the handlers of devices,
 * never within each other. README.md says what a handler may do.
 */
#ifndef HAL_TRAP_H
#define HAL_TRAP_H

#include <stdbool.h>
#include <stdint.h>

struct hal_trap_frame {
  uint32_t x[32];  /* x[n] is register xn; x[0] is 0 */
  uint32_t pc;     /* where the hart resumes */
  uint32_t cause;  /* mcause */
  uint32_t value;  /* mtval */
  uint32_t status; /* mstatus as the trap has left it: nested traps change MPIE and MPP */
};

/* True if dealt with: the frame, perhaps changed (pc), is restored. */
typedef bool (*hal_exception_handler)(struct hal_trap_frame* frame, void* argument);
typedef void (*hal_software_handler)(void* argument);

/* Handler of all exceptions, or null for none. */
void hal_trap_on_exception(hal_exception_handler handler, void* argument);
/* For such a handler: the program goes on behind the instruction that failed. */
void hal_trap_skip(struct hal_trap_frame* frame);
/* Handler of machine software interrupts; it must clear their cause. */
void hal_trap_on_software(hal_software_handler handler, void* argument);

/* Interrupts of the hart as a whole; disable returns what restore takes back. */
uint32_t hal_interrupts_disable(void);
void hal_interrupts_restore(uint32_t saved);

/* Interrupt handlers that are under way: 0 in thread context, at most 2. */
uint32_t hal_interrupt_depth(void);

/* Sleeps with interrupts off until `ready(argument)` or `deadline_ns` (hal_timer_now_ns) and lets
 * pending interrupts in between sleeps. No wake-up is lost: the condition is tested with interrupts
 * masked, and WFI wakes for a masked pending interrupt. False when the deadline passed first. */
bool hal_wait(bool (*ready)(void* argument), void* argument, uint64_t deadline_ns);
/* The same by polling, without sleeping. */
bool hal_poll(bool (*ready)(void* argument), void* argument, uint64_t deadline_ns);

void hal_trap_dispatch(struct hal_trap_frame* frame); /* called by the machine */

#endif
