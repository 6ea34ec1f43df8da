// SPDX-License-Identifier: Apache-2.0
#include "memory/storage.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <stdexcept>

#include "common/payload_check.h"

namespace epoch {

Storage::Storage(std::uint64_t size, Rights rights) : size_(size), rights_(rights) {
  if (size == 0) throw std::invalid_argument("a memory cannot have 0 bytes");
  void* const pages = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  data_ = static_cast<std::uint8_t*>(pages);
}

Storage::~Storage() {
  munmap(data_, size_);
}

void Storage::watch(std::uint64_t address, std::uint64_t bytes, std::function<void()> callback) {
  if (bytes == 0 || address >= size_ || bytes > size_ - address)
    throw std::out_of_range("watched range lies outside the memory");
  watches_.push_back({address, address + bytes - 1, std::move(callback)});
}

bool Storage::is_watched_page(std::uint64_t address) const {
  return std::any_of(watches_.begin(), watches_.end(), [address](const Watch& watch) {
    return address >= watch.first_page_byte() && address <= watch.last_page_byte();
  });
}

void Storage::call_watches(std::uint64_t address, std::uint64_t bytes) const {
  for (const Watch& watch : watches_)
    if (address <= watch.last && watch.first <= address + bytes - 1) watch.callback();
}

void Storage::serve(tlm::tlm_generic_payload& payload) {
  tlm::tlm_response_status status = check_payload(payload, size_);
  if (status == tlm::TLM_OK_RESPONSE && payload.is_write() && rights_ == Rights::read_only)
    status = tlm::TLM_COMMAND_ERROR_RESPONSE;
  payload.set_response_status(status);
  if (status != tlm::TLM_OK_RESPONSE) return;
  const std::uint64_t address = payload.get_address();
  const unsigned bytes = payload.get_data_length();
  payload.set_dmi_allowed(!is_watched_page(address));
  if (payload.is_read()) {
    std::memcpy(payload.get_data_ptr(), data_ + address, bytes);
  } else if (payload.is_write()) {
    // A cache's write-back points at what memory holds.
    std::memmove(data_ + address, payload.get_data_ptr(), bytes);
    call_watches(address, bytes);
  }
}

bool Storage::get_direct_mem_ptr(const tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) const {
  const std::uint64_t address = payload.get_address();
  std::uint64_t first = 0;
  std::uint64_t last = size_ - 1;
  bool granted = address < size_ && !(payload.is_write() && rights_ == Rights::read_only);
  for (const Watch& watch : watches_) {
    if (address > watch.last_page_byte()) {
      first = std::max(first, watch.last_page_byte() + 1);
    } else if (address < watch.first_page_byte()) {
      last = std::min(last, watch.first_page_byte() - 1);
    } else {
      first = std::max(first, watch.first_page_byte());
      last = std::min(last, watch.last_page_byte());
      granted = false;
    }
  }
  dmi.init();
  dmi.set_start_address(first);
  dmi.set_end_address(last);
  if (!granted) return false;
  dmi.set_dmi_ptr(data_ + first);
  if (rights_ == Rights::read_only) {
    dmi.allow_read();
  } else {
    dmi.allow_read_write();
  }
  return true;
}

unsigned Storage::debug(tlm::tlm_generic_payload& payload) {
  const std::uint64_t address = payload.get_address();
  if (address >= size_) return 0;
  const std::uint64_t room = size_ - address;
  const auto bytes =
      static_cast<unsigned>(std::min<std::uint64_t>(payload.get_data_length(), room));
  if (payload.is_read()) {
    std::memcpy(payload.get_data_ptr(), data_ + address, bytes);
  } else if (payload.is_write()) {
    std::memcpy(data_ + address, payload.get_data_ptr(), bytes);
  }
  return bytes;
}

}  // namespace epoch
