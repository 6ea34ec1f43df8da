// SPDX-License-Identifier: Apache-2.0
// What stands in an image: coefficients to the bit, the order of parameters, the header; and that
// the driver accepts it.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>

#include "compiler/compiled_network.h"
#include "compiler/network_builder.h"
#include "compiler/number_words.h"
#include "epoch_crc.h"
#include "epoch_network.h"
#include "reference/smnist_data.h"

using namespace epoch;
using namespace epoch::test;

namespace {

// As the driver has it: at a multiple of 64 bytes.
epoch_network_result open(const std::vector<std::uint8_t>& image, const epoch_caps& caps) {
  std::vector<std::uint8_t> room(image.size() + EPOCH_IMAGE_ALIGN);
  const std::size_t at =
      EPOCH_IMAGE_ALIGN - reinterpret_cast<std::uintptr_t>(room.data()) % EPOCH_IMAGE_ALIGN;
  std::copy(image.begin(), image.end(), room.begin() + static_cast<std::ptrdiff_t>(at));
  epoch_network network{};
  return epoch_network_open(&network, room.data() + at, static_cast<std::uint32_t>(image.size()),
                            &caps, nullptr);
}

CompilerOptions options_of(NumberType type, const ReferenceInput& input) {
  return {type, {input_bytes(input)}};
}

// Ops of a kind, in order.
std::vector<const ImageOp*> ops_of(const Image& image, std::uint32_t kind) {
  std::vector<const ImageOp*> found;
  for (const ImageOp& op : image.ops)
    if (op.op.kind == kind) found.push_back(&op);
  return found;
}

// How many words of each mode are stored in 4 bytes by type bf16: poles, w and p come first.
std::size_t wide_words(std::uint32_t mode) {
  switch (mode) {
    case EPOCH_MODE_MAC:
    case EPOCH_MODE_SSD:
      return 0;
    case EPOCH_MODE_SELECTIVE:
      return 1;
    case EPOCH_MODE_DPLR:
      return 6;
    default:  // complex, liquid complex, edge
      return 2;
  }
}

// Whether `narrow` is `exact` in bf16; both were rounded from one float64.
bool is_rounded(double narrow, double exact) {
  return std::abs(narrow - exact) <= (0x1p-8 + 0x1p-23) * std::abs(exact);
}

// Words of an array op that are not what type bf16 makes of them.
std::size_t wrong_words(const ImageOp& narrow, const ImageOp& exact, std::size_t words) {
  const std::size_t wide = wide_words(EPOCH_FORMAT_MODE(exact.op.format));
  REQUIRE(narrow.words.size() == exact.words.size());
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < exact.words.size(); ++i)
    wrong += words != 0 && i % words < wide ? narrow.words[i] != exact.words[i]
                                            : !is_rounded(narrow.words[i], exact.words[i]);
  return wrong;
}

}  // namespace

TEST_CASE("the driver opens every compiled image, on the array that it is for") {
  const std::string family = GENERATE(from_range(family_names()));
  const NumberType type =
      GENERATE(NumberType::fp32, NumberType::bf16, NumberType::bf16d, NumberType::int8);
  if (!family_has(family, type)) return;
  for (unsigned seed = first_seed(family); seed < first_seed(family) + 50; ++seed) {
    CAPTURE(family, type, seed);
    RandomModels random(seed);
    const NetworkModel model = type == NumberType::int8 ? NetworkModel(random_int8_model(random))
                                                        : random_model(random, family);
    const ReferenceInput input = random.input(model);
    epoch_caps caps = random_target(random, model);
    const auto image = compile_network(model, caps, options_of(type, input)).image;
    CHECK(open(image, caps) == EPOCH_NETWORK_OK);
    ++caps.array.cols;
    CHECK(open(image, caps) == EPOCH_NETWORK_ARRAY);
  }
}

TEST_CASE("bf16: weights, b, c and tables are rounded once, poles and feedback stay fp32") {
  const std::string family = GENERATE(from_range(family_names()));
  for (unsigned seed = first_seed(family); seed < first_seed(family) + 50; ++seed) {
    CAPTURE(family, seed);
    RandomModels random(seed);
    const NetworkModel model = random_model(random, family);
    const epoch_caps caps = random_target(random, model);
    const Image exact = read_image(compile_network(model, caps).image);
    const Image narrow = read_image(compile_network(model, caps, {NumberType::bf16, {}}).image);
    for (const std::uint32_t kind : {EPOCH_IMAGE_OP_SSM, EPOCH_IMAGE_OP_LINEAR}) {
      const auto expected = ops_of(exact, kind), found = ops_of(narrow, kind);
      REQUIRE(found.size() == expected.size());
      for (std::size_t i = 0; i < found.size(); ++i) {
        const std::uint32_t mode = EPOCH_FORMAT_MODE(expected[i]->op.format);
        CHECK(wrong_words(*found[i], *expected[i], words_of_mode(mode)) == 0);
        REQUIRE(found[i]->extra.size() == expected[i]->extra.size());
        for (std::size_t k = 0; k < found[i]->extra.size(); ++k)
          CHECK((mode == EPOCH_MODE_MAC ? found[i]->extra[k] == expected[i]->extra[k]
                                        : is_rounded(found[i]->extra[k], expected[i]->extra[k])));
      }
    }
  }
}

