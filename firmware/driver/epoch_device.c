/* SPDX-License-Identifier: Apache-2.0 */
#include "epoch_device.h"

#include <stddef.h>
#include <string.h>

#include "mmio.h"
#include "platform.h"
#include "plic.h"
#include "timer.h"
#include "trap.h"

typedef enum epoch_device_result result_t;

#define ALL_CAUSES                                                       \
  ((uint32_t)(EPOCH_IRQ_STATUS_DONE_MASK | EPOCH_IRQ_STATUS_ERROR_MASK | \
              EPOCH_IRQ_STATUS_NUMERIC_MASK))

#define OPEN_TIMEOUT_NS 100000000u /* a drain takes as long as the slowest burst */

static uint32_t get(const struct epoch_device* device, uint32_t offset) {
  return hal_read32(device->base + offset);
}

static void put(const struct epoch_device* device, uint32_t offset, uint32_t value) {
  hal_write32(device->base + offset, value);
}

const char* epoch_device_result_text(enum epoch_device_result result) {
#define RESULT_TEXT(name, description) description,
  static const char* const texts[] = {EPOCH_DEVICE_RESULTS(RESULT_TEXT)};
#undef RESULT_TEXT
  return (size_t)result < sizeof texts / sizeof *texts ? texts[result] : "unknown result";
}

const char* epoch_error_text(uint32_t code) {
#define ERROR_CASE(name, value, description) \
  case value:                                \
    return #name ": " description;
  switch (code) {
    EPOCH_ERRORS(ERROR_CASE)
    default:
      return "unknown error";
  }
#undef ERROR_CASE
}

/* ---- Probe ---- */

static void read_caps(const struct epoch_device* device, struct epoch_caps* caps) {
  const uint32_t pe = get(device, EPOCH_REG_CAPS_PE);
  const uint32_t lanes = get(device, EPOCH_REG_CAPS_LANES);
  const uint32_t fifo = get(device, EPOCH_REG_CAPS_FIFO);
  const uint32_t dma = get(device, EPOCH_REG_CAPS_DMA);
  const uint32_t port = get(device, EPOCH_REG_CAPS_ARRAY_PORT);
  const uint32_t load_port = get(device, EPOCH_REG_CAPS_LOAD_PORT);
  caps->array.rows = get(device, EPOCH_REG_CAPS_ROWS);
  caps->array.cols = get(device, EPOCH_REG_CAPS_COLS);
  caps->array.segment_rows = get(device, EPOCH_REG_CAPS_SEGMENT_ROWS);
  caps->array.state_slots = EPOCH_GET(pe, CAPS_PE, STATE_SLOTS);
  caps->array.slots_kind = EPOCH_GET(pe, CAPS_PE, SLOTS_KIND);
  caps->pe_kind = EPOCH_GET(pe, CAPS_PE, KIND);
  caps->hop = EPOCH_GET(get(device, EPOCH_REG_CAPS_ARRAY), CAPS_ARRAY, HOP);
  caps->dedicated_exp = EPOCH_GET(pe, CAPS_PE, DEDICATED_EXP);
  caps->systolic_reduce = EPOCH_GET(pe, CAPS_PE, SYSTOLIC_REDUCE);
  caps->chained_segments = EPOCH_GET(pe, CAPS_PE, CHAINED_SEGMENTS);
  caps->state_shadow = EPOCH_GET(pe, CAPS_PE, STATE_SHADOW);
  caps->multipliers = EPOCH_GET(pe, CAPS_PE, MULTIPLIERS);
  caps->mul_latency = EPOCH_GET(pe, CAPS_PE, MUL_LATENCY);
  caps->add_latency = EPOCH_GET(pe, CAPS_PE, ADD_LATENCY);
  caps->modes = get(device, EPOCH_REG_CAPS_MODES);
  caps->types = get(device, EPOCH_REG_CAPS_TYPES);
  caps->activations = get(device, EPOCH_REG_CAPS_ACTIVATIONS);
  caps->vector_ops = get(device, EPOCH_REG_CAPS_VECTOR_OPS);
  caps->vector_lanes = EPOCH_GET(lanes, CAPS_LANES, VECTOR);
  caps->drain_lanes = EPOCH_GET(lanes, CAPS_LANES, DRAIN);
  caps->fifo_depth[EPOCH_ENGINE_DMA_IN] = EPOCH_GET(fifo, CAPS_FIFO, DMA_IN);
  caps->fifo_depth[EPOCH_ENGINE_DMA_OUT] = EPOCH_GET(fifo, CAPS_FIFO, DMA_OUT);
  caps->fifo_depth[EPOCH_ENGINE_PE_GRID] = EPOCH_GET(fifo, CAPS_FIFO, PE_GRID);
  caps->fifo_depth[EPOCH_ENGINE_VECTOR_UNIT] = EPOCH_GET(fifo, CAPS_FIFO, VECTOR_UNIT);
  caps->dma_burst_bytes = EPOCH_GET(dma, CAPS_DMA, BURST_BYTES);
  caps->dma_outstanding = EPOCH_GET(dma, CAPS_DMA, OUTSTANDING);
  for (uint32_t b = 0; b < EPOCH_BUFFERS; b++) {
    const uint32_t buffer = get(device, EPOCH_REG_CAPS_BUFFER_PORT + 4 * b);
    caps->buffer_bytes[b] = get(device, EPOCH_REG_CAPS_BUFFER_BYTES + 4 * b);
    caps->buffer_width[b] = EPOCH_GET(buffer, CAPS_BUFFER_PORT, WIDTH_BYTES);
    caps->buffer_banks[b] = EPOCH_GET(buffer, CAPS_BUFFER_PORT, BANKS);
  }
  caps->read_port = EPOCH_GET(port, CAPS_ARRAY_PORT, READ);
  caps->write_port = EPOCH_GET(port, CAPS_ARRAY_PORT, WRITE);
  caps->coefficient_port = EPOCH_GET(load_port, CAPS_LOAD_PORT, COEFFICIENT);
  caps->state_port = EPOCH_GET(load_port, CAPS_LOAD_PORT, STATE);
}

