// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace epoch {

// What a window of a series shows of what was added in it.
enum class SeriesValue {
  sum,       // as it was added
  gb_per_s,  // of bytes: over the window's width; 1 GB is 10^9 bytes
  mean       // of a level, such as a queue's depth: over time
};

// A series as it is reported; windows follow each other from time 0 on.
struct Series {
  std::string name;  // dotted, as a statistic's, with the direction: "dram.read_gb_s"
  std::string unit;
  std::string description;
  std::uint64_t window_ps;
  std::vector<double> values;
};

// A quantity over the time of a run, in at most `windows` windows of one width. What comes behind
// the last one doubles the width, windows merge by pairs: memory is bounded, nothing that was added
// is lost, and neither order nor repetition of runs changes a digit. Sums are integers.
class TimeSeries {
 public:
  static constexpr std::size_t windows = 256;
  static constexpr unsigned first_width = 10;  // windows of 2^10 ps at first

  explicit TimeSeries(SeriesValue value = SeriesValue::sum) : value_(value) {}

  // To the window that holds `time_ps`.
  void add(std::uint64_t time_ps, std::uint64_t amount) {
    if (time_ps >> width_ >= windows) widen(time_ps);
    sums_[time_ps >> width_] += amount;
    if (time_ps >= end_ps_) end_ps_ = time_ps + 1;
  }
  // One more from `from_ps` until before `to_ps`: to each window as many picoseconds as lie in it.
  void add_interval(std::uint64_t from_ps, std::uint64_t to_ps);

  // The first time behind all that was added.
  std::uint64_t end_ps() const { return end_ps_; }
  // As if something had come right before `end_ps`.
  void reach(std::uint64_t end_ps) {
    if (end_ps > 0 && (end_ps - 1) >> width_ >= windows) widen(end_ps - 1);
  }

  std::uint64_t window_ps() const { return std::uint64_t{1} << width_; }
  std::uint64_t sum(std::size_t window) const { return sums_[window]; }
  double value(std::size_t window) const;

 private:
  void widen(std::uint64_t time_ps);

  SeriesValue value_;
  unsigned width_ = first_width;  // log2 of picoseconds
  std::uint64_t end_ps_ = 0;
  std::array<std::uint64_t, windows> sums_{};
};

// The series of a platform. Models declare theirs when asked to, and feed them from then on.
class SeriesSet {
 public:
  // Lives as long as the set.
  TimeSeries& add(std::string name, std::string unit, std::string description, SeriesValue value);
  // For what is counted by intervals: called before anybody reads.
  void before_reading(std::function<void()> update) { updates_.push_back(std::move(update)); }

  // All from 0 to `end_ps`, or to the last thing added if that is later: windows of one width.
  std::vector<Series> read(std::uint64_t end_ps);

 private:
  struct Member {
    std::string name, unit, description;
    TimeSeries series;
  };
  std::deque<Member> members_;  // a deque: addresses stay
  std::vector<std::function<void()>> updates_;
};

// One series a direction; costs a branch while nobody has asked for it.
struct DirectedSeries {
  TimeSeries* read = nullptr;
  TimeSeries* write = nullptr;

  bool asked() const { return read != nullptr; }
  TimeSeries* of(bool is_write) const { return is_write ? write : read; }
};

}  // namespace epoch
