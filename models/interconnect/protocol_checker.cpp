// SPDX-License-Identifier: Apache-2.0
#include "interconnect/protocol_checker.h"

#include <cstdio>

#include "common/sim_time.h"

namespace epoch {

ProtocolChecker::ProtocolChecker(const sc_core::sc_module_name& module_name)
    : sc_module(module_name), from_initiator("from_initiator"), to_target("to_target") {
  from_initiator.register_nb_transport_fw(this, &ProtocolChecker::nb_transport_fw);
  from_initiator.register_b_transport(this, &ProtocolChecker::b_transport);
  from_initiator.register_get_direct_mem_ptr(this, &ProtocolChecker::get_direct_mem_ptr);
  from_initiator.register_transport_dbg(this, &ProtocolChecker::transport_dbg);
  to_target.register_nb_transport_bw(this, &ProtocolChecker::nb_transport_bw);
  to_target.register_invalidate_direct_mem_ptr(this, &ProtocolChecker::invalidate_direct_mem_ptr);
}

// ---- passing on --------------------------------------------------------------------------------

tlm::tlm_sync_enum ProtocolChecker::nb_transport_fw(Payload& payload, tlm::tlm_phase& phase,
                                                    sc_core::sc_time& delay) {
  see_forward(payload, phase, now_ps(delay));
  const tlm::tlm_phase sent = phase;
  const tlm::tlm_sync_enum status = to_target->nb_transport_fw(payload, phase, delay);
  if (status == tlm::TLM_UPDATED) see_backward(payload, phase, now_ps(delay));
  if (status == tlm::TLM_COMPLETED && sent != tlm::END_RESP) see_completed(payload, now_ps(delay));
  return status;
}

tlm::tlm_sync_enum ProtocolChecker::nb_transport_bw(Payload& payload, tlm::tlm_phase& phase,
                                                    sc_core::sc_time& delay) {
  see_backward(payload, phase, now_ps(delay));
  const tlm::tlm_sync_enum status = from_initiator->nb_transport_bw(payload, phase, delay);
  if (status == tlm::TLM_UPDATED) see_forward(payload, phase, now_ps(delay));
  if (status == tlm::TLM_COMPLETED) see_completed(payload, now_ps(delay));
  return status;
}

void ProtocolChecker::b_transport(Payload& payload, sc_core::sc_time& delay) {
  to_target->b_transport(payload, delay);
}

bool ProtocolChecker::get_direct_mem_ptr(Payload& payload, tlm::tlm_dmi& dmi) {
  return to_target->get_direct_mem_ptr(payload, dmi);
}

unsigned ProtocolChecker::transport_dbg(Payload& payload) {
  return to_target->transport_dbg(payload);
}

void ProtocolChecker::invalidate_direct_mem_ptr(sc_dt::uint64 start, sc_dt::uint64 end) {
  from_initiator->invalidate_direct_mem_ptr(start, end);
}

// ---- rules -------------------------------------------------------------------------------------

void ProtocolChecker::see_forward(Payload& payload, tlm::tlm_phase phase, std::uint64_t ps) {
  if (phase == tlm::BEGIN_REQ) return begin_request(payload, ps);
  Transaction* const transaction = known(payload, phase, ps);
  if (transaction == nullptr) return;
  if (phase == tlm::END_RESP) return end_response(payload, *transaction);
  violation(std::string("phase order: an initiator sent ") + phase.get_name(), payload,
            transaction);
}

void ProtocolChecker::see_backward(Payload& payload, tlm::tlm_phase phase, std::uint64_t ps) {
  Transaction* const transaction = known(payload, phase, ps);
  if (transaction == nullptr) return;
  check_attributes(payload, *transaction);
  if (phase == tlm::END_REQ) return end_request(payload, *transaction);
  if (phase == tlm::BEGIN_RESP) return begin_response(payload, *transaction);
  violation(std::string("phase order: a target sent ") + phase.get_name(), payload, transaction);
}

// TLM_COMPLETED: whatever was missing has happened.
void ProtocolChecker::see_completed(Payload& payload, std::uint64_t ps) {
  Transaction* const transaction = known(payload, tlm::END_RESP, ps);
  if (transaction == nullptr) return;
  if (transaction->state != State::responding) {
    check_attributes(payload, *transaction);
    begin_response(payload, *transaction);
  }
  end_response(payload, *transaction);
}

void ProtocolChecker::begin_request(Payload& payload, std::uint64_t ps) {
  if (transactions_.count(&payload) != 0)
    return violation("phase order: BEGIN_REQ of a transaction that has not ended", payload,
                     &transactions_[&payload]);
  Transaction& transaction = transactions_[&payload];
  transaction = {State::requesting,
                 false,
                 ps,
                 ++begun_,
                 payload.get_command(),
                 payload.get_address(),
                 payload.get_data_ptr(),
                 payload.get_byte_enable_ptr(),
                 payload.get_data_length(),
                 payload.get_streaming_width()};
  if (!payload.has_mm() || payload.get_ref_count() < 1)
    violation("memory management: a payload without a manager or reference", payload, &transaction);
  if (payload.get_response_status() != tlm::TLM_INCOMPLETE_RESPONSE)
    violation("attributes: response status is not INCOMPLETE at BEGIN_REQ", payload, &transaction);
  if (requesting_ != nullptr)
    violation("request exclusion: BEGIN_REQ before the END_REQ of another", payload, &transaction);
  requesting_ = &payload;
}

ProtocolChecker::Transaction* ProtocolChecker::known(Payload& payload, tlm::tlm_phase phase,
                                                     std::uint64_t ps) {
  const auto found = transactions_.find(&payload);
  if (found == transactions_.end()) {
    violation(std::string("phase order: ") + phase.get_name() + " of no transaction", payload,
              nullptr);
    return nullptr;
  }
  Transaction& transaction = found->second;
  if (payload.get_ref_count() < 1)
    violation("memory management: released before its end", payload, &transaction);
  if (ps < transaction.time_ps)
    violation(std::string("time: ") + phase.get_name() + " before the phase that it follows",
              payload, &transaction);
  transaction.time_ps = ps;
  return &transaction;
}

void ProtocolChecker::end_request(Payload& payload, Transaction& transaction) {
  if (transaction.state != State::requesting)
    return violation("phase order: END_REQ does not follow BEGIN_REQ", payload, &transaction);
  transaction.state = State::waiting;
  if (requesting_ == &payload) requesting_ = nullptr;
}

// It implies an END_REQ that has not come.
void ProtocolChecker::begin_response(Payload& payload, Transaction& transaction) {
  if (transaction.state == State::responding)
    return violation("phase order: a second BEGIN_RESP", payload, &transaction);
  if (payload.get_response_status() == tlm::TLM_INCOMPLETE_RESPONSE)
    violation("attributes: response status is INCOMPLETE at BEGIN_RESP", payload, &transaction);
  if (responding_ != nullptr)
    violation("response exclusion: BEGIN_RESP before the END_RESP of another", payload,
              &transaction);
  if (requesting_ == &payload) requesting_ = nullptr;
  transaction.state = State::responding;
  responding_ = &payload;
}

void ProtocolChecker::end_response(Payload& payload, Transaction& transaction) {
  if (transaction.state != State::responding)
    return violation("phase order: END_RESP does not follow BEGIN_RESP", payload, &transaction);
  if (responding_ == &payload) responding_ = nullptr;
  ++finished_;
  transactions_.erase(&payload);
}

// Those that no target and no interconnect may change. The address belongs to the interconnects.
void ProtocolChecker::check_attributes(Payload& payload, const Transaction& transaction) {
  const char* changed = nullptr;
  if (payload.get_command() != transaction.command) changed = "command";
  if (payload.get_data_ptr() != transaction.data) changed = "data pointer";
  if (payload.get_data_length() != transaction.length) changed = "data length";
  if (payload.get_byte_enable_ptr() != transaction.enables) changed = "byte enable pointer";
  if (payload.get_streaming_width() != transaction.streaming_width) changed = "streaming width";
  if (changed != nullptr)
    violation(std::string("attributes: the ") + changed + " was changed", payload, &transaction);
}

void ProtocolChecker::check_finished() {
  for (const auto& [payload, transaction] : transactions_)
    violation("lost: the run has ended before it", *payload, &transaction);
}

// By the attributes at BEGIN_REQ: by now they may be anything.
void ProtocolChecker::violation(const std::string& rule, const Payload& payload,
                                const Transaction* transaction) {
  const bool write = (transaction != nullptr ? transaction->command : payload.get_command()) ==
                     tlm::TLM_WRITE_COMMAND;
  char text[160];
  std::snprintf(text, sizeof text, "transaction %llu, %s of %u bytes at 0x%08llx, at %llu ps",
                static_cast<unsigned long long>(transaction != nullptr ? transaction->number : 0),
                write ? "write" : "read",
                transaction != nullptr ? transaction->length : payload.get_data_length(),
                static_cast<unsigned long long>(transaction != nullptr ? transaction->address
                                                                       : payload.get_address()),
                static_cast<unsigned long long>(now_ps()));
  const std::string whole = std::string(name()) + ": " + rule + ": " + text;
  if (on_violation) return on_violation(whole);
  SC_REPORT_ERROR(name(), whole.c_str());
}

}  // namespace epoch
