// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "errors.h"
#include "model/safetensors.h"
#include "model/scratch_model.h"

using Catch::Matchers::Contains;
using epoch::InputError;
using epoch::Safetensors;
using epoch::test::safetensors_file;

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes float_bytes(const std::vector<float>& values) {
  Bytes bytes(values.size() * sizeof(float));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

const Bytes sixteen(16);  // data of four zeros

// One tensor "w" of four floats, with its description's text to spoil.
std::string one(const std::string& entry) {
  return R"({"w":)" + entry + "}";
}

Bytes with_length(std::uint64_t length, std::size_t size) {
  Bytes file(size);
  std::memcpy(file.data(), &length, std::min(size, sizeof length));
  return file;
}

}  // namespace

TEST_CASE("safetensors: tensors are found with their shapes and values") {
  const Bytes data = float_bytes({1, 2, 3, 4, 5, 6});
  const auto file = Safetensors::parse(
      safetensors_file(R"({"__metadata__":{"format":"pt"},)"
                       R"("b":{"dtype":"F32","shape":[2,2],"data_offsets":[8,24]},)"
                       R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                       R"("none":{"dtype":"F32","shape":[0,3],"data_offsets":[24,24]}}   )",
                       data),
      "file");
  CHECK(file.tensors().size() == 3);
  CHECK(file.floats("a", {2}) == std::vector<float>{1, 2});
  CHECK(file.floats("b", {2, 2}) == std::vector<float>{3, 4, 5, 6});
  CHECK(file.floats("none", {0, 3}).empty());
}

TEST_CASE("safetensors: a scalar has one element") {
  const auto file = Safetensors::parse(
      safetensors_file(R"({"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]}})",
                       float_bytes({7})),
      "file");
  CHECK(file.floats("s", {}) == std::vector<float>{7});
}

