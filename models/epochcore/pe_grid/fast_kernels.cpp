// SPDX-License-Identifier: Apache-2.0
#include "epochcore/pe_grid/fast_kernels.h"

#include <algorithm>

#include "epochcore/pe_grid/integer_arithmetic.h"
#include "epochcore/pe_grid/number_format.h"
#include "epochcore/pe_grid/transcendental.h"

namespace epoch {

namespace {

// Row by row, so that a row's state and coefficients stay in registers for the whole tile, and
// every y is summed in the order of the modes. dplr, whose rows meet in every step, goes step by
// step. `kDelta`: poles are a - 1 (type bf16d), so x' = x + (...).

typedef std::uint32_t LaneBits __attribute__((vector_size(64), may_alias));

template <bool kDelta>
EPOCH_INLINE Lanes next_state(Lanes x, Lanes sum) {
  return kDelta ? x + sum : sum;
}

// Infinite components become the largest finite number of their sign; counts them by lane.
EPOCH_INLINE Lanes saturate(Lanes x, LaneBits& count) {
  LaneBits bits;
  std::memcpy(&bits, &x, sizeof bits);
  // The comparison gives all ones: 7f800000 - 1 is 7f7fffff, and the count goes up by one.
  const LaneBits infinite = reinterpret_cast<LaneBits>((bits & 0x7FFFFFFFu) == 0x7F800000u);
  bits += infinite;
  count -= infinite;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}
EPOCH_INLINE std::uint64_t total(LaneBits count) {
  std::uint64_t sum = 0;
  for (unsigned i = 0; i < kLanes; ++i) sum += count[i];
  return sum;
}

template <bool kDelta>
EPOCH_INLINE void real_steps(GroupTile& tile) {
  const Line* const u = tile.north[0];
  Line* const y = tile.y[0];
  const unsigned steps = tile.steps;
  for (unsigned mode = 0; mode < tile.modes; ++mode) {
    const Line* words = tile.coefficients + 2 * mode;
    const Lanes a = lanes(words[0]), c = lanes(words[1]);
    Lanes x = lanes(tile.state[mode]);
    for (unsigned t = 0; t < steps; ++t) {
      x = next_state<kDelta>(x, (a * x) + lanes(u[t]));
      lanes(y[t]) = lanes(y[t]) + c * x;
    }
    lanes(tile.state[mode]) = x;
  }
}

template <bool kDelta>
EPOCH_INLINE void complex_steps(GroupTile& tile) {
  const Line* const u = tile.north[0];
  Line* const y = tile.y[0];
  const unsigned steps = tile.steps;
  for (unsigned mode = 0; mode < tile.modes; ++mode) {
    const Line* words = tile.coefficients + 4 * mode;
    const Lanes ar = lanes(words[0]), ai = lanes(words[1]);
    const Lanes cr = lanes(words[2]), ci = lanes(words[3]);
    Lanes xr = lanes(tile.state[2 * mode]), xi = lanes(tile.state[2 * mode + 1]);
    for (unsigned t = 0; t < steps; ++t) {
      const Lanes re = (ar * xr - ai * xi) + lanes(u[t]);
      const Lanes im = ar * xi + ai * xr;
      xr = next_state<kDelta>(xr, re);
      xi = next_state<kDelta>(xi, im);
      lanes(y[t]) = lanes(y[t]) + (cr * xr - ci * xi);
    }
    lanes(tile.state[2 * mode]) = xr;
    lanes(tile.state[2 * mode + 1]) = xi;
  }
}

template <bool kDelta>
EPOCH_INLINE void liquid_real_steps(GroupTile& tile) {
  const Line* const u = tile.north[0];
  Line* const y = tile.y[0];
  const unsigned steps = tile.steps;
  LaneBits saturated = {};
  for (unsigned mode = 0; mode < tile.modes; ++mode) {
    const Line* words = tile.coefficients + 3 * mode;
    const Lanes a = lanes(words[0]), b = lanes(words[1]), c = lanes(words[2]);
    Lanes x = lanes(tile.state[mode]);
    for (unsigned t = 0; t < steps; ++t) {
      const Lanes g = b * lanes(u[t]);
      x = saturate(next_state<kDelta>(x, ((a + g) * x) + g), saturated);
      lanes(y[t]) = lanes(y[t]) + c * x;
    }
    lanes(tile.state[mode]) = x;
  }
  tile.saturated += total(saturated);
}

template <bool kDelta>
EPOCH_INLINE void liquid_complex_steps(GroupTile& tile) {
  const Line* const north = tile.north[0];
  Line* const y = tile.y[0];
  const unsigned steps = tile.steps;
  LaneBits saturated = {};
  for (unsigned mode = 0; mode < tile.modes; ++mode) {
    const Line* words = tile.coefficients + 6 * mode;
    const Lanes ar = lanes(words[0]), ai = lanes(words[1]);
    const Lanes br = lanes(words[2]), bi = lanes(words[3]);
    const Lanes cr = lanes(words[4]), ci = lanes(words[5]);
    Lanes xr = lanes(tile.state[2 * mode]), xi = lanes(tile.state[2 * mode + 1]);
    for (unsigned t = 0; t < steps; ++t) {
      const Lanes u = lanes(north[t]);
      const Lanes gr = br * u, gi = bi * u;
      const Lanes sr = ar + gr, si = ai + gi;
      const Lanes re = (sr * xr - si * xi) + gr;
      const Lanes im = (sr * xi + si * xr) + gi;
      xr = saturate(next_state<kDelta>(xr, re), saturated);
      xi = saturate(next_state<kDelta>(xi, im), saturated);
      lanes(y[t]) = lanes(y[t]) + (cr * xr - ci * xi);
    }
    lanes(tile.state[2 * mode]) = xr;
    lanes(tile.state[2 * mode + 1]) = xi;
  }
  tile.saturated += total(saturated);
}

// The sum of the rows' shares: adjacent rows pairwise, an odd one passes up; or from +0 down.
EPOCH_INLINE Lanes reduce_rows(Line* rows, unsigned count, Reduce reduce) {
  if (reduce == Reduce::systolic) {
    Lanes sum = {};
    for (unsigned r = 0; r < count; ++r) sum = sum + lanes(rows[r]);
    return sum;
  }
  for (; count > 1; count = (count + 1) / 2) {
    for (unsigned r = 0; r + 1 < count; r += 2)
      lanes(rows[r / 2]) = lanes(rows[r]) + lanes(rows[r + 1]);
    if (count % 2 != 0) rows[count / 2] = rows[count - 1];
  }
  return lanes(rows[0]);
}

// Adds a mode's share to its row's: the first of a row begins the sum.
EPOCH_INLINE void share(const GroupTile& tile, unsigned mode, Lanes value) {
  Line& row = tile.scratch[mode / tile.modes_per_row];
  lanes(row) = mode % tile.modes_per_row == 0 ? value : lanes(row) + value;
}

template <bool kDelta>
EPOCH_INLINE void dplr_steps(GroupTile& tile) {
  const unsigned rows = (tile.modes + tile.modes_per_row - 1) / tile.modes_per_row;
  for (unsigned t = 0; t < tile.steps; ++t) {
    for (unsigned mode = 0; mode < tile.modes; ++mode) {
      const Line* words = tile.coefficients + 8 * mode;
      const Lanes xr = lanes(tile.state[2 * mode]), xi = lanes(tile.state[2 * mode + 1]);
      share(tile, mode, lanes(words[2]) * xr - lanes(words[3]) * xi);
    }
    const Lanes s = reduce_rows(tile.scratch, rows, tile.reduce);
    const Lanes u = lanes(tile.north[0][t]);
    for (unsigned mode = 0; mode < tile.modes; ++mode) {
      const Line* words = tile.coefficients + 8 * mode;
      const Lanes ar = lanes(words[0]), ai = lanes(words[1]);
      Lanes& xr = lanes(tile.state[2 * mode]);
      Lanes& xi = lanes(tile.state[2 * mode + 1]);
      const Lanes re = next_state<kDelta>(xr, (ar * xr - ai * xi) + u);
      const Lanes im = next_state<kDelta>(xi, ar * xi + ai * xr);
      xr = re - lanes(words[4]) * s;
      xi = im - lanes(words[5]) * s;
      share(tile, mode, lanes(words[6]) * xr - lanes(words[7]) * xi);
    }
    lanes(tile.y[0][t]) = reduce_rows(tile.scratch, rows, tile.reduce);
  }
}

EPOCH_INLINE Lanes exp_lanes(Lanes z) {
  Line result;
  for (unsigned i = 0; i < kLanes; ++i) result.lane[i] = exp_pe(z[i]);
  return lanes(result);
}

template <bool kSelective>
EPOCH_INLINE void streamed_steps(GroupTile& tile) {
  const Line *const decays = tile.north[0], *const drive = tile.north[1];
  Line* const y = tile.y[0];
  const unsigned steps = tile.steps, modes = tile.modes;
  for (unsigned mode = 0; mode < modes; ++mode) {
    const float *b = tile.west[0] + mode, *c = tile.west[1] + mode;
    const Lanes pole = kSelective ? lanes(tile.coefficients[mode]) : Lanes{};
    Lanes x = lanes(tile.state[mode]);
    for (unsigned t = 0; t < steps; ++t, b += modes, c += modes) {
      const Lanes decay = lanes(decays[t]);
      const Lanes a = kSelective ? exp_lanes(decay * pole) : decay;
      x = (a * x) + *b * lanes(drive[t]);
      lanes(y[t]) = lanes(y[t]) + *c * x;
    }
    lanes(tile.state[mode]) = x;
  }
}

template <bool kDelta>
EPOCH_INLINE void edge_steps(GroupTile& tile) {
  const Lanes ar = lanes(tile.coefficients[0]), ai = lanes(tile.coefficients[1]);
  Lanes xr = lanes(tile.state[0]), xi = lanes(tile.state[1]);
  for (unsigned t = 0; t < tile.steps; ++t) {
    const Lanes re = (ar * xr - ai * xi) + lanes(tile.north[0][t]);
    const Lanes im = (ar * xi + ai * xr) + lanes(tile.north[1][t]);
    xr = next_state<kDelta>(xr, re);
    xi = next_state<kDelta>(xi, im);
    lanes(tile.y[0][t]) = xr;
    lanes(tile.y[1][t]) = xi;
  }
  lanes(tile.state[0]) = xr;
  lanes(tile.state[1]) = xi;
}

// ---- Integers: a lane at a time ----

EPOCH_INLINE void real_lane_int8(GroupTile& tile, unsigned mode, unsigned lane,
                                 std::uint64_t& clamped) {
  const std::int32_t a = int_of_word(tile.coefficients[2 * mode].lane[lane]);
  const std::int32_t c = int_of_word(tile.coefficients[2 * mode + 1].lane[lane]);
  std::int32_t x = int_of_word(tile.state[mode].lane[lane]);
  for (unsigned t = 0; t < tile.steps; ++t) {
    float& y = tile.y[0][t].lane[lane];
    const std::int32_t u = aligned_input(int_of_word(tile.north[0][t].lane[lane]));
    x = clamped_sum(shifted_product(a, x, kPoleBits, clamped), u, clamped);
    const std::int32_t out = shifted_product(c, x, kStateBits, clamped);
    y = word_of_int(clamped_sum(int_of_word(y), out, clamped));
  }
  tile.state[mode].lane[lane] = word_of_int(x);
}

EPOCH_INLINE void complex_lane_int8(GroupTile& tile, unsigned mode, unsigned lane,
                                    std::uint64_t& clamped) {
  std::int32_t word[4];
  for (unsigned w = 0; w < 4; ++w)
    word[w] = int_of_word(tile.coefficients[4 * mode + w].lane[lane]);
  const auto pole = [&](std::int32_t factor, std::int32_t x) {
    return shifted_product(factor, x, kPoleBits, clamped);
  };
  std::int32_t xr = int_of_word(tile.state[2 * mode].lane[lane]);
  std::int32_t xi = int_of_word(tile.state[2 * mode + 1].lane[lane]);
  for (unsigned t = 0; t < tile.steps; ++t) {
    float& y = tile.y[0][t].lane[lane];
    const std::int32_t u = aligned_input(int_of_word(tile.north[0][t].lane[lane]));
    const std::int32_t turned = clamped_difference(pole(word[0], xr), pole(word[1], xi), clamped);
    const std::int32_t im = clamped_sum(pole(word[0], xi), pole(word[1], xr), clamped);
    xr = clamped_sum(turned, u, clamped);
    xi = im;
    const std::int32_t re = shifted_product(word[2], xr, kStateBits, clamped);
    const std::int32_t out =
        clamped_difference(re, shifted_product(word[3], xi, kStateBits, clamped), clamped);
    y = word_of_int(clamped_sum(int_of_word(y), out, clamped));
  }
  tile.state[2 * mode].lane[lane] = word_of_int(xr);
  tile.state[2 * mode + 1].lane[lane] = word_of_int(xi);
}

template <class LaneSteps>
EPOCH_INLINE void each_lane(GroupTile& tile, LaneSteps lane_steps) {
  std::uint64_t clamped = 0;
  for (unsigned mode = 0; mode < tile.modes; ++mode)
    for (unsigned lane = 0; lane < kLanes; ++lane) lane_steps(tile, mode, lane, clamped);
  tile.saturated += clamped;
}

// ---- The kernels: one compiled function each ----

EPOCH_KERNEL void real_kernel(GroupTile& tile) {
  real_steps<false>(tile);
}
EPOCH_KERNEL void real_delta_kernel(GroupTile& tile) {
  real_steps<true>(tile);
}
EPOCH_KERNEL void complex_kernel(GroupTile& tile) {
  complex_steps<false>(tile);
}
EPOCH_KERNEL void complex_delta_kernel(GroupTile& tile) {
  complex_steps<true>(tile);
}
EPOCH_KERNEL void liquid_real_kernel(GroupTile& tile) {
  liquid_real_steps<false>(tile);
}
EPOCH_KERNEL void liquid_real_delta_kernel(GroupTile& tile) {
  liquid_real_steps<true>(tile);
}
EPOCH_KERNEL void liquid_complex_kernel(GroupTile& tile) {
  liquid_complex_steps<false>(tile);
}
EPOCH_KERNEL void liquid_complex_delta_kernel(GroupTile& tile) {
  liquid_complex_steps<true>(tile);
}
EPOCH_KERNEL void dplr_kernel(GroupTile& tile) {
  dplr_steps<false>(tile);
}
EPOCH_KERNEL void dplr_delta_kernel(GroupTile& tile) {
  dplr_steps<true>(tile);
}
EPOCH_KERNEL void selective_kernel(GroupTile& tile) {
  streamed_steps<true>(tile);
}
EPOCH_KERNEL void ssd_kernel(GroupTile& tile) {
  streamed_steps<false>(tile);
}
EPOCH_KERNEL void edge_kernel(GroupTile& tile) {
  edge_steps<false>(tile);
}
EPOCH_KERNEL void edge_delta_kernel(GroupTile& tile) {
  edge_steps<true>(tile);
}
EPOCH_KERNEL void real_int8_kernel(GroupTile& tile) {
  each_lane(tile, [](GroupTile& t, unsigned mode, unsigned lane, std::uint64_t& clamped) {
    real_lane_int8(t, mode, lane, clamped);
  });
}
EPOCH_KERNEL void complex_int8_kernel(GroupTile& tile) {
  each_lane(tile, [](GroupTile& t, unsigned mode, unsigned lane, std::uint64_t& clamped) {
    complex_lane_int8(t, mode, lane, clamped);
  });
}

// Rows of `x` are `inputs` apart.
template <unsigned kSteps>
EPOCH_INLINE void gemm_rows(const Line* weights, unsigned inputs, const float* x, Line* y) {
  Lanes sum[kSteps];
  for (unsigned t = 0; t < kSteps; ++t) sum[t] = lanes(y[t]);
  for (unsigned k = 0; k < inputs; ++k) {
    const Lanes w = lanes(weights[k]);
    for (unsigned t = 0; t < kSteps; ++t) sum[t] = sum[t] + w * x[t * inputs + k];
  }
  for (unsigned t = 0; t < kSteps; ++t) lanes(y[t]) = sum[t];
}

EPOCH_KERNEL void gemm_kernel(const Line* weights, unsigned inputs, const float* x, Line* y,
                              unsigned steps) {
  constexpr unsigned kBlock = 8;
  unsigned t = 0;
  for (; t + kBlock <= steps; t += kBlock)
    gemm_rows<kBlock>(weights, inputs, x + std::size_t{t} * inputs, y + t);
  for (; t < steps; ++t) gemm_rows<1>(weights, inputs, x + std::size_t{t} * inputs, y + t);
}

EPOCH_KERNEL std::uint64_t gemm_int8_kernel(const Line* weights, unsigned inputs, const float* x,
                                            Line* y, unsigned steps) {
  std::uint64_t clamped = 0;
  for (unsigned t = 0; t < steps; ++t)
    for (unsigned k = 0; k < inputs; ++k) {
      const std::int32_t factor = int_of_word(x[std::size_t{t} * inputs + k]);
      for (unsigned lane = 0; lane < kLanes; ++lane) {
        const std::int32_t product =
            shifted_product(int_of_word(weights[k].lane[lane]), factor, 0, clamped);
        float& sum = y[t].lane[lane];
        sum = word_of_int(clamped_sum(int_of_word(sum), product, clamped));
      }
    }
  return clamped;
}

}  // namespace

GroupKernel group_kernel(ArrayMode mode, NumberType type) {
  const bool delta = type == NumberType::bf16d, int8 = type == NumberType::int8;
  switch (mode) {
    case ArrayMode::real:
      return int8 ? real_int8_kernel : delta ? real_delta_kernel : real_kernel;
    case ArrayMode::complex:
      return int8 ? complex_int8_kernel : delta ? complex_delta_kernel : complex_kernel;
    case ArrayMode::liquid_real:
      return delta ? liquid_real_delta_kernel : liquid_real_kernel;
    case ArrayMode::liquid_complex:
      return delta ? liquid_complex_delta_kernel : liquid_complex_kernel;
    case ArrayMode::dplr:
      return delta ? dplr_delta_kernel : dplr_kernel;
    case ArrayMode::selective:
      return selective_kernel;
    case ArrayMode::ssd:
      return ssd_kernel;
    case ArrayMode::edge:
      return delta ? edge_delta_kernel : edge_kernel;
    case ArrayMode::mac:
      break;
  }
  return nullptr;
}

void gemm_fp32(const Line* weights, unsigned inputs, const float* x, Line* y, unsigned steps) {
  gemm_kernel(weights, inputs, x, y, steps);
}

std::uint64_t gemm_int8(const Line* weights, unsigned inputs, const float* x, Line* y,
                        unsigned steps) {
  return gemm_int8_kernel(weights, inputs, x, y, steps);
}

}  // namespace epoch
