/* SPDX-License-Identifier: Apache-2.0 */
/* Sleeps for an interrupt that never comes. */
  .include "start.inc"
  .globl asleep
  .type asleep, @function
asleep:
  wfi
  j asleep
  .size asleep, . - asleep
