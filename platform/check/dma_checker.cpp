// SPDX-License-Identifier: Apache-2.0
#include "check/dma_checker.h"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace epoch {
namespace {

constexpr unsigned kInput = 8, kOutput = 4, kRead = 2, kWrite = 1;  // sets of a fence

bool before(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::int32_t>(a - b) < 0;
}

// Bytes of a word that lie in the range, a bit each.
std::uint8_t mask_of(std::uint64_t word, const ByteRange& range) {
  unsigned mask = 15;
  if (range.begin > word) mask &= 15u << (range.begin - word);
  if (range.end < word + 4) mask &= 15u >> (word + 4 - range.end);
  return static_cast<std::uint8_t>(mask & 15u);
}

std::string hex(std::uint64_t address) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%08llx", static_cast<unsigned long long>(address));
  return text;
}

}  // namespace

const char* DmaChecker::name_of(Kind kind) {
  constexpr const char* names[] = {"unfenced_doorbell",   "owned_write",   "early_read",
                                   "unfenced_completion", "missing_clean", "missing_invalidate"};
  return names[kind];
}

DmaChecker::DmaChecker(bool coherent, unsigned devices, std::uint32_t block_bytes)
    : coherent_(coherent), block_bytes_(block_bytes), submissions_(devices) {}

// ---- Shadow of memory -------------------------------------------------------------------------

DmaChecker::Page* DmaChecker::find_page(std::uint64_t number) {
  if (number == last_number_) return last_page_;
  const auto found = pages_.find(number);
  if (found == pages_.end()) return nullptr;
  last_number_ = number;
  last_page_ = found->second.get();
  return last_page_;
}

DmaChecker::Page& DmaChecker::page_of(std::uint64_t address) {
  const std::uint64_t number = address >> kPageBits;
  if (Page* page = find_page(number)) return *page;
  std::unique_ptr<Page>& made = pages_[number];
  made = std::make_unique<Page>();
  last_number_ = number;
  last_page_ = made.get();
  return *made;
}

// Of the pages that exist: function(page, word, address, mask of the range's bytes).
template <typename Function>
void DmaChecker::for_words(const ByteRange& range, Function function) {
  for (std::uint64_t number = range.begin >> kPageBits; number << kPageBits < range.end; ++number) {
    Page* const page = find_page(number);
    if (page == nullptr) continue;
    const std::uint64_t base = number << kPageBits;
    const std::uint64_t first = std::max(range.begin & ~std::uint64_t{3}, base);
    const std::uint64_t end = std::min(range.end, base + (std::uint64_t{1} << kPageBits));
    for (std::uint64_t at = first; at < end; at += 4)
      if (!function(*page, page->words[(at - base) / 4], at, mask_of(at, range))) break;
  }
}

// ---- The hart ---------------------------------------------------------------------------------

const DmaChecker::Piece* DmaChecker::owner(const Pieces& pieces, std::uint32_t address,
                                           unsigned bytes, bool writers_only) const {
  if (pieces.empty()) return nullptr;
  const auto page = pieces.find(address >> kPageBits);
  if (page == pieces.end()) return nullptr;
  for (const Piece& piece : page->second)
    if (piece.begin < std::uint64_t{address} + bytes && address < piece.end &&
        (piece.is_write || !writers_only))
      return &piece;
  return nullptr;
}

void DmaChecker::on_load(std::uint32_t address, unsigned bytes) {
  if (const Piece* piece = owner(owned_, address, bytes, true)) {
    report(early_read, piece->device, piece->sequence,
           access_text("loads", address, bytes) + " that " + owner_text(*piece) +
               " may still write; fix: wait until COMPLETED has passed " +
               std::to_string(piece->sequence));
    return;
  }
  if (const Piece* piece = owner(completed_, address, bytes, true)) {
    report(unfenced_completion, piece->device, piece->sequence,
           access_text("loads", address, bytes) + " that " + owner_text(*piece) +
               " has written, without a fence since it was seen complete; fix: fence i,r between "
               "the register read and the load");
    return;
  }
  if (coherent_) return;
  Page* const page = find_page(address >> kPageBits);
  if (page == nullptr || !page->stale) return;
  const ByteRange range{address, std::uint64_t{address} + bytes};
  const std::uint64_t word = address & ~3u;
  if ((page->words[(word >> 2) % kWords].stale & mask_of(word, range)) == 0) return;
  const std::vector<Piece>& writers = writers_[address >> kPageBits];
  const auto piece = std::find_if(writers.rbegin(), writers.rend(), [&](const Piece& writer) {
    return writer.begin < range.end && range.begin < writer.end;
  });
  if (piece == writers.rend()) return;
  report(missing_invalidate, piece->device, piece->sequence,
         access_text("loads", address, bytes) + " that " + owner_text(*piece) +
             " has written, but its cache may hold what was there before; fix: invalidate it "
             "(hal_dma_sync_for_cpu) after the completion");
}

