/* SPDX-License-Identifier: Apache-2.0
 *
 * The machine as its device tree describes it. hal_start (called by crt0) brings it up and runs
 * main(argc, argv); main's result becomes the run's exit code.
 */
#ifndef HAL_PLATFORM_H
#define HAL_PLATFORM_H

#include <stdbool.h>
#include <stdint.h>

#include "fdt_walker.h"
#include "machine.h"

/* Exit codes of a start that fails before main (sysexits: data, operating system). */
enum { HAL_EXIT_BAD_DEVICE_TREE = 65, HAL_EXIT_NO_MEMORY = 71 };

const struct hal_fdt* hal_platform_fdt(void);
uint32_t hal_platform_hart(void);
struct hal_range hal_platform_memory(void); /* the /memory range that holds the program */

/* Data that the loader put into memory: the index-th node compatible with `compatible` whose
 * `label` is `label` (any if null). False if absent or not addressable by the hart. */
bool hal_platform_blob(const char* compatible, const char* label, const uint8_t** data,
                       uint32_t* bytes);
/* reg and first interrupt of the index-th device; interrupt 0 if it has none. */
bool hal_platform_device(const char* compatible, uint32_t index, uintptr_t* base,
                         uint32_t* interrupt, struct hal_fdt_node* node);

_Noreturn void hal_start(uint32_t hart, const void* device_tree);

#endif
