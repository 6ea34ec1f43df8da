/* SPDX-License-Identifier: Apache-2.0
 *
 * memset by words. Debian's picolibc is built for size: its own writes byte after byte, four
 * instructions each, which was half of what a schedule cost the hart.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { WORD = sizeof(uint32_t), BLOCK = 8 * WORD };

/* may_alias: the memory holds whatever its owner says it holds. */
typedef uint32_t __attribute__((may_alias)) word_t;

void* memset(void* destination, int value, size_t bytes) {
  unsigned char* at = destination;
  unsigned char* const end = at + bytes;
  const uint32_t word = (uint32_t)(unsigned char)value * 0x01010101u;
  while (at != end && ((uintptr_t)at & (WORD - 1u)) != 0) *at++ = (unsigned char)value;
  for (; (size_t)(end - at) >= BLOCK; at += BLOCK) {
    word_t* const words = (word_t*)(void*)at;
    words[0] = word;
    words[1] = word;
    words[2] = word;
    words[3] = word;
    words[4] = word;
    words[5] = word;
    words[6] = word;
    words[7] = word;
  }
  for (; (size_t)(end - at) >= WORD; at += WORD) *(word_t*)(void*)at = word;
  while (at != end) *at++ = (unsigned char)value;
  return destination;
}
