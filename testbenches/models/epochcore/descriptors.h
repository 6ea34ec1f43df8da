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

inline Descriptor coeff_command(unsigned mode, unsigned channels, unsigned modes,
                                std::uint32_t local, bool extra = false) {
  epoch_coeff_command raw{};
  raw.control = EPOCH_CONTROL(EPOCH_OP_COEFF, 0, 0);
  raw.local = local;
  raw.format = EPOCH_FORMAT(mode, EPOCH_TYPE_FP32, extra ? EPOCH_COEFF_EXTRA : 0);
  raw.extent = EPOCH_EXTENT(channels, modes);
  return to_words(raw);
}

inline Descriptor state_command(unsigned mode, unsigned channels, unsigned modes,
                                std::uint32_t local, bool save) {
  epoch_state_command raw{};
  raw.control = EPOCH_CONTROL(EPOCH_OP_STATE, 0, 0);
  raw.local = local;
  raw.format = EPOCH_FORMAT(mode, EPOCH_TYPE_FP32, save ? EPOCH_STATE_SAVE : 0);
  raw.extent = EPOCH_EXTENT(channels, modes);
  return to_words(raw);
}

// Packed rows: SSM (mode real or complex) or GEMM (mode mac).
inline epoch_array_command array_raw(unsigned mode, unsigned channels, unsigned modes,
                                     std::uint32_t steps, std::uint32_t source,
                                     std::uint32_t destination, std::uint32_t flags = 0) {
  const bool mac = mode == EPOCH_MODE_MAC;
  epoch_array_command raw{};
  raw.control = EPOCH_CONTROL(mac ? EPOCH_OP_GEMM : EPOCH_OP_SSM, 0, 0);
  raw.source = source;
  raw.destination = destination;
  raw.format = EPOCH_FORMAT(mode, EPOCH_TYPE_FP32, flags);
  raw.extent = EPOCH_EXTENT(channels, modes);
  raw.steps = steps;
  raw.source_stride = 4 * (mac ? modes : channels);
  raw.destination_stride = 4 * channels;
  return raw;
}

inline Descriptor array_command(unsigned mode, unsigned channels, unsigned modes,
                                std::uint32_t steps, std::uint32_t source,
                                std::uint32_t destination, std::uint32_t flags = 0) {
  return to_words(array_raw(mode, channels, modes, steps, source, destination, flags));
}

inline epoch_vector_command vector_raw(unsigned opcode, std::uint32_t source,
                                       std::uint32_t destination, std::uint32_t rows,
                                       std::uint32_t length, std::uint32_t flags = 0) {
  epoch_vector_command raw{};
  raw.control = EPOCH_CONTROL(opcode, 0, 0);
  raw.source = source;
  raw.destination = destination;
  raw.format = EPOCH_FORMAT(0, EPOCH_TYPE_FP32, flags);
  raw.rows = rows;
  raw.length = length;
  raw.source_stride = opcode == EPOCH_OP_AFFINE ? length : 4 * length;
  raw.destination_stride = 4 * length;
  return raw;
}

}  // namespace epoch
