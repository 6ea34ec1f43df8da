// SPDX-License-Identifier: Apache-2.0
#include "epoch_crc.h"
#include "epoch_network.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "compiler/network_builder.h"
#include "firmware/random_image.h"

using namespace epoch;
using namespace epoch::test;

namespace {

constexpr epoch_array_shape array = {8, 8, 4, 1, EPOCH_SLOTS_MODE};

epoch_caps caps() {
  return sample_caps(array, 1 << 20, 1 << 20, 1 << 20);
}

// Ops and tensors of the fixed network, by number.
enum { affine, encoder, norm, ssm, glu, pool, head };
enum { pixels, u, stream, normed, filtered, sum, pooled, logits };

// input 2, 6 channels: encoder | norm, ssm, glu + residual, pool | linear
AlignedImage fixed_image() {
  NetworkBuilder builder(caps(), NumberType::fp32, "fixed");
  builder.begin_layer("first");
  const Value in = builder.tensor(2, EPOCH_IMAGE_TYPE_UINT8), x = builder.tensor(2);
  builder.affine(in, x, 1, 0);
  const Value h = builder.tensor(6), z = builder.tensor(6), g = builder.tensor(6);
  builder.linear("encoder", x, h, {std::vector<float>(12, 0.5f), {}});
  builder.begin_layer("second");
  builder.layer_norm("norm", h, z, std::vector<float>(6, 1), std::vector<float>(6, 0), 1e-5);
  Recurrence recurrence;
  recurrence.mode = EPOCH_MODE_COMPLEX;
  recurrence.modes = 3;
  recurrence.values.words.assign(6 * 3 * 4, 0.25);
  recurrence.values.extra.assign(6, 1);
  recurrence.activation = EPOCH_ACTIVATION_GELU;
  builder.ssm("ssm", z, g, recurrence);
  const Value out = builder.tensor(6);
  builder.linear(
      "glu", g, out,
      {std::vector<float>(72, 0.1f), std::vector<float>(12, 0), EPOCH_ACTIVATION_GLU, &h});
  const Value mean = builder.tensor(6, EPOCH_TYPE_FP32, 1);
  builder.mean_pool(out, mean);
  builder.begin_layer("third");
  const Value result = builder.tensor(3, EPOCH_TYPE_FP32, 1);
  builder.linear("head", mean, result, {std::vector<float>(18, 0.1f), {}});
  return AlignedImage(builder.finish("fixed", in, result));
}

epoch_network_result open(const AlignedImage& image, const epoch_caps& with = caps()) {
  epoch_network network{};
  return epoch_network_open(&network, image.data(), image.size(), &with, nullptr);
}

// The result after one change and a new checksum.
epoch_network_result open_changed(const std::function<void(AlignedImage&)>& change) {
  AlignedImage image = fixed_image();
  change(image);
  image.seal();
  return open(image);
}

epoch_network_result open_op(int index, const std::function<void(epoch_image_op&)>& change) {
  return open_changed([&](AlignedImage& image) { change(image.ops()[index]); });
}

epoch_network_result open_tensor(int index,
                                 const std::function<void(epoch_image_tensor&)>& change) {
  return open_changed([&](AlignedImage& image) { change(image.tensors()[index]); });
}

}  // namespace

TEST_CASE("CRC-32 is that of IEEE 802.3 and can be chained") {
  const char* text = "123456789";
  CHECK(epoch_crc32(0, text, 9) == 0xCBF43926u);
  CHECK(epoch_crc32(epoch_crc32(0, text, 4), text + 4, 5) == 0xCBF43926u);
  CHECK(epoch_crc32(0, text, 0) == 0);
  std::mt19937 random(7);
  std::vector<std::uint8_t> bytes(1000);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  CHECK(epoch_crc32(0, bytes.data(), 1000) == bitwise_crc32(bytes.data(), bytes.size()));
}

