// SPDX-License-Identifier: Apache-2.0
//
// Format: "Trace Event Format",
// docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU (linked from
// github.com/catapult-project/catapult, docs/trace-event-format.md).
#include "report/event_trace.h"

#include <algorithm>
#include <tuple>

namespace epoch {
namespace {

// What an event takes beside its times, name and arguments, at most: keys, numbers of its track.
constexpr std::uint64_t kSliceBytes = 112;  // beginning and end
constexpr std::uint64_t kCountBytes = 64;
constexpr std::uint64_t kPointBytes = 120;       // of a flow
constexpr std::uint64_t kHeadBytes = 64u << 10;  // names of tracks, what is said of the run

// At most what microseconds() writes: all digits, "0." or the point.
std::uint64_t time_bytes(std::uint64_t ps) {
  std::uint64_t bytes = 8;
  for (ps /= 1'000'000; ps != 0; ps /= 10) ++bytes;
  return bytes;
}

std::string json_text(const std::string& text) {
  const auto plain = [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; };
  if (std::all_of(text.begin(), text.end(), plain)) return '"' + text + '"';
  return Json(text).dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace

// ---- arguments ----------------------------------------------------------------------------------

std::string microseconds(std::uint64_t ps) {
  std::string text = std::to_string(ps / 1'000'000);
  std::uint64_t rest = ps % 1'000'000;
  if (rest == 0) return text;
  text += '.';
  for (std::uint64_t digit = 100'000; rest != 0; rest %= digit, digit /= 10)
    text += static_cast<char>('0' + rest / digit);
  return text;
}

TraceArguments& TraceArguments::add_json(const char* name, const std::string& json) {
  if (!text_.empty()) text_ += ',';
  text_ += std::string("\"") + name + "\":" + json;
  return *this;
}

TraceArguments& TraceArguments::add(const char* name, std::uint64_t value) {
  return add_json(name, std::to_string(value));
}

TraceArguments& TraceArguments::add(const char* name, const std::string& text) {
  return add_json(name, json_text(text));
}

TraceArguments& TraceArguments::add_time(const char* name, std::uint64_t ps) {
  return add_json(name, microseconds(ps));
}

// ---- collecting ---------------------------------------------------------------------------------

EventTrace::EventTrace(const std::filesystem::path& file, std::uint64_t limit_bytes)
    : file_(file), limit_bytes_(std::max(limit_bytes, kLeastLimit) - kHeadBytes) {}

EventTrace::Track EventTrace::add(const std::string& group, const std::string& name, Kind kind,
                                  Overlap overlap) {
  const auto known = std::find(groups_.begin(), groups_.end(), group);
  const auto number = static_cast<std::uint32_t>(known - groups_.begin());
  if (known == groups_.end()) groups_.push_back(group);
  for (Track i = 0; i < rows_.size(); ++i) {
    if (rows_[i].group == number && rows_[i].name == name && rows_[i].kind == kind) return i;
  }
  rows_.push_back({number, name, kind, overlap});
  return static_cast<Track>(rows_.size() - 1);
}

EventTrace::Track EventTrace::track(const std::string& group, const std::string& name,
                                    Overlap overlap) {
  return add(group, name, Kind::slice, overlap);
}

EventTrace::Track EventTrace::counter(const std::string& group, const std::string& name) {
  return add(group, name, Kind::counter, Overlap::nests);
}

std::uint64_t EventTrace::bytes_of(const Event& event) const {
  const std::uint64_t start = time_bytes(event.start_ps) + event.arguments.size();
  if (event.kind == Kind::counter) return kCountBytes + start + rows_[event.track].name.size();
  return kSliceBytes + start + time_bytes(event.end_ps) + 2 * event.name.size();
}

void EventTrace::keep(Event event) {
  bytes_ += bytes_of(event);
  events_.push_back(std::move(event));
  if (bytes_ > limit_bytes_ + limit_bytes_ / 4) trim();
}

void EventTrace::slice(Track track, std::uint64_t start_ps, std::uint64_t end_ps, std::string name,
                       std::string arguments, std::uint64_t flow) {
  keep({start_ps, end_ps, flow, track, Kind::slice, std::move(name), std::move(arguments)});
}

void EventTrace::count(Track counter, std::uint64_t time_ps, std::string values) {
  keep({time_ps, time_ps, 0, counter, Kind::counter, {}, std::move(values)});
}

void EventTrace::flow(const Flow& flow) {
  flows_.push_back(flow);
  bytes_ += kPointBytes * flow.count;
}

// ---- the bound ----------------------------------------------------------------------------------

// Finds the moment from which on everything fits, and drops what ended by then. A counter keeps the
// value that it had at that moment.
void EventTrace::trim() {
  if (bytes_ <= limit_bytes_) return;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> sizes;  // end, bytes
  sizes.reserve(events_.size() + flows_.size());
  for (const Event& event : events_) sizes.emplace_back(event.end_ps, bytes_of(event));
  const auto end_of = [](const Flow& flow) { return flow.points[flow.count - 1].time_ps; };
  for (const Flow& flow : flows_) sizes.emplace_back(end_of(flow), kPointBytes * flow.count);
  std::sort(sizes.begin(), sizes.end(), std::greater<>());
  std::uint64_t kept = 0;
  const auto last = std::find_if(sizes.begin(), sizes.end(), [&](const auto& size) {
    kept += size.second;
    return kept > limit_bytes_;
  });
  if (last == sizes.end()) return;
  kept_from_ps_ = last->first;

  std::vector<Event> values(rows_.size());  // of each counter, the latest that goes
  const auto goes = [&](const Event& event) {
    if (event.end_ps > kept_from_ps_) return false;
    if (event.kind == Kind::counter && event.start_ps >= values[event.track].start_ps)
      values[event.track] = event;
    return true;
  };
  const auto first_gone = std::remove_if(events_.begin(), events_.end(), goes);
  dropped_ += static_cast<std::uint64_t>(events_.end() - first_gone);
  events_.erase(first_gone, events_.end());
  flows_.erase(std::remove_if(flows_.begin(), flows_.end(),
                              [&](const Flow& flow) { return end_of(flow) <= kept_from_ps_; }),
               flows_.end());
  for (Event& value : values) {
    if (value.arguments.empty()) continue;
    value.start_ps = value.end_ps = kept_from_ps_;
    events_.push_back(std::move(value));
    --dropped_;
  }
  bytes_ = 0;
  for (const Flow& flow : flows_) bytes_ += kPointBytes * flow.count;
  for (const Event& event : events_) bytes_ += bytes_of(event);
}

// ---- writing ------------------------------------------------------------------------------------

// Track by track, by time; of slices that begin together the longer one is around the others.
bool EventTrace::Event::operator<(const Event& other) const {
  return std::tie(track, start_ps, other.end_ps, name, arguments, flow) <
         std::tie(other.track, other.start_ps, end_ps, other.name, other.arguments, other.flow);
}

void EventTrace::place_in_lanes() {
  std::vector<std::vector<std::uint64_t>> free_from(rows_.size());
  for (Event& event : events_) {
    Row& row = rows_[event.track];
    if (row.kind != Kind::slice || row.overlap == Overlap::nests) continue;
    auto& lanes = free_from[event.track];
    const auto lane = std::find_if(lanes.begin(), lanes.end(),
                                   [&](std::uint64_t ps) { return ps <= event.start_ps; });
    event.lane = static_cast<std::uint32_t>(lane - lanes.begin());
    if (lane == lanes.end()) lanes.push_back(event.end_ps);
    lanes[event.lane] = event.end_ps;
    row.lanes = std::max(row.lanes, event.lane + 1);
  }
}

void EventTrace::number_threads() {
  std::vector<std::uint32_t> next(groups_.size(), 1);
  for (Row& row : rows_) {
    row.first_thread = row.kind == Kind::slice ? next[row.group] : 0;
    if (row.kind == Kind::slice) next[row.group] += row.lanes;
  }
}

void EventTrace::write(const std::string& line) {
  file_.write((first_line_ ? "\n" : ",\n") + line);
  first_line_ = false;
}

std::string EventTrace::place(Track track, std::uint32_t lane) const {
  const Row& row = rows_[track];
  return "\"pid\":" + std::to_string(row.group + 1) +
         ",\"tid\":" + std::to_string(row.first_thread + lane);
}

void EventTrace::write_names() {
  const auto name = [&](const char* what, const std::string& where, const std::string& value) {
    write(std::string("{\"ph\":\"M\",\"name\":\"") + what + "\"," + where + ",\"args\":{" + value +
          "}}");
  };
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    const std::string number = std::to_string(i + 1);
    const std::string where = "\"pid\":" + number + ",\"tid\":0";
    name("process_name", where, "\"name\":" + json_text(groups_[i]));
    name("process_sort_index", where, "\"sort_index\":" + number);
  }
  for (Track i = 0; i < rows_.size(); ++i) {
    if (rows_[i].kind != Kind::slice) continue;
    for (std::uint32_t lane = 0; lane < rows_[i].lanes; ++lane) {
      const std::string suffix = lane == 0 ? "" : " (" + std::to_string(lane + 1) + ")";
      name("thread_name", place(i, lane), "\"name\":" + json_text(rows_[i].name + suffix));
      name("thread_sort_index", place(i, lane),
           "\"sort_index\":" + std::to_string(rows_[i].first_thread + lane));
    }
  }
}

// A slice as a pair of events (B, E) and not as one with a duration (X): viewers add a duration to
// a start in floating point, and then a slice overlaps the one that follows it at once.
void EventTrace::write_slices(std::vector<const Event*>::const_iterator at,
                              std::vector<const Event*>::const_iterator end) {
  std::vector<const Event*> open;
  const std::string where = place((*at)->track, (*at)->lane) + ",\"ts\":";
  const auto begin_or_end = [&](const char* phase, std::uint64_t ps, const Event& slice) {
    return std::string("{\"ph\":\"") + phase + "\"," + where + microseconds(ps) +
           ",\"name\":" + json_text(slice.name);
  };
  const auto close_until = [&](std::uint64_t ps) {
    for (; !open.empty() && open.back()->end_ps <= ps; open.pop_back())
      write(begin_or_end("E", open.back()->end_ps, *open.back()) + "}");
  };
  for (; at != end; ++at) {
    const Event& slice = **at;
    close_until(slice.start_ps);
    const std::string& arguments = slice.arguments;
    write(begin_or_end("B", slice.start_ps, slice) +
          (arguments.empty() ? "}" : ",\"args\":{" + arguments + "}}"));
    open.push_back(&slice);
  }
  close_until(~std::uint64_t{0});
}

void EventTrace::write_counter(const Event& event) {
  write("{\"ph\":\"C\"," + place(event.track, 0) + ",\"ts\":" + microseconds(event.start_ps) +
        ",\"name\":" + json_text(rows_[event.track].name) + ",\"args\":{" + event.arguments + "}}");
}

void EventTrace::write_events() {
  std::vector<std::vector<const Event*>> lanes;  // of one track
  const auto write_lanes = [&] {
    for (const auto& slices : lanes) {
      if (!slices.empty()) write_slices(slices.begin(), slices.end());
    }
    lanes.clear();
  };
  for (const Event& event : events_) {
    if (event.kind == Kind::counter) {
      write_counter(event);
      continue;
    }
    if (lanes.empty() || lanes[0][0]->track != event.track) write_lanes();
    if (lanes.size() <= event.lane) lanes.resize(event.lane + 1);
    lanes[event.lane].push_back(&event);
  }
  write_lanes();
}

// The slice that a flow's point means: one that carries the flow's number, else the latest to begin
// by then, if it is still there.
const EventTrace::Event* EventTrace::slice_at(const std::vector<const Event*>& slices,
                                              const Point& point, std::uint64_t flow) const {
  auto at = std::upper_bound(
      slices.begin(), slices.end(), point.time_ps,
      [](std::uint64_t time, const Event* slice) { return time < slice->start_ps; });
  const Event* found = nullptr;
  while (at != slices.begin()) {
    const Event* const slice = *--at;
    if (slice->flow == flow && slice->start_ps == point.time_ps) return slice;
    if (found == nullptr && slice->flow == 0 && slice->end_ps >= point.time_ps) found = slice;
    if (slice->start_ps < point.time_ps) break;
  }
  return found;
}

void EventTrace::write_flows() {
  std::vector<std::vector<const Event*>> slices(rows_.size());
  for (const Event& event : events_) {
    if (event.kind == Kind::slice) slices[event.track].push_back(&event);
  }
  std::sort(flows_.begin(), flows_.end(),
            [](const Flow& a, const Flow& b) { return a.number < b.number; });
  for (const Flow& flow : flows_) {
    std::vector<std::string> ends;
    for (unsigned i = 0; i < flow.count; ++i) {
      const Event* const slice =
          slice_at(slices[flow.points[i].track], flow.points[i], flow.number);
      if (slice == nullptr) continue;
      ends.push_back(place(slice->track, slice->lane) +
                     ",\"ts\":" + microseconds(flow.points[i].time_ps));
    }
    if (ends.size() < 2) continue;
    for (std::size_t i = 0; i < ends.size(); ++i) {
      const bool last = i + 1 == ends.size();
      const std::string phase = i == 0 ? "s" : (last ? "f\",\"bp\":\"e" : "t");
      write("{\"ph\":\"" + phase + "\",\"id\":" + std::to_string(flow.number) + "," + ends[i] +
            ",\"cat\":\"command\",\"name\":\"command\"}");
    }
  }
}

void EventTrace::finish(Json about) {
  trim();
  std::sort(events_.begin(), events_.end());
  place_in_lanes();
  number_threads();
  about["limit_bytes"] = limit_bytes_ + kHeadBytes;
  about["dropped_events"] = dropped_;
  about["kept_from_us"] = static_cast<double>(kept_from_ps_) / 1e6;
  if (dropped_ != 0) {
    about["left_out"] = "what ended up to " + microseconds(kept_from_ps_) +
                        " us: the file would have been larger than the limit";
  }
  file_.write("{\"displayTimeUnit\":\"ns\",\"otherData\":" +
              about.dump(-1, ' ', true, Json::error_handler_t::replace) + ",\"traceEvents\":[");
  write_names();
  write_events();
  write_flows();
  file_.write("\n]}\n");
  file_.close();
}

}  // namespace epoch
