/* SPDX-License-Identifier: Apache-2.0 */
/* Writes CODE to the tohost symbol, both words as riscv-tests do, until that ends the run. */
  .include "start.inc"
  la t0, tohost
  li t1, CODE
1:
  sw t1, 0(t0)
  sw zero, 4(t0)
  j 1b
  .data
  .balign 8
  .globl tohost
tohost:
  .dword 0
