/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs inputs through a network: schedules it once, then runs the same program for each input.
 */
#ifndef EPOCH_RUNNER_H
#define EPOCH_RUNNER_H

#include <stdint.h>

#include "epoch_device.h"
#include "epoch_jobs.h"
#include "epoch_network.h"
#include "epoch_scheduler.h"

struct epoch_runner_options {
  uint32_t steps;
  enum epoch_schedule_kind schedule;
  uint32_t flags;     /* EPOCH_SCHEDULE_RESUME, _KEEP */
  uint32_t tile_rows; /* tiles of so many rows, where they fit; 0: README.md's rule */
  /* With flags: where the carries are, for runners that go on where another has stopped; null for
   * memory of this runner's own. All of them run the same network. */
  const struct hal_dma_buffer* carries;
  /* The context's share of the device, which the runner leases; null for all of it, context 0. */
  const struct epoch_share* share;
};

struct epoch_runner {
  struct epoch_jobs* jobs;
  const struct epoch_network* network;
  struct epoch_share share;
  struct epoch_caps caps; /* the device's, with the share's buffers */
  struct epoch_job job;   /* of the input that runs; callback and argument are the caller's */
  struct epoch_plan plan; /* plan.request.schedule is the one that `auto` chose */
  struct epoch_estimate estimate; /* of the cost model; no cycles unless `auto` */
  struct hal_dma_buffer input;    /* [documents][steps] rows of the input tensor */
  struct hal_dma_buffer output;   /* rows of the output tensor */
  struct hal_dma_buffer scratch;  /* zeros, activations between phases */
  struct hal_dma_buffer carries;
  struct hal_dma_buffer workspace;
  struct hal_dma_buffer descriptors;
  struct hal_dma_buffer clocks;
  struct epoch_program program;
  struct epoch_scheduler scheduler;
  struct epoch_schedule_failure failure; /* why prepare failed with SCHEDULE */
};

/* E(name, description) */
#define EPOCH_RUNNER_RESULTS(E)                                               \
  E(OK, "success")                                                            \
  E(MEMORY, "not enough memory for activations or program")                   \
  E(DEVICE, "the device failed while memory was measured")                    \
  E(SHARE, "the device has no such share, or another context has some of it") \
  E(SCHEDULE, "the network cannot be scheduled on this hardware")             \
  E(PROGRAM, "the program does not stand alone")

#define EPOCH_X_RUNNER_RESULT(name, description) EPOCH_RUNNER_##name,
enum epoch_runner_result { EPOCH_RUNNER_RESULTS(EPOCH_X_RUNNER_RESULT) };
#undef EPOCH_X_RUNNER_RESULT

const char* epoch_runner_result_text(enum epoch_runner_result result);

/* The network, checked for the device's caps, stays where it is: its parameters are loaded from
 * there. Schedule `auto` measures the memory's latency and bandwidth first, with the device's DMA.
 */
enum epoch_runner_result epoch_runner_prepare(struct epoch_runner* runner, struct epoch_jobs* jobs,
                                              const struct epoch_network* network,
                                              const struct epoch_runner_options* options);

/* Submits one input of runner->input.bytes bytes: PENDING, or REFUSED. runner->job.callback, if
 * there is one, is called when it has ended. It is late after `timeout_ns`, the time in the queue
 * included. */
enum epoch_job_result epoch_runner_start(struct epoch_runner* runner, const void* input,
                                         uint64_t timeout_ns);
/* Waits for it; after OK the result is in runner->output. */
enum epoch_job_result epoch_runner_finish(struct epoch_runner* runner);
/* Both. */
enum epoch_job_result epoch_runner_run(struct epoch_runner* runner, const void* input,
                                       uint64_t timeout_ns);

#endif
