// SPDX-License-Identifier: Apache-2.0
// The compiler's discretisation against the reference's, which is written by other formulas, and
// dplr's diagonal plus rank one against the dense system.
#include "compiler/discretize.h"

#include <catch2/catch.hpp>
#include <stdexcept>

#include "reference/random_models.h"
#include "reference/state_space.h"

using namespace epoch;
using namespace epoch::test;

namespace {

// Rounding of some ten operations, of values near 1.
constexpr double kTolerance = 1e-14;

S4Config config_of(SsmKind kind, Discretization how) {
  S4Config config;
  config.kind = kind;
  config.channels = 4;
  config.modes = 8;
  config.directions = 2;
  config.discretization = how;
  return config;
}

void check_equal(const std::vector<Complex>& found, const std::vector<Complex>& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i, found[i], expected[i]);
    CHECK(std::abs(found[i] - expected[i]) <= kTolerance * std::abs(expected[i]));
  }
}

// The channel's A_bar on (Re z, Im z) with z = B_bar x: what x' = a x - p Re sum(w x) + u means.
std::vector<double> dense_of(const DplrCoefficients& k, const std::vector<Complex>& b,
                             std::size_t first, std::size_t modes) {
  std::vector<double> dense(4 * modes * modes);
  for (std::size_t row = 0; row < modes; ++row) {
    for (std::size_t column = 0; column < 2 * modes; ++column) {
      // The column's state is z[i] = 1 or i.
      const std::size_t i = column % modes;
      const Complex z = column < modes ? Complex(1) : Complex(0, 1);
      const double feedback = (k.w[first + i] * z / b[i]).real();
      Complex next = -k.p[first + row] * b[row] * feedback;
      if (i == row) next += k.a[first + row] * z;
      dense[row * 2 * modes + column] = next.real();
      dense[(modes + row) * 2 * modes + column] = next.imag();
    }
  }
  return dense;
}

}  // namespace

TEST_CASE("s4d and liquid_s4: discretised as the reference's") {
  const SsmKind kind = GENERATE(SsmKind::s4d, SsmKind::liquid);
  const auto how = GENERATE(Discretization::zoh, Discretization::bilinear, Discretization::stored);
  const double dt_min = GENERATE(1e-3, 1e-12);  // e^z - 1 cancels for small ones
  const unsigned seed = 1;
  CAPTURE(seed, kind, how, dt_min);
  RandomModels random(seed);
  const S4Config config = config_of(kind, how);
  const SsmTensors ssm = random.ssm(config, dt_min, 0.5);
  for (std::size_t direction = 0; direction < 2; ++direction) {
    const DiagonalCoefficients found = diagonal_coefficients(config, ssm, direction);
    const auto expected = std::get<DiagonalSystem>(discretised(config, ssm, direction));
    check_equal(found.a, expected.a);
    check_equal(found.b, expected.b);
    check_equal(found.c, expected.c);
  }
}

TEST_CASE("s5: discretised as the reference's") {
  const auto how = GENERATE(Discretization::zoh, Discretization::bilinear);
  const unsigned seed = 2;
  CAPTURE(seed, how);
  RandomModels random(seed);
  const S4Config config = config_of(SsmKind::s5, how);
  const SsmTensors ssm = random.ssm(config, 1e-4, 0.5);
  const SharedCoefficients found = shared_coefficients(config, ssm);
  const auto expected = std::get<SharedSystem>(discretised(config, ssm, 0));
  check_equal(found.a, expected.a);
  check_equal(found.gain, expected.gain);
}

// Entries of A_bar are at most about 1, the condition of I - dt/2 A some hundred.
TEST_CASE("s4: diagonal plus rank one is the dense system") {
  const std::uint32_t truncated = GENERATE(0u, 64u);
  for (unsigned seed = 10; seed < 30; ++seed) {
    CAPTURE(seed, truncated);
    RandomModels random(seed);
    S4Config config = config_of(SsmKind::s4, Discretization::bilinear);
    config.truncated_steps = truncated;
    const SsmTensors ssm = random.ssm(config, 1e-3, 0.3);
    const std::size_t direction = seed % 2, size = 2 * config.modes;
    const DplrCoefficients k = dplr_coefficients(config, ssm, direction);
    const auto system = std::get<DplrSystem>(discretised(config, ssm, direction));
    for (std::size_t channel = 0; channel < config.channels; ++channel) {
      const double* a = system.a.data() + channel * size * size;
      const double* c = system.c.data() + channel * size;
      std::vector<Complex> b;
      for (std::size_t mode = 0; mode < config.modes; ++mode)
        b.emplace_back(system.b[channel * size + mode],
                       system.b[channel * size + config.modes + mode]);
      const std::vector<double> found = dense_of(k, b, channel * config.modes, config.modes);
      for (std::size_t i = 0; i < size * size; ++i)
        CHECK(found[i] == Approx(a[i]).epsilon(0).margin(1e-12));
      for (std::size_t mode = 0; mode < config.modes; ++mode) {  // y = Re sum c x, x = z / B_bar
        const Complex expected = Complex(c[mode], -c[config.modes + mode]) * b[mode];
        CHECK(std::abs(k.c[channel * config.modes + mode] - expected) <=
              1e-11 * std::abs(expected));
      }
    }
  }
}

TEST_CASE("s4: a B_bar of 0 has nothing to fold, and is named") {
  RandomModels random(40);
  const S4Config config = config_of(SsmKind::s4, Discretization::bilinear);
  SsmTensors ssm = random.ssm(config, 1e-3, 0.3);
  const std::size_t index = config.channels * config.modes + 2 * config.modes + 5;  // direction 1
  for (std::vector<float>* words : {&ssm.b, &ssm.p})
    (*words)[2 * index] = (*words)[2 * index + 1] = 0;
  CHECK_NOTHROW(dplr_coefficients(config, ssm, 0));
  CHECK_THROWS_AS(dplr_coefficients(config, ssm, 1), std::domain_error);
  CHECK_THROWS_WITH(dplr_coefficients(config, ssm, 1), "B_bar of channel 2, mode 5 is 0");
}
