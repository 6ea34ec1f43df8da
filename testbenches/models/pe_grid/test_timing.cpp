// SPDX-License-Identifier: Apache-2.0
// The layout of a step and the cycles of commands, against the array specification's table and
// closed forms.
#include <catch2/catch.hpp>

#include "epochcore/pe_grid/schedule.h"
#include "models/pe_grid/closed_form.h"
#include "models/pe_grid/random_case.h"

using namespace epoch;

namespace {

ArrayConfig unlimited(unsigned multipliers, unsigned mul_latency, unsigned add_latency) {
  ArrayConfig config;
  config.multipliers = multipliers;
  config.mul_latency = mul_latency;
  config.add_latency = add_latency;
  config.ports = {0, 0, 0, 0};
  return config;
}

// A block and a command of any size on zeros.
struct Zeros {
  std::vector<float> words = std::vector<float>(1 << 16, 0.0f);
  std::vector<float> result = std::vector<float>(1 << 16, 0.0f);
  NumericEvents events;

  CoefficientBlock block(ArrayMode mode, unsigned channels, unsigned modes, bool extra = false) {
    return block_of(mode, channels, modes, words.data(), extra ? words.data() : nullptr);
  }
  ArrayCommand command(unsigned steps) {
    ArrayCommand made;
    made.steps = steps;
    made.u = words.data();
    return made;
  }
  // Time of a command in both fidelities, which agree.
  ArrayTiming run(const ArrayConfig& config, const CoefficientBlock& loaded,
                  const ArrayCommand& command) {
    const auto cycle = PeArray::make(Fidelity::cycle, config);
    const auto fast = PeArray::make(Fidelity::fast, config);
    cycle->load(loaded);
    fast->load(loaded);
    const ArrayTiming counted = cycle->run(command, result.data(), events);
    const ArrayTiming computed = fast->run(command, result.data(), events);
    CHECK(counted.array == computed.array);
    CHECK(counted.total == computed.total);
    CHECK(counted.useful == computed.useful);
    CHECK(counted.port_limited == computed.port_limited);
    CHECK(counted.fill_drain == computed.fill_drain);
    CHECK(counted.useful + counted.port_limited + counted.fill_drain == counted.total);
    return counted;
  }
};

}  // namespace

TEST_CASE("the layout at two multipliers is the array specification's table") {
  for (unsigned lm = 1; lm <= 8; ++lm)
    for (unsigned la = 0; la <= 8; ++la)
      for (unsigned least : {1u, 3u, 4u, 7u, 16u, 40u}) {
        CAPTURE(lm, la, least);
        const unsigned l = lm + la;
        const StepLayout real = lay_out_step(unlimited(2, lm, la), {ArrayMode::real}, least);
        CHECK(real.interval == std::max({1u, l, least}));
        CHECK(real.loop == l);
        CHECK(real.output == l);
        CHECK(real.depth == 2 * l);
        CHECK(real.row_delay == 1 + la);

        const StepLayout complex = lay_out_step(unlimited(2, lm, la), {ArrayMode::complex}, least);
        const unsigned lambda = std::max(lm + 2 * la, 1 + l);
        CHECK(complex.interval == std::max({3u, lambda, least}));
        CHECK(complex.loop == lambda);
        CHECK(complex.output == lambda + (complex.interval == lambda ? 2 : 0));
        CHECK(complex.depth == complex.output + lm + 2 * la);

        const StepLayout mac = lay_out_step(unlimited(2, lm, la), {ArrayMode::mac}, least);
        CHECK(mac.interval == least);
        CHECK(mac.depth == l);
      }
  CHECK(lay_out_step(unlimited(2, 1, 0), {ArrayMode::real}, 1).depth == 2);
  CHECK(lay_out_step(unlimited(2, 1, 0), {ArrayMode::complex}, 1).depth == 3);
}

