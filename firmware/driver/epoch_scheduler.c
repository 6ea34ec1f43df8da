/* SPDX-License-Identifier: Apache-2.0 */
#include "epoch_scheduler.h"

#include <string.h>

#include "epoch_emit.h"

typedef struct epoch_scheduler scheduler_t;
typedef struct epoch_phase phase_t;

/* Tile by tile, each through all ops; the next tile and then the next phase's parameters load
 * meanwhile. */
static int run_fused(scheduler_t* s, const phase_t* phase, const phase_t* next) {
  const bool ahead = phase->tensors[0].slots > 1;
  if (ahead && epoch_emit_load_tile(s, phase, 0) != 0) return -1;
  for (uint32_t tile = 0; tile < phase->tiles; tile++) {
    const uint32_t load = ahead ? tile + 1 : tile;
    if (load < phase->tiles && epoch_emit_load_tile(s, phase, load) != 0) return -1;
    if (tile == 0 && next != NULL && epoch_emit_resident(s, next) != 0) return -1;
    if (epoch_emit_ops(s, phase, tile) != 0 || epoch_emit_store_tile(s, phase, tile) != 0)
      return -1;
  }
  return 0;
}

/* Whether `next`'s parameters may be loaded while `phase` still reads its own. */
static bool can_prefetch(const phase_t* phase, const phase_t* next) {
  if (!next->resident || next->parameter_bytes == 0) return false;
  const uint32_t begin = phase->resident ? phase->parameter_local : 0;
  const uint32_t end = phase->resident ? begin + phase->parameter_bytes
                                       : phase->block_slots * phase->block_slot_bytes;
  return next->parameter_local >= end || next->parameter_local + next->parameter_bytes <= begin;
}

/* ---- The network ---- */

uint32_t epoch_schedule_scratch_bytes(const struct epoch_network* network,
                                      const struct epoch_caps* caps, uint32_t steps) {
  const struct epoch_areas areas = epoch_plan_areas(network, caps, steps);
  const uint64_t bytes = (uint64_t)areas.count * areas.bytes;
  return bytes > UINT32_MAX ? 0 : (uint32_t)bytes;
}

/* An area that holds neither the phase's input nor the layer's. */
static uint64_t free_area(const scheduler_t* s) {
  uint64_t area = s->request->scratch;
  for (uint32_t a = 0; a < s->areas.count; a++) {
    area = s->request->scratch + (uint64_t)a * s->areas.bytes;
    if (area != s->source && area != s->layer_input) break;
  }
  return area;
}

/* Resident parameters that were not prefetched, then the phase; `next` is null after the last. */
static int run_phase(scheduler_t* s, const phase_t* phase, const phase_t* next, bool prefetched) {
  const bool ends = next == NULL;
  s->destination = ends ? s->request->output : free_area(s);
  if (!prefetched && epoch_emit_resident(s, phase) != 0) return -1;
  const phase_t* fetch = !ends && can_prefetch(phase, next) ? next : NULL;
  if ((phase->swept ? epoch_emit_swept : run_fused)(s, phase, fetch) != 0) return -1;
  s->source = s->destination;
  if (phase->last) s->layer_input = s->destination;
  return 0;
}

static int check_scratch(const scheduler_t* s) {
  const struct epoch_schedule_request* request = s->request;
  const uint64_t needed = (uint64_t)s->areas.count * s->areas.bytes;
  if (s->areas.bytes != 0 && needed <= request->scratch_bytes) return 0;
  s->failure->result = EPOCH_SCHEDULE_SCRATCH;
  s->failure->needed = s->areas.bytes == 0 || needed > UINT32_MAX ? UINT32_MAX : (uint32_t)needed;
  s->failure->available =
      request->scratch_bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)request->scratch_bytes;
  return -1;
}

int epoch_schedule(struct epoch_scheduler* scheduler, const struct epoch_schedule_request* request,
                   struct epoch_program* program, struct epoch_clock* clocks,
                   struct epoch_schedule_failure* failure) {
  scheduler_t* s = scheduler;
  memset(s, 0, sizeof *s);
  memset(failure, 0, sizeof *failure);
  s->request = request;
  s->failure = failure;
  s->source = s->layer_input = request->input;
  epoch_order_begin(&s->order, program, clocks);
  bool prefetched = false;
  int more =
      epoch_plan_next(request->network, request->caps, request->steps, &s->phases[0], failure);
  if (more < 0) return -1;
  s->areas = epoch_plan_areas(request->network, request->caps, request->steps);
  if (check_scratch(s) != 0) return -1;

  for (uint32_t p = 0; more > 0; p++) {
    const phase_t* phase = &s->phases[p % 2];
    phase_t* next = &s->phases[(p + 1) % 2];
    *next = *phase;
    more = epoch_plan_next(request->network, request->caps, request->steps, next, failure);
    if (more < 0) return -1;
    failure->layer = phase->layer;
    failure->op = phase->first_op;
    if (run_phase(s, phase, more > 0 ? next : NULL, prefetched) != 0) return -1;
    prefetched = more > 0 && can_prefetch(phase, next);
  }
  if (epoch_order_end(&s->order) == 0) return 0;
  failure->result = EPOCH_SCHEDULE_PROGRAM;
  failure->needed = program->capacity + 1;
  failure->available = program->capacity;
  return -1;
}
