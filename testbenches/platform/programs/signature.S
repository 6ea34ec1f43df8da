/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a signature of four words, enters through a symbol that is not the first instruction, and
   ends through tohost with code 0. */
  .include "start.inc"
  ebreak /* before the entry point */
  .globl entry
entry:
  la t0, begin_signature
  li t1, 0x12345678
  sw t1, 0(t0)
  li t1, 0xabcdef01
  sw t1, 8(t0)
  sb t1, 12(t0)
  la t0, tohost
  li t1, 1
  sw t1, 0(t0)
1:
  j 1b
  .data
  .balign 16
  .globl begin_signature, end_signature, tohost
begin_signature:
  .word 0xdeadbeef, 0xdeadbeef, 0xdeadbeef, 0xdeadbeef
end_signature:
  .balign 4096
tohost:
  .dword 0