TEST_CASE("image: a correct one is accepted and its tables found") {
  const AlignedImage image = fixed_image();
  const epoch_caps with = caps();
  epoch_network network{};
  REQUIRE(epoch_network_open(&network, image.data(), image.size(), &with, nullptr) ==
          EPOCH_NETWORK_OK);
  CHECK(network.header->op_count == 7);
  CHECK(network.header->layer_count == 3);
  CHECK(network.ops[glu].layer == 1);
  CHECK(network.ops[glu].inputs[EPOCH_INPUT_STORED] == EPOCH_REF(stream, 0));
  CHECK(epoch_tensor_rows(epoch_output_tensor(&network), 50) == 1);
  CHECK(epoch_tensor_rows(&network.tensors[stream], 50) == 50);
  CHECK(epoch_op_columns(&network.ops[glu]) == 12);
}

TEST_CASE("image: every truncation is refused") {
  const AlignedImage image = fixed_image();
  const epoch_caps with = caps();
  for (std::uint32_t bytes = 0; bytes < image.size(); ++bytes) {
    epoch_network network{};
    // A copy that ends there, so that a read beyond it is caught by a sanitizer.
    std::vector<std::uint8_t> storage(bytes + 64);
    const std::size_t offset = (64 - reinterpret_cast<std::uintptr_t>(storage.data()) % 64) % 64;
    std::memcpy(storage.data() + offset, image.data(), bytes);
    CHECK(epoch_network_open(&network, storage.data() + offset, bytes, &with, nullptr) ==
          EPOCH_NETWORK_TRUNCATED);
  }
}

TEST_CASE("image: any flipped bit is caught") {
  AlignedImage image = fixed_image();
  for (std::uint32_t at = 0; at < image.size(); ++at) {
    const auto mask = static_cast<std::uint8_t>(1u << (at % 8));
    image.data()[at] = static_cast<std::uint8_t>(image.data()[at] ^ mask);
    CAPTURE(at);
    CHECK(open(image) != EPOCH_NETWORK_OK);
    image.data()[at] = static_cast<std::uint8_t>(image.data()[at] ^ mask);
  }
  CHECK(open(image) == EPOCH_NETWORK_OK);
}

TEST_CASE("image: a misaligned one is refused") {
  const AlignedImage image = fixed_image();
  const epoch_caps with = caps();
  std::vector<std::uint8_t> storage(image.size() + 128);
  const std::size_t offset = (64 - reinterpret_cast<std::uintptr_t>(storage.data()) % 64) % 64 + 4;
  std::memcpy(storage.data() + offset, image.data(), image.size());
  epoch_network network{};
  CHECK(epoch_network_open(&network, storage.data() + offset, image.size(), &with, nullptr) ==
        EPOCH_NETWORK_ALIGNMENT);
}

