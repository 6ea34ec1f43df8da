/* SPDX-License-Identifier: Apache-2.0
 *
 * Trap entry, direct mode: saves struct hal_trap_frame (trap.h) on the stack, calls
 * hal_trap_dispatch(frame), restores and returns to the frame's pc.
 */
  .equ FRAME_BYTES, 144 /* 36 words, 16-byte aligned */
  .equ FRAME_PC, 128
  .equ FRAME_CAUSE, 132
  .equ FRAME_TVAL, 136
  .equ FRAME_STATUS, 140

  .cfi_sections .debug_frame
  .section .text.trap, "ax", @progbits
  .globl hal_trap_entry
  .type hal_trap_entry, @function
  .balign 4
hal_trap_entry:
  /* For debuggers and backtraces: the caller is what was interrupted, at the saved pc (column 64). */
  .cfi_startproc
  .cfi_return_column 64
  addi sp, sp, -FRAME_BYTES
  .cfi_def_cfa_offset FRAME_BYTES
  .irp n, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
  sw x\n, (\n * 4)(sp)
  .endr
  addi t0, sp, FRAME_BYTES
  sw t0, 8(sp) /* x2 as it was */
  sw zero, 0(sp)
  .irp n, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
  .cfi_offset \n, (\n * 4) - FRAME_BYTES
  .endr
  csrr t0, mepc
  sw t0, FRAME_PC(sp)
  .cfi_offset 64, FRAME_PC - FRAME_BYTES
  csrr t0, mcause
  sw t0, FRAME_CAUSE(sp)
  csrr t0, mtval
  sw t0, FRAME_TVAL(sp)
  csrr t0, mstatus
  sw t0, FRAME_STATUS(sp)
  mv a0, sp
  call hal_trap_dispatch
  lw t0, FRAME_STATUS(sp) /* as at entry, MIE off; MPIE and MPP say where mret goes */
  csrw mstatus, t0
  lw t0, FRAME_PC(sp)
  csrw mepc, t0
  .irp n, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
  lw x\n, (\n * 4)(sp)
  .endr
  addi sp, sp, FRAME_BYTES
  mret
  .cfi_endproc
  .size hal_trap_entry, . - hal_trap_entry
