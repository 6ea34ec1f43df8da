/* SPDX-License-Identifier: Apache-2.0 */
#include "epoch_runner.h"

#include <stddef.h>
#include <string.h>

const char* epoch_runner_result_text(enum epoch_runner_result result) {
#define RESULT_TEXT(name, description) description,
  static const char* const texts[] = {EPOCH_RUNNER_RESULTS(RESULT_TEXT)};
#undef RESULT_TEXT
  return (size_t)result < sizeof texts / sizeof *texts ? texts[result] : "unknown result";
}

/* `count` elements of `bytes` bytes; false if that overflows or does not fit. */
static bool allocate(struct hal_dma_buffer* buffer, uint64_t count, uint64_t bytes) {
  const uint64_t total =
      count * bytes; /* callers' counts are below 2^32, elements below 2^19 bytes */
  return total <= UINT32_MAX && hal_dma_alloc(buffer, (uint32_t)total);
}

static bool allocate_all(struct epoch_runner* runner, uint32_t capacity) {
  const struct epoch_network* network = &runner->network;
  const uint32_t scratch =
      epoch_schedule_scratch_bytes(network, &runner->device->caps, runner->steps);
  return allocate(&runner->input, runner->steps, network->header->input_width) &&
         allocate(&runner->output, epoch_network_output_steps(network, runner->steps),
                  4 * (uint64_t)network->header->output_width) &&
         allocate(&runner->scratch, scratch, 1) &&
         allocate(&runner->descriptors, capacity, sizeof(union epoch_descriptor)) &&
         allocate(&runner->clocks, capacity, sizeof(struct epoch_clock));
}

/* What only the device uses from here on, whoever wrote it last. */
static void hand_over_for_good(const struct epoch_runner* runner, const void* image,
                               uint32_t image_bytes) {
  const struct hal_dma_buffer network = {(void*)(uintptr_t)image, hal_dma_bus_address(image),
                                         image_bytes};
  hal_dma_sync_for_device(&network, 0, network.bytes);
  hal_dma_sync_for_device(&runner->scratch, 0, runner->scratch.bytes);
}

enum epoch_runner_result epoch_runner_prepare(struct epoch_runner* runner,
                                              struct epoch_device* device, const void* image,
                                              uint32_t image_bytes, uint32_t steps,
                                              uint32_t program_capacity) {
  memset(runner, 0, sizeof *runner);
  runner->device = device;
  runner->steps = steps;
  runner->network_result = epoch_network_open(&runner->network, image, image_bytes, &device->caps);
  if (runner->network_result != EPOCH_NETWORK_OK) return EPOCH_RUNNER_IMAGE;
  if (!allocate_all(runner, program_capacity)) return EPOCH_RUNNER_MEMORY;
  hand_over_for_good(runner, image, image_bytes);
  runner->program.descriptors = runner->descriptors.cpu;
  runner->program.capacity = program_capacity;
  const struct epoch_schedule_request request = {
      .network = &runner->network,
      .caps = &device->caps,
      .steps = steps,
      .image = hal_dma_bus_address(image),
      .input = runner->input.bus,
      .output = runner->output.bus,
      .scratch = runner->scratch.bus,
      .scratch_bytes = runner->scratch.bytes,
  };
  if (epoch_schedule(&runner->scheduler, &request, &runner->program, runner->clocks.cpu,
                     &runner->failure) != 0)
    return EPOCH_RUNNER_SCHEDULE;
  return EPOCH_RUNNER_OK;
}

enum epoch_device_result epoch_runner_start(struct epoch_runner* runner, const uint8_t* sequence,
                                            uint64_t timeout_ns) {
  memcpy(runner->input.cpu, sequence, runner->input.bytes);
  hal_dma_sync_for_device(&runner->input, 0, runner->input.bytes);
  hal_dma_sync_for_device(&runner->output, 0,
                          runner->output.bytes); /* nothing of it may be dirty */
  return epoch_device_submit(runner->device, runner->program.descriptors, runner->program.count,
                             timeout_ns);
}

enum epoch_device_result epoch_runner_finish(struct epoch_runner* runner, uint64_t timeout_ns) {
  struct epoch_device* device = runner->device;
  const enum epoch_device_result result = epoch_device_wait(device, device->tail, timeout_ns);
  if (result == EPOCH_DEVICE_OK) hal_dma_sync_for_cpu(&runner->output, 0, runner->output.bytes);
  return result;
}

enum epoch_device_result epoch_runner_run(struct epoch_runner* runner, const uint8_t* sequence,
                                          uint64_t timeout_ns) {
  const enum epoch_device_result result = epoch_runner_start(runner, sequence, timeout_ns);
  return result == EPOCH_DEVICE_OK ? epoch_runner_finish(runner, timeout_ns) : result;
}
