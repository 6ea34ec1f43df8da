/* SPDX-License-Identifier: Apache-2.0 */
#include "epoch_scheduler.h"

#include <stddef.h>
#include <string.h>

#include "epoch_emit.h"

typedef struct epoch_scheduler scheduler_t;
typedef struct epoch_phase phase_t;

uint64_t epoch_schedule_carry_bytes(const struct epoch_plan* plan) {
  bool staged = plan->request.flags != 0;
  for (uint32_t p = 0; p < plan->phase_count; p++) staged = staged || plan->phases[p].staged;
  return staged ? plan->carry_bytes : 0;
}

/* The ops of one stage on a tile; of all stages if `stage` is ALL_STAGES. */
#define ALL_STAGES UINT32_MAX
static int run_ops(scheduler_t* s, const phase_t* phase, uint32_t tile, uint32_t stage) {
  for (uint32_t o = phase->first_op; o < epoch_phase_end(phase); o++) {
    if (stage != ALL_STAGES && s->plan->op_stages[o] != stage) continue;
    if (epoch_emit_op(s, phase, o, tile) != 0 || epoch_emit_store(s, phase, o, tile) != 0)
      return -1;
  }
  return 0;
}

/* Wave w of a phase: tile w through all ops; skewed, each stage on the tile that the one before
 * has left to it, the oldest first, so that no engine waits for another in its own tile. */
static int run_wave(scheduler_t* s, const phase_t* phase, uint32_t wave) {
  if (!phase->skewed) return run_ops(s, phase, wave, ALL_STAGES);
  for (uint32_t stage = phase->stages; stage-- > 0;) {
    if (wave < stage || wave - stage >= phase->tiles) continue;
    if (run_ops(s, phase, wave - stage, stage) != 0) return -1;
  }
  return 0;
}

/* Whether a tile's rows are loaded into another slot than the tile before's. */
static bool loads_ahead(const scheduler_t* s, const phase_t* phase) {
  for (uint32_t l = 0; l < phase->local_count; l++) {
    const struct epoch_local* local = &s->plan->locals[phase->first_local + l];
    if ((local->loaded || local->patches) && local->slots < 2) return false;
  }
  return true;
}

/* Wave by wave; the next tile and then the next phase's parameters load meanwhile. */
static int run_phase(scheduler_t* s, const phase_t* phase, const phase_t* next) {
  const bool ahead = loads_ahead(s, phase);
  s->stream_end = s->stream_begin = 0;
  if (epoch_emit_begin(s, phase) != 0) return -1;
  if (ahead && epoch_emit_load_tile(s, phase, 0) != 0) return -1;
  const uint32_t waves = phase->tiles + (phase->skewed ? phase->stages - 1 : 0);
  for (uint32_t wave = 0; wave < waves; wave++) {
    const uint32_t load = ahead ? wave + 1 : wave;
    if (load < phase->tiles && epoch_emit_load_tile(s, phase, load) != 0) return -1;
    if (wave == 0 && next != NULL && epoch_emit_resident(s, next) != 0) return -1;
    if (run_wave(s, phase, wave) != 0) return -1;
  }
  return epoch_emit_end(s, phase);
}

/* Whether `next`'s parameters may be loaded while `phase` still reads its own. */
static bool can_prefetch(const phase_t* phase, const phase_t* next) {
  if (next == NULL || !next->resident || next->parameter_bytes == 0) return false;
  const uint32_t begin = phase->resident ? phase->parameter_local : 0;
  const uint32_t end = phase->resident ? begin + phase->parameter_bytes
                                       : phase->block_slots * phase->block_slot_bytes;
  return next->parameter_local >= end || next->parameter_local + next->parameter_bytes <= begin;
}

/* ---- The network ---- */

/* Phases in the order in which they run: those of the documents for each of them, then the head. */
struct walk {
  uint32_t body; /* phases that a document runs through */
  uint32_t documents;
  uint32_t count;
};

static struct walk walk_of(const struct epoch_plan* plan) {
  const struct epoch_image_header* header = plan->request.network->header;
  struct walk walk = {0, header->documents, 0};
  while (walk.body < plan->phase_count && plan->phases[walk.body].first_op < header->head_op)
    walk.body++;
  walk.count = walk.body * walk.documents + plan->phase_count - walk.body;
  return walk;
}

static const phase_t* phase_at(const struct epoch_plan* plan, const struct walk* walk,
                               uint32_t step) {
  if (step >= walk->count) return NULL;
  const uint32_t bodies = walk->body * walk->documents;
  return &plan->phases[step < bodies ? step % walk->body : step - bodies + walk->body];
}

static int run_phases(scheduler_t* s) {
  const struct walk walk = walk_of(s->plan);
  bool prefetched = false;
  for (uint32_t step = 0; step < walk.count; step++) {
    const phase_t* phase = phase_at(s->plan, &walk, step);
    const phase_t* next = phase_at(s->plan, &walk, step + 1);
    s->document = step < walk.body * walk.documents ? step / walk.body : 0;
    if (!prefetched && epoch_emit_resident(s, phase) != 0) return -1;
    prefetched = can_prefetch(phase, next);
    if (run_phase(s, phase, prefetched ? next : NULL) != 0) return -1;
  }
  return 0;
}

static void begin(scheduler_t* s, const struct epoch_plan* plan, const struct epoch_places* places,
                  struct epoch_schedule_failure* failure) {
  memset(s, 0, sizeof *s);
  memset(failure, 0, sizeof *failure);
  s->plan = plan;
  s->places = places;
  s->failure = failure;
}

int epoch_schedule(struct epoch_scheduler* scheduler, const struct epoch_plan* plan,
                   const struct epoch_places* places, struct epoch_program* program,
                   struct epoch_clock* clocks, struct epoch_schedule_failure* failure) {
  begin(scheduler, plan, places, failure);
  const struct epoch_share* share = plan->request.share;
  epoch_order_begin(&scheduler->order, program, clocks,
                    share == NULL ? EPOCH_ALL_SEMAPHORES : share->semaphores);
  if (run_phases(scheduler) != 0) return -1;
  if (epoch_order_end(&scheduler->order) == 0) {
    epoch_program_tag(program, share == NULL ? 0 : share->context);
    return 0;
  }
  return epoch_plan_fail(failure, EPOCH_SCHEDULE_PROGRAM, NULL, program->capacity + 1ull,
                         program->capacity);
}

/* The addresses matter in so far as they differ. */
struct epoch_estimate epoch_schedule_estimate(struct epoch_scheduler* scheduler,
                                              const struct epoch_plan* plan,
                                              const struct epoch_memory_speed* speed) {
  const struct epoch_places apart = {0, 1ull << 40, 2ull << 40, 3ull << 40, 4ull << 40};
  struct epoch_schedule_failure failure;
  begin(scheduler, plan, &apart, &failure);
  scheduler->estimating = 1;
  epoch_timeline_begin(&scheduler->timeline, plan->request.caps, speed);
  run_phases(scheduler);
  const uint32_t commands = scheduler->timeline.commands + 1; /* IRQ */
  const struct epoch_estimate estimate = {
      scheduler->timeline.end,
      commands > UINT32_MAX / 2 ? UINT32_MAX : 2 * commands, /* a FENCE before each, at most */
  };
  return estimate;
}
