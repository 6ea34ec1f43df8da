// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "interconnect/arbiter.h"
#include "interconnect/interconnect.h"

namespace epoch {

// Approximately-timed crossbar (transport "at"): 4-phase transactions of the base protocol, a
// request channel into each target and a response channel into each initiator, both arbitrated at
// edges of the bus clock. What arrives at a time is looked at from the next edge after it on, so
// the order of processes at one time changes nothing. Targets that speak lt are served by
// b_transport at the time at which the request reaches them.
//
// One sc_method with one event serves all ports: it runs at those edges only at which something can
// be granted. Times that follow from a grant are annotated.
class AtInterconnect : public Interconnect, private tlm::tlm_mm_interface {
 public:
  AtInterconnect(const sc_core::sc_module_name& name, const InterconnectConfig& config);
  ~AtInterconnect() override;

  // As Interconnect::add_initiator, with a share of what `arbitration` divides.
  TargetSocket& add_initiator(const std::string& name, const Share& share);

  // Transactions of an initiator that have begun and are not answered.
  std::uint64_t in_flight(std::size_t initiator) const { return masters_[initiator].in_flight; }
  const Traffic& initiator_traffic(std::size_t initiator) const {
    return initiators_[initiator].traffic;
  }
  const Traffic& target_traffic(std::size_t port) const { return targets_[port].traffic; }
  // Empty if every byte that targets moved has reached an initiator, is on its way, or belongs to a
  // transaction that failed; else says what does not agree.
  std::string conservation() const;

  void statistics(Statistics& out) const override;

 private:
  static constexpr std::uint64_t never = ~std::uint64_t{0};

  // A transaction between BEGIN_REQ and its answer.
  struct Flight {
    tlm::tlm_generic_payload* payload = nullptr;
    BusInfo* outer = nullptr;  // extension of whoever is in front of this interconnect
    const AddressRange* range = nullptr;
    std::uint64_t address = 0;
    std::uint64_t arrival_ps = 0;
    std::uint64_t since_ps = 0;  // has waited for a grant since then
    unsigned initiator = 0;
    unsigned length = 0;
    unsigned granted = 0;     // bytes
    unsigned open = 0;        // bursts granted whose response has not passed
    unsigned unanswered = 0;  // bursts granted that their target has not answered
    unsigned ok_bytes = 0;
    bool split = false;
    tlm::tlm_response_status status = tlm::TLM_OK_RESPONSE;
    Flight* next = nullptr;
  };
  // A burst: a transaction, or a part of one with a payload of its own. It is the BusInfo that the
  // target sees, and is found again by it.
  struct Piece : BusInfo {
    tlm::tlm_generic_payload* payload = nullptr;
    Flight* flight = nullptr;
    std::uint64_t ready_ps = 0;  // at its target; then the first edge that may pass the response
    bool completed = false;      // the target wants no END_RESP
    Piece* next = nullptr;
    tlm::tlm_generic_payload own;

    void free() override {}  // the pool's, not the payload's
  };
  struct Fifo {
    Piece* first = nullptr;
    Piece* last = nullptr;
    void push(Piece& piece);
    Piece& pop();
  };
  struct Master {                  // an initiator's channels
    Flight* request = nullptr;     // BEGIN_REQ without END_REQ
    std::uint64_t request_ps = 0;  // the first edge that may grant it
    const AddressRange* recent = nullptr;
    unsigned outstanding = 0;  // granted and not answered
    std::uint64_t in_flight = 0;
    std::uint64_t answering = 0;  // bits of the targets whose first response is for it
    std::uint64_t response_free_ps = 0;
    tlm::tlm_generic_payload* answered = nullptr;  // BEGIN_RESP without END_RESP
    Arbiter turn;                                  // of targets
    std::uint64_t response_busy_ps = 0, response_waiting_ps = 0;
  };
  struct Slave {               // a target's channels
    std::uint64_t asking = 0;  // bits of the initiators that want it
    std::uint64_t request_free_ps = 0;
    tlm::tlm_generic_payload* request = nullptr;  // BEGIN_REQ without END_REQ
    unsigned outstanding = 0;
    Arbiter arbiter;
    Fifo arriving;   // lt: until b_transport is called
    Fifo responses;  // at: one, the target keeps the others back
    std::uint64_t response_free_ps = 0;
    std::uint64_t response_busy_ps = 0, response_waiting_ps = 0;
  };
  template <typename T>
  struct Pool {
    std::deque<T> all;
    T* idle = nullptr;

