// SPDX-License-Identifier: Apache-2.0
#include "plain_board.h"

#include "rv_encode.h"

namespace epoch {
namespace {

constexpr std::uint32_t kScratch = PlainBoard::kBase + 0xf000;

}  // namespace

std::uint32_t PlainBoard::read_csr(std::uint32_t number) {
  const std::uint32_t pc = hart.pc();
  const std::uint32_t saved = hart.x(rv::t0);
  step(rv::csrr(rv::t0, number), kScratch);
  const std::uint32_t value = hart.x(rv::t0);
  hart.set_x(rv::t0, saved);
  hart.set_pc(pc);
  return value;
}

void PlainBoard::write_csr(std::uint32_t number, std::uint32_t value) {
  const std::uint32_t pc = hart.pc();
  const std::uint32_t saved = hart.x(rv::t0);
  hart.set_x(rv::t0, value);
  step(rv::csrw(number, rv::t0), kScratch);
  hart.set_x(rv::t0, saved);
  hart.set_pc(pc);
}

}  // namespace epoch
