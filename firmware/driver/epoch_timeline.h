/* SPDX-License-Identifier: Apache-2.0
 *
 * The cost model: how long a program would take, estimated command by command while the scheduler
 * makes it. Each engine takes its commands in order, each command waits for the bytes it needs, and
 * lasts as long as caps and memory speed say. Pure C.
 *
 * It ignores: queues that run full, semaphores and FENCE, conflicts of buffer ports and banks, the
 * first command's fetch, and memory traffic of others. It is good to choose between schedules by,
 * not to quote (README.md has its error).
 */
#ifndef EPOCH_TIMELINE_H
#define EPOCH_TIMELINE_H

#include <stdint.h>

#include "epoch_caps.h"
#include "epoch_program.h"
#include "epoch_uses.h"

#ifdef __cplusplus
extern "C" {
#endif

/* In cycles of the array: a transfer of n bytes takes latency + n * cycles / bytes. */
struct epoch_memory_speed {
  uint32_t latency;
  uint32_t bytes;
  uint32_t cycles;
};

struct epoch_timeline {
  const struct epoch_caps* caps;
  struct epoch_memory_speed speed;
  uint32_t counts_only;            /* no times are wanted */
  uint32_t commands;               /* descriptors so far */
  uint64_t end;                    /* the answer: when everything has ended */
  uint64_t started[EPOCH_ENGINES]; /* the engine's last command, */
  uint64_t ended[EPOCH_ENGINES];   /* and all of it */
  uint64_t bus;                    /* when the memory is free */
  uint64_t loaded;                 /* when the last COEFF has ended, */
  uint64_t streamed;               /* and the array takes the next command */
  struct epoch_uses uses;          /* by the time at which they end */
};

/* Without a speed (NULL) commands are counted and nothing is estimated. */
void epoch_timeline_begin(struct epoch_timeline* timeline, const struct epoch_caps* caps,
                          const struct epoch_memory_speed* speed);
/* One command, of one descriptor or two (STREAMS and its SSM). */
void epoch_timeline_add(struct epoch_timeline* timeline, const union epoch_descriptor* descriptors,
                        uint32_t count, const struct epoch_access* accesses, uint32_t access_count);

#ifdef __cplusplus
}
#endif
#endif
