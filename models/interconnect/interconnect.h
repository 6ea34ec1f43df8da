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
#include "common/trace.h"
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
  std::uint64_t time_ps;         // when it reached the bus
  const std::string& initiator;  // name
  const AddressRange* range;     // where it went; nullptr: nowhere
  std::uint64_t address;         // as the initiator says it
  const std::uint8_t* data;      // written, or read if `ok`
  unsigned length;
  bool is_write;
  bool ok;
  std::uint64_t end_ps;  // when its initiator has the answer
};

// Loosely-timed crossbar (transport "lt"): routes b_transport, DMI and debug by address; a target
// sees addresses relative to its base. Each access takes ceil(bytes / width) bus cycles; those of
// initiators with `reserves` queue for the target's port, the others pay the cycles without
// waiting and occupy nothing.
class Interconnect : public sc_core::sc_module {
 public:
  using TargetSocket = tlm_utils::simple_target_socket_tagged_optional<Interconnect>;
  using InitiatorSocket = tlm_utils::simple_initiator_socket_tagged_optional<Interconnect>;

  sc_core::sc_vector<TargetSocket> from_initiator;
  sc_core::sc_vector<InitiatorSocket> to_target;

  std::function<void(const UnmappedAccess&)> on_unmapped;
  // Told of every transaction after its target has answered; costs a branch while empty.
  std::function<void(const BusAccess&)> on_access;

  Interconnect(const sc_core::sc_module_name& name, const InterconnectConfig& config);

  // Both during elaboration; bind the master's socket to the one and the other to the device's.
  // BusInfo::initiator is the number of initiators added before.
  TargetSocket& add_initiator(const std::string& name, bool reserves);
  // Throws std::invalid_argument, naming both ranges, if the new one overlaps an earlier one.
  InitiatorSocket& add_target(const std::string& name, std::uint64_t base, std::uint64_t size);

  const AddressMap& map() const { return map_; }
  void attach_trace(TraceSink& sink);
  void statistics(Statistics& out) const;

 private:
  struct Traffic {
    std::uint64_t reads = 0, writes = 0, read_bytes = 0, write_bytes = 0, errors = 0;
    std::uint64_t busy_ps = 0, waiting_ps = 0;
  };
  struct Initiator {
    std::string name;
    BusInfo info;
    Traffic traffic;
    TracePoint address, target;
  };
  struct Target {
    std::string name;
    std::uint64_t free_ps = 0;  // when the port has served every reservation so far
    Traffic traffic;
    TracePoint busy, owner;
  };

  void end_of_elaboration() override;
  void b_transport(int id, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  bool get_direct_mem_ptr(int id, tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi);
  unsigned transport_dbg(int id, tlm::tlm_generic_payload& payload);
  void invalidate_direct_mem_ptr(int port, sc_dt::uint64 start, sc_dt::uint64 end);

  void route(Initiator& initiator, const AddressRange* range, tlm::tlm_generic_payload& payload,
             sc_core::sc_time& delay);
  void refuse(const Initiator& initiator, tlm::tlm_generic_payload& payload);
  void add_bus_time(Initiator& initiator, Target& target, unsigned bytes, sc_core::sc_time& delay);
  void forward(Initiator& initiator, const AddressRange& range, tlm::tlm_generic_payload& payload,
               sc_core::sc_time& delay);
  void count(Traffic& traffic, const tlm::tlm_generic_payload& payload) const;
  void report(Statistics& out, const std::string& scope, const Traffic& traffic) const;

  const std::uint64_t period_ps_;
  const unsigned width_bytes_;
  AddressMap map_;
  std::deque<Initiator> initiators_;  // deque: a payload in flight points at its initiator's info
  std::deque<Target> targets_;        // by AddressRange::port
};

}  // namespace epoch
