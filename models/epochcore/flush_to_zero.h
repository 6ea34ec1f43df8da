// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <xmmintrin.h>

namespace epoch {

// The arithmetic of the accelerator while it lives: round to nearest even, subnormal inputs read as
// zero (DAZ), subnormal results flushed after rounding (FTZ), no traps. Scope it around calls of
// kernels that are functions of their own (noinline), so that no operation is moved across it, and
// never across a point where another SystemC process may run: MXCSR belongs to the host thread.
class FlushToZero {
 public:
  FlushToZero() : saved_(_mm_getcsr()) {
    _mm_setcsr(kMxcsr);
    barrier();
  }
  ~FlushToZero() {
    barrier();
    _mm_setcsr(saved_);
  }
  FlushToZero(const FlushToZero&) = delete;
  FlushToZero& operator=(const FlushToZero&) = delete;

 private:
  // Intel SDM vol. 1, 10.2.3: FTZ is bit 15, DAZ bit 6, exception masks bits 12:7, RC = 00.
  static constexpr unsigned kMxcsr = 0x8000u | 0x0040u | 0x1F80u;
  static void barrier() { asm volatile("" ::: "memory"); }

  unsigned saved_;
};

}  // namespace epoch
