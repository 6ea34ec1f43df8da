// SPDX-License-Identifier: Apache-2.0
#include "compiler/network_compiler.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <sstream>

#include "compiler/image_builder.h"
#include "compiler/parameter_blocks.h"
#include "model/safetensors.h"
#include "epoch_image.h"
#include "epoch_layout.h"
#include "errors.h"

namespace epoch {
namespace {

std::uint32_t bits(double value) {
  const float rounded = static_cast<float>(value);
  std::uint32_t word = 0;
  std::memcpy(&word, &rounded, sizeof word);
  return word;
}

// [outputs][...] as value 0, gate 0, value 1, gate 1, ...: the pairs of columns of the drain's GLU.
std::vector<float> interleave_gates(const std::vector<float>& values_then_gates,
                                    std::size_t outputs) {
  const std::size_t row = values_then_gates.size() / (2 * outputs);
  const auto begin = values_then_gates.begin();
  std::vector<float> result;
  result.reserve(values_then_gates.size());
  for (std::size_t output = 0; output < outputs; ++output) {
    for (const std::size_t source : {output, outputs + output}) {
      const auto first = begin + static_cast<std::ptrdiff_t>(source * row);
      result.insert(result.end(), first, first + static_cast<std::ptrdiff_t>(row));
    }
  }
  return result;
}

class NetworkCompiler {
 public:
  NetworkCompiler(const S4dModel& model, const ArrayTarget& target)
      : model_(model),
        target_(target),
        shape_{target.rows, target.cols, target.segment_rows, target.state_slots} {}

  std::vector<std::uint8_t> compile() {
    add_input();
    for (std::uint32_t layer = 0; layer < model_.config.layers; ++layer) {
      add_block(layer);
    }
    add_output();
    check_size();
    return builder_.finish(header());
  }

 private:
  using Bytes = std::vector<std::uint8_t>;

  void add_input() {
    const S4dConfig& config = model_.config;
    builder_.begin_layer();
    epoch_image_op affine{};
    affine.kind = EPOCH_IMAGE_OP_AFFINE;
    affine.format = EPOCH_FORMAT(0, EPOCH_TYPE_FP32, 0);
    affine.inputs = affine.outputs = config.input_width;
    // (p/s - mean)/std as p*scale + offset, each computed in float64 and rounded once.
    affine.immediate0 = bits(1.0 / (config.input_scale * config.input_std));
    affine.immediate1 = bits(-config.input_mean / config.input_std);
    if (!std::isfinite(static_cast<float>(1.0 / (config.input_scale * config.input_std))) ||
        !std::isfinite(static_cast<float>(config.input_mean / config.input_std))) {
      throw InputError(where(),
                       "input_scale, input_mean and input_std give a scale or offset that "
                       "overflows fp32");
    }
    builder_.add_op(affine, {});
    add_linear("encoder", config.input_width, config.channels, model_.encoder_weight,
               model_.encoder_bias, false);
  }

  void add_block(std::uint32_t index) {
    const S4dLayerTensors& layer = model_.layers[index];
    const std::string name = "layers." + std::to_string(index);
    const std::uint32_t channels = model_.config.channels;
    builder_.begin_layer();
    add_norm(name, layer);
    add_ssm(name, layer);
    add_linear(name + ".output_linear", channels, channels,
               interleave_gates(layer.output_weight, channels),
               interleave_gates(layer.output_bias, channels), true);
  }

  void add_output() {
    const S4dConfig& config = model_.config;
    builder_.begin_layer();
    epoch_image_op pool{};
    pool.kind = EPOCH_IMAGE_OP_POOL;
    pool.format = EPOCH_FORMAT(0, EPOCH_TYPE_FP32, 0);
    pool.inputs = pool.outputs = config.channels;
    builder_.add_op(pool, {});
    builder_.begin_layer();
    add_linear("decoder", config.channels, config.labels, model_.decoder_weight,
               model_.decoder_bias, false);
  }

  void add_norm(const std::string& name, const S4dLayerTensors& layer) {
    epoch_image_op op{};
    op.kind = EPOCH_IMAGE_OP_NORM;
    op.format = EPOCH_FORMAT(0, EPOCH_TYPE_FP32, 0);
    op.inputs = op.outputs = model_.config.channels;
    op.immediate0 = bits(model_.config.norm_epsilon);
    check_buffers(name + ".norm", 2 * sizeof(float) * op.inputs, op.inputs, op.outputs, 0);
    std::vector<float> parameters = layer.norm_weight;
    parameters.insert(parameters.end(), layer.norm_bias.begin(), layer.norm_bias.end());
    Bytes bytes(parameters.size() * sizeof(float));
    std::memcpy(bytes.data(), parameters.data(), bytes.size());
    builder_.add_op(op, bytes);
  }

