// SPDX-License-Identifier: Apache-2.0
#include "common/register_bank.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace epoch {

namespace {

std::string hex(std::uint32_t value) {
  std::ostringstream text;
  text << "0x" << std::hex << value;
  return text.str();
}

std::uint64_t end_of(const Register& reg) {
  return reg.offset + std::uint64_t{4} * reg.count;
}

std::uint32_t mask_of_fields(const Register& reg) {
  if (reg.fields.empty()) return 0xFFFFFFFFu;
  std::uint32_t mask = 0;
  for (const Field& field : reg.fields) {
    const std::uint64_t bits = ((std::uint64_t{1} << field.width) - 1) << field.lsb;
    mask |= static_cast<std::uint32_t>(bits);
  }
  return mask;
}

}  // namespace

RegisterBank::RegisterBank(std::uint32_t window_bytes, std::vector<Register> table)
    : window_bytes_(window_bytes), table_(std::move(table)) {
  std::stable_sort(table_.begin(), table_.end(),
                   [](const Register& a, const Register& b) { return a.offset < b.offset; });
  check_table();
  for (const Register& reg : table_) {
    entries_.push_back({values_.size(), mask_of_fields(reg), false, 0, {}, {}, {}});
    values_.insert(values_.end(), reg.count, reg.reset);
  }
  check_latches();
}

void RegisterBank::check_table() const {
  for (std::size_t i = 0; i < table_.size(); ++i) {
    const Register& reg = table_[i];
    const std::string who = "register " + reg.name + " at " + hex(reg.offset);
    if (reg.offset % 4 != 0) throw std::invalid_argument(who + ": not a multiple of 4");
    if (reg.count == 0) throw std::invalid_argument(who + ": has no words");
    if (end_of(reg) > window_bytes_)
      throw std::invalid_argument(who + ": outside the window of " + hex(window_bytes_) + " bytes");
    if (i > 0 && end_of(table_[i - 1]) > reg.offset)
      throw std::invalid_argument(who + ": overlaps " + table_[i - 1].name + " at " +
                                  hex(table_[i - 1].offset));
    for (const Field& field : reg.fields)
      if (field.width == 0 || field.lsb + field.width > 32)
        throw std::invalid_argument(who + ": field " + field.name + " leaves the word");
  }
}

void RegisterBank::check_latches() {
  for (std::size_t i = 0; i < table_.size(); ++i) {
    const Register& low = table_[i];
    if (low.access != Access::latch) continue;
    const bool has_high = i + 1 < table_.size() && table_[i + 1].offset == low.offset + 4 &&
                          table_[i + 1].count == 1 && table_[i + 1].access == Access::ro;
    if (low.count != 1 || !has_high)
      throw std::invalid_argument("register " + low.name + " at " + hex(low.offset) +
                                  ": a latch register is one word with one read-only word behind");
    entries_[i + 1].latched = true;
    entries_[i + 1].latched_value = table_[i + 1].reset;
  }
}

RegisterBank::Place RegisterBank::place(std::uint32_t offset) const {
  auto after =
      std::upper_bound(table_.begin(), table_.end(), offset,
                       [](std::uint32_t value, const Register& reg) { return value < reg.offset; });
  if (after == table_.begin() || offset % 4 != 0) return {0, 0, false};
  const std::size_t entry = static_cast<std::size_t>(after - table_.begin()) - 1;
  return {entry, (offset - table_[entry].offset) / 4, offset < end_of(table_[entry])};
}

RegisterBank::Place RegisterBank::place_or_throw(std::uint32_t offset) const {
  const Place at = place(offset);
  if (!at.found) throw std::out_of_range("no register at offset " + hex(offset));
  return at;
}

RegisterBank::Entry& RegisterBank::entry_at(std::uint32_t first_offset) {
  const Place at = place_or_throw(first_offset);
  if (at.index != 0)
    throw std::out_of_range("offset " + hex(first_offset) + " is inside array register " +
                            table_[at.entry].name + ": name its first word");
  return entries_[at.entry];
}

const Register* RegisterBank::find(std::uint32_t offset) const {
  const Place at = place(offset);
  return at.found ? &table_[at.entry] : nullptr;
}

std::uint32_t RegisterBank::get(std::uint32_t offset) const {
  const Place at = place_or_throw(offset);
  return values_[entries_[at.entry].first_word + at.index];
}

void RegisterBank::set(std::uint32_t offset, std::uint32_t value) {
  const Place at = place_or_throw(offset);
  values_[entries_[at.entry].first_word + at.index] = value;
}

void RegisterBank::on_read(std::uint32_t offset, ReadFunction function) {
  entry_at(offset).on_read = std::move(function);
}

void RegisterBank::after_read(std::uint32_t offset, WriteFunction function) {
  entry_at(offset).after_read = std::move(function);
}

void RegisterBank::on_write(std::uint32_t offset, WriteFunction function) {
  Entry& entry = entry_at(offset);
  const Access access = find(offset)->access;
  if (access != Access::rw && access != Access::w1c)
    throw std::invalid_argument("register " + find(offset)->name + " cannot be written");
  entry.on_write = std::move(function);
}

std::uint32_t RegisterBank::current(const Place& at) const {
  const Entry& entry = entries_[at.entry];
  return entry.on_read ? entry.on_read(at.index) : values_[entry.first_word + at.index];
}

std::uint32_t RegisterBank::read(std::uint32_t offset) {
  const Place at = place(offset);
  if (!at.found) return 0;
  Entry& entry = entries_[at.entry];
  const std::uint32_t value = entry.latched ? entry.latched_value : current(at);
  if (table_[at.entry].access == Access::latch)
    entries_[at.entry + 1].latched_value = current({at.entry + 1, 0, true});
  if (entry.after_read) entry.after_read(at.index, value);
  return value;
}

std::uint32_t RegisterBank::peek(std::uint32_t offset) const {
  const Place at = place(offset);
  if (!at.found) return 0;
  const Entry& entry = entries_[at.entry];
  return entry.latched ? entry.latched_value : current(at);
}

void RegisterBank::write(std::uint32_t offset, std::uint32_t value) {
  const Place at = place(offset);
  if (!at.found) return;
  const Access access = table_[at.entry].access;
  if (access != Access::rw && access != Access::w1c) return;
  Entry& entry = entries_[at.entry];
  value &= entry.write_mask;
  if (entry.on_write) {
    entry.on_write(at.index, value);
    return;
  }
  std::uint32_t& stored = values_[entry.first_word + at.index];
  stored = access == Access::rw ? value : stored & ~value;
}

void RegisterBank::reset() {
  for (std::size_t i = 0; i < table_.size(); ++i) {
    if (table_[i].access == Access::cfg) continue;
    auto first = values_.begin() + static_cast<std::ptrdiff_t>(entries_[i].first_word);
    std::fill_n(first, table_[i].count, table_[i].reset);
    entries_[i].latched_value = table_[i].reset;
  }
}

}  // namespace epoch
