/* SPDX-License-Identifier: Apache-2.0 */
#include "simctl.h"

#include "csr.h"
#include "mmio.h"

enum { EXIT = 0x00, TRAP = 0x04 };

static uintptr_t simctl_base;

void hal_simctl_init(uintptr_t base) {
  simctl_base = base;
}

static _Noreturn void end(uintptr_t offset, uint32_t value) {
  if (simctl_base != 0) hal_write32(simctl_base + offset, value);
  for (;;) hal_wfi();
}

_Noreturn void hal_simctl_exit(uint32_t code) {
  end(EXIT, code);
}

_Noreturn void hal_simctl_trap(uint32_t cause) {
  end(TRAP, cause);
}
