// SPDX-License-Identifier: Apache-2.0
#include "debugger/packet.h"

#include <algorithm>

namespace epoch::gdb {

namespace {

constexpr char kEscape = '}';
constexpr char kEscapeBit = 0x20;
constexpr char kInterrupt = 0x03;

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

unsigned sum_of(std::string_view text) {
  unsigned sum = 0;
  for (const char c : text) sum += static_cast<unsigned char>(c);
  return sum & 0xFFu;
}

char hex_digit(unsigned value) {
  return "0123456789abcdef"[value & 15u];
}

// Nothing if the text ends in the middle of an escape.
std::optional<std::string> unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != kEscape) {
      plain += text[i];
      continue;
    }
    if (++i == text.size()) return std::nullopt;
    plain += static_cast<char>(text[i] ^ kEscapeBit);
  }
  return plain;
}

}  // namespace

std::optional<Event> PacketReader::next() {
  while (!input_.empty()) {
    const char first = input_.front();
    if (skipping_) {
      const std::size_t end = input_.find_first_of("#$");
      input_.erase(0, end);
      skipping_ = end == std::string::npos;
      continue;
    }
    if (first == '$') return frame();
    input_.erase(0, 1);
    if (first == '+') return Event{Event::Kind::acknowledge, ""};
    if (first == '-') return Event{Event::Kind::resend, ""};
    if (first == kInterrupt) return Event{Event::Kind::interrupt, ""};
  }
  return std::nullopt;
}

// A "$" inside a frame begins a new one: the rest of the former was lost.
std::optional<Event> PacketReader::frame() {
  const std::size_t end = input_.find_first_of("#$", searched_);
  searched_ = std::min(end, input_.size());
  if (end == std::string::npos && input_.size() <= kPacketBytes) return std::nullopt;
  if (end != std::string::npos && input_[end] == '#' && input_.size() < end + 3)
    return std::nullopt;
  searched_ = 1;
  if (end == std::string::npos) {
    skipping_ = true;
    input_.clear();
    return Event{Event::Kind::malformed, "a packet is too long"};
  }
  if (input_[end] == '$') {
    input_.erase(0, end);
    return Event{Event::Kind::malformed, "a packet begins inside another"};
  }
  return closed(end);
}

Event PacketReader::closed(std::size_t hash) {
  const std::string body = input_.substr(1, hash - 1);
  const int high = digit(input_[hash + 1]);
  const int low = digit(input_[hash + 2]);
  input_.erase(0, hash + 3);
  if (high < 0 || low < 0 || sum_of(body) != static_cast<unsigned>(high * 16 + low)) {
    return {Event::Kind::malformed, "a packet's checksum is wrong"};
  }
  if (body.size() > kPacketBytes) return {Event::Kind::malformed, "a packet is too long"};
  const std::optional<std::string> plain = unescaped(body);
  if (!plain) return {Event::Kind::malformed, "a packet ends in the middle of an escape"};
  return {Event::Kind::packet, *plain};
}

std::string encode_packet(std::string_view payload) {
  std::string body;
  for (const char c : payload) {
    if (c == '$' || c == '#' || c == kEscape || c == '*') {
      body += kEscape;
      body += static_cast<char>(c ^ kEscapeBit);
    } else {
      body += c;
    }
  }
  const unsigned sum = sum_of(body);
  return "$" + body + "#" + hex_digit(sum >> 4) + hex_digit(sum);
}

std::string to_hex(std::string_view bytes) {
  std::string digits;
  for (const char c : bytes) {
    const auto value = static_cast<unsigned char>(c);
    digits += hex_digit(value / 16u);
    digits += hex_digit(value);
  }
  return digits;
}

std::optional<std::string> from_hex(std::string_view digits) {
  if (digits.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int high = digit(digits[i]);
    const int low = digit(digits[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

std::optional<std::uint64_t> hex_number(std::string_view digits) {
  if (digits.empty() || digits.size() > 16) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (digit(c) < 0) return std::nullopt;
    value = value << 4 | static_cast<unsigned>(digit(c));
  }
  return value;
}

std::string word_hex(std::uint32_t word) {
  std::string bytes;
  for (unsigned i = 0; i < 4; ++i) bytes += static_cast<char>(word >> (8 * i) & 0xFFu);
  return to_hex(bytes);
}

std::optional<std::uint32_t> hex_word(std::string_view digits) {
  const std::optional<std::string> bytes = from_hex(digits);
  if (!bytes || bytes->size() != 4) return std::nullopt;
  std::uint32_t word = 0;
  for (unsigned i = 0; i < 4; ++i) {
    word |= static_cast<std::uint32_t>(static_cast<unsigned char>((*bytes)[i])) << (8 * i);
  }
  return word;
}

}  // namespace epoch::gdb
