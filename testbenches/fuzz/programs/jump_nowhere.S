/* SPDX-License-Identifier: Apache-2.0 */
/* Jumps to TARGET, where there is nothing to execute; no trap handler. Ends with 71. */
  .globl _start
_start:
  li t0, TARGET
  jr t0
