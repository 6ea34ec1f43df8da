/* SPDX-License-Identifier: Apache-2.0
 *
 * hello: the machine as the firmware sees it, and one timer tick.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "platform.h"
#include "timer.h"
#include "trap.h"

#define TICK_NS 100000u

static bool never(void* argument) {
  (void)argument;
  return false;
}

int main(int argc, char** argv) {
  printf("hello from hart %" PRIu32 "\n", hal_platform_hart());
  for (int i = 0; i < argc; i++) printf("argument %d: %s\n", i, argv[i]);
  const struct hal_range memory = hal_platform_memory();
  printf("memory %" PRIu32 " MiB at 0x%08" PRIx32 "\n",
         (uint32_t)((memory.end - memory.begin) >> 20), (uint32_t)memory.begin);

  const uint64_t before = hal_timer_now_ns();
  const bool woken = hal_wait(never, NULL, before + TICK_NS); /* only the timer ends this sleep */
  const uint64_t slept = hal_timer_now_ns() - before;
  if (woken || slept < TICK_NS) {
    printf("no tick after %" PRIu32 " ns\n", (uint32_t)slept);
    return 1;
  }
  printf("tick after %" PRIu32 " us\n", (uint32_t)(slept / 1000));
  return 0;
}
