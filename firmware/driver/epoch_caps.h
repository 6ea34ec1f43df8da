/* SPDX-License-Identifier: Apache-2.0
 *
 * What a scheduler needs to know of the hardware: the CAPS block, decoded.
 */
#ifndef EPOCH_CAPS_H
#define EPOCH_CAPS_H

#include <stdint.h>

#include "epoch_layout.h"
#include "epochcore.h"

struct epoch_caps {
  struct epoch_array_shape array;
  uint32_t pe_kind; /* EPOCH_PE_* */
  uint32_t hop;     /* cycles from PE to PE */
  uint32_t dedicated_exp;
  uint32_t systolic_reduce;
  uint32_t chained_segments;
  uint32_t state_shadow;
  uint32_t multipliers;
  uint32_t mul_latency;
  uint32_t add_latency;
  uint32_t modes;       /* bit m: EPOCH_MODE_* m */
  uint32_t types;       /* bit t: EPOCH_TYPE_* t */
  uint32_t activations; /* bit a: EPOCH_ACTIVATION_* a */
  uint32_t vector_ops;  /* bit n: opcode 0x40 + n */
  uint32_t vector_lanes;
  uint32_t drain_lanes;
  uint32_t fifo_depth[EPOCH_ENGINES];
  uint32_t dma_burst_bytes;
  uint32_t dma_outstanding;
  uint32_t buffer_bytes[EPOCH_BUFFERS];
  uint32_t buffer_width[EPOCH_BUFFERS];
  uint32_t buffer_banks[EPOCH_BUFFERS];
  uint32_t read_port; /* bytes a cycle, 0 = unlimited */
  uint32_t write_port;
  uint32_t coefficient_port;
  uint32_t state_port;
};

#endif
