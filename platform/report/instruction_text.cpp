// SPDX-License-Identifier: Apache-2.0
#include "report/instruction_text.h"

#include <cstdio>

#include "cpu/csr_names.h"
#include "cpu/decoder.h"
#include "report/register_names.h"

namespace epoch {
namespace {

std::string reg(std::uint8_t number) {
  return kRegisterNames[number == kDiscard ? 0 : number % 32];
}

std::string hex(std::uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%x", value);
  return text;
}

std::string csr_name(std::uint32_t number) {
  for (const CsrName& known : csr_names()) {
    if (known.number == number) return known.name;
  }
  return hex(number);
}

// "lr_w" is lr.w, "xor_" is xor.
std::string mnemonic(Op op) {
  std::string name = op_name(op);
  if (name.back() == '_') name.pop_back();
  for (char& c : name) c = c == '_' ? '.' : c;
  return name;
}

std::string offset(const Instruction& i) {
  return std::to_string(i.imm) + "(" + reg(i.rs1) + ")";
}

}  // namespace

// Operations that are not listed are shown by name only.
InstructionText instruction_text(std::uint32_t pc, std::uint32_t bits) {
  const Instruction i = decode(bits);
  const std::string rd = reg(i.rd), rs1 = reg(i.rs1), rs2 = reg(i.rs2);
  const std::string fd = kFloatNames[i.rd % 32], fs1 = kFloatNames[i.rs1 % 32],
                    fs2 = kFloatNames[i.rs2 % 32];
  const std::string target = hex(pc + static_cast<std::uint32_t>(i.imm));
  const auto number = static_cast<std::uint32_t>(i.imm);
  InstructionText text;
  text.mnemonic = mnemonic(i.op);
  text.operands = "-";
  switch (i.op) {
    case Op::lui:
    case Op::auipc:
      text.operands = rd + "," + hex(number >> 12);
      text.writes_register = true;
      break;
    case Op::jal:
      text.operands = rd + "," + target;
      text.writes_register = true;
      break;
    case Op::jalr:
      text.operands = rd + "," + offset(i);
      text.writes_register = true;
      break;
    case Op::beq:
    case Op::bne:
    case Op::blt:
    case Op::bge:
    case Op::bltu:
    case Op::bgeu:
      text.operands = rs1 + "," + rs2 + "," + target;
      break;
    case Op::lb:
    case Op::lh:
    case Op::lw:
    case Op::lbu:
    case Op::lhu:
      text.operands = rd + "," + offset(i);
      text.writes_register = text.reads_memory = true;
      break;
    case Op::sb:
    case Op::sh:
    case Op::sw:
      text.operands = rs2 + "," + offset(i);
      text.writes_memory = true;
      break;
    case Op::addi:
    case Op::slti:
    case Op::sltiu:
    case Op::xori:
    case Op::ori:
    case Op::andi:
      text.operands = rd + "," + rs1 + "," + std::to_string(i.imm);
      text.writes_register = true;
      break;
    case Op::slli:
    case Op::srli:
    case Op::srai:
      text.operands = rd + "," + rs1 + "," + hex(number);
      text.writes_register = true;
      break;
    case Op::add:
    case Op::sub:
    case Op::sll:
    case Op::slt:
    case Op::sltu:
    case Op::xor_:
    case Op::srl:
    case Op::sra:
    case Op::or_:
    case Op::and_:
    case Op::mul:
    case Op::mulh:
    case Op::mulhsu:
    case Op::mulhu:
    case Op::div:
    case Op::divu:
    case Op::rem:
    case Op::remu:
      text.operands = rd + "," + rs1 + "," + rs2;
      text.writes_register = true;
      break;
    case Op::flw:
      text.operands = fd + "," + offset(i);
      text.writes_float = text.reads_memory = true;
      break;
    case Op::fsw:
      text.operands = fs2 + "," + offset(i);
      text.writes_memory = true;
      break;
    case Op::fadd_s:
    case Op::fsub_s:
    case Op::fmul_s:
    case Op::fdiv_s:
    case Op::fsgnj_s:
    case Op::fsgnjn_s:
    case Op::fsgnjx_s:
    case Op::fmin_s:
    case Op::fmax_s:
      text.operands = fd + "," + fs1 + "," + fs2;
      text.writes_float = true;
      break;
    case Op::fsqrt_s:
      text.operands = fd + "," + fs1;
      text.writes_float = true;
      break;
    case Op::fmadd_s:
    case Op::fmsub_s:
    case Op::fnmsub_s:
    case Op::fnmadd_s:
      text.operands = fd + "," + fs1 + "," + fs2 + "," + kFloatNames[bits >> 27];
      text.writes_float = true;
      break;
    case Op::fcvt_s_w:
    case Op::fcvt_s_wu:
    case Op::fmv_w_x:
      text.operands = fd + "," + rs1;
      text.writes_float = true;
      break;
    case Op::feq_s:
    case Op::flt_s:
    case Op::fle_s:
      text.operands = rd + "," + fs1 + "," + fs2;
      text.writes_register = true;
      break;
    case Op::fclass_s:
    case Op::fmv_x_w:
    case Op::fcvt_w_s:
    case Op::fcvt_wu_s:
      text.operands = rd + "," + fs1;
      text.writes_register = true;
      break;
    case Op::lr_w:
      text.operands = rd + ",(" + rs1 + ")";
      text.writes_register = text.reads_memory = true;
      break;
    case Op::sc_w:
      text.operands = rd + "," + rs2 + ",(" + rs1 + ")";
      text.writes_register = text.writes_memory = true;
      break;
    case Op::amoswap_w:
    case Op::amoadd_w:
    case Op::amoxor_w:
    case Op::amoand_w:
    case Op::amoor_w:
    case Op::amomin_w:
    case Op::amomax_w:
    case Op::amominu_w:
    case Op::amomaxu_w:
      text.operands = rd + "," + rs2 + ",(" + rs1 + ")";
      text.writes_register = text.reads_memory = true;
      break;
    case Op::csrrw:
    case Op::csrrs:
    case Op::csrrc:
      text.operands = rd + "," + csr_name(number) + "," + rs1;
      text.writes_register = true;
      break;
    case Op::csrrwi:
    case Op::csrrsi:
    case Op::csrrci:
      text.operands = rd + "," + csr_name(number) + "," + std::to_string(i.rs1);
      text.writes_register = true;
      break;
    default:
      break;
  }
  return text;
}

}  // namespace epoch
