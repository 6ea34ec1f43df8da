/* SPDX-License-Identifier: Apache-2.0
 *
 * smnist: classifies handwritten digits, one pixel a step, on every EpochCore of the device tree:
 * as many digits at once.
 *
 *   --digits=N   how many (default 20)        --logits  print each digit's results too
 *   --start=N    first digit (default 0)      --poll    poll instead of sleeping for the interrupt
 *   --schedule=  layer, resident, depth_first or auto (default auto)
 *   --tile=N     rows of a tile, where they fit (default: the scheduler's rule)
 *
 * Data that the loader places: "epochcore,network-image", and "epochcore,data" labelled `digits`
 * and `labels` (IDX files).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "common.h"
#include "epoch_device.h"
#include "platform.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

#define MAX_CORES 4u
#define RING_ENTRIES 1024u
#define TIMEOUT_NS 10000000000u /* a digit takes well under a millisecond at 1 GHz */

struct options {
  uint32_t digits;
  uint32_t start;
  uint32_t tile;
  bool logits;
  bool poll;
  enum epoch_schedule_kind schedule;
};

/* An IDX file of bytes: `count` items of `item_bytes`. */
struct idx {
  const uint8_t* data;
  uint32_t count;
  uint32_t item_bytes;
};

struct totals {
  uint64_t cycles;
  uint64_t useful;
  uint64_t executing;
  uint64_t pe_cycles;
  uint64_t dram_bytes;
  uint32_t correct;
};

struct core {
  struct epoch_device device;
  struct epoch_jobs jobs;
  struct epoch_runner runner;
};

static struct core cores[MAX_CORES];
static uint32_t core_count;
static struct epoch_network network; /* of all cores: they are alike */

