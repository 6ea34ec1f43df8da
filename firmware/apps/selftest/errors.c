/* SPDX-License-Identifier: Apache-2.0
 *
 * Every error code of the contract: provoked, its report compared, the driver's recovery, and a
 * layer that must come out right. Walks EPOCH_ERRORS, so a code that nothing here provokes fails.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "selftest.h"

#define CONTEXT 0x1234u
#define NOWHERE 0xFFFFFFFFFFFF0000ull /* no platform has anything at the top of 64 bits */
#define MARK 0x4D41524Bu
#define WATCHDOG_CYCLES 2000u

/* What ERROR_* must say. */
struct report {
  uint32_t sequence;
  uint32_t context;
  uint64_t address;
};

struct provocation {
  uint32_t code;
  const char* what;
  /* Changes a correct descriptor into one to refuse: the program around it is the same for all. */
  void (*spoil)(union epoch_descriptor* descriptor, struct report* report);
  /* Or provokes the error in another way; false if that could not be done. */
  bool (*provoke)(struct report* report);
};

static union epoch_descriptor program[300];

/* ---- Decode errors: STORE of a mark, the bad command, STORE of another mark ---- */

enum { MARK_SOURCE = 0x800, FIRST_MARK = 0x840, SECOND_MARK = 0x880 };

static uint32_t* mark(uint32_t offset) {
  return (uint32_t*)(void*)((uint8_t*)selftest_page.cpu + offset);
}

static void build_marks(uint32_t before, uint32_t after) {
  *mark(MARK_SOURCE) = MARK;
  *mark(FIRST_MARK) = *mark(SECOND_MARK) = 0;
  hal_dma_sync_for_device(&selftest_page, 0, SELFTEST_PAGE_BYTES);
  const uint32_t local = SELFTEST_LOCAL + MARK_SOURCE;
  selftest_build_copy(&program[before], EPOCH_OP_STORE, FIRST_MARK, local, 4);
  selftest_build_copy(&program[after], EPOCH_OP_STORE, SECOND_MARK, local, 4);
}

static bool load_mark(void) {
  *mark(MARK_SOURCE) = MARK;
  hal_dma_sync_for_device(&selftest_page, 0, SELFTEST_PAGE_BYTES);
  selftest_build_copy(&program[0], EPOCH_OP_LOAD, MARK_SOURCE, SELFTEST_LOCAL + MARK_SOURCE, 4);
  epoch_build_control(&program[1], EPOCH_OP_IRQ);
  return selftest_run(program, 2) == EPOCH_DEVICE_OK;
}

/* Earlier commands drain, later ones never start. */
static bool spoil_and_run(const struct provocation* provocation, struct report* report) {
  const uint32_t first = selftest_device.tail;
  if (!load_mark()) return false;
  build_marks(0, 2);
  selftest_build_copy(&program[1], EPOCH_OP_LOAD, 0, SELFTEST_LOCAL, 64);
  report->sequence = first + 3; /* behind load_mark's two and the first mark */
  report->context = CONTEXT;
  program[1].command.control |= EPOCH_CONTROL(0, 0, CONTEXT);
  provocation->spoil(&program[1], report);
  epoch_build_control(&program[3], EPOCH_OP_IRQ);
  if (selftest_run(program, 4) != EPOCH_DEVICE_FAULT) return false;
  const bool drained =
      selftest_poll(EPOCH_REG_STATUS, EPOCH_STATUS_HALTED_MASK, EPOCH_STATUS_HALTED_MASK) &&
      selftest_get(EPOCH_REG_COMPLETED) == first + 3;
  hal_dma_sync_for_cpu(&selftest_page, 0, SELFTEST_PAGE_BYTES);
  return drained && *mark(FIRST_MARK) == MARK && *mark(SECOND_MARK) == 0;
}

static void keep_context(union epoch_descriptor* descriptor) {
  descriptor->command.control |= EPOCH_CONTROL(0, 0, CONTEXT);
}

