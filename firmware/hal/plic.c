/* SPDX-License-Identifier: Apache-2.0 */
#include "plic.h"

#include <stddef.h>

#include "csr.h"
#include "mmio.h"

enum {
  PRIORITY = 0x0,
  ENABLE = 0x2000,
  ENABLE_STRIDE = 0x80,
  THRESHOLD = 0x200000,
  CLAIM = 4,
  CONTEXT_STRIDE = 0x1000
};

static uintptr_t plic;
static uint32_t context_id;
static struct {
  hal_interrupt_handler call;
  void* argument;
} handlers[HAL_PLIC_SOURCES];

static uintptr_t enable_word(uint32_t source) {
  return plic + ENABLE + (uintptr_t)context_id * ENABLE_STRIDE + source / 32 * 4;
}

static uintptr_t threshold(void) {
  return plic + THRESHOLD + (uintptr_t)context_id * CONTEXT_STRIDE;
}

void hal_plic_init(uintptr_t base, uint32_t context) {
  plic = base;
  context_id = context;
  for (uint32_t source = 0; source < HAL_PLIC_SOURCES; source += 32)
    hal_write32(enable_word(source), 0);
  hal_write32(threshold(), 0);
  HAL_CSR_SET(mie, HAL_MIE_MEIE);
}

bool hal_plic_connect(uint32_t source, hal_interrupt_handler handler, void* argument) {
  if (source == 0 || source >= HAL_PLIC_SOURCES) return false;
  handlers[source].argument = argument;
  handlers[source].call = handler;
  hal_write32(plic + PRIORITY + (uintptr_t)source * 4, 1);
  hal_write32(enable_word(source), hal_read32(enable_word(source)) | (1u << (source % 32)));
  return true;
}

void hal_plic_dispatch(void) {
  /* One claim a source is enough: what comes later interrupts again. */
  for (uint32_t claims = 0; claims < HAL_PLIC_SOURCES; claims++) {
    const uint32_t source = hal_read32(threshold() + CLAIM);
    if (source == 0) return;
    if (source < HAL_PLIC_SOURCES && handlers[source].call != NULL)
      handlers[source].call(handlers[source].argument);
    hal_write32(threshold() + CLAIM, source);
  }
}