// c' = 2 C B in float64, each operation by itself, and one rounding (array specification).
TEST_CASE("fp32: the words of a stored s4d are its tensors, B folded into C") {
  std::size_t compared = 0;
  for (unsigned seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    RandomModels random(seed);
    const S4Model model = random.s4(SsmKind::s4d);
    if (model.config.discretization != Discretization::stored) continue;
    const NetworkModel network = model;
    const Image image = read_image(compile_network(network, random_target(random, network)).image);
    const auto ops = ops_of(image, EPOCH_IMAGE_OP_SSM);
    REQUIRE(ops.size() == std::size_t{model.config.layers} * model.config.directions);
    for (std::size_t i = 0; i < ops.size(); ++i) {
      const SsmTensors& ssm = model.layers[i / model.config.directions].ssm;
      const std::size_t count = ops[i]->words.size() / 2;  // floats of a_bar, b, c
      const std::size_t first = i % model.config.directions * count;
      std::vector<double> expected;
      for (std::size_t k = first; k < first + count; k += 2) {
        const double br = ssm.b[k], bi = ssm.b[k + 1], cr = ssm.c[k], ci = ssm.c[k + 1];
        expected.insert(expected.end(),
                        {ssm.a_bar[k], ssm.a_bar[k + 1], fp32_of(2 * (cr * br - ci * bi)),
                         fp32_of(2 * (cr * bi + ci * br))});
      }
      CHECK(ops[i]->words == expected);
      const bool with_d = i % model.config.directions == 0;  // D goes with the first direction
      CHECK(ops[i]->extra ==
            (with_d ? std::vector<double>(ssm.d.begin(), ssm.d.end()) : std::vector<double>()));
      ++compared;
    }
  }
  CHECK(compared > 20);
}

TEST_CASE("int8: each column of weights and each channel of c uses its whole range") {
  for (unsigned seed = 9000; seed < 9040; ++seed) {
    CAPTURE(seed);
    RandomModels random(seed);
    const NetworkModel model = random_int8_model(random);
    const ReferenceInput input = random.input(model);
    const auto bytes =
        compile_network(model, random_target(random, model), options_of(NumberType::int8, input))
            .image;
    const Image image = read_image(bytes);
    for (const ImageOp& op : image.ops) {
      const bool ssm = op.op.kind == EPOCH_IMAGE_OP_SSM;
      if (!ssm && op.op.kind != EPOCH_IMAGE_OP_LINEAR) continue;
      const std::size_t row = op.words.size() / op.scale.size();
      for (std::size_t first = 0; first < op.words.size(); first += row) {
        double largest = 0;
        for (std::size_t i = first; i < first + row; ++i)
          if (!ssm || i % 4 >= 2) largest = std::max(largest, std::abs(op.words[i]));
        CHECK(largest == 127);
        CHECK(op.scale[first / row] > 0);
      }
    }
  }
}

TEST_CASE("the tables of GATHER stand behind all other parameters") {
  NetworkBuilder builder(default_target(), NumberType::fp32, "two tables");
  builder.begin_layer("");
  const Value tokens = builder.tensor(1, EPOCH_IMAGE_TYPE_UINT32);
  const Value first = builder.tensor(3), second = builder.tensor(3), sum = builder.tensor(3);
  const Value out = builder.tensor(2);
  builder.gather("first", tokens, first, {1, 2, 3, 4, 5, 6});
  builder.gather("second", tokens, second, {7, 8, 9, 10, 11, 12});
  builder.combine("sum", first, second, sum, EPOCH_COMBINE_ADD);
  builder.linear("linear", sum, out, {{1, 0, 0, 0, 1, 0}, {}});
  const auto bytes = builder.finish("two tables", tokens, out);
  const Image image = read_image(bytes);
  CHECK(image.ops[0].op.parameter_offset > image.ops[3].op.parameter_offset);
  CHECK(image.ops[1].op.parameter_offset > image.ops[0].op.parameter_offset);
  CHECK(image.ops[1].op.parameter_offset + EPOCH_IMAGE_ALIGN == bytes.size());
  CHECK(image_outputs(bytes, {{}, {1, 0}}) == std::vector<double>{4 + 10, 5 + 11, 1 + 7, 2 + 8});
}

TEST_CASE("the header says what it is for, a long name is cut and still ends") {
  RandomModels random(1);
  MambaModel model = random.mamba(false);
  model.config.name = "0123456789012345678901234567890123456789";
  const epoch_caps caps = random_target(random, model);
  const epoch_image_header header = read_image(compile_network(model, caps).image).header;
  CHECK(std::string(header.name, sizeof header.name) ==
        std::string("0123456789012345678901234567890") + '\0');
  CHECK(header.contract_version == (EPOCH_VERSION_MAJOR << 16 | EPOCH_VERSION_MINOR));
  CHECK(header.array_rows == caps.array.rows);
  CHECK(header.array_cols == caps.array.cols);
  CHECK(header.array_segment_rows == caps.array.segment_rows);
  CHECK(header.array_state_slots == caps.array.state_slots);
  CHECK(header.array_slots_kind == caps.array.slots_kind);
  CHECK(header.documents == 1);
  CHECK(header.head_op == header.op_count);
}

TEST_CASE("the same model gives the same bytes") {
  const NetworkModel model = load_model(smnist_folder());
  CHECK(compile_network(model, default_target()).image ==
        compile_network(model, default_target()).image);
}

TEST_CASE("CRC-32 of the standard's check string") {
  CHECK(epoch_crc32(0, "123456789", 9) == 0xCBF43926u);
}