static void unknown_opcode(union epoch_descriptor* d, struct report* report) {
  (void)report;
  epoch_build_control(d, 0xEE);
  keep_context(d);
}
static void zeroed_memory(union epoch_descriptor* d, struct report* report) {
  memset(d, 0, sizeof *d);
  report->context = 0;
}
static void reserved_word(union epoch_descriptor* d, struct report* report) {
  (void)report;
  d->dma.reserved[1] = 1;
}
static void reserved_flag(union epoch_descriptor* d, struct report* report) {
  (void)report;
  d->command.control |= EPOCH_CONTROL(0, 0x80, 0);
}
static void semaphore_byte(union epoch_descriptor* d, struct report* report) {
  (void)report;
  d->command.semaphores = 0x01;
}
static void local_alignment(union epoch_descriptor* d, struct report* report) {
  report->address = d->dma.local += 2;
}
static void stride_alignment(union epoch_descriptor* d, struct report* report) {
  report->address = d->dma.local;
  d->dma.rows = 2;
  d->dma.local_row_stride = 6;
}
static void buffer_end(union epoch_descriptor* d, struct report* report) {
  report->address = d->dma.local = EPOCH_LOCAL(
      EPOCH_BUFFER_ACTIVATIONS, selftest_device.caps.buffer_bytes[EPOCH_BUFFER_ACTIVATIONS] - 60);
}
static void no_such_buffer(union epoch_descriptor* d, struct report* report) {
  report->address = d->dma.local = EPOCH_LOCAL(EPOCH_BUFFERS, 0);
}
static void below_the_buffer(union epoch_descriptor* d, struct report* report) {
  report->address = d->dma.local;
  d->dma.rows = 2;
  d->dma.local_row_stride = (uint32_t)-64;
}
static void zero_size(union epoch_descriptor* d, struct report* report) {
  report->address = selftest_page.bus;
  d->dma.planes = 0;
}
static void size_overflow(union epoch_descriptor* d, struct report* report) {
  report->address = selftest_page.bus;
  d->dma.rows = d->dma.planes = 0xFFFFFFFFu;
}
static void same_wait_twice(union epoch_descriptor* d, struct report* report) {
  (void)report;
  selftest_semaphores(d, EPOCH_SEMAPHORE_USE(5), EPOCH_SEMAPHORE_USE(5), 0, 0);
}

/* A weight tile, as wide as the array and no wider. */
static void coefficients(union epoch_descriptor* d, uint32_t channels, uint32_t modes) {
  const struct epoch_shape tile = {EPOCH_MODE_MAC, EPOCH_TYPE_FP32, channels, modes};
  epoch_build_coeff(d, EPOCH_LOCAL(EPOCH_BUFFER_COEFFICIENTS, 0), &tile, 0);
  keep_context(d);
}
static void too_many_rows(union epoch_descriptor* d, struct report* report) {
  (void)report;
  coefficients(d, 1, selftest_device.caps.array.rows + 1);
}
static void too_many_columns(union epoch_descriptor* d, struct report* report) {
  (void)report;
  coefficients(d, selftest_device.caps.array.cols + 1, 1);
}
static void unknown_type(union epoch_descriptor* d, struct report* report) {
  (void)report;
  coefficients(d, 1, 1);
  d->coeff.format = EPOCH_FORMAT(EPOCH_MODE_MAC, 31, 0);
}
static void unknown_mode(union epoch_descriptor* d, struct report* report) {
  (void)report;
  coefficients(d, 1, 1);
  d->coeff.format = EPOCH_FORMAT(31, EPOCH_TYPE_FP32, 0);
}

