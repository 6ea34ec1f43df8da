/* SPDX-License-Identifier: Apache-2.0
 *
 * The layouts of the contract as literal offsets, compiled as C11 and as C++17 by every compiler at
 * hand: a member that moves fails the build of this file. */
#include <stddef.h>

#include "epoch_image.h"
#include "epochcore.h"

#define AT(type, member, offset) \
  EPOCH_STATIC_ASSERT(offsetof(struct type, member) == (offset), #type "." #member)

AT(epoch_command, control, 0);
AT(epoch_command, semaphores, 4);
AT(epoch_command, operands, 8);

AT(epoch_dma_command, control, 0);
AT(epoch_dma_command, semaphores, 4);
AT(epoch_dma_command, bus_lo, 8);
AT(epoch_dma_command, bus_hi, 12);
AT(epoch_dma_command, local, 16);
AT(epoch_dma_command, row_bytes, 20);
AT(epoch_dma_command, rows, 24);
AT(epoch_dma_command, bus_row_stride, 28);
AT(epoch_dma_command, local_row_stride, 32);
AT(epoch_dma_command, planes, 36);
AT(epoch_dma_command, bus_plane_stride, 40);
AT(epoch_dma_command, local_plane_stride, 44);
AT(epoch_dma_command, indices, 48);
AT(epoch_dma_command, table_rows, 52);
AT(epoch_dma_command, reserved, 56);

AT(epoch_coeff_command, control, 0);
AT(epoch_coeff_command, semaphores, 4);
AT(epoch_coeff_command, local, 8);
AT(epoch_coeff_command, format, 12);
AT(epoch_coeff_command, extent, 16);
AT(epoch_coeff_command, sequences, 20);
AT(epoch_coeff_command, reserved, 24);

AT(epoch_array_command, control, 0);
AT(epoch_array_command, semaphores, 4);
AT(epoch_array_command, source, 8);
AT(epoch_array_command, destination, 12);
AT(epoch_array_command, stored, 16);
AT(epoch_array_command, accumulator, 20);
AT(epoch_array_command, format, 24);
AT(epoch_array_command, extent, 28);
AT(epoch_array_command, steps, 32);
AT(epoch_array_command, source_stride, 36);
AT(epoch_array_command, destination_stride, 40);
AT(epoch_array_command, stored_stride, 44);
AT(epoch_array_command, accumulator_stride, 48);
AT(epoch_array_command, activation, 52);
AT(epoch_array_command, types, 56);
AT(epoch_array_command, scale, 60);

AT(epoch_streams_command, control, 0);
AT(epoch_streams_command, semaphores, 4);
AT(epoch_streams_command, drive, 8);
AT(epoch_streams_command, drive_stride, 12);
AT(epoch_streams_command, b, 16);
AT(epoch_streams_command, c, 20);
AT(epoch_streams_command, west_stride, 24);
AT(epoch_streams_command, u, 28);
AT(epoch_streams_command, u_stride, 32);
AT(epoch_streams_command, reserved, 36);

AT(epoch_state_command, control, 0);
AT(epoch_state_command, semaphores, 4);
AT(epoch_state_command, local, 8);
AT(epoch_state_command, format, 12);
AT(epoch_state_command, extent, 16);
AT(epoch_state_command, sequences, 20);
AT(epoch_state_command, reserved, 24);

AT(epoch_vector_command, control, 0);
AT(epoch_vector_command, semaphores, 4);
AT(epoch_vector_command, source, 8);
AT(epoch_vector_command, destination, 12);
AT(epoch_vector_command, parameters, 16);
AT(epoch_vector_command, format, 20);
AT(epoch_vector_command, rows, 24);
AT(epoch_vector_command, length, 28);
AT(epoch_vector_command, source_stride, 32);
AT(epoch_vector_command, destination_stride, 36);
AT(epoch_vector_command, immediate0, 40);
AT(epoch_vector_command, immediate1, 44);
AT(epoch_vector_command, second, 48);
AT(epoch_vector_command, second_stride, 52);
AT(epoch_vector_command, types, 56);
AT(epoch_vector_command, reserved, 60);

AT(epoch_image_tensor, width, 0);
AT(epoch_image_tensor, type, 4);
AT(epoch_image_tensor, rows, 8);
AT(epoch_image_tensor, flags, 12);

AT(epoch_image_op, kind, 0);
AT(epoch_image_op, layer, 4);
AT(epoch_image_op, format, 8);
AT(epoch_image_op, activation, 12);
AT(epoch_image_op, output, 16);
AT(epoch_image_op, inputs, 20);
AT(epoch_image_op, width_in, 44);
AT(epoch_image_op, width_out, 48);
AT(epoch_image_op, modes, 52);
AT(epoch_image_op, count, 56);
AT(epoch_image_op, parameter_offset, 60);
AT(epoch_image_op, parameter_bytes, 64);
AT(epoch_image_op, immediate0, 68);
AT(epoch_image_op, immediate1, 72);
AT(epoch_image_op, geometry, 76);
AT(epoch_image_op, reserved, 100);

AT(epoch_image_header, magic, 0);
AT(epoch_image_header, version, 4);
AT(epoch_image_header, contract_version, 8);
AT(epoch_image_header, total_bytes, 12);
AT(epoch_image_header, checksum, 16);
AT(epoch_image_header, array_rows, 20);
AT(epoch_image_header, array_cols, 24);
AT(epoch_image_header, array_segment_rows, 28);
AT(epoch_image_header, array_state_slots, 32);
AT(epoch_image_header, array_slots_kind, 36);
AT(epoch_image_header, tensor_count, 40);
AT(epoch_image_header, tensor_offset, 44);
AT(epoch_image_header, op_count, 48);
AT(epoch_image_header, op_offset, 52);
AT(epoch_image_header, layer_count, 56);
AT(epoch_image_header, input, 60);
AT(epoch_image_header, output, 64);
AT(epoch_image_header, documents, 68);
AT(epoch_image_header, head_op, 72);
AT(epoch_image_header, reserved, 76);
AT(epoch_image_header, name, 96);

/* Frozen values that silicon and shipped firmware depend on. */
EPOCH_STATIC_ASSERT(EPOCH_REG_ID == 0x000 && EPOCH_REG_VERSION == 0x004, "identification");
EPOCH_STATIC_ASSERT(EPOCH_REG_CTRL == 0x100 && EPOCH_REG_RING_TAIL == 0x124, "control");
EPOCH_STATIC_ASSERT(EPOCH_REG_COMPLETED == 0x128 && EPOCH_REG_ERROR_CODE == 0x140, "completion");
EPOCH_STATIC_ASSERT(EPOCH_CTRL_RESET_MASK == 4 && EPOCH_IRQ_STATUS_ERROR_MASK == 2, "bits");
EPOCH_STATIC_ASSERT(EPOCH_MODE_REAL == 0 && EPOCH_MODE_DPLR == 4 && EPOCH_MODE_MAC == 8, "modes");
EPOCH_STATIC_ASSERT(EPOCH_TYPE_FP32 == 0 && EPOCH_TYPE_BF16D == 2 && EPOCH_TYPE_INT8 == 3, "types");
EPOCH_STATIC_ASSERT(EPOCH_ACTIVATION_GLU == 2 && EPOCH_ACTIVATION_TANH == 7, "activations");
EPOCH_STATIC_ASSERT(EPOCH_FUNCTION_GELU == 1 && EPOCH_FUNCTION_EXP == 8, "functions");
EPOCH_STATIC_ASSERT(EPOCH_COMBINE_MULTIPLY == 0 && EPOCH_COMBINE_MAXIMUM == 3, "operators");
EPOCH_STATIC_ASSERT(EPOCH_SLOTS_MODE == 0 && EPOCH_SLOTS_BATCH == 2, "slots");
EPOCH_STATIC_ASSERT(EPOCH_ARRAY_TYPES(3, 1, 5) == 0x00050103,
                    "types of results, stored, sequences");
EPOCH_STATIC_ASSERT(EPOCH_VECTOR_TYPES(3, 1, 4) == 0x00040103, "types of results, second, count");
EPOCH_STATIC_ASSERT(EPOCH_VECTOR_MODE(3, 8) == 0x38, "operator and function");
EPOCH_STATIC_ASSERT(EPOCH_GET(EPOCH_PUT(5, CAPS_FIFO, DMA_OUT), CAPS_FIFO, DMA_OUT) == 5, "fields");
