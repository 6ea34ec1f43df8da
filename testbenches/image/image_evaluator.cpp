// SPDX-License-Identifier: Apache-2.0
#include "image/image_evaluator.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>

#include "image/numbers.h"
#include "image/row_ops.h"
#include "image/ssm_state.h"

namespace epoch::test {
namespace {

void expect(bool condition, const std::string& what) {
  if (!condition) throw std::runtime_error("image: " + what);
}

std::size_t input_bytes(std::uint32_t type) {
  expect(type == EPOCH_IMAGE_TYPE_UINT8 || type == EPOCH_IMAGE_TYPE_UINT32, "type of the input");
  return type == EPOCH_IMAGE_TYPE_UINT8 ? 1 : 4;
}

// Makes results row by row, which serves loops over time and whole ops alike.
class Evaluator {
 public:
  Evaluator(const Image& image, std::uint32_t steps)
      : image_(image), steps_(steps), states_(image.ops.size()) {
    for (const epoch_image_tensor& tensor : image.tensors)
      run_.tensors.emplace_back(std::size_t{rows_of(tensor)} * tensor.width);
    run_.magnitudes.resize(image.ops.size());
  }

  ImageRun run(const std::vector<std::uint8_t>& input) {
    const epoch_image_header& header = image_.header;
    const std::size_t document_bytes =
        run_.tensors[header.input].size() * input_bytes(image_.tensors[header.input].type);
    expect(input.size() == header.documents * document_bytes,
           "input of " + std::to_string(input.size()) + " bytes, a document has " +
               std::to_string(document_bytes));
    for (document_ = 0; document_ < header.documents; ++document_) {
      fill_input(input.data() + document_ * document_bytes);
      run_ops(0, header.head_op);
    }
    run_ops(header.head_op, op_count());
    return std::move(run_);
  }

  ImageRun run_alone(std::uint32_t op, std::vector<std::vector<double>> tensors) {
    run_.tensors = std::move(tensors);
    run_.tensors[EPOCH_REF_TENSOR(image_.ops[op].op.output)].resize(
        std::size_t{result_rows(op)} * tensor_of(image_.ops[op].op.output).width);
    start(op);
    run_op(op);
    return std::move(run_);
  }

 private:
  std::uint32_t op_count() const { return static_cast<std::uint32_t>(image_.ops.size()); }
  std::uint32_t tensor_count() const { return static_cast<std::uint32_t>(image_.tensors.size()); }
  std::uint32_t rows_of(const epoch_image_tensor& tensor) const {
    return tensor.rows == 0 ? steps_ : tensor.rows;
  }
  const epoch_image_tensor& tensor_of(std::uint32_t ref) const {
    return image_.tensors[EPOCH_REF_TENSOR(ref)];
  }
  std::uint32_t result_rows(std::uint32_t op) const {
    return rows_of(tensor_of(image_.ops[op].op.output));
  }

  // ---- Rows of tensors ----

  void fill_input(const std::uint8_t* bytes) {
    const std::size_t width = input_bytes(image_.tensors[image_.header.input].type);
    for (double& value : run_.tensors[image_.header.input]) {
      std::uint32_t word = 0;
      std::memcpy(&word, bytes, width);
      bytes += width;
      value = word;
    }
  }

  // Elements of an input's row: zeros before the first row and behind the last.
  Row read(std::uint32_t op, std::uint32_t input, std::int64_t row) const {
    const std::uint32_t ref = image_.ops[op].op.inputs[input];
    const std::uint32_t elements = elements_taken(image_.ops[op].op, input);
    if (reads_step_before(op, EPOCH_REF_TENSOR(ref))) --row;
    if (row < 0 || row >= rows_of(tensor_of(ref))) return Row(elements);
    const auto first = run_.tensors[EPOCH_REF_TENSOR(ref)].begin() +
                       static_cast<std::ptrdiff_t>(row) * tensor_of(ref).width +
                       EPOCH_REF_COLUMN(ref);
    return {first, first + elements};
  }

  void write(std::uint32_t op, std::uint32_t row, const Row& values) {
    const epoch_image_op& raw = image_.ops[op].op;
    const epoch_image_tensor& tensor = tensor_of(raw.output);
    std::size_t column = EPOCH_REF_COLUMN(raw.output);
    if ((tensor.flags & EPOCH_TENSOR_DOCUMENTS) != 0 && op < image_.header.head_op)
      column += document_ * std::size_t{tensor.width / image_.header.documents};
    expect(values.size() == elements_made(raw) && column + values.size() <= tensor.width,
           "op " + std::to_string(op) + " does not fit its result");
    double* const to = run_.tensors[EPOCH_REF_TENSOR(raw.output)].data() +
                       std::size_t{row} * tensor.width + column;
    for (std::size_t i = 0; i < values.size(); ++i)
      to[i] = rounded_to(tensor.type, values[i], value_of_bits(raw.immediate1));
  }