static void gemm(union epoch_descriptor* d, uint32_t activation) {
  const struct epoch_array_operands operands = {
      .shape = {EPOCH_MODE_MAC, EPOCH_TYPE_FP32, 1, 1},
      .activation = activation,
      .steps = 4,
      .source = {SELFTEST_LOCAL, 4},
      .destination = {SELFTEST_LOCAL + 64, 4},
  };
  epoch_build_array(d, &operands);
  keep_context(d);
}
static void unknown_activation(union epoch_descriptor* d, struct report* report) {
  (void)report;
  gemm(d, 31);
}
static void no_coefficients(union epoch_descriptor* d, struct report* report) {
  (void)report;
  gemm(d, EPOCH_ACTIVATION_NONE);
}
/* SSM of a mode that needs STREAMS, whichever there is. */
static uint32_t streamed_mode(void) {
  const uint32_t ssd = 1u << EPOCH_MODE_SSD;
  return (selftest_device.caps.modes & ssd) != 0 ? EPOCH_MODE_SSD : EPOCH_MODE_SELECTIVE;
}
static void ssm_without_streams(union epoch_descriptor* d, struct report* report) {
  (void)report;
  gemm(d, EPOCH_ACTIVATION_NONE);
  d->array.control = EPOCH_CONTROL(EPOCH_OP_SSM, 0, CONTEXT);
  d->array.format = EPOCH_FORMAT(streamed_mode(), EPOCH_TYPE_FP32, 0);
}
static void partial_overlap(union epoch_descriptor* d, struct report* report) {
  gemm(d, EPOCH_ACTIVATION_NONE);
  report->address = d->array.destination = SELFTEST_LOCAL + 8;
}

/* STREAMS retires; the STORE that stands where its SSM should is at fault. */
static bool streams_without_ssm(struct report* report) {
  if (!load_mark()) return false;
  build_marks(0, 2);
  epoch_build_control(&program[1], EPOCH_OP_STREAMS);
  keep_context(&program[2]);
  epoch_build_control(&program[3], EPOCH_OP_IRQ);
  report->sequence = selftest_device.tail + 2;
  report->context = CONTEXT;
  if (selftest_run(program, 4) != EPOCH_DEVICE_FAULT) return false;
  const bool drained =
      selftest_poll(EPOCH_REG_STATUS, EPOCH_STATUS_HALTED_MASK, EPOCH_STATUS_HALTED_MASK) &&
      selftest_get(EPOCH_REG_COMPLETED) == report->sequence;
  hal_dma_sync_for_cpu(&selftest_page, 0, SELFTEST_PAGE_BYTES);
  return drained && *mark(FIRST_MARK) == MARK && *mark(SECOND_MARK) == 0;
}

/* ---- Ring errors ---- */

static bool wait_for_fault(void) {
  return epoch_device_wait(&selftest_device, selftest_device.tail + 1, SELFTEST_TIMEOUT_NS) ==
         EPOCH_DEVICE_FAULT;
}

static bool tail_out_of_range(struct report* report) {
  report->sequence = selftest_device.tail;
  report->address = selftest_device.tail + selftest_device.ring_size + 1;
  selftest_put(EPOCH_REG_RING_TAIL, (uint32_t)report->address);
  return wait_for_fault();
}
static bool tail_backwards(struct report* report) {
  report->sequence = selftest_device.tail;
  report->address = selftest_device.tail - 1;
  selftest_put(EPOCH_REG_RING_TAIL, (uint32_t)report->address);
  return wait_for_fault();
}
static bool ring_write_while_enabled(struct report* report) {
  report->sequence = selftest_device.tail;
  report->address = EPOCH_REG_RING_SIZE;
  selftest_put(EPOCH_REG_RING_SIZE, 16);
  return wait_for_fault() &&
         selftest_get(EPOCH_REG_RING_SIZE) == selftest_device.ring_size; /* ignored */
}

/* Enables with another ring; the driver puts its own back when it recovers. */
static void enable_with(uint64_t base, uint32_t size) {
  selftest_put(EPOCH_REG_CTRL, 0);
  selftest_put(EPOCH_REG_RING_BASE_LO, (uint32_t)base);
  selftest_put(EPOCH_REG_RING_BASE_HI, (uint32_t)(base >> 32));
  selftest_put(EPOCH_REG_RING_SIZE, size);
  selftest_put(EPOCH_REG_RING_START, selftest_device.tail);
  selftest_put(EPOCH_REG_CTRL, EPOCH_CTRL_ENABLE_MASK);
}
static bool ring_size_of_three(struct report* report) {
  report->sequence = selftest_device.tail;
  report->address = selftest_device.ring.bus;
  enable_with(selftest_device.ring.bus, 3);
  return wait_for_fault() && (selftest_get(EPOCH_REG_CTRL) & EPOCH_CTRL_ENABLE_MASK) == 0;
}
static bool ring_misaligned(struct report* report) {
  report->sequence = selftest_device.tail;
  report->address = selftest_device.ring.bus + 32;
  enable_with(report->address, selftest_device.ring_size);
  return wait_for_fault();
}

