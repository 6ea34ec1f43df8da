/* SPDX-License-Identifier: Apache-2.0 */
#include "epoch_place.h"

#include <stddef.h>

static uint64_t padded(uint64_t bytes) {
  return (bytes + EPOCH_PLACE_ALIGN - 1) / EPOCH_PLACE_ALIGN * EPOCH_PLACE_ALIGN;
}

/* An extent among the first `count` that lives at the same time and in the same bytes; or null. */
static const struct epoch_extent* neighbour(const struct epoch_extent* extents, uint32_t count,
                                            const struct epoch_extent* extent) {
  const uint64_t end = extent->offset + padded(extent->bytes);
  for (uint32_t i = 0; i < count; i++) {
    const struct epoch_extent* other = &extents[i];
    if (other->bytes == 0 || other->last < extent->first || extent->last < other->first) continue;
    if (other->offset < end && extent->offset < other->offset + padded(other->bytes)) return other;
  }
  return NULL;
}

uint64_t epoch_place(struct epoch_extent* extents, uint32_t count) {
  uint64_t highest = 0;
  for (uint32_t i = 0; i < count; i++) {
    struct epoch_extent* extent = &extents[i];
    extent->offset = 0;
    if (extent->bytes == 0) continue;
    for (;;) { /* offsets only grow, past one neighbour at a time */
      const struct epoch_extent* other = neighbour(extents, i, extent);
      if (other == NULL) break;
      extent->offset = other->offset + padded(other->bytes);
    }
    const uint64_t end = extent->offset + padded(extent->bytes);
    if (end > highest) highest = end;
  }
  return highest;
}
