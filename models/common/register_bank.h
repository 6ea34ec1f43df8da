// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace epoch {

// What the bus may do with a register (the names are those of firmware/include/epochcore.h):
//   ro     read only                     cfg    read only, value set once by the configuration
//   rw     read and write                w1c    writing a one clears the bit
//   latch  read only, low word of a 64-bit value: a bus read latches the word that follows
enum class Access { ro, rw, w1c, latch, cfg };

struct Field {
  std::string name;
  unsigned lsb;
  unsigned width;
  std::string description;
};

// `count` 32-bit words from byte `offset` on. With fields, only their bits can be written; without,
// all 32 can.
struct Register {
  std::string name;
  std::uint32_t offset;
  unsigned count;
  Access access;
  std::uint32_t reset;
  std::string description;
  std::vector<Field> fields;
};

// A device's registers, declared as a table: stores values, enforces access rights, calls the
// device where a value is computed or a write has an effect. Words are 32 bits, offsets are bytes.
// Offsets that no register covers read 0 and ignore writes.
class RegisterBank {
 public:
  using ReadFunction = std::function<std::uint32_t(unsigned index)>;
  using WriteFunction = std::function<void(unsigned index, std::uint32_t value)>;

  // Throws std::invalid_argument for a table that overlaps, leaves the window, is misaligned, or
  // has a latch register without a single read-only word behind it.
  RegisterBank(std::uint32_t window_bytes, std::vector<Register> table);

  std::uint32_t window_bytes() const { return window_bytes_; }
  const std::vector<Register>& table() const { return table_; }  // sorted by offset
  const Register* find(std::uint32_t offset) const;              // nullptr: reserved

  // Model side: the stored word, whatever the access right, without side effects.
  // Throws std::out_of_range for an offset that is no register's.
  std::uint32_t get(std::uint32_t offset) const;
  void set(std::uint32_t offset, std::uint32_t value);

  // Hooks, by the register's first offset; `index` is the element of an array register.
  // on_read computes the value instead of the stored word; debug reads call it too: no side
  // effects. after_read is told of a bus read and the value it got: the place for side effects of
  // reading. on_write (rw and w1c only) replaces the storing or clearing.
  void on_read(std::uint32_t offset, ReadFunction function);
  void after_read(std::uint32_t offset, WriteFunction function);
  void on_write(std::uint32_t offset, WriteFunction function);

  // Bus side, with side effects.
  std::uint32_t read(std::uint32_t offset);
  void write(std::uint32_t offset, std::uint32_t value);
  // Debug: what a read would return now; changes nothing (no latch, no after_read).
  std::uint32_t peek(std::uint32_t offset) const;

  // All words to their reset values; cfg words are kept.
  void reset();

 private:
  struct Entry {
    std::size_t first_word;  // position in values_
    std::uint32_t write_mask;
    bool latched;  // high word behind a latch register: reads return the latched value
    std::uint32_t latched_value;
    ReadFunction on_read;
    WriteFunction after_read;
    WriteFunction on_write;
  };
  struct Place {
    std::size_t entry;
    unsigned index;
    bool found;
  };

  void check_table() const;
  void check_latches();
  Place place(std::uint32_t offset) const;
  Place place_or_throw(std::uint32_t offset) const;
  Entry& entry_at(std::uint32_t first_offset);
  std::uint32_t current(const Place& at) const;

  std::uint32_t window_bytes_;
  std::vector<Register> table_;
  std::vector<Entry> entries_;  // parallel to table_
  std::vector<std::uint32_t> values_;
};

}  // namespace epoch