static bool parse(int argc, char** argv, struct options* options) {
  for (int i = 1; i < argc; i++) {
    const char* value;
    if (hal_args_option(argv[i], "--digits", &value)) {
      if (!hal_args_number(value, &options->digits) || options->digits == 0) return false;
    } else if (hal_args_option(argv[i], "--start", &value)) {
      if (!hal_args_number(value, &options->start)) return false;
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

static uint32_t big32(const uint8_t* bytes) {
  return ((uint32_t)bytes[0] << 24) | ((uint32_t)bytes[1] << 16) | ((uint32_t)bytes[2] << 8) |
         bytes[3];
}

/* IDX (the MNIST file format): 0, 0, type 8 = uint8, dimensions, then each size big endian. */
static bool open_idx(const char* label, uint32_t dimensions, struct idx* idx) {
  const uint8_t* file;
  uint32_t bytes;
  if (!hal_platform_blob("epochcore,data", label, &file, &bytes)) {
    printf("smnist: no data named '%s' is loaded\n", label);
    return false;
  }
  const uint32_t header = 4 + 4 * dimensions;
  if (bytes < header || big32(file) != (0x0800u | dimensions)) {
    printf("smnist: '%s' is not an IDX file of bytes with %" PRIu32 " dimensions\n", label,
           dimensions);
    return false;
  }
  uint64_t item_bytes = 1;
  for (uint32_t d = 1; d < dimensions; d++) item_bytes *= big32(file + 4 + 4 * d);
  const uint64_t loaded = item_bytes == 0 ? 0 : (bytes - header) / item_bytes;
  idx->count = big32(file + 4);
  if (loaded < idx->count) {
    printf("smnist: '%s' holds fewer items than its header says\n", label);
    return false;
  }
  idx->data = file + header;
  idx->item_bytes = (uint32_t)item_bytes;
  return true;
}

static bool open_data(const struct options* options, struct idx* digits, struct idx* labels) {
  if (!open_idx("digits", 3, digits) || !open_idx("labels", 1, labels)) return false;
  const uint32_t loaded = digits->count < labels->count ? digits->count : labels->count;
  if (options->start > loaded || options->digits > loaded - options->start) {
    printf("smnist: %" PRIu32 " digits from %" PRIu32 " on were asked for, %" PRIu32
           " are loaded; scripts/fetch_mnist gets more, smnist-1000 and smnist-10000 load them\n",
           options->digits, options->start, loaded);
    return false;
  }
  return true;
}

/* Pixels in, as bytes; a row of results, of which the largest says the digit. */
static bool classifies(uint32_t pixels) {
  const struct epoch_image_tensor* input = &network.tensors[network.header->input];
  if (input->type != EPOCH_IMAGE_TYPE_UINT8 || input->rows != 0 || network.header->documents != 1)
    return app_fail("the network does not read one sequence of pixels");
  if (pixels == 0 || pixels % input->width != 0)
    return app_fail("a digit's pixels are not whole steps of the network");
  return epoch_output_tensor(&network)->rows == 1 ||
         app_fail("the network's output is more than one row");
}

static bool open_core(struct core* core, const struct options* options, uint32_t pixels) {
  epoch_jobs_open(&core->jobs, &core->device);
  if (!app_open_network(&network, &core->device.caps) || !classifies(pixels)) return false;
  const uint32_t width = network.tensors[network.header->input].width;
  const struct epoch_runner_options run = {
      .steps = pixels / width, .schedule = options->schedule, .tile_rows = options->tile};
  return app_prepare(&core->runner, &core->jobs, &network, &run);
}

/* Every EpochCore there is, up to MAX_CORES, with the network on it. */
static bool open_cores(const struct options* options, uint32_t pixels) {
  for (; core_count < MAX_CORES; core_count++) {
    struct core* core = &cores[core_count];
    const enum epoch_device_result opened =
        epoch_device_open(&core->device, core_count, RING_ENTRIES, options->poll);
    if (opened == EPOCH_DEVICE_ABSENT && core_count > 0) break;
    if (opened != EPOCH_DEVICE_OK) return app_fail(epoch_device_result_text(opened));
    if (!open_core(core, options, pixels)) return false;
  }
  return true;
}

static bool report_fault(const struct core* core, uint32_t digit, enum epoch_job_result result) {
  printf("smnist: digit %" PRIu32 ":\n", digit);
  return app_succeeded(&core->runner, result);
}

/* Cycles from the first command's start to the last retirement; the rest goes to the totals. */
static uint64_t read_counters(const struct epoch_device* device, struct totals* totals) {
  const uint64_t useful = epoch_device_counter(device, EPOCH_COUNTER_CAUSE_USEFUL);
  const uint64_t cycles = epoch_device_counter(device, EPOCH_COUNTER_LAST_RETIRE) -
                          epoch_device_counter(device, EPOCH_COUNTER_FIRST_START);
  totals->cycles += cycles;
  totals->useful += useful;
  totals->executing += useful + epoch_device_counter(device, EPOCH_COUNTER_CAUSE_FILL_DRAIN) +
                       epoch_device_counter(device, EPOCH_COUNTER_CAUSE_PORT_LIMITED);
  totals->pe_cycles += epoch_device_counter(device, EPOCH_COUNTER_PE_CYCLES);
  totals->dram_bytes += epoch_device_counter(device, EPOCH_COUNTER_DMA_READ_BYTES) +
                        epoch_device_counter(device, EPOCH_COUNTER_DMA_WRITE_BYTES) +
                        epoch_device_counter(device, EPOCH_COUNTER_FETCH_BYTES);
  return cycles;
}

static bool start_digit(struct core* core, uint32_t digit, const struct idx* digits) {
  epoch_device_clear_counters(&core->device);
  const enum epoch_job_result result =
      epoch_runner_start(&core->runner, digits->data + digit * digits->item_bytes, TIMEOUT_NS);
  return result == EPOCH_JOB_PENDING || report_fault(core, digit, result);
}

static bool finish_digit(struct core* core, const struct options* options, uint32_t digit,
                         const struct idx* labels, struct totals* totals) {
  const uint32_t label = labels->data[digit];
  const enum epoch_job_result result = epoch_runner_finish(&core->runner);
  if (result != EPOCH_JOB_OK) return report_fault(core, digit, result);
  const uint64_t cycles = read_counters(&core->device, totals);
  const uint32_t predicted = app_likeliest(&core->runner);
  totals->correct += predicted == label;
  printf("digit %" PRIu32 ": predicted %" PRIu32 " label %" PRIu32 " cycles %" PRIu64 "\n", digit,
         predicted, label, cycles);
  if (options->logits) {
    printf("logits %" PRIu32 ":", digit);
    app_print_row(&core->runner, 0);
  }
  return true;
}

/* A digit for each core, then their results in order, until all are done. */
static bool run_digits(const struct options* options, const struct idx* digits,
                       const struct idx* labels, struct totals* totals) {
  const uint32_t end = options->start + options->digits;
  for (uint32_t digit = options->start; digit < end; digit += core_count) {
    const uint32_t count = end - digit < core_count ? end - digit : core_count;
    for (uint32_t c = 0; c < count; c++)
      if (!start_digit(&cores[c], digit + c, digits)) return false;
    for (uint32_t c = 0; c < count; c++)
      if (!finish_digit(&cores[c], options, digit + c, labels, totals)) return false;
  }
  return true;
}

static void print_totals(uint32_t digits, const struct totals* totals) {
  const struct epoch_array_shape* array = &cores[0].device.caps.array;
  const uint64_t pes = (uint64_t)array->rows * array->cols;
  const double spatial = app_percent(totals->pe_cycles, pes * totals->executing);
  const double temporal = app_percent(totals->useful, totals->cycles);
  printf("accuracy %" PRIu32 "/%" PRIu32 "\n", totals->correct, digits);
  printf("utilisation %.1f %% = spatial %.1f %% x temporal %.1f %%\n", spatial * temporal / 100.0,
         spatial, temporal);
  printf("DRAM bytes %" PRIu64 "\n", totals->dram_bytes);
}

int main(int argc, char** argv) {
  struct options options = {.digits = 20, .schedule = EPOCH_SCHEDULE_KIND_AUTO};
  struct idx digits;
  struct idx labels;
  struct totals totals = {0};
  app_name = "smnist";
  if (!parse(argc, argv, &options)) {
    printf(
        "usage: smnist [--digits=N] [--start=N] [--logits] [--poll]\n"
        "              [--schedule=layer|resident|depth_first|auto] [--tile=N]\n");
    return EXIT_USAGE;
  }
  if (!open_data(&options, &digits, &labels)) return EXIT_FAILED;
  if (!open_cores(&options, digits.item_bytes)) return EXIT_FAILED;
  if (!run_digits(&options, &digits, &labels, &totals)) return EXIT_FAILED;
  print_totals(options.digits, &totals);
  return EXIT_OK;
}