void DmaChecker::on_store(std::uint32_t address, unsigned bytes) {
  if (const Piece* piece = owner(owned_, address, bytes, false)) {
    const std::string sequence = std::to_string(piece->sequence);
    report(owned_write, piece->device, piece->sequence,
           access_text("stores", address, bytes) + " that " + owner_text(*piece) +
               (piece->is_slot
                    ? " lies in; fix: wait until RING_HEAD has passed " + sequence
                    : std::string(piece->is_write ? " may still write" : " may still read") +
                          "; fix: wait until COMPLETED has passed " + sequence));
  }
  Page& page = page_of(address);
  page.epoch = epoch_;
  page.dirty = page.dirty || !coherent_;
  const ByteRange range{address, std::uint64_t{address} + bytes};
  const std::uint64_t at = address & ~3u;
  Word& word = page.words[(at >> 2) % kWords];
  const std::uint8_t mask = mask_of(at, range);
  word.unfenced = static_cast<std::uint8_t>(word.epoch == epoch_ ? word.unfenced | mask : mask);
  word.epoch = epoch_;
  word.pc = pc ? pc() : 0;
  if (coherent_) return;
  word.dirty = static_cast<std::uint8_t>(word.dirty | mask);
  word.stale = static_cast<std::uint8_t>(word.stale & ~mask);
}

void DmaChecker::on_fence(unsigned predecessors, unsigned successors) {
  if ((predecessors & kWrite) != 0 && (successors & kOutput) != 0) ++epoch_;
  if ((predecessors & kInput) != 0 && (successors & kRead) != 0) completed_.clear();
}

// Writing back is a store for the order: a fence has to follow. An invalidation writes nothing
// back, so it leaves dirty what was.
void DmaChecker::on_block(BlockOperation operation, std::uint32_t address) {
  if (coherent_) return;
  const std::uint64_t begin = address & ~(block_bytes_ - 1);
  for_words({begin, begin + block_bytes_}, [&](Page& page, Word& word, std::uint64_t,
                                               std::uint8_t) {
    if (operation != BlockOperation::invalidate && word.dirty != 0) {
      word.unfenced =
          static_cast<std::uint8_t>(word.epoch == epoch_ ? word.unfenced | word.dirty : word.dirty);
      word.epoch = page.epoch = epoch_;
      word.dirty = 0;
    }
    if (operation != BlockOperation::clean) word.stale = 0;
    return true;
  });
}

// ---- The device -------------------------------------------------------------------------------

void DmaChecker::submitted(unsigned device, Submission submission) {
  check_handed_over(device, submission, submission.slot, true, false);
  own(device, submission, submission.slot, false, true);
  for (const ByteRange& range : submission.reads) {
    check_handed_over(device, submission, range, false, false);
    own(device, submission, range, false, false);
  }
  for (const ByteRange& range : submission.writes) {
    check_handed_over(device, submission, range, false, true);
    own(device, submission, range, true, false);
  }
  submissions_[device].push_back(std::move(submission));
}

// Every store before the doorbell must have been ordered before it, and have left the cache. A
// dirty block over what the device writes might be written back on top of it.
void DmaChecker::check_handed_over(unsigned device, const Submission& submission,
                                   const ByteRange& range, bool is_slot, bool is_write) {
  const std::string command =
      command_text(submission.sequence, submission.opcode, submission.context);
  const std::string use = is_slot    ? ", whose slot is "
                          : is_write ? ", which writes "
                                     : ", which reads ";
  bool fenced = true;
  for_words(range, [&](Page& page, Word& word, std::uint64_t at, std::uint8_t mask) {
    if (!fenced || page.epoch != epoch_) return false;
    if (word.epoch != epoch_ || (word.unfenced & mask) == 0) return true;
    fenced = false;
    report(unfenced_doorbell, device, submission.sequence,
           "hart rings the doorbell at " + place(pc ? pc() : 0) + " for " + command + " of " +
               device_name(device) + use + range_text(kBusSpace, range) + ", stored to at " +
               hex(at) + " by " + place(word.pc) +
               ", and no fence orders the two; fix: fence w,o before the doorbell");
    return false;
  });
  if (coherent_) return;
  ByteRange blocks = range;
  if (is_write) {
    blocks.begin &= ~std::uint64_t{block_bytes_ - 1};
    blocks.end = (blocks.end + block_bytes_ - 1) & ~std::uint64_t{block_bytes_ - 1};
  }
  bool clean = true;
  for_words(blocks, [&](Page& page, Word& word, std::uint64_t at, std::uint8_t mask) {
    if (!clean || !page.dirty) return false;
    if ((word.dirty & mask) == 0) return true;
    clean = false;
    report(missing_clean, device, submission.sequence,
           "hart rings the doorbell at " + place(pc ? pc() : 0) + " for " + command + " of " +
               device_name(device) + use + range_text(kBusSpace, range) + ", while the store to " +
               hex(at) + " by " + place(word.pc) +
               " may still be in its cache; fix: clean it (hal_dma_sync_for_device) before");
    return false;
  });
}

