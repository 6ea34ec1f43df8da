/* SPDX-License-Identifier: Apache-2.0 */
/* A handler that returns without serving: the timer's interrupt is taken again at once, so that the
 * program behind it never gets on. Ends by a limit, 75. */
  .globl _start
_start:
  la t0, handler
  csrw mtvec, t0
  li t0, 0x02004000        /* mtimecmp = 0: pending for ever */
  sw zero, 0(t0)
  sw zero, 4(t0)
  li t0, 0x80              /* mie.MTIE */
  csrw mie, t0
  csrsi mstatus, 8
  li t0, 0x10100000        /* never reached: would exit with 0 */
  sw zero, 0(t0)
1:
  j 1b
  .balign 4
  .globl handler
  .type handler, @function
handler:
  mret
  .size handler, . - handler
