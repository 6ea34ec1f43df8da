/* SPDX-License-Identifier: Apache-2.0 */
#include "epoch_runner.h"

#include <stddef.h>
#include <string.h>

#include "timer.h"

#define MEASURE_TIMEOUT_NS 10000000u

const char* epoch_runner_result_text(enum epoch_runner_result result) {
#define RESULT_TEXT(name, description) description,
  static const char* const texts[] = {EPOCH_RUNNER_RESULTS(RESULT_TEXT)};
#undef RESULT_TEXT
  return (size_t)result < sizeof texts / sizeof *texts ? texts[result] : "unknown result";
}

/* `count` elements of `bytes` bytes; false if that overflows or does not fit. */
static bool allocate(struct hal_dma_buffer* buffer, uint64_t count, uint64_t bytes) {
  const uint64_t total =
      count * bytes;           /* callers' counts are below 2^32, elements below 2^23 bytes */
  if (total == 0) return true; /* nothing to hold: null and 0 bytes */
  return total <= UINT32_MAX && hal_dma_alloc(buffer, (uint32_t)total);
}

/* ---- Which schedule ---- */

static int make_plan(struct epoch_runner* runner, const struct epoch_runner_options* options,
                     enum epoch_schedule_kind kind) {
  const struct epoch_plan_request request = {
      .network = runner->network,
      .caps = &runner->caps,
      .steps = options->steps,
      .schedule = kind,
      .flags = options->flags,
      .tile_rows = options->tile_rows,
      .share = &runner->share,
  };
  return epoch_plan_make(&runner->plan, &request, runner->workspace.cpu, runner->workspace.bytes,
                         &runner->failure);
}

/* The kind whose plan costs least; LAYER if none can be made, so that the reason is told. */
static enum epoch_schedule_kind cheapest(struct epoch_runner* runner,
                                         const struct epoch_runner_options* options,
                                         const struct epoch_memory_speed* speed) {
  enum epoch_schedule_kind best = EPOCH_SCHEDULE_KIND_LAYER;
  runner->estimate.cycles = UINT64_MAX;
  for (uint32_t k = 0; k < EPOCH_SCHEDULE_KIND_AUTO; k++) {
    if (make_plan(runner, options, (enum epoch_schedule_kind)k) != 0) continue;
    const struct epoch_estimate estimate =
        epoch_schedule_estimate(&runner->scheduler, &runner->plan, speed);
    if (estimate.cycles >= runner->estimate.cycles) continue;
    runner->estimate = estimate;
    best = (enum epoch_schedule_kind)k;
  }
  return best;
}

/* The plan, and what its program will take; without `auto` only how long it will be. */
static enum epoch_runner_result choose_plan(struct epoch_runner* runner,
                                            const struct epoch_runner_options* options) {
  enum epoch_schedule_kind kind = options->schedule;
  const uint32_t workspace = epoch_plan_workspace(runner->network, &runner->caps);
  if (workspace == 0 || !allocate(&runner->workspace, workspace, 1)) return EPOCH_RUNNER_MEMORY;
  if (kind == EPOCH_SCHEDULE_KIND_AUTO) {
    struct epoch_memory_speed speed = {0, 1, 0};
    if (epoch_device_measure(runner->jobs->device, &speed, MEASURE_TIMEOUT_NS) != EPOCH_DEVICE_OK)
      return EPOCH_RUNNER_DEVICE;
    kind = cheapest(runner, options, &speed);
  }
  if (make_plan(runner, options, kind) != 0) return EPOCH_RUNNER_SCHEDULE;
  if (options->schedule != EPOCH_SCHEDULE_KIND_AUTO)
    runner->estimate = epoch_schedule_estimate(&runner->scheduler, &runner->plan, NULL);
  return EPOCH_RUNNER_OK;
}

/* ---- Memory ---- */

static bool allocate_carries(struct epoch_runner* runner,
                             const struct epoch_runner_options* options) {
  const uint64_t bytes = epoch_schedule_carry_bytes(&runner->plan);
  if (options->carries != NULL) {
    runner->carries = *options->carries;
    return options->carries->bytes >= bytes;
  }
  return allocate(&runner->carries, bytes, 1);
}

static bool allocate_all(struct epoch_runner* runner, const struct epoch_runner_options* options) {
  const struct epoch_image_header* header = runner->network->header;
  const struct epoch_image_tensor* input = &runner->network->tensors[header->input];
  const struct epoch_image_tensor* output = epoch_output_tensor(runner->network);
  const uint32_t descriptors = runner->estimate.descriptors;
  runner->program.capacity = descriptors;
  return allocate(&runner->input,
                  (uint64_t)header->documents * epoch_tensor_rows(input, options->steps),
                  epoch_row_bytes(input)) &&
         allocate(&runner->output, epoch_tensor_rows(output, options->steps),
                  epoch_row_bytes(output)) &&
         allocate(&runner->scratch, runner->plan.scratch_bytes, 1) &&
         allocate_carries(runner, options) &&
         allocate(&runner->descriptors, descriptors, sizeof(union epoch_descriptor)) &&
         allocate(&runner->clocks, descriptors, sizeof(struct epoch_clock));
}

