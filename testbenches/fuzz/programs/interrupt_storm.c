/* SPDX-License-Identifier: Apache-2.0 */
/* 100,000 interrupts of every kind, each raised again from its own handler: software, timer, and
 * the accelerator's `done`, claimed and completed without being served. Ends with 0. */
#include "machine.h"

#define EACH 100000u

static volatile uint32_t software, timer, external, others;
static struct epoch_command ring[RING_ENTRIES] __attribute__((aligned(64)));

uint32_t on_trap(uint32_t cause, uint32_t pc) {
  if (cause == (INTERRUPT | 3u)) {
    if (++software == EACH) write32(CLINT, 0); /* msip; until then pending */
  } else if (cause == (INTERRUPT | 7u)) {
    if (++timer == EACH) write32(CLINT + 0x4004u, 0xFFFFFFFFu); /* mtimecmp, high word */
  } else if (cause == (INTERRUPT | 11u)) {
    const uint32_t source = read32(PLIC + 0x200004u); /* claim */
    if (source != PLIC_SOURCE_EPOCHCORE) others++;
    if (++external == EACH) write32(EPOCHCORE + EPOCH_REG_IRQ_STATUS, EPOCH_IRQ_STATUS_DONE_MASK);
    write32(PLIC + 0x200004u, source); /* complete: a level that is still high pends again */
  } else {
    others++;
    return skip(pc);
  }
  return pc;
}

int main(void) {
  write32(CLINT + 0x4000u, 0); /* mtimecmp = 0: pending */
  write32(CLINT + 0x4004u, 0);
  write32(CLINT, 1);
  write32(PLIC + 4u * PLIC_SOURCE_EPOCHCORE, 1); /* priority */
  write32(PLIC + 0x2000u, 1u << PLIC_SOURCE_EPOCHCORE);
  write32(PLIC + 0x200000u, 0); /* threshold */
  write32(EPOCHCORE + EPOCH_REG_IRQ_ENABLE, EPOCH_IRQ_ENABLE_DONE_MASK);
  ring[0].control = EPOCH_CONTROL(EPOCH_OP_IRQ, 0, 0);
  start_ring(ring);
  write32(EPOCHCORE + EPOCH_REG_RING_TAIL, 1);
  enable_interrupts(MIE_SOFTWARE | MIE_TIMER | MIE_EXTERNAL);
  for (uint32_t i = 0; i < 10000000u && external < EACH; i++) {
  }
  if (software != EACH || timer != EACH || external != EACH || others != 0) return 1;
  return reset_epochcore() && still_copies(ring) ? 0 : 2;
}
