// SPDX-License-Identifier: Apache-2.0
// Dram in transport at: a bounded queue behind END_REQ, one response at a time.
#include <algorithm>

#include "common/sim_time.h"
#include "memory/dram.h"

namespace epoch {

tlm::tlm_sync_enum Dram::nb_transport_fw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                         sc_core::sc_time& delay) {
  if (phase == tlm::BEGIN_REQ && refused_ == nullptr) {
    if (config_.device) complete_device(now_ps(delay));  // room is as of the arrival
    if (full(payload)) {
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

bool Dram::full(const tlm::tlm_generic_payload& payload) const {
  return outstanding_ >= config_.queue_depth ||
         (controller_ && !controller_->can_accept(payload.is_write(), payload.get_address()));
}

void Dram::accept(tlm::tlm_generic_payload& payload, std::uint64_t arrival_ps) {
  payload.acquire();
  storage_.serve(payload);
  ++outstanding_;
  enqueue({&payload, arrival_ps, 0});
}

// An answer has made room, when it had passed.
void Dram::accept_refused() {
  if (refused_ == nullptr || full(*refused_)) return;
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
    if (access.payload->is_response_ok()) count(*access.payload, access.arrival_ps, access.done_ps);
    tlm::tlm_phase phase = tlm::BEGIN_RESP;
    sc_core::sc_time delay = from_ps(at_ps - now);
    if (socket->nb_transport_bw(*access.payload, phase, delay) == tlm::TLM_ACCEPTED) return;
    completed_.pop_front();
    end_response(access, now_ps(delay));
  }
}

void Dram::end_response(const Access& access, std::uint64_t at_ps) {
  responding_ = false;
  --outstanding_;
  response_free_ps_ = at_ps;
  access.payload->release();
}

// ---- Devices ------------------------------------------------------------------------------------
// enqueue() takes an access that was accepted; complete() moves to completed_ what is done by then,
// in the order in which it is answered. Both see to it that step_event_ comes when there is more.

void Dram::enqueue(const Access& access) {
  if (!access.payload->is_response_ok()) {
    completed_.push_back({access.payload, access.arrival_ps, access.arrival_ps + error_ps()});
    step_event_.notify(from_ps(access.arrival_ps - now_ps()));
  } else if (config_.device) {
    enqueue_device(access);
  } else {
    enqueue_ideal(access);
  }
}

void Dram::complete(std::uint64_t until_ps) {
  config_.device ? complete_device(until_ps) : complete_ideal(until_ps);
}

void Dram::enqueue_ideal(const Access& access) {
  const std::uint64_t done_ps =
      queued_completion_ps(access.payload->get_data_length(), access.arrival_ps);
  queued_.push_back({access.payload, access.arrival_ps, done_ps});
  if (queued_.size() == 1) step_event_.notify(from_ps(done_ps - now_ps()));
}

void Dram::complete_ideal(std::uint64_t until_ps) {
  while (!queued_.empty() && queued_.front().done_ps <= until_ps) {
    completed_.push_back(queued_.front());
    queued_.pop_front();
  }
  if (!queued_.empty()) step_event_.notify(from_ps(queued_.front().done_ps - now_ps()));
}

// complete() has advanced the controller to the arrival.
void Dram::enqueue_device(const Access& access) {
  if (free_ids_.empty()) {
    free_ids_.push_back(at_controller_.size());
    at_controller_.emplace_back();
  }
  const std::size_t id = free_ids_.back();
  free_ids_.pop_back();
  at_controller_[id] = access;
  const tlm::tlm_generic_payload& payload = *access.payload;
  controller_->enqueue(id, payload.get_address(), payload.get_data_length(), payload.is_write(),
                       access.arrival_ps);
  wait_for_controller();
}

void Dram::complete_device(std::uint64_t until_ps) {
  if (!controller_) {
    controller_ = std::make_unique<DramController>(*config_.device, config_.controller);
  }
  controller_->advance_to(until_ps);
  for (DramController::Completion done{}; controller_->pop_completion(done);) {
    Access access = at_controller_[done.id];
    access.done_ps = done.time_ps;
    completed_.push_back(access);
    free_ids_.push_back(done.id);
  }
  wait_for_controller();
}

void Dram::wait_for_controller() {
  const std::uint64_t next = controller_->next_event_ps();
  if (next == kNoDramClock) return;
  step_event_.notify(from_ps(std::max(next, now_ps()) - now_ps()));
}

}  // namespace epoch