/* What only the device uses from here on, whoever wrote it last. */
static void hand_over_for_good(const struct epoch_runner* runner) {
  const struct hal_dma_buffer image = {(void*)(uintptr_t)runner->network->image,
                                       hal_dma_bus_address(runner->network->image),
                                       runner->network->header->total_bytes};
  if (runner->plan.zero_bytes != 0) memset(runner->scratch.cpu, 0, runner->plan.zero_bytes);
  hal_dma_sync_for_device(&image, 0, image.bytes);
  hal_dma_sync_for_device(&runner->scratch, 0, runner->scratch.bytes);
  hal_dma_sync_for_device(&runner->carries, 0, runner->carries.bytes);
}

static bool take_share(struct epoch_runner* runner, const struct epoch_share* share) {
  const struct epoch_caps* caps = &runner->jobs->device->caps;
  if (share == NULL)
    epoch_share_whole(&runner->share, 0, caps);
  else
    runner->share = *share;
  runner->caps = *caps;
  memcpy(runner->caps.buffer_bytes, runner->share.bytes, sizeof runner->caps.buffer_bytes);
  return epoch_jobs_lease(runner->jobs, &runner->share);
}

/* Every run writes what it reads, but for a session that keeps its carries where it found them. */
static void describe_job(struct epoch_runner* runner, uint32_t flags) {
  const uint32_t overwrites = EPOCH_SCHEDULE_RESUME | EPOCH_SCHEDULE_KEEP;
  runner->job.program = &runner->program;
  runner->job.context = runner->share.context;
  runner->job.alone = (flags & overwrites) == overwrites;
}

enum epoch_runner_result epoch_runner_prepare(struct epoch_runner* runner, struct epoch_jobs* jobs,
                                              const struct epoch_network* network,
                                              const struct epoch_runner_options* options) {
  memset(runner, 0, sizeof *runner);
  runner->jobs = jobs;
  runner->network = network;
  if (!take_share(runner, options->share)) return EPOCH_RUNNER_SHARE;
  const enum epoch_runner_result planned = choose_plan(runner, options);
  if (planned != EPOCH_RUNNER_OK) return planned;
  if (!allocate_all(runner, options)) return EPOCH_RUNNER_MEMORY;
  hand_over_for_good(runner);
  runner->program.descriptors = runner->descriptors.cpu;
  const struct epoch_places places = {
      .image = hal_dma_bus_address(network->image),
      .input = runner->input.bus,
      .output = runner->output.bus,
      .scratch = runner->scratch.bus,
      .carries = runner->carries.bus,
  };
  if (epoch_schedule(&runner->scheduler, &runner->plan, &places, &runner->program,
                     runner->clocks.cpu, &runner->failure) != 0)
    return EPOCH_RUNNER_SCHEDULE;
  if (!epoch_program_stands_alone(&runner->program, runner->share.semaphores))
    return EPOCH_RUNNER_PROGRAM;
  describe_job(runner, options->flags);
  return EPOCH_RUNNER_OK;
}

/* ---- Runs ---- */

enum epoch_job_result epoch_runner_start(struct epoch_runner* runner, const void* input,
                                         uint64_t timeout_ns) {
  if (runner->job.result == EPOCH_JOB_PENDING) return EPOCH_JOB_REFUSED;
  memcpy(runner->input.cpu, input, runner->input.bytes);
  hal_dma_sync_for_device(&runner->input, 0, runner->input.bytes);
  hal_dma_sync_for_device(&runner->output, 0,
                          runner->output.bytes); /* nothing of it may be dirty */
  runner->job.deadline_ns = hal_timer_now_ns() + timeout_ns;
  return epoch_jobs_submit(runner->jobs, &runner->job);
}

enum epoch_job_result epoch_runner_finish(struct epoch_runner* runner) {
  const enum epoch_job_result result = epoch_jobs_wait(runner->jobs, &runner->job);
  if (result == EPOCH_JOB_OK) hal_dma_sync_for_cpu(&runner->output, 0, runner->output.bytes);
  return result;
}

enum epoch_job_result epoch_runner_run(struct epoch_runner* runner, const void* input,
                                       uint64_t timeout_ns) {
  const enum epoch_job_result result = epoch_runner_start(runner, input, timeout_ns);
  return result == EPOCH_JOB_PENDING ? epoch_runner_finish(runner) : result;
}
