// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <systemc>
#include <tlm>

#include "common/at_master.h"
#include "common/transport.h"

namespace epoch {

// A master with one transaction at a time, in either transport. The module that owns the socket
// hands nb_transport_bw on to at().
class BusMaster : private AtMaster::Client {
 public:
  struct Answer {
    bool ok;
    bool dmi_allowed;
    std::uint64_t done_ps;  // when it is complete; in lt the caller has not waited for it
  };

  BusMaster(tlm::tlm_initiator_socket<>& socket, Transport transport)
      : socket_(socket), transport_(transport), at_(socket) {}

  // From a thread: in at it returns when the answer is complete.
  Answer access(tlm::tlm_command command, std::uint64_t address, void* data, unsigned bytes);

  Transport transport() const { return transport_; }
  AtMaster& at() { return at_; }
  const AtMaster& at() const { return at_; }

 private:
  Answer access_lt(tlm::tlm_command command, std::uint64_t address, std::uint8_t* data,
                   unsigned bytes);
  void answered(AtMaster::Transaction& transaction, std::uint64_t done_ps) override;

  tlm::tlm_initiator_socket<>& socket_;
  const Transport transport_;
  AtMaster at_;
  tlm::tlm_generic_payload payload_;  // of lt
  sc_core::sc_event answered_;
  Answer answer_{};
  bool waiting_ = false;
};

}  // namespace epoch
