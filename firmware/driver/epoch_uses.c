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

static void add_need(const use_t* use, uint32_t engine, uint32_t write,
                     uint64_t need[EPOCH_ENGINES]) {
  for (uint32_t e = 0; e < EPOCH_ENGINES; e++) {
    if (!write || (e == engine && overlaps_itself(engine)))
      need[e] = maximum(need[e], use->writer[e]);
    else if (e != engine)
      need[e] = maximum(need[e], maximum(use->writer[e], use->reader[e]));
  }
}

void epoch_uses_need(const uses_t* uses, uint32_t engine, const access_t* accesses, uint32_t count,
                     uint64_t need[EPOCH_ENGINES]) {
  memset(need, 0, EPOCH_ENGINES * sizeof *need);
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

static uint64_t last_number(const use_t* use) {
  uint64_t last = 0;
  for (uint32_t e = 0; e < EPOCH_ENGINES; e++)
    last = maximum(last, maximum(use->writer[e], use->reader[e]));
  return last;
}

/* A write has waited for every earlier use of its bytes (its own engine's retire before it), so it
 * stands for all of them: those before number `since`. */
static void forget_covered(uses_t* uses, uint32_t space, uint64_t begin, uint64_t end,
                           uint64_t since) {
  uint32_t kept = 0;
  use_t* list = uses->list[space];
  for (uint32_t u = 0; u < uses->count[space]; u++) {
    if (begin <= list[u].begin && list[u].end <= end && last_number(&list[u]) <= since) continue;
    if (kept != u) list[kept] = list[u];
    kept++;
  }
  uses->count[space] = kept;
}

/* Whether the engine, and nobody else, has used the range, and in this way only. */
static bool is_alone(const use_t* use, uint32_t engine, uint32_t write) {
  for (uint32_t e = 0; e < EPOCH_ENGINES; e++) {
    if (use->writer[e] != 0 && !(write && e == engine)) return false;
    if (use->reader[e] != 0 && (write || e != engine)) return false;
  }
  return true;
}

/* In a table that is half full, tile after tile of one area in DRAM makes one range that grows: who
 * needs a part of it then waits for the last, which costs a little, but less than a FENCE. */
static use_t* neighbour(uses_t* uses, const access_t* access, uint32_t engine) {
  use_t* list = uses->list[EPOCH_SPACE_BUS];
  if (access->space != EPOCH_SPACE_BUS || uses->count[EPOCH_SPACE_BUS] < EPOCH_USES / 2)
    return NULL;
  for (uint32_t u = 0; u < uses->count[EPOCH_SPACE_BUS]; u++) {
    const bool adjacent = list[u].end == access->begin || access->end == list[u].begin;
    if (adjacent && is_alone(&list[u], engine, access->write)) return &list[u];
  }
  return NULL;
}

static use_t* use_of(uses_t* uses, uint32_t space, uint64_t begin, uint64_t end, uint64_t since) {
  use_t* list = uses->list[space];
  for (uint32_t u = 0; u < uses->count[space]; u++) {
    if (list[u].begin == begin && list[u].end == end) return &list[u];
  }
  use_t* use = &list[uses->count[space]++];
  memset(use, 0, sizeof *use);
  use->begin = begin;
  use->end = end;
  use->since = since;
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
  uint64_t* last = access->write ? &use->writer[engine] : &use->reader[engine];
  *last = maximum(*last, number);
}

/* Reads first: the command's own writes do not stand for them. */
void epoch_uses_enter(uses_t* uses, uint32_t engine, const access_t* accesses, uint32_t count,
                      uint64_t reader, uint64_t writer) {
  for (uint32_t a = 0; a < count; a++)
    if (!accesses[a].write) enter(uses, engine, &accesses[a], reader);
  for (uint32_t a = 0; a < count; a++)
    if (accesses[a].write) enter(uses, engine, &accesses[a], writer);
}