  // ---- Order ----

  bool writes(std::uint32_t op, std::uint32_t tensor) const {
    return EPOCH_REF_TENSOR(image_.ops[op].op.output) == tensor;
  }
  bool reads(std::uint32_t op, std::uint32_t tensor) const {
    const epoch_image_op& raw = image_.ops[op].op;
    return std::any_of(raw.inputs, raw.inputs + EPOCH_INPUTS, [&](std::uint32_t ref) {
      return ref != EPOCH_REF_NONE && EPOCH_REF_TENSOR(ref) == tensor;
    });
  }
  // Whether what the op reads of the tensor is the step before's: it is written later only.
  bool reads_step_before(std::uint32_t op, std::uint32_t tensor) const {
    if ((image_.tensors[tensor].flags & EPOCH_TENSOR_CARRIED) == 0) return false;
    for (std::uint32_t earlier = 0; earlier < op; ++earlier)
      if (writes(earlier, tensor)) return false;
    return true;
  }

  // Behind the last op of the loop that begins at `first`, or `first` if none does. A loop reaches
  // from the first reader of a carried tensor to its last writer, and on to that of any other that
  // is read in between.
  std::uint32_t loop_end(std::uint32_t first) const {
    std::uint32_t end = first;
    for (std::uint32_t op = first; op == first || op < end; ++op) {
      for (std::uint32_t tensor = 0; tensor < tensor_count(); ++tensor) {
        if (!reads_step_before(op, tensor) || !reads(op, tensor)) continue;
        for (std::uint32_t later = op; later < op_count(); ++later)
          if (writes(later, tensor)) end = std::max(end, later + 1);
      }
    }
    return end;
  }

  void run_ops(std::uint32_t first, std::uint32_t end) {
    for (std::uint32_t op = first; op < end; ++op) start(op);
    for (std::uint32_t op = first; op < end;) {
      const std::uint32_t last = loop_end(op);
      for (std::uint32_t row = 0; last != op && row < steps_; ++row)
        for (std::uint32_t i = op; i < last; ++i) write(i, row, result(i, row));
      if (last == op) run_op(op);
      op = std::max(last, op + 1);
    }
  }

  void start(std::uint32_t op) {
    if (image_.ops[op].op.kind != EPOCH_IMAGE_OP_SSM) return;
    states_[op].emplace(image_.ops[op]);
    run_.magnitudes[op].assign(std::size_t{result_rows(op)} * elements_made(image_.ops[op].op),
                               0.0);
  }

  void run_op(std::uint32_t op) {
    const epoch_image_op& raw = image_.ops[op].op;
    const std::uint32_t rows = result_rows(op);
    const bool reverse = raw.kind == EPOCH_IMAGE_OP_SSM && has_flag(raw, EPOCH_ARRAY_REVERSE);
    for (std::uint32_t i = 0; i < rows; ++i) {
      const std::uint32_t row = reverse ? rows - 1 - i : i;
      write(op, row, result(op, row));
    }
  }

  // ---- Ops ----

  Row result(std::uint32_t op, std::uint32_t row) {
    const ImageOp& image_op = image_.ops[op];
    switch (image_op.op.kind) {
      case EPOCH_IMAGE_OP_AFFINE:
        return affine_row(image_op, source(op, row));
      case EPOCH_IMAGE_OP_GATHER:
        return gather_row(image_op, source(op, row)[0]);
      case EPOCH_IMAGE_OP_LINEAR:
        return linear(op, row);
      case EPOCH_IMAGE_OP_SSM:
        return ssm(op, row);
      case EPOCH_IMAGE_OP_NORM:
        return norm_row(image_op, source(op, row));
      case EPOCH_IMAGE_OP_POOL:
        return pool(op);
      case EPOCH_IMAGE_OP_MAP:
        return map_row(image_op, source(op, row));
      case EPOCH_IMAGE_OP_COMBINE:
        return combine_row(image_op, source(op, row), read(op, EPOCH_INPUT_STORED, row));
      case EPOCH_IMAGE_OP_CONV1D:
        return conv1d(op, row);
      case EPOCH_IMAGE_OP_ARGMAX:
        return argmax_row(source(op, row));
      case EPOCH_IMAGE_OP_IM2COL:
        return im2col(op, row);
      default:
        throw std::runtime_error("image: op kind " + std::to_string(image_op.op.kind));
    }
  }

