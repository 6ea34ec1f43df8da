// SPDX-License-Identifier: Apache-2.0
// What is no image is refused. That the words of a good one are read from where the array reads
// them is held against the references in testbenches/compiler.
#include "image/image_reader.h"

#include <catch2/catch.hpp>
#include <cstddef>
#include <cstring>
#include <stdexcept>

#include "compiler/network_compiler.h"
#include "epoch_crc.h"
#include "epoch_network.h"
#include "reference/random_models.h"

using namespace epoch;
using namespace epoch::test;
using Catch::Matchers::Contains;

namespace {

// A layer norm, a recurrence with D, a GLU with bias.
std::vector<std::uint8_t> good_image() {
  RandomModels random(1);
  S4Model model = random.s4(SsmKind::s4d);
  while (model.config.glu != GluKind::full || model.config.norm != NormKind::layer ||
         model.config.vocabulary != 0 || model.config.retrieval)
    model = random.s4(SsmKind::s4d);
  return compile_network(model, compiler_target(EpochCoreConfig{})).image;
}

// An image to bend; its checksum is made good.
struct Bent {
  std::vector<std::uint8_t> bytes = good_image();

  epoch_image_header& header() { return *reinterpret_cast<epoch_image_header*>(bytes.data()); }
  epoch_image_op& op(std::uint32_t kind) {
    auto* ops = reinterpret_cast<epoch_image_op*>(bytes.data() + header().op_offset);
    while (ops->kind != kind) ++ops;
    return *ops;
  }
  Image read() {
    header().checksum = 0;
    header().checksum = epoch_crc32(0, bytes.data(), static_cast<std::uint32_t>(bytes.size()));
    return read_image(bytes);
  }
};

}  // namespace

TEST_CASE("a flipped bit anywhere in an image is seen") {
  std::vector<std::uint8_t> image = good_image();
  CHECK_NOTHROW(read_image(image));
  for (std::size_t byte = 0; byte < image.size(); ++byte) {
    CAPTURE(byte);
    image[byte] ^= static_cast<std::uint8_t>(1u << byte % 8);
    CHECK_THROWS_AS(read_image(image), std::runtime_error);
    image[byte] ^= static_cast<std::uint8_t>(1u << byte % 8);
  }
}

TEST_CASE("an image with a good checksum is refused for what is wrong with it") {
  Bent bent;
  CHECK_NOTHROW(bent.read());
  const char* reason = "";
  SECTION("magic") {
    bent.header().magic ^= 1;
    reason = "magic";
  }
  SECTION("another version") {
    bent.header().version += 1;
    reason = "version";
  }
  SECTION("bytes behind it") {
    bent.bytes.resize(bent.bytes.size() + 64);
    reason = "total_bytes";
  }
  SECTION("a byte of padding") {
    bent.bytes.back() = 1;
    reason = "belongs to nothing";
  }
  SECTION("two ops share parameters") {
    bent.op(EPOCH_IMAGE_OP_NORM).parameter_offset = bent.op(EPOCH_IMAGE_OP_LINEAR).parameter_offset;
    reason = "belongs to two things";
  }
  SECTION("parameters in the op table") {
    bent.op(EPOCH_IMAGE_OP_NORM).parameter_offset = bent.header().op_offset / 64 * 64;
    reason = "belongs to two things";
  }
  SECTION("parameters off their alignment") {
    bent.op(EPOCH_IMAGE_OP_NORM).parameter_offset += 4;
    reason = "not 64-byte aligned";
  }
  SECTION("parameters behind the end") {
    bent.op(EPOCH_IMAGE_OP_SSM).parameter_offset = static_cast<std::uint32_t>(bent.bytes.size());
    reason = "past the end";
  }
  SECTION("more parameters than the op has") {
    bent.op(EPOCH_IMAGE_OP_SSM).parameter_bytes += 64;
    reason = "parameter_bytes";
  }
  SECTION("an operand that is no tensor") {
    bent.op(EPOCH_IMAGE_OP_SSM).inputs[EPOCH_INPUT_SOURCE] =
        EPOCH_REF(bent.header().tensor_count, 0);
    reason = "no tensor";
  }
  SECTION("columns outside a tensor") {
    bent.op(EPOCH_IMAGE_OP_SSM).output += EPOCH_REF(0, 1);
    reason = "columns outside tensor";
  }
  SECTION("a mode that there is not") {
    bent.op(EPOCH_IMAGE_OP_SSM).format = EPOCH_FORMAT(EPOCH_MODE_MAC + 1, EPOCH_TYPE_FP32, 0);
    reason = "mode";
  }
  SECTION("a reserved word") {
    bent.header().reserved[4] = 1;
    reason = "reserved";
  }
  CHECK_THROWS_WITH(bent.read(), Contains(reason));
  CHECK_THROWS_AS(bent.read(), std::runtime_error);
}
