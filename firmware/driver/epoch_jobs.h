/* SPDX-License-Identifier: Apache-2.0
 *
 * Jobs: programs of several contexts on one device, in the order of their submission. Submitting
 * returns at once; the device's interrupt fills the ring as there is room and calls back. Jobs
 * whose shares of the device are apart overlap; an error, a cancel or a deadline ends one job, and
 * the others give the bits that they give alone. README.md has the rules.
 */
#ifndef EPOCH_JOBS_H
#define EPOCH_JOBS_H

#include <stdbool.h>
#include <stdint.h>

#include "epoch_device.h"
#include "epoch_program.h"
#include "epoch_share.h"

#define EPOCH_JOBS 16u    /* submitted, and not called back yet */
#define EPOCH_CONTEXTS 8u /* of one device */
#define EPOCH_NO_COMMAND UINT32_MAX

/* E(name, description) */
#define EPOCH_JOB_RESULTS(E)                                         \
  E(OK, "success")                                                   \
  E(PENDING, "submitted and not ended")                              \
  E(REFUSED, "no such context, too many jobs, or submitted already") \
  E(FAULT, "the device stopped with an error in this job")           \
  E(CANCELLED, "cancelled")                                          \
  E(LATE, "its deadline passed")                                     \
  E(DEVICE, "the device was not to be brought back after an error")

#define EPOCH_X_JOB_RESULT(name, description) EPOCH_JOB_##name,
enum epoch_job_result { EPOCH_JOB_RESULTS(EPOCH_X_JOB_RESULT) };
#undef EPOCH_X_JOB_RESULT

const char* epoch_job_result_text(enum epoch_job_result result);

/* Zeroed once; memory of the caller's, who leaves it and its program alone until it has ended. */
struct epoch_job {
  const struct epoch_program* program; /* epoch_program_stands_alone; its end raises done */
  uint32_t context;                    /* leased */
  /* Nothing else is in the ring with it: for a program that overwrites what it starts from, and so
   * cannot be run again when another job has stopped the device. */
  bool alone;
  uint64_t deadline_ns; /* hal_timer_now_ns */
  /* Perhaps in an interrupt, never within another callback. It may submit (this job, too) and
   * cancel, but not wait. */
  void (*callback)(struct epoch_job* job, void* argument);
  void* argument;

  enum epoch_job_result result;
  struct epoch_device_error error; /* FAULT: what the device said, */
  uint32_t command;                /* and the program's command at fault, or EPOCH_NO_COMMAND */
  uint32_t runs;                   /* how often it was begun: more than 1 after others' errors */

  /* The queue's. */
  uint32_t pushed; /* descriptors in the ring, or gone through it */
  uint32_t first;  /* ring counter of its first descriptor */
  bool fence;      /* a FENCE came before its program */
  bool fenced;     /* a FENCE came after it */
  bool cancelled;
  bool late;
};

struct epoch_jobs {
  struct epoch_device* device;
  struct epoch_share shares[EPOCH_CONTEXTS];
  uint32_t share_count;
  struct epoch_job* queue[EPOCH_JOBS]; /* oldest first */
  uint32_t count;
  uint32_t recoveries;
  bool stop;  /* a job in the ring is to be stopped: epoch_jobs_process does it */
  bool dead;  /* the device is lost */
  bool busy;  /* somebody is at work on the queue, */
  bool again; /* and goes over it once more, for whoever came meanwhile */
};

/* The device is open, and is used by nobody else while there are jobs. */
void epoch_jobs_open(struct epoch_jobs* jobs, struct epoch_device* device);

/* The share is the context's from here on: false if the device has no such share or another context
 * has some of it. The same share may be leased again. */
bool epoch_jobs_lease(struct epoch_jobs* jobs, const struct epoch_share* share);

/* PENDING, or REFUSED and no callback. From thread, callback or interrupt handler. */
enum epoch_job_result epoch_jobs_submit(struct epoch_jobs* jobs, struct epoch_job* job);

/* The job ends soon: as CANCELLED, if it does not end otherwise before. From anywhere; what is in
 * the ring is stopped by epoch_jobs_process. */
void epoch_jobs_cancel(struct epoch_jobs* jobs, struct epoch_job* job);

/* What no interrupt does: recovery after errors and cancels, deadlines, and all of it if the device
 * is polled. In thread context, now and then. */
void epoch_jobs_process(struct epoch_jobs* jobs);

/* Processes until the job has ended, which its deadline sees to. In thread context. */
enum epoch_job_result epoch_jobs_wait(struct epoch_jobs* jobs, struct epoch_job* job);

#endif
