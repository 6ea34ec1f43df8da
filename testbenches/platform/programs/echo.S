/* SPDX-License-Identifier: Apache-2.0 */
/* Sends back what the UART receives, until a 'q': by polling LSR, or with CODE = 1 asleep in WFI
 * until the receive interrupt comes through the PLIC. */
  .include "start.inc"
  .equ PLIC, 0x0C000000
  li s0, UART
  li s1, 0x71
  li t0, 0x01
  sb t0, 2(s0) /* FCR: FIFOs on */
  li s2, CODE
  beqz s2, poll
  sb t0, 1(s0) /* IER: received data */
  li s3, PLIC
  sw t0, 4(s3) /* priority of source 1 */
  li t1, PLIC + 0x2000
  li t2, 2
  sw t2, 0(t1) /* enable it */
  li s4, PLIC + 0x200000
  sw zero, 0(s4) /* threshold */
  li t1, 0x800
  csrw mie, t1 /* external: wakes, and traps not */
  li t0, '>'
  sb t0, 0(s0)
wait:
  wfi
  lw s5, 4(s4) /* claim */
drain:
  lbu t0, 5(s0)
  andi t0, t0, 1 /* LSR.DR */
  bnez t0, take
  sw s5, 4(s4) /* complete */
  j wait
poll:
  lbu t0, 5(s0)
  andi t0, t0, 1
  beqz t0, poll
take:
  lbu t0, 0(s0)
  sb t0, 0(s0)
  beq t0, s1, done
  beqz s2, poll
  j drain
done:
  li t0, SIMCTL
  sw zero, 0(t0)
1:
  j 1b