TEST_CASE("image: every wrong header field is refused, with a valid checksum") {
  const auto field = [](auto member, std::uint32_t value) {
    return open_changed([=](AlignedImage& image) { image.header().*member = value; });
  };
  using H = epoch_image_header;
  CHECK(field(&H::magic, 0x12345678) == EPOCH_NETWORK_MAGIC);
  CHECK(field(&H::version, EPOCH_IMAGE_VERSION + 1) == EPOCH_NETWORK_VERSION);
  CHECK(field(&H::contract_version, 2u << 16) == EPOCH_NETWORK_CONTRACT);
  CHECK(field(&H::contract_version, EPOCH_VERSION_MAJOR << 16 | (EPOCH_VERSION_MINOR + 1)) ==
        EPOCH_NETWORK_CONTRACT);
  CHECK(field(&H::total_bytes, 64) == EPOCH_NETWORK_TRUNCATED);
  CHECK(field(&H::total_bytes, 0x7FFFFFFF) == EPOCH_NETWORK_TRUNCATED);
  CHECK(field(&H::array_rows, 16) == EPOCH_NETWORK_ARRAY);
  CHECK(field(&H::array_cols, 16) == EPOCH_NETWORK_ARRAY);
  CHECK(field(&H::array_segment_rows, 8) == EPOCH_NETWORK_ARRAY);
  CHECK(field(&H::array_state_slots, 2) == EPOCH_NETWORK_ARRAY);
  CHECK(field(&H::array_slots_kind, EPOCH_SLOTS_CHANNEL) == EPOCH_NETWORK_ARRAY);
  CHECK(field(&H::tensor_count, 0) == EPOCH_NETWORK_HEADER);
  CHECK(field(&H::tensor_count, 0x10000) == EPOCH_NETWORK_HEADER);
  CHECK(field(&H::tensor_count, 7) == EPOCH_NETWORK_HEADER);  // the output is the eighth
  CHECK(field(&H::tensor_count, 0xF000) == EPOCH_NETWORK_TABLES);
  CHECK(field(&H::tensor_offset, 2) == EPOCH_NETWORK_TABLES);
  CHECK(field(&H::tensor_offset, 64) == EPOCH_NETWORK_TABLES);  // inside the header
  CHECK(field(&H::tensor_offset, 0xFFFFFFFC) == EPOCH_NETWORK_TABLES);
  CHECK(field(&H::op_count, 0) == EPOCH_NETWORK_HEADER);
  CHECK(field(&H::op_count, 6) == EPOCH_NETWORK_HEADER);           // nobody writes the output
  CHECK(field(&H::op_count, 0x04000001) == EPOCH_NETWORK_HEADER);  // head_op is another
  CHECK(field(&H::op_offset, 130) == EPOCH_NETWORK_TABLES);
  CHECK(field(&H::op_offset, 0xFFFFFF00) == EPOCH_NETWORK_TABLES);
  CHECK(field(&H::layer_count, 0) == EPOCH_NETWORK_HEADER);
  CHECK(field(&H::layer_count, 2) == EPOCH_NETWORK_OP);
  CHECK(field(&H::input, 8) == EPOCH_NETWORK_HEADER);
  CHECK(field(&H::input, logits) != EPOCH_NETWORK_OK);
  CHECK(field(&H::output, 8) == EPOCH_NETWORK_HEADER);
  CHECK(field(&H::output, pixels) == EPOCH_NETWORK_HEADER);
  CHECK(field(&H::documents, 0) == EPOCH_NETWORK_HEADER);
  CHECK(field(&H::documents, 2) == EPOCH_NETWORK_HEADER);  // and no head
  CHECK(field(&H::documents, 17) == EPOCH_NETWORK_HEADER);
  CHECK(field(&H::head_op, 0) == EPOCH_NETWORK_HEADER);
  CHECK(field(&H::head_op, 8) == EPOCH_NETWORK_HEADER);
  CHECK(open_changed([](AlignedImage& image) { std::memset(image.header().name, 'x', 32); }) ==
        EPOCH_NETWORK_HEADER);
  for (int word = 0; word < 5; ++word)
    CHECK(open_changed([=](AlignedImage& image) { image.header().reserved[word] = 1; }) ==
          EPOCH_NETWORK_HEADER);
}

TEST_CASE("image: every wrong tensor field is refused") {
  using T = epoch_image_tensor;
  CHECK(open_tensor(stream, [](T& t) { t.width = 0; }) == EPOCH_NETWORK_TENSOR);
  CHECK(open_tensor(stream, [](T& t) { t.width = 0x200000; }) == EPOCH_NETWORK_TENSOR);
  CHECK(open_tensor(stream, [](T& t) { t.type = EPOCH_TYPE_BF16D; }) == EPOCH_NETWORK_TENSOR);
  CHECK(open_tensor(stream, [](T& t) { t.type = 0x12; }) == EPOCH_NETWORK_TENSOR);
  CHECK(open_tensor(stream, [](T& t) { t.flags = 4; }) == EPOCH_NETWORK_TENSOR);
  CHECK(open_tensor(stream, [](T& t) { t.rows = 0x2000000; }) == EPOCH_NETWORK_TENSOR);
  CHECK(open_tensor(pooled, [](T& t) { t.flags = EPOCH_TENSOR_CARRIED; }) == EPOCH_NETWORK_TENSOR);
  CHECK(open_tensor(stream, [](T& t) { t.flags = EPOCH_TENSOR_DOCUMENTS; }) ==
        EPOCH_NETWORK_TENSOR);
  CHECK(open_tensor(stream, [](T& t) { t.width = 5; }) == EPOCH_NETWORK_OPERAND);
  CHECK(open_tensor(stream, [](T& t) { t.rows = 4; }) == EPOCH_NETWORK_OPERAND);
  CHECK(open_tensor(stream, [](T& t) { t.type = EPOCH_IMAGE_TYPE_UINT32; }) ==
        EPOCH_NETWORK_OPERAND);
  CHECK(open_tensor(normed, [](T& t) { t.type = EPOCH_TYPE_BF16; }) == EPOCH_NETWORK_OPERAND);
  CHECK(open_tensor(pixels, [](T& t) { t.type = EPOCH_TYPE_FP32; }) == EPOCH_NETWORK_OPERAND);
  CHECK(open_tensor(pooled, [](T& t) { t.rows = 2; }) == EPOCH_NETWORK_OPERAND);
  CHECK(open_tensor(pooled, [](T& t) { t.type = EPOCH_TYPE_BF16; }) == EPOCH_NETWORK_OPERAND);
  CHECK(open_tensor(stream, [](T& t) { t.width = 7; }) == EPOCH_NETWORK_OK);  // a spare column
}