TEST_CASE("the layout follows the rule for any number of multipliers") {
  // Indices into the step's tables (step.h): four products of x, two of x', and the additions.
  enum { ar_xr, ai_xi, ar_xi, ai_xr, cr_xr, ci_xi };
  enum { re, xi_next, xr_next, out, y };
  for (unsigned m = 1; m <= 8; ++m)
    for (unsigned lm = 1; lm <= 6; ++lm)
      for (unsigned la = 0; la <= 6; ++la)
        for (unsigned least : {1u, 5u, 11u}) {
          CAPTURE(m, lm, la, least);
          const ArrayConfig config = unlimited(m, lm, la);
          const StepLayout step = lay_out_step(config, {ArrayMode::complex}, least);
          // Never more products a cycle than multipliers, whatever steps overlap.
          std::vector<unsigned> taken(step.interval, 0);
          for (unsigned cycle : step.product_cycle) ++taken[cycle % step.interval];
          CHECK(*std::max_element(taken.begin(), taken.end()) <= m);
          // The products that read x are one block, M a cycle.
          for (unsigned i = 0; i < 4; ++i) CHECK(step.product_cycle[i] == i / m);
          // Additions start when both operands are there; output products wait for all of x'.
          const auto& p = step.product_cycle;
          const auto& a = step.addition_cycle;
          CHECK(a[re] == std::max(p[ar_xr], p[ai_xi]) + lm);
          CHECK(a[xr_next] == a[re] + la);
          CHECK(a[xi_next] == std::max(p[ar_xi], p[ai_xr]) + lm);
          const unsigned next_x = std::max(a[xr_next], a[xi_next]) + la;
          CHECK(std::min(p[cr_xr], p[ci_xi]) >= next_x);
          CHECK(a[out] == std::max(p[cr_xr], p[ci_xi]) + lm);
          CHECK(a[y] == a[out] + la);
          CHECK(step.depth == a[y] + la);
          // The next step finds x' in time.
          CHECK(a[xr_next] + la <= step.interval + std::min(p[ar_xr], p[ai_xr]));
          CHECK(a[xi_next] + la <= step.interval + std::min(p[ai_xi], p[ar_xi]));

          Zeros zeros;
          ArrayConfig ported = config;
          ported.ports.read = 4;  // one channel a cycle
          for (auto mode : {ArrayMode::real, ArrayMode::complex}) {
            const CoefficientBlock block = zeros.block(mode, least, 1);
            const ClosedForm form = closed_form(ported, block, zeros.command(2));
            const StepLayout layout = lay_out_step(ported, {mode}, least);
            CHECK(layout.interval == form.interval);
            CHECK(layout.loop == form.lambda);
            CHECK(layout.output == form.t_out);
            CHECK(layout.depth == form.depth);
          }
        }
}

TEST_CASE("a command on the default array takes the closed form's cycles") {
  ArrayConfig config;  // 32 x 32, segments of 8, Lm 1, La 0, 256 B read, 128 B write
  Zeros zeros;
  // Complex, 32 channels, 32 modes: II = 3, (T - 1) 3 + 31 + 3.
  ArrayTiming time = zeros.run(config, zeros.block(ArrayMode::complex, 32, 32), zeros.command(784));
  CHECK(time.interval == 3);
  CHECK(time.array == 783 * 3 + 31 + 3);
  CHECK(time.stream == 784 * 3);
  CHECK(time.useful == 784 * 3);
  CHECK(time.port_limited == 0);
  CHECK(time.total == time.array + 1);  // the conversion
  CHECK(time.pes == 32 * 32);
  CHECK(time.bytes_in == 128);
  CHECK(time.bytes_out == 128);

  // Real, four folds of 8 modes: 128 channels want 512 B in, 512 B out: the write port takes 4.
  time = zeros.run(config, zeros.block(ArrayMode::real, 128, 7), zeros.command(10));
  CHECK(time.interval == 4);
  CHECK(time.array == 9 * 4 + 7 + 2);
  CHECK(time.useful == 10);
  CHECK(time.port_limited == 30);
  CHECK(time.pes == 128 * 7);

  // A single step: fill and drain are all there is beside it.
  time = zeros.run(config, zeros.block(ArrayMode::real, 1, 1), zeros.command(1));
  CHECK(time.array == 7 + 2);
  CHECK(time.useful == 1);
  CHECK(time.fill_drain == time.total - 1);
}

TEST_CASE("a GEMM tile loads and streams in 2R + C + T - 2 cycles at the defaults") {
  ArrayConfig config;
  config.ports = {0, 0, 0, 0};
  Zeros zeros;
  const CoefficientBlock tile = zeros.block(ArrayMode::mac, 32, 32);
  const ArrayTiming time = zeros.run(config, tile, zeros.command(100));
  const auto array = PeArray::make(Fidelity::fast, config);
  CHECK(array->coefficient_cycles(tile) + time.array == 2 * 32 + 32 + 100 - 2);

  config.add_latency = 2;
  config.mul_latency = 3;
  config.hop = 2;
  // K = 13 rounds up to 16 rows.
  const ArrayTiming slow = zeros.run(config, zeros.block(ArrayMode::mac, 5, 13), zeros.command(9));
  CHECK(slow.array == 8 * 1 + 15 * 4 + 4 * 2 + 5);
}

