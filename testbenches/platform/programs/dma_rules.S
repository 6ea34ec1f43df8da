/* SPDX-License-Identifier: Apache-2.0 */
/* Copies 64 bytes through EpochCore by a LOAD and a STORE, with all that the memory model asks for
   but what CODE leaves out:
   0 nothing                           5 the semaphore between the two commands
   1 fence w,o before the doorbell     6 the clean of what the LOAD reads
   2 patience: stores to its source    7 the invalidation of what the STORE writes
   3 patience: loads its result        8 has fence rw,rw for fence w,o
   4 fence i,r behind the completion   9 nothing, but writes a slot of the ring too early */
  .include "start.inc"
  .option norelax
  .equ EPOCHCORE, 0x20000000
  .equ CTRL, 0x100
  .equ RING_BASE_LO, 0x110
  .equ RING_SIZE, 0x118
  .equ RING_TAIL, 0x124
  .equ COMPLETED, 0x128
  .macro clean address
  .insn i 0x0f, 2, x0, \address, 1
  .endm
  .macro invalidate address
  .insn i 0x0f, 2, x0, \address, 0
  .endm
  li s0, EPOCHCORE
  la s1, ring
  la s2, source
  la s3, result
  sw s1, RING_BASE_LO(s0)
  li t1, 8
  sw t1, RING_SIZE(s0)
  li t1, 1
  sw t1, CTRL(s0)
  li t1, 0x1234
fill:
  sw t1, 0(s2)
  sw s2, 8(s1)
  .if CODE != 6
  clean s2
  .endif
  clean s1
  .if CODE == 8
  fence rw, rw
  .elseif CODE != 1
  fence w, o
  .endif
  li t2, 2
doorbell:
  sw t2, RING_TAIL(s0)
  .if CODE == 2
  sw t1, 4(s2)
  .endif
  .if CODE == 3
  lw t3, 0(s3)
  .endif
  .if CODE == 9
  sw t1, 60(s1)
  .endif
wait:
  lw t3, COMPLETED(s0)
  bne t3, t2, wait
  .if CODE != 4
  fence i, r
  .endif
  .if CODE != 7
  invalidate s3
  .endif
  .globl look
  .type look, @function
look:
  lw t3, 0(s3)
  li t0, SIMCTL
  sub a0, t3, t1
  .if CODE == 5
  li a0, 0
  .endif
  sw a0, 0(t0)
  j .
  .size look, . - look

  .data
  .balign 64
ring:
  /* LOAD, signals semaphore 5. */
  .if CODE == 5
  .word 0x00000010, 0
  .else
  .word 0x00000010, 0x00850000
  .endif
  .word 0, 0, 0, 64, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0
  /* STORE, waits for it. */
  .if CODE == 5
  .word 0x00000020, 0
  .else
  .word 0x00000020, 0x00000085
  .endif
  .word result, 0, 0, 64, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0
  .zero 6 * 64
  .balign 64
source:
  .zero 64
result:
  .zero 64
