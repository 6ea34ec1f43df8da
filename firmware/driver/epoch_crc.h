/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EPOCH_CRC_H
#define EPOCH_CRC_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* CRC-32 of IEEE 802.3 (reflected, 0xEDB88320): start with crc = 0, chain calls. */
uint32_t epoch_crc32(uint32_t crc, const void* bytes, uint32_t count);

#ifdef __cplusplus
}
#endif
#endif
