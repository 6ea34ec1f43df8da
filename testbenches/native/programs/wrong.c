/* SPDX-License-Identifier: Apache-2.0
 *
 * Mistakes that a memory checker has to find in firmware.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

static int table[4];

static int overrun(int index) {
  const int* volatile first = table; /* its bounds are not to be seen when this is compiled */
  return first[index];
}

static int overflow(volatile int most) {
  return most + 1;
}

static int uninitialised(void) {
  volatile int values[4];
  values[0] = 1;
  return values[2] == 0x1234567 ? 1 : 2;
}

int main(int argc, char** argv) {
  const char* what = argc > 1 ? argv[1] : "";
  int result = 0;
  if (strcmp(what, "--overrun") == 0) result = overrun(4);
  if (strcmp(what, "--overflow") == 0) result = overflow(INT_MAX);
  if (strcmp(what, "--uninitialised") == 0) result = uninitialised();
  printf("%s: not found out (%d)\n", what, result);
  return 0;
}
