// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

// A kernel: compiled for several instruction sets and never inlined, so that its floating point
// stays inside the FlushToZero scope of its caller. Helpers of kernels are EPOCH_INLINE.
#if defined(__GNUC__) && !defined(__clang__)
#define EPOCH_KERNEL __attribute__((noinline, target_clones("default", "avx2", "avx512f")))
#define EPOCH_UNROLL _Pragma("GCC unroll 8")
#else
#define EPOCH_KERNEL __attribute__((noinline))
#define EPOCH_UNROLL
#endif
#define EPOCH_INLINE inline __attribute__((always_inline))

namespace epoch {

// Sixteen neighbouring columns of the array: the grain in which both fidelities move words.
constexpr unsigned kLanes = 16;

struct alignas(64) Line {
  float lane[kLanes] = {};
};

// The same sixteen words as one operand; each operation acts on every lane alone.
typedef float Lanes __attribute__((vector_size(64), may_alias));

EPOCH_INLINE Lanes& lanes(Line& line) {
  return *reinterpret_cast<Lanes*>(&line);
}
EPOCH_INLINE const Lanes& lanes(const Line& line) {
  return *reinterpret_cast<const Lanes*>(&line);
}

constexpr unsigned lines_for(unsigned words) {
  return (words + kLanes - 1) / kLanes;
}

}  // namespace epoch
