/* SPDX-License-Identifier: Apache-2.0
 *
 * selftest: every register, every command and every error that firmware can provoke. Exits with 0
 * if all of it holds, 1 if not, 2 for a wrong argument.
 *
 *   --poll       poll instead of sleeping for the interrupt
 *   --waits=N    sleeps in the test of lost wake-ups (10000); 0: no races at all
 *   --seed=N     of its delays (1)
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "mmio.h"
#include "platform.h"
#include "selftest.h"
#include "timer.h"
#include "trap.h"

struct epoch_device selftest_device;
struct hal_dma_buffer selftest_page;

static uint32_t checks;
static uint32_t failures;
static uint32_t seen[8]; /* bit set of opcodes */
static uint32_t random_state;

uint32_t selftest_get(uint32_t offset) {
  return hal_read32(selftest_device.base + offset);
}

void selftest_put(uint32_t offset, uint32_t value) {
  hal_write32(selftest_device.base + offset, value);
}

struct expected_bits {
  uint32_t offset;
  uint32_t mask;
  uint32_t value;
};

static bool bits_are(void* argument) {
  const struct expected_bits* bits = argument;
  return (selftest_get(bits->offset) & bits->mask) == bits->value;
}

bool selftest_poll(uint32_t offset, uint32_t mask, uint32_t value) {
  struct expected_bits bits = {offset, mask, value};
  return hal_poll(bits_are, &bits, hal_timer_now_ns() + SELFTEST_TIMEOUT_NS);
}

bool selftest_check(const char* name, bool passed) {
  printf("%s: %s\n", name, passed ? "ok" : "FAILED");
  checks++;
  failures += !passed;
  return passed;
}

void selftest_covers(uint32_t opcode) {
  seen[opcode / 32] |= 1u << (opcode % 32);
}

void selftest_seed(uint32_t seed) {
  random_state = seed * 2654435761u + 1; /* any seed but 0 would do; neighbours part company */
  if (random_state == 0) random_state = 1;
}

uint32_t selftest_random(uint32_t below) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 17;
  random_state ^= random_state << 5;
  return random_state % below;
}

enum epoch_device_result selftest_run(const union epoch_descriptor* descriptors, uint32_t count) {
  struct epoch_device* device = &selftest_device;
  const enum epoch_device_result submitted =
      epoch_device_submit(device, descriptors, count, SELFTEST_TIMEOUT_NS);
  if (submitted != EPOCH_DEVICE_OK) return submitted;
  return epoch_device_wait(device, device->tail, SELFTEST_TIMEOUT_NS);
}

void selftest_semaphores(union epoch_descriptor* descriptor, uint32_t wait0, uint32_t wait1,
                         uint32_t signal0, uint32_t signal1) {
  descriptor->command.semaphores = EPOCH_SEMAPHORE_FIELD(wait0, wait1, signal0, signal1);
}

void selftest_build_copy(union epoch_descriptor* descriptor, uint32_t opcode, uint32_t page_offset,
                         uint32_t local, uint32_t bytes) {
  const struct epoch_transfer transfer = {
      .opcode = opcode,
      .bus = selftest_page.bus + page_offset,
      .local = {local, 0},
      .row_bytes = bytes,
      .rows = 1,
  };
  epoch_build_transfer(descriptor, &transfer);
}

/* A tile holds no more than its buffer: the largest buffer gives the longest delay. */
static uint32_t delay_buffer(void) {
  const uint32_t* bytes = selftest_device.caps.buffer_bytes;
  uint32_t largest = 0;
  for (uint32_t b = 1; b < EPOCH_BUFFERS; b++)
    if (bytes[b] > bytes[largest]) largest = b;
  return largest;
}

uint32_t selftest_longest_delay(void) {
  return selftest_device.caps.buffer_bytes[delay_buffer()] / 4;
}

/* POOL of one column adds a row a cycle; all rows are the same word. */
void selftest_build_delay(union epoch_descriptor* descriptor, uint32_t cycles) {
  const struct epoch_vector_operands operands = {
      .opcode = EPOCH_OP_POOL,
      .rows = cycles,
      .length = 1,
      .source = {EPOCH_LOCAL(delay_buffer(), 0xFF0), 0},
      .destination = {EPOCH_LOCAL(delay_buffer(), 0xFF4), 0},
  };
  epoch_build_vector(descriptor, &operands);
}

static void every_opcode_was_seen(void) {
#define OPCODE_ROW(name, value, engine, description) {value, #name},
  static const struct {
    uint32_t opcode;
    const char* name;
  } rows[] = {EPOCH_OPCODES(OPCODE_ROW)};
#undef OPCODE_ROW
  bool all = true;
  for (uint32_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (seen[rows[i].opcode / 32] >> (rows[i].opcode % 32) & 1) continue;
    printf("no test of command %s\n", rows[i].name);
    all = false;
  }
  selftest_check("every command", all);
}

struct options {
  bool polling;
  uint32_t waits;
  uint32_t seed;
};

static bool parse(int argc, char** argv, struct options* options) {
  for (int i = 1; i < argc; i++) {
    const char* value;
    if (strcmp(argv[i], "--poll") == 0)
      options->polling = true;
    else if (hal_args_option(argv[i], "--waits", &value)) {
      if (!hal_args_number(value, &options->waits)) return false;
    } else if (hal_args_option(argv[i], "--seed", &value)) {
      if (!hal_args_number(value, &options->seed)) return false;
    } else
      return false;
  }
  return true;
}

static enum epoch_device_result open_device(bool polling) {
  const enum epoch_device_result opened =
      epoch_device_open(&selftest_device, 0, SELFTEST_RING_ENTRIES, polling);
  if (opened != EPOCH_DEVICE_OK) return opened;
  return hal_dma_alloc(&selftest_page, SELFTEST_PAGE_BYTES) ? EPOCH_DEVICE_OK : EPOCH_DEVICE_MEMORY;
}

int main(int argc, char** argv) {
  struct options options = {.polling = false, .waits = 10000, .seed = 1};
  struct hal_fdt_node node;
  uintptr_t base;
  uint32_t interrupt;
  if (!parse(argc, argv, &options)) {
    printf("usage: selftest [--poll] [--waits=N] [--seed=N]\n");
    return 2;
  }
  if (!hal_platform_device("epochcore,epochcore", 0, &base, &interrupt, &node)) {
    printf("selftest: %s\n", epoch_device_result_text(EPOCH_DEVICE_ABSENT));
    return 1;
  }
  selftest_registers(base); /* as power-on left them */
  const enum epoch_device_result opened = open_device(options.polling);
  if (opened != EPOCH_DEVICE_OK) {
    printf("selftest: %s\n", epoch_device_result_text(opened));
    return 1;
  }
  selftest_seed(options.seed);
  selftest_commands();
  selftest_ring();
  selftest_errors();
  printf("seed %" PRIu32 "\n", options.seed);
  selftest_races(options.waits);
  every_opcode_was_seen();
  printf("selftest: %" PRIu32 " checks, %" PRIu32 " failed\n", checks, failures);
  return failures == 0 ? 0 : 1;
}