/* ---- Interrupt, or what polling does in its place ---- */

static void read_error(struct epoch_device* device) {
  struct epoch_device_error* error = &device->error;
  if (error->code != EPOCH_ERROR_NONE) return; /* the first one wins */
  error->code = get(device, EPOCH_REG_ERROR_CODE);
  error->sequence = get(device, EPOCH_REG_ERROR_SEQ);
  error->address =
      ((uint64_t)get(device, EPOCH_REG_ERROR_ADDR_HI) << 32) | get(device, EPOCH_REG_ERROR_ADDR_LO);
  error->length = get(device, EPOCH_REG_ERROR_LEN);
  error->context = get(device, EPOCH_REG_ERROR_CONTEXT);
}

/* Clearing `error` clears ERROR_*, so those are read before. */
void epoch_device_service(struct epoch_device* device) {
  const uint32_t causes = get(device, EPOCH_REG_IRQ_STATUS);
  if (causes == 0) return;
  if (causes & EPOCH_IRQ_STATUS_ERROR_MASK) read_error(device);
  put(device, EPOCH_REG_IRQ_STATUS, causes);
  if (device->listener != NULL) device->listener(device->listener_argument);
}

static void handle_interrupt(void* argument) {
  epoch_device_service(argument);
}

bool epoch_device_await(struct epoch_device* device, bool (*ready)(void*), void* argument,
                        uint64_t deadline_ns) {
  return device->polling ? hal_poll(ready, argument, deadline_ns)
                         : hal_wait(ready, argument, deadline_ns);
}

/* ---- Ring ---- */

static void start_ring(struct epoch_device* device, uint32_t counter) {
  put(device, EPOCH_REG_RING_BASE_LO, (uint32_t)device->ring.bus);
  put(device, EPOCH_REG_RING_BASE_HI, (uint32_t)(device->ring.bus >> 32));
  put(device, EPOCH_REG_RING_SIZE, device->ring_size);
  put(device, EPOCH_REG_RING_START, counter);
  put(device, EPOCH_REG_IRQ_ENABLE,
      device->polling ? 0 : EPOCH_IRQ_ENABLE_DONE_MASK | EPOCH_IRQ_ENABLE_ERROR_MASK);
  put(device, EPOCH_REG_CTRL, EPOCH_CTRL_ENABLE_MASK);
  device->tail = counter;
}

/* ---- Recovery ---- */

static bool reset_done(void* argument) {
  const struct epoch_device* device = argument;
  return (get(device, EPOCH_REG_CTRL) & EPOCH_CTRL_RESET_MASK) == 0 ||
         (get(device, EPOCH_REG_STATUS) & EPOCH_STATUS_DRAIN_FAILED_MASK) != 0;
}

/* Masks, cancels, drains, clears. The causes go before the error they told of is forgotten: an
 * interrupt that was on its way finds none. */
static result_t quiesce(struct epoch_device* device, uint64_t timeout_ns) {
  put(device, EPOCH_REG_IRQ_ENABLE, 0);
  put(device, EPOCH_REG_CTRL, EPOCH_CTRL_RESET_MASK);
  if (!hal_poll(reset_done, device, hal_timer_now_ns() + timeout_ns)) return EPOCH_DEVICE_TIMEOUT;
  if (get(device, EPOCH_REG_STATUS) & EPOCH_STATUS_DRAIN_FAILED_MASK) return EPOCH_DEVICE_DRAIN;
  put(device, EPOCH_REG_WATCHDOG, 0);
  put(device, EPOCH_REG_IRQ_STATUS, ALL_CAUSES);
  (void)get(device, EPOCH_REG_IRQ_STATUS); /* the write has arrived */
  memset(&device->error, 0, sizeof device->error);
  return EPOCH_DEVICE_OK;
}

