// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <tlm>
#include <vector>

namespace epoch {

// The bytes behind a memory model and what TLM may do with them, without any time. Zeroed lazily by
// the host's kernel: 512 MiB cost nothing until touched. Addresses are offsets from 0.
class Storage {
 public:
  enum class Rights { read_write, read_only };
  static constexpr std::uint64_t page_bytes = 4096;

  explicit Storage(std::uint64_t size, Rights rights = Rights::read_write);
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  std::uint8_t* data() { return data_; }
  const std::uint8_t* data() const { return data_; }
  std::uint64_t size() const { return size_; }

  // Calls back after every write through serve() that touches the range, and keeps its pages out of
  // DMI. Throws std::out_of_range for a range outside the memory.
  void watch(std::uint64_t address, std::uint64_t bytes, std::function<void()> callback);

  // b_transport without time: moves the bytes, sets response status and DMI hint.
  void serve(tlm::tlm_generic_payload& payload);

  // Grants the widest range around the payload's address that holds no watched page, read-only if
  // the memory is. Refused for a watched page, and for writing to read-only memory.
  bool get_direct_mem_ptr(const tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) const;

  // Debug access, clipped at the end of the memory: writes read-only memory too (that is how a boot
  // rom is filled) and calls no watch. Returns the bytes moved.
  unsigned debug(tlm::tlm_generic_payload& payload);

 private:
  struct Watch {
    std::uint64_t first, last;
    std::function<void()> callback;
    std::uint64_t first_page_byte() const { return first / page_bytes * page_bytes; }
    std::uint64_t last_page_byte() const { return last / page_bytes * page_bytes + page_bytes - 1; }
  };

  void call_watches(std::uint64_t address, std::uint64_t bytes) const;
  bool is_watched_page(std::uint64_t address) const;

  std::uint64_t size_;
  Rights rights_;
  std::uint8_t* data_;
  std::vector<Watch> watches_;
};

}  // namespace epoch
