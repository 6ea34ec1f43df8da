// SPDX-License-Identifier: Apache-2.0
#include "common/payload_check.h"

namespace epoch {

tlm::tlm_response_status check_payload_shape(const tlm::tlm_generic_payload& payload) {
  if (payload.get_byte_enable_ptr() != nullptr) return tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE;
  const unsigned length = payload.get_data_length();
  if (length == 0 || payload.get_streaming_width() < length) return tlm::TLM_BURST_ERROR_RESPONSE;
  if (payload.get_data_ptr() == nullptr) return tlm::TLM_GENERIC_ERROR_RESPONSE;
  return tlm::TLM_OK_RESPONSE;
}

tlm::tlm_response_status check_payload(const tlm::tlm_generic_payload& payload,
                                       std::uint64_t size_bytes) {
  const tlm::tlm_response_status shape = check_payload_shape(payload);
  if (shape != tlm::TLM_OK_RESPONSE) return shape;
  const std::uint64_t address = payload.get_address();
  const bool inside = address <= size_bytes && payload.get_data_length() <= size_bytes - address;
  return inside ? tlm::TLM_OK_RESPONSE : tlm::TLM_ADDRESS_ERROR_RESPONSE;
}

}  // namespace epoch
