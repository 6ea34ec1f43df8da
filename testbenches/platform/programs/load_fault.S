/* SPDX-License-Identifier: Apache-2.0 */
/* Loads from an address that nobody answers. */
  .include "start.inc"
  li t0, 0x70000000
  lw t1, 0(t0)
