/* SPDX-License-Identifier: Apache-2.0 */
#include "epoch_jobs.h"

#include <stddef.h>
#include <string.h>

#include "timer.h"
#include "trap.h"

typedef struct epoch_jobs jobs_t;
typedef struct epoch_job job_t;

#define RECOVERY_TIMEOUT_NS 100000000u /* a drain takes as long as the slowest burst */

const char* epoch_job_result_text(enum epoch_job_result result) {
#define RESULT_TEXT(name, description) description,
  static const char* const texts[] = {EPOCH_JOB_RESULTS(RESULT_TEXT)};
#undef RESULT_TEXT
  return (size_t)result < sizeof texts / sizeof *texts ? texts[result] : "unknown result";
}

/* ---- One at a time ---- */

/* Thread, callbacks and interrupt handlers that may interrupt each other all come here. The first
 * works; the others leave it word, and it goes over the queue again. So nobody waits, the queue has
 * one worker, and interrupts are off for a few instructions only. */
static bool enter(jobs_t* jobs) {
  const uint32_t saved = hal_interrupts_disable();
  const bool first = !jobs->busy;
  jobs->busy = true;
  jobs->again = true;
  hal_interrupts_restore(saved);
  return first;
}

/* Whether there is another round; if not, the worker has left. */
static bool another_round(jobs_t* jobs) {
  const uint32_t saved = hal_interrupts_disable();
  const bool again = jobs->again;
  jobs->again = false;
  jobs->busy = again;
  hal_interrupts_restore(saved);
  return again;
}

/* ---- Ends ---- */

static void end(jobs_t* jobs, uint32_t at, enum epoch_job_result result) {
  job_t* job = jobs->queue[at];
  const uint32_t saved = hal_interrupts_disable(); /* a handler may append */
  jobs->count--;
  for (uint32_t i = at; i < jobs->count; i++) jobs->queue[i] = jobs->queue[i + 1];
  hal_interrupts_restore(saved);
  job->result = result;
  if (job->callback != NULL) job->callback(job, job->argument);
}

static uint32_t length(const job_t* job) {
  return job->program->count + (job->fence ? 1u : 0u);
}

/* The oldest jobs, as far as the device has completed them. What is submitted meanwhile has no
 * command in the ring. */
static void end_completed(jobs_t* jobs) {
  const uint32_t completed = epoch_device_completed(jobs->device);
  for (uint32_t n = 0; n < EPOCH_JOBS && jobs->count != 0; n++) {
    const job_t* job = jobs->queue[0];
    if (job->pushed == 0 || job->pushed < length(job)) return;
    if ((int32_t)(completed - (job->first + length(job))) < 0) return;
    end(jobs, 0, EPOCH_JOB_OK);
  }
}

/* Those that are to end and have no command in the ring; the others need the device stopped. */
static void end_unwanted(jobs_t* jobs) {
  uint32_t at = 0;
  for (uint32_t n = 0; n < EPOCH_JOBS && at < jobs->count; n++) {
    const job_t* job = jobs->queue[at];
    const bool unwanted = job->cancelled || job->late;
    if (unwanted && job->pushed == 0)
      end(jobs, at, job->cancelled ? EPOCH_JOB_CANCELLED : EPOCH_JOB_LATE);
    else
      at++;
    if (unwanted && job->pushed != 0) jobs->stop = true;
  }
}

static void end_all(jobs_t* jobs) {
  for (uint32_t n = 0; n < EPOCH_JOBS && jobs->count != 0; n++) end(jobs, 0, EPOCH_JOB_DEVICE);
}

/* ---- Into the ring ---- */

/* An older job of the same share may still use its buffers. */
static bool needs_fence(const jobs_t* jobs, uint32_t at) {
  for (uint32_t i = 0; i < at; i++) {
    const job_t* older = jobs->queue[i];
    if (older->context == jobs->queue[at]->context && !older->fenced) return true;
  }
  return false;
}

