// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "image/image_reader.h"

namespace epoch::test {

// One row of an op's result from rows of its inputs, in float64 and before it is rounded to the
// result's type (epoch_image.h, epochcore.h).

using Row = std::vector<double>;

bool has_flag(const epoch_image_op& op, std::uint32_t flag);

Row affine_row(const ImageOp& op, Row x);
Row gather_row(const ImageOp& op, double index);  // std::runtime_error beyond the table
Row linear_row(const ImageOp& op, const Row& x, const Row* residual);
Row norm_row(const ImageOp& op, Row x);
Row map_row(const ImageOp& op, const Row& x);
Row combine_row(const ImageOp& op, Row a, const Row& b);
// `rows`: the last `count` rows, oldest first.
Row conv1d_row(const ImageOp& op, const std::vector<Row>& rows);
Row argmax_row(const Row& x);

// Rows of the input that lie under the kernel of result row `row`, side by side.
std::vector<std::uint32_t> im2col_rows(const ImageOp& op, std::uint32_t row);

}  // namespace epoch::test
