/* SPDX-License-Identifier: Apache-2.0 */
#include "epoch_order.h"

#include <stdbool.h>
#include <string.h>

_Static_assert(EPOCH_ENGINES* EPOCH_ENGINES == EPOCH_SEMAPHORES, "a semaphore an engine pair");

enum { WAIT_SHIFT = 0, SIGNAL_SHIFT = 16, MAX_WAITS = 2, MAX_SIGNALS = 2 };

static uint32_t maximum(uint32_t a, uint32_t b) {
  return a > b ? a : b;
}

void epoch_order_begin(struct epoch_order* order, struct epoch_program* program,
                       struct epoch_clock* clocks, uint32_t semaphores) {
  memset(order, 0, sizeof *order);
  program->count = 0;
  order->program = program;
  order->clocks = clocks;
  order->free_semaphores = semaphores;
}

static int append(struct epoch_order* order, const union epoch_descriptor* descriptor) {
  struct epoch_program* program = order->program;
  if (program->count == program->capacity) return -1;
  program->descriptors[program->count++] = *descriptor;
  return 0;
}

/* Everything so far is finished for everything to come. */
static int fence(struct epoch_order* order) {
  union epoch_descriptor descriptor;
  epoch_build_control(&descriptor, EPOCH_OP_FENCE);
  if (append(order, &descriptor) != 0) return -1;
  memset(&order->clocks[order->program->count - 1], 0, sizeof *order->clocks);
  for (uint32_t f = 0; f < EPOCH_ENGINES; f++)
    for (uint32_t e = 0; e < EPOCH_ENGINES; e++)
      order->known[f].finished[e] = order->program->count;
  epoch_uses_forget(&order->uses);
  order->fences++;
  return 0;
}

int epoch_order_end(struct epoch_order* order) {
  union epoch_descriptor descriptor;
  epoch_build_control(&descriptor, EPOCH_OP_IRQ);
  return append(order, &descriptor);
}

/* ---- Semaphore fields ---- */

/* Puts a semaphore into the first free of the two bytes at `shift`; false if both are taken. */
static bool put_semaphore(union epoch_descriptor* descriptor, uint32_t shift, uint32_t semaphore) {
  for (uint32_t at = shift; at < shift + 16; at += 8) {
    if (((descriptor->command.semaphores >> at) & 0xFFu) != 0) continue;
    descriptor->command.semaphores |= EPOCH_SEMAPHORE_USE(semaphore) << at;
    return true;
  }
  return false;
}

/* Whether the pair has a semaphore; it takes its own or the lowest that is free. */
static bool has_semaphore(struct epoch_order* order, uint32_t pair) {
  if (order->pairs[pair] != 0) return true;
  uint32_t semaphore = pair;
  if ((order->free_semaphores >> pair & 1u) == 0)
    for (semaphore = 0; semaphore < EPOCH_SEMAPHORES; semaphore++)
      if ((order->free_semaphores >> semaphore & 1u) != 0) break;
  if (semaphore == EPOCH_SEMAPHORES) return false;
  order->free_semaphores &= ~(1u << semaphore);
  order->pairs[pair] = (uint8_t)(semaphore + 1);
  return true;
}

static bool has_free_signal(const union epoch_descriptor* descriptor) {
  return (descriptor->command.semaphores >> (SIGNAL_SHIFT + 8)) == 0;
}

/* The first command of `engine` from position + 1 = `from` on that can still signal; 0 = none. An
 * engine retires in order, so a later command than the one waited for serves as well. */
static uint32_t find_signaller(const struct epoch_order* order, uint32_t engine, uint32_t from) {
  const struct epoch_program* program = order->program;
  for (uint32_t at = from; at <= program->count; at++) {
    const union epoch_descriptor* descriptor = &program->descriptors[at - 1];
    const uint32_t opcode = EPOCH_CONTROL_OPCODE(descriptor->command.control);
    if (epoch_opcode_engine(opcode) == engine && has_free_signal(descriptor)) return at;
  }
  return 0;
}

