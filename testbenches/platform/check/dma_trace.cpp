// SPDX-License-Identifier: Apache-2.0
#include "platform/check/dma_trace.h"

#include <algorithm>
#include <sstream>

namespace epoch::test {
namespace {

constexpr std::uint64_t kBlock = 64;

bool holds(const std::vector<ByteRange>& ranges, std::uint64_t byte) {
  return std::any_of(ranges.begin(), ranges.end(), [byte](const ByteRange& range) {
    return range.begin <= byte && byte < range.end;
  });
}

class Definition {
 public:
  Definition(const DmaTrace& trace, bool coherent) : trace_(trace), coherent_(coherent) {}

  DmaFindings find() {
    for (std::size_t at = 0; at < trace_.size(); ++at) {
      if (trace_[at].kind == DmaEvent::submit) submit(at);
      if (trace_[at].kind == DmaEvent::store) store(at);
      if (trace_[at].kind == DmaEvent::load) load(at);
    }
    return findings_;
  }

 private:
  bool covers(std::size_t at, std::uint64_t byte) const {
    const DmaEvent& event = trace_[at];
    return event.address <= byte && byte < std::uint64_t{event.address} + event.bytes;
  }
  bool in_block(std::size_t at, std::uint64_t byte) const {
    return trace_[at].kind == DmaEvent::block && trace_[at].address / kBlock == byte / kBlock;
  }
  bool writes_back(std::size_t at, std::uint64_t byte) const {
    return in_block(at, byte) && trace_[at].operation != BlockOperation::invalidate;
  }
  // Stored to before `at`, and not written back since.
  bool dirty(std::size_t at, std::uint64_t byte) const {
    while (at-- > 0) {
      if (writes_back(at, byte)) return false;
      if (trace_[at].kind == DmaEvent::store && covers(at, byte)) return true;
    }
    return false;
  }
  bool fence_between(std::size_t from, std::size_t to, unsigned before, unsigned after) const {
    for (std::size_t at = from + 1; at < to; ++at)
      if (trace_[at].kind == DmaEvent::fence && (trace_[at].before & before) != 0 &&
          (trace_[at].after & after) != 0)
        return true;
    return false;
  }
  // When the hart knew that the command submitted at `at` had completed, or been fetched.
  std::size_t end_of(std::size_t at, bool slot) const {
    const std::uint32_t sequence = trace_[at].submission.sequence;
    for (std::size_t later = at + 1; later < trace_.size(); ++later) {
      const DmaEvent& event = trace_[later];
      if (event.kind == DmaEvent::drained) return later;
      const bool counts =
          event.kind == DmaEvent::completed || (slot && event.kind == DmaEvent::fetched);
      if (counts && static_cast<std::int32_t>(event.counter - sequence) > 0) return later;
    }
    return trace_.size();
  }

  void submit(std::size_t at) {
    const Submission& s = trace_[at].submission;
    std::vector<ByteRange> all = s.reads;
    all.insert(all.end(), s.writes.begin(), s.writes.end());
    all.push_back(s.slot);
    for (const ByteRange& range : all)
      for (std::uint64_t byte = range.begin; byte < range.end; ++byte)
        for (std::size_t i = 0; i < at; ++i) {
          const bool moved = (trace_[i].kind == DmaEvent::store && covers(i, byte)) ||
                             (!coherent_ && writes_back(i, byte) && dirty(i, byte));
          if (moved && !fence_between(i, at, 1, 4)) add(DmaChecker::unfenced_doorbell, s.sequence);
        }
    if (coherent_) return;
    for (const ByteRange& range : s.writes)
      for (std::uint64_t byte = range.begin / kBlock * kBlock;
           byte < (range.end + kBlock - 1) / kBlock * kBlock; ++byte)
        if (dirty(at, byte)) add(DmaChecker::missing_clean, s.sequence);
    all = s.reads;
    all.push_back(s.slot);
    for (const ByteRange& range : all)
      for (std::uint64_t byte = range.begin; byte < range.end; ++byte)
        if (dirty(at, byte)) add(DmaChecker::missing_clean, s.sequence);
  }

  void store(std::size_t at) {
    for (std::size_t i = 0; i < at; ++i) {
      if (trace_[i].kind != DmaEvent::submit) continue;
      const Submission& s = trace_[i].submission;
      for (unsigned b = 0; b < trace_[at].bytes; ++b) {
        const std::uint64_t byte = std::uint64_t{trace_[at].address} + b;
        const bool data = holds(s.reads, byte) || holds(s.writes, byte);
        if ((data && at < end_of(i, false)) || (holds({s.slot}, byte) && at < end_of(i, true)))
          add(DmaChecker::owned_write, s.sequence);
      }
    }
  }

