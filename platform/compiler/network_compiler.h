// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <complex>
#include <cstdint>
#include <string>
#include <vector>

#include "compiler/s4d_model.h"
#include "epochcore.h"

namespace epoch {

// The accelerator that an image is laid out for; the same numbers as its CAPS registers.
struct ArrayTarget {
  std::uint32_t rows = 32;
  std::uint32_t cols = 32;
  std::uint32_t segment_rows = 8;
  std::uint32_t state_slots = 1;
  std::array<std::uint32_t, EPOCH_BUFFERS> buffer_bytes = {512 * 1024, 256 * 1024, 256 * 1024};
  std::uint32_t modes = 1u << EPOCH_MODE_REAL | 1u << EPOCH_MODE_COMPLEX | 1u << EPOCH_MODE_MAC;
  std::uint32_t types = 1u << EPOCH_TYPE_FP32;
  std::uint32_t activations =
      1u << EPOCH_ACTIVATION_NONE | 1u << EPOCH_ACTIVATION_GELU | 1u << EPOCH_ACTIVATION_GLU;
};

// The network image (firmware/include/epoch_image.h) of a model folder. Throws InputError for a bad
// model, and for one that cannot be placed on this array: the layer, the limit and by how much.
std::vector<std::uint8_t> compile_network(const std::string& model_folder,
                                          const ArrayTarget& target);
std::vector<std::uint8_t> compile_network(const S4dModel& model, const ArrayTarget& target);

// c' = 2 C B: float64 without FMA, one rounding straight to fp32.
std::complex<float> fold_output(std::complex<float> c, std::complex<float> b);

}  // namespace epoch
