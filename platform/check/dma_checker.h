// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "check/command_access.h"
#include "cpu/hart.h"

namespace epoch {

// A command as the doorbell hands it over: its slot in the ring, and the memory it will read and
// write.
struct Submission {
  std::uint32_t sequence = 0;
  unsigned opcode = 0;
  std::uint16_t context = 0;
  ByteRange slot;
  std::vector<ByteRange> reads, writes;
  bool is_fetched = false;  // the hart knows
};

// Holds the hart to the contract's memory model: what it must do before a doorbell and after a
// completion, and what it must leave alone between them. Everything comes in the hart's program
// order, so nothing depends on how far the hart runs ahead. Plain C++.
class DmaChecker : public MemoryObserver {
 public:
  enum Kind {
    unfenced_doorbell,    // no fence w,o between a store and the doorbell
    owned_write,          // a store to what the device may still read or write
    early_read,           // a load of what the device may still write
    unfenced_completion,  // no fence i,r between the completion and the load
    missing_clean,        // not coherent: a store that is still in the hart's cache
    missing_invalidate,   // not coherent: the hart's cache may hold what was there before
    kinds
  };
  static const char* name_of(Kind kind);

  std::function<void(Kind, const std::string&)> on_finding;
  std::function<std::uint32_t()> pc;                // of the hart's instruction
  std::function<std::string(std::uint32_t)> place;  // that in words
  std::function<std::string(unsigned)> device_name;

  explicit DmaChecker(bool coherent, unsigned devices = 1, std::uint32_t block_bytes = 64);

  // The hart's side.
  void on_load(std::uint32_t address, unsigned bytes) override;
  void on_store(std::uint32_t address, unsigned bytes) override;
  void on_fence(unsigned predecessors, unsigned successors) override;
  void on_block(BlockOperation operation, std::uint32_t address) override;

  // The doorbell that covers the command, in ring order.
  void submitted(unsigned device, Submission submission);
  // The doorbell has taken back what is not before `tail`.
  void withdrawn(unsigned device, std::uint32_t tail);
  // The hart has seen that these have been copied in; have completed; that nothing runs or will.
  void fetched(unsigned device, std::uint32_t head);
  void completed(unsigned device, std::uint32_t counter);
  void drained(unsigned device);

 private:
  static constexpr unsigned kPageBits = 12, kWords = 1u << (kPageBits - 2);

  struct Piece {  // of a page, what a command owns
    std::uint64_t begin, end;
    unsigned device;
    std::uint32_t sequence;
    unsigned opcode;
    std::uint16_t context;
    bool is_write, is_slot;
  };
  using Pieces = std::unordered_map<std::uint64_t, std::vector<Piece>>;  // by page
  struct Word {
    std::uint32_t epoch = 0;  // of the last store
    std::uint32_t pc = 0;
    std::uint8_t unfenced = 0;  // bytes stored in that epoch, a bit each
    std::uint8_t dirty = 0;
    std::uint8_t stale = 0;
  };
  struct Page {
    std::array<Word, kWords> words;
    std::uint32_t epoch = 0;  // of the last store
    bool dirty = false, stale = false;
  };

  Page& page_of(std::uint64_t address);
  Page* find_page(std::uint64_t number);
  template <typename Function>
  void for_words(const ByteRange& range, Function function);
  void check_handed_over(unsigned device, const Submission& submission, const ByteRange& range,
                         bool is_slot, bool is_write);
  void own(unsigned device, const Submission& submission, const ByteRange& range, bool is_write,
           bool is_slot);
  void release_slot(unsigned device, const Submission& submission);
  void release(unsigned device, const Submission& submission);
  static void drop(Pieces& pieces, const ByteRange& range, unsigned device, std::uint32_t sequence,
                   bool slots_only);
  const Piece* owner(const Pieces& pieces, std::uint32_t address, unsigned bytes,
                     bool writers_only) const;
  void report(Kind kind, unsigned device, std::uint32_t sequence, const std::string& text);
  std::string owner_text(const Piece& piece) const;
  std::string access_text(const char* verb, std::uint32_t address, unsigned bytes) const;

  const bool coherent_;
  const std::uint32_t block_bytes_;
  std::uint32_t epoch_ = 1;  // counts fences w,o
  std::unordered_map<std::uint64_t, std::unique_ptr<Page>> pages_;
  std::uint64_t last_number_ = ~std::uint64_t{0};
  Page* last_page_ = nullptr;
  Pieces owned_;
  Pieces completed_;                                 // seen complete, and no fence i,r since
  std::vector<std::deque<Submission>> submissions_;  // by device, in ring order
  Pieces writers_;                                   // of stale bytes, the latest last
  std::set<std::tuple<int, unsigned, std::uint32_t>> reported_;
};

}  // namespace epoch
