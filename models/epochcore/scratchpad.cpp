// SPDX-License-Identifier: Apache-2.0
#include "epochcore/scratchpad.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "common/payload_check.h"
#include "common/sim_time.h"
#include "epochcore/bank_conflicts.h"

namespace epoch {

namespace {

constexpr const char* port_names[scratchpad_ports] = {"dma_in", "dma_out", "pe_grid",
                                                      "vector_unit"};

}  // namespace

Scratchpad::Scratchpad(const sc_core::sc_module_name& module_name, const BufferConfig& config,
                       std::uint64_t period_ps)
    : sc_module(module_name),
      ports("ports", scratchpad_ports),
      config_(config),
      period_ps_(period_ps),
      peak_(config.peak_bytes()),
      data_(config.size_bytes()) {
  for (unsigned i = 0; i < scratchpad_ports; ++i) {
    ports[i].register_b_transport(this, &Scratchpad::b_transport, static_cast<int>(i));
    ports[i].register_transport_dbg(this, &Scratchpad::transport_dbg, static_cast<int>(i));
  }
}

void Scratchpad::claim(std::uint64_t bytes_per_cycle, std::uint64_t from_ps,
                       std::uint64_t until_ps) {
  const std::uint64_t now = now_ps() / period_ps_;
  claims_.erase(std::remove_if(claims_.begin(), claims_.end(),
                               [now](const Claim& old) { return old.until <= now; }),
                claims_.end());
  if (bytes_per_cycle == 0) return;
  const std::uint64_t from = from_ps / period_ps_;
  claims_.push_back({from, cycles_up_to(until_ps, period_ps_), bytes_per_cycle});
  std::uint64_t until = 0;
  required_ = std::max(required_, claimed_at(from, until));
}

// Bytes a cycle that the array owns at `cycle`, and the next cycle at which that may change.
std::uint64_t Scratchpad::claimed_at(std::uint64_t cycle, std::uint64_t& until) const {
  std::uint64_t rate = 0;
  until = ~std::uint64_t{0};
  for (const Claim& claim : claims_) {
    if (cycle < claim.from) {
      until = std::min(until, claim.from);
    } else if (cycle < claim.until) {
      rate += claim.rate;
      until = std::min(until, claim.until);
    }
  }
  return rate;
}

std::uint64_t Scratchpad::reserve(std::uint64_t at_ps, std::uint64_t bytes) {
  const std::uint64_t arrival = cycles_up_to(at_ps, period_ps_);
  std::uint64_t cycle = std::max(arrival, free_cycle_);
  std::uint64_t left = bytes;
  while (left > 0) {
    std::uint64_t until = 0;
    const std::uint64_t claimed = claimed_at(cycle, until);
    const std::uint64_t rate = claimed < peak_ ? peak_ - claimed : 0;
    if (rate == 0) {
      cycle = until;
      continue;
    }
    const std::uint64_t needed = (left + rate - 1) / rate;
    const std::uint64_t cycles = std::min(needed, until - cycle);
    left -= std::min(left, cycles * rate);
    cycle += cycles;
  }
  free_cycle_ = cycle;
  const std::uint64_t unloaded = arrival + (bytes + peak_ - 1) / peak_;
  if (cycle > unloaded) {
    ++conflicts_;
    conflict_cycles_ += cycle - unloaded;
  }
  return cycle * period_ps_;
}

bool Scratchpad::move_tile(tlm::tlm_generic_payload& payload, const TileAccess& tile) {
  const std::uint64_t total = std::uint64_t{tile.rows} * tile.row_bytes;
  const auto size = static_cast<std::int64_t>(data_.size());
  const std::uint64_t start = payload.get_address();
  if (total == 0 || total != payload.get_data_length() || start >= data_.size()) return false;
  // With rows that lie in the buffer only if both ends do, the first and the last row decide.
  const auto first = static_cast<std::int64_t>(start);
  const std::int64_t limit = size / std::max<std::int64_t>(1, std::abs(tile.stride));
  if (tile.rows > 1 && tile.stride != 0 && tile.rows - 1 > limit) return false;
  const std::int64_t last = first + tile.stride * (static_cast<std::int64_t>(tile.rows) - 1);
  if (last < 0 || std::max(first, last) + tile.row_bytes > size) return false;
  std::uint8_t* packed = payload.get_data_ptr();
  std::int64_t place = first;
  for (std::uint32_t row = 0; row < tile.rows; ++row) {
    std::uint8_t* here = data_.data() + place;
    if (payload.is_read())
      std::memcpy(packed, here, tile.row_bytes);
    else
      std::memcpy(here, packed, tile.row_bytes);
    packed += tile.row_bytes;
    place += tile.stride;
  }
  return true;
}

bool Scratchpad::move(tlm::tlm_generic_payload& payload) {
  tlm::tlm_response_status status = check_payload_shape(payload);
  if (status == tlm::TLM_OK_RESPONSE) {
    TileAccess row;
    row.row_bytes = payload.get_data_length();
    const TileAccess* tile = nullptr;
    payload.get_extension(tile);
    if (!payload.is_read() && !payload.is_write())
      status = tlm::TLM_COMMAND_ERROR_RESPONSE;
    else if (!move_tile(payload, tile != nullptr ? *tile : row))
      status = tlm::TLM_ADDRESS_ERROR_RESPONSE;
  }
  payload.set_response_status(status);
  return status == tlm::TLM_OK_RESPONSE;
}

void Scratchpad::b_transport(int port, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  if (!move(payload)) return;
  const std::uint64_t bytes = payload.get_data_length();
  auto& counted = payload.is_read() ? read_bytes_ : written_bytes_;
  counted[static_cast<unsigned>(port)] += bytes;
  if (port == port_pe_grid) return;  // its bandwidth is claimed, its time is its schedule's
  const std::uint64_t lost = lost_cycles(payload);
  bank_conflict_cycles_ += lost;
  delay = from_ps(reserve(now_ps(delay), bytes + lost * peak_) - now_ps());
}

std::uint64_t Scratchpad::lost_cycles(const tlm::tlm_generic_payload& payload) const {
  if (!config_.bank_conflicts) return 0;
  const TileAccess* tile = payload.get_extension<TileAccess>();
  if (tile == nullptr) return 0;
  const LocalTile rows{static_cast<std::uint32_t>(payload.get_address()), tile->rows,
                       tile->row_bytes, static_cast<std::int32_t>(tile->stride)};
  return cycles_lost_to_banks(rows, config_.width_bytes, config_.banks);
}

unsigned Scratchpad::transport_dbg(int, tlm::tlm_generic_payload& payload) {
  return window_debug(payload);
}

void Scratchpad::window_access(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  if (move(payload)) delay += from_ps(period_ps_);
}

unsigned Scratchpad::window_debug(tlm::tlm_generic_payload& payload) {
  const std::uint64_t address = payload.get_address();
  if (address >= data_.size()) return 0;
  const auto length = static_cast<unsigned>(
      std::min<std::uint64_t>(payload.get_data_length(), data_.size() - address));
  if (payload.is_read())
    std::memcpy(payload.get_data_ptr(), data_.data() + address, length);
  else if (payload.is_write())
    std::memcpy(data_.data() + address, payload.get_data_ptr(), length);
  else
    return 0;
  return length;
}

void Scratchpad::statistics(const std::string& prefix, Statistics& out) const {
  for (unsigned i = 0; i < scratchpad_ports; ++i) {
    const std::string port = prefix + "." + port_names[i];
    out.push_back({port + ".read_bytes", read_bytes_[i], "B",
                   std::string("Bytes that ") + port_names[i] + " read from the buffer"});
    out.push_back({port + ".written_bytes", written_bytes_[i], "B",
                   std::string("Bytes that ") + port_names[i] + " wrote to the buffer"});
  }
  out.push_back(
      {prefix + ".conflicts", conflicts_, "access", "DMA and vector accesses that others delayed"});
  out.push_back({prefix + ".conflict_cycles", conflict_cycles_, "cycle",
                 "Cycles by which they were delayed"});
  out.push_back(
      {prefix + ".bank_conflict_cycles", bank_conflict_cycles_, "cycle",
       "Cycles that strided tiles waited for their busiest bank; 0 unless bank_conflicts"});
  out.push_back({prefix + ".required", required_, "B/cycle",
                 "Largest bandwidth that array commands claimed"});
  out.push_back({prefix + ".available", peak_, "B/cycle", "Banks times bank width"});
}

}  // namespace epoch