  void add_ssm(const std::string& name, const S4dLayerTensors& layer) {
    const std::uint32_t channels = model_.config.channels;
    const std::uint32_t modes = model_.config.modes;
    require(target_.types, EPOCH_TYPE_FP32, name + ".ssm", "number type fp32");
    require(target_.modes, EPOCH_MODE_COMPLEX, name + ".ssm", "array mode complex");
    require(target_.activations, EPOCH_ACTIVATION_GELU, name + ".ssm", "drain activation GELU");
    check_fits_words(name + ".ssm", std::uint64_t{channels} * modes * 4 + channels);
    epoch_ssm_layout layout{};
    if (epoch_ssm_layout_make(&layout, &shape_, EPOCH_MODE_COMPLEX, channels, modes, 1) != 0) {
      refuse_layout(name + ".ssm", modes, channels);
    }
    std::uint32_t largest = 0;
    for (std::uint32_t block = 0; block < layout.blocks; ++block) {
      largest = std::max(largest, epoch_ssm_block_bytes(&layout, 0, block));
    }
    const std::uint32_t width = epoch_ssm_pass_channels(&layout, 0);
    check_buffers(name + ".ssm", largest, width, width, layout.blocks > 1 ? width : 0);
    epoch_image_op op{};
    op.kind = EPOCH_IMAGE_OP_SSM;
    op.format = EPOCH_FORMAT(EPOCH_MODE_COMPLEX, EPOCH_TYPE_FP32, EPOCH_ARRAY_EXTRA);
    op.activation = EPOCH_ACTIVATION_GELU;
    op.inputs = op.outputs = channels;
    op.modes = modes;
    builder_.add_op(op, ssm_parameters(layout, coefficients(name, layer), layer.d));
  }

  void add_linear(const std::string& name, std::uint32_t inputs, std::uint32_t outputs,
                  const std::vector<float>& weight, const std::vector<float>& bias, bool glu) {
    require(target_.types, EPOCH_TYPE_FP32, name, "number type fp32");
    require(target_.modes, EPOCH_MODE_MAC, name, "array mode mac");
    if (glu) {
      require(target_.activations, EPOCH_ACTIVATION_GLU, name, "drain activation GLU");
    }
    const std::uint32_t columns = glu ? 2 * outputs : outputs;
    check_fits_words(name, std::uint64_t{inputs} * columns + columns);
    epoch_gemm_layout layout{};
    if (epoch_gemm_layout_make(&layout, &shape_, inputs, columns, 1, glu ? 1 : 0) != 0) {
      refuse_layout(name, inputs, columns);
    }
    std::uint32_t largest = 0;
    for (std::uint32_t fold = 0; fold < layout.input_folds; ++fold) {
      largest = std::max(largest, epoch_gemm_block_bytes(&layout, 0, fold));
    }
    check_buffers(name, largest, inputs, outputs,
                  layout.input_folds > 1 ? layout.outputs_per_fold : 0);
    epoch_image_op op{};
    op.kind = EPOCH_IMAGE_OP_LINEAR;
    op.format = EPOCH_FORMAT(EPOCH_MODE_MAC, EPOCH_TYPE_FP32,
                             EPOCH_ARRAY_EXTRA | (glu ? EPOCH_ARRAY_COMBINE : 0u));
    op.activation = glu ? EPOCH_ACTIVATION_GLU : EPOCH_ACTIVATION_NONE;
    op.inputs = inputs;
    op.outputs = outputs;
    op.residual = glu ? 1 : 0;
    builder_.add_op(op, gemm_parameters(layout, weight, bias));
  }

  // [channel][mode]{ar, ai, c'r, c'i}.
  std::vector<float> coefficients(const std::string& name, const S4dLayerTensors& layer) const {
    std::vector<float> words;
    words.reserve(2 * layer.a_bar.size());
    for (std::size_t i = 0; i < layer.a_bar.size(); i += 2) {
      const std::complex<float> a(layer.a_bar[i], layer.a_bar[i + 1]);
      const std::complex<float> folded =
          fold_output({layer.c[i], layer.c[i + 1]}, {layer.b_bar[i], layer.b_bar[i + 1]});
      check_pole(name, i / 2, a);
      if (!std::isfinite(folded.real()) || !std::isfinite(folded.imag())) {
        throw InputError(where(), name + ".ssm: 2 C B_bar of " + place(i / 2) + " overflows fp32");
      }
      words.insert(words.end(), {a.real(), a.imag(), folded.real(), folded.imag()});
    }
    return words;
  }

  void check_pole(const std::string& name, std::size_t index, std::complex<float> a) const {
    // Squares of fp32 values are exact in float64.
    const double real = a.real();
    const double imaginary = a.imag();
    const double square = real * real + imaginary * imaginary;
    if (square >= 1) {
      std::ostringstream excess;
      excess << std::sqrt(square) - 1;
      throw InputError(where(), name + ".ssm.A_bar: the pole of " + place(index) +
                                    " has |a| >= 1 (by " + excess.str() +
                                    "): its state would never decay");
    }
  }

