// SPDX-License-Identifier: Apache-2.0
#include "reference_fields.h"
#include "rv_encode.h"

namespace epoch {

Word expand(Word half) {
  const Word r = bits_of(half, 11, 7), r2 = bits_of(half, 6, 2);
  const Word low = 8 + bits_of(half, 4, 2), high = 8 + bits_of(half, 9, 7);
  const int imm6 = value_of(bits_of(half, 12, 12) * 32 + r2, 6);
  const int word = static_cast<int>(gather(half, {{10, 3}, {11, 4}, {12, 5}, {6, 2}, {5, 6}}));
  const int wide4spn = static_cast<int>(
      gather(half, {{6, 2}, {5, 3}, {11, 4}, {12, 5}, {7, 6}, {8, 7}, {9, 8}, {10, 9}}));
  const int jump = value_of(gather(half, {{3, 1},
                                          {4, 2},
                                          {5, 3},
                                          {11, 4},
                                          {2, 5},
                                          {7, 6},
                                          {6, 7},
                                          {9, 8},
                                          {10, 9},
                                          {8, 10},
                                          {12, 11}}),
                            12);
  const int branch = value_of(
      gather(half, {{3, 1}, {4, 2}, {10, 3}, {11, 4}, {2, 5}, {5, 6}, {6, 7}, {12, 8}}), 9);
  const int from_sp =
      static_cast<int>(gather(half, {{4, 2}, {5, 3}, {6, 4}, {12, 5}, {2, 6}, {3, 7}}));
  const int to_sp =
      static_cast<int>(gather(half, {{9, 2}, {10, 3}, {11, 4}, {12, 5}, {7, 6}, {8, 7}}));
  const int sp16 = value_of(gather(half, {{6, 4}, {2, 5}, {5, 6}, {3, 7}, {4, 8}, {12, 9}}), 10);
  const bool bit12 = bits_of(half, 12, 12) != 0;
  switch (half % 4 * 8 + bits_of(half, 15, 13)) {
    case 0:
      return wide4spn == 0 ? 0 : rv::addi(low, 2, wide4spn);
    case 2:
      return rv::lw(low, high, word);
    case 3:
      return rv::flw(low, high, word);
    case 6:
      return rv::sw(low, high, word);
    case 7:
      return rv::fsw(low, high, word);
    case 8:
      return rv::addi(r, r, imm6);
    case 9:
      return rv::jal(1, jump);
    case 10:
      return rv::addi(r, 0, imm6);
    case 11:
      if (imm6 == 0) return 0;
      return r == 2 ? rv::addi(2, 2, sp16) : rv::lui(r, low_word(imm6) & 0xfffff);
    case 12: {
      const Word kind = bits_of(half, 11, 10);
      if (kind == 2) return rv::op_imm(7, high, high, imm6);
      if (bit12) return 0;
      if (kind < 2) return rv::op_imm(5, high, high, static_cast<int>(r2 + kind * 0x400));
      switch (bits_of(half, 6, 5)) {
        case 0:
          return rv::op(0, 0x20, high, high, low);
        case 1:
          return rv::op(4, 0, high, high, low);
        case 2:
          return rv::op(6, 0, high, high, low);
        default:
          return rv::op(7, 0, high, high, low);
      }
    }
    case 13:
      return rv::jal(0, jump);
    case 14:
      return rv::beq(high, 0, branch);
    case 15:
      return rv::bne(high, 0, branch);
    case 16:
      return bit12 ? 0 : rv::op_imm(1, r, r, static_cast<int>(r2));
    case 18:
      return r == 0 ? 0 : rv::lw(r, 2, from_sp);
    case 19:
      return rv::flw(r, 2, from_sp);
    case 20:
      if (r2 != 0) return rv::add(r, bit12 ? r : 0, r2);
      if (r == 0) return bit12 ? rv::ebreak : 0;
      return rv::jalr(bit12 ? 1 : 0, r, 0);
    case 22:
      return rv::sw(r2, 2, to_sp);
    case 23:
      return rv::fsw(r2, 2, to_sp);
    default:
      return 0;
  }
}

}  // namespace epoch
