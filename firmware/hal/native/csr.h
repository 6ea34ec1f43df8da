/* SPDX-License-Identifier: Apache-2.0
 *
 * mstatus.MIE and mie as variables. What they let in is handled when they change, after each
 * register access and after a sleep: nowhere else does time pass.
 */
#ifndef HAL_CSR_H
#define HAL_CSR_H

#include <stdint.h>

#define HAL_MSTATUS_MIE 0x8u
#define HAL_MIE_MSIE (1u << 3)
#define HAL_MIE_MTIE (1u << 7)
#define HAL_MIE_MEIE (1u << 11)

struct hal_native_csrs {
  uint32_t mstatus;
  uint32_t mie;
};
extern struct hal_native_csrs hal_native_csrs;

void hal_native_take_interrupts(void);
void hal_wfi(void);

static inline uint32_t hal_csr_read_mstatus(void) {
  return hal_native_csrs.mstatus;
}

#define HAL_CSR_SET(name, bits) (hal_native_csrs.name |= (bits), hal_native_take_interrupts())
#define HAL_CSR_CLEAR(name, bits) ((void)(hal_native_csrs.name &= ~(bits)))

#endif
