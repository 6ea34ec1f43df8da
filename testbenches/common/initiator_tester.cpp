// SPDX-License-Identifier: Apache-2.0
#define SC_INCLUDE_DYNAMIC_PROCESSES
#include "common/initiator_tester.h"

#include <catch2/catch.hpp>
#include <stdexcept>

namespace epoch {

void fill_payload(tlm::tlm_generic_payload& payload, tlm::tlm_command command,
                  std::uint64_t address, void* data, unsigned bytes) {
  payload.set_command(command);
  payload.set_address(address);
  payload.set_data_ptr(static_cast<unsigned char*>(data));
  payload.set_data_length(bytes);
  payload.set_streaming_width(bytes);
  payload.set_byte_enable_ptr(nullptr);
  payload.set_dmi_allowed(false);
  payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
}

InitiatorTester::InitiatorTester(const sc_core::sc_module_name& module_name)
    : sc_module(module_name), socket("socket") {
  socket.register_invalidate_direct_mem_ptr(this, &InitiatorTester::invalidate);
}

void InitiatorTester::spawn(std::function<void()> body) {
  sc_core::sc_spawn(std::move(body));
}

void InitiatorTester::run(std::function<void()> body) {
  bool ended = false;
  spawn([&] {
    body();
    ended = true;
    sc_core::sc_pause();
  });
  sc_core::sc_start();
  if (!ended) throw std::runtime_error("the body given to InitiatorTester::run never ended");
}

tlm::tlm_response_status InitiatorTester::transport(tlm::tlm_generic_payload& payload) {
  last_delay = start_delay;
  socket->b_transport(payload, last_delay);
  last_dmi_allowed = payload.is_dmi_allowed();
  if (!decoupled) sc_core::wait(last_delay);
  return payload.get_response_status();
}

tlm::tlm_response_status InitiatorTester::read(std::uint64_t address, void* data, unsigned bytes) {
  tlm::tlm_generic_payload payload;
  fill_payload(payload, tlm::TLM_READ_COMMAND, address, data, bytes);
  return transport(payload);
}

tlm::tlm_response_status InitiatorTester::write(std::uint64_t address, const void* data,
                                                unsigned bytes) {
  tlm::tlm_generic_payload payload;
  fill_payload(payload, tlm::TLM_WRITE_COMMAND, address, const_cast<void*>(data), bytes);
  return transport(payload);
}

template <typename T>
T InitiatorTester::read_value(std::uint64_t address) {
  T value = 0;
  INFO("read of " << sizeof value << " bytes at 0x" << std::hex << address);
  CHECK(read(address, &value, sizeof value) == tlm::TLM_OK_RESPONSE);
  return value;
}

template <typename T>
void InitiatorTester::write_value(std::uint64_t address, T value) {
  INFO("write of " << sizeof value << " bytes at 0x" << std::hex << address);
  CHECK(write(address, &value, sizeof value) == tlm::TLM_OK_RESPONSE);
}

std::uint8_t InitiatorTester::read8(std::uint64_t address) {
  return read_value<std::uint8_t>(address);
}
std::uint32_t InitiatorTester::read32(std::uint64_t address) {
  return read_value<std::uint32_t>(address);
}
std::uint64_t InitiatorTester::read64(std::uint64_t address) {
  return read_value<std::uint64_t>(address);
}
void InitiatorTester::write8(std::uint64_t address, std::uint8_t value) {
  write_value(address, value);
}
void InitiatorTester::write32(std::uint64_t address, std::uint32_t value) {
  write_value(address, value);
}
void InitiatorTester::write64(std::uint64_t address, std::uint64_t value) {
  write_value(address, value);
}

unsigned InitiatorTester::debug_read(std::uint64_t address, void* data, unsigned bytes) {
  tlm::tlm_generic_payload payload;
  fill_payload(payload, tlm::TLM_READ_COMMAND, address, data, bytes);
  return socket->transport_dbg(payload);
}

unsigned InitiatorTester::debug_write(std::uint64_t address, const void* data, unsigned bytes) {
  tlm::tlm_generic_payload payload;
  fill_payload(payload, tlm::TLM_WRITE_COMMAND, address, const_cast<void*>(data), bytes);
  return socket->transport_dbg(payload);
}

std::uint32_t InitiatorTester::debug_read32(std::uint64_t address) {
  std::uint32_t value = 0;
  INFO("debug read at 0x" << std::hex << address);
  CHECK(debug_read(address, &value, sizeof value) == sizeof value);
  return value;
}

bool InitiatorTester::dmi(std::uint64_t address, tlm::tlm_command command, tlm::tlm_dmi& result) {
  tlm::tlm_generic_payload payload;
  fill_payload(payload, command, address, nullptr, 0);
  result.init();
  return socket->get_direct_mem_ptr(payload, result);
}

void InitiatorTester::invalidate(sc_dt::uint64 first, sc_dt::uint64 last) {
  invalidations.push_back({first, last});
}

}  // namespace epoch
