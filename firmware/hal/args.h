/* SPDX-License-Identifier: Apache-2.0
 *
 * Command line of the program: /chosen/bootargs split at blanks, "double quotes" keep blanks
 * together.
 */
#ifndef HAL_ARGS_H
#define HAL_ARGS_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Splits `line` in place; the number of words, or -1 if there are more than `max` or a quote stays
 * open. argv[words] is null: it needs max + 1 places. */
int hal_args_split(char* line, char** argv, int max);

/* For "--name=VALUE": true if `word` is this option; its text goes to *value ("" without "="). */
bool hal_args_option(const char* word, const char* name, const char** value);
/* A whole decimal number below 2^32. */
bool hal_args_number(const char* text, uint32_t* value);

#ifdef __cplusplus
}
#endif

#endif