  Row source(std::uint32_t op, std::int64_t row) const { return read(op, EPOCH_INPUT_SOURCE, row); }

  Row linear(std::uint32_t op, std::uint32_t row) const {
    const ImageOp& image_op = image_.ops[op];
    if (!has_flag(image_op.op, EPOCH_ARRAY_COMBINE))
      return linear_row(image_op, source(op, row), nullptr);
    const Row residual = read(op, EPOCH_INPUT_STORED, row);
    return linear_row(image_op, source(op, row), &residual);
  }

  // A shifted direction takes the source's next row.
  Row ssm(std::uint32_t op, std::uint32_t row) {
    const ImageOp& image_op = image_.ops[op];
    const epoch_image_op& raw = image_op.op;
    const bool streamed = raw.inputs[EPOCH_INPUT_DRIVE] != EPOCH_REF_NONE;
    SsmState::Input input;
    input.source = source(op, std::int64_t{row} + (has_flag(raw, EPOCH_ARRAY_SHIFT) ? 1 : 0));
    if (streamed) {
      input.drive = read(op, EPOCH_INPUT_DRIVE, row);
      input.b = read(op, EPOCH_INPUT_B, row);
      input.c = read(op, EPOCH_INPUT_C, row);
    }
    auto [y, magnitude] = states_[op]->step(input);
    const auto add = [&, &y = y, &magnitude = magnitude](std::size_t i, double value) {
      y[i] += value;
      magnitude[i] += std::abs(value);
    };
    if (!image_op.extra.empty()) {
      const Row u = streamed ? read(op, EPOCH_INPUT_U, row) : input.source;
      for (std::size_t i = 0; i < u.size(); ++i) add(i, image_op.extra[i] * u[i]);
    }
    if (has_flag(raw, EPOCH_ARRAY_COMBINE)) {
      const Row stored = read(op, EPOCH_INPUT_STORED, row);
      for (std::size_t i = 0; i < stored.size(); ++i) add(i, stored[i]);
    }
    for (double& value : y) value = activation_of(raw.activation, value);
    std::copy(magnitude.begin(), magnitude.end(),
              run_.magnitudes[op].begin() + static_cast<std::ptrdiff_t>(row * magnitude.size()));
    return y;
  }

  Row pool(std::uint32_t op) const {
    const epoch_image_op& raw = image_.ops[op].op;
    const std::uint32_t rows = rows_of(tensor_of(raw.inputs[EPOCH_INPUT_SOURCE]));
    if (raw.activation == 1) return source(op, std::int64_t{rows} - 1);
    Row mean(raw.width_out);
    for (std::uint32_t row = 0; row < rows; ++row) {
      const Row x = source(op, row);
      for (std::size_t i = 0; i < x.size(); ++i) mean[i] += x[i];
    }
    for (double& value : mean) value /= rows;
    return mean;
  }

  Row conv1d(std::uint32_t op, std::uint32_t row) const {
    std::vector<Row> rows;
    for (std::int64_t back = image_.ops[op].op.count; back-- > 0;)
      rows.push_back(source(op, row - back));
    return conv1d_row(image_.ops[op], rows);
  }

  Row im2col(std::uint32_t op, std::uint32_t row) const {
    Row patch;
    for (const std::uint32_t under : im2col_rows(image_.ops[op], row)) {
      const Row pixel = source(op, under);
      patch.insert(patch.end(), pixel.begin(), pixel.end());
    }
    return patch;
  }

  const Image& image_;
  const std::uint32_t steps_;
  std::uint32_t document_ = 0;
  std::vector<std::optional<SsmState>> states_;  // by op
  ImageRun run_;
};

}  // namespace

ImageRun evaluate_image(const Image& image, const std::vector<std::uint8_t>& input,
                        std::uint32_t steps) {
  return Evaluator(image, steps).run(input);
}

ImageRun evaluate_op(const Image& image, std::uint32_t op, std::vector<std::vector<double>> tensors,
                     std::uint32_t steps) {
  return Evaluator(image, steps).run_alone(op, std::move(tensors));
}

}  // namespace epoch::test
