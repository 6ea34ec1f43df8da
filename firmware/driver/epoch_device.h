/* SPDX-License-Identifier: Apache-2.0
 *
 * One EpochCore: probe, ring, completion, errors, counters. Uses the HAL for registers, memory,
 * interrupts and time. Every wait has a timeout in nanoseconds.
 */
#ifndef EPOCH_DEVICE_H
#define EPOCH_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "dma.h"
#include "epoch_caps.h"
#include "epoch_program.h"
#include "epoch_timeline.h"

/* E(name, description) */
#define EPOCH_DEVICE_RESULTS(E)                                      \
  E(OK, "success")                                                   \
  E(ABSENT, "no EpochCore in the device tree")                       \
  E(IDENTITY, "the device does not identify itself as EpochCore")    \
  E(VERSION, "the device has another major version of the contract") \
  E(MEMORY, "no memory for the ring")                                \
  E(RING_SIZE, "ring size is not a power of two in 2..4096")         \
  E(TIMEOUT, "timeout")                                              \
  E(FAULT, "the device stopped with an error")                       \
  E(DRAIN, "the device could not drain: only a platform reset helps")

#define EPOCH_X_DEVICE_RESULT(name, description) EPOCH_DEVICE_##name,
enum epoch_device_result { EPOCH_DEVICE_RESULTS(EPOCH_X_DEVICE_RESULT) };
#undef EPOCH_X_DEVICE_RESULT

/* The first error since the last recovery; code EPOCH_ERROR_NONE if there was none. */
struct epoch_device_error {
  uint32_t code; /* EPOCH_ERROR_* */
  uint32_t sequence;
  uint64_t address;
  uint32_t length;
  uint32_t context;
};

struct epoch_device {
  uintptr_t base;
  uint32_t interrupt; /* source at the interrupt controller; 0: polling only */
  uint32_t clock_hz;  /* of the array */
  struct epoch_caps caps;
  bool polling;
  struct hal_dma_buffer ring;
  uint32_t ring_size;
  uint32_t tail; /* free-running counter of the next descriptor */
  struct epoch_device_error error;
  /* Called when causes have been taken: by the interrupt handler, or by who polls; or null. */
  void (*listener)(void* argument);
  void* listener_argument;
};

const char* epoch_device_result_text(enum epoch_device_result result);
const char* epoch_error_text(uint32_t code);

/* Finds the index-th device, checks it, resets it, makes a ring of `ring_size` entries and enables
 * it. */
enum epoch_device_result epoch_device_open(struct epoch_device* device, uint32_t index,
                                           uint32_t ring_size, bool polling);

/* Copies `count` descriptors into the ring and rings the doorbell once for all that fit; waits for
 * room when the ring is full, at most `timeout_ns` each time. device->tail is then the sequence to
 * wait for. After TIMEOUT it counts what was accepted. */
enum epoch_device_result epoch_device_submit(struct epoch_device* device,
                                             const union epoch_descriptor* descriptors,
                                             uint32_t count, uint64_t timeout_ns);
/* Until every command below `sequence` has retired and its writes are visible. Sleeps if interrupts
 * are in use: then the last command must raise done (IRQ, HALT or IRQ_ON_DONE). */
enum epoch_device_result epoch_device_wait(struct epoch_device* device, uint32_t sequence,
                                           uint64_t timeout_ns);

/* ---- The same in pieces, for those that must not wait (epoch_jobs) ---- */

/* Copies as many as there is room for, and rings the doorbell; returns how many. If that is not all
 * of them, one half-way raises done, so that there is an interrupt when there is room again. */
uint32_t epoch_device_push(struct epoch_device* device, const union epoch_descriptor* descriptors,
                           uint32_t count);
/* COMPLETED; what commands below it have written may be read. */
uint32_t epoch_device_completed(const struct epoch_device* device);
/* Takes the causes, as the interrupt handler does. */
void epoch_device_service(struct epoch_device* device);
/* Until `ready`, or `deadline_ns`: asleep, or polling if the device is polled. */
bool epoch_device_await(struct epoch_device* device, bool (*ready)(void*), void* argument,
                        uint64_t deadline_ns);

/* After FAULT or TIMEOUT: mask, reset, poll, clear, and an empty ring where COMPLETED stood. What
 * was submitted and had not retired is dropped; semaphores are 0, so a program that uses them is
 * submitted again as a whole. Clears device->error; the watchdog is off. */
enum epoch_device_result epoch_device_recover(struct epoch_device* device, uint64_t timeout_ns);

/* The same with the ring counters at `counter`. */
enum epoch_device_result epoch_device_restart(struct epoch_device* device, uint32_t counter,
                                              uint64_t timeout_ns);

/* How fast the device's DMA reads memory, by two transfers into the activations buffer while
 * nothing else runs. Clears the counters. */
enum epoch_device_result epoch_device_measure(struct epoch_device* device,
                                              struct epoch_memory_speed* speed,
                                              uint64_t timeout_ns);

void epoch_device_clear_counters(struct epoch_device* device);
/* `counter` is EPOCH_COUNTER_*; both halves belong to one moment. */
uint64_t epoch_device_counter(const struct epoch_device* device, uint32_t counter);

#endif