TEST_CASE("image: every wrong op field is refused") {
  using O = epoch_image_op;
  CHECK(open_op(head, [](O& o) { o.kind = 0; }) == EPOCH_NETWORK_OP);
  CHECK(open_op(head, [](O& o) { o.kind = EPOCH_IMAGE_OP_IM2COL + 1; }) == EPOCH_NETWORK_OP);
  CHECK(open_op(norm, [](O& o) { o.kind = EPOCH_IMAGE_OP_AFFINE; }) == EPOCH_NETWORK_OPERAND);
  CHECK(open_op(head, [](O& o) { o.layer = 0; }) == EPOCH_NETWORK_OP);  // backwards
  CHECK(open_op(head, [](O& o) { o.layer = 3; }) == EPOCH_NETWORK_OP);
  CHECK(open_op(ssm, [](O& o) { o.format = EPOCH_FORMAT(EPOCH_MODE_MAC, 0, 1); }) ==
        EPOCH_NETWORK_OP);
  CHECK(open_op(ssm, [](O& o) { o.format = EPOCH_FORMAT(EPOCH_MODE_SSD, 0, 1); }) ==
        EPOCH_NETWORK_OP);  // and no streams
  CHECK(open_op(ssm, [](O& o) { o.format = EPOCH_FORMAT(EPOCH_MODE_REAL, 0, 1); }) ==
        EPOCH_NETWORK_PARAMETERS);
  CHECK(open_op(ssm, [](O& o) { o.format = EPOCH_FORMAT(EPOCH_MODE_COMPLEX, 1, 1); }) ==
        EPOCH_NETWORK_OPERAND);
  CHECK(open_op(ssm, [](O& o) { o.format = EPOCH_FORMAT(EPOCH_MODE_COMPLEX, 9, 1); }) !=
        EPOCH_NETWORK_OK);
  CHECK(open_op(ssm, [](O& o) { o.format |= EPOCH_ARRAY_ZERO_STATE << 16; }) == EPOCH_NETWORK_OP);
  CHECK(open_op(ssm, [](O& o) { o.format |= EPOCH_ARRAY_SHIFT << 16; }) == EPOCH_NETWORK_OP);
  CHECK(open_op(ssm, [](O& o) { o.format |= (EPOCH_ARRAY_SHIFT | EPOCH_ARRAY_REVERSE) << 16; }) ==
        EPOCH_NETWORK_OP);  // D rides on the direction that is not shifted
  CHECK(open_op(ssm, [](O& o) { o.format |= EPOCH_ARRAY_REVERSE << 16; }) == EPOCH_NETWORK_OK);
  CHECK(open_op(ssm, [](O& o) { o.format |= EPOCH_ARRAY_COMBINE << 16; }) == EPOCH_NETWORK_OP);
  CHECK(open_op(ssm, [](O& o) { o.activation = EPOCH_ACTIVATION_GLU; }) == EPOCH_NETWORK_OP);
  CHECK(open_op(ssm, [](O& o) { o.activation = 8; }) == EPOCH_NETWORK_OP);
  CHECK(open_op(ssm, [](O& o) { o.modes = 0; }) == EPOCH_NETWORK_OP);
  CHECK(open_op(ssm, [](O& o) { o.modes = 4; }) == EPOCH_NETWORK_PARAMETERS);
  CHECK(open_op(ssm, [](O& o) { o.modes = 0x10000; }) == EPOCH_NETWORK_PARAMETERS);
  CHECK(open_op(ssm, [](O& o) { o.count = 1; }) == EPOCH_NETWORK_OP);
  CHECK(open_op(ssm, [](O& o) { o.geometry[0] = 1; }) == EPOCH_NETWORK_OP);
  CHECK(open_op(ssm, [](O& o) { o.width_out = 5; }) == EPOCH_NETWORK_OP);
  CHECK(open_op(glu, [](O& o) { o.width_in = 5; }) == EPOCH_NETWORK_PARAMETERS);
  CHECK(open_op(glu, [](O& o) { o.width_in = 7; }) == EPOCH_NETWORK_OPERAND);
  CHECK(open_op(glu, [](O& o) { o.width_out = 0; }) == EPOCH_NETWORK_OP);
  CHECK(open_op(glu, [](O& o) { o.width_out = 0x200000; }) == EPOCH_NETWORK_OP);
  CHECK(open_op(glu, [](O& o) { o.inputs[EPOCH_INPUT_STORED] = EPOCH_REF_NONE; }) ==
        EPOCH_NETWORK_OP);
  CHECK(open_op(glu, [](O& o) { o.inputs[EPOCH_INPUT_DRIVE] = EPOCH_REF(stream, 0); }) ==
        EPOCH_NETWORK_OP);
  CHECK(open_op(glu, [](O& o) { o.inputs[EPOCH_INPUT_STORED] = EPOCH_REF(stream, 1); }) ==
        EPOCH_NETWORK_OPERAND);
  CHECK(open_op(glu, [](O& o) { o.inputs[EPOCH_INPUT_STORED] = EPOCH_REF(99, 0); }) ==
        EPOCH_NETWORK_OPERAND);
  CHECK(open_op(glu, [](O& o) { o.inputs[EPOCH_INPUT_STORED] = EPOCH_REF(pooled, 0); }) ==
        EPOCH_NETWORK_OPERAND);  // one row
  CHECK(open_op(glu, [](O& o) { o.inputs[EPOCH_INPUT_SOURCE] = EPOCH_REF(sum, 0); }) ==
        EPOCH_NETWORK_OPERAND);  // what it writes itself
  CHECK(open_op(norm, [](O& o) { o.inputs[EPOCH_INPUT_SOURCE] = EPOCH_REF(filtered, 0); }) ==
        EPOCH_NETWORK_OPERAND);  // written later
  CHECK(open_op(norm, [](O& o) { o.output = EPOCH_REF(pixels, 0); }) == EPOCH_NETWORK_OPERAND);
  CHECK(open_op(norm, [](O& o) { o.activation = 2; }) == EPOCH_NETWORK_OP);
  CHECK(open_op(norm, [](O& o) { o.activation = 1; }) == EPOCH_NETWORK_PARAMETERS);
  CHECK(open_op(norm, [](O& o) { o.width_out = 5; }) == EPOCH_NETWORK_OP);
  CHECK(open_op(norm, [](O& o) { o.parameter_bytes += 4; }) == EPOCH_NETWORK_PARAMETERS);
  CHECK(open_op(norm, [](O& o) { o.parameter_offset += 4; }) == EPOCH_NETWORK_PARAMETERS);
  CHECK(open_op(norm, [](O& o) { o.parameter_offset = 0xFFFFFFC0; }) == EPOCH_NETWORK_PARAMETERS);
  CHECK(open_op(pool, [](O& o) { o.activation = 2; }) == EPOCH_NETWORK_OP);
  CHECK(open_op(pool, [](O& o) { o.format = EPOCH_FORMAT(0, 1, 0); }) == EPOCH_NETWORK_OP);
  for (int word = 0; word < 3; ++word)
    CHECK(open_op(norm, [=](O& o) { o.reserved[word] = 1; }) == EPOCH_NETWORK_OP);
}

