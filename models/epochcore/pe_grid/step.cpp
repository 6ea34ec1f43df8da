// SPDX-License-Identifier: Apache-2.0
#include "epochcore/pe_grid/step.h"

#include <utility>

#include "epochcore/pe_grid/operands.h"

namespace epoch {

namespace {

using Kind = Operation::Kind;

constexpr Operand word(Operand::Kind kind, std::uint32_t index) {
  return {kind, index};
}
constexpr Operand coefficient(std::uint32_t index) {
  return word(Operand::coefficient, index);
}
constexpr Operand north(std::uint32_t index) {
  return word(Operand::north, index);
}
constexpr Operand west(std::uint32_t index) {
  return word(Operand::west, index);
}
constexpr Operand state(std::uint32_t part) {
  return word(Operand::state, part);
}
constexpr Operand y_above = word(Operand::y_above, 0);

// Writes a PeStep down operation by operation.
class Builder {
 public:
  Builder(ArrayMode mode, NumberType type) : delta_(type == NumberType::bf16d) {
    step_.north_words = mode == ArrayMode::mac ? 0 : 1;
    if (mode == ArrayMode::selective || mode == ArrayMode::ssd) step_.north_words = 2;
    if (mode == ArrayMode::edge) step_.north_words = 2;
    if (streams_west(mode)) step_.west_words = mode == ArrayMode::mac ? 1 : 2;
  }

  Operand multiply(Stage stage, Operand left, Operand right) {
    step_.products.push_back({Kind::multiply, left, right, {}});
    step_.stages.push_back(stage);
    return word(Operand::product, static_cast<std::uint32_t>(step_.products.size() - 1));
  }
  Operand addition(Kind kind, Operand left, Operand right, Operand exponent = {}) {
    step_.additions.push_back({kind, left, right, exponent});
    return word(Operand::addition, static_cast<std::uint32_t>(step_.additions.size() - 1));
  }
  Operand add(Operand left, Operand right) { return addition(Kind::add, left, right); }
  Operand subtract(Operand left, Operand right) { return addition(Kind::subtract, left, right); }

  // x' = sum + last; of type bf16d, whose poles are a - 1, x' = x + (sum + last).
  Operand next(unsigned part, Operand sum, Operand last, Kind kind = Kind::add) {
    if (!delta_) return addition(kind, sum, last);
    return addition(kind, state(part), add(sum, last));
  }
  // The same where nothing is added.
  Operand next(unsigned part, Operand sum) { return delta_ ? add(state(part), sum) : sum; }

  void next_state(std::initializer_list<Operand> parts) {
    for (const Operand& part : parts) step_.next_state.push_back(part.index);
  }
  void output(Operand share, bool reduced = false) {
    step_.y = (reduced ? share : add(y_above, share)).index;
  }
  void sum(Operand share) { step_.sum = share.index; }
  PeStep result() { return std::move(step_); }

