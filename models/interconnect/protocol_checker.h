// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <systemc>
#include <tlm>

namespace epoch {

// Stands between an initiator's socket and a target's, passes everything on unchanged and watches
// that both keep the base protocol (IEEE 1666-2011, 14 and 15.2). A violation names the hop (this
// module), the rule and the transaction.
class ProtocolChecker : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<ProtocolChecker> from_initiator;
  tlm_utils::simple_initiator_socket<ProtocolChecker> to_target;

  explicit ProtocolChecker(const sc_core::sc_module_name& name);

  // Told of each violation; without it, a violation is an SC_REPORT_ERROR.
  std::function<void(const std::string&)> on_violation;

  // Transactions that have begun and not ended.
  std::uint64_t unfinished() const { return transactions_.size(); }
  std::uint64_t finished() const { return finished_; }
  // At the end of a run that should leave none: a violation for each unfinished one.
  void check_finished();

 private:
  enum class State { requesting, waiting, responding, ended };
  struct Transaction {
    State state = State::requesting;
    bool request_ended = false;
    std::uint64_t time_ps = 0;  // of its latest phase
    std::uint64_t number = 0;   // on this hop, from 1
    tlm::tlm_command command = tlm::TLM_IGNORE_COMMAND;
    std::uint64_t address = 0;
    const unsigned char* data = nullptr;
    const unsigned char* enables = nullptr;
    unsigned length = 0, streaming_width = 0;
  };
  using Payload = tlm::tlm_generic_payload;

  tlm::tlm_sync_enum nb_transport_fw(Payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay);
  tlm::tlm_sync_enum nb_transport_bw(Payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay);
  void b_transport(Payload& payload, sc_core::sc_time& delay);
  bool get_direct_mem_ptr(Payload& payload, tlm::tlm_dmi& dmi);
  unsigned transport_dbg(Payload& payload);
  void invalidate_direct_mem_ptr(sc_dt::uint64 start, sc_dt::uint64 end);

  void see_forward(Payload& payload, tlm::tlm_phase phase, std::uint64_t ps);
  void see_backward(Payload& payload, tlm::tlm_phase phase, std::uint64_t ps);
  void see_completed(Payload& payload, std::uint64_t ps);
  void begin_request(Payload& payload, std::uint64_t ps);
  void end_request(Payload& payload, Transaction& transaction);
  void begin_response(Payload& payload, Transaction& transaction);
  void end_response(Payload& payload, Transaction& transaction);
  Transaction* known(Payload& payload, tlm::tlm_phase phase, std::uint64_t ps);
  void check_attributes(Payload& payload, const Transaction& transaction);
  void violation(const std::string& rule, const Payload& payload, const Transaction* transaction);

  std::map<const Payload*, Transaction> transactions_;
  const Payload* requesting_ = nullptr;  // BEGIN_REQ without END_REQ
  const Payload* responding_ = nullptr;  // BEGIN_RESP without END_RESP
  std::uint64_t begun_ = 0, finished_ = 0;
};

}  // namespace epoch