TEST_CASE("image: the op at fault is named") {
  AlignedImage image = fixed_image();
  image.ops()[glu].modes = 3;
  image.seal();
  const epoch_caps with = caps();
  epoch_network network{};
  std::uint32_t op = 0;
  CHECK(epoch_network_open(&network, image.data(), image.size(), &with, &op) == EPOCH_NETWORK_OP);
  CHECK(op == glu);
  image.header().magic = 0;
  CHECK(epoch_network_open(&network, image.data(), image.size(), &with, &op) ==
        EPOCH_NETWORK_MAGIC);
  CHECK(op == EPOCH_NO_OP);
}

// Products that come to nothing or to the right thing in 32 bits.
TEST_CASE("image: sizes that wrap are refused") {
  AlignedImage image = fixed_image();
  image.tensors()[stream].width = image.tensors()[normed].width = 1 << 14;
  const auto become = [&](std::uint32_t kind, std::uint32_t in, std::uint32_t out,
                          std::uint32_t count, std::uint32_t flags) {
    epoch_image_op& op = image.ops()[norm];
    op = epoch_image_op{};
    op.kind = kind;
    op.layer = 1;
    op.width_in = in;
    op.width_out = out;
    op.count = count;
    op.format = EPOCH_FORMAT(0, 0, flags);
    std::fill_n(op.inputs, EPOCH_INPUTS, EPOCH_REF_NONE);
    op.inputs[EPOCH_INPUT_SOURCE] = EPOCH_REF(stream, 0);
    op.output = EPOCH_REF(normed, 0);
    image.seal();
    return open(image);
  };
  CHECK(become(EPOCH_IMAGE_OP_CONV1D, 1 << 14, 1 << 14, 0xFFFF, EPOCH_VECTOR_BIAS) ==
        EPOCH_NETWORK_OP);  // 2^32 bytes of taps and bias
  CHECK(become(EPOCH_IMAGE_OP_CONV1D, 1 << 16, 1 << 16, 32769, 0) == EPOCH_NETWORK_OP);  // history
  CHECK(become(EPOCH_IMAGE_OP_MAP, 1 << 17, 1 << 17, 32769, 0) == EPOCH_NETWORK_OP);
}

