// SPDX-License-Identifier: Apache-2.0
#include "common/register_target.h"

#include <algorithm>
#include <cstring>

#include "common/payload_check.h"

namespace epoch {

namespace {

tlm::tlm_response_status check_word(const RegisterBank& bank,
                                    const tlm::tlm_generic_payload& payload) {
  const tlm::tlm_response_status status = check_payload(payload, bank.window_bytes());
  if (status != tlm::TLM_OK_RESPONSE) return status;
  if (payload.get_data_length() != 4) return tlm::TLM_BURST_ERROR_RESPONSE;
  if (payload.get_address() % 4 != 0) return tlm::TLM_ADDRESS_ERROR_RESPONSE;
  return tlm::TLM_OK_RESPONSE;
}

}  // namespace

bool register_access(RegisterBank& bank, tlm::tlm_generic_payload& payload) {
  const tlm::tlm_response_status status = check_word(bank, payload);
  payload.set_response_status(status);
  if (status != tlm::TLM_OK_RESPONSE) return false;
  const auto offset = static_cast<std::uint32_t>(payload.get_address());
  std::uint32_t value = 0;
  if (payload.is_read()) {
    value = bank.read(offset);
    std::memcpy(payload.get_data_ptr(), &value, sizeof value);
  } else if (payload.is_write()) {
    std::memcpy(&value, payload.get_data_ptr(), sizeof value);
    bank.write(offset, value);
  }
  return true;
}

unsigned register_debug(const RegisterBank& bank, tlm::tlm_generic_payload& payload) {
  const std::uint64_t address = payload.get_address();
  if (!payload.is_read() || address >= bank.window_bytes()) return 0;
  const std::uint64_t room = bank.window_bytes() - address;
  const auto length =
      static_cast<unsigned>(std::min<std::uint64_t>(payload.get_data_length(), room));
  for (unsigned i = 0; i < length; ++i) {
    const auto byte = static_cast<std::uint32_t>(address + i);
    payload.get_data_ptr()[i] =
        static_cast<unsigned char>(bank.peek(byte & ~3u) >> (8 * (byte & 3u)));
  }
  return length;
}

}  // namespace epoch