/* Descriptors of a job that is not in the ring with all of them; false if the ring is full. */
static bool push(jobs_t* jobs, uint32_t at) {
  job_t* job = jobs->queue[at];
  struct epoch_device* device = jobs->device;
  if (job->pushed == 0) {
    job->first = device->tail;
    job->fenced = false;
    job->fence = needs_fence(jobs, at);
  }
  if (job->fence && job->pushed == 0) {
    union epoch_descriptor fence;
    epoch_build_control(&fence, EPOCH_OP_FENCE);
    fence.command.control |= EPOCH_CONTROL(0, 0, job->context);
    if (epoch_device_push(device, &fence, 1) == 0) return false;
    for (uint32_t i = 0; i < at; i++) jobs->queue[i]->fenced = true;
    job->pushed = 1;
    job->runs++;
  }
  const uint32_t done = job->pushed - (job->fence ? 1u : 0u);
  const uint32_t taken =
      epoch_device_push(device, job->program->descriptors + done, job->program->count - done);
  if (job->pushed == 0 && taken != 0) job->runs++;
  job->pushed += taken;
  return job->pushed == length(job);
}

static void fill(jobs_t* jobs) {
  for (uint32_t at = 0; at < jobs->count; at++) {
    const job_t* job = jobs->queue[at];
    if (at != 0 && (job->alone || jobs->queue[at - 1]->alone)) return;
    if ((job->pushed == 0 || job->pushed < length(job)) && !push(jobs, at)) return;
  }
}

/* ---- Recovery ---- */

/* The job whose command the error names; an error that names none is the oldest's. */
static uint32_t culprit(const jobs_t* jobs, const struct epoch_device_error* error) {
  for (uint32_t at = 0; at < jobs->count; at++) {
    const job_t* job = jobs->queue[at];
    if (job->pushed != 0 && error->sequence - job->first < length(job)) return at;
  }
  return 0;
}

static void end_faulty(jobs_t* jobs, const struct epoch_device_error* error) {
  if (jobs->count == 0) return;
  const uint32_t at = culprit(jobs, error);
  job_t* job = jobs->queue[at];
  const uint32_t command = error->sequence - job->first - (job->fence ? 1u : 0u);
  job->error = *error;
  job->command = command < job->program->count ? command : EPOCH_NO_COMMAND;
  end(jobs, at, EPOCH_JOB_FAULT);
}

/* Stops the device. What had completed by then has; the others are begun again, except those that
 * are to end. The device's error is read before the reset that forgets it. */
static void recover(jobs_t* jobs) {
  const struct epoch_device_error error = jobs->device->error;
  jobs->recoveries++;
  jobs->stop = false;
  if (epoch_device_recover(jobs->device, RECOVERY_TIMEOUT_NS) != EPOCH_DEVICE_OK) {
    jobs->dead = true;
    end_all(jobs);
    return;
  }
  end_completed(jobs);
  if (error.code != EPOCH_ERROR_NONE) end_faulty(jobs, &error);
  for (uint32_t at = 0; at < jobs->count; at++) {
    jobs->queue[at]->pushed = 0;
    jobs->queue[at]->fenced = false;
  }
}

/* ---- Work ---- */

static bool is_stopped(const jobs_t* jobs) {
  return jobs->stop || jobs->device->error.code != EPOCH_ERROR_NONE;
}

/* Each round takes word of something that happened; a recovery ends a job or is the last. */
static void work(jobs_t* jobs, bool thread) {
  if (!enter(jobs)) return;
  while (another_round(jobs)) {
    if (jobs->dead) {
      end_all(jobs);
      continue;
    }
    end_completed(jobs);
    end_unwanted(jobs);
    if (is_stopped(jobs) && thread) {
      recover(jobs);
      end_unwanted(jobs);
    }
    if (!is_stopped(jobs) && !jobs->dead) fill(jobs);
  }
}

static void listen(void* argument) {
  work(argument, false);
}

/* ---- Interface ---- */

