/* SPDX-License-Identifier: Apache-2.0
 *
 * Races between the device and the hart: completions that land anywhere around the driver's mask,
 * check and wfi; `done` set while it is being cleared.
 */
#include <inttypes.h>
#include <stdio.h>

#include "machine.h"
#include "mmio.h"
#include "selftest.h"
#include "timer.h"
#include "trap.h"

/* A sleep that only the timer ends takes this long, any other one microseconds. */
#define SLEEP_NS 2000000u

/* ---- Lost wake-ups ---- */

enum { LONGEST = 100000, STEP = 48, SERVO = 4 };

struct observed {
  uint32_t sequence;
  uint32_t looks;
};

static bool completed(void* argument) {
  struct observed* observed = argument;
  observed->looks++;
  if (selftest_device.polling) return true; /* epoch_device_wait does the rest */
  return (int32_t)(selftest_get(EPOCH_REG_COMPLETED) - observed->sequence) >= 0;
}

/* One command of `cycles` cycles that interrupts when done; true if the hart had to sleep for it.
 */
static bool sleep_once(uint32_t cycles, uint32_t turns, bool* lost) {
  union epoch_descriptor command;
  struct observed observed = {0, 0};
  selftest_build_delay(&command, cycles);
  command.command.control |= EPOCH_CONTROL(0, EPOCH_FLAG_IRQ_ON_DONE, 0);
  if (epoch_device_submit(&selftest_device, &command, 1, SELFTEST_TIMEOUT_NS) != EPOCH_DEVICE_OK)
    *lost = true;
  hal_spin(turns);
  observed.sequence = selftest_device.tail;
  const uint64_t begin = hal_timer_now_ns();
  const bool ready = hal_wait(completed, &observed, begin + SLEEP_NS);
  if (!ready || hal_timer_now_ns() - begin >= SLEEP_NS) *lost = true;
  if (epoch_device_wait(&selftest_device, selftest_device.tail, SELFTEST_TIMEOUT_NS) !=
      EPOCH_DEVICE_OK)
    *lost = true;
  return observed.looks > 1;
}

/* The longest command that is done before the driver first looks, by bisection. */
static uint32_t find_edge(uint32_t longest) {
  uint32_t done = 1;
  uint32_t slept = longest;
  while (done + 1 < slept) {
    const uint32_t middle = (done + slept) / 2;
    bool missed = false;
    if (sleep_once(middle, 0, &missed))
      slept = middle;
    else
      done = middle;
  }
  return done;
}

/* One wait in SERVO has any length. The others follow the edge between "was done already" and "had
 * to sleep", a few cycles to this side or that: it is between check and wfi that wake-ups get lost.
 */
static void lost_wakeups(uint32_t waits) {
  const uint32_t most = selftest_longest_delay();
  const uint32_t longest = most < LONGEST ? most : LONGEST;
  uint32_t edge = selftest_device.polling ? 1 : find_edge(longest);
  const uint32_t range = 2 * edge < longest ? 2 * edge : longest;
  uint32_t lost = 0;
  uint32_t slept = 0;
  for (uint32_t i = 0; i < waits; i++) {
    bool missed = false;
    const bool any = i % SERVO == 0;
    const bool late =
        sleep_once(any ? 1 + selftest_random(range) : edge, selftest_random(64), &missed);
    const uint32_t step = selftest_random(STEP);
    if (!any && late && edge > step) edge -= step;
    if (!any && !late && edge + step < longest) edge += step;
    slept += late;
    lost += missed;
  }
  printf("%" PRIu32 " waits, %" PRIu32 " lost, completions %s\n", waits, lost,
         slept > waits / 10 && slept < waits - waits / 10 ? "before and after the check"
                                                          : "on one side of the check only");
  selftest_check("races: no wake-up is lost", lost == 0);
}

/* ---- Set against clear ---- */

enum { ROUNDS = 100, BURST = 8 };

/* done is cleared at any moment while commands raise it. After a clear COMPLETED says what is left:
 * for that, done must come again. Nothing sleeps, so a `done` that was lost is a wait without end.
 */
static bool clear_against_set(void) {
  union epoch_descriptor burst[2 * BURST];
  for (uint32_t i = 0; i < BURST; i++) {
    selftest_build_delay(&burst[2 * i], 1 + selftest_random(200));
    selftest_semaphores(&burst[2 * i], 0, 0, EPOCH_SEMAPHORE_USE(3), 0);
    epoch_build_control(&burst[2 * i + 1], EPOCH_OP_IRQ);
    selftest_semaphores(&burst[2 * i + 1], EPOCH_SEMAPHORE_USE(3), 0, 0, 0);
  }
  if (epoch_device_submit(&selftest_device, burst, 2 * BURST, SELFTEST_TIMEOUT_NS) !=
      EPOCH_DEVICE_OK)
    return false;
  while (selftest_get(EPOCH_REG_COMPLETED) != selftest_device.tail) {
    if (!selftest_poll(EPOCH_REG_IRQ_STATUS, EPOCH_IRQ_STATUS_DONE_MASK,
                       EPOCH_IRQ_STATUS_DONE_MASK))
      return false;
    hal_spin(selftest_random(40));
    selftest_put(EPOCH_REG_IRQ_STATUS, EPOCH_IRQ_STATUS_DONE_MASK);
  }
  return true;
}

static void done_against_clear(void) {
  bool passed = true;
  selftest_put(EPOCH_REG_IRQ_ENABLE, 0);
  for (uint32_t round = 0; passed && round < ROUNDS; round++) passed = clear_against_set();
  passed = epoch_device_recover(&selftest_device, SELFTEST_TIMEOUT_NS) == EPOCH_DEVICE_OK && passed;
  selftest_check("races: done is not lost to a clear", passed && selftest_layer());
}

void selftest_races(uint32_t waits) {
  if (waits == 0) return;
  lost_wakeups(waits);
  done_against_clear();
}
