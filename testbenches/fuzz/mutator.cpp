// SPDX-License-Identifier: Apache-2.0
#include "fuzz/mutator.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace epoch::fuzz {

namespace {

// Distributions of the standard library differ between libraries; the remainder does not.
std::size_t below(std::mt19937& random, std::size_t limit) {
  return limit == 0 ? 0 : random() % limit;
}

std::ptrdiff_t at(std::size_t offset) {
  return static_cast<std::ptrdiff_t>(offset);
}

void change_word(Bytes& bytes, std::mt19937& random) {
  if (bytes.size() < 4) return;
  std::uint8_t* place = bytes.data() + below(random, bytes.size() / 4) * 4;
  std::uint32_t word = 0;
  std::memcpy(&word, place, sizeof word);
  switch (below(random, 3)) {
    case 0:
      word = edge_value(random);
      break;
    case 1:
      word += static_cast<std::uint32_t>(below(random, 129)) - 64;
      break;
    default:
      word = static_cast<std::uint32_t>(random());
      break;
  }
  std::memcpy(place, &word, sizeof word);
}

void change_digit(Bytes& bytes, std::mt19937& random) {
  const auto digit = std::find_if(bytes.begin() + at(below(random, bytes.size())), bytes.end(),
                                  [](std::uint8_t c) { return c >= '0' && c <= '9'; });
  if (digit == bytes.end()) return;
  static const char* const texts[] = {"-1", "1e999", "0.5", "18446744073709551616", "9", "null"};
  const char* text = texts[below(random, std::size(texts))];
  const auto next = bytes.erase(digit);
  bytes.insert(next, text, text + std::strlen(text));
}

void remove_piece(Bytes& bytes, std::mt19937& random) {
  const std::size_t first = below(random, bytes.size());
  const std::size_t count = 1 + below(random, std::min<std::size_t>(bytes.size() - first, 64));
  bytes.erase(bytes.begin() + at(first), bytes.begin() + at(first + count));
}

// A piece of `from` into `bytes`, or over what is there.
void copy_piece(Bytes& bytes, const Bytes& from, std::mt19937& random) {
  if (from.empty()) return;
  const std::size_t first = below(random, from.size());
  const std::size_t count = 1 + below(random, std::min<std::size_t>(from.size() - first, 128));
  const Bytes piece(from.begin() + at(first), from.begin() + at(first + count));
  const std::size_t place = below(random, bytes.size() + 1);
  if (random() % 2 == 0) {
    bytes.insert(bytes.begin() + at(place), piece.begin(), piece.end());
  } else {
    const std::size_t room = std::min(piece.size(), bytes.size() - place);
    std::copy_n(piece.begin(), room, bytes.begin() + at(place));
  }
}

}  // namespace

std::uint32_t edge_value(std::mt19937& random) {
  static const std::uint32_t values[] = {
      0,          1,          2,          3,          4,          7,          8,
      63,         64,         255,        256,        4095,       4096,       0x7FFF,
      0x8000,     0xFFFF,     0x10000,    0x3FFFFFFF, 0x40000000, 0x7FFFFFFF, 0x80000000,
      0x80000001, 0xBFFFFFFC, 0xC0000000, 0xFFFFFFF0, 0xFFFFFFFC, 0xFFFFFFFF};
  return values[below(random, std::size(values))];
}

Bytes mutate(const std::vector<Bytes>& seeds, std::mt19937& random) {
  Bytes bytes = seeds[below(random, seeds.size())];
  for (std::size_t changes = 1 + below(random, 4); changes > 0 && !bytes.empty(); --changes) {
    switch (below(random, 8)) {
      case 0:
        bytes[below(random, bytes.size())] ^= static_cast<std::uint8_t>(1u << below(random, 8));
        break;
      case 1:
        bytes[below(random, bytes.size())] = static_cast<std::uint8_t>(random());
        break;
      case 2:
      case 3:
        change_word(bytes, random);
        break;
      case 4:
        change_digit(bytes, random);
        break;
      case 5:
        remove_piece(bytes, random);
        break;
      case 6:
        copy_piece(bytes, seeds[below(random, seeds.size())], random);
        break;
      default:
        if (below(random, 4) == 0) bytes.resize(below(random, bytes.size()));
        break;
    }
  }
  return bytes;
}

}  // namespace epoch::fuzz
