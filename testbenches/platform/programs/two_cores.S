/* SPDX-License-Identifier: Apache-2.0 */
/* Gives each of two EpochCores a ring of its own with one NOP that interrupts, and waits until both
   interrupts are pending at the PLIC (sources 2 and 3). Exits with 0, or with the number of what
   is wrong. */
  .include "start.inc"
  .equ FIRST, 0x20000000
  .equ SECOND, 0x22000000
  .equ PLIC_PENDING, 0x0c001000
  .equ ID, 0x000
  .equ CTRL, 0x100
  .equ IRQ_ENABLE, 0x10c
  .equ RING_BASE_LO, 0x110
  .equ RING_SIZE, 0x118
  .equ RING_TAIL, 0x124
  .equ COMPLETED, 0x128
  .macro submit base, tail
  li t0, \base
  la t1, ring
  sw t1, RING_BASE_LO(t0)
  li t1, 4
  sw t1, RING_SIZE(t0)
  li t1, 1
  sw t1, IRQ_ENABLE(t0)
  sw t1, CTRL(t0)
  li t1, \tail
  sw t1, RING_TAIL(t0)
  .endm

  li s1, 1
  li t0, FIRST
  lw t1, ID(t0)
  li t0, SECOND
  lw t2, ID(t0)
  bne t1, t2, done
  submit SECOND, 1
  li s1, 2
  li t0, PLIC_PENDING
  li t2, 1 << 3 /* the second alone */
1:
  lw t1, 0(t0)
  beqz t1, 1b
  bne t1, t2, done
  submit FIRST, 2
  li t0, PLIC_PENDING
  li t2, 1 << 2 | 1 << 3
1:
  lw t1, 0(t0)
  bne t1, t2, 1b
  li s1, 3
  li t0, FIRST
  lw t1, COMPLETED(t0)
  li t2, 2
  bne t1, t2, done
  li t0, SECOND
  lw t1, COMPLETED(t0)
  li t2, 1
  bne t1, t2, done
  li s1, 0
done:
  li t0, SIMCTL
  sw s1, 0(t0)
1:
  j 1b

  .data
  .balign 64
ring: /* NOP with IRQ_ON_DONE, twice */
  .word 0x00000101
  .zero 60
  .word 0x00000101
  .zero 60