TEST_CASE("image: columns that nobody writes are not read") {
  AlignedImage image = fixed_image();
  image.tensors()[normed].width = 7;  // the norm writes six, from the first on
  image.seal();
  CHECK(open(image) == EPOCH_NETWORK_OK);
  image.ops()[ssm].inputs[EPOCH_INPUT_SOURCE] = EPOCH_REF(normed, 1);
  image.seal();
  CHECK(open(image) == EPOCH_NETWORK_OPERAND);
  image.ops()[norm].output = EPOCH_REF(normed, 1);
  image.seal();
  CHECK(open(image) == EPOCH_NETWORK_OK);
}

TEST_CASE("image: what the hardware lacks is refused") {
  const AlignedImage image = fixed_image();
  epoch_caps lacking = caps();
  lacking.modes &= ~(1u << EPOCH_MODE_COMPLEX);
  CHECK(open(image, lacking) == EPOCH_NETWORK_UNSUPPORTED);
  lacking = caps();
  lacking.activations &= ~(1u << EPOCH_ACTIVATION_GLU);
  CHECK(open(image, lacking) == EPOCH_NETWORK_UNSUPPORTED);
  lacking = caps();
  lacking.types = 0;
  CHECK(open(image, lacking) == EPOCH_NETWORK_UNSUPPORTED);
  for (const unsigned opcode : {EPOCH_OP_AFFINE, EPOCH_OP_LAYERNORM, EPOCH_OP_POOL}) {
    lacking = caps();
    lacking.vector_ops &= ~(1u << (opcode - EPOCH_OP_AFFINE));
    CHECK(open(image, lacking) == EPOCH_NETWORK_UNSUPPORTED);
  }
  lacking = caps();
  lacking.array.cols = 16;
  CHECK(open(image, lacking) == EPOCH_NETWORK_ARRAY);
}

TEST_CASE("image: random networks are accepted") {
  for (std::uint32_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const epoch_array_shape shape = random_array(random);
    const AlignedImage image(random_image(random, shape));
    CHECK(open(image, sample_caps(shape, 4096, 4096, 4096)) == EPOCH_NETWORK_OK);
  }
}

TEST_CASE("image: result texts") {
  CHECK(std::string(epoch_network_result_text(EPOCH_NETWORK_CHECKSUM)) == "checksum mismatch");
  CHECK(std::string(epoch_network_result_text(
            static_cast<epoch_network_result>(EPOCH_NETWORK_UNSUPPORTED + 1))) == "unknown result");
}
