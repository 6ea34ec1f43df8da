/* SPDX-License-Identifier: Apache-2.0
 *
 * Reset of the program: a0 = hart id, a1 = device tree (the RISC-V boot hand-over). Sets up what C
 * needs and calls hal_start(hart, device tree), which does not return.
 */
  .cfi_sections .debug_frame
  .section .text.init, "ax", @progbits
  .globl _start
  .type _start, @function
_start:
  .cfi_startproc
  .cfi_undefined ra /* nobody called it */
  csrci mstatus, 8 /* MIE: no interrupt before its handler is there */
  csrw mie, zero
  .option push
  .option norelax
  la gp, __global_pointer$
  .option pop
  la sp, __stack_top
  la tp, __tls_base
  la t0, hal_trap_entry
  csrw mtvec, t0

  la t0, __bss_start
  la t1, __bss_end
1:
  bgeu t0, t1, 2f
  sw zero, 0(t0)
  addi t0, t0, 4
  j 1b
2:
  call hal_start
3:
  wfi
  j 3b
  .cfi_endproc
  .size _start, . - _start
