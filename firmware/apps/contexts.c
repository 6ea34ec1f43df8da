/* SPDX-License-Identifier: Apache-2.0
 *
 * contexts: two contexts share an EpochCore, each with a half of its buffers and semaphores. Both
 * classify digits of their own, asynchronously, while other jobs of the first one fail and are
 * cancelled. The logits must be those that `smnist` prints, bit for bit.
 *
 *   --digits=N   digits to run, by turns of the contexts (default 4)
 *   --calm       no errors, no cancels
 *   --poll       poll instead of sleeping for interrupts
 *
 * Data that the loader places: as for smnist.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "common.h"
#include "platform.h"
#include "timer.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

#define CONTEXTS 2u
#define RING_ENTRIES 128u
#define TIMEOUT_NS 2000000000u
#define TICK_NS 20000u
#define IDX_HEADER 16u
#define BAD_OPCODE 0xEEu
#define SILENT_SEMAPHORE 15u /* of no context */

struct context {
  struct epoch_runner runner;
  uint32_t digit;
  uint32_t called; /* back */
};

static struct epoch_device device;
static struct epoch_jobs jobs;
static struct epoch_network network;
static struct context contexts[CONTEXTS];

/* What disturbs: jobs of context 0, with the program of its runner. */
static struct epoch_job faulty;
static struct epoch_job unwanted; /* cancelled by the tick once it has begun */
static struct epoch_job queued;   /* cancelled before */
static struct epoch_program broken;
static struct epoch_program endless;
static uint32_t disturbances[3]; /* called back: fault, cancelled, other */
static uint32_t rerun;           /* digits that were begun more than once */

struct options {
  uint32_t digits;
  bool calm;
  bool poll;
};

static bool parse(int argc, char** argv, struct options* options) {
  for (int i = 1; i < argc; i++) {
    const char* value;
    if (hal_args_option(argv[i], "--digits", &value)) {
      if (!hal_args_number(value, &options->digits)) return false;
    } else if (strcmp(argv[i], "--calm") == 0) {
      options->calm = true;
    } else if (strcmp(argv[i], "--poll") == 0) {
      options->poll = true;
    } else {
      return false;
    }
  }
  return true;
}

/* ---- Callbacks ---- */

static void count_disturbance(struct epoch_job* job, void* argument) {
  (void)argument;
  const bool fault = job->result == EPOCH_JOB_FAULT && job->error.code == EPOCH_ERROR_OPCODE &&
                     job->error.context == 0 && job->command == broken.count / 2;
  disturbances[fault ? 0 : job->result == EPOCH_JOB_CANCELLED ? 1 : 2]++;
}

static void count_digit(struct epoch_job* job, void* argument) {
  struct context* context = argument;
  context->called++;
  rerun += job->runs > 1;
}

static void cancel_what_runs(void* argument) {
  (void)argument;
  if (unwanted.result == EPOCH_JOB_PENDING && unwanted.runs != 0)
    epoch_jobs_cancel(&jobs, &unwanted);
}

/* ---- Preparations ---- */

static bool prepare(uint32_t index, uint32_t steps) {
  struct context* context = &contexts[index];
  struct epoch_share share;
  epoch_share_part(&share, index, CONTEXTS, &device.caps);
  share.semaphores &= ~(1u << SILENT_SEMAPHORE);
  const struct epoch_runner_options options = {
      .steps = steps, .schedule = EPOCH_SCHEDULE_KIND_AUTO, .share = &share};
  if (!app_prepare(&context->runner, &jobs, &network, &options)) return false;
  context->runner.job.callback = count_digit;
  context->runner.job.argument = context;
  return true;
}

/* The program of context 0 with another command in its middle. */
static bool spoil(struct epoch_program* spoilt, uint32_t opcode, uint32_t semaphores) {
  const struct epoch_program* sound = &contexts[0].runner.program;
  struct hal_dma_buffer memory;
  const uint32_t bytes = sound->count * (uint32_t)sizeof *sound->descriptors;
  if (!hal_dma_alloc(&memory, bytes)) return app_fail("no memory for another program");
  memcpy(memory.cpu, sound->descriptors, bytes);
  *spoilt = (struct epoch_program){memory.cpu, sound->count, sound->count};
  epoch_build_control(&spoilt->descriptors[sound->count / 2], opcode);
  spoilt->descriptors[sound->count / 2].command.semaphores = semaphores;
  return true;
}

/* The faulty job has a command that no device knows; the unwanted one waits for a
 * semaphore that nobody signals, and would do so until its deadline. */
