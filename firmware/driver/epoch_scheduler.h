/* SPDX-License-Identifier: Apache-2.0
 *
 * The ProDF scheduler: network image + caps + bus addresses to one program that runs one input
 * through the whole network. Pure C; README.md shows the schedules.
 */
#ifndef EPOCH_SCHEDULER_H
#define EPOCH_SCHEDULER_H

#include <stdint.h>

#include "epoch_order.h"
#include "epoch_plan.h"
#include "epoch_program.h"
#include "epoch_timeline.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bus addresses of what the program uses. */
struct epoch_places {
  uint64_t image;
  uint64_t input;   /* [documents][steps] rows of the input tensor */
  uint64_t output;  /* rows of the output tensor */
  uint64_t scratch; /* plan->scratch_bytes; the first plan->zero_bytes are 0 and stay so */
  uint64_t carries; /* plan->carry_bytes, if a phase stages its carries or the plan has flags */
};

/* Working memory of epoch_schedule; its contents mean nothing before or after. */
struct epoch_scheduler {
  union {                           /* what commands are added to: */
    struct epoch_order order;       /* a program, */
    struct epoch_timeline timeline; /* or, if `estimating`, its cost */
  };
  uint32_t estimating;
  const struct epoch_plan* plan;
  const struct epoch_places* places;
  struct epoch_schedule_failure* failure;
  uint32_t document;
  uint32_t loaded_op;    /* op whose block the array's registers hold, plus 1; 0 = none */
  uint32_t loaded_block; /* which of its blocks */
  uint32_t next_slot;    /* of streamed parameters */
  uint32_t stream_begin; /* image offsets of those that were loaded last, */
  uint32_t stream_end;
  uint32_t stream_local; /* and where they are */
  uint32_t next_carry;   /* of staged carries */
};

/* Bytes at places->carries that the plan's programs use; 0 if none. */
uint64_t epoch_schedule_carry_bytes(const struct epoch_plan* plan);

/* Fills `program`, which ends with IRQ and leaves all semaphores at 0: it may be run again and
 * again. `clocks` has program->capacity places. 0, or -1 with the reason in *failure. */
int epoch_schedule(struct epoch_scheduler* scheduler, const struct epoch_plan* plan,
                   const struct epoch_places* places, struct epoch_program* program,
                   struct epoch_clock* clocks, struct epoch_schedule_failure* failure);
/* How long its program would take, in cycles of the array, and the most descriptors it would have.
 * Without a speed (NULL) only the latter, which is cheap; cycles are 0. */
struct epoch_estimate {
  uint64_t cycles;
  uint32_t descriptors;
};
struct epoch_estimate epoch_schedule_estimate(struct epoch_scheduler* scheduler,
                                              const struct epoch_plan* plan,
                                              const struct epoch_memory_speed* speed);

#ifdef __cplusplus
}
#endif
#endif