/* ---- Execution errors: nothing further starts ---- */

/* program[0], a FENCE, a mark that must not be written. */
static bool run_faulty(void) {
  union epoch_descriptor faulty = program[0];
  if (!load_mark()) return false;
  build_marks(0, 2);
  program[0] = faulty;
  epoch_build_control(&program[1], EPOCH_OP_FENCE);
  epoch_build_control(&program[3], EPOCH_OP_IRQ);
  const bool stopped =
      selftest_run(program, 4) == EPOCH_DEVICE_FAULT &&
      selftest_poll(EPOCH_REG_STATUS, EPOCH_STATUS_HALTED_MASK, EPOCH_STATUS_HALTED_MASK);
  hal_dma_sync_for_cpu(&selftest_page, 0, SELFTEST_PAGE_BYTES);
  return stopped && *mark(SECOND_MARK) == 0;
}

static bool transfer_to_nowhere(uint32_t opcode, struct report* report) {
  const struct epoch_transfer transfer = {
      .opcode = opcode, .bus = NOWHERE, .local = {SELFTEST_LOCAL, 0}, .row_bytes = 64, .rows = 1};
  report->sequence = selftest_device.tail + 2;
  report->address = NOWHERE;
  report->context = CONTEXT;
  epoch_build_transfer(&program[0], &transfer);
  keep_context(&program[0]);
  return run_faulty();
}
static bool load_from_nowhere(struct report* report) {
  return transfer_to_nowhere(EPOCH_OP_LOAD, report);
}
static bool store_to_nowhere(struct report* report) {
  return transfer_to_nowhere(EPOCH_OP_STORE, report);
}
static bool ring_nowhere(struct report* report) {
  const uint32_t slot = selftest_device.tail & (selftest_device.ring_size - 1);
  report->sequence = selftest_device.tail;
  report->address = NOWHERE + slot * sizeof(union epoch_descriptor);
  enable_with(NOWHERE, selftest_device.ring_size);
  selftest_put(EPOCH_REG_RING_TAIL, selftest_device.tail + 1);
  return wait_for_fault();
}
static bool too_many_signals(struct report* report) {
  const uint32_t signals = EPOCH_SEMAPHORE_MAX + 1;
  report->sequence = selftest_device.tail + signals - 1;
  report->address = 7; /* the semaphore's number */
  for (uint32_t i = 0; i < signals; i++) {
    epoch_build_control(&program[i], EPOCH_OP_NOP);
    selftest_semaphores(&program[i], 0, 0, EPOCH_SEMAPHORE_USE(7), 0);
  }
  const bool fault = selftest_run(program, signals) == EPOCH_DEVICE_FAULT;
  return fault && selftest_get(EPOCH_REG_COMPLETED) == report->sequence; /* it does not retire */
}
static bool nothing_retires(struct report* report) {
  report->sequence = selftest_device.tail + 2;
  report->context = CONTEXT;
  selftest_put(EPOCH_REG_WATCHDOG, WATCHDOG_CYCLES);
  selftest_build_copy(&program[0], EPOCH_OP_LOAD, 0, SELFTEST_LOCAL, 64);
  selftest_semaphores(&program[0], EPOCH_SEMAPHORE_USE(8), 0, 0, 0);
  keep_context(&program[0]);
  return run_faulty();
}

