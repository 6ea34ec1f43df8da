/* SPDX-License-Identifier: Apache-2.0 */
#include "epoch_crc.h"

#include <string.h>

static uint32_t crc_table[4][256];

/* Slicing by 4: table k moves a byte k places further through the register. */
static void make_crc_tables(void) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t crc = i;
    for (uint32_t bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0xEDB88320u & (0u - (crc & 1u)));
    crc_table[0][i] = crc;
  }
  for (uint32_t k = 1; k < 4; k++)
    for (uint32_t i = 0; i < 256; i++)
      crc_table[k][i] = (crc_table[k - 1][i] >> 8) ^ crc_table[0][crc_table[k - 1][i] & 0xFFu];
}

uint32_t epoch_crc32(uint32_t crc, const void* bytes, uint32_t count) {
  const uint8_t* data = bytes;
  if (crc_table[0][1] == 0) make_crc_tables();
  crc = ~crc;
  for (; count != 0 && (uintptr_t)data % 4 != 0; count--)
    crc = (crc >> 8) ^ crc_table[0][(crc ^ *data++) & 0xFFu];
  for (; count >= 4; count -= 4, data += 4) {
    uint32_t word;
    memcpy(&word, data, sizeof word);
    crc ^= word;
    crc = crc_table[3][crc & 0xFFu] ^ crc_table[2][(crc >> 8) & 0xFFu] ^
          crc_table[1][(crc >> 16) & 0xFFu] ^ crc_table[0][crc >> 24];
  }
  for (; count != 0; count--) crc = (crc >> 8) ^ crc_table[0][(crc ^ *data++) & 0xFFu];
  return ~crc;
}
