// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <systemc>
#include <tlm>

namespace epoch {

// What a bus master has asked for and been given; bytes of accesses answered OK.
struct MasterTotals {
  std::uint64_t sent = 0, answered = 0;  // transactions
  std::uint64_t read_bytes = 0, write_bytes = 0;
};

// The initiator's side of the base protocol (IEEE 1666-2011, 15.2): transactions out of a pool,
// sent in order, one BEGIN_REQ at a time, any number under way. Answers may come in any order. The
// module that owns the socket hands nb_transport_bw on to it.
class AtMaster : private tlm::tlm_mm_interface {
 public:
  struct Transaction;
  class Client {
   public:
    virtual ~Client() = default;
    // The answer is complete at `done_ps`, which may be later than now; the transaction goes back
    // to the pool behind this call. Another may be sent from here.
    virtual void answered(Transaction& transaction, std::uint64_t done_ps) = 0;
  };
  struct Transaction : tlm::tlm_generic_payload {
    Client* client = nullptr;
    std::uint64_t tag = 0;  // the client's
    Transaction* next = nullptr;
  };

  explicit AtMaster(tlm::tlm_initiator_socket<>& socket) : socket_(socket) {}
  ~AtMaster() override;

  // A transaction that nobody has seen yet; send() is owed.
  Transaction& make(Client& client, tlm::tlm_command command, std::uint64_t address,
                    std::uint8_t* data, unsigned bytes);
  // Sends it as soon as the request channel is free: now, or behind those sent before.
  void send(Transaction& transaction);
  tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay);

  const MasterTotals& totals() const { return totals_; }
  // Sent, but still behind another's BEGIN_REQ: nobody else knows of them.
  std::uint64_t waiting() const { return waiting_count_; }

 private:
  void begin(Transaction& transaction);
  void begin_next();
  void end_request(std::uint64_t at_ps);
  void finish(Transaction& transaction, std::uint64_t done_ps);
  void free(tlm::tlm_generic_payload* payload) override;

  tlm::tlm_initiator_socket<>& socket_;
  std::deque<Transaction> all_;           // a deque: addresses stay
  Transaction* idle_ = nullptr;           // list
  Transaction* requesting_ = nullptr;     // its BEGIN_REQ has no END_REQ yet
  std::uint64_t request_free_ps_ = 0;     // when the latest END_REQ takes effect
  Transaction* first_waiting_ = nullptr;  // list
  Transaction* last_waiting_ = nullptr;
  std::uint64_t waiting_count_ = 0;
  MasterTotals totals_;
};

}  // namespace epoch