void epoch_jobs_open(struct epoch_jobs* jobs, struct epoch_device* device) {
  memset(jobs, 0, sizeof *jobs);
  jobs->device = device;
  device->listener_argument = jobs;
  device->listener = listen;
}

bool epoch_jobs_lease(struct epoch_jobs* jobs, const struct epoch_share* share) {
  if (!epoch_share_fits(share, &jobs->device->caps)) return false;
  for (uint32_t i = 0; i < jobs->share_count; i++) {
    if (epoch_shares_equal(&jobs->shares[i], share)) return true;
    if (!epoch_shares_apart(&jobs->shares[i], share)) return false;
  }
  if (jobs->share_count == EPOCH_CONTEXTS) return false;
  jobs->shares[jobs->share_count++] = *share;
  return true;
}

static bool is_leased(const jobs_t* jobs, uint32_t context) {
  for (uint32_t i = 0; i < jobs->share_count; i++)
    if (jobs->shares[i].context == context) return true;
  return false;
}

static bool append(jobs_t* jobs, job_t* job) {
  const uint32_t saved = hal_interrupts_disable();
  const bool fits = jobs->count < EPOCH_JOBS && !jobs->dead && job->result != EPOCH_JOB_PENDING;
  if (fits) {
    job->result = EPOCH_JOB_PENDING;
    job->pushed = 0;
    job->runs = 0;
    job->fenced = false;
    job->cancelled = false;
    job->late = false;
    job->command = EPOCH_NO_COMMAND;
    memset(&job->error, 0, sizeof job->error);
    jobs->queue[jobs->count++] = job;
  }
  hal_interrupts_restore(saved);
  return fits;
}

enum epoch_job_result epoch_jobs_submit(struct epoch_jobs* jobs, struct epoch_job* job) {
  if (job->program->count == 0 || !is_leased(jobs, job->context) || !append(jobs, job))
    return EPOCH_JOB_REFUSED;
  work(jobs, false);
  return EPOCH_JOB_PENDING;
}

void epoch_jobs_cancel(struct epoch_jobs* jobs, struct epoch_job* job) {
  job->cancelled = true; /* of no meaning if it has ended */
  work(jobs, false);
}

static uint64_t next_deadline(const jobs_t* jobs) {
  uint64_t next = UINT64_MAX;
  const uint32_t saved = hal_interrupts_disable();
  for (uint32_t at = 0; at < jobs->count; at++)
    if (jobs->queue[at]->deadline_ns < next) next = jobs->queue[at]->deadline_ns;
  hal_interrupts_restore(saved);
  return next;
}

static void find_late(jobs_t* jobs) {
  const uint64_t now = hal_timer_now_ns();
  const uint32_t saved = hal_interrupts_disable();
  for (uint32_t at = 0; at < jobs->count; at++)
    if (jobs->queue[at]->deadline_ns <= now) jobs->queue[at]->late = true;
  hal_interrupts_restore(saved);
}

void epoch_jobs_process(struct epoch_jobs* jobs) {
  if (jobs->device->polling) epoch_device_service(jobs->device);
  find_late(jobs);
  work(jobs, true);
}

struct awaited {
  const jobs_t* jobs;
  const job_t* job;
};

static bool needs_thread(void* argument) {
  const struct awaited* awaited = argument;
  struct epoch_device* device = awaited->jobs->device;
  if (device->polling) epoch_device_service(device);
  return awaited->job->result != EPOCH_JOB_PENDING || is_stopped(awaited->jobs);
}

enum epoch_job_result epoch_jobs_wait(struct epoch_jobs* jobs, struct epoch_job* job) {
  struct awaited awaited = {jobs, job};
  epoch_jobs_process(jobs);
  while (job->result == EPOCH_JOB_PENDING) { /* each turn ends a job, at the latest by a deadline */
    epoch_device_await(jobs->device, needs_thread, &awaited, next_deadline(jobs));
    epoch_jobs_process(jobs);
  }
  return job->result;
}
