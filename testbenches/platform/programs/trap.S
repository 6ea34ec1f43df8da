/* SPDX-License-Identifier: Apache-2.0 */
/* An illegal instruction without a handler. */
  .include "start.inc"
  li s3, 0x12345678
  .globl faulty
  .type faulty, @function
faulty:
  nop
  .word 0
  .size faulty, . - faulty