TEST_CASE("safetensors: every corruption is refused with its reason") {
  struct Corruption {
    const char* what;
    Bytes file;
    const char* reason;
  };
  const std::string good = R"({"dtype":"F32","shape":[4],"data_offsets":[0,16]})";
  const std::string deep = R"({"w":{"dtype":"F32","shape":[)" + std::string(100000, '[') + "]}}";
  const Corruption corruptions[] = {
      {"empty file", {}, "too short"},
      {"seven bytes", Bytes(7), "too short"},
      {"header longer than the file", with_length(9, 16), "header of 9 bytes"},
      {"header length near 2^64", with_length(~std::uint64_t{0} - 3, 64), "header of"},
      {"no header", with_length(0, 8), "does not begin with '{'"},
      {"header is no object", safetensors_file("[]", {}), "does not begin with '{'"},
      {"header begins with a space", safetensors_file(" {}", {}), "does not begin with '{'"},
      {"header is cut", safetensors_file(R"({"w":)", {}), "not valid JSON"},
      {"header has trailing text", safetensors_file("{} x", {}), "not valid JSON"},
      {"header is not UTF-8", safetensors_file("{\"\xff\":1}", {}), "not valid JSON"},
      {"header nests too deep", safetensors_file(deep, {}), "nested deeper"},
      {"tensor twice", safetensors_file("{\"w\":" + good + ",\"w\":" + good + "}", sixteen),
       "'w' appears twice"},
      {"key twice",
       safetensors_file(one(R"({"dtype":"F32","dtype":"F32","shape":[4],"data_offsets":[0,16]})"),
                        sixteen),
       "'dtype' appears twice"},
      {"tensor is no object", safetensors_file(one("1"), sixteen), "not described by an object"},
      {"no dtype", safetensors_file(one(R"({"shape":[4],"data_offsets":[0,16]})"), sixteen),
       "has no dtype"},
      {"no shape", safetensors_file(one(R"({"dtype":"F32","data_offsets":[0,16]})"), sixteen),
       "has no shape"},
      {"no offsets", safetensors_file(one(R"({"dtype":"F32","shape":[4]})"), sixteen),
       "has no data_offsets"},
      {"unknown key",
       safetensors_file(one(R"({"dtype":"F32","shape":[4],"data_offsets":[0,16],"x":1})"), sixteen),
       "unknown key 'x'"},
      {"unknown dtype",
       safetensors_file(one(R"({"dtype":"F31","shape":[4],"data_offsets":[0,16]})"), sixteen),
       "unknown dtype 'F31'"},
      {"dtype is no string",
       safetensors_file(one(R"({"dtype":3,"shape":[4],"data_offsets":[0,16]})"), sixteen),
       "not a string"},
      {"negative extent",
       safetensors_file(one(R"({"dtype":"F32","shape":[-4],"data_offsets":[0,16]})"), sixteen),
       "non-negative integer"},
      {"fractional extent",
       safetensors_file(one(R"({"dtype":"F32","shape":[4.0],"data_offsets":[0,16]})"), sixteen),
       "non-negative integer"},
      {"extent beyond 64 bits",
       safetensors_file(one(R"({"dtype":"F32","shape":[18446744073709551616],)"
                            R"("data_offsets":[0,16]})"),
                        sixteen),
       "non-negative integer"},
      {"size overflows to the right one",
       safetensors_file(one(R"({"dtype":"F32","shape":[4611686018427387908,1],)"
                            R"("data_offsets":[0,16]})"),
                        sixteen),
       "overflows 64 bits"},
      {"product overflows",
       safetensors_file(one(R"({"dtype":"F32","shape":[4294967296,4294967296],)"
                            R"("data_offsets":[0,16]})"),
                        sixteen),
       "overflows 64 bits"},
      {"one offset",
       safetensors_file(one(R"({"dtype":"F32","shape":[4],"data_offsets":[16]})"), sixteen),
       "no range inside"},
      {"offsets reversed",
       safetensors_file(one(R"({"dtype":"F32","shape":[4],"data_offsets":[16,0]})"), sixteen),
       "no range inside"},
      {"offset past the end",
       safetensors_file(one(R"({"dtype":"F32","shape":[4],"data_offsets":[4,20]})"), sixteen),
       "no range inside"},
      {"offset near 2^64",
       safetensors_file(one(R"({"dtype":"F32","shape":[4],)"
                            R"("data_offsets":[18446744073709551600,18446744073709551615]})"),
                        sixteen),
       "no range inside"},
      {"range shorter than the shape",
       safetensors_file(one(R"({"dtype":"F32","shape":[4],"data_offsets":[0,12]})"), sixteen),
       "needs 16"},
      {"overlap",
       safetensors_file(R"({"v":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                        R"("w":{"dtype":"F32","shape":[3],"data_offsets":[4,16]}})",
                        sixteen),
       "inside the tensor before it"},
      {"same range twice", safetensors_file("{\"v\":" + good + ",\"w\":" + good + "}", sixteen),
       "inside the tensor before it"},
      {"hole at the start",
       safetensors_file(one(R"({"dtype":"F32","shape":[3],"data_offsets":[4,16]})"), sixteen),
       "after a hole"},
      {"hole between",
       safetensors_file(R"({"v":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                        R"("w":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}})",
                        sixteen),
       "after a hole"},
      {"bytes after the last tensor",
       safetensors_file(one(R"({"dtype":"F32","shape":[3],"data_offsets":[0,12]})"), sixteen),
       "4 bytes after the last tensor"},
      {"metadata is no object", safetensors_file(R"({"__metadata__":"pt"})", {}), "__metadata__"},
      {"metadata holds a number", safetensors_file(R"({"__metadata__":{"a":1}})", {}),
       "__metadata__"},
  };
  for (const Corruption& corruption : corruptions) {
    CAPTURE(corruption.what);
    CHECK_THROWS_WITH(
        Safetensors::parse(corruption.file, "m.safetensors"),
        Contains("m.safetensors: ") && Contains(corruption.reason) && !Contains("\n"));
    CHECK_THROWS_AS(Safetensors::parse(corruption.file, "m.safetensors"), InputError);
  }
}