/* ---- Dependencies ---- */

/* By engine, the last command that must have finished before `engine` makes these accesses. */
static struct epoch_clock dependencies(const struct epoch_order* order, uint32_t engine,
                                       const struct epoch_access* accesses, uint32_t count) {
  uint64_t need[EPOCH_ENGINES];
  struct epoch_clock clock;
  epoch_uses_need(&order->uses, engine, accesses, count, need);
  for (uint32_t e = 0; e < EPOCH_ENGINES; e++) clock.finished[e] = (uint32_t)need[e];
  return clock;
}

/* Drops what the engine knows already, and what another of the waits implies. */
static void drop_implied(const struct epoch_order* order, uint32_t engine,
                         struct epoch_clock* need) {
  for (uint32_t e = 0; e < EPOCH_ENGINES; e++) {
    if (need->finished[e] <= order->known[engine].finished[e]) need->finished[e] = 0;
  }
  for (uint32_t e = 0; e < EPOCH_ENGINES; e++) {
    if (need->finished[e] == 0) continue;
    for (uint32_t by = 0; by < EPOCH_ENGINES; by++) {
      if (by == e || need->finished[by] == 0) continue;
      if (order->clocks[need->finished[by] - 1].finished[e] >= need->finished[e])
        need->finished[e] = 0;
    }
  }
}

static void learn(struct epoch_clock* known, const struct epoch_clock* clock) {
  for (uint32_t e = 0; e < EPOCH_ENGINES; e++)
    known->finished[e] = maximum(known->finished[e], clock->finished[e]);
}

/* Adds the waits to `descriptor` and the signals to earlier commands; false if they do not fit, and
 * then the program has not changed. */
static bool link_waits(struct epoch_order* order, uint32_t engine, const struct epoch_clock* need,
                       union epoch_descriptor* descriptor) {
  uint32_t signaller[EPOCH_ENGINES];
  uint32_t waits = 0;
  for (uint32_t e = 0; e < EPOCH_ENGINES; e++) {
    signaller[e] = 0;
    if (need->finished[e] == 0) continue;
    signaller[e] = find_signaller(order, e, need->finished[e]);
    if (signaller[e] == 0 || ++waits > MAX_WAITS) return false;
    if (!has_semaphore(order, e * EPOCH_ENGINES + engine)) return false;
  }
  for (uint32_t e = 0; e < EPOCH_ENGINES; e++) {
    if (signaller[e] == 0) continue;
    const uint32_t semaphore = order->pairs[e * EPOCH_ENGINES + engine] - 1u;
    put_semaphore(&order->program->descriptors[signaller[e] - 1], SIGNAL_SHIFT, semaphore);
    put_semaphore(descriptor, WAIT_SHIFT, semaphore);
    learn(&order->known[engine], &order->clocks[signaller[e] - 1]);
    order->known[engine].finished[e] = maximum(order->known[engine].finished[e], signaller[e]);
  }
  return true;
}

int epoch_order_add(struct epoch_order* order, const union epoch_descriptor* descriptors,
                    uint32_t count, const struct epoch_access* accesses, uint32_t access_count) {
  union epoch_descriptor first = descriptors[0];
  const uint32_t engine = epoch_opcode_engine(EPOCH_CONTROL_OPCODE(first.command.control));
  if (engine >= EPOCH_ENGINES || access_count > EPOCH_ACCESSES) return -1;
  struct epoch_clock need = dependencies(order, engine, accesses, access_count);
  drop_implied(order, engine, &need);
  const bool fits = epoch_uses_fit(&order->uses, accesses, access_count);
  if ((!fits || !link_waits(order, engine, &need, &first)) && fence(order) != 0) return -1;
  for (uint32_t d = 0; d < count; d++) {
    if (append(order, d == 0 ? &first : &descriptors[d]) != 0) return -1;
    order->clocks[order->program->count - 1] = order->known[engine];
  }
  const uint32_t position = order->program->count;
  epoch_uses_enter(&order->uses, engine, accesses, access_count, position, position);
  return 0;
}
