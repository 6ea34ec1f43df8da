// SPDX-License-Identifier: Apache-2.0
#include "memtest/trace_file.h"

#include <algorithm>
#include <charconv>

#include "config/json_text.h"
#include "errors.h"
#include "files/input_file.h"

namespace epoch {
namespace {

constexpr std::uint64_t kMostTraceBytes = std::uint64_t{8} << 30;

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

}  // namespace

TraceFile::TraceFile(const std::filesystem::path& file, std::uint64_t memory_bytes)
    : file_(file),
      memory_bytes_(memory_bytes),
      text_(read_file(file, kMostTraceBytes)),
      at_(reinterpret_cast<const char*>(text_.data())),
      end_(at_ + text_.size()),
      line_begin_(at_) {}

void TraceFile::refuse(const std::string& why) const {
  const std::string line(line_begin_, std::find(line_begin_, end_, '\n'));
  throw InputError(file_.string() + ":" + std::to_string(line_),
                   "\"" + one_line(line, 60) + "\": " + why);
}

void TraceFile::skip_blanks() {
  while (at_ != end_ && is_blank(*at_)) ++at_;
}

bool TraceFile::at_end_of_line() const {
  return at_ == end_ || *at_ == '\n' || *at_ == '#';
}

// Past empty lines and comments, to the first character of a request or the end.
void TraceFile::skip_to_request() {
  while (true) {
    skip_blanks();
    if (!at_end_of_line() || at_ == end_) return;
    at_ = std::find(at_, end_, '\n');
    if (at_ == end_) return;
    line_begin_ = ++at_;
    ++line_;
  }
}

std::uint64_t TraceFile::number(int base, std::uint64_t limit, const char* what) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(at_, end_, value, base);
  const bool ends = end == end_ || is_blank(*end) || *end == '\n' || *end == '#';
  if (error != std::errc() || !ends || value > limit) {
    refuse(std::string(what) + " is no number up to " + std::to_string(limit) +
           "; a line is <clk> R|W 0x<addr> <bytes>");
  }
  at_ = end;
  skip_blanks();
  return value;
}

bool TraceFile::direction() {
  const bool read = at_ != end_ && *at_ == 'R';
  const bool write = at_ != end_ && *at_ == 'W';
  if ((!read && !write) || at_ + 1 == end_ || !is_blank(at_[1])) {
    refuse("the second word is neither R nor W; a line is <clk> R|W 0x<addr> <bytes>");
  }
  ++at_;
  skip_blanks();
  return write;
}

std::uint64_t TraceFile::address() {
  if (end_ - at_ < 2 || at_[0] != '0' || at_[1] != 'x') {
    refuse("the address does not begin with 0x; a line is <clk> R|W 0x<addr> <bytes>");
  }
  at_ += 2;
  return number(16, ~std::uint64_t{0}, "the address");
}

bool TraceFile::next(TraceLine& line) {
  skip_to_request();
  if (at_ == end_) return false;
  line.clock = number(10, kLastClock, "the clock");
  line.write = direction();
  line.address = address();
  line.bytes = static_cast<std::uint32_t>(number(10, kMostBytes, "the number of bytes"));
  if (!at_end_of_line()) refuse("more than <clk> R|W 0x<addr> <bytes>");
  if (line.bytes == 0) refuse("0 bytes: a request has at least 1");
  if (line.clock < last_clock_) {
    refuse("the clock goes back from " + std::to_string(last_clock_));
  }
  if (line.address >= memory_bytes_ || memory_bytes_ - line.address < line.bytes) {
    refuse("reaches past the memory's " + std::to_string(memory_bytes_) + " bytes");
  }
  last_clock_ = line.clock;
  return true;
}

}  // namespace epoch
