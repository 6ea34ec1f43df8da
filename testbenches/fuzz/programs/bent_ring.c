/* SPDX-License-Identifier: Apache-2.0 */
/* Over 2,000 bent descriptors from the hart's own memory through ring, bus and engines; each
 * program, a COEFF and four bent ones, ends in an error, retires or is given up, then the device is
 * reset. STORE is left out: it could write this program. Ends with 0 if the device copies at the
 * end. */
#include "machine.h"

#define PROGRAMS 2000u
#define EACH 5u

static struct epoch_command ring[RING_ENTRIES] __attribute__((aligned(64)));
static uint32_t data[1024];

uint32_t on_trap(uint32_t cause, uint32_t pc) {
  (void)cause;
  (void)pc;
  write32(SIMCTL, 9); /* no trap is expected */
  return pc;
}

static const uint32_t correct[][16] = {
    {EPOCH_CONTROL(EPOCH_OP_LOAD, 0, 0), 0, 0 /* bus */, 0, 0, 256, 2, 256, 256, 1, 0, 0},
    {EPOCH_CONTROL(EPOCH_OP_GATHER, 0, 0), 0, 0 /* bus */, 0, 0, 64, 4, 64, 64, 1, 0, 0,
     EPOCH_LOCAL(2, 0), 16},
    {EPOCH_CONTROL(EPOCH_OP_COEFF, 0, 0), 0, EPOCH_LOCAL(1, 0),
     EPOCH_FORMAT(EPOCH_MODE_REAL, 0, EPOCH_COEFF_EXTRA), EPOCH_EXTENT(8, 4)},
    {EPOCH_CONTROL(EPOCH_OP_SSM, 0, 0), 0, 0, 0x1000, 0, 0, EPOCH_FORMAT(EPOCH_MODE_REAL, 0, 0x41),
     EPOCH_EXTENT(8, 4), 16, 32, 32},
    {EPOCH_CONTROL(EPOCH_OP_STATE, 0, 0), 0, 0x2000,
     EPOCH_FORMAT(EPOCH_MODE_REAL, 0, EPOCH_STATE_SAVE), EPOCH_EXTENT(8, 4)},
    {EPOCH_CONTROL(EPOCH_OP_STREAMS, 0, 0), 0, 0, 32, 0x200, 0x400, 16, 0x600, 32},
    {EPOCH_CONTROL(EPOCH_OP_RMSNORM, 0, 0), 0, 0, 0x3000, EPOCH_LOCAL(1, 0x800), 0, 4, 8, 32, 32},
    {EPOCH_CONTROL(EPOCH_OP_MAP, 0, 0), 0, 0, 0x3000, EPOCH_LOCAL(1, 0), EPOCH_FORMAT(4, 1, 0xC), 4,
     8, 8, 8, 0, 0, 0, 0, EPOCH_VECTOR_TYPES(3, 0, 2)},
    {EPOCH_CONTROL(EPOCH_OP_COMBINE, 0, 0), 0, 0, 0x3000, 0, EPOCH_FORMAT(0x16, 0, 0), 4, 8, 32, 32,
     0, 0, 0x400, 32},
    {EPOCH_CONTROL(EPOCH_OP_CONV1D, 0, 0), 0, 0, 0x3000, EPOCH_LOCAL(1, 0), 0, 4, 8, 32, 32, 0, 0,
     EPOCH_LOCAL(2, 0x40), 0, EPOCH_VECTOR_TYPES(0, 0, 4)},
    {EPOCH_CONTROL(EPOCH_OP_ARGMAX, 0, 0), 0, 0, 0x3000, 0, 0, 4, 8, 32, 4},
    {EPOCH_CONTROL(EPOCH_OP_LAYERNORM, 0, 0), 0, 0, 0x3000, EPOCH_LOCAL(1, 0x800), 0, 4, 8, 32, 32},
    {EPOCH_CONTROL(EPOCH_OP_POOL, 0, 0), 0, 0, 0x4000, 0, EPOCH_FORMAT(0, 0, 3), 4, 8, 32, 32},
    {EPOCH_CONTROL(EPOCH_OP_AFFINE, 0, 0), 0, 0, 0x5000, 0, 0, 4, 8, 8, 32},
    {EPOCH_CONTROL(EPOCH_OP_FENCE, 0, 0)},
    {EPOCH_CONTROL(EPOCH_OP_IRQ, 0, 0)},
};

static void put_bent(uint32_t* words, uint32_t* random) {
  const uint32_t* from = correct[next_random(random) % (sizeof correct / sizeof *correct)];
  for (int w = 0; w < 16; w++) words[w] = from[w];
  const uint32_t opcode = EPOCH_CONTROL_OPCODE(words[0]);
  if (opcode == EPOCH_OP_LOAD || opcode == EPOCH_OP_GATHER) words[2] = (uint32_t)(uintptr_t)data;
  const uint32_t kind = next_random(random) % 8u;
  const uint32_t word = next_random(random) % 16u;
  if (kind < 4) {
    words[word] ^= 1u << next_random(random) % 32u;
  } else if (kind < 6) {
    words[word] += next_random(random) % 33u - 16u;
  } else {
    words[word] = next_random(random);
  }
  if (EPOCH_CONTROL_OPCODE(words[0]) == EPOCH_OP_STORE)
    words[0] = EPOCH_CONTROL(EPOCH_OP_NOP, 0, 0);
}

int main(void) {
  uint32_t random = 2025;
  uint32_t errors = 0, taken = 0;
  for (uint32_t program = 0; program < PROGRAMS; program++) {
    for (int w = 0; w < 16; w++) ((uint32_t*)ring)[w] = correct[2][w];
    for (uint32_t i = 1; i < EACH; i++) put_bent((uint32_t*)&ring[i], &random);
    start_ring(ring);
    (void)run_ring(EACH, 100);
    taken += read32(EPOCHCORE + EPOCH_REG_RING_HEAD) - 1u;
    const uint32_t code = read32(EPOCHCORE + EPOCH_REG_ERROR_CODE);
    if (code != EPOCH_ERROR_NONE) errors++;
    const int decode = code >= EPOCH_ERROR_OPCODE && code <= EPOCH_ERROR_STREAMS;
    if (code != 0 && !decode && code != EPOCH_ERROR_BUS_READ && code != EPOCH_ERROR_GATHER_INDEX)
      return 1;
    if (!reset_epochcore()) return 2;
  }
  if (taken < 2000u || errors < PROGRAMS / 4) return 3;
  return still_copies(ring) ? 0 : 4;
}
