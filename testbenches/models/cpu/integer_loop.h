/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Compiled integer work of the kind CoreMark does (sorted list, small matrices, a parser, a CRC):
   the hart's benchmark, and, compiled for the host as well, a test of the hart. */
uint32_t integer_loop(uint32_t rounds);

#ifdef __cplusplus
}
#endif
