/* SPDX-License-Identifier: Apache-2.0
 *
 * 16550 transmitter, polled; it is stdout and stderr.
 */
#ifndef HAL_UART_H
#define HAL_UART_H

#include <stdint.h>

/* Registers are bytes, 1 << shift apart (device tree "reg-shift"). */
void hal_uart_init(uintptr_t base, uint32_t shift);
/* Sends one byte; drops it if there is no uart or the transmitter never empties. */
void hal_uart_put(char byte);
void hal_uart_write(const char* text);
/* 0x and eight digits; needs neither stack nor library worth speaking of, for trap reports. */
void hal_uart_write_hex(uint32_t value);

#endif
