/* SPDX-License-Identifier: Apache-2.0
 *
 * ring: the driver and the command ring without a network. NOP and IRQ, more commands than the ring
 * has slots, a copy through each buffer, semaphores, an error with its decoding, and recovery.
 *
 *   --poll   poll instead of sleeping for the interrupt
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dma.h"
#include "epoch_device.h"

#define RING_ENTRIES 8u
#define TIMEOUT_NS 100000000u
#define COPY_BYTES 4096u
#define MANY 100u

static struct epoch_device device;

static bool check(const char* what, bool passed) {
  printf("%s: %s\n", what, passed ? "ok" : "FAILED");
  return passed;
}

static enum epoch_device_result run(const union epoch_descriptor* descriptors, uint32_t count) {
  const enum epoch_device_result submitted =
      epoch_device_submit(&device, descriptors, count, TIMEOUT_NS);
  if (submitted != EPOCH_DEVICE_OK) return submitted;
  return epoch_device_wait(&device, device.tail, TIMEOUT_NS);
}

static bool nop_and_irq(void) {
  union epoch_descriptor descriptors[2];
  epoch_build_control(&descriptors[0], EPOCH_OP_NOP);
  epoch_build_control(&descriptors[1], EPOCH_OP_IRQ);
  return check("nop and irq", run(descriptors, 2) == EPOCH_DEVICE_OK);
}

static bool more_than_the_ring(void) {
  static union epoch_descriptor descriptors[MANY];
  for (uint32_t i = 0; i + 1 < MANY; i++) epoch_build_control(&descriptors[i], EPOCH_OP_NOP);
  epoch_build_control(&descriptors[MANY - 1], EPOCH_OP_IRQ);
  return check("more commands than slots", run(descriptors, MANY) == EPOCH_DEVICE_OK);
}

/* LOAD, then STORE once a semaphore says that the bytes are there. */
static bool copy_through(uint32_t buffer, const struct hal_dma_buffer* from,
                         const struct hal_dma_buffer* to) {
  const struct epoch_rows local = {EPOCH_LOCAL(buffer, 64), 0};
  const struct epoch_transfer in = {.opcode = EPOCH_OP_LOAD,
                                    .bus = from->bus,
                                    .local = local,
                                    .row_bytes = COPY_BYTES,
                                    .rows = 1};
  const struct epoch_transfer out = {
      .opcode = EPOCH_OP_STORE, .bus = to->bus, .local = local, .row_bytes = COPY_BYTES, .rows = 1};
  union epoch_descriptor descriptors[3];
  uint8_t* source = from->cpu;
  for (uint32_t i = 0; i < COPY_BYTES; i++) source[i] = (uint8_t)(i * 7 + buffer);
  memset(to->cpu, 0, COPY_BYTES);
  epoch_build_transfer(&descriptors[0], &in);
  descriptors[0].command.semaphores = EPOCH_SEMAPHORE_FIELD(0, 0, EPOCH_SEMAPHORE_USE(3), 0);
  epoch_build_transfer(&descriptors[1], &out);
  descriptors[1].command.semaphores = EPOCH_SEMAPHORE_FIELD(EPOCH_SEMAPHORE_USE(3), 0, 0, 0);
  epoch_build_control(&descriptors[2], EPOCH_OP_IRQ);
  hal_dma_sync_for_device(from, 0, COPY_BYTES);
  hal_dma_sync_for_device(to, 0, COPY_BYTES); /* nothing of it may be dirty */
  if (run(descriptors, 3) != EPOCH_DEVICE_OK) return false;
  hal_dma_sync_for_cpu(to, 0, COPY_BYTES);
  return memcmp(from->cpu, to->cpu, COPY_BYTES) == 0;
}

static bool copies(void) {
  struct hal_dma_buffer from;
  struct hal_dma_buffer to;
  bool passed = hal_dma_alloc(&from, COPY_BYTES) && hal_dma_alloc(&to, COPY_BYTES);
  for (uint32_t buffer = 0; passed && buffer < EPOCH_BUFFERS; buffer++)
    passed = copy_through(buffer, &from, &to);
  return check("copies through the buffers", passed);
}

/* The commands before the bad one retire, the ones after it never start. */
static bool error_and_recovery(void) {
  union epoch_descriptor descriptors[3];
  const uint32_t first = device.tail;
  epoch_build_control(&descriptors[0], EPOCH_OP_NOP);
  epoch_build_control(&descriptors[1], 0xEE);
  epoch_build_control(&descriptors[2], EPOCH_OP_IRQ);
  const bool fault = run(descriptors, 3) == EPOCH_DEVICE_FAULT;
  printf("error %s at command %" PRIu32 "\n", epoch_error_text(device.error.code),
         device.error.sequence - first);
  const bool precise =
      device.error.code == EPOCH_ERROR_OPCODE && device.error.sequence == first + 1;
  const bool recovered = epoch_device_recover(&device, TIMEOUT_NS) == EPOCH_DEVICE_OK;
  const bool kept = device.tail == first + 1 && device.error.code == EPOCH_ERROR_NONE;
  return check("error is precise", fault && precise) &&
         check("recovery keeps what retired", recovered && kept) && nop_and_irq();
}

/* Nobody signals: the wait must end by itself. */
static bool timeout(void) {
  union epoch_descriptor descriptors[2];
  epoch_build_control(&descriptors[0], EPOCH_OP_NOP);
  descriptors[0].command.semaphores = EPOCH_SEMAPHORE_FIELD(EPOCH_SEMAPHORE_USE(9), 0, 0, 0);
  epoch_build_control(&descriptors[1], EPOCH_OP_IRQ);
  if (epoch_device_submit(&device, descriptors, 2, TIMEOUT_NS) != EPOCH_DEVICE_OK) return false;
  const bool late = epoch_device_wait(&device, device.tail, 1000000) == EPOCH_DEVICE_TIMEOUT;
  const bool recovered = epoch_device_recover(&device, TIMEOUT_NS) == EPOCH_DEVICE_OK;
  return check("timeout", late && recovered) && nop_and_irq();
}

int main(int argc, char** argv) {
  const bool polling = argc > 1 && strcmp(argv[1], "--poll") == 0;
  const enum epoch_device_result opened = epoch_device_open(&device, 0, RING_ENTRIES, polling);
  if (opened != EPOCH_DEVICE_OK) {
    printf("ring: %s\n", epoch_device_result_text(opened));
    return 1;
  }
  printf("array %" PRIu32 " x %" PRIu32 " at %" PRIu32 " Hz\n", device.caps.array.rows,
         device.caps.array.cols, device.clock_hz);
  const bool passed =
      nop_and_irq() && more_than_the_ring() && copies() && error_and_recovery() && timeout();
  return passed ? 0 : 1;
}