/* An index that is one too large, behind one that is not: nothing of the table is read. */
static bool index_outside_table(struct report* report) {
  enum { TABLE_ROWS = 3, INDICES = 0x40 };
  uint32_t* words = selftest_page.cpu;
  words[0] = TABLE_ROWS - 1;
  words[1] = TABLE_ROWS;
  hal_dma_sync_for_device(&selftest_page, 0, SELFTEST_PAGE_BYTES);
  selftest_build_copy(&program[0], EPOCH_OP_LOAD, 0, SELFTEST_LOCAL + INDICES, 8);
  epoch_build_control(&program[1], EPOCH_OP_IRQ);
  if (selftest_run(program, 2) != EPOCH_DEVICE_OK) return false;
  report->sequence = selftest_device.tail + 2;
  report->address = SELFTEST_LOCAL + INDICES + 4;
  report->context = CONTEXT;
  selftest_build_copy(&program[0], EPOCH_OP_GATHER, 0, SELFTEST_LOCAL + 0x80, 16);
  program[0].dma.rows = 2;
  program[0].dma.bus_row_stride = program[0].dma.local_row_stride = 16;
  program[0].dma.indices = SELFTEST_LOCAL + INDICES;
  program[0].dma.table_rows = TABLE_ROWS;
  keep_context(&program[0]);
  return run_faulty();
}

/* program[0..5], whose array command is [4]: counted and retired; an error with the trap enabled.
 */
static bool counted_then_trapped(uint32_t counter, struct report* report) {
  epoch_device_clear_counters(&selftest_device);
  if (selftest_run(program, 6) != EPOCH_DEVICE_OK) return false;
  if (epoch_device_counter(&selftest_device, counter) != 4) return false;
  selftest_put(EPOCH_REG_IRQ_STATUS, EPOCH_IRQ_STATUS_NUMERIC_MASK);
  report->sequence = selftest_device.tail + 4;
  report->context = CONTEXT;
  report->address = SELFTEST_LOCAL + 64;
  selftest_put(EPOCH_REG_IRQ_ENABLE,
               selftest_get(EPOCH_REG_IRQ_ENABLE) | EPOCH_IRQ_ENABLE_NUMERIC_MASK);
  return selftest_run(program, 6) == EPOCH_DEVICE_FAULT;
}

/* One PE multiplies input by weight. */
static bool multiply(uint32_t input, uint32_t weight, uint32_t counter, struct report* report) {
  uint32_t* words = selftest_page.cpu;
  for (uint32_t i = 0; i < 4; i++) words[i] = input;
  words[4] = weight;
  hal_dma_sync_for_device(&selftest_page, 0, SELFTEST_PAGE_BYTES);
  selftest_build_copy(&program[0], EPOCH_OP_LOAD, 0, SELFTEST_LOCAL, 16);
  selftest_build_copy(&program[1], EPOCH_OP_LOAD, 16, EPOCH_LOCAL(EPOCH_BUFFER_COEFFICIENTS, 0), 4);
  epoch_build_control(&program[2], EPOCH_OP_FENCE);
  coefficients(&program[3], 1, 1);
  gemm(&program[4], EPOCH_ACTIVATION_NONE);
  epoch_build_control(&program[5], EPOCH_OP_IRQ);
  return counted_then_trapped(counter, report);
}
/* An int8 sum that starts at its largest: four steps, four clamped sums. */
static bool int8_sum(struct report* report) {
  enum { SUMS_OFFSET = 0x20, BLOCK_OFFSET = 0x40 };
  uint8_t* bytes = selftest_page.cpu;
  uint32_t* words = selftest_page.cpu;
  memset(bytes, 1, 4); /* x, a byte a step */
  for (uint32_t i = 0; i < 4; i++) words[SUMS_OFFSET / 4 + i] = 0x7FFFFFFFu;
  words[BLOCK_OFFSET / 4] = 1;               /* w, then padding */
  words[BLOCK_OFFSET / 4 + 1] = 0x3F800000u; /* the channel's scale */
  hal_dma_sync_for_device(&selftest_page, 0, SELFTEST_PAGE_BYTES);
  selftest_build_copy(&program[0], EPOCH_OP_LOAD, 0, SELFTEST_LOCAL, 48);
  selftest_build_copy(&program[1], EPOCH_OP_LOAD, BLOCK_OFFSET,
                      EPOCH_LOCAL(EPOCH_BUFFER_COEFFICIENTS, 0), 8);
  epoch_build_control(&program[2], EPOCH_OP_FENCE);
  coefficients(&program[3], 1, 1);
  program[3].coeff.format = EPOCH_FORMAT(EPOCH_MODE_MAC, EPOCH_TYPE_INT8, 0);
  gemm(&program[4], EPOCH_ACTIVATION_NONE);
  program[4].array.format = EPOCH_FORMAT(EPOCH_MODE_MAC, EPOCH_TYPE_INT8, EPOCH_ARRAY_ACC_IN);
  program[4].array.source_stride = 1;
  program[4].array.accumulator = SELFTEST_LOCAL + SUMS_OFFSET;
  program[4].array.accumulator_stride = 4;
  epoch_build_control(&program[5], EPOCH_OP_IRQ);
  return counted_then_trapped(EPOCH_COUNTER_NUMERIC_SATURATED, report);
}
static bool overflow(struct report* report) {
  return multiply(0x7F000000u, 0x7F000000u, EPOCH_COUNTER_NUMERIC_OVERFLOW, report);
}
static bool not_a_number(struct report* report) {
  return multiply(0x7FC00000u, 0x3F800000u, EPOCH_COUNTER_NUMERIC_NAN, report);
}