enum epoch_device_result epoch_device_restart(struct epoch_device* device, uint32_t counter,
                                              uint64_t timeout_ns) {
  const result_t result = quiesce(device, timeout_ns);
  if (result == EPOCH_DEVICE_OK) start_ring(device, counter);
  return result;
}

/* COMPLETED is read after the reset: commands may retire until then. */
enum epoch_device_result epoch_device_recover(struct epoch_device* device, uint64_t timeout_ns) {
  const result_t result = quiesce(device, timeout_ns);
  if (result == EPOCH_DEVICE_OK) start_ring(device, get(device, EPOCH_REG_COMPLETED));
  return result;
}

/* ---- Open ---- */

static bool valid_ring_size(uint32_t size) {
  return size >= 2 && size <= 4096 && (size & (size - 1)) == 0;
}

enum epoch_device_result epoch_device_open(struct epoch_device* device, uint32_t index,
                                           uint32_t ring_size, bool polling) {
  struct hal_fdt_node node;
  memset(device, 0, sizeof *device);
  if (!valid_ring_size(ring_size)) return EPOCH_DEVICE_RING_SIZE;
  if (!hal_platform_device("epochcore,epochcore", index, &device->base, &device->interrupt, &node))
    return EPOCH_DEVICE_ABSENT;
  if (!hal_fdt_cell(hal_platform_fdt(), &node, "clock-frequency", 0, &device->clock_hz))
    device->clock_hz = 0;
  if (get(device, EPOCH_REG_ID) != EPOCH_ID_VALUE) return EPOCH_DEVICE_IDENTITY;
  if (EPOCH_GET(get(device, EPOCH_REG_VERSION), VERSION, MAJOR) != EPOCH_VERSION_MAJOR)
    return EPOCH_DEVICE_VERSION;
  read_caps(device, &device->caps);
  device->ring_size = ring_size;
  if (!hal_dma_alloc(&device->ring, ring_size * (uint32_t)sizeof(union epoch_descriptor)))
    return EPOCH_DEVICE_MEMORY;
  const result_t quiet = quiesce(device, OPEN_TIMEOUT_NS); /* whoever used it before */
  if (quiet != EPOCH_DEVICE_OK) return quiet;
  device->polling =
      polling || !hal_plic_connect(device->interrupt, handle_interrupt, device); /* no line: poll */
  start_ring(device, 0);
  return EPOCH_DEVICE_OK;
}

/* ---- Submit and wait ---- */

static uint32_t free_slots(const struct epoch_device* device) {
  return device->ring_size - (device->tail - get(device, EPOCH_REG_RING_HEAD));
}

/* Nothing interrupts when HEAD moves, so a full ring is polled. */
static bool has_room(void* argument) {
  struct epoch_device* device = argument;
  if (device->polling) epoch_device_service(device);
  return device->error.code != EPOCH_ERROR_NONE || free_slots(device) != 0;
}

/* HEAD said that the slots are the hart's again; they are the device's once it may see them. Up to
 * the ring's end in one piece: for small tiles, filling the ring is what the array waits for. */
static uint32_t fill_slots(const struct epoch_device* device,
                           const union epoch_descriptor* descriptors, uint32_t count) {
  const uint32_t slot = device->tail & (device->ring_size - 1);
  const uint32_t fit = count < device->ring_size - slot ? count : device->ring_size - slot;
  const uint32_t bytes = sizeof *descriptors;
  union epoch_descriptor* ring = device->ring.cpu;
  hal_dma_sync_for_cpu(&device->ring, slot * bytes, fit * bytes);
  for (uint32_t i = 0; i < fit; i++) ring[slot + i] = descriptors[i]; /* by words, in registers */
  hal_dma_sync_for_device(&device->ring, slot * bytes, fit * bytes);
  return fit;
}

enum epoch_device_result epoch_device_submit(struct epoch_device* device,
                                             const union epoch_descriptor* descriptors,
                                             uint32_t count, uint64_t timeout_ns) {
  uint32_t done = 0;
  while (done < count) {
    if (!hal_poll(has_room, device, hal_timer_now_ns() + timeout_ns)) return EPOCH_DEVICE_TIMEOUT;
    if (device->error.code != EPOCH_ERROR_NONE) return EPOCH_DEVICE_FAULT;
    const uint32_t room = free_slots(device);
    const uint32_t now =
        fill_slots(device, descriptors + done, count - done < room ? count - done : room);
    done += now;
    device->tail += now;
    put(device, EPOCH_REG_RING_TAIL, device->tail);
  }
  return EPOCH_DEVICE_OK;
}

