// SPDX-License-Identifier: Apache-2.0
// Dram in transport at: a bounded queue behind END_REQ, one response at a time.
#include <algorithm>

#include "common/sim_time.h"
#include "memory/dram.h"

namespace epoch {

tlm::tlm_sync_enum Dram::nb_transport_fw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                         sc_core::sc_time& delay) {
  if (phase == tlm::BEGIN_REQ && refused_ == nullptr) {
    if (full()) {
      refused_ = &payload;
      refused_ps_ = now_ps(delay);
      return tlm::TLM_ACCEPTED;
    }
    accept(payload, now_ps(delay));
    phase = tlm::END_REQ;
    return tlm::TLM_UPDATED;
  }
  if (phase == tlm::END_RESP && responding_) {
    const Access access = completed_.front();
    completed_.pop_front();
    end_response(access, now_ps(delay));
    respond();
    accept_refused();
    return tlm::TLM_COMPLETED;
  }
  SC_REPORT_ERROR(name(), "the base protocol is broken by its initiator");
  return tlm::TLM_ACCEPTED;
}

bool Dram::full() const {
  return queued_.size() + completed_.size() >= queue_depth_;
}

void Dram::accept(tlm::tlm_generic_payload& payload, std::uint64_t arrival_ps) {
  payload.acquire();
  storage_.serve(payload);
  enqueue({&payload, arrival_ps, 0});
}

// An answer has made room, when it had passed.
void Dram::accept_refused() {
  if (refused_ == nullptr || full()) return;
  tlm::tlm_generic_payload& payload = *refused_;
  refused_ = nullptr;
  const std::uint64_t at_ps = std::max({refused_ps_, response_free_ps_, now_ps()});
  accept(payload, at_ps);
  tlm::tlm_phase phase = tlm::END_REQ;
  sc_core::sc_time delay = from_ps(at_ps - now_ps());
  socket->nb_transport_bw(payload, phase, delay);
}

void Dram::step() {
  complete(now_ps());
  respond();
  accept_refused();
}

// The first completed access goes out when the response channel is free, at once if it is known
// when that will be.
void Dram::respond() {
  while (!responding_ && !completed_.empty()) {
    responding_ = true;
    const Access access = completed_.front();
    const std::uint64_t now = now_ps();
    const std::uint64_t at_ps = std::max({now, access.done_ps, response_free_ps_});
    if (access.payload->is_response_ok())
      count(*access.payload, access.done_ps - access.arrival_ps);
    tlm::tlm_phase phase = tlm::BEGIN_RESP;
    sc_core::sc_time delay = from_ps(at_ps - now);
    if (socket->nb_transport_bw(*access.payload, phase, delay) == tlm::TLM_ACCEPTED) return;
    completed_.pop_front();
    end_response(access, now_ps(delay));
  }
}

void Dram::end_response(const Access& access, std::uint64_t at_ps) {
  responding_ = false;
  response_free_ps_ = at_ps;
  access.payload->release();
}

// ---- device `ideal` ----------------------------------------------------------------------------
// Another device has its own two functions: enqueue() takes an access that was accepted, complete()
// moves to completed_ what is done by now, in the order in which it is to be answered; both see to
// it that step_event_ comes when there is more to complete.

void Dram::enqueue(const Access& access) {
  const tlm::tlm_generic_payload& payload = *access.payload;
  const std::uint64_t done_ps =
      payload.is_response_ok() ? queued_completion_ps(payload.get_data_length(), access.arrival_ps)
                               : access.arrival_ps + latency_ps_;
  const std::uint64_t in_order = queued_.empty() ? 0 : queued_.back().done_ps;
  queued_.push_back({access.payload, access.arrival_ps, std::max(done_ps, in_order)});
  if (queued_.size() == 1) step_event_.notify(from_ps(done_ps - now_ps()));
}

void Dram::complete(std::uint64_t now) {
  while (!queued_.empty() && queued_.front().done_ps <= now) {
    completed_.push_back(queued_.front());
    queued_.pop_front();
  }
  if (!queued_.empty()) step_event_.notify(from_ps(queued_.front().done_ps - now));
}

}  // namespace epoch
