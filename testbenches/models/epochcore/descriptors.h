// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <epochcore.h>

#include <cstring>

#include "epochcore/command.h"

namespace epoch {

// Correct descriptors with small operands, for tests to bend. Offsets leave room between operands.

template <typename Raw>
Descriptor to_words(const Raw& raw) {
  static_assert(sizeof raw == sizeof(Descriptor), "a descriptor is 64 bytes");
  Descriptor words;
  std::memcpy(words.data(), &raw, sizeof raw);
  return words;
}

// Each semaphore argument: 0 or EPOCH_SEMAPHORE_USE(n).
inline Descriptor with_semaphores(Descriptor words, std::uint32_t wait0, std::uint32_t wait1 = 0,
                                  std::uint32_t signal0 = 0, std::uint32_t signal1 = 0) {
  words[1] = EPOCH_SEMAPHORE_FIELD(wait0, wait1, signal0, signal1);
  return words;
}

inline Descriptor with_flags(Descriptor words, std::uint32_t flags, std::uint32_t context = 0) {
  words[0] = EPOCH_CONTROL(EPOCH_CONTROL_OPCODE(words[0]), flags, context);
  return words;
}

inline Descriptor control_command(unsigned opcode) {
  epoch_command raw{};
  raw.control = EPOCH_CONTROL(opcode, 0, 0);
  return to_words(raw);
}

// Bytes of an element of an EPOCH_TYPE_*.
inline std::uint32_t element_size(unsigned type) {
  return type == EPOCH_TYPE_FP32 ? 4 : type == EPOCH_TYPE_INT8 ? 1 : 2;
}

// Contiguous transfer of `bytes`.
inline epoch_dma_command dma_raw(unsigned opcode, std::uint64_t bus, std::uint32_t local,
                                 std::uint32_t bytes) {
  epoch_dma_command raw{};
  raw.control = EPOCH_CONTROL(opcode, 0, 0);
  raw.bus_lo = static_cast<std::uint32_t>(bus);
  raw.bus_hi = static_cast<std::uint32_t>(bus >> 32);
  raw.local = local;
  raw.row_bytes = bytes;
  raw.rows = 1;
  raw.planes = 1;
  return raw;
}

inline Descriptor dma_command(unsigned opcode, std::uint64_t bus, std::uint32_t local,
                              std::uint32_t bytes) {
  return to_words(dma_raw(opcode, bus, local, bytes));
}

// `rows` rows of a packed table on the bus, to packed rows.
inline epoch_dma_command gather_raw(std::uint64_t table, std::uint32_t table_rows,
                                    std::uint32_t indices, std::uint32_t local, std::uint32_t rows,
                                    std::uint32_t row_bytes) {
  epoch_dma_command raw = dma_raw(EPOCH_OP_GATHER, table, local, row_bytes);
  raw.rows = rows;
  raw.bus_row_stride = row_bytes;
  raw.local_row_stride = row_bytes;
  raw.indices = indices;
  raw.table_rows = table_rows;
  return raw;
}

inline Descriptor coeff_command(unsigned mode, unsigned channels, unsigned modes,
                                std::uint32_t local, bool extra = false,
                                unsigned type = EPOCH_TYPE_FP32, unsigned sequences = 0) {
  epoch_coeff_command raw{};
  raw.control = EPOCH_CONTROL(EPOCH_OP_COEFF, 0, 0);
  raw.local = local;
  raw.format = EPOCH_FORMAT(mode, type, extra ? EPOCH_COEFF_EXTRA : 0);
  raw.extent = EPOCH_EXTENT(channels, modes);
  raw.sequences = sequences;
  return to_words(raw);
}

inline Descriptor state_command(unsigned mode, unsigned channels, unsigned modes,
                                std::uint32_t local, bool save, unsigned type = EPOCH_TYPE_FP32,
                                unsigned sequences = 0) {
  epoch_state_command raw{};
  raw.control = EPOCH_CONTROL(EPOCH_OP_STATE, 0, 0);
  raw.local = local;
  raw.format = EPOCH_FORMAT(mode, type, save ? EPOCH_STATE_SAVE : 0);
  raw.extent = EPOCH_EXTENT(channels, modes);
  raw.sequences = sequences;
  return to_words(raw);
}

// Packed rows of one sequence, fp32 results: GEMM if the mode is mac, SSM otherwise.
inline epoch_array_command array_raw(unsigned mode, unsigned channels, unsigned modes,
                                     std::uint32_t steps, std::uint32_t source,
                                     std::uint32_t destination, std::uint32_t flags = 0,
                                     unsigned type = EPOCH_TYPE_FP32) {
  const bool mac = mode == EPOCH_MODE_MAC, edge = mode == EPOCH_MODE_EDGE;
  const bool wide = edge || mode == EPOCH_MODE_SELECTIVE || mode == EPOCH_MODE_SSD;
  epoch_array_command raw{};
  raw.control = EPOCH_CONTROL(mac ? EPOCH_OP_GEMM : EPOCH_OP_SSM, 0, 0);
  raw.source = source;
  raw.destination = destination;
  raw.format = EPOCH_FORMAT(mode, type, flags);
  raw.extent = EPOCH_EXTENT(channels, modes);
  raw.steps = steps;
  raw.source_stride = (wide ? 4 : element_size(type)) * (mac    ? modes
                                                         : edge ? 2 * channels
                                                                : channels);
  raw.destination_stride = 4 * (edge ? 2 * channels : channels);
  return raw;
}

inline Descriptor array_command(unsigned mode, unsigned channels, unsigned modes,
                                std::uint32_t steps, std::uint32_t source,
                                std::uint32_t destination, std::uint32_t flags = 0) {
  return to_words(array_raw(mode, channels, modes, steps, source, destination, flags));
}

// Packed rows, each operand `apart` bytes behind the one before: d*u, B_k, C_k, u.
inline epoch_streams_command streams_raw(unsigned channels, unsigned modes, std::uint32_t first,
                                         std::uint32_t apart, unsigned type = EPOCH_TYPE_FP32) {
  epoch_streams_command raw{};
  raw.control = EPOCH_CONTROL(EPOCH_OP_STREAMS, 0, 0);
  raw.drive = first;
  raw.drive_stride = element_size(type) * channels;
  raw.b = first + apart;
  raw.c = first + 2 * apart;
  raw.west_stride = element_size(type) * modes;
  raw.u = first + 3 * apart;
  raw.u_stride = element_size(type) * channels;
  return raw;
}

// Packed rows, source elements of `type`, fp32 results.
inline epoch_vector_command vector_raw(unsigned opcode, std::uint32_t source,
                                       std::uint32_t destination, std::uint32_t rows,
                                       std::uint32_t length, std::uint32_t flags = 0,
                                       unsigned type = EPOCH_TYPE_FP32) {
  epoch_vector_command raw{};
  raw.control = EPOCH_CONTROL(opcode, 0, 0);
  raw.source = source;
  raw.destination = destination;
  raw.format = EPOCH_FORMAT(0, type, flags);
  raw.rows = rows;
  raw.length = length;
  raw.source_stride = opcode == EPOCH_OP_AFFINE ? length : element_size(type) * length;
  raw.destination_stride = opcode == EPOCH_OP_ARGMAX ? 4 : 4 * length;
  return raw;
}

}  // namespace epoch
