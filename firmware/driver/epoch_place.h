/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory for things with a lifetime: two whose lifetimes do not meet may share it. Those that live
 * all the time come first, then first fit in the order given. Pure C; used for rows in a buffer and
 * for activations in DRAM.
 */
#ifndef EPOCH_PLACE_H
#define EPOCH_PLACE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EPOCH_PLACE_ALIGN 64u

struct epoch_extent {
  uint32_t first; /* lifetime, both ends included */
  uint32_t last;
  uint64_t bytes; /* 0: needs no place */
  uint64_t offset;
};

/* Sets each extent's offset, a multiple of EPOCH_PLACE_ALIGN; returns where the highest ends. */
uint64_t epoch_place(struct epoch_extent* extents, uint32_t count);

#ifdef __cplusplus
}
#endif
#endif