/* ---- The table ---- */

static const struct provocation provocations[] = {
    {EPOCH_ERROR_RING_RANGE, "tail beyond the ring", NULL, tail_out_of_range},
    {EPOCH_ERROR_RING_RANGE, "tail below HEAD", NULL, tail_backwards},
    {EPOCH_ERROR_RING_BUSY, "RING_SIZE while enabled", NULL, ring_write_while_enabled},
    {EPOCH_ERROR_RING_CONFIG, "size 3", NULL, ring_size_of_three},
    {EPOCH_ERROR_RING_CONFIG, "base misaligned", NULL, ring_misaligned},
    {EPOCH_ERROR_OPCODE, "unknown", unknown_opcode, NULL},
    {EPOCH_ERROR_OPCODE, "zeroed memory", zeroed_memory, NULL},
    {EPOCH_ERROR_RESERVED, "word", reserved_word, NULL},
    {EPOCH_ERROR_RESERVED, "flag", reserved_flag, NULL},
    {EPOCH_ERROR_RESERVED, "semaphore byte", semaphore_byte, NULL},
    {EPOCH_ERROR_ALIGNMENT, "local address", local_alignment, NULL},
    {EPOCH_ERROR_ALIGNMENT, "local stride", stride_alignment, NULL},
    {EPOCH_ERROR_LOCAL_RANGE, "end of the buffer", buffer_end, NULL},
    {EPOCH_ERROR_LOCAL_RANGE, "below the buffer", below_the_buffer, NULL},
    {EPOCH_ERROR_LOCAL_RANGE, "no such buffer", no_such_buffer, NULL},
    {EPOCH_ERROR_TILE, "rows", too_many_rows, NULL},
    {EPOCH_ERROR_TILE, "columns", too_many_columns, NULL},
    {EPOCH_ERROR_SIZE, "zero", zero_size, NULL},
    {EPOCH_ERROR_SIZE, "overflow", size_overflow, NULL},
    {EPOCH_ERROR_OVERLAP, "in part", partial_overlap, NULL},
    {EPOCH_ERROR_SEMAPHORE_FIELD, "same wait twice", same_wait_twice, NULL},
    {EPOCH_ERROR_TYPE, "unknown", unknown_type, NULL},
    {EPOCH_ERROR_MODE, "unknown", unknown_mode, NULL},
    {EPOCH_ERROR_MODE, "activation", unknown_activation, NULL},
    {EPOCH_ERROR_COEFFICIENTS, "none loaded", no_coefficients, NULL},
    {EPOCH_ERROR_STREAMS, "SSM alone", ssm_without_streams, NULL},
    {EPOCH_ERROR_STREAMS, "STREAMS alone", NULL, streams_without_ssm},
    {EPOCH_ERROR_BUS_READ, "LOAD from nowhere", NULL, load_from_nowhere},
    {EPOCH_ERROR_BUS_WRITE, "STORE to nowhere", NULL, store_to_nowhere},
    {EPOCH_ERROR_BUS_FETCH, "ring nowhere", NULL, ring_nowhere},
    {EPOCH_ERROR_GATHER_INDEX, "one too large", NULL, index_outside_table},
    {EPOCH_ERROR_SEMAPHORE_OVERFLOW, "256 signals", NULL, too_many_signals},
    {EPOCH_ERROR_WATCHDOG, "a wait without a signal", NULL, nothing_retires},
    {EPOCH_ERROR_NUMERIC_OVERFLOW, "2^127 squared", NULL, overflow},
    {EPOCH_ERROR_NUMERIC_NAN, "NaN times 1", NULL, not_a_number},
    {EPOCH_ERROR_NUMERIC_SATURATED, "2^31 - 1 plus 1", NULL, int8_sum},
};
#define PROVOCATIONS (sizeof provocations / sizeof *provocations)

