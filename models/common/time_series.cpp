// SPDX-License-Identifier: Apache-2.0
#include "common/time_series.h"

#include <algorithm>
#include <utility>

namespace epoch {

// Doubles the width until a window holds `time_ps`.
void TimeSeries::widen(std::uint64_t time_ps) {
  while (time_ps >> width_ >= windows) {
    for (std::size_t i = 0; i < windows / 2; ++i) sums_[i] = sums_[2 * i] + sums_[2 * i + 1];
    std::fill(sums_.begin() + windows / 2, sums_.end(), 0);
    ++width_;
  }
}

void TimeSeries::add_interval(std::uint64_t from_ps, std::uint64_t to_ps) {
  if (from_ps >= to_ps) return;
  reach(to_ps);
  end_ps_ = std::max(end_ps_, to_ps);
  while (from_ps < to_ps) {
    const std::uint64_t window = from_ps >> width_;
    const std::uint64_t end = std::min(to_ps, (window + 1) << width_);
    sums_[window] += end - from_ps;
    from_ps = end;
  }
}

double TimeSeries::value(std::size_t window) const {
  const auto sum = static_cast<double>(sums_[window]);
  const auto width = static_cast<double>(window_ps());
  switch (value_) {
    case SeriesValue::sum:
      return sum;
    case SeriesValue::gb_per_s:
      return sum * 1e3 / width;  // 1 B/ps is 1000 GB/s
    case SeriesValue::mean:
      return sum / width;
  }
  return sum;
}

TimeSeries& SeriesSet::add(std::string name, std::string unit, std::string description,
                           SeriesValue value) {
  members_.push_back({std::move(name), std::move(unit), std::move(description), TimeSeries(value)});
  return members_.back().series;
}

std::vector<Series> SeriesSet::read(std::uint64_t end_ps) {
  for (const auto& update : updates_) update();
  for (const Member& member : members_) end_ps = std::max(end_ps, member.series.end_ps());
  std::vector<Series> all;
  for (Member& member : members_) {
    TimeSeries& series = member.series;
    series.reach(end_ps);
    const std::uint64_t window_ps = series.window_ps();
    Series& out = all.emplace_back();
    out = {member.name, member.unit, member.description, window_ps, {}};
    const std::uint64_t count = (end_ps + window_ps - 1) / window_ps;
    for (std::size_t i = 0; i < count; ++i) out.values.push_back(series.value(i));
  }
  return all;
}

}  // namespace epoch
