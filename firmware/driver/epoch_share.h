/* SPDX-License-Identifier: Apache-2.0
 *
 * A context's share of the device: parts of the buffers, some of the semaphores, and the tag that
 * its commands carry. Programs of shares that are apart may be in the ring together. Pure C.
 */
#ifndef EPOCH_SHARE_H
#define EPOCH_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "epoch_caps.h"

#ifdef __cplusplus
extern "C" {
#endif

#define EPOCH_ALL_SEMAPHORES ((1u << EPOCH_SEMAPHORES) - 1u)

struct epoch_share {
  uint32_t context;              /* tag, 16 bits */
  uint32_t semaphores;           /* bit n: semaphore n */
  uint32_t begin[EPOCH_BUFFERS]; /* offset in buffer n, a multiple of 64 */
  uint32_t bytes[EPOCH_BUFFERS];
};

/* All of the device. */
void epoch_share_whole(struct epoch_share* share, uint32_t context, const struct epoch_caps* caps);
/* The index-th of `count` equal parts, tagged with its index. */
void epoch_share_part(struct epoch_share* share, uint32_t index, uint32_t count,
                      const struct epoch_caps* caps);
/* The device has what the share names. */
bool epoch_share_fits(const struct epoch_share* share, const struct epoch_caps* caps);
/* They have another tag, and neither a semaphore nor a byte of a buffer in common. */
bool epoch_shares_apart(const struct epoch_share* a, const struct epoch_share* b);
bool epoch_shares_equal(const struct epoch_share* a, const struct epoch_share* b);

#ifdef __cplusplus
}
#endif
#endif