  // A load has one finding: the gravest, about the earliest command (of stale bytes, the latest).
  void load(std::size_t at) {
    for (const int kind : {DmaChecker::early_read, DmaChecker::unfenced_completion,
                           DmaChecker::missing_invalidate}) {
      std::vector<std::uint32_t> sequences;
      for (std::size_t i = 0; i < at; ++i) {
        if (trace_[i].kind != DmaEvent::submit) continue;
        const Submission& s = trace_[i].submission;
        for (unsigned b = 0; b < trace_[at].bytes; ++b) {
          const std::uint64_t byte = std::uint64_t{trace_[at].address} + b;
          if (holds(s.writes, byte) && wrong(kind, at, end_of(i, false), byte))
            sequences.push_back(s.sequence);
        }
      }
      if (sequences.empty()) continue;
      const bool latest = kind == DmaChecker::missing_invalidate;
      return add(kind, latest ? sequences.back() : sequences.front());
    }
  }
  bool wrong(int kind, std::size_t at, std::size_t end, std::uint64_t byte) const {
    if (kind == DmaChecker::early_read) return at < end;
    if (end > at) return false;
    if (kind == DmaChecker::unfenced_completion) return !fence_between(end, at, 8, 2);
    if (coherent_) return false;
    for (std::size_t i = end + 1; i < at; ++i) {
      if (trace_[i].kind == DmaEvent::store && covers(i, byte)) return false;
      if (in_block(i, byte) && trace_[i].operation != BlockOperation::clean) return false;
    }
    return true;
  }
  void add(int kind, std::uint32_t sequence) { findings_.insert({kind, sequence}); }

  const DmaTrace& trace_;
  const bool coherent_;
  DmaFindings findings_;
};

}  // namespace

DmaFindings defined(const DmaTrace& trace, bool coherent) {
  return Definition(trace, coherent).find();
}

DmaFindings checked(const DmaTrace& trace, bool coherent, std::vector<std::string>* texts) {
  DmaFindings findings;
  DmaChecker checker(coherent);
  std::uint32_t pc = 0;
  checker.pc = [&pc] { return pc; };
  checker.place = [](std::uint32_t at) { return "event " + std::to_string(at); };
  checker.device_name = [](unsigned) { return "epochcore"; };
  checker.on_finding = [&](DmaChecker::Kind kind, const std::string& words) {
    // "... command N ..." names the command.
    const std::size_t at = words.find("command ") + 8;
    findings.insert({kind, static_cast<std::uint32_t>(std::stoul(words.substr(at)))});
    if (texts != nullptr) texts->push_back(words);
  };
  for (const DmaEvent& event : trace) {
    switch (event.kind) {
      case DmaEvent::load:
        checker.on_load(event.address, event.bytes);
        break;
      case DmaEvent::store:
        checker.on_store(event.address, event.bytes);
        break;
      case DmaEvent::fence:
        checker.on_fence(event.before, event.after);
        break;
      case DmaEvent::block:
        checker.on_block(event.operation, event.address);
        break;
      case DmaEvent::submit:
        checker.submitted(0, event.submission);
        break;
      case DmaEvent::fetched:
        checker.fetched(0, event.counter);
        break;
      case DmaEvent::completed:
        checker.completed(0, event.counter);
        break;
      case DmaEvent::drained:
        checker.drained(0);
        break;
    }
    ++pc;
  }
  return findings;
}

std::string text(const DmaTrace& trace) {
  constexpr const char* names[] = {"load",   "store",   "fence",     "block",
                                   "submit", "fetched", "completed", "drained"};
  std::ostringstream out;
  for (std::size_t i = 0; i < trace.size(); ++i) {
    const DmaEvent& event = trace[i];
    out << i << " " << names[event.kind] << std::hex << " 0x" << event.address << std::dec << " +"
        << event.bytes << " fence " << event.before << "," << event.after << " operation "
        << static_cast<int>(event.operation) << " counter " << event.counter;
    if (event.kind == DmaEvent::submit) {
      out << " command " << event.submission.sequence << " slot "
          << range_text(kBusSpace, event.submission.slot);
      for (const ByteRange& range : event.submission.reads)
        out << " reads " << range_text(kBusSpace, range);
      for (const ByteRange& range : event.submission.writes)
        out << " writes " << range_text(kBusSpace, range);
    }
    out << "\n";
  }
  return out.str();
}

}  // namespace epoch::test
