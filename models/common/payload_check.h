// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <tlm>

namespace epoch {

// The part of IEEE 1666 that every target of ours shares: refuses byte enables, streaming (a
// streaming width below the length), empty or dataless payloads, and ranges that leave
// [0, size_bytes). Returns TLM_OK_RESPONSE or the response status to answer with.
tlm::tlm_response_status check_payload(const tlm::tlm_generic_payload& payload,
                                       std::uint64_t size_bytes);

// As above, without the range: for a device that decodes addresses itself.
tlm::tlm_response_status check_payload_shape(const tlm::tlm_generic_payload& payload);

}  // namespace epoch
