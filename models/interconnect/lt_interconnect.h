// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "interconnect/interconnect.h"

namespace epoch {

// Loosely-timed crossbar (transport "lt"): each access takes ceil(bytes / width) bus cycles; those
// of initiators with `reserves` queue for the target's port, the others pay the cycles without
// waiting and occupy nothing.
class LtInterconnect : public Interconnect {
 public:
  using Interconnect::Interconnect;

 private:
  void serve(TargetSocket& socket, int tag) override;
  void serve(InitiatorSocket& socket, int tag) override;
  void b_transport(int id, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  void route(Initiator& initiator, const AddressRange* range, tlm::tlm_generic_payload& payload,
             sc_core::sc_time& delay);
  void add_bus_time(Initiator& initiator, std::size_t port, unsigned bytes,
                    sc_core::sc_time& delay);
  void forward(Initiator& initiator, const AddressRange& range, tlm::tlm_generic_payload& payload,
               sc_core::sc_time& delay);

  std::vector<std::uint64_t> free_ps_;  // by target: when its port has served every reservation
};

}  // namespace epoch
