/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads where nobody answers, and has no handler for that.
 */
#include "mmio.h"

int main(void) {
  return hal_read32(0x30000000) == 0;
}