void DmaChecker::own(unsigned device, const Submission& submission, const ByteRange& range,
                     bool is_write, bool is_slot) {
  for (std::uint64_t number = range.begin >> kPageBits; number << kPageBits < range.end; ++number)
    owned_[number].push_back({range.begin, range.end, device, submission.sequence,
                              submission.opcode, submission.context, is_write, is_slot});
}

void DmaChecker::drop(Pieces& pieces, const ByteRange& range, unsigned device,
                      std::uint32_t sequence, bool slots_only) {
  for (std::uint64_t number = range.begin >> kPageBits; number << kPageBits < range.end; ++number) {
    const auto page = pieces.find(number);
    if (page == pieces.end()) continue;
    std::vector<Piece>& list = page->second;
    list.erase(std::remove_if(list.begin(), list.end(),
                              [&](const Piece& piece) {
                                return piece.device == device && piece.sequence == sequence &&
                                       (piece.is_slot || !slots_only);
                              }),
               list.end());
    if (list.empty()) pieces.erase(page);
  }
}

void DmaChecker::release_slot(unsigned device, const Submission& submission) {
  drop(owned_, submission.slot, device, submission.sequence, true);
}

// The hart's again; what was written may be read after a fence, and after an invalidation.
void DmaChecker::release(unsigned device, const Submission& submission) {
  release_slot(device, submission);
  for (const ByteRange& range : submission.reads)
    drop(owned_, range, device, submission.sequence, false);
  for (const ByteRange& range : submission.writes) {
    drop(owned_, range, device, submission.sequence, false);
    const Piece piece{range.begin,       range.end,          device, submission.sequence,
                      submission.opcode, submission.context, true,   false};
    for (std::uint64_t number = range.begin >> kPageBits; number << kPageBits < range.end;
         ++number) {
      completed_[number].push_back(piece);
      if (!coherent_) {
        page_of(number << kPageBits).stale = true;
        std::vector<Piece>& list = writers_[number];
        list.erase(std::remove_if(list.begin(), list.end(),
                                  [&](const Piece& older) {
                                    return range.begin <= older.begin && older.end <= range.end;
                                  }),
                   list.end());
        list.push_back(piece);
      }
    }
    if (coherent_) continue;
    for_words(range, [](Page&, Word& word, std::uint64_t, std::uint8_t mask) {
      word.stale = static_cast<std::uint8_t>(word.stale | mask);
      return true;
    });
  }
}

void DmaChecker::withdrawn(unsigned device, std::uint32_t tail) {
  std::deque<Submission>& list = submissions_[device];
  while (!list.empty() && !before(list.back().sequence, tail)) {
    const Submission& last = list.back();
    release_slot(device, last);
    for (const auto* ranges : {&last.reads, &last.writes})
      for (const ByteRange& range : *ranges) drop(owned_, range, device, last.sequence, false);
    list.pop_back();
  }
}

void DmaChecker::fetched(unsigned device, std::uint32_t head) {
  for (Submission& submission : submissions_[device]) {
    if (!before(submission.sequence, head)) break;
    if (!submission.is_fetched) release_slot(device, submission);
    submission.is_fetched = true;
  }
}

void DmaChecker::completed(unsigned device, std::uint32_t counter) {
  std::deque<Submission>& list = submissions_[device];
  while (!list.empty() && before(list.front().sequence, counter)) {
    release(device, list.front());
    list.pop_front();
  }
}

void DmaChecker::drained(unsigned device) {
  for (const Submission& submission : submissions_[device]) release(device, submission);
  submissions_[device].clear();
}

// ---- Words ------------------------------------------------------------------------------------

// One finding of a kind a command.
void DmaChecker::report(Kind kind, unsigned device, std::uint32_t sequence,
                        const std::string& text) {
  if (!reported_.insert({kind, device, sequence}).second) return;
  if (on_finding) on_finding(kind, text);
}

std::string DmaChecker::owner_text(const Piece& piece) const {
  return command_text(piece.sequence, piece.opcode, piece.context) + " of " +
         device_name(piece.device) + " (" + range_text(kBusSpace, {piece.begin, piece.end}) + ")";
}

std::string DmaChecker::access_text(const char* verb, std::uint32_t address, unsigned bytes) const {
  return std::string("hart ") + verb + " " + std::to_string(bytes) +
         (bytes == 1 ? " byte at " : " bytes at ") + hex(address) + ", pc " + place(pc ? pc() : 0) +
         ",";
}

}  // namespace epoch
