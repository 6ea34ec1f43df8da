// SPDX-License-Identifier: Apache-2.0
#include "cpu/csr_names.h"

#include <algorithm>

namespace epoch {

namespace {

// Privileged specification v1.12, tables 2.2 to 2.6; debug specification v0.13, 5.2. Those that
// stand in numbered rows are in kRows.
constexpr struct {
  std::uint32_t number;
  const char* name;
} kSingles[] = {
    {0x001, "fflags"},     {0x002, "frm"},           {0x003, "fcsr"},     {0x300, "mstatus"},
    {0x301, "misa"},       {0x302, "medeleg"},       {0x303, "mideleg"},  {0x304, "mie"},
    {0x305, "mtvec"},      {0x306, "mcounteren"},    {0x30a, "menvcfg"},  {0x310, "mstatush"},
    {0x31a, "menvcfgh"},   {0x320, "mcountinhibit"}, {0x340, "mscratch"}, {0x341, "mepc"},
    {0x342, "mcause"},     {0x343, "mtval"},         {0x344, "mip"},      {0x34a, "mtinst"},
    {0x34b, "mtval2"},     {0x747, "mseccfg"},       {0x757, "mseccfgh"}, {0x7a0, "tselect"},
    {0x7a1, "tdata1"},     {0x7a2, "tdata2"},        {0x7a3, "tdata3"},   {0x7a4, "tinfo"},
    {0x7a5, "tcontrol"},   {0x7a8, "mcontext"},      {0xb00, "mcycle"},   {0xb02, "minstret"},
    {0xb80, "mcycleh"},    {0xb82, "minstreth"},     {0xc00, "cycle"},    {0xc01, "time"},
    {0xc02, "instret"},    {0xc80, "cycleh"},        {0xc81, "timeh"},    {0xc82, "instreth"},
    {0xf11, "mvendorid"},  {0xf12, "marchid"},       {0xf13, "mimpid"},   {0xf14, "mhartid"},
    {0xf15, "mconfigptr"},
};

constexpr struct {
  std::uint32_t number;  // of the first
  const char* name;
  unsigned first, last;
  const char* suffix;
} kRows[] = {
    {0x323, "mhpmevent", 3, 31, ""},    {0x3a0, "pmpcfg", 0, 15, ""},
    {0x3b0, "pmpaddr", 0, 63, ""},      {0xb03, "mhpmcounter", 3, 31, ""},
    {0xb83, "mhpmcounter", 3, 31, "h"}, {0xc03, "hpmcounter", 3, 31, ""},
    {0xc83, "hpmcounter", 3, 31, "h"},
};

std::vector<CsrName> all_names() {
  std::vector<CsrName> names;
  for (const auto& single : kSingles) names.push_back({single.number, single.name});
  for (const auto& row : kRows) {
    for (unsigned n = row.first; n <= row.last; ++n) {
      names.push_back({row.number + n - row.first, row.name + std::to_string(n) + row.suffix});
    }
  }
  std::sort(names.begin(), names.end(),
            [](const CsrName& a, const CsrName& b) { return a.number < b.number; });
  return names;
}

}  // namespace

const std::vector<CsrName>& csr_names() {
  static const std::vector<CsrName> names = all_names();
  return names;
}

}  // namespace epoch
