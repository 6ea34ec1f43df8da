/* SPDX-License-Identifier: Apache-2.0 */
#include "common.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "platform.h"

const char* app_name = "app";

bool app_fail(const char* why) {
  printf("%s: %s\n", app_name, why);
  return false;
}

bool app_open_network(struct epoch_network* network, const struct epoch_caps* caps) {
  const uint8_t* image;
  uint32_t bytes, op;
  if (!hal_platform_blob("epochcore,network-image", NULL, &image, &bytes))
    return app_fail("no network image is loaded");
  const enum epoch_network_result opened = epoch_network_open(network, image, bytes, caps, &op);
  if (opened == EPOCH_NETWORK_OK) return true;
  printf("%s: network", app_name);
  if (op != EPOCH_NO_OP) printf(" op %" PRIu32, op);
  printf(": %s\n", epoch_network_result_text(opened));
  return false;
}

bool app_prepare(struct epoch_runner* runner, struct epoch_jobs* jobs,
                 const struct epoch_network* network, const struct epoch_runner_options* options) {
  const enum epoch_runner_result prepared = epoch_runner_prepare(runner, jobs, network, options);
  if (prepared == EPOCH_RUNNER_OK) return true;
  app_fail(epoch_runner_result_text(prepared));
  if (prepared != EPOCH_RUNNER_SCHEDULE) return false;
  const struct epoch_schedule_failure* failure = &runner->failure;
  printf("%s: layer %" PRIu32 " op %" PRIu32 ": %s: %" PRIu64 " needed, %" PRIu64 " available\n",
         app_name, failure->layer, failure->op, epoch_schedule_result_text(failure->result),
         failure->needed, failure->available);
  return false;
}

bool app_succeeded(const struct epoch_runner* runner, enum epoch_job_result result) {
  if (result == EPOCH_JOB_OK) return true;
  const struct epoch_device_error* error = &runner->job.error;
  app_fail(epoch_job_result_text(result));
  if (error->code == EPOCH_ERROR_NONE) return false;
  printf("%s: %s; command %" PRIu32 ", address 0x%08" PRIx32 "%08" PRIx32 ", %" PRIu32 " bytes\n",
         app_name, epoch_error_text(error->code), error->sequence, (uint32_t)(error->address >> 32),
         (uint32_t)error->address, error->length);
  return false;
}

/* ---- The output ---- */

uint32_t app_output_rows(const struct epoch_runner* runner) {
  return epoch_tensor_rows(epoch_output_tensor(runner->network), runner->plan.request.steps);
}

/* The element's bits: of an integer itself, of a float fp32's. */
static uint32_t element_bits(const struct epoch_runner* runner, uint32_t index) {
  const uint32_t type = epoch_output_tensor(runner->network)->type;
  const uint32_t bytes = epoch_element_bytes(type);
  uint32_t bits = 0;
  memcpy(&bits, (const uint8_t*)runner->output.cpu + index * bytes, bytes); /* little-endian */
  if (type == EPOCH_TYPE_BF16) return bits << 16;
  return type == EPOCH_TYPE_INT8 ? (uint32_t)(int32_t)(int8_t)bits : bits;
}

void app_print_row(const struct epoch_runner* runner, uint32_t row) {
  const struct epoch_image_tensor* output = epoch_output_tensor(runner->network);
  for (uint32_t i = row * output->width; i < (row + 1) * output->width; i++) {
    const uint32_t bits = element_bits(runner, i);
    float value;
    memcpy(&value, &bits, sizeof value);
    if (output->type == EPOCH_TYPE_INT8)
      printf(" %" PRId32, (int32_t)bits);
    else if (output->type == EPOCH_TYPE_FP32 || output->type == EPOCH_TYPE_BF16)
      printf(" %.9g", (double)value);
    else
      printf(" %" PRIu32, bits);
  }
  printf("\n");
}

/* Order of values as order of unsigned integers: no floating-point unit needed. */
static uint32_t sortable(uint32_t type, uint32_t bits) {
  const uint32_t sign = 0x80000000u;
  if (type == EPOCH_TYPE_INT8) return bits ^ sign;
  if (type != EPOCH_TYPE_FP32 && type != EPOCH_TYPE_BF16) return bits;
  return (bits & sign) != 0 ? ~bits : bits | sign;
}

uint32_t app_likeliest(const struct epoch_runner* runner) {
  const struct epoch_image_tensor* output = epoch_output_tensor(runner->network);
  uint32_t best = 0, best_value = sortable(output->type, element_bits(runner, 0));
  for (uint32_t i = 1; i < output->width; i++) {
    const uint32_t value = sortable(output->type, element_bits(runner, i));
    if (value <= best_value) continue;
    best = i;
    best_value = value;
  }
  return best;
}

double app_percent(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0.0 : 100.0 * (double)part / (double)whole;
}
