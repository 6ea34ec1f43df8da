/* SPDX-License-Identifier: Apache-2.0 */
#include "integer_loop_mailbox.h"

/* Entered at address 0 of a 64 KiB memory. The final ebreak finds no trap handler: the hart stops.
 */
__attribute__((naked)) void _start(void) {
  __asm__ volatile(
      "lui sp, 0x10\n\t"
      "li s0, %0\n\t"
      "lw a0, 0(s0)\n\t"
      "call integer_loop\n\t"
      "sw a0, 4(s0)\n\t"
      "ebreak"
      :
      : "i"(INTEGER_LOOP_MAILBOX));
}