TEST_CASE("safetensors: random bytes in a good file never do more than throw InputError") {
  const Bytes good = safetensors_file(R"({"v":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},)"
                                      R"("w":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}})",
                                      sixteen);
  const unsigned seed = 5;
  CAPTURE(seed);
  std::mt19937 random(seed);
  unsigned refused = 0;
  for (unsigned trial = 0; trial < 20000; ++trial) {
    Bytes file = good;
    for (unsigned change = random() % 4; change < 4; ++change) {
      file[random() % file.size()] = static_cast<std::uint8_t>(random());
    }
    if (random() % 8 == 0) {
      file.resize(random() % file.size());
    }
    try {
      const Safetensors parsed = Safetensors::parse(file, "fuzz");
      for (const auto& [name, tensor] : parsed.tensors()) {
        CHECK(tensor.begin + tensor.bytes <= sixteen.size());
      }
    } catch (const InputError&) {
      ++refused;
    }
  }
  CHECK(refused > 10000);  // most changes break something
}

TEST_CASE("safetensors: wrong type, shape, name and values are named") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  const auto file = Safetensors::parse(
      safetensors_file(R"({"half":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},)"
                       R"("nan":{"dtype":"F32","shape":[2,3],"data_offsets":[4,28]},)"
                       R"("inf":{"dtype":"F32","shape":[2],"data_offsets":[28,36]},)"
                       R"("int":{"dtype":"I32","shape":[1],"data_offsets":[36,40]}})",
                       float_bytes({0, 1, 2, 3, 4, 5, nan, 7, -infinity, 8})),
      "m.safetensors");
  CHECK_THROWS_WITH(file.floats("gone", {2}), "m.safetensors: no tensor 'gone', expected F32 [2]");
  CHECK_THROWS_WITH(file.floats("half", {3}),
                    "m.safetensors: tensor 'half' is F16 [2], expected F32 [3]");
  CHECK_THROWS_WITH(file.floats("int", {1}),
                    "m.safetensors: tensor 'int' is I32 [1], expected F32 [1] (or BF16, F16)");
  CHECK_THROWS_WITH(file.floats("nan", {3, 2}),
                    "m.safetensors: tensor 'nan' is F32 [2, 3], expected F32 [3, 2]");
  CHECK_THROWS_WITH(file.floats("nan", {2, 3}), "m.safetensors: tensor 'nan' is NaN at [1, 2]");
  CHECK_THROWS_WITH(file.floats("inf", {2}), "m.safetensors: tensor 'inf' is infinite at [1]");
}

// Every finite word, from its fields: sign, exponent of `bits` bits, fraction.
TEST_CASE("safetensors: BF16 and F16 are widened exactly") {
  const bool half = GENERATE(true, false);
  const int fraction_bits = half ? 10 : 7, bias = half ? 15 : 127;
  const unsigned infinite = half ? 0x7C00 : 0x7F80;
  Bytes data;
  std::vector<float> expected;
  for (unsigned word = 0; word < 0x10000; ++word) {
    const unsigned magnitude = word & 0x7FFF;
    if (magnitude >= infinite) continue;
    data.push_back(static_cast<std::uint8_t>(word));
    data.push_back(static_cast<std::uint8_t>(word >> 8));
    const int exponent = static_cast<int>(magnitude >> fraction_bits);
    const unsigned fraction = magnitude % (1u << fraction_bits);
    const double value = std::ldexp(fraction + (exponent != 0 ? 1u << fraction_bits : 0u),
                                    std::max(exponent, 1) - bias - fraction_bits);
    expected.push_back(static_cast<float>(word >= 0x8000 ? -value : value));
  }
  const std::string count = std::to_string(expected.size());
  const auto file = Safetensors::parse(
      safetensors_file("{\"w\":{\"dtype\":\"" + std::string(half ? "F16" : "BF16") +
                           "\",\"shape\":[" + count + "],\"data_offsets\":[0," +
                           std::to_string(data.size()) + "]}}",
                       data),
      "file");
  CHECK(file.floats("w", {expected.size()}) == expected);
}

TEST_CASE("safetensors: a missing file and a folder are refused") {
  CHECK_THROWS_WITH(Safetensors::read("no/such.safetensors"), "no/such.safetensors: no such file");
  CHECK_THROWS_WITH(Safetensors::read("."), ".: not a file");
}
