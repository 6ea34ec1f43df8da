/* SPDX-License-Identifier: Apache-2.0 */
/* Start of calls.c, and a function of it that says nothing about its frame. */
  .include "start.inc"
  .cfi_sections .debug_frame
  .cfi_startproc
  .cfi_undefined ra
  lui sp, 0x80100
  call calls
1:
  j 1b
  .cfi_endproc
  .type _start, @function
  .size _start, . - _start

  .globl without_cfi
  .type without_cfi, @function
without_cfi:
  addi sp, sp, -16
  sw ra, 12(sp)
  jalr a0
  lw ra, 12(sp)
  addi sp, sp, 16
  ret
  .size without_cfi, . - without_cfi
