/* SPDX-License-Identifier: Apache-2.0
 *
 * What the programs that run networks share. Whatever fails says so on stdout, behind the program's
 * name, and returns false.
 */
#ifndef APPS_COMMON_H
#define APPS_COMMON_H

#include <stdbool.h>
#include <stdint.h>

#include "epoch_runner.h"

/* The name that messages begin with; main sets it first. */
extern const char* app_name;

bool app_fail(const char* why);

/* The network that the loader placed, "epochcore,network-image", if the hardware can run it. */
bool app_open_network(struct epoch_network* network, const struct epoch_caps* caps);
bool app_prepare(struct epoch_runner* runner, struct epoch_jobs* jobs,
                 const struct epoch_network* network, const struct epoch_runner_options* options);
/* Whether a job of the runner went well; the device's error report if not. */
bool app_succeeded(const struct epoch_runner* runner, enum epoch_job_result result);

/* ---- The output: rows of float32, bfloat16, or integers ---- */

uint32_t app_output_rows(const struct epoch_runner* runner);
/* A row, each element behind a blank; %.9g gives the fp32 bits back. Then the line's end. */
void app_print_row(const struct epoch_runner* runner, uint32_t row);
/* Of the largest in row 0, the first. */
uint32_t app_likeliest(const struct epoch_runner* runner);

double app_percent(uint64_t part, uint64_t whole);

#endif
