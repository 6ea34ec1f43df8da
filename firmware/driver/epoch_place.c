/* SPDX-License-Identifier: Apache-2.0 */
#include "epoch_place.h"

#include <stdbool.h>
#include <stddef.h>

static uint64_t padded(uint64_t bytes) {
  return (bytes + EPOCH_PLACE_ALIGN - 1) / EPOCH_PLACE_ALIGN * EPOCH_PLACE_ALIGN;
}

/* First and last moment of any of them. */
struct span {
  uint32_t first;
  uint32_t last;
};

static struct span span_of(const struct epoch_extent* extents, uint32_t count) {
  struct span span = {UINT32_MAX, 0};
  for (uint32_t i = 0; i < count; i++) {
    if (extents[i].first < span.first) span.first = extents[i].first;
    if (extents[i].last > span.last) span.last = extents[i].last;
  }
  return span;
}

/* Lives all the time: shares with nobody. */
static bool is_permanent(const struct epoch_extent* extent, const struct span* span) {
  return extent->first == span->first && extent->last == span->last;
}

/* An extent among the first `count` that comes and goes, lives at the same time and in the same
 * bytes; or null. */
static const struct epoch_extent* neighbour(const struct epoch_extent* extents, uint32_t count,
                                            const struct epoch_extent* extent,
                                            const struct span* span) {
  const uint64_t end = extent->offset + padded(extent->bytes);
  for (uint32_t i = 0; i < count; i++) {
    const struct epoch_extent* other = &extents[i];
    if (other->last < extent->first || extent->last < other->first) continue;
    if (other->bytes == 0 || is_permanent(other, span)) continue;
    if (other->offset < end && extent->offset < other->offset + padded(other->bytes)) return other;
  }
  return NULL;
}

/* One after the other; returns where the last ends. */
static uint64_t place_permanent(struct epoch_extent* extents, uint32_t count,
                                const struct span* span) {
  uint64_t end = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (!is_permanent(&extents[i], span)) continue;
    extents[i].offset = end;
    end += padded(extents[i].bytes);
  }
  return end;
}

uint64_t epoch_place(struct epoch_extent* extents, uint32_t count) {
  const struct span span = span_of(extents, count);
  const uint64_t base = place_permanent(extents, count, &span);
  uint64_t highest = base;
  for (uint32_t i = 0; i < count; i++) {
    struct epoch_extent* extent = &extents[i];
    if (is_permanent(extent, &span)) continue;
    extent->offset = base;
    if (extent->bytes == 0) continue;
    for (;;) { /* offsets only grow, past one neighbour at a time */
      const struct epoch_extent* other = neighbour(extents, i, extent, &span);
      if (other == NULL) break;
      extent->offset = other->offset + padded(other->bytes);
    }
    const uint64_t end = extent->offset + padded(extent->bytes);
    if (end > highest) highest = end;
  }
  return highest;
}
