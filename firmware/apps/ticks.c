/* SPDX-License-Identifier: Apache-2.0
 *
 * ticks: nested interrupts. A periodic tick while jobs complete whose callbacks, in the device's
 * interrupt handler, outlast the period: ticks must come in the thread and within the handler, keep
 * their pace, and never come within each other. Software interrupts come within the handler, too.
 *
 *   --jobs=N     jobs (default 20)
 */
#include <inttypes.h>
#include <stdio.h>

#include "args.h"
#include "dma.h"
#include "epoch_jobs.h"
#include "timer.h"
#include "trap.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

#define RING_ENTRIES 8u
#define LOADS 4u /* a job takes longer than its submission */
#define LOAD_BYTES 16384u
#define PERIOD_NS 50000u
#define TIMEOUT_NS 1000000000u
#define CALLBACK_NS (3u * PERIOD_NS)
#define REST_NS (2u * PERIOD_NS)

static struct epoch_device device;
static struct epoch_jobs jobs;
static volatile uint32_t ticks[3]; /* by how many handlers were under way */
static volatile uint32_t unsteady; /* ticks at another time than a multiple of the period */
static volatile uint32_t within;   /* ticks within ticks */
static volatile bool ticking;
static volatile uint32_t callbacks[2]; /* in the thread, in the handler */
static volatile uint32_t softly[3]; /* software interrupts, by how many handlers were under way */
static uint64_t first_ns;

static bool check(const char* what, bool passed) {
  printf("%s: %s\n", what, passed ? "ok" : "FAILED");
  return passed;
}

static void tick(void* argument) {
  (void)argument;
  within += ticking;
  ticking = true;
  const uint64_t since = hal_timer_now_ns() - first_ns;
  const uint32_t depth = hal_interrupt_depth();
  if (depth < sizeof ticks / sizeof *ticks) ticks[depth]++;
  unsteady += since % PERIOD_NS > PERIOD_NS / 2; /* later than half a period: another was due */
  ticking = false;
}

static void software(void* argument) {
  (void)argument;
  hal_software_interrupt(0);
  const uint32_t depth = hal_interrupt_depth();
  if (depth < sizeof softly / sizeof *softly) softly[depth]++;
}

static bool never(void* argument) {
  (void)argument;
  return false;
}

static void long_callback(struct epoch_job* job, void* argument) {
  (void)job, (void)argument;
  callbacks[hal_interrupt_depth() != 0]++; /* submit calls back, too, if the device is fast */
  hal_software_interrupt(1);
  hal_poll(never, NULL, hal_timer_now_ns() + CALLBACK_NS);
}

static bool run_jobs(uint32_t count) {
  union epoch_descriptor descriptors[LOADS + 1];
  struct epoch_program program = {descriptors, LOADS + 1, LOADS + 1};
  struct hal_dma_buffer memory;
  struct epoch_share share;
  struct epoch_job job = {.program = &program, .callback = long_callback};
  if (!hal_dma_alloc(&memory, LOAD_BYTES)) return false;
  const struct epoch_transfer load = {
      .opcode = EPOCH_OP_LOAD, .bus = memory.bus, .row_bytes = LOAD_BYTES, .rows = 1};
  for (uint32_t n = 0; n < LOADS; n++) epoch_build_transfer(&descriptors[n], &load);
  epoch_build_control(&descriptors[LOADS], EPOCH_OP_IRQ);
  epoch_share_whole(&share, 0, &device.caps);
  if (!epoch_jobs_lease(&jobs, &share)) return false;
  for (uint32_t n = 0; n < count; n++) {
    job.deadline_ns = hal_timer_now_ns() + TIMEOUT_NS;
    if (epoch_jobs_submit(&jobs, &job) == EPOCH_JOB_REFUSED) return false;
    if (epoch_jobs_wait(&jobs, &job) != EPOCH_JOB_OK) return false;
    hal_wait(never, NULL, hal_timer_now_ns() + REST_NS); /* the alarm and the tick share a timer */
  }
  return true;
}

int main(int argc, char** argv) {
  uint32_t count = 20;
  for (int i = 1; i < argc; i++) {
    const char* value;
    if (!hal_args_option(argv[i], "--jobs", &value) || !hal_args_number(value, &count)) {
      printf("usage: ticks [--jobs=N]\n");
      return EXIT_USAGE;
    }
  }
  const enum epoch_device_result opened = epoch_device_open(&device, 0, RING_ENTRIES, false);
  if (opened != EPOCH_DEVICE_OK) {
    printf("ticks: %s\n", epoch_device_result_text(opened));
    return EXIT_FAILED;
  }
  epoch_jobs_open(&jobs, &device);
  first_ns = hal_timer_now_ns();
  hal_trap_on_software(software, NULL);
  hal_timer_tick(PERIOD_NS, tick, NULL);
  const bool ran = check("jobs", run_jobs(count) && callbacks[0] + callbacks[1] == count);
  hal_timer_tick(0, NULL, NULL);
  const uint32_t seen = ticks[1] + ticks[2];
  const uint32_t due = (uint32_t)((hal_timer_now_ns() - first_ns) / PERIOD_NS);
  const bool in_thread = check("ticks in the thread", ticks[1] >= count);
  const bool nested = check("ticks within the device's handler",
                            callbacks[1] >= count / 2 && ticks[2] >= 2 * callbacks[1]);
  const bool soft = check("software interrupts in the thread and within the handler",
                          softly[1] == callbacks[0] && softly[2] == callbacks[1]);
  const bool alone = check("no tick within a tick", within == 0);
  const bool all = check("every tick, in time", seen + 1 >= due && seen <= due && unsteady == 0);
  hal_wait(never, NULL, hal_timer_now_ns() + REST_NS);
  const bool stopped = check("no tick after the last", ticks[1] + ticks[2] == seen);
  return ran && in_thread && nested && soft && alone && all && stopped ? EXIT_OK : EXIT_FAILED;
}