static const char* yes_or_no(bool yes) {
  return yes ? "yes" : "NO";
}

/* Whether the device lacks what the error needs. */
static bool cannot_happen(uint32_t code) {
  const struct epoch_caps* caps = &selftest_device.caps;
  if (code == EPOCH_ERROR_STREAMS)
    return (caps->modes & (1u << EPOCH_MODE_SELECTIVE | 1u << EPOCH_MODE_SSD)) == 0;
  return code == EPOCH_ERROR_NUMERIC_SATURATED && (caps->types >> EPOCH_TYPE_INT8 & 1) == 0;
}

/* One row of the table; true if everything in it is as it should be. */
static bool provoke(const char* name, const struct provocation* provocation) {
  struct report report = {0, 0, 0};
  const bool provoked = provocation->spoil != NULL ? spoil_and_run(provocation, &report)
                                                   : provocation->provoke(&report);
  const struct epoch_device_error error = selftest_device.error;
  const bool reported = error.code == provocation->code && error.sequence == report.sequence &&
                        error.context == report.context && error.address == report.address;
  const bool recovered =
      epoch_device_recover(&selftest_device, SELFTEST_TIMEOUT_NS) == EPOCH_DEVICE_OK &&
      selftest_get(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_NONE && selftest_layer();
  printf("%-18s %-23s %-8s 0x%03" PRIx32 " 0x%08" PRIx32 " 0x%08" PRIx32 "%08" PRIx32 " %s%s\n",
         name, provocation->what, yes_or_no(provoked), error.code, error.sequence,
         (uint32_t)(error.address >> 32), (uint32_t)error.address, yes_or_no(recovered),
         reported ? "" : " WRONG REPORT");
  return provoked && reported && recovered;
}

void selftest_errors(void) {
#define ERROR_ROW(name, value, description) {value, #name},
  static const struct {
    uint32_t code;
    const char* name;
  } codes[] = {EPOCH_ERRORS(ERROR_ROW)};
#undef ERROR_ROW
  bool all =
      epoch_device_restart(&selftest_device, 0xFFFFFFF0u, SELFTEST_TIMEOUT_NS) == EPOCH_DEVICE_OK;
  printf("%-18s %-23s %-8s %-5s %-10s %-18s %s\n", "error", "by", "provoked", "code", "seq",
         "address", "recovered");
  for (uint32_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    bool known = codes[i].code == EPOCH_ERROR_NONE;
    for (uint32_t p = 0; p < PROVOCATIONS; p++) {
      if (provocations[p].code != codes[i].code) continue;
      known = true;
      if (cannot_happen(codes[i].code))
        printf("%-18s %-23s absent\n", codes[i].name, provocations[p].what);
      else if (!provoke(codes[i].name, &provocations[p]))
        all = false;
    }
    if (!known) {
      printf("%-18s NOTHING PROVOKES IT\n", codes[i].name);
      all = false;
    }
  }
  selftest_check("every error", all);
}
