/* SPDX-License-Identifier: Apache-2.0
 *
 * Registers at power-on, against the contract's own table: reset values, access rights, reserved
 * bits and words, the access sizes that the bus refuses.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "mmio.h"
#include "selftest.h"
#include "trap.h"

enum access { RO, RW, W1C, CFG, LATCH };

struct row {
  const char* name;
  uint32_t offset;
  uint32_t count;
  enum access access;
  uint32_t reset;
  uint32_t fields; /* bits of all fields; 0: the word has no fields, all bits count */
};

#define NO_FIELD(reg, field, lsb, width, description) | (((1u << (width)) - 1u) << (lsb))
#define ROW(name, offset, count, access, reset, description, fields) \
  {#name, offset, count, access, reset, 0u fields},
static const struct row rows[] = {EPOCH_REGISTERS(ROW, NO_FIELD)};
#undef ROW
#undef NO_FIELD
#define ROWS (sizeof rows / sizeof *rows)
#define WORDS (EPOCH_WINDOW_BYTES / 4u)

static uintptr_t window;
static uint32_t wrong;

static uint32_t get(uint32_t offset) {
  return hal_read32(window + offset);
}
static void put(uint32_t offset, uint32_t value) {
  hal_write32(window + offset, value);
}

static void expect(const char* name, uint32_t offset, uint32_t expected) {
  const uint32_t seen = get(offset);
  if (seen == expected) return;
  printf("%s at 0x%03" PRIx32 ": expected 0x%08" PRIx32 ", seen 0x%08" PRIx32 "\n", name, offset,
         expected, seen);
  wrong++;
}

static void conclude(const char* what) {
  selftest_check(what, wrong == 0);
  wrong = 0;
}

/* Writable bits; CTRL's are commands, COUNTER_CTRL.CLEAR too. */
static uint32_t writable(const struct row* row) {
  if (row->access != RW || row->offset == EPOCH_REG_CTRL) return 0;
  if (row->offset == EPOCH_REG_COUNTER_CTRL) return EPOCH_COUNTER_CTRL_FREEZE_MASK;
  return row->fields != 0 ? row->fields : 0xFFFFFFFFu;
}

static bool is_counter(const struct row* row) {
  return row->offset > EPOCH_REG_COUNTER_CTRL;
}

/* All but CFG, whose values are the configuration's. Counters run: they are frozen and cleared. */
static void expect_reset_values(bool counters) {
  for (size_t i = 0; i < ROWS; i++) {
    const struct row* row = &rows[i];
    if (row->access == CFG || is_counter(row) != counters) continue;
    for (uint32_t n = 0; n < row->count; n++) expect(row->name, row->offset + 4 * n, row->reset);
  }
}

static void reset_values(void) {
  expect_reset_values(false);
  put(EPOCH_REG_COUNTER_CTRL, EPOCH_COUNTER_CTRL_FREEZE_MASK | EPOCH_COUNTER_CTRL_CLEAR_MASK);
  expect("COUNTER_CTRL", EPOCH_REG_COUNTER_CTRL, EPOCH_COUNTER_CTRL_FREEZE_MASK);
  expect_reset_values(true);
  conclude("registers: reset values");
}

static void read_only_words(void) {
  static const uint32_t patterns[] = {0xFFFFFFFFu, 0u, 0x5A5A5A5Au};
  for (size_t i = 0; i < ROWS; i++) {
    const struct row* row = &rows[i];
    if (row->access == RW) continue;
    for (uint32_t n = 0; n < row->count; n++) {
      const uint32_t before = get(row->offset + 4 * n);
      for (size_t p = 0; p < sizeof patterns / sizeof *patterns; p++) {
        put(row->offset + 4 * n, patterns[p]);
        expect(row->name, row->offset + 4 * n, before);
      }
    }
  }
  conclude("registers: read-only words stay");
}

/* Each bit alone and each bit missing; bits outside the fields read 0. */
static void walking_bits(void) {
  for (size_t i = 0; i < ROWS; i++) {
    const uint32_t bits = writable(&rows[i]);
    if (bits == 0) continue;
    for (uint32_t b = 0; b < 32; b++) {
      if (rows[i].offset == EPOCH_REG_COUNTER_CTRL && b == EPOCH_COUNTER_CTRL_CLEAR_SHIFT) continue;
      put(rows[i].offset, 1u << b);
      expect(rows[i].name, rows[i].offset, (1u << b) & bits);
      put(rows[i].offset, ~(1u << b));
      expect(rows[i].name, rows[i].offset, ~(1u << b) & bits);
    }
  }
  conclude("registers: walking bits");
}

/* Different words everywhere: an alias of two registers would show. */
static void distinct_words(void) {
  for (size_t i = 0; i < ROWS; i++)
    if (writable(&rows[i]) != 0) put(rows[i].offset, 0x9E3779B9u * (uint32_t)(i + 1));
  for (size_t i = 0; i < ROWS; i++) {
    const uint32_t bits = writable(&rows[i]);
    if (bits != 0) expect(rows[i].name, rows[i].offset, (0x9E3779B9u * (uint32_t)(i + 1)) & bits);
  }
  conclude("registers: no aliases");
}

static void restore(void) {
  put(EPOCH_REG_CTRL, ~(uint32_t)(EPOCH_CTRL_ENABLE_MASK | EPOCH_CTRL_ABORT_MASK |
                                  EPOCH_CTRL_RESET_MASK)); /* reserved bits only */
  for (size_t i = ROWS; i-- > 0;) /* RING_TAIL before RING_START, which forgets it */
    if (writable(&rows[i]) != 0 && rows[i].offset != EPOCH_REG_COUNTER_CTRL)
      put(rows[i].offset, rows[i].reset);
  put(EPOCH_REG_COUNTER_CTRL, EPOCH_COUNTER_CTRL_FREEZE_MASK);
}

static void reserved_words(void) {
  static uint8_t used[WORDS];
  uint32_t words = 0;
  for (size_t i = 0; i < ROWS; i++)
    for (uint32_t n = 0; n < rows[i].count; n++) used[rows[i].offset / 4 + n] = 1;
  for (uint32_t w = 0; w < WORDS; w++) {
    if (used[w]) continue;
    expect("reserved", 4 * w, 0);
    put(4 * w, 0xFFFFFFFFu);
    expect("reserved", 4 * w, 0);
    words++;
  }
  printf("registers %u, reserved words %" PRIu32 "\n", (unsigned)ROWS, words);
  restore();
  put(EPOCH_REG_COUNTER_CTRL, 0);
  expect_reset_values(false);
  conclude("registers: reserved words read 0 and harm nothing");
}

/* ---- Sizes that the bus refuses ---- */

static volatile uint32_t trapped_cause;

static bool skip_instruction(struct hal_trap_frame* frame, void* argument) {
  (void)argument;
  trapped_cause = frame->cause;
  hal_trap_skip(frame);
  return true;
}

static void expect_fault(const char* what, uint32_t misaligned, uint32_t access_fault) {
  const uint32_t cause = trapped_cause;
  trapped_cause = 0;
  if (cause == access_fault || (misaligned != 0 && cause == misaligned)) return;
  printf("%s: trap cause %" PRIu32 "\n", what, cause);
  wrong++;
}

static void refused_sizes(void) {
  enum { LOAD_MISALIGNED = 4, LOAD_FAULT = 5, STORE_MISALIGNED = 6, STORE_FAULT = 7 };
  hal_trap_on_exception(skip_instruction, NULL);
  (void)hal_read8(window + EPOCH_REG_WATCHDOG);
  expect_fault("byte load", 0, LOAD_FAULT);
  hal_write8(window + EPOCH_REG_WATCHDOG, 0xFF);
  expect_fault("byte store", 0, STORE_FAULT);
  (void)hal_read16(window + EPOCH_REG_WATCHDOG);
  expect_fault("halfword load", 0, LOAD_FAULT);
  hal_write16(window + EPOCH_REG_WATCHDOG, 0xFFFF);
  expect_fault("halfword store", 0, STORE_FAULT);
  (void)get(EPOCH_REG_WATCHDOG + 2);
  expect_fault("misaligned load", LOAD_MISALIGNED, LOAD_FAULT);
  put(EPOCH_REG_WATCHDOG + 2, 0xFFFFFFFFu);
  expect_fault("misaligned store", STORE_MISALIGNED, STORE_FAULT);
  hal_trap_on_exception(NULL, NULL);
  expect("WATCHDOG", EPOCH_REG_WATCHDOG, 0);
  conclude("registers: other sizes are bus errors");
}

static void running_counters(void) {
  const uint32_t first = get(EPOCH_COUNTER_CYCLES);
  const uint32_t second = get(EPOCH_COUNTER_CYCLES);
  put(EPOCH_REG_COUNTER_CTRL, EPOCH_COUNTER_CTRL_FREEZE_MASK);
  const uint32_t frozen = get(EPOCH_COUNTER_CYCLES);
  expect("CYCLES_LO", EPOCH_COUNTER_CYCLES, frozen);
  put(EPOCH_REG_COUNTER_CTRL, 0);
  selftest_check("registers: counters run, and hold when frozen",
                 second > first && frozen > second && wrong == 0);
  wrong = 0;
}

void selftest_registers(uintptr_t base) {
  window = base;
  reset_values();
  read_only_words();
  walking_bits();
  distinct_words();
  reserved_words();
  refused_sizes();
  running_counters();
}
