/* SPDX-License-Identifier: Apache-2.0 */
/* Wakes 50 us after every multiple of 100 us, for ever; counts in s1. A debugger that looks at the
   multiples, as the simulator's loop does, finds it asleep. */
  .include "start.inc"
  .equ CLINT, 0x02000000
  li s0, CLINT + 0x4000
  li t0, 500
  sw t0, 0(s0)
  sw zero, 4(s0)
  li t0, 0x80
  csrw mie, t0
  .globl nap, awake, again
  .type nap, @function
nap:
  lw t1, 0(s0)
  addi t1, t1, 1000
  sw t1, 0(s0)
  wfi
awake:
  addi s1, s1, 1
  j nap
  .size nap, . - nap
/* Where a debugger may send the hart: exit 0. */
again:
  li t0, SIMCTL
  sw zero, 0(t0)
  j .
