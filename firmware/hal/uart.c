/* SPDX-License-Identifier: Apache-2.0 */
#include "uart.h"

#include "mmio.h"

/* 16550 registers by index, and line status bit 5: transmit holding register empty. */
enum { THR = 0, IER = 1, FCR = 2, LCR = 3, LSR = 5 };
enum { LSR_THR_EMPTY = 0x20, LCR_8N1 = 0x03, FCR_ENABLE = 0x01 };

/* At 9600 baud a byte takes 1 ms: no working transmitter stays full for a million polls. */
#define MAX_POLLS 1000000u

static uintptr_t uart_base;
static uint32_t uart_shift;

static uintptr_t reg(uint32_t index) {
  return uart_base + ((uintptr_t)index << uart_shift);
}

void hal_uart_init(uintptr_t base, uint32_t shift) {
  uart_base = base;
  uart_shift = shift;
  hal_write8(reg(IER), 0);
  hal_write8(reg(LCR), LCR_8N1);
  hal_write8(reg(FCR), FCR_ENABLE);
}

void hal_uart_put(char byte) {
  if (uart_base == 0) return;
  for (uint32_t poll = 0; poll < MAX_POLLS; poll++) {
    if (hal_read8(reg(LSR)) & LSR_THR_EMPTY) {
      hal_write8(reg(THR), (uint8_t)byte);
      return;
    }
  }
}

void hal_uart_write(const char* text) {
  while (*text != 0) hal_uart_put(*text++);
}

void hal_uart_write_hex(uint32_t value) {
  hal_uart_write("0x");
  for (int shift = 28; shift >= 0; shift -= 4)
    hal_uart_put("0123456789abcdef"[(value >> shift) & 0xFu]);
}
