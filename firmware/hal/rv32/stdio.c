/* SPDX-License-Identifier: Apache-2.0
 *
 * picolibc's ends: its stdout and stderr are the uart, unbuffered; exit() and abort() end the run.
 */
#include <stdio.h>

#include "simctl.h"
#include "uart.h"

static int stdio_put(char byte, FILE* file) {
  (void)file;
  hal_uart_put(byte);
  return (unsigned char)byte;
}

static FILE uart_file = FDEV_SETUP_STREAM(stdio_put, NULL, NULL, _FDEV_SETUP_WRITE);
FILE* const stdout = &uart_file;
FILE* const stderr = &uart_file;

extern _Noreturn void _exit(int code);

_Noreturn void _exit(int code) {
  hal_simctl_exit((uint32_t)code);
}
