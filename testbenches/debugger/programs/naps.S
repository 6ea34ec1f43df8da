/* SPDX-License-Identifier: Apache-2.0 */
/* Sleeps for a millisecond, and again, for ever; counts in s1. */
  .include "start.inc"
  .equ CLINT, 0x02000000
  li s0, CLINT + 0x4000
  sw zero, 4(s0)
  li t0, 0x80
  csrw mie, t0
  .globl nap, awake, again
  .type nap, @function
nap:
  li t0, CLINT + 0xbff8
  lw t1, 0(t0)
  li t2, 10000
  add t1, t1, t2
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
