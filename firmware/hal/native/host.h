/* SPDX-License-Identifier: Apache-2.0
 *
 * Between a program compiled for the host, a shared object, and the simulator that loads it and
 * runs it as the processor. The simulator provides struct hal_native_host, the program the two
 * symbols at the end. Plain C on both sides.
 */
#ifndef HAL_NATIVE_HOST_H
#define HAL_NATIVE_HOST_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HAL_NATIVE_VERSION 1u /* of this file */

/* Every function gets `context` back; all but pointer, address and interrupts let time pass. */
struct hal_native_host {
  void* context;
  uint32_t hart;
  uint64_t device_tree;   /* bus address */
  uint64_t program_begin; /* bus addresses that the program's ELF occupies, stack and all */
  uint64_t program_end;

  /* One bus access of 1, 2 or 4 bytes, aligned; false: a bus error. */
  bool (*read)(void* context, uint64_t address, void* data, uint32_t bytes);
  bool (*write)(void* context, uint64_t address, const void* data, uint32_t bytes);
  /* Levels of the interrupt inputs, as bits of mip. */
  uint32_t (*interrupts)(void* context);
  /* Returns when one of these inputs is up. */
  void (*sleep)(void* context, uint32_t enabled);
  void (*spin)(void* context, uint64_t cycles);
  /* Memory at a bus address, as long as the run lasts; null if not all of it is memory. */
  void* (*pointer)(void* context, uint64_t address, uint64_t bytes);
  /* Bus address of what `pointer` gave. */
  uint64_t (*address)(void* context, const void* pointer);
};

/* Runs the program from reset; does not return. */
typedef void (*hal_native_entry)(const struct hal_native_host* host);
#define HAL_NATIVE_ENTRY "hal_native_run"
/* A uint32_t: the HAL_NATIVE_VERSION that the program was compiled with. */
#define HAL_NATIVE_VERSION_SYMBOL "hal_native_version"

#ifdef __cplusplus
}
#endif

#endif
