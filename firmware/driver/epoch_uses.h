/* SPDX-License-Identifier: Apache-2.0
 *
 * Who used which bytes last: a table of byte ranges with, for each engine, a number for its last
 * write and its last read (a position in a program, a time). What a command must wait for follows
 * from it. Relies on the contract: engines start and retire their commands in order; grid and
 * vector unit read operands at the start and publish at the end, DMA engines move bytes all the
 * time and may have a next command under way. Pure C.
 */
#ifndef EPOCH_USES_H
#define EPOCH_USES_H

#include <stdbool.h>
#include <stdint.h>

#include "epochcore.h"

#ifdef __cplusplus
extern "C" {
#endif

#define EPOCH_SPACE_BUS EPOCH_BUFFERS /* address spaces: the buffers, then the bus */
#define EPOCH_SPACES (EPOCH_BUFFERS + 1u)
#define EPOCH_ACCESSES 10u /* of one command, at most */
#define EPOCH_USES 96u     /* ranges of one space */

/* Bytes that a command reads or writes. */
struct epoch_access {
  uint32_t space;
  uint32_t write; /* 0 = read */
  uint64_t begin;
  uint64_t end; /* one past */
};

struct epoch_use {
  uint64_t begin;
  uint64_t end;
  uint64_t since;  /* number of the first use that the range has grown from */
  uint32_t age;    /* ranges of a smaller one are older */
  uint8_t writers; /* a bit for each engine that has a number below; few have */
  uint8_t readers;
  uint64_t writer[EPOCH_ENGINES];
  uint64_t reader[EPOCH_ENGINES];
};

struct epoch_uses {
  uint32_t age;
  uint32_t count[EPOCH_SPACES];
  struct epoch_use list[EPOCH_SPACES][EPOCH_USES];
};

/* By engine, the number of the last use that must have ended before `engine` makes the accesses. */
void epoch_uses_need(const struct epoch_uses* uses, uint32_t engine,
                     const struct epoch_access* accesses, uint32_t count,
                     uint64_t need[EPOCH_ENGINES]);
/* Whether there is room for the accesses; epoch_uses_forget makes it, when everything has ended. */
bool epoch_uses_fit(const struct epoch_uses* uses, const struct epoch_access* accesses,
                    uint32_t count);
void epoch_uses_forget(struct epoch_uses* uses);
/* Enters the accesses of a command that has waited for what they need. */
void epoch_uses_enter(struct epoch_uses* uses, uint32_t engine, const struct epoch_access* accesses,
                      uint32_t count, uint64_t reader, uint64_t writer);

#ifdef __cplusplus
}
#endif
#endif
