/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs sequences through a network: checks the image, schedules it once, then runs the same program
 * for each sequence.
 */
#ifndef EPOCH_RUNNER_H
#define EPOCH_RUNNER_H

#include <stdint.h>

#include "epoch_device.h"
#include "epoch_network.h"
#include "epoch_scheduler.h"

struct epoch_runner {
  struct epoch_device* device;
  struct epoch_network network;
  uint32_t steps;
  struct hal_dma_buffer input;   /* [steps][input_width] uint8 */
  struct hal_dma_buffer output;  /* [output steps][output_width] fp32 */
  struct hal_dma_buffer scratch; /* activations between layers */
  struct hal_dma_buffer descriptors;
  struct hal_dma_buffer clocks;
  struct epoch_program program;
  struct epoch_scheduler scheduler;
  /* Why prepare failed, as far as known: */
  enum epoch_network_result network_result;
  struct epoch_schedule_failure failure;
};

/* E(name, description) */
#define EPOCH_RUNNER_RESULTS(E)                             \
  E(OK, "success")                                          \
  E(IMAGE, "the network image was refused")                 \
  E(MEMORY, "not enough memory for activations or program") \
  E(SCHEDULE, "the network cannot be scheduled on this hardware")

#define EPOCH_X_RUNNER_RESULT(name, description) EPOCH_RUNNER_##name,
enum epoch_runner_result { EPOCH_RUNNER_RESULTS(EPOCH_X_RUNNER_RESULT) };
#undef EPOCH_X_RUNNER_RESULT

const char* epoch_runner_result_text(enum epoch_runner_result result);

/* `image` stays where it is: its parameters are loaded from there. `program_capacity` descriptors
 * are allocated for the schedule. */
enum epoch_runner_result epoch_runner_prepare(struct epoch_runner* runner,
                                              struct epoch_device* device, const void* image,
                                              uint32_t image_bytes, uint32_t steps,
                                              uint32_t program_capacity);

/* Submits one sequence of steps * input_width bytes, and waits for it: the result is in
 * runner->output then. Between the two the hart is free, for another device's runner perhaps. */
enum epoch_device_result epoch_runner_start(struct epoch_runner* runner, const uint8_t* sequence,
                                            uint64_t timeout_ns);
enum epoch_device_result epoch_runner_finish(struct epoch_runner* runner, uint64_t timeout_ns);
/* Both. */
enum epoch_device_result epoch_runner_run(struct epoch_runner* runner, const uint8_t* sequence,
                                          uint64_t timeout_ns);

#endif