 private:
  const bool delta_;
  PeStep step_;
};

// (pr + i pi)(xr + i xi), laid out as one block: the four products, then re and im.
struct ComplexProduct {
  Operand re, im;
};
ComplexProduct times_state(Builder& pe, Operand pr, Operand pi) {
  const Operand rr = pe.multiply(Stage::state, pr, state(0));
  const Operand ii = pe.multiply(Stage::state, pi, state(1));
  const Operand ri = pe.multiply(Stage::state, pr, state(1));
  const Operand ir = pe.multiply(Stage::state, pi, state(0));
  return {pe.subtract(rr, ii), pe.add(ri, ir)};
}

// cr*xr' - ci*xi'
Operand complex_output(Builder& pe, Operand cr, Operand ci, Operand xr, Operand xi) {
  const Operand re = pe.multiply(Stage::output, cr, xr);
  return pe.subtract(re, pe.multiply(Stage::output, ci, xi));
}

void real_step(Builder& pe) {
  const Operand a = coefficient(0), c = coefficient(1), u = north(0);
  const Operand x = pe.next(0, pe.multiply(Stage::state, a, state(0)), u);
  pe.next_state({x});
  pe.output(pe.multiply(Stage::output, c, x));
}

void complex_step(Builder& pe) {
  const ComplexProduct ax = times_state(pe, coefficient(0), coefficient(1));
  const Operand xr = pe.next(0, ax.re, north(0));
  const Operand xi = pe.next(1, ax.im);
  pe.next_state({xr, xi});
  pe.output(complex_output(pe, coefficient(2), coefficient(3), xr, xi));
}

void liquid_real_step(Builder& pe) {
  const Operand a = coefficient(0), b = coefficient(1), c = coefficient(2);
  const Operand g = pe.multiply(Stage::free, b, north(0));
  const Operand pole = pe.add(a, g);
  const Operand product = pe.multiply(Stage::state, pole, state(0));
  const Operand x = pe.next(0, product, g, Kind::saturating_add);
  pe.next_state({x});
  pe.output(pe.multiply(Stage::output, c, x));
}

void liquid_complex_step(Builder& pe) {
  const Operand gr = pe.multiply(Stage::free, coefficient(2), north(0));
  const Operand gi = pe.multiply(Stage::free, coefficient(3), north(0));
  const Operand sr = pe.add(coefficient(0), gr), si = pe.add(coefficient(1), gi);
  const ComplexProduct sx = times_state(pe, sr, si);
  const Operand xr = pe.next(0, sx.re, gr, Kind::saturating_add);
  const Operand xi = pe.next(1, sx.im, gi, Kind::saturating_add);
  pe.next_state({xr, xi});
  pe.output(complex_output(pe, coefficient(4), coefficient(5), xr, xi));
}

void dplr_step(Builder& pe) {
  const Operand wr = pe.multiply(Stage::state, coefficient(2), state(0));
  const Operand wi = pe.multiply(Stage::state, coefficient(3), state(1));
  pe.sum(pe.subtract(wr, wi));
  const Operand s = word(Operand::feedback, 0);
  const ComplexProduct ax = times_state(pe, coefficient(0), coefficient(1));
  const Operand pr = pe.multiply(Stage::feedback, coefficient(4), s);
  const Operand pi = pe.multiply(Stage::feedback, coefficient(5), s);
  const Operand xr = pe.subtract(pe.next(0, ax.re, north(0)), pr);
  const Operand xi = pe.subtract(pe.next(1, ax.im), pi);
  pe.next_state({xr, xi});
  pe.output(complex_output(pe, coefficient(6), coefficient(7), xr, xi), true);
}

// exp_pe on the PE's own multipliers (bits of the constants: array specification).
Operand shared_exponential(Builder& pe, Operand z) {
  const auto bits = [](std::uint32_t value) { return word(Operand::constant, value); };
  const Operand t = pe.multiply(Stage::free, z, bits(0x3FB8AA3B));
  const Operand f = pe.addition(Kind::fraction, t, {});
  Operand h = bits(0x3AAFBB4A);
  for (const std::uint32_t c : {0x3C1E76C9u, 0x3D635734u, 0x3E75FCD9u, 0x3F317219u})
    h = pe.add(pe.multiply(Stage::free, h, f), bits(c));
  const Operand last = pe.multiply(Stage::free, h, f);
  return pe.addition(Kind::add_scaled, last, bits(0x3F800000), t);
}

// x' = (a*x) + B*(d*u) ; y = y + C*x', with B and C from the west.
void streamed_step(Builder& pe, Operand a) {
  const Operand bu = pe.multiply(Stage::free, west(0), north(1));
  const Operand x = pe.add(pe.multiply(Stage::state, a, state(0)), bu);
  pe.next_state({x});
  pe.output(pe.multiply(Stage::output, west(1), x));
}

void selective_step(Builder& pe, ExpUnit pe_exp) {
  const Operand z = pe.multiply(Stage::free, north(0), coefficient(0));
  const Operand a =
      pe_exp == ExpUnit::shared ? shared_exponential(pe, z) : pe.addition(Kind::exponential, z, {});
  streamed_step(pe, a);
}

void edge_step(Builder& pe) {
  const ComplexProduct ax = times_state(pe, coefficient(0), coefficient(1));
  const Operand xr = pe.next(0, ax.re, north(0));
  const Operand xi = pe.next(1, ax.im, north(1));
  pe.next_state({xr, xi});
}

}  // namespace

PeStep pe_step(ArrayMode mode, NumberType type, ExpUnit pe_exp) {
  Builder pe(mode, type);
  switch (mode) {
    case ArrayMode::real:
      real_step(pe);
      break;
    case ArrayMode::complex:
      complex_step(pe);
      break;
    case ArrayMode::liquid_real:
      liquid_real_step(pe);
      break;
    case ArrayMode::liquid_complex:
      liquid_complex_step(pe);
      break;
    case ArrayMode::dplr:
      dplr_step(pe);
      break;
    case ArrayMode::selective:
      selective_step(pe, pe_exp);
      break;
    case ArrayMode::ssd:
      streamed_step(pe, north(0));
      break;
    case ArrayMode::edge:
      edge_step(pe);
      break;
    case ArrayMode::mac:
      pe.output(pe.multiply(Stage::free, coefficient(0), west(0)));
      break;
  }
  return pe.result();
}

}  // namespace epoch
