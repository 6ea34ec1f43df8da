// SPDX-License-Identifier: Apache-2.0
#include "common/at_master.h"

#include <algorithm>

#include "common/bus_info.h"
#include "common/sim_time.h"

namespace epoch {

// What is still under way carries the bus's extension, which is not the payload's to free.
AtMaster::~AtMaster() {
  for (Transaction& transaction : all_) transaction.clear_extension<BusInfo>();
}

AtMaster::Transaction& AtMaster::make(Client& client, tlm::tlm_command command,
                                      std::uint64_t address, std::uint8_t* data, unsigned bytes) {
  if (idle_ == nullptr) {
    idle_ = &all_.emplace_back();
    idle_->set_mm(this);
  }
  Transaction& transaction = *idle_;
  idle_ = transaction.next;
  transaction.next = nullptr;
  transaction.client = &client;
  transaction.acquire();
  transaction.set_command(command);
  transaction.set_address(address);
  transaction.set_data_ptr(data);
  transaction.set_data_length(bytes);
  transaction.set_streaming_width(bytes);
  transaction.set_byte_enable_ptr(nullptr);
  transaction.set_dmi_allowed(false);
  transaction.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  return transaction;
}

void AtMaster::free(tlm::tlm_generic_payload* payload) {
  auto* const transaction = static_cast<Transaction*>(payload);
  transaction->next = idle_;
  idle_ = transaction;
}

void AtMaster::send(Transaction& transaction) {
  ++totals_.sent;
  if (requesting_ == nullptr && first_waiting_ == nullptr) return begin(transaction);
  (first_waiting_ == nullptr ? first_waiting_ : last_waiting_->next) = &transaction;
  last_waiting_ = &transaction;
  ++waiting_count_;
}

void AtMaster::begin(Transaction& transaction) {
  requesting_ = &transaction;
  tlm::tlm_phase phase = tlm::BEGIN_REQ;
  const std::uint64_t now = now_ps();
  sc_core::sc_time delay = from_ps(std::max(request_free_ps_, now) - now);
  const tlm::tlm_sync_enum status = socket_->nb_transport_fw(transaction, phase, delay);
  if (status == tlm::TLM_ACCEPTED) return;
  if (requesting_ == &transaction) end_request(now_ps(delay));
  if (status == tlm::TLM_UPDATED && phase == tlm::END_REQ) return;
  const std::uint64_t done_ps = now_ps(delay);
  if (status == tlm::TLM_UPDATED) {  // BEGIN_RESP: nobody else ends it
    phase = tlm::END_RESP;
    socket_->nb_transport_fw(transaction, phase, delay);
  }
  finish(transaction, done_ps);
}

void AtMaster::end_request(std::uint64_t at_ps) {
  requesting_ = nullptr;
  request_free_ps_ = at_ps;
}

void AtMaster::begin_next() {
  while (requesting_ == nullptr && first_waiting_ != nullptr) {
    Transaction& transaction = *first_waiting_;
    first_waiting_ = transaction.next;
    transaction.next = nullptr;
    --waiting_count_;
    begin(transaction);
  }
}

tlm::tlm_sync_enum AtMaster::nb_transport_bw(tlm::tlm_generic_payload& payload,
                                             tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  auto& transaction = static_cast<Transaction&>(payload);
  if (requesting_ == &transaction) end_request(now_ps(delay));
  const bool answer = phase == tlm::BEGIN_RESP;
  if (answer) finish(transaction, now_ps(delay));
  begin_next();
  return answer ? tlm::TLM_COMPLETED : tlm::TLM_ACCEPTED;  // completed: END_RESP at the same time
}

void AtMaster::finish(Transaction& transaction, std::uint64_t done_ps) {
  ++totals_.answered;
  if (transaction.is_response_ok()) {
    const unsigned bytes = transaction.get_data_length();
    if (transaction.is_read()) totals_.read_bytes += bytes;
    if (transaction.is_write()) totals_.write_bytes += bytes;
  }
  transaction.client->answered(transaction, done_ps);
  transaction.release();
}

}  // namespace epoch
