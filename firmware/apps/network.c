/* SPDX-License-Identifier: Apache-2.0
 *
 * network: runs any network on its input, and prints the results. A language model goes on from
 * there, token by token.
 *
 *   --steps=N     steps of the input (default: as many as are loaded)
 *   --schedule=   layer, resident, depth_first or auto (default auto)
 *   --tile=N      rows of a tile, where they fit (default: the scheduler's rule)
 *   --decode=N    decode N tokens greedily behind the prompt, instead of its results (default 0)
 *   --logits      print what each token was chosen by, too
 *   --poll        poll instead of sleeping for the interrupt
 *
 * Data that the loader places: "epochcore,network-image", and "epochcore,data" labelled `input`:
 * rows of the network's input tensor, of each document in turn.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "common.h"
#include "epoch_device.h"
#include "platform.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

#define RING_ENTRIES 1024u
#define TIMEOUT_NS 60000000000u /* simulated: the longest network takes seconds at 1 GHz */

struct options {
  uint32_t steps;
  uint32_t tile;
  uint32_t decode;
  bool logits;
  enum epoch_schedule_kind schedule;
  bool poll;
};

static struct epoch_device device;
static struct epoch_jobs jobs;
static struct epoch_network network;
static struct epoch_runner prompt;  /* the input, */
static struct epoch_runner decoder; /* and a single step that goes on from where it stood */

static bool parse(int argc, char** argv, struct options* options) {
  for (int i = 1; i < argc; i++) {
    const char* value;
    if (hal_args_option(argv[i], "--steps", &value)) {
      if (!hal_args_number(value, &options->steps) || options->steps == 0) return false;
    } else if (hal_args_option(argv[i], "--decode", &value)) {
      if (!hal_args_number(value, &options->decode)) return false;
    } else if (hal_args_option(argv[i], "--tile", &value)) {
      if (!hal_args_number(value, &options->tile) || options->tile == 0) return false;
    } else if (hal_args_option(argv[i], "--schedule", &value)) {
      if (!epoch_schedule_kind_parse(value, &options->schedule)) return false;
    } else if (strcmp(argv[i], "--logits") == 0) {
      options->logits = true;
    } else if (strcmp(argv[i], "--poll") == 0) {
      options->poll = true;
    } else {
      return false;
    }
  }
  return true;
}

/* The input's rows; *steps becomes all that are loaded unless it says less. */
static const uint8_t* open_input(uint32_t* steps) {
  const uint8_t* data;
  uint32_t bytes;
  const struct epoch_image_tensor* input = &network.tensors[network.header->input];
  if (!hal_platform_blob("epochcore,data", "input", &data, &bytes)) {
    app_fail("no data named 'input' is loaded");
    return NULL;
  }
  const uint32_t documents = network.header->documents;
  const uint32_t rows = bytes / epoch_row_bytes(input) / documents;
  if (input->rows == 0 && *steps == 0) *steps = rows;
  if (input->rows != 0) *steps = 1;
  if (rows < epoch_tensor_rows(input, *steps) || *steps == 0) {
    printf("network: 'input' holds %" PRIu32 " rows a document, %" PRIu32 " are wanted\n", rows,
           epoch_tensor_rows(input, *steps));
    return NULL;
  }
  return data;
}

static bool run(struct epoch_runner* runner, const void* input) {
  epoch_device_clear_counters(&device);
  return app_succeeded(runner, epoch_runner_run(runner, input, TIMEOUT_NS));
}

/* ---- What came out ---- */

