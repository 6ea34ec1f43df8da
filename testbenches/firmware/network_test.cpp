// SPDX-License-Identifier: Apache-2.0
#include "epoch_network.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "firmware/sample_network.h"

using namespace epoch::test;

namespace {

constexpr epoch_array_shape array = {8, 8, 4, 1};

epoch_caps caps() {
  return sample_caps(array, 1 << 20, 1 << 20, 1 << 20);
}

epoch_image_op plain(std::uint32_t kind, std::uint32_t inputs, std::uint32_t outputs) {
  epoch_image_op op{};
  op.kind = kind;
  op.inputs = inputs;
  op.outputs = outputs;
  return op;
}

// encoder | norm, ssm, glu + residual | pool | linear
SampleNetwork fixed_network() {
  SampleNetwork network;
  network.array = array;
  network.input_width = 2;
  SampleOp affine{plain(EPOCH_IMAGE_OP_AFFINE, 2, 2), {}, {}};
  SampleOp encoder{plain(EPOCH_IMAGE_OP_LINEAR, 2, 6), std::vector<float>(12, 0.5f), {}};
  encoder.op.format = EPOCH_FORMAT(EPOCH_MODE_MAC, EPOCH_TYPE_FP32, 0);
  SampleOp norm{plain(EPOCH_IMAGE_OP_NORM, 6, 6), std::vector<float>(12, 1.0f), {}};
  SampleOp ssm{plain(EPOCH_IMAGE_OP_SSM, 6, 6), std::vector<float>(6 * 3 * 4, 0.25f),
               std::vector<float>(6, 1.0f)};
  ssm.op.format = EPOCH_FORMAT(EPOCH_MODE_COMPLEX, EPOCH_TYPE_FP32, EPOCH_ARRAY_EXTRA);
  ssm.op.modes = 3;
  ssm.op.activation = EPOCH_ACTIVATION_GELU;
  SampleOp glu{plain(EPOCH_IMAGE_OP_LINEAR, 6, 6), std::vector<float>(72, 0.1f),
               std::vector<float>(12, 0.0f)};
  glu.op.format =
      EPOCH_FORMAT(EPOCH_MODE_MAC, EPOCH_TYPE_FP32, EPOCH_ARRAY_EXTRA | EPOCH_ARRAY_COMBINE);
  glu.op.activation = EPOCH_ACTIVATION_GLU;
  glu.op.residual = 1;
  SampleOp pool{plain(EPOCH_IMAGE_OP_POOL, 6, 6), {}, {}};
  SampleOp head{plain(EPOCH_IMAGE_OP_LINEAR, 6, 3), std::vector<float>(18, 0.1f), {}};
  head.op.format = EPOCH_FORMAT(EPOCH_MODE_MAC, EPOCH_TYPE_FP32, 0);
  network.layers = {{affine, encoder}, {norm, ssm, glu}, {pool}, {head}};
  return network;
}

epoch_network_result open(const SampleImage& image, const epoch_caps& with = caps()) {
  epoch_network network{};
  return epoch_network_open(&network, image.data(), image.size(), &with);
}

// The result after one change and a new checksum.
epoch_network_result open_changed(const std::function<void(SampleImage&)>& change) {
  SampleImage image(fixed_network());
  change(image);
  image.seal();
  return open(image);
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
  const SampleImage image(fixed_network());
  const epoch_caps with = caps();
  epoch_network network{};
  REQUIRE(epoch_network_open(&network, image.data(), image.size(), &with) == EPOCH_NETWORK_OK);
  CHECK(network.header->op_count == 7);
  CHECK(network.layers[1].op_count == 3);
  CHECK(network.ops[4].residual == 1);
  CHECK(epoch_network_output_steps(&network, 50) == 1);
}

TEST_CASE("image: every truncation is refused") {
  const SampleImage image(fixed_network());
  const epoch_caps with = caps();
  for (std::uint32_t bytes = 0; bytes < image.size(); ++bytes) {
    epoch_network network{};
    // A copy that ends there, so that a read beyond it is caught by a sanitizer.
    std::vector<std::uint8_t> storage(bytes + 64);
    const std::size_t offset = (64 - reinterpret_cast<std::uintptr_t>(storage.data()) % 64) % 64;
    std::memcpy(storage.data() + offset, image.data(), bytes);
    CHECK(epoch_network_open(&network, storage.data() + offset, bytes, &with) ==
          EPOCH_NETWORK_TRUNCATED);
  }
}

TEST_CASE("image: any flipped bit is caught") {
  SampleImage image(fixed_network());
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
  const SampleImage image(fixed_network());
  const epoch_caps with = caps();
  std::vector<std::uint8_t> storage(image.size() + 128);
  const std::size_t offset = (64 - reinterpret_cast<std::uintptr_t>(storage.data()) % 64) % 64 + 4;
  std::memcpy(storage.data() + offset, image.data(), image.size());
  epoch_network network{};
  CHECK(epoch_network_open(&network, storage.data() + offset, image.size(), &with) ==
        EPOCH_NETWORK_ALIGNMENT);
}

TEST_CASE("image: every wrong header field is refused, with a valid checksum") {
  const auto field = [](auto member, std::uint32_t value) {
    return open_changed([=](SampleImage& image) { image.header().*member = value; });
  };
  using H = epoch_image_header;
  CHECK(field(&H::magic, 0x12345678) == EPOCH_NETWORK_MAGIC);
  CHECK(field(&H::version, EPOCH_IMAGE_VERSION + 1) == EPOCH_NETWORK_VERSION);
  CHECK(field(&H::contract_version, 2u << 16) == EPOCH_NETWORK_CONTRACT);
  CHECK(field(&H::total_bytes, 64) == EPOCH_NETWORK_TRUNCATED);
  CHECK(field(&H::total_bytes, 0x7FFFFFFF) == EPOCH_NETWORK_TRUNCATED);
  CHECK(field(&H::array_rows, 16) == EPOCH_NETWORK_ARRAY);
  CHECK(field(&H::array_cols, 16) == EPOCH_NETWORK_ARRAY);
  CHECK(field(&H::array_segment_rows, 8) == EPOCH_NETWORK_ARRAY);
  CHECK(field(&H::array_state_slots, 2) == EPOCH_NETWORK_ARRAY);
  CHECK(field(&H::layer_count, 0) == EPOCH_NETWORK_TABLES);
  CHECK(field(&H::layer_count, 3) == EPOCH_NETWORK_TABLES);  // leaves an op out
  CHECK(field(&H::layer_count, 5) != EPOCH_NETWORK_OK);
  CHECK(field(&H::layer_count, 0x10000000) == EPOCH_NETWORK_TABLES);
  CHECK(field(&H::layer_offset, 2) == EPOCH_NETWORK_TABLES);
  CHECK(field(&H::layer_offset, 64) == EPOCH_NETWORK_TABLES);  // inside the header
  CHECK(field(&H::layer_offset, 0xFFFFFFFC) == EPOCH_NETWORK_TABLES);
  CHECK(field(&H::op_count, 0) == EPOCH_NETWORK_TABLES);
  CHECK(field(&H::op_count, 6) == EPOCH_NETWORK_TABLES);
  CHECK(field(&H::op_count, 8) == EPOCH_NETWORK_TABLES);
  CHECK(field(&H::op_count, 0x04000001) == EPOCH_NETWORK_TABLES);  // times 64 wraps to 64
  CHECK(field(&H::op_offset, 130) == EPOCH_NETWORK_TABLES);
  CHECK(field(&H::op_offset, 0xFFFFFF00) == EPOCH_NETWORK_TABLES);
  CHECK(field(&H::input_width, 0) == EPOCH_NETWORK_HEADER);
  CHECK(field(&H::input_width, 3) == EPOCH_NETWORK_WIDTHS);
  CHECK(field(&H::output_width, 4) == EPOCH_NETWORK_HEADER);
  CHECK(field(&H::max_width, 5) == EPOCH_NETWORK_HEADER);
  CHECK(open_changed([](SampleImage& image) { std::memset(image.header().name, 'x', 32); }) ==
        EPOCH_NETWORK_HEADER);
  for (int word = 0; word < 8; ++word)
    CHECK(open_changed([=](SampleImage& image) { image.header().reserved[word] = 1; }) ==
          EPOCH_NETWORK_HEADER);
}

TEST_CASE("image: every wrong layer field is refused") {
  const auto field = [](auto member, std::uint32_t value) {
    return open_changed([=](SampleImage& image) { image.layers()[1].*member = value; });
  };
  using L = epoch_image_layer;
  CHECK(field(&L::first_op, 1) == EPOCH_NETWORK_TABLES);
  CHECK(field(&L::first_op, 0xFFFFFFFF) == EPOCH_NETWORK_TABLES);
  CHECK(field(&L::op_count, 0) == EPOCH_NETWORK_TABLES);
  CHECK(field(&L::op_count, 2) == EPOCH_NETWORK_TABLES);
  CHECK(field(&L::op_count, 0xFFFFFFFF) == EPOCH_NETWORK_TABLES);
  CHECK(field(&L::parameter_offset, 0xFFFFFFC0) == EPOCH_NETWORK_TABLES);
  CHECK(field(&L::parameter_offset, 100) == EPOCH_NETWORK_TABLES);
  CHECK(field(&L::parameter_bytes, 0xFFFFFFFF) == EPOCH_NETWORK_TABLES);
  CHECK(field(&L::parameter_bytes, 64) == EPOCH_NETWORK_PARAMETERS);
}

TEST_CASE("image: every wrong op field is refused") {
  using Change = std::function<void(epoch_image_op&)>;
  const auto op = [](int index, const Change& change) {
    return open_changed([=](SampleImage& image) { change(image.ops()[index]); });
  };
  enum { affine, encoder, norm, ssm, glu, pool, head };
  CHECK(op(head, [](auto& o) { o.kind = 9; }) == EPOCH_NETWORK_OP);
  CHECK(op(norm, [](auto& o) { o.kind = EPOCH_IMAGE_OP_AFFINE; }) == EPOCH_NETWORK_OP);
  CHECK(op(affine, [](auto& o) { o.kind = EPOCH_IMAGE_OP_POOL; }) == EPOCH_NETWORK_OP);
  CHECK(op(ssm, [](auto& o) { o.format = EPOCH_FORMAT(EPOCH_MODE_DPLR, 0, 1); }) ==
        EPOCH_NETWORK_UNSUPPORTED);
  CHECK(op(ssm, [](auto& o) { o.format = EPOCH_FORMAT(EPOCH_MODE_REAL, 0, 1); }) ==
        EPOCH_NETWORK_PARAMETERS);
  CHECK(op(ssm, [](auto& o) { o.format = EPOCH_FORMAT(EPOCH_MODE_COMPLEX, 1, 1); }) ==
        EPOCH_NETWORK_UNSUPPORTED);
  CHECK(op(ssm, [](auto& o) { o.format |= EPOCH_ARRAY_REVERSE << 16; }) == EPOCH_NETWORK_OP);
  CHECK(op(ssm, [](auto& o) { o.activation = EPOCH_ACTIVATION_GLU; }) == EPOCH_NETWORK_OP);
  CHECK(op(ssm, [](auto& o) { o.modes = 0; }) == EPOCH_NETWORK_OP);
  CHECK(op(ssm, [](auto& o) { o.modes = 4; }) == EPOCH_NETWORK_PARAMETERS);
  CHECK(op(ssm, [](auto& o) { o.residual = 1; }) == EPOCH_NETWORK_OP);  // without COMBINE
  CHECK(op(glu, [](auto& o) { o.activation = 3; }) == EPOCH_NETWORK_OP);
  CHECK(op(glu, [](auto& o) { o.format = EPOCH_FORMAT(EPOCH_MODE_REAL, 0, 3); }) ==
        EPOCH_NETWORK_OP);
  CHECK(op(glu, [](auto& o) { o.inputs = 5; }) == EPOCH_NETWORK_PARAMETERS);
  CHECK(op(glu, [](auto& o) { o.outputs = 0; }) == EPOCH_NETWORK_OP);
  CHECK(op(glu, [](auto& o) { o.outputs = 0x10000; }) == EPOCH_NETWORK_OP);
  CHECK(op(head, [](auto& o) { o.outputs = 4; }) == EPOCH_NETWORK_HEADER);  // same padded bytes
  CHECK(op(norm, [](auto& o) { o.outputs = 5; }) == EPOCH_NETWORK_OP);
  CHECK(op(norm, [](auto& o) { o.parameter_bytes += 4; }) == EPOCH_NETWORK_PARAMETERS);
  CHECK(op(norm, [](auto& o) { o.parameter_offset += 4; }) == EPOCH_NETWORK_PARAMETERS);
  CHECK(op(norm, [](auto& o) { o.parameter_offset -= 64; }) == EPOCH_NETWORK_PARAMETERS);
  CHECK(op(norm, [](auto& o) { o.parameter_offset = 0xFFFFFFC0; }) == EPOCH_NETWORK_PARAMETERS);
  CHECK(op(ssm, [](auto& o) { o.parameter_offset -= 64; }) == EPOCH_NETWORK_PARAMETERS);
  CHECK(op(pool, [](auto& o) { o.immediate0 = 1; }) == EPOCH_NETWORK_OP);
  CHECK(op(pool, [](auto& o) { o.residual = 1; }) == EPOCH_NETWORK_OP);
  for (int word = 0; word < 5; ++word)
    CHECK(op(norm, [=](auto& o) { o.reserved[word] = 1; }) == EPOCH_NETWORK_OP);
}

TEST_CASE("image: what the hardware lacks is refused") {
  const SampleImage image(fixed_network());
  epoch_caps lacking = caps();
  lacking.modes &= ~(1u << EPOCH_MODE_COMPLEX);
  CHECK(open(image, lacking) == EPOCH_NETWORK_UNSUPPORTED);
  lacking = caps();
  lacking.activations &= ~(1u << EPOCH_ACTIVATION_GLU);
  CHECK(open(image, lacking) == EPOCH_NETWORK_UNSUPPORTED);
  lacking = caps();
  lacking.types = 0;
  CHECK(open(image, lacking) == EPOCH_NETWORK_UNSUPPORTED);
  for (unsigned bit = 0; bit < 3; ++bit) {
    lacking = caps();
    lacking.vector_ops &= ~(1u << bit);
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
    const SampleImage image(random_network(random, shape));
    CHECK(open(image, sample_caps(shape, 4096, 4096, 4096)) == EPOCH_NETWORK_OK);
  }
}

TEST_CASE("image: result texts") {
  CHECK(std::string(epoch_network_result_text(EPOCH_NETWORK_CHECKSUM)) == "checksum mismatch");
  CHECK(std::string(epoch_network_result_text(
            static_cast<epoch_network_result>(EPOCH_NETWORK_UNSUPPORTED + 1))) == "unknown result");
}
