/* SPDX-License-Identifier: Apache-2.0
 *
 * The ProDF scheduler: network image + caps + bus addresses to one program that runs one input
 * sequence through the whole network, layer by layer (schedule `layer`: activations between layers
 * go through DRAM). Pure C; README.md shows the schedule.
 */
#ifndef EPOCH_SCHEDULER_H
#define EPOCH_SCHEDULER_H

#include <stdint.h>

#include "epoch_caps.h"
#include "epoch_network.h"
#include "epoch_order.h"
#include "epoch_plan.h"
#include "epoch_program.h"

#ifdef __cplusplus
extern "C" {
#endif

struct epoch_schedule_request {
  const struct epoch_network* network;
  const struct epoch_caps* caps;
  uint32_t steps;
  uint64_t image;   /* bus addresses: of the network image, */
  uint64_t input;   /* [steps][input_width] uint8, */
  uint64_t output;  /* [output steps][output_width] fp32, */
  uint64_t scratch; /* and of memory for activations between phases */
  uint64_t scratch_bytes;
};

/* Working memory of epoch_schedule; its contents mean nothing before or after. */
struct epoch_scheduler {
  struct epoch_order order;
  struct epoch_phase phases[2]; /* the current one and the next */
  const struct epoch_schedule_request* request;
  struct epoch_schedule_failure* failure;
  struct epoch_areas areas;
  uint64_t source;       /* bus address of the phase's input, */
  uint64_t destination;  /* of its output, */
  uint64_t layer_input;  /* and of the layer's input */
  uint32_t loaded_block; /* image offset of the block in the array's registers, 0 = none */
  uint32_t next_slot;    /* of streamed parameter blocks */
};

/* Bytes of scratch memory that a schedule needs; 0 if they do not fit 32 bits. */
uint32_t epoch_schedule_scratch_bytes(const struct epoch_network* network,
                                      const struct epoch_caps* caps, uint32_t steps);

/* Fills `program`, which ends with IRQ and leaves all semaphores at 0: it may be run again and
 * again. `clocks` has program->capacity places. 0, or -1 with the reason in *failure. */
int epoch_schedule(struct epoch_scheduler* scheduler, const struct epoch_schedule_request* request,
                   struct epoch_program* program, struct epoch_clock* clocks,
                   struct epoch_schedule_failure* failure);

#ifdef __cplusplus
}
#endif
#endif
