/* SPDX-License-Identifier: Apache-2.0 */
/* Exits with CODE. */
  .include "start.inc"
  li t0, SIMCTL
  li t1, CODE
  sw t1, 0(t0)
1:
  j 1b
