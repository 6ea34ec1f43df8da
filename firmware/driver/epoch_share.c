/* SPDX-License-Identifier: Apache-2.0 */
#include "epoch_share.h"

#include <string.h>

#define ALIGN 64u

void epoch_share_whole(struct epoch_share* share, uint32_t context, const struct epoch_caps* caps) {
  epoch_share_part(share, 0, 1, caps);
  share->context = context;
}

void epoch_share_part(struct epoch_share* share, uint32_t index, uint32_t count,
                      const struct epoch_caps* caps) {
  const uint32_t semaphores = EPOCH_SEMAPHORES / count;
  share->context = index;
  share->semaphores = ((1u << semaphores) - 1u) << (index * semaphores);
  for (uint32_t b = 0; b < EPOCH_BUFFERS; b++) {
    share->bytes[b] =
        count == 1 ? caps->buffer_bytes[b] : caps->buffer_bytes[b] / count / ALIGN * ALIGN;
    share->begin[b] = index * share->bytes[b];
  }
}

bool epoch_share_fits(const struct epoch_share* share, const struct epoch_caps* caps) {
  if (share->context > 0xFFFFu || (share->semaphores & ~EPOCH_ALL_SEMAPHORES) != 0) return false;
  for (uint32_t b = 0; b < EPOCH_BUFFERS; b++) {
    if (share->begin[b] % ALIGN != 0 || share->begin[b] > caps->buffer_bytes[b]) return false;
    if (share->bytes[b] > caps->buffer_bytes[b] - share->begin[b]) return false;
  }
  return true;
}

bool epoch_shares_apart(const struct epoch_share* a, const struct epoch_share* b) {
  if (a->context == b->context || (a->semaphores & b->semaphores) != 0) return false;
  for (uint32_t i = 0; i < EPOCH_BUFFERS; i++) {
    if (a->begin[i] < b->begin[i] + b->bytes[i] && b->begin[i] < a->begin[i] + a->bytes[i])
      return false;
  }
  return true;
}

bool epoch_shares_equal(const struct epoch_share* a, const struct epoch_share* b) {
  return memcmp(a, b, sizeof *a) == 0; /* words only: no padding */
}