TEST_CASE("operand bytes set the interval") {
  ArrayConfig config;
  config.ports = {64, 16, 64, 64};
  Zeros zeros;
  ArrayCommand command = zeros.command(3);
  const float* some = zeros.words.data();
  auto run = [&](const CoefficientBlock& block) { return zeros.run(config, block, command); };

  ArrayTiming time = run(zeros.block(ArrayMode::real, 32, 4));
  CHECK(time.bytes_in == 128);
  CHECK(time.interval == 8);  // 128 B out through 16
  command.stored = some;
  command.accumulator = some;
  time = run(zeros.block(ArrayMode::real, 32, 4, true));
  CHECK(time.bytes_in == 3 * 128);
  command.use_extra = true;  // u is streamed already
  CHECK(run(zeros.block(ArrayMode::real, 32, 4, true)).bytes_in == 3 * 128);
  command.partial = true;  // nothing is combined yet
  CHECK(run(zeros.block(ArrayMode::real, 32, 4, true)).bytes_in == 2 * 128);

  command = zeros.command(3);
  command.activation = Activation::glu;
  command.stored = some;
  time = run(zeros.block(ArrayMode::mac, 32, 10));
  CHECK(time.bytes_in == 40 + 64);  // K words, and a residual for 16 results
  CHECK(time.bytes_out == 64);
  command.partial = true;
  time = run(zeros.block(ArrayMode::mac, 32, 10));
  CHECK(time.bytes_in == 40);
  CHECK(time.bytes_out == 128);
}

TEST_CASE("loads take their bytes through their ports") {
  ArrayConfig config;
  Zeros zeros;
  auto array = PeArray::make(Fidelity::fast, config);
  CHECK(array->coefficient_cycles(zeros.block(ArrayMode::complex, 32, 32)) == 32 * 32 * 16 / 64);
  CHECK(array->coefficient_cycles(zeros.block(ArrayMode::real, 5, 3)) == 2);        // 120 B
  CHECK(array->coefficient_cycles(zeros.block(ArrayMode::real, 5, 3, true)) == 3);  // + 20 B
  CHECK(array->coefficient_cycles(zeros.block(ArrayMode::mac, 32, 9)) == 16 * 32 * 4 / 64);
  CHECK(array->coefficient_cycles(zeros.block(ArrayMode::mac, 1, 9)) == 16);  // a row a cycle
  CHECK(array->state_cycles(zeros.block(ArrayMode::complex, 32, 32)) == 32 * 32 * 8 / 64);
  CHECK(array->state_cycles(zeros.block(ArrayMode::real, 3, 3)) == 1);
  config.ports = {0, 0, 0, 0};
  array = PeArray::make(Fidelity::fast, config);
  CHECK(array->coefficient_cycles(zeros.block(ArrayMode::complex, 32, 32)) == 0);
  CHECK(array->coefficient_cycles(zeros.block(ArrayMode::mac, 32, 9)) == 16);
  CHECK(array->state_cycles(zeros.block(ArrayMode::complex, 32, 32)) == 0);
}

TEST_CASE("back to back, tiles take the cycles of one command") {
  for (unsigned la : {0u, 3u})
    for (auto mode : {ArrayMode::real, ArrayMode::complex, ArrayMode::mac}) {
      ArrayConfig config = unlimited(2, 2, la);
      Zeros zeros;
      const CoefficientBlock block = zeros.block(mode, 8, 12);
      const ArrayTiming whole = zeros.run(config, block, zeros.command(50));
      const ArrayTiming first = zeros.run(config, block, zeros.command(21));
      const ArrayTiming second = zeros.run(config, block, zeros.command(29));
      CHECK(first.stream + second.array == whole.array);
    }
}

TEST_CASE("a drain narrower than the array paces the command") {
  ArrayConfig config;
  config.ports = {0, 0, 0, 0};
  config.drain_lanes = 8;
  Zeros zeros;
  ArrayCommand command = zeros.command(100);
  const CoefficientBlock block = zeros.block(ArrayMode::real, 32, 8, true);
  // II = 1, but 32 channels take 4 cycles: the last step waits for 99 * 3 cycles of its
  // forerunners.
  ArrayTiming time = zeros.run(config, block, command);
  CHECK(time.array == 99 + 7 + 2);
  CHECK(time.total == time.array + 99 * 3 + 3 + 1);
  // D: multiply, add; stored: add; GELU 19 stages; conversion.
  command.use_extra = true;
  command.stored = zeros.words.data();
  command.activation = Activation::gelu;
  time = zeros.run(config, block, command);
  CHECK(time.total == time.array + 99 * 3 + 3 + 2 + 1 + 19 + 1);
  config.drain_lanes = 32;
  time = zeros.run(config, block, command);
  CHECK(time.total == time.array + 2 + 1 + 19 + 1);
}
