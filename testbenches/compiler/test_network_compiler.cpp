// SPDX-License-Identifier: Apache-2.0
#include "compiler/network_compiler.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>

#include "compiler/crc32.h"
#include "compiler/image_reader.h"
#include "compiler/model_folder.h"
#include "errors.h"
#include "reference/smnist_data.h"

using Catch::Matchers::Contains;
using epoch::ArrayTarget;
using epoch::compile_network;
using epoch::S4dModel;
using epoch::test::Image;
using epoch::test::ImageOp;
using epoch::test::ModelFolder;
using epoch::test::read_image;

namespace {

ArrayTarget array(std::uint32_t rows, std::uint32_t cols, std::uint32_t segment_rows) {
  ArrayTarget target;
  target.rows = rows;
  target.cols = cols;
  target.segment_rows = segment_rows;
  target.buffer_bytes[EPOCH_BUFFER_COEFFICIENTS] = 1024 * 1024;
  return target;
}

float as_float(std::uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

std::vector<float> joined(std::vector<float> first, const std::vector<float>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

// {ar, ai, 2 Re(C B), 2 Im(C B)} of each mode, in float64: scaling by 2 first changes no bit.
std::vector<float> expected_coefficients(const epoch::S4dLayerTensors& layer) {
  std::vector<float> words;
  for (std::size_t i = 0; i < layer.a_bar.size(); i += 2) {
    const double br = layer.b_bar[i];
    const double bi = layer.b_bar[i + 1];
    const double cr = 2 * static_cast<double>(layer.c[i]);
    const double ci = 2 * static_cast<double>(layer.c[i + 1]);
    words.push_back(layer.a_bar[i]);
    words.push_back(layer.a_bar[i + 1]);
    words.push_back(static_cast<float>(cr * br - ci * bi));
    words.push_back(static_cast<float>(cr * bi + ci * br));
  }
  return words;
}

// Column 2c of a GLU is value c, column 2c + 1 its gate.
std::size_t glu_row(std::size_t column, std::size_t outputs) {
  return column / 2 + (column % 2) * outputs;
}

void check_block(const Image& image, const S4dModel& model, std::uint32_t index) {
  const epoch_image_layer& layer = image.layers[1 + index];
  const epoch::S4dLayerTensors& tensors = model.layers[index];
  const std::uint32_t width = model.config.channels;
  REQUIRE(layer.op_count == 3);
  const ImageOp& norm = image.ops[layer.first_op];
  const ImageOp& ssm = image.ops[layer.first_op + 1];
  const ImageOp& linear = image.ops[layer.first_op + 2];
  CHECK(norm.op.kind == EPOCH_IMAGE_OP_NORM);
  CHECK(norm.op.inputs == width);
  CHECK(norm.op.outputs == width);
  CHECK(as_float(norm.op.immediate0) == static_cast<float>(model.config.norm_epsilon));
  CHECK(norm.values == joined(tensors.norm_weight, tensors.norm_bias));

  CHECK(ssm.op.kind == EPOCH_IMAGE_OP_SSM);
  CHECK(ssm.op.format == EPOCH_FORMAT(EPOCH_MODE_COMPLEX, EPOCH_TYPE_FP32, EPOCH_ARRAY_EXTRA));
  CHECK(ssm.op.activation == EPOCH_ACTIVATION_GELU);
  CHECK(ssm.op.modes == model.config.modes);
  CHECK(ssm.op.residual == 0);
  CHECK(ssm.values == expected_coefficients(tensors));
  CHECK(ssm.extra == tensors.d);

  CHECK(linear.op.kind == EPOCH_IMAGE_OP_LINEAR);
  CHECK(linear.op.format ==
        EPOCH_FORMAT(EPOCH_MODE_MAC, EPOCH_TYPE_FP32, EPOCH_ARRAY_EXTRA | EPOCH_ARRAY_COMBINE));
  CHECK(linear.op.activation == EPOCH_ACTIVATION_GLU);
  CHECK(linear.op.outputs == width);
  CHECK(linear.op.residual == 1);
  std::size_t wrong = 0;
  for (std::size_t column = 0; column < 2 * width; ++column) {
    const std::size_t row = glu_row(column, width);
    wrong += linear.extra.at(column) != tensors.output_bias[row];
    for (std::size_t i = 0; i < width; ++i) {
      wrong += linear.values.at(column * width + i) != tensors.output_weight[row * width + i];
    }
  }
  CHECK(wrong == 0);
}

void check_ends(const Image& image, const S4dModel& model) {
  const epoch::S4dConfig& config = model.config;
  REQUIRE(image.layers.size() == config.layers + 3);
  REQUIRE(image.layers.front().op_count == 2);
  const ImageOp& affine = image.ops[0];
  CHECK(affine.op.kind == EPOCH_IMAGE_OP_AFFINE);
  CHECK(affine.op.inputs == config.input_width);
  CHECK(as_float(affine.op.immediate0) ==
        static_cast<float>(1 / (config.input_scale * config.input_std)));
  CHECK(as_float(affine.op.immediate1) ==
        static_cast<float>(-config.input_mean / config.input_std));
  const ImageOp& encoder = image.ops[1];
  CHECK(encoder.op.kind == EPOCH_IMAGE_OP_LINEAR);
  CHECK(encoder.op.activation == EPOCH_ACTIVATION_NONE);
  CHECK(encoder.op.residual == 0);
  CHECK(encoder.values == model.encoder_weight);
  CHECK(encoder.extra == model.encoder_bias);
  const ImageOp& pool = image.ops[image.ops.size() - 2];
  CHECK(pool.op.kind == EPOCH_IMAGE_OP_POOL);
  CHECK(pool.op.outputs == config.channels);
  const ImageOp& decoder = image.ops.back();
  CHECK(decoder.op.kind == EPOCH_IMAGE_OP_LINEAR);
  CHECK(decoder.op.outputs == config.labels);
  CHECK(decoder.values == model.decoder_weight);
  CHECK(decoder.extra == model.decoder_bias);
}

void check_image(const std::vector<std::uint8_t>& bytes, const S4dModel& model,
                 const ArrayTarget& target) {
  const Image image = read_image(bytes);
  CHECK(image.header.array_rows == target.rows);
  CHECK(image.header.array_cols == target.cols);
  CHECK(image.header.array_segment_rows == target.segment_rows);
  CHECK(image.header.array_state_slots == target.state_slots);
  CHECK(image.header.contract_version == 0x00010001u);
  CHECK(image.header.input_width == model.config.input_width);
  CHECK(image.header.output_width == model.config.labels);
  CHECK(image.header.max_width ==
        std::max({model.config.input_width, model.config.channels, model.config.labels}));
  check_ends(image, model);
  for (std::uint32_t layer = 0; layer < model.config.layers; ++layer) {
    CAPTURE(layer);
    check_block(image, model, layer);
  }
}

const std::array<std::array<std::uint32_t, 3>, 9> shapes = {{{8, 8, 8},
                                                             {8, 8, 4},
                                                             {16, 16, 8},
                                                             {32, 32, 8},
                                                             {32, 32, 32},
                                                             {64, 16, 16},
                                                             {128, 128, 8},
                                                             {128, 128, 32},
                                                             {12, 7, 4}}};

}  // namespace

TEST_CASE("compiler: every coefficient of the trained network is where the array reads it") {
  const auto shape = GENERATE(from_range(shapes));
  CAPTURE(shape[0], shape[1], shape[2]);
  const S4dModel model = epoch::load_s4d_model(epoch::test::smnist_folder());
  const ArrayTarget target = array(shape[0], shape[1], shape[2]);
  const std::vector<std::uint8_t> bytes = compile_network(model, target);
  CHECK(std::strcmp(read_image(bytes).header.name, "smnist") == 0);
  check_image(bytes, model, target);
}

TEST_CASE("compiler: networks that divide nothing evenly are laid out whole") {
  const auto shape = GENERATE(from_range(shapes));
  CAPTURE(shape[0], shape[1], shape[2]);
  ModelFolder folder(37, 19, 2, 11, 5);
  folder.write();
  const S4dModel model = epoch::load_s4d_model(folder.path());
  const ArrayTarget target = array(shape[0], shape[1], shape[2]);
  check_image(compile_network(folder.path(), target), model, target);
}

TEST_CASE("compiler: a long name is cut and still ends") {
  ModelFolder folder(3, 2, 1, 1, 2);
  folder.config["name"] = "0123456789012345678901234567890123456789";
  folder.write();
  const Image image = read_image(compile_network(folder.path(), ArrayTarget{}));
  CHECK(std::string(image.header.name, 32) ==
        std::string("0123456789012345678901234567890") + '\0');
}

TEST_CASE("compiler: the same model gives the same bytes") {
  const std::string folder = epoch::test::smnist_folder();
  CHECK(compile_network(folder, ArrayTarget{}) == compile_network(folder, ArrayTarget{}));
}

TEST_CASE("compiler: a flipped bit anywhere in the image is seen") {
  std::vector<std::uint8_t> image = compile_network(epoch::test::smnist_folder(), ArrayTarget{});
  for (std::size_t byte = 0; byte < image.size(); byte += 4099) {
    image[byte] ^= 0x10;
    CHECK_THROWS(read_image(image));
    image[byte] ^= 0x10;
  }
  CHECK_NOTHROW(read_image(image));
}

TEST_CASE("compiler: C and B fold in float64 with one rounding") {
  // (1 + 2^-12)^2 - 1 = 2^-11 + 2^-24: products rounded to fp32 would lose the last bit.
  const float c = 1 + 0x1p-12f;
  CHECK(epoch::fold_output({c, 1.0f}, {c, 1.0f}) ==
        std::complex<float>(0x1p-10f + 0x1p-23f, 4 * c));
  CHECK(epoch::fold_output({0.0f, 1.0f}, {0.0f, 1.0f}) == std::complex<float>(-2, 0));
}

TEST_CASE("compiler: CRC-32 of the standard's check string") {
  const std::string check = "123456789";
  CHECK(epoch::crc32(reinterpret_cast<const std::uint8_t*>(check.data()), check.size()) ==
        0xCBF43926u);
}

TEST_CASE("compiler: poles that do not decay are refused by layer, channel and mode") {
  ModelFolder folder(3, 2, 2, 1, 2);
  auto& poles = folder.tensors["layers.1.ssm.A_bar"].values;
  SECTION("on the unit circle") {
    poles[8] = 1;
    poles[9] = 0;
  }
  SECTION("just outside") {
    poles[8] = 0.8f;
    poles[9] = std::nextafter(0.6f, 1.0f);
  }
  folder.write();
  CHECK_THROWS_WITH(compile_network(folder.path(), ArrayTarget{}),
                    Contains("layers.1.ssm.A_bar: the pole of channel 2, mode 0"));
  CHECK_THROWS_AS(compile_network(folder.path(), ArrayTarget{}), epoch::InputError);
}

TEST_CASE("compiler: a pole just inside the unit circle is taken") {
  ModelFolder folder(3, 2, 2, 1, 2);
  auto& poles = folder.tensors["layers.1.ssm.A_bar"].values;
  poles[8] = std::nextafter(1.0f, 0.0f);
  poles[9] = 0;
  folder.write();
  CHECK_NOTHROW(compile_network(folder.path(), ArrayTarget{}));
}

TEST_CASE("compiler: a folded coefficient beyond fp32 is refused") {
  ModelFolder folder(3, 2, 1, 1, 2);
  folder.tensors["layers.0.ssm.C"].values[6] = 2e38f;
  folder.tensors["layers.0.ssm.B_bar"].values[6] = 2.0f;
  folder.write();
  CHECK_THROWS_WITH(compile_network(folder.path(), ArrayTarget{}),
                    Contains("layers.0.ssm: 2 C B_bar of channel 1, mode 1 overflows fp32"));
}

TEST_CASE("compiler: an input normalisation beyond fp32 is refused") {
  ModelFolder folder(3, 2, 1, 1, 2);
  folder.config["input_std"] = 1e-300;
  folder.write();
  CHECK_THROWS_WITH(compile_network(folder.path(), ArrayTarget{}), Contains("overflows fp32"));
}

TEST_CASE("compiler: what the array lacks is named") {
  const std::string folder = epoch::test::smnist_folder();
  ArrayTarget target;
  std::string reason;
  SECTION("complex mode") {
    target.modes &= ~(1u << EPOCH_MODE_COMPLEX);
    reason = "layers.0.ssm: needs array mode complex";
  }
  SECTION("mac mode") {
    target.modes &= ~(1u << EPOCH_MODE_MAC);
    reason = "encoder: needs array mode mac";
  }
  SECTION("GELU") {
    target.activations &= ~(1u << EPOCH_ACTIVATION_GELU);
    reason = "layers.0.ssm: needs drain activation GELU";
  }
  SECTION("GLU") {
    target.activations &= ~(1u << EPOCH_ACTIVATION_GLU);
    reason = "layers.0.output_linear: needs drain activation GLU";
  }
  SECTION("fp32") {
    target.types = 0;
    reason = "encoder: needs number type fp32";
  }
  SECTION("one state slot") {
    target.state_slots = 2;
    reason = "encoder: it needs 1 state slot a PE, the array has 2";
  }
  SECTION("two columns") {
    target.cols = 1;
    reason = "layers.0.output_linear: an array of 32 x 1 PEs";
  }
  CHECK_THROWS_WITH(compile_network(folder, target), Contains(reason));
  CHECK_THROWS_AS(compile_network(folder, target), epoch::InputError);
}

TEST_CASE("compiler: buffers too small for one step are refused by how much") {
  const std::string folder = epoch::test::smnist_folder();
  ArrayTarget target;
  std::string reason;
  SECTION("an SSM block of 32 channels, 16 modes of 4 words, and D") {
    target.buffer_bytes[EPOCH_BUFFER_COEFFICIENTS] = 32 * (16 * 4 + 1) * 4 - 1;
    reason =
        "layers.0.ssm: a parameter block: 8320 bytes, 1 more than the coefficients "
        "buffer's 8319";
  }
  SECTION("rows of 32 values in and out") {
    target.buffer_bytes[EPOCH_BUFFER_ACTIVATIONS] = 255;
    reason =
        "layers.0.norm: one step's input and output: 256 bytes, 1 more than the "
        "activations buffer's 255";
  }
  SECTION("partial sums of 8 columns") {
    target = array(8, 8, 8);
    target.buffer_bytes[EPOCH_BUFFER_ACCUMULATORS] = 28;
    reason = "one step's partial sums: 32 bytes, 4 more than the accumulators buffer's 28";
  }
  CHECK_THROWS_WITH(compile_network(folder, target), Contains(reason));
  CHECK_THROWS_AS(compile_network(folder, target), epoch::InputError);
}

TEST_CASE("compiler: widths beyond a command's extent are refused by how much") {
  ModelFolder folder(1, 1, 1, 65540, 1);
  folder.write();
  CHECK_THROWS_WITH(compile_network(folder.path(), ArrayTarget{}),
                    Contains("encoder: a command's extent of 65540 is 5 above the limit of 65535"));
}
