// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "common/initiator_tester.h"
#include "common/register_target.h"

using epoch::Access;
using epoch::RegisterBank;

namespace {

struct Device {
  RegisterBank bank{0x20,
                    {{"RW", 0x0, 1, Access::rw, 0x04030201, "", {}},
                     {"CLEARED", 0x4, 1, Access::rw, 0x80, "", {}},
                     {"LOW", 0x8, 1, Access::latch, 1, "", {}},
                     {"HIGH", 0xC, 1, Access::ro, 2, "", {}}}};
  std::uint32_t value = 0;

  Device() {
    bank.after_read(0x4, [this](unsigned, std::uint32_t) { bank.set(0x4, 0); });
  }
  tlm::tlm_response_status serve(tlm::tlm_generic_payload& made) {
    const bool served = epoch::register_access(bank, made);
    CHECK(served == made.is_response_ok());
    return made.get_response_status();
  }
  tlm::tlm_response_status access(tlm::tlm_command command, std::uint64_t address, unsigned bytes) {
    tlm::tlm_generic_payload made;
    epoch::fill_payload(made, command, address, &value, bytes);
    return serve(made);
  }
};

}  // namespace

TEST_CASE("aligned words are read and written") {
  Device device;
  CHECK(device.access(tlm::TLM_READ_COMMAND, 0, 4) == tlm::TLM_OK_RESPONSE);
  CHECK(device.value == 0x04030201);
  device.value = 0xCAFEF00D;
  CHECK(device.access(tlm::TLM_WRITE_COMMAND, 0, 4) == tlm::TLM_OK_RESPONSE);
  CHECK(device.bank.get(0) == 0xCAFEF00D);
  CHECK(device.access(tlm::TLM_IGNORE_COMMAND, 0, 4) == tlm::TLM_OK_RESPONSE);
  CHECK(device.bank.get(0) == 0xCAFEF00D);
}

TEST_CASE("anything but an aligned word inside the window is refused with its own status") {
  Device device;
  for (const auto command : {tlm::TLM_READ_COMMAND, tlm::TLM_WRITE_COMMAND}) {
    CHECK(device.access(command, 0, 1) == tlm::TLM_BURST_ERROR_RESPONSE);
    CHECK(device.access(command, 0, 2) == tlm::TLM_BURST_ERROR_RESPONSE);
    CHECK(device.access(command, 0, 8) == tlm::TLM_BURST_ERROR_RESPONSE);
    CHECK(device.access(command, 0, 0) == tlm::TLM_BURST_ERROR_RESPONSE);
    CHECK(device.access(command, 2, 4) == tlm::TLM_ADDRESS_ERROR_RESPONSE);
    CHECK(device.access(command, 0x20, 4) == tlm::TLM_ADDRESS_ERROR_RESPONSE);
    CHECK(device.access(command, 0x1E, 4) == tlm::TLM_ADDRESS_ERROR_RESPONSE);
    CHECK(device.access(command, ~std::uint64_t{3}, 4) == tlm::TLM_ADDRESS_ERROR_RESPONSE);
  }
  CHECK(device.bank.get(0) == 0x04030201);
  CHECK(device.bank.get(4) == 0x80);
}

TEST_CASE("byte enables and streaming are refused") {
  Device device;
  unsigned char enables[4] = {0xFF, 0xFF, 0xFF, 0xFF};
  tlm::tlm_generic_payload payload;
  epoch::fill_payload(payload, tlm::TLM_WRITE_COMMAND, 0, &device.value, 4);
  payload.set_byte_enable_ptr(enables);
  payload.set_byte_enable_length(4);
  CHECK(device.serve(payload) == tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
  payload.set_byte_enable_ptr(nullptr);
  payload.set_streaming_width(2);
  CHECK(device.serve(payload) == tlm::TLM_BURST_ERROR_RESPONSE);
  payload.set_streaming_width(8);  // wider than the data: no streaming
  CHECK(device.serve(payload) == tlm::TLM_OK_RESPONSE);
}

TEST_CASE("debug reads any range, clipped, without side effects, and writes nothing") {
  Device device;
  std::uint8_t bytes[0x20] = {};
  tlm::tlm_generic_payload payload;
  epoch::fill_payload(payload, tlm::TLM_READ_COMMAND, 1, bytes, 7);
  CHECK(epoch::register_debug(device.bank, payload) == 7);
  const std::uint8_t expected[7] = {2, 3, 4, 0x80, 0, 0, 0};
  for (int i = 0; i < 7; ++i) CHECK(bytes[i] == expected[i]);
  CHECK(device.bank.get(4) == 0x80);

  epoch::fill_payload(payload, tlm::TLM_READ_COMMAND, 0x1C, bytes, 0x20);
  CHECK(epoch::register_debug(device.bank, payload) == 4);
  epoch::fill_payload(payload, tlm::TLM_READ_COMMAND, 0x20, bytes, 4);
  CHECK(epoch::register_debug(device.bank, payload) == 0);
  epoch::fill_payload(payload, tlm::TLM_WRITE_COMMAND, 0, bytes, 4);
  CHECK(epoch::register_debug(device.bank, payload) == 0);
  CHECK(device.bank.get(0) == 0x04030201);
}
