/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the scheduler: the commands of a phase, each with the bytes that it reads and writes.
 * epoch_emit.c moves rows, parameters and carries; epoch_emit_ops.c runs ops on a tile;
 * epoch_scheduler.c walks the phases with both.
 */
#ifndef EPOCH_EMIT_H
#define EPOCH_EMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "epoch_scheduler.h"

struct epoch_accesses {
  uint32_t count;
  struct epoch_access list[EPOCH_ACCESSES];
};
void epoch_access_add(struct epoch_accesses* accesses, uint32_t space, uint64_t begin,
                      uint64_t bytes, uint32_t write);

/* The rows of a tile of a tensor in the activations buffer. */
struct epoch_place_rows {
  uint32_t offset;
  uint32_t pitch;
  uint32_t begin; /* the bytes in which the rows are ordered against others */
  uint32_t bytes;
};
struct epoch_place_rows epoch_local_rows(const struct epoch_scheduler* s,
                                         const struct epoch_phase* phase,
                                         const struct epoch_local* local, uint32_t tile);

/* Local address of an offset in the plan's part of a buffer. */
uint32_t epoch_emit_local(const struct epoch_scheduler* s, uint32_t buffer, uint32_t offset);

/* All that follow append commands: 0, or -1 with the failure in the scheduler. */

int epoch_emit(struct epoch_scheduler* s, const union epoch_descriptor* descriptors, uint32_t count,
               const struct epoch_accesses* accesses);

/* Before a phase's first tile: rows of zeros. */
int epoch_emit_begin(struct epoch_scheduler* s, const struct epoch_phase* phase);
/* After its last: rows that a later run resumes from. */
int epoch_emit_end(struct epoch_scheduler* s, const struct epoch_phase* phase);
/* What a tile reads from homes in DRAM. */
int epoch_emit_load_tile(struct epoch_scheduler* s, const struct epoch_phase* phase, uint32_t tile);
/* What op `o` has written, to its home in DRAM. */
int epoch_emit_store(struct epoch_scheduler* s, const struct epoch_phase* phase, uint32_t o,
                     uint32_t tile);

/* LOAD of a phase's resident parameters, if it has any. */
int epoch_emit_resident(struct epoch_scheduler* s, const struct epoch_phase* phase);
/* Where parameters are, in the coefficients buffer, and the access to them; streamed ones are
 * loaded first. */
int epoch_emit_parameters(struct epoch_scheduler* s, const struct epoch_phase* phase,
                          uint32_t image_offset, uint32_t bytes, uint32_t* local,
                          struct epoch_accesses* accesses);

/* A carry's place in the activations buffer before its op runs on a tile, and whether it holds what
 * the tile before, or the run before, has left (else the op starts from zero). A staged one is
 * loaded. */
struct epoch_carry_use {
  const struct epoch_carry* carry;
  uint32_t local;
  bool restore;
  bool save;
};
int epoch_emit_carry_in(struct epoch_scheduler* s, const struct epoch_phase* phase, uint32_t o,
                        uint32_t unit, uint32_t tile, struct epoch_carry_use* use);
int epoch_emit_carry_out(struct epoch_scheduler* s, const struct epoch_phase* phase, uint32_t tile,
                         const struct epoch_carry_use* use);

/* Op `o` on a tile (epoch_emit_ops.c). */
int epoch_emit_op(struct epoch_scheduler* s, const struct epoch_phase* phase, uint32_t o,
                  uint32_t tile);

#endif
