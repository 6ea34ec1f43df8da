/* SPDX-License-Identifier: Apache-2.0
 *
 * Machine-mode CSR access (RISC-V Privileged Architecture).
 */
#ifndef HAL_CSR_H
#define HAL_CSR_H

#include <stdint.h>

#define HAL_MSTATUS_MIE 0x8u
#define HAL_MIE_MSIE (1u << 3)
#define HAL_MIE_MTIE (1u << 7)
#define HAL_MIE_MEIE (1u << 11)

static inline uint32_t hal_csr_read_mstatus(void) {
  uint32_t value;
  __asm__ volatile("csrr %0, mstatus" : "=r"(value));
  return value;
}

#define HAL_CSR_SET(name, bits) __asm__ volatile("csrs " #name ", %0" ::"r"(bits) : "memory")
#define HAL_CSR_CLEAR(name, bits) __asm__ volatile("csrc " #name ", %0" ::"r"(bits) : "memory")

/* Until an interrupt is pending that mie lets through, whatever mstatus says. */
static inline void hal_wfi(void) {
  __asm__ volatile("wfi" ::: "memory");
}

#endif