/* Cycles from the first command's start to the last retirement, and how the array was used. */
static void print_cycles(const char* name, const struct epoch_runner* runner) {
  const struct epoch_array_shape* array = &device.caps.array;
  const uint64_t pes = (uint64_t)array->rows * array->cols;
  const uint64_t cycles = epoch_device_counter(&device, EPOCH_COUNTER_LAST_RETIRE) -
                          epoch_device_counter(&device, EPOCH_COUNTER_FIRST_START);
  const uint64_t useful = epoch_device_counter(&device, EPOCH_COUNTER_CAUSE_USEFUL);
  const uint64_t executing = useful +
                             epoch_device_counter(&device, EPOCH_COUNTER_CAUSE_FILL_DRAIN) +
                             epoch_device_counter(&device, EPOCH_COUNTER_CAUSE_PORT_LIMITED);
  const uint64_t pe_cycles = epoch_device_counter(&device, EPOCH_COUNTER_PE_CYCLES);
  const double spatial = app_percent(pe_cycles, pes * executing),
               temporal = app_percent(useful, cycles);
  printf("%s steps %" PRIu32 " schedule %s commands %" PRIu32 " cycles %" PRIu64
         " utilisation %.1f %% = spatial %.1f %% x temporal %.1f %%",
         name, runner->plan.request.steps, epoch_schedule_kind_text(runner->plan.request.schedule),
         runner->program.count, cycles, spatial * temporal / 100.0, spatial, temporal);
  if (runner->estimate.cycles != 0) printf(" estimate %" PRIu64, runner->estimate.cycles);
  printf("\n");
}

/* ---- Language models ---- */

/* A token in, one row of logits out; and they can follow each other. */
static bool can_decode(void) {
  const struct epoch_image_tensor* input = &network.tensors[network.header->input];
  if (input->type != EPOCH_IMAGE_TYPE_UINT32 || input->width != 1 || input->rows != 0)
    return app_fail("--decode is for networks that read tokens, one a step");
  if (network.header->documents != 1)
    return app_fail("--decode is for networks that read one document");
  return epoch_output_tensor(&network)->rows == 1 ||
         app_fail("--decode is for networks whose output is one row");
}

static bool decode(const struct options* options) {
  const struct epoch_runner_options one = {.steps = 1,
                                           .schedule = options->schedule,
                                           .flags = EPOCH_SCHEDULE_RESUME | EPOCH_SCHEDULE_KEEP,
                                           .carries = &prompt.carries};
  if (!app_prepare(&decoder, &jobs, &network, &one)) return false;
  const struct epoch_runner* last = &prompt;
  for (uint32_t t = 0; t < options->decode; t++) {
    const uint32_t token = app_likeliest(last);
    printf("token %" PRIu32 "\n", token);
    if (options->logits) {
      printf("logits");
      app_print_row(last, 0);
    }
    if (t + 1 == options->decode) break;
    if (!run(&decoder, &token)) return false;
    last = &decoder;
  }
  if (last == &decoder) print_cycles("decode", &decoder);
  return true;
}

int main(int argc, char** argv) {
  struct options options = {.schedule = EPOCH_SCHEDULE_KIND_AUTO};
  app_name = "network";
  if (!parse(argc, argv, &options)) {
    printf(
        "usage: network [--steps=N] [--schedule=layer|resident|depth_first|auto] [--tile=N]\n"
        "               [--decode=N] [--logits] [--poll]\n");
    return EXIT_USAGE;
  }
  const enum epoch_device_result opened = epoch_device_open(&device, 0, RING_ENTRIES, options.poll);
  if (opened != EPOCH_DEVICE_OK) {
    app_fail(epoch_device_result_text(opened));
    return EXIT_FAILED;
  }
  epoch_jobs_open(&jobs, &device);
  if (!app_open_network(&network, &device.caps)) return EXIT_FAILED;
  const uint8_t* input = open_input(&options.steps);
  if (input == NULL) return EXIT_FAILED;
  if (options.decode != 0 && !can_decode()) return EXIT_USAGE;
  const struct epoch_runner_options whole = {.steps = options.steps,
                                             .schedule = options.schedule,
                                             .flags = options.decode != 0 ? EPOCH_SCHEDULE_KEEP : 0,
                                             .tile_rows = options.tile};
  if (!app_prepare(&prompt, &jobs, &network, &whole) || !run(&prompt, input)) return EXIT_FAILED;
  print_cycles("input", &prompt);
  if (options.decode != 0) return decode(&options) ? EXIT_OK : EXIT_FAILED;
  for (uint32_t row = 0; row < app_output_rows(&prompt); row++) {
    printf("result");
    app_print_row(&prompt, row);
  }
  return EXIT_OK;
}
