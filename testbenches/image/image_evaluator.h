// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "image/image_reader.h"

namespace epoch::test {

struct ImageRun {
  // By tensor: [rows][width]; int8 and indices as integers. A tensor of the body (ops below
  // head_op) that is not for all documents holds the last document's rows.
  std::vector<std::vector<double>> tensors;
  // By op, of SSM ops only: [rows][results], what a result's error is normalised by (platform/
  // reference, level 3a): sum over the modes of |c||x|, plus |D u| and |stored|, all before the
  // activation and in units of the results before they become int8. edge: |x|.
  std::vector<std::vector<double>> magnitudes;
};

// Runs an image in float64 on [document][step] rows of its input tensor, as bytes: level 1 of truth
// on the coefficients that the array has. Functions come from libm; what is written to a tensor is
// rounded to the tensor's type, nothing in between is, but type int8 is computed in its integers.
// Throws std::runtime_error for an input of another size and for an index that a table has not.
ImageRun evaluate_image(const Image& image, const std::vector<std::uint8_t>& input,
                        std::uint32_t steps);

// One op alone, on `tensors` in the order and shape of ImageRun's; only its inputs are read. Only
// the op's own result and magnitudes are meant.
ImageRun evaluate_op(const Image& image, std::uint32_t op, std::vector<std::vector<double>> tensors,
                     std::uint32_t steps);

}  // namespace epoch::test
