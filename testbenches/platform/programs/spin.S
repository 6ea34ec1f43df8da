/* SPDX-License-Identifier: Apache-2.0 */
/* Runs for ever. */
  .include "start.inc"
  .globl spinning
  .type spinning, @function
spinning:
  j spinning
  .size spinning, . - spinning