static bool prepare_disturbances(void) {
  const uint32_t wait = EPOCH_SEMAPHORE_FIELD(EPOCH_SEMAPHORE_USE(SILENT_SEMAPHORE), 0, 0, 0);
  queued.program = &contexts[0].runner.program;
  faulty.program = &broken;
  unwanted.program = &endless;
  faulty.callback = unwanted.callback = queued.callback = count_disturbance;
  return spoil(&broken, BAD_OPCODE, 0) && spoil(&endless, EPOCH_OP_NOP, wait);
}

static bool open_all(const struct options* options, const uint8_t** digits) {
  uint32_t bytes;
  const enum epoch_device_result opened =
      epoch_device_open(&device, 0, RING_ENTRIES, options->poll);
  if (opened != EPOCH_DEVICE_OK) return app_fail(epoch_device_result_text(opened));
  epoch_jobs_open(&jobs, &device);
  if (!hal_platform_blob("epochcore,data", "digits", digits, &bytes)) return app_fail("no digits");
  if (!app_open_network(&network, &device.caps)) return false;
  const uint32_t pixels = 28u * 28u;
  if (bytes < IDX_HEADER || (bytes - IDX_HEADER) / pixels < options->digits)
    return app_fail("not so many digits are loaded");
  const uint32_t steps = pixels / network.tensors[network.header->input].width;
  for (uint32_t c = 0; c < CONTEXTS; c++)
    if (!prepare(c, steps)) return false;
  return prepare_disturbances();
}

/* ---- Runs ---- */

static bool submit(struct epoch_job* job) {
  job->deadline_ns = hal_timer_now_ns() + TIMEOUT_NS;
  return epoch_jobs_submit(&jobs, job) == EPOCH_JOB_PENDING;
}

static bool start(struct context* context, uint32_t digit, const uint8_t* digits) {
  context->digit = digit;
  const uint8_t* pixels = digits + IDX_HEADER + digit * context->runner.input.bytes;
  return epoch_runner_start(&context->runner, pixels, TIMEOUT_NS) == EPOCH_JOB_PENDING;
}

/* A digit for each context; around them, on the same ring, what goes wrong. */
static bool run_round(uint32_t first, uint32_t count, bool calm, const uint8_t* digits) {
  bool submitted = calm || submit(&faulty);
  for (uint32_t c = count; submitted && c-- > 0;) {
    submitted = start(&contexts[c], first + c, digits);
    if (c == 1 && !calm) submitted = submitted && submit(&unwanted) && submit(&queued);
  }
  if (!submitted) return app_fail("a job was refused");
  if (!calm) epoch_jobs_cancel(&jobs, &queued);
  for (uint32_t c = 0; c < count; c++) {
    const enum epoch_job_result result = epoch_runner_finish(&contexts[c].runner);
    if (!app_succeeded(&contexts[c].runner, result)) return false;
    printf("logits %" PRIu32 ":", contexts[c].digit);
    app_print_row(&contexts[c].runner, 0);
  }
  return true;
}

static bool run_digits(const struct options* options, const uint8_t* digits) {
  for (uint32_t first = 0; first < options->digits; first += CONTEXTS) {
    const uint32_t left = options->digits - first;
    if (!run_round(first, left < CONTEXTS ? left : CONTEXTS, options->calm, digits)) return false;
  }
  return true;
}

int main(int argc, char** argv) {
  struct options options = {.digits = 4};
  app_name = "contexts";
  const uint8_t* digits;
  if (!parse(argc, argv, &options)) {
    printf("usage: contexts [--digits=N] [--calm] [--poll]\n");
    return EXIT_USAGE;
  }
  if (!open_all(&options, &digits)) return EXIT_FAILED;
  hal_timer_tick(TICK_NS, cancel_what_runs, NULL);
  if (!run_digits(&options, digits)) return EXIT_FAILED;
  hal_timer_tick(0, NULL, NULL);
  for (uint32_t c = 0; c < CONTEXTS; c++)
    printf("context %" PRIu32 ": %" PRIu32 " digits\n", c, contexts[c].called);
  printf("faults %" PRIu32 " cancelled %" PRIu32 " otherwise %" PRIu32 "\n", disturbances[0],
         disturbances[1], disturbances[2]);
  printf("recovered: %s, run again: %s\n", jobs.recoveries != 0 ? "yes" : "no",
         rerun != 0 ? "yes" : "no");
  return EXIT_OK;
}