  std::string place(std::size_t index) const {
    return "channel " + std::to_string(index / model_.config.modes) + ", mode " +
           std::to_string(index % model_.config.modes);
  }

  void require(std::uint32_t available, unsigned bit, const std::string& name,
               const std::string& what) const {
    if ((available >> bit & 1u) == 0) {
      throw InputError(where(), name + ": needs " + what + ", which this array does not have");
    }
  }

  // Offsets in an image are 32 bits; a layer stays below half of that, padding included.
  void check_fits_words(const std::string& name, std::uint64_t words) const {
    constexpr std::uint64_t most = std::uint64_t{1} << 28;
    if (words > most) {
      throw InputError(where(), name + ": " + std::to_string(words) + " parameters, " +
                                    std::to_string(words - most) + " more than an image can hold");
    }
  }

  // What epoch_layout.h cannot lay out: `rows_needed` elements down a column, `columns_needed`
  // across.
  [[noreturn]] void refuse_layout(const std::string& name, std::uint32_t rows_needed,
                                  std::uint32_t columns_needed) const {
    constexpr std::uint32_t most = 0xFFFF;  // the 16-bit extents of a command
    const std::uint32_t extent = std::max(rows_needed, columns_needed);
    std::string reason;
    if (extent > most) {
      reason = "a command's extent of " + std::to_string(extent) + " is " +
               std::to_string(extent - most) + " above the limit of " + std::to_string(most);
    } else if (shape_.state_slots != 1) {
      reason = "it needs 1 state slot a PE, the array has " + std::to_string(shape_.state_slots);
    } else {
      reason = "an array of " + std::to_string(shape_.rows) + " x " + std::to_string(shape_.cols) +
               " PEs in segments of " + std::to_string(shape_.segment_rows) +
               " rows cannot hold it (whole segments, and 2 columns for a GLU)";
    }
    throw InputError(where(), name + ": " + reason);
  }

  // What the array needs of its buffers to run an op at all, one step at a time: the largest block
  // that COEFF reads, an input and an output row, a row of partial sums. Longer tiles are the
  // driver's to choose.
  void check_buffers(const std::string& name, std::uint64_t largest_block, std::uint64_t inputs,
                     std::uint64_t outputs, std::uint64_t partial_sums) const {
    check_buffer(name + ": a parameter block", EPOCH_BUFFER_COEFFICIENTS, largest_block);
    check_buffer(name + ": one step's input and output", EPOCH_BUFFER_ACTIVATIONS,
                 ImageBuilder::aligned(inputs * sizeof(float)) +
                     ImageBuilder::aligned(outputs * sizeof(float)));
    check_buffer(name + ": one step's partial sums", EPOCH_BUFFER_ACCUMULATORS,
                 partial_sums * sizeof(float));
  }

  void check_buffer(const std::string& what, unsigned buffer, std::uint64_t bytes) const {
    static const char* const names[] = {"activations", "coefficients", "accumulators"};
    const std::uint64_t available = target_.buffer_bytes[buffer];
    if (bytes > available) {
      throw InputError(where(), what + ": " + std::to_string(bytes) + " bytes, " +
                                    std::to_string(bytes - available) + " more than the " +
                                    names[buffer] + " buffer's " + std::to_string(available));
    }
  }

  void check_size() const {
    constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
    if (builder_.total_bytes() > most) {
      throw InputError(where(), "the image takes " + std::to_string(builder_.total_bytes()) +
                                    " bytes, " + std::to_string(builder_.total_bytes() - most) +
                                    " more than its 32-bit offsets reach");
    }
  }

  epoch_image_header header() const {
    const S4dConfig& config = model_.config;
    epoch_image_header header{};
    header.array_rows = shape_.rows;
    header.array_cols = shape_.cols;
    header.array_segment_rows = shape_.segment_rows;
    header.array_state_slots = shape_.state_slots;
    header.input_width = config.input_width;
    header.output_width = config.labels;
    header.max_width = std::max({config.input_width, config.channels, config.labels});
    // A label for people: a longer one is cut.
    config.name.copy(header.name, sizeof header.name - 1);
    return header;
  }

  const std::string& where() const { return model_.tensor_file; }

  const S4dModel& model_;
  const ArrayTarget& target_;
  epoch_array_shape shape_;
  ImageBuilder builder_;
};

}  // namespace

std::complex<float> fold_output(std::complex<float> c, std::complex<float> b) {
  const double cr = c.real();
  const double ci = c.imag();
  const double br = b.real();
  const double bi = b.imag();
  return {static_cast<float>(2 * (cr * br - ci * bi)), static_cast<float>(2 * (cr * bi + ci * br))};
}

std::vector<std::uint8_t> compile_network(const S4dModel& model, const ArrayTarget& target) {
  return NetworkCompiler(model, target).compile();
}

std::vector<std::uint8_t> compile_network(const std::string& model_folder,
                                          const ArrayTarget& target) {
  return compile_network(load_s4d_model(model_folder), target);
}

}  // namespace epoch
