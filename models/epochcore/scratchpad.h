// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <array>
#include <cstdint>
#include <systemc>
#include <tlm>
#include <vector>

#include "common/statistics.h"
#include "epochcore/config.h"
#include "epochcore/tile_access.h"

namespace epoch {

// Who accesses a buffer; index of its target sockets.
enum ScratchpadPort : unsigned { port_dma_in, port_dma_out, port_pe_grid, port_vector_unit };
constexpr unsigned scratchpad_ports = 4;

// One banked on-chip buffer. Bytes move when the transaction is made; time is bandwidth: `peak`
// bytes a cycle, of which a running array command owns what it claimed. DMA and vector unit share
// the rest, first come first served, and wait where nothing is left. With `bank_conflicts` a tile
// takes the cycles of its busiest bank; without, banks are taken as perfectly interleaved. Ignored:
// a claim that begins after an access was granted does not push that access back.
class Scratchpad : public sc_core::sc_module {
 public:
  sc_core::sc_vector<tlm_utils::simple_target_socket_tagged<Scratchpad>> ports;

  Scratchpad(const sc_core::sc_module_name& module_name, const BufferConfig& config,
             std::uint64_t period_ps);

  // The array takes `bytes_per_cycle` from `from_ps` to `until_ps`.
  void claim(std::uint64_t bytes_per_cycle, std::uint64_t from_ps, std::uint64_t until_ps);
  void release_claims() { claims_.clear(); }

  std::uint64_t size() const { return data_.size(); }
  // The debug window's transports: whole buffer, no arbitration.
  void window_access(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  unsigned window_debug(tlm::tlm_generic_payload& payload);

  void statistics(const std::string& prefix, Statistics& out) const;

 private:
  struct Claim {
    std::uint64_t from;  // cycles
    std::uint64_t until;
    std::uint64_t rate;
  };

  void b_transport(int port, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  unsigned transport_dbg(int port, tlm::tlm_generic_payload& payload);
  bool move(tlm::tlm_generic_payload& payload);
  bool move_tile(tlm::tlm_generic_payload& payload, const TileAccess& tile);
  // Cycles in which the whole buffer serves only the busiest bank of an access.
  std::uint64_t lost_cycles(const tlm::tlm_generic_payload& payload) const;
  // Serves `bytes` from time `at_ps` on; returns the time when the last one has moved.
  std::uint64_t reserve(std::uint64_t at_ps, std::uint64_t bytes);
  std::uint64_t claimed_at(std::uint64_t cycle, std::uint64_t& until) const;

  const BufferConfig config_;
  const std::uint64_t period_ps_;
  const std::uint64_t peak_;
  std::vector<std::uint8_t> data_;
  std::vector<Claim> claims_;
  std::uint64_t free_cycle_ = 0;  // first cycle not yet given to DMA or vector unit

  std::array<std::uint64_t, scratchpad_ports> read_bytes_{};
  std::array<std::uint64_t, scratchpad_ports> written_bytes_{};
  std::uint64_t conflicts_ = 0;
  std::uint64_t conflict_cycles_ = 0;
  std::uint64_t bank_conflict_cycles_ = 0;
  std::uint64_t required_ = 0;  // largest sum of claims, bytes a cycle
};

}  // namespace epoch
