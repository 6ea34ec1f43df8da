// SPDX-License-Identifier: Apache-2.0
#include "generate/random_stream.h"

namespace epoch {
namespace {

// FNV-1a, 64 bits (Fowler, Noll, Vo; draft-eastlake-fnv).
std::uint64_t hash(const std::string& text) {
  std::uint64_t value = 0xCBF29CE484222325u;
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return value;
}

}  // namespace

RandomStream::RandomStream(std::uint64_t seed, const std::string& name)
    : random_(SplitMix64(seed).next() ^ hash(name)) {}

std::uint32_t RandomStream::below(std::uint32_t count) {
  return static_cast<std::uint32_t>((random_.next() >> 32) * count >> 32);
}

double RandomStream::uniform(double low, double high) {
  return low + (high - low) * (static_cast<double>(random_.next() >> 11) * 0x1p-53);
}

double RandomStream::normal() {
  std::int64_t sum = 0;  // of twelve 16-bit numbers: variance (2^32 - 1), mean 12 * 32767.5
  for (int draw = 0; draw < 3; ++draw) {
    const std::uint64_t word = random_.next();
    for (int part = 0; part < 64; part += 16) sum += word >> part & 0xFFFF;
  }
  return static_cast<double>(sum - 393'210) * 0x1p-16;
}

std::vector<float> RandomStream::uniforms(std::size_t count, double low, double high) {
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(uniform(low, high));
  return values;
}

std::vector<float> RandomStream::normals(std::size_t count, double mean, double deviation) {
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(mean + deviation * normal());
  return values;
}

}  // namespace epoch
