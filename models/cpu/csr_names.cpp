// SPDX-License-Identifier: Apache-2.0
#include "cpu/csr_names.h"

#include <algorithm>

#include "cpu/csr_file.h"
#include "cpu/pmp.h"

namespace epoch {

namespace {

// Privileged specification v1.12, tables 2.2 to 2.6; debug specification v0.13, 5.2. Those that
// stand in numbered rows are in kRows.
constexpr struct {
  std::uint32_t number;
  const char* name;
} kSingles[] = {
    {csr::fflags, "fflags"},
    {csr::frm, "frm"},
    {csr::fcsr, "fcsr"},
    {csr::mstatus, "mstatus"},
    {csr::misa, "misa"},
    {0x302, "medeleg"},
    {0x303, "mideleg"},
    {csr::mie, "mie"},
    {csr::mtvec, "mtvec"},
    {csr::mcounteren, "mcounteren"},
    {csr::menvcfg, "menvcfg"},
    {csr::mstatush, "mstatush"},
    {csr::menvcfgh, "menvcfgh"},
    {csr::mcountinhibit, "mcountinhibit"},
    {csr::mscratch, "mscratch"},
    {csr::mepc, "mepc"},
    {csr::mcause, "mcause"},
    {csr::mtval, "mtval"},
    {csr::mip, "mip"},
    {0x34a, "mtinst"},
    {0x34b, "mtval2"},
    {0x747, "mseccfg"},
    {0x757, "mseccfgh"},
    {csr::tselect, "tselect"},
    {0x7a1, "tdata1"},
    {0x7a2, "tdata2"},
    {0x7a3, "tdata3"},
    {0x7a4, "tinfo"},
    {csr::tcontrol, "tcontrol"},
    {0x7a8, "mcontext"},
    {csr::mcycle, "mcycle"},
    {csr::minstret, "minstret"},
    {csr::mcycleh, "mcycleh"},
    {csr::minstreth, "minstreth"},
    {csr::cycle, "cycle"},
    {csr::time, "time"},
    {csr::instret, "instret"},
    {csr::cycleh, "cycleh"},
    {csr::timeh, "timeh"},
    {csr::instreth, "instreth"},
    {csr::mvendorid, "mvendorid"},
    {csr::marchid, "marchid"},
    {csr::mimpid, "mimpid"},
    {csr::mhartid, "mhartid"},
    {csr::mconfigptr, "mconfigptr"},
};

constexpr struct {
  std::uint32_t number;  // of the first
  const char* name;
  unsigned first, last;
  const char* suffix;
} kRows[] = {
    {csr::mhpmevent3, "mhpmevent", 3, 31, ""},
    {Pmp::kConfig, "pmpcfg", 0, 15, ""},
    {Pmp::kAddress, "pmpaddr", 0, 63, ""},
    {csr::mhpmcounter3, "mhpmcounter", 3, 31, ""},
    {csr::mhpmcounter3h, "mhpmcounter", 3, 31, "h"},
    {0xc03, "hpmcounter", 3, 31, ""},
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
