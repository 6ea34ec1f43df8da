/* SPDX-License-Identifier: Apache-2.0 */
/* Prints text without a line end, then spins. */
  .include "start.inc"
  li t0, UART
  li t1, 0x3e
  sb t1, 0(t0)
1:
  j 1b
