/* SPDX-License-Identifier: Apache-2.0
 *
 * What a program uses of <stdio.h> and <stdlib.h>, in place of the host's: it writes to the uart,
 * and ends the run, not the simulator. Hidden symbols: nobody else in the process sees them.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "simctl.h"
#include "uart.h"

#define LONGEST_LINE 4096 /* of one call; what is longer is cut */

int printf(const char* format, ...) {
  char text[LONGEST_LINE];
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  hal_uart_write(text);
  return length;
}

int puts(const char* text) {
  hal_uart_write(text);
  hal_uart_put('\n');
  return 0;
}

int putchar(int byte) {
  hal_uart_put((char)byte);
  return (unsigned char)byte;
}

void exit(int code) {
  hal_simctl_exit((uint32_t)code);
}

#define ABORTED 134u /* 128 + SIGABRT, as picolibc's abort() */
void abort(void) {
  hal_simctl_exit(ABORTED);
}