    T& take() {
      if (idle == nullptr) return all.emplace_back();
      T& item = *idle;
      idle = item.next;
      item.next = nullptr;
      return item;
    }
    void put(T& item) {
      item.next = idle;
      idle = &item;
    }
  };

  void serve(TargetSocket& socket, int tag) override;
  void serve(InitiatorSocket& socket, int tag) override;
  void end_of_elaboration() override;
  tlm::tlm_sync_enum nb_transport_fw(int id, tlm::tlm_generic_payload& payload,
                                     tlm::tlm_phase& phase, sc_core::sc_time& delay);
  tlm::tlm_sync_enum nb_transport_bw(int port, tlm::tlm_generic_payload& payload,
                                     tlm::tlm_phase& phase, sc_core::sc_time& delay);
  void free(tlm::tlm_generic_payload* payload) override;

  void begin_request(unsigned id, tlm::tlm_generic_payload& payload, std::uint64_t arrival_ps);
  void step();
  void schedule();
  void wake_at(std::uint64_t ps);
  std::uint64_t edge_after(std::uint64_t ps) const { return (ps / period_ps() + 1) * period_ps(); }

  // Request side (at_requests.cpp).
  bool may_grant(const Slave& slave) const;
  bool may_ask(const Master& master) const;
  std::uint64_t candidates(const Slave& slave, std::uint64_t edge_ps) const;
  std::uint64_t next_grant(const Slave& slave) const;
  void grant_requests(std::uint64_t edge_ps);
  void grant(unsigned id, unsigned port, std::uint64_t edge_ps);
  unsigned piece_bytes(const Flight& flight) const;
  Piece& make_piece(Flight& flight, unsigned bytes);
  void pass_on(Piece& piece, unsigned port, std::uint64_t delay_ps);
  void end_request(unsigned id, tlm::tlm_generic_payload& payload, std::uint64_t delay_ps);
  void serve_arrivals(std::uint64_t now);
  void serve_arrival(unsigned port, Piece& piece);

  // Response side (at_responses.cpp).
  void take_response(unsigned port, Piece& piece, std::uint64_t ps);
  void show_first(unsigned port);
  std::uint64_t candidates(const Master& master, std::uint64_t edge_ps) const;
  std::uint64_t next_grant(const Master& master) const;
  void grant_responses(std::uint64_t edge_ps);
  void grant_response(unsigned id, unsigned port, std::uint64_t edge_ps);
  void end_piece(Piece& piece);
  void answer(Flight& flight, std::uint64_t delay_ps);
  void tell_access(const Flight& flight);

  const Arbitration arbitration_;
  const std::uint64_t latency_ps_;
  const unsigned initiator_limit_, target_limit_, max_burst_;
  std::vector<Share> shares_;
  std::vector<Master> masters_;
  std::vector<Slave> slaves_;    // by port; the last one stands for unmapped addresses
  std::uint64_t asked_ = 0;      // bits of slaves with `asking`
  std::uint64_t answering_ = 0;  // bits of masters with `answering`
  std::uint64_t arriving_ = 0;   // bits of slaves with `arriving`
  Pool<Flight> flights_;
  Pool<Piece> pieces_;
  sc_core::sc_event wake_;
  std::uint64_t wake_ps_ = never;
  bool stepping_ = false;
  std::uint64_t inside_bytes_ = 0;  // moved by targets, not yet answered to initiators
  std::uint64_t failed_bytes_ = 0;  // moved by targets for transactions that failed in another part
};

}  // namespace epoch
