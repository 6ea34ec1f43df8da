/* SPDX-License-Identifier: Apache-2.0 */
#include "integer_loop.h"

enum { kNodes = 32, kDim = 8 };

static uint32_t crc32_step(uint32_t crc, uint32_t byte) {
  crc ^= byte;
  for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1u)));
  return crc;
}

/* Pointer chasing and compares: keeps a list sorted by key while keys change. */
struct node {
  struct node* next;
  int32_t key;
};

static uint32_t list_round(struct node* nodes, uint32_t seed) {
  struct node head = {0, 0};
  for (int n = 0; n < kNodes; ++n) {
    seed = seed * 1664525u + 1013904223u;
    nodes[n].key = (int32_t)(seed >> 16) - 32768;
    struct node* at = &head;
    while (at->next && at->next->key < nodes[n].key) at = at->next;
    nodes[n].next = at->next;
    at->next = &nodes[n];
  }
  uint32_t hash = 0;
  for (const struct node* at = head.next; at; at = at->next) hash = hash * 31u + (uint32_t)at->key;
  return hash;
}

/* Multiplies, 16-bit loads and stores. */
static uint32_t matrix_round(int16_t* a, int16_t* b, uint32_t seed) {
  for (int n = 0; n < kDim * kDim; ++n) {
    seed = seed * 1664525u + 1013904223u;
    a[n] = (int16_t)(seed >> 20);
    b[n] = (int16_t)(seed >> 12);
  }
  int32_t trace = 0;
  for (int row = 0; row < kDim; ++row)
    for (int col = 0; col < kDim; ++col) {
      int32_t sum = 0;
      for (int k = 0; k < kDim; ++k) sum += a[row * kDim + k] * b[k * kDim + col];
      trace ^= sum / (row - col ? row - col : 3) + sum % 7;
    }
  return (uint32_t)trace;
}

/* A state machine over generated text: byte loads, a jump table, signed decimal parsing. */
static uint32_t parse_round(uint8_t* text, uint32_t seed) {
  static const char alphabet[] = "0123456789+-. ,e";
  for (int n = 0; n < 64; ++n) {
    seed = seed * 1664525u + 1013904223u;
    text[n] = (uint8_t)alphabet[seed >> 28];
  }
  uint32_t counts[5] = {0};
  int32_t value = 0;
  for (int n = 0; n < 64; ++n) {
    switch (text[n]) {
      case '+':
        counts[0]++;
        break;
      case '-':
        value = -value;
        counts[1]++;
        break;
      case '.':
        value >>= 1;
        counts[2]++;
        break;
      case ' ':
      case ',':
        counts[3] += (uint32_t)value;
        value = 0;
        break;
      case 'e':
        counts[4] ^= (uint32_t)value;
        break;
      default:
        value = (int32_t)((uint32_t)value * 10u + text[n] - '0');
        break;
    }
  }
  return counts[0] + 3u * counts[1] + 5u * counts[2] + counts[3] + counts[4];
}

uint32_t integer_loop(uint32_t rounds) {
  static struct node nodes[kNodes];
  static int16_t a[kDim * kDim], b[kDim * kDim];
  static uint8_t text[64];
  uint32_t crc = ~0u;
  for (uint32_t round = 0; round < rounds; ++round) {
    const uint32_t words[3] = {list_round(nodes, round), matrix_round(a, b, round),
                               parse_round(text, round)};
    for (int w = 0; w < 3; ++w)
      for (int byte = 0; byte < 4; ++byte) crc = crc32_step(crc, words[w] >> (8 * byte) & 0xffu);
  }
  return ~crc;
}
