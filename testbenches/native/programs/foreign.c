/* SPDX-License-Identifier: Apache-2.0
 *
 * A shared object that is no firmware; with VERSION one for another simulator.
 */
#include <stdint.h>

#ifdef VERSION
extern const uint32_t hal_native_version;
const uint32_t hal_native_version = VERSION;
void hal_native_run(const void* host);
void hal_native_run(const void* host) {
  (void)host;
}
#else
int nothing;
#endif
