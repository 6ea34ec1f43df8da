// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "config/json_text.h"
#include "files/output_file.h"

namespace epoch {

// The arguments of an event: the inside of a JSON object.
class TraceArguments {
 public:
  TraceArguments& add(const char* name, std::uint64_t value);
  TraceArguments& add(const char* name, const std::string& text);
  TraceArguments& add_time(const char* name, std::uint64_t ps);  // in us
  TraceArguments& add_json(const char* name, const std::string& json);
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

// A decimal number of microseconds with as many digits as the picoseconds need: "12.000345".
std::string microseconds(std::uint64_t ps);

// A file in the Trace Event Format (JSON object format), for Perfetto and chrome://tracing:
// slices, counters and flows, on tracks in groups (the format's threads and processes).
// Plain C++; nothing but simulated facts, in an order of its own, so that two runs give the same
// bytes.
//
// The file has at most `limit_bytes`: of more, what ended last is kept, from one moment on. Events
// are held in memory, at about their size in the file.
class EventTrace {
 public:
  using Track = std::uint32_t;
  enum class Overlap { nests, lanes };  // of a track's slices: further ones get lanes of their own
  static constexpr std::uint64_t kLeastLimit = 1u << 20;

  struct Point {  // of a flow: at a slice that is there at this time, if there is one
    Track track;
    std::uint64_t time_ps;
  };
  // An arrow through up to four slices. On a track with lanes it goes to the slice of its number.
  struct Flow {
    std::uint64_t number = 0;  // > 0
    std::array<Point, 4> points{};
    unsigned count = 0;
    void to(Track track, std::uint64_t time_ps) { points[count++] = {track, time_ps}; }
  };

  // Throws UnavailableError if the file cannot be made.
  EventTrace(const std::filesystem::path& file, std::uint64_t limit_bytes);

  // The same one again for the same names. Groups and tracks stand in the order of their first use.
  Track track(const std::string& group, const std::string& name, Overlap overlap = Overlap::lanes);
  Track counter(const std::string& group, const std::string& name);

  // `flow`: the number of the flow that goes through it, 0 if any may.
  void slice(Track track, std::uint64_t start_ps, std::uint64_t end_ps, std::string name,
             std::string arguments = {}, std::uint64_t flow = 0);
  // A counter's values from now on: "\"read\":12,\"write\":0".
  void count(Track counter, std::uint64_t time_ps, std::string values);
  void flow(const Flow& flow);

  // Writes the file; `about` tells of the run, to which is added what was left out. Throws
  // UnavailableError if the disk did not take everything.
  void finish(Json about);

  std::uint64_t dropped() const { return dropped_; }
  std::uint64_t kept_from_ps() const { return kept_from_ps_; }

 private:
  enum class Kind : std::uint8_t { slice, counter };
  struct Event {
    std::uint64_t start_ps;
    std::uint64_t end_ps;
    std::uint64_t flow;
    Track track;
    Kind kind;
    std::string name;
    std::string arguments;
    std::uint32_t lane = 0;
    bool operator<(const Event& other) const;
  };
  struct Row {
    std::uint32_t group;
    std::string name;
    Kind kind;
    Overlap overlap;
    std::uint32_t lanes = 1;
    std::uint32_t first_thread = 0;  // number of lane 0
  };

  Track add(const std::string& group, const std::string& name, Kind kind, Overlap overlap);
  std::uint64_t bytes_of(const Event& event) const;  // in the file, at most
  void keep(Event event);
  void trim();  // down to the limit
  void place_in_lanes();
  void number_threads();
  std::string place(Track track, std::uint32_t lane) const;
  void write_slices(std::vector<const Event*>::const_iterator at,
                    std::vector<const Event*>::const_iterator end);
  void write_counter(const Event& event);
  void write_names();
  void write_events();
  void write_flows();
  const Event* slice_at(const std::vector<const Event*>& slices, const Point& point,
                        std::uint64_t flow) const;
  void write(const std::string& line);

  OutputFile file_;
  const std::uint64_t limit_bytes_;
  std::vector<std::string> groups_;
  std::vector<Row> rows_;
  std::vector<Event> events_;
  std::vector<Flow> flows_;
  std::uint64_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t kept_from_ps_ = 0;
  bool first_line_ = true;
};

}  // namespace epoch
