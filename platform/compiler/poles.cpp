// SPDX-License-Identifier: Apache-2.0
#include "compiler/poles.h"

#include <cmath>
#include <sstream>

#include "compiler/number_words.h"

namespace epoch {
namespace {

using Complex = std::complex<double>;

Complex stored(Complex a, NumberType type) {
  return {pole_of(a.real(), type, true).value, pole_of(a.imag(), type, false).value};
}

// Squares of fp32 values are exact in float64.
bool inside(Complex a) {
  return a.real() * a.real() + a.imag() * a.imag() < 1;
}

// The next value towards 0 that the type stores.
double step_inwards(double value, NumberType type, bool real) {
  const double now = pole_of(value, type, real).value;
  for (double step = std::abs(value) * 0x1p-26;; step *= 2) {
    const double next = pole_of(value - std::copysign(step, value), type, real).value;
    if (next != now) return next;
  }
}

std::string excess(Complex a) {
  std::ostringstream text;
  text << std::abs(a) - 1;
  return text.str();
}

}  // namespace

Complex stable_pole(NetworkBuilder& builder, Complex a, const std::string& place) {
  const NumberType type = builder.type();
  const std::string name = builder.full_name("ssm");
  if (!inside(a))
    builder.refuse(name, "the pole of " + place + " has |a| >= 1 (by " + excess(a) +
                             "): its state would never decay");
  if (inside(stored(a, type))) return a;
  const std::string outside = excess(stored(a, type));
  Complex moved = a;
  for (unsigned tries = 0; tries < 4 && !inside(stored(moved, type)); ++tries) {
    const bool real = std::abs(moved.real()) >= std::abs(moved.imag());
    moved = real ? Complex(step_inwards(moved.real(), type, true), moved.imag())
                 : Complex(moved.real(), step_inwards(moved.imag(), type, false));
  }
  if (!inside(stored(moved, type)))
    builder.refuse(name, "the pole of " + place +
                             " leaves the unit circle when it is rounded (by " + outside +
                             ") and no neighbour is inside");
  builder.warn(name, "the pole of " + place + " leaves the unit circle when it is rounded (by " +
                         outside + "); moved inside");
  return moved;
}

}  // namespace epoch
