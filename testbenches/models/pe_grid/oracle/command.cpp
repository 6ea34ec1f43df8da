// SPDX-License-Identifier: Apache-2.0
#include "models/pe_grid/oracle/command.h"

#include "models/pe_grid/oracle/shape.h"
#include "models/pe_grid/soft_float.h"

namespace grid_oracle {

using soft::add;
using soft::mul;

Lanes::Lanes(const GridCase& grid_case)
    : case_(grid_case), feedback_{grid_case.type == Type::bf16d}, state_(grid_case.state) {}

float Lanes::coefficient(const char* name, int lane, int mode) const {
  return case_.coefficients.at(name)[case_.channel_of(lane)][mode];
}

Complex Lanes::coefficient(const char* re, const char* im, int lane, int mode) const {
  return {coefficient(re, lane, mode), coefficient(im, lane, mode)};
}

float Lanes::input(const char* name, int time, int index) const {
  return case_.inputs.at(name)[time][index];
}

Complex Lanes::complex_state(int lane, int mode) const {
  return {state_.at("xr")[lane][mode], state_.at("xi")[lane][mode]};
}

void Lanes::set_state(int lane, int mode, Complex x) {
  state_.at("xr")[lane][mode] = x.re;
  state_.at("xi")[lane][mode] = x.im;
}

// y starts at +0, or at the block before's accumulators.
float Lanes::step(int lane, int time) {
  if (case_.mode == Mode::dplr) return dplr_step(lane, time);
  float y = case_.has_input("acc") ? input("acc", time, lane) : 0.0f;
  for (int mode = 0; mode < case_.modes; ++mode) y = add(y, update(lane, mode, time));
  return y;
}

float Lanes::update(int lane, int mode, int time) {
  switch (case_.mode) {
    case Mode::real:
      return update_real(lane, mode, coefficient("a", lane, mode), input("u", time, lane),
                         coefficient("c", lane, mode));
    case Mode::complex:
      return update_complex(lane, mode, time);
    case Mode::liquid_real:
      return update_liquid_real(lane, mode, time);
    case Mode::liquid_complex:
      return update_liquid_complex(lane, mode, time);
    case Mode::mac:
      return mul(coefficient("w", lane, mode), input("x", time, mode));
    default:
      return update_selective(lane, mode, time);
  }
}

float Lanes::update_real(int lane, int mode, float a, float u, float c) {
  float& x = state_.at("x")[lane][mode];
  x = feedback_.real(a, x, u);
  return output_term(c, x);
}

float Lanes::update_complex(int lane, int mode, int time) {
  const Complex a = coefficient("ar", "ai", lane, mode);
  const Complex x = feedback_.complex(a, complex_state(lane, mode), input("u", time, lane));
  set_state(lane, mode, x);
  return output_term(coefficient("cr", "ci", lane, mode), x);
}

float Lanes::update_liquid_real(int lane, int mode, int time) {
  const float g = liquid_gate(coefficient("b", lane, mode), input("u", time, lane));
  float& x = state_.at("x")[lane][mode];
  x = saturate(feedback_.real(add(coefficient("a", lane, mode), g), x, g), saturated_);
  return output_term(coefficient("c", lane, mode), x);
}

float Lanes::update_liquid_complex(int lane, int mode, int time) {
  const float u = input("u", time, lane);
  const Complex b = coefficient("br", "bi", lane, mode);
  const Complex g{liquid_gate(b.re, u), liquid_gate(b.im, u)};
  const Complex a = coefficient("ar", "ai", lane, mode);
  const Complex gated{add(a.re, g.re), add(a.im, g.im)};
  const Complex x = feedback_.complex(gated, complex_state(lane, mode), g);
  const Complex kept{saturate(x.re, saturated_), saturate(x.im, saturated_)};
  set_state(lane, mode, kept);
  return output_term(coefficient("cr", "ci", lane, mode), kept);
}

// ssd differs in a only: it is streamed, where selective makes it.
float Lanes::update_selective(int lane, int mode, int time) {
  const float a = case_.mode == Mode::ssd
                      ? input("a", time, lane)
                      : soft::exp_pe(mul(input("d", time, lane), coefficient("A", lane, mode)));
  const float driven = mul(input("B", time, mode), input("du", time, lane));
  return update_real(lane, mode, a, driven, input("C", time, mode));
}

float Lanes::dplr_step(int lane, int time) {
  std::vector<float> terms;
  for (int mode = 0; mode < case_.modes; ++mode)
    terms.push_back(output_term(coefficient("wr", "wi", lane, mode), complex_state(lane, mode)));
  const float s = reduce_rows(terms);  // of x before the update
  for (int mode = 0; mode < case_.modes; ++mode) {
    const Complex a = coefficient("ar", "ai", lane, mode);
    const Complex p = coefficient("pr", "pi", lane, mode);
    const Complex kept = feedback_.complex(a, complex_state(lane, mode), input("u", time, lane));
    set_state(lane, mode, subtract_rank_one(kept, p, s));
    terms[mode] = output_term(coefficient("cr", "ci", lane, mode), complex_state(lane, mode));
  }
  return reduce_rows(terms);
}

// A row sums its slots from the first, without +0; then the rows are summed. Rows without a mode
// add nothing.
float Lanes::reduce_rows(const std::vector<float>& terms) const {
  std::vector<float> sums;
  for (int mode = 0; mode < case_.modes; ++mode) {
    const bool first_of_row = mode == 0 || row_of(case_, mode) != row_of(case_, mode - 1);
    if (first_of_row)
      sums.push_back(terms[mode]);
    else
      sums.back() = add(sums.back(), terms[mode]);
  }
  return case_.systolic_reduce ? reduce_systolic(sums) : reduce_tree(sums);
}

Complex Lanes::edge_step(int cell, int time) {
  const Complex v{input("v", time, 2 * cell), input("v", time, 2 * cell + 1)};
  const Complex a = coefficient("ar", "ai", cell, 0);
  set_state(cell, 0, feedback_.complex(a, complex_state(cell, 0), v));
  return complex_state(cell, 0);
}

namespace {

float u_for_d(const GridCase& c, int time, int lane) {
  return c.inputs.at("u")[time][lane];
}

// Step `time` of a shifted command adds to, and is stored as, the step before.
float drain(const GridCase& c, float y, int time, int stored_as, int lane) {
  float v = y;
  if (c.has_d()) v = add(v, mul(c.d[c.channel_of(lane)], u_for_d(c, time, lane)));
  if (c.has_input("stored")) v = add(v, c.inputs.at("stored")[stored_as][lane]);
  return v;
}

void run_edge_step(const GridCase& c, Lanes& lanes, int time, Table& outputs) {
  for (int cell = 0; cell < c.channels; ++cell) {
    const Complex x = lanes.edge_step(cell, time);
    outputs[time][2 * cell] = x.re;
    outputs[time][2 * cell + 1] = x.im;
  }
}

void run_step(const GridCase& c, Lanes& lanes, int time, Table& outputs) {
  const int stored_as = c.shift ? time - 1 : time;
  for (int lane = 0; lane < c.lanes(); ++lane) {
    const float y = lanes.step(lane, time);  // step 0 of a shifted command moves the state only
    if (stored_as >= 0) outputs[stored_as][lane] = drain(c, y, time, stored_as, lane);
  }
}

}  // namespace

Values run_command(const GridCase& c) {
  Values values;
  values.outputs = Table(c.steps, std::vector<float>(c.output_words(), 0.0f));
  if (c.shift) values.outputs.back() = c.inputs.at("stored").back();  // nothing adds to it
  Lanes lanes(c);
  for (int i = 0; i < c.steps; ++i) {
    const int time = c.reverse ? c.steps - 1 - i : i;
    if (c.mode == Mode::edge)
      run_edge_step(c, lanes, time, values.outputs);
    else
      run_step(c, lanes, time, values.outputs);
  }
  values.state = lanes.state();
  values.saturated = lanes.saturated();
  return values;
}

}  // namespace grid_oracle
