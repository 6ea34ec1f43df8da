/* SPDX-License-Identifier: Apache-2.0 */
/* Gives EpochCore commands that wait for a semaphore, then sleeps or spins.
   CODE bit 0: spins instead of sleeping; bit 1: a second command would signal it, and waits too. */
  .include "start.inc"
  .equ EPOCHCORE, 0x20000000
  .equ CTRL, 0x100
  .equ RING_BASE_LO, 0x110
  .equ RING_SIZE, 0x118
  .equ RING_TAIL, 0x124
  li t0, EPOCHCORE
  la t1, ring
  sw t1, RING_BASE_LO(t0)
  li t1, 8
  sw t1, RING_SIZE(t0)
  li t1, 1
  sw t1, CTRL(t0)
  fence w, o
  li t1, 1 + (CODE / 2 % 2)
  sw t1, RING_TAIL(t0)
  .globl waiting
  .type waiting, @function
waiting:
  .if CODE % 2 == 0
  wfi
  .endif
  j waiting
  .size waiting, . - waiting

  .data
  .balign 64
ring:
  /* LOAD 4 bytes from the ring to buffer 0, waits for semaphore 3, signals semaphore 5, context 7. */
  .word 0x00070010, 0x00850083, ring, 0, 0, 4, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0
  /* STORE from there, waits for semaphore 5, signals semaphore 3. */
  .word 0x00070020, 0x00830085, ring, 0, 0, 4, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0
