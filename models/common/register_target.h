// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm>

#include "common/register_bank.h"

namespace epoch {

// Serves a b_transport payload whose address is relative to the bank's window and sets its response
// status. Word accesses only: another length is a burst error, a misaligned address or one outside
// the window an address error, byte enables a byte-enable error; none of these reaches the bank.
// Returns whether the bank served it.
bool register_access(RegisterBank& bank, tlm::tlm_generic_payload& payload);

// Serves transport_dbg: reads any range of the window, clipped at its end, without side effects,
// and returns the bytes read. Writing a register is a side effect: 0 bytes written.
unsigned register_debug(const RegisterBank& bank, tlm::tlm_generic_payload& payload);

}  // namespace epoch
