/* SPDX-License-Identifier: Apache-2.0
 *
 * Every way out of the C library that native/stdio.c stands in front of.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char** argv) {
  printf("%s %.9g %5d|\n", "formatted", 1.0 / 3, argc);
  printf("%s\n", "as puts");
  printf("\n"); /* as putchar */
  putchar('p');
  putchar('\n');
  if (argc > 1 && strcmp(argv[1], "--abort") == 0) abort();
  exit(7);
}
