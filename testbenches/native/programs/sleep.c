/* SPDX-License-Identifier: Apache-2.0
 *
 * Sleeps with no interrupt enabled; with --spin it lets time pass for ever.
 */
#include "csr.h"
#include "machine.h"

int main(int argc, char** argv) {
  (void)argv;
  while (argc > 1) hal_spin(1000);
  for (;;) hal_wfi();
}
