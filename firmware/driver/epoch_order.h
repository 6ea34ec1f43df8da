/* SPDX-License-Identifier: Apache-2.0
 *
 * Orders the commands of a program. Each command is added with the bytes that it reads and writes;
 * this unit finds the earlier commands that it must wait for and links them by semaphores. A
 * program made so needs no thought about races, cannot deadlock and leaves every semaphore at 0:
 *
 * - A command waits only for earlier ones, and engines start commands in ring order, so the oldest
 *   unfinished command can always go on.
 * - A semaphore belongs to one engine pair (e signals, f waits): number e * 4 + f if the program
 * may use that, else the lowest that it may and no pair has yet. A wait is added together with its
 * signal, always for a later command of e than f is known to have waited for, so the k-th wait of a
 * pair matches its k-th signal.
 * - What an engine knows to be finished is carried through waits (vector clocks): a wait that
 * another wait implies is left out.
 * - A command that would need a third wait, a signaller without a free signal, a semaphore when
 * none is left, or a full record table falls back to FENCE, after which everything earlier is
 * finished.
 */
#ifndef EPOCH_ORDER_H
#define EPOCH_ORDER_H

#include <stdint.h>

#include "epoch_program.h"
#include "epoch_uses.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What an engine knew to be finished when a command started: by engine, the program position plus 1
 * of the last finished command, 0 = none. */
struct epoch_clock {
  uint32_t finished[EPOCH_ENGINES];
};

struct epoch_order {
  struct epoch_program* program;
  struct epoch_clock* clocks; /* one a descriptor of the program's capacity */
  struct epoch_clock known[EPOCH_ENGINES];
  uint32_t free_semaphores;        /* bit n: the program may use n, and no pair has it */
  uint8_t pairs[EPOCH_SEMAPHORES]; /* by e * 4 + f: 1 + its semaphore, 0 = none */
  uint32_t fences;                 /* fallbacks taken */
  struct epoch_uses uses;          /* by position plus 1 */
};

/* Starts an empty program that may use these semaphores (bit n: n). */
void epoch_order_begin(struct epoch_order* order, struct epoch_program* program,
                       struct epoch_clock* clocks, uint32_t semaphores);
/* Appends a grid, vector or DMA command of one descriptor or two (STREAMS and its SSM, which stay
 * together); 0, or -1 if the program is full. At most one FENCE is added with it. */
int epoch_order_add(struct epoch_order* order, const union epoch_descriptor* descriptors,
                    uint32_t count, const struct epoch_access* accesses, uint32_t access_count);
/* Appends IRQ, which raises done when everything has retired; 0 or -1. */
int epoch_order_end(struct epoch_order* order);

#ifdef __cplusplus
}
#endif
#endif
