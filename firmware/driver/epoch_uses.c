/* SPDX-License-Identifier: Apache-2.0 */
#include "epoch_uses.h"

#include <stddef.h>
#include <string.h>

typedef struct epoch_uses uses_t;
typedef struct epoch_use use_t;
typedef struct epoch_access access_t;

static uint64_t maximum(uint64_t a, uint64_t b) {
  return a > b ? a : b;
}

/* ---- Need ---- */

/* A DMA engine may have its next command under way before the last one has ended. */
static bool overlaps_itself(uint32_t engine) {
  return engine == EPOCH_ENGINE_DMA_IN || engine == EPOCH_ENGINE_DMA_OUT;
}

_Static_assert(EPOCH_ENGINES <= 8, "a bit of a byte each");

static void raise(uint64_t need[EPOCH_ENGINES], const uint64_t numbers[EPOCH_ENGINES],
                  uint32_t engines) {
  for (uint32_t e = 0; engines != 0; e++, engines >>= 1) {
    if (engines & 1u) need[e] = maximum(need[e], numbers[e]);
  }
}

/* Reads wait for writes; writes for both, of other engines. */
static void add_need(const use_t* use, uint32_t engine, uint32_t write,
                     uint64_t need[EPOCH_ENGINES]) {
  const uint32_t others = ~(1u << engine);
  raise(need, use->writer,
        !write || overlaps_itself(engine) ? use->writers : use->writers & others);
  if (write) raise(need, use->reader, use->readers & others);
}

void epoch_uses_need(const uses_t* uses, uint32_t engine, const access_t* accesses, uint32_t count,
                     uint64_t need[EPOCH_ENGINES]) {
  for (uint32_t e = 0; e < EPOCH_ENGINES; e++) need[e] = 0;
  for (uint32_t a = 0; a < count; a++) {
    const use_t* list = uses->list[accesses[a].space];
    for (uint32_t u = 0; u < uses->count[accesses[a].space]; u++) {
      if (list[u].begin < accesses[a].end && accesses[a].begin < list[u].end)
        add_need(&list[u], engine, accesses[a].write, need);
    }
  }
}

/* ---- Enter ---- */

bool epoch_uses_fit(const uses_t* uses, const access_t* accesses, uint32_t count) {
  for (uint32_t a = 0; a < count; a++) {
    if (uses->count[accesses[a].space] + count > EPOCH_USES) return false;
  }
  return true;
}

void epoch_uses_forget(uses_t* uses) {
  memset(uses->count, 0, sizeof uses->count);
}

static bool is_before(const use_t* use, uint64_t since) {
  for (uint32_t e = 0, engines = use->writers; engines != 0; e++, engines >>= 1)
    if ((engines & 1u) != 0 && use->writer[e] > since) return false;
  for (uint32_t e = 0, engines = use->readers; engines != 0; e++, engines >>= 1)
    if ((engines & 1u) != 0 && use->reader[e] > since) return false;
  return true;
}

/* A write has waited for every earlier use of its bytes (its own engine's retire before it), so it
 * stands for all of them: those before number `since`. */
static void forget_covered(uses_t* uses, uint32_t space, uint64_t begin, uint64_t end,
                           uint64_t since) {
  use_t* list = uses->list[space];
  for (uint32_t u = 0; u < uses->count[space];) {
    const use_t* use = &list[u];
    if (begin <= use->begin && use->end <= end && is_before(use, since))
      list[u] = list[--uses->count[space]];
    else
      u++;
  }
}

/* Whether the engine, and nobody else, has used the range, and in this way only. */
static bool is_alone(const use_t* use, uint32_t engine, uint32_t write) {
  const uint32_t own = 1u << engine;
  return (use->writers & ~(write ? own : 0)) == 0 && (use->readers & ~(write ? 0 : own)) == 0;
}

/* In a table that is half full, tile after tile of one area in DRAM makes one range that grows: who
 * needs a part of it then waits for the last, which costs a little, but less than a FENCE. Of two
 * the older one grows. */
static use_t* neighbour(uses_t* uses, const access_t* access, uint32_t engine) {
  use_t* list = uses->list[EPOCH_SPACE_BUS];
  if (access->space != EPOCH_SPACE_BUS || uses->count[EPOCH_SPACE_BUS] < EPOCH_USES / 2)
    return NULL;
  use_t* found = NULL;
  for (uint32_t u = 0; u < uses->count[EPOCH_SPACE_BUS]; u++) {
    const bool adjacent = list[u].end == access->begin || access->end == list[u].begin;
    if (adjacent && is_alone(&list[u], engine, access->write) &&
        (found == NULL || list[u].age < found->age))
      found = &list[u];
  }
  return found;
}

/* The range itself, the oldest if it has grown to be there twice; a new one if it is not. */
static use_t* use_of(uses_t* uses, uint32_t space, uint64_t begin, uint64_t end, uint64_t since) {
  use_t* list = uses->list[space];
  use_t* found = NULL;
  for (uint32_t u = 0; u < uses->count[space]; u++) {
    if (list[u].begin == begin && list[u].end == end && (found == NULL || list[u].age < found->age))
      found = &list[u];
  }
  if (found != NULL) return found;
  use_t* use = &list[uses->count[space]++];
  use->begin = begin;
  use->end = end;
  use->since = since;
  use->age = uses->age++;
  use->writers = use->readers = 0;
  return use;
}

static void enter(uses_t* uses, uint32_t engine, const access_t* access, uint64_t number) {
  const uint32_t space = access->space;
  if (access->write) forget_covered(uses, space, access->begin, access->end, number);
  use_t* use = neighbour(uses, access, engine);
  if (use == NULL) {
    use = use_of(uses, space, access->begin, access->end, number);
  } else { /* what the range stands for as a whole is what came before it began */
    use->begin = access->begin < use->begin ? access->begin : use->begin;
    use->end = maximum(access->end, use->end);
    const use_t grown = *use;
    if (access->write) forget_covered(uses, space, grown.begin, grown.end, grown.since - 1);
    use = use_of(uses, space, grown.begin, grown.end, grown.since);
  }
  if (number == 0) return; /* a read at the start of time holds nobody up */
  uint8_t* engines = access->write ? &use->writers : &use->readers;
  uint64_t* numbers = access->write ? use->writer : use->reader;
  const bool known = (*engines >> engine & 1u) != 0;
  numbers[engine] = known ? maximum(numbers[engine], number) : number;
  *engines = (uint8_t)(*engines | 1u << engine);
}

/* Reads first: the command's own writes do not stand for them. */
void epoch_uses_enter(uses_t* uses, uint32_t engine, const access_t* accesses, uint32_t count,
                      uint64_t reader, uint64_t writer) {
  for (uint32_t a = 0; a < count; a++)
    if (!accesses[a].write) enter(uses, engine, &accesses[a], reader);
  for (uint32_t a = 0; a < count; a++)
    if (accesses[a].write) enter(uses, engine, &accesses[a], writer);
}
