/* SPDX-License-Identifier: Apache-2.0 */
#include "program.h"

#include <string.h>

static union epoch_descriptor program[32];
static uint32_t count;

union epoch_descriptor* program_next(void) {
  return &program[count++];
}
union epoch_descriptor* program_at(uint32_t index) {
  return &program[index];
}
void program_control(uint32_t opcode) {
  epoch_build_control(program_next(), opcode);
}
void program_copy(uint32_t opcode, uint32_t offset, uint32_t local, uint32_t bytes) {
  selftest_build_copy(program_next(), opcode, offset, local, bytes);
}

bool program_finish(void) {
  program_control(EPOCH_OP_IRQ);
  hal_dma_sync_for_device(&selftest_page, 0, SELFTEST_PAGE_BYTES);
  const bool passed = selftest_run(program, count) == EPOCH_DEVICE_OK;
  hal_dma_sync_for_cpu(&selftest_page, 0, SELFTEST_PAGE_BYTES);
  count = 0;
  if (!passed) epoch_device_recover(&selftest_device, SELFTEST_TIMEOUT_NS);
  return passed;
}

float* page_floats(uint32_t offset) {
  return (float*)(void*)((uint8_t*)selftest_page.cpu + offset);
}
uint32_t* page_words(uint32_t offset) {
  return (uint32_t*)(void*)((uint8_t*)selftest_page.cpu + offset);
}
void page_fill(uint32_t offset, const int32_t* values, uint32_t number) {
  for (uint32_t i = 0; i < number; i++) page_floats(offset)[i] = (float)values[i];
}

uint32_t bits_of(float value) {
  uint32_t word;
  memcpy(&word, &value, sizeof word);
  return word;
}

bool all_equal(const float* seen, const float* expected, uint32_t words) {
  for (uint32_t i = 0; i < words; i++)
    if (!(seen[i] == expected[i])) return false;
  return true;
}
