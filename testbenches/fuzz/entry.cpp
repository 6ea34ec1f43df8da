// SPDX-License-Identifier: Apache-2.0
#include "fuzz/entry.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace epoch::fuzz {

std::uint64_t accepted_inputs = 0;

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "FOUND: expected: %s\n", what);
  std::abort();
}

void must_be_one_line(const char* message) {
  constexpr std::size_t longest = 1000;
  must(message[0] != 0 && std::strlen(message) <= longest, "a refusal of at most 1000 characters");
  for (const char* c = message; *c != 0; ++c)
    must(static_cast<unsigned char>(*c) >= ' ' && static_cast<unsigned char>(*c) <= '~',
         "a refusal that is one printable line");
}

}  // namespace epoch::fuzz