uint32_t epoch_device_push(struct epoch_device* device, const union epoch_descriptor* descriptors,
                           uint32_t count) {
  const uint32_t room = free_slots(device);
  const uint32_t taken = count < room ? count : room;
  const uint32_t halfway = (device->tail + taken / 2) & (device->ring_size - 1);
  union epoch_descriptor* ring = device->ring.cpu;
  for (uint32_t done = 0; done < taken;) { /* two pieces at most */
    const uint32_t filled = fill_slots(device, descriptors + done, taken - done);
    done += filled;
    device->tail += filled;
  }
  if (taken == 0) return 0;
  if (taken < count) {
    ring[halfway].command.control |= EPOCH_FLAG_IRQ_ON_DONE << 8;
    hal_dma_sync_for_device(&device->ring, halfway * (uint32_t)sizeof *ring, sizeof *ring);
  }
  put(device, EPOCH_REG_RING_TAIL, device->tail);
  return taken;
}

uint32_t epoch_device_completed(const struct epoch_device* device) {
  const uint32_t completed = get(device, EPOCH_REG_COMPLETED);
  hal_fence_after_completion();
  return completed;
}

struct completion {
  struct epoch_device* device;
  uint32_t sequence;
};

static bool has_completed(void* argument) {
  const struct completion* completion = argument;
  struct epoch_device* device = completion->device;
  if (device->polling) epoch_device_service(device);
  if (device->error.code != EPOCH_ERROR_NONE) return true;
  return (int32_t)(get(device, EPOCH_REG_COMPLETED) - completion->sequence) >= 0;
}

enum epoch_device_result epoch_device_wait(struct epoch_device* device, uint32_t sequence,
                                           uint64_t timeout_ns) {
  struct completion completion = {device, sequence};
  const bool ready =
      epoch_device_await(device, has_completed, &completion, hal_timer_now_ns() + timeout_ns);
  if (device->error.code != EPOCH_ERROR_NONE) return EPOCH_DEVICE_FAULT;
  if (!ready) return EPOCH_DEVICE_TIMEOUT;
  hal_fence_after_completion(); /* the data that the caller reads now was written before */
  return EPOCH_DEVICE_OK;
}

/* ---- Counters ---- */

void epoch_device_clear_counters(struct epoch_device* device) {
  put(device, EPOCH_REG_COUNTER_CTRL, EPOCH_COUNTER_CTRL_CLEAR_MASK);
}

uint64_t epoch_device_counter(const struct epoch_device* device, uint32_t counter) {
  const uint32_t low = get(device, counter); /* latches the high word */
  return ((uint64_t)get(device, counter + 4) << 32) | low;
}

/* ---- Memory speed ---- */

/* Cycles from the start of a LOAD of the ring's first `bytes` bytes to its retirement. */
static result_t time_load(struct epoch_device* device, uint32_t bytes, uint64_t timeout_ns,
                          uint64_t* cycles) {
  union epoch_descriptor program[2];
  const struct epoch_transfer transfer = {
      .opcode = EPOCH_OP_LOAD,
      .bus = device->ring.bus,
      .local = {EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, 0), 0},
      .row_bytes = bytes,
      .rows = 1,
  };
  epoch_build_transfer(&program[0], &transfer);
  epoch_build_control(&program[1], EPOCH_OP_IRQ);
  epoch_device_clear_counters(device);
  result_t result = epoch_device_submit(device, program, 2, timeout_ns);
  if (result == EPOCH_DEVICE_OK) result = epoch_device_wait(device, device->tail, timeout_ns);
  *cycles = epoch_device_counter(device, EPOCH_COUNTER_LAST_RETIRE) -
            epoch_device_counter(device, EPOCH_COUNTER_FIRST_START);
  return result;
}

enum epoch_device_result epoch_device_measure(struct epoch_device* device,
                                              struct epoch_memory_speed* speed,
                                              uint64_t timeout_ns) {
  const uint32_t room = device->caps.buffer_bytes[EPOCH_BUFFER_ACTIVATIONS];
  const uint32_t most = device->ring.bytes < room ? device->ring.bytes : room;
  uint64_t shortest, longest;
  result_t result = time_load(device, 4, timeout_ns, &shortest);
  if (result == EPOCH_DEVICE_OK) result = time_load(device, most, timeout_ns, &longest);
  if (result != EPOCH_DEVICE_OK) return result;
  speed->latency = (uint32_t)shortest;
  speed->bytes = most;
  speed->cycles = (uint32_t)(longest > shortest ? longest - shortest : 1);
  return EPOCH_DEVICE_OK;
}
