// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include <array>
#include <cstdint>
#include <systemc>
#include <tlm>

#include "epochcore/command.h"
#include "epochcore/tile_access.h"

namespace epoch {

// An engine's sockets to the three buffers, and one payload reused for all its tiles.
class TilePort {
 public:
  using Socket = tlm_utils::simple_initiator_socket<TilePort>;
  sc_core::sc_vector<Socket> buffers;

  TilePort() : buffers("buffers", EPOCH_BUFFERS), tile_(new TileAccess) {
    payload_.set_extension(tile_);  // the payload owns and frees it
  }

  // Both move `tile`, packed at `data`, and return when the last byte moves, from now. The decoder
  // has checked the range, so the buffer cannot refuse.
  sc_core::sc_time read(const LocalTile& tile, void* data,
                        const sc_core::sc_time& delay = sc_core::SC_ZERO_TIME) {
    return transfer(tlm::TLM_READ_COMMAND, tile, data, delay);
  }
  sc_core::sc_time write(const LocalTile& tile, const void* data,
                         const sc_core::sc_time& delay = sc_core::SC_ZERO_TIME) {
    return transfer(tlm::TLM_WRITE_COMMAND, tile, const_cast<void*>(data), delay);
  }

 private:
  sc_core::sc_time transfer(tlm::tlm_command command, const LocalTile& tile, void* data,
                            sc_core::sc_time delay) {
    const auto length = static_cast<unsigned>(tile.bytes());
    payload_.set_command(command);
    payload_.set_address(EPOCH_LOCAL_OFFSET(tile.address));
    payload_.set_data_ptr(static_cast<unsigned char*>(data));
    payload_.set_data_length(length);
    payload_.set_streaming_width(length);
    payload_.set_byte_enable_ptr(nullptr);
    payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    tile_->rows = tile.rows;
    tile_->row_bytes = tile.row_bytes;
    tile_->stride = tile.stride;
    buffers[EPOCH_LOCAL_BUFFER(tile.address)]->b_transport(payload_, delay);
    sc_assert(payload_.is_response_ok());
    return delay;
  }

  tlm::tlm_generic_payload payload_;
  TileAccess* tile_;
};

}  // namespace epoch
