/* SPDX-License-Identifier: Apache-2.0 */
/* A trap handler whose first instruction traps: the hart never leaves it. Ends by a limit, 75. */
  .globl _start
_start:
  la t0, handler
  csrw mtvec, t0
  ecall
  .balign 4
  .globl handler
  .type handler, @function
handler:
  .word 0                  /* illegal by the ISA manual */
  .size handler, . - handler
