// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <systemc>
#include <tlm>

#include "common/bus_info.h"
#include "common/statistics.h"
#include "common/time_series.h"
#include "common/trace.h"
#include "common/transport.h"
#include "interconnect/address_map.h"
#include "interconnect/config.h"

namespace epoch {

// An access that no target range holds entirely.
struct UnmappedAccess {
  std::string initiator;
  std::uint64_t address;
  unsigned length;
  bool is_write;
};

// A transaction as its initiator sees it, answered. DMI and debug accesses are none.
struct BusAccess {
  std::uint64_t time_ps;         // lt: when it reached the bus; at: when its target answered
  const std::string& initiator;  // name
  const AddressRange* range;     // where it went; nullptr: nowhere
  std::uint64_t address;         // as the initiator says it
  const std::uint8_t* data;      // written, or read if `ok`
  unsigned length;
  bool is_write;
  bool ok;
  std::uint64_t begin_ps;  // when it reached the bus
  std::uint64_t end_ps;    // lt: when its initiator has the answer; at: when its target has it
};

// Who may be addressed where, for both transports: routes direct memory access and debug by
// address; a target sees addresses relative to its base. How transactions take time is what
// LtInterconnect and AtInterconnect add.
class Interconnect : public sc_core::sc_module {
 public:
  using TargetSocket = tlm_utils::simple_target_socket_tagged_optional<Interconnect>;
  using InitiatorSocket = tlm_utils::simple_initiator_socket_tagged_optional<Interconnect>;

  sc_core::sc_vector<TargetSocket> from_initiator;
  sc_core::sc_vector<InitiatorSocket> to_target;

  std::function<void(const UnmappedAccess&)> on_unmapped;
  // Told of every transaction after its target has answered; costs a branch while empty.
  std::function<void(const BusAccess&)> on_access;

  // Throws std::invalid_argument for a configuration that is no bus.
  Interconnect(const sc_core::sc_module_name& name, const InterconnectConfig& config);

  // Both during elaboration; bind the master's socket to the one and the other to the device's.
  // BusInfo::initiator is the number of initiators added before. lt: with `reserves` it queues for
  // shared resources; at: everybody does.
  TargetSocket& add_initiator(const std::string& name, bool reserves);
  // `speaks`: what the target's socket takes. Throws std::invalid_argument, naming both ranges, if
  // the new one overlaps an earlier one.
  InitiatorSocket& add_target(const std::string& name, std::uint64_t base, std::uint64_t size,
                              Transport speaks = Transport::lt);

  const AddressMap& map() const { return map_; }
  void attach_trace(TraceSink& sink);
  // Bytes of each initiator, at the time at which it has its answer.
  void record_series(SeriesSet& set);
  virtual void statistics(Statistics& out) const;

 protected:
  struct Traffic {
    std::uint64_t reads = 0, writes = 0, read_bytes = 0, write_bytes = 0, errors = 0;
    std::uint64_t busy_ps = 0, waiting_ps = 0;

    void count(const tlm::tlm_generic_payload& payload);
  };
  struct Initiator {
    std::string name;
    BusInfo info;
    Traffic traffic;
    TracePoint address, target;
    DirectedSeries bytes;
  };
  struct Target {
    std::string name;
    Transport speaks;
    Traffic traffic;
    TracePoint busy, owner;
  };

  // The transport's own interface, of a socket that is being handed out.
  virtual void serve(TargetSocket& socket, int tag) = 0;
  virtual void serve(InitiatorSocket& socket, int tag);
  void end_of_elaboration() override;

  void tell_unmapped(const Initiator& initiator, const tlm::tlm_generic_payload& payload) const;
  // Its initiator, which has `bytes`, has the answer at `ps`.
  static void record_answer(const Initiator& initiator, const tlm::tlm_generic_payload& payload,
                            std::uint64_t ps);
  void trace_request(Initiator& initiator, std::uint64_t ps, std::uint64_t address,
                     std::size_t port);
  void trace_busy(Target& target, unsigned initiator, std::uint64_t from_ps, std::uint64_t to_ps);
  std::uint64_t beats(std::uint64_t bytes) const {
    return (bytes + width_bytes_ - 1) / width_bytes_;
  }
  // Those of a burst that begins at `address`: a beat's bytes are aligned, as AXI's are.
  std::uint64_t beats(std::uint64_t address, std::uint64_t bytes) const {
    return beats(address % width_bytes_ + bytes);
  }
  std::uint64_t period_ps() const { return period_ps_; }

  AddressMap map_;
  std::deque<Initiator> initiators_;  // deque: a payload in flight points at its initiator's info
  std::deque<Target> targets_;        // by AddressRange::port

 private:
  bool get_direct_mem_ptr(int id, tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi);
  unsigned transport_dbg(int id, tlm::tlm_generic_payload& payload);
  void invalidate_direct_mem_ptr(int port, sc_dt::uint64 start, sc_dt::uint64 end);
  void report(Statistics& out, const std::string& scope, const Traffic& traffic) const;

  const std::uint64_t period_ps_;
  const unsigned width_bytes_;
};

}  // namespace epoch
