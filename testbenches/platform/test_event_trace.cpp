// SPDX-License-Identifier: Apache-2.0
//
// The event trace on events made by hand, read back as JSON.
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <random>
#include <set>

#include "errors.h"
#include "report/event_trace.h"
#include "report/signal_trace.h"
#include "report/window_counter.h"
#include "scratch_folder.h"

namespace epoch::test {
namespace {

using Overlap = EventTrace::Overlap;
constexpr std::uint64_t kMib = 1u << 20;

class TraceFile {
 public:
  explicit TraceFile(std::uint64_t limit = 64 * kMib) : trace(file(), limit) {}
  Json finished() {
    trace.finish(Json::object());
    std::ifstream stream(file());
    return Json::parse(stream);
  }
  std::filesystem::path file() const { return folder_file_; }

 private:
  const ScratchFolder folder_;
  const std::filesystem::path folder_file_ = folder_.write("t.json", "");

 public:
  EventTrace trace;
};

// "B a 1", "E a 2", "C n 3 {...}", "s 4": without numbers of tracks.
std::vector<std::string> events(const Json& document, const std::string& phases) {
  std::vector<std::string> found;
  for (const Json& event : document["traceEvents"]) {
    const std::string phase = event["ph"];
    if (phases.find(phase) == std::string::npos) continue;
    found.push_back(phase + " " + event["name"].get<std::string>() + " " + event["ts"].dump() +
                    (phase == "C" ? " " + event["args"].dump() : ""));
  }
  return found;
}

std::map<std::string, std::string> tracks(const Json& document) {
  std::map<std::string, std::string> names;  // "pid.tid"
  for (const Json& event : document["traceEvents"]) {
    if (event["name"] == "thread_name")
      names[event["pid"].dump() + "." + event["tid"].dump()] = event["args"]["name"];
  }
  return names;
}

TEST_CASE("microseconds have the digits that picoseconds need") {
  CHECK(microseconds(0) == "0");
  CHECK(microseconds(1) == "0.000001");
  CHECK(microseconds(1'000'000) == "1");
  CHECK(microseconds(1'500'000) == "1.5");
  CHECK(microseconds(12'000'340) == "12.00034");
  CHECK(microseconds(18'446'744'073'709'551'615u) == "18446744073709.551615");
  std::mt19937_64 random(7);
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t ps = random() >> (random() % 64);
    const std::string text = microseconds(ps);
    CAPTURE(ps, text);
    const std::size_t point = text.find('.');
    std::string digits = point == std::string::npos ? "" : text.substr(point + 1);
    CHECK((digits.empty() || digits.back() != '0'));
    digits.resize(6, '0');
    CHECK(std::stoull(text.substr(0, point)) * 1'000'000 + std::stoull(digits) == ps);
  }
}

TEST_CASE("slices of one time nest by length, and begin where others end") {
  TraceFile file;
  const auto track = file.trace.track("g", "t", Overlap::nests);
  file.trace.slice(track, 2'000'000, 3'000'000, "inner");
  file.trace.slice(track, 3'000'000, 3'000'000, "none");
  file.trace.slice(track, 0, 3'000'000, "outer");
  file.trace.slice(track, 3'000'000, 5'000'000, "next");
  file.trace.slice(track, 0, 1'000'000, "first");
  const std::vector<std::string> wanted{"B outer 0", "B first 0", "E first 1", "B inner 2",
                                        "E inner 3", "E outer 3", "B next 3",  "B none 3",
                                        "E none 3",  "E next 5"};
  CHECK(events(file.finished(), "BE") == wanted);
}

TEST_CASE("slices that overlap get lanes, the lowest that is free") {
  TraceFile file;
  const auto track = file.trace.track("g", "t");
  file.trace.track("g", "other");
  const std::uint64_t us = 1'000'000;
  file.trace.slice(track, 0, 4 * us, "a");
  file.trace.slice(track, 1 * us, 2 * us, "b");
  file.trace.slice(track, 2 * us, 5 * us, "c");
  file.trace.slice(track, 3 * us, 4 * us, "d");
  file.trace.slice(track, 4 * us, 6 * us, "e");
  const Json document = file.finished();
  std::map<std::string, int> lane;
  for (const Json& event : document["traceEvents"]) {
    if (event["ph"] == "B") lane[event["name"]] = event["tid"];
  }
  CHECK(lane == std::map<std::string, int>{{"a", 1}, {"b", 2}, {"c", 2}, {"d", 3}, {"e", 1}});
  CHECK(tracks(document) ==
        std::map<std::string, std::string>{
            {"1.1", "t"}, {"1.2", "t (2)"}, {"1.3", "t (3)"}, {"1.4", "other"}});
}

TEST_CASE("an arrow goes through the slices that are there, and needs two") {
  TraceFile file;
  const auto a = file.trace.track("g", "a"), b = file.trace.track("g", "b");
  const std::uint64_t us = 1'000'000;
  file.trace.slice(a, 0, us, "x");
  file.trace.slice(b, 2 * us, 3 * us, "y", "", 1);
  file.trace.slice(b, 2 * us, 3 * us, "z", "", 2);  // a lane of its own
  const auto arrow = [&](std::uint64_t number, std::uint64_t from, std::uint64_t to) {
    EventTrace::Flow flow;
    flow.number = number;
    flow.to(a, from);
    flow.to(b, to);
    file.trace.flow(flow);
  };
  arrow(2, us / 2, 2 * us);
  arrow(1, 0, 2 * us);
  arrow(3, 0, 5 * us);           // ends at nothing
  arrow(4, 3 * us / 2, 2 * us);  // begins at nothing
  const Json document = file.finished();
  std::vector<std::string> found;
  for (const Json& event : document["traceEvents"]) {
    if (event.contains("id"))
      found.push_back(event["ph"].get<std::string>() + event["id"].dump() + " " +
                      event["tid"].dump() + " " + event["ts"].dump());
  }
  CHECK(found == std::vector<std::string>{"s1 1 0", "f1 2 2", "s2 1 0.5", "f2 3 2"});
}

TEST_CASE("names and arguments are escaped") {
  TraceFile file;
  TraceArguments arguments;
  arguments.add("text", std::string("a\"b\\c\n\x01\xff"))
      .add("n", std::uint64_t{1} << 63)
      .add_time("t", 5);
  file.trace.slice(file.trace.track("g\"", "t\n"), 0, 1, "operator<\"\">", arguments.take());
  const Json document = file.finished();
  const Json& slice = document["traceEvents"].back();
  CHECK(slice["name"] == "operator<\"\">");
  for (const Json& event : document["traceEvents"]) {
    if (event["ph"] != "B") continue;
    CHECK(event["args"]["text"] == "a\"b\\c\n\x01\xef\xbf\xbd");
    CHECK(event["args"]["n"] == std::uint64_t{1} << 63);
    CHECK(event["args"]["t"] == 0.000005);
  }
}

TEST_CASE("beyond its limit a trace keeps what ended last, and says what it dropped") {
  const std::uint64_t seed = 11, us = 1'000'000;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  TraceFile file(kMib);
  const auto track = file.trace.track("g", "t");
  const auto counter = file.trace.counter("g", "n"), idle = file.trace.counter("g", "idle");
  file.trace.count(idle, 1, "\"value\":5");
  std::vector<std::pair<std::uint64_t, std::string>> all;  // end, name
  for (unsigned i = 0; i < 40'000; ++i) {                  // in disorder, as of several initiators
    const std::uint64_t start = (i + random() % 50) * us, end = start + random() % (20 * us);
    all.emplace_back(end, "s" + std::to_string(i));
    file.trace.slice(track, start, end, all.back().second);
    if (i % 10 == 0) file.trace.count(counter, i * us, "\"value\":" + std::to_string(i));
  }
  const Json document = file.finished();
  CHECK(std::filesystem::file_size(file.file()) <= kMib);
  CHECK(std::filesystem::file_size(file.file()) > kMib / 2);
  const std::uint64_t cut = file.trace.kept_from_ps();
  std::set<std::string> wanted, found;
  for (const auto& [end, name] : all) {
    if (end > cut) wanted.insert(name);
  }
  std::vector<std::uint64_t> values;
  std::size_t counts = 0;
  for (const Json& event : document["traceEvents"]) {
    if (event["ph"] == "B") found.insert(event["name"]);
    counts += event["ph"] == "C";
    if (event["ph"] == "C" && event["name"] == "n") values.push_back(event["args"]["value"]);
    if (event["ph"] == "C" && event["name"] == "idle") CHECK(event["args"]["value"] == 5);
  }
  CHECK(found == wanted);
  REQUIRE_FALSE(values.empty());
  CHECK(values.front() == cut / us / 10 * 10);  // the value of that moment
  CHECK(values.back() == 39'990);
  CHECK(file.trace.dropped() == 40'000 + 4'001 - found.size() - counts);
  CHECK(document["otherData"]["dropped_events"] == file.trace.dropped());
  CHECK(document["otherData"].contains("left_out"));
}

TEST_CASE("a window counter's sum is what it was given") {
  using Counter = WindowCounter<2>;
  const std::uint64_t seed = 5;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  TraceFile file;
  Counter counter(file.trace, file.trace.counter("g", "n"), {"a", "b"});
  std::array<std::uint64_t, 2> given{};
  std::uint64_t now = 0;
  for (unsigned i = 0; i < 500; ++i) {
    now += random() % (3 * Counter::kWindowPs);
    counter.advance(now);
    const std::size_t which = random() % 2;
    const std::uint64_t amount = random() % 100;
    if (which == 0) {
      counter.add(0, now + random() % (2 * Counter::kWindowPs), amount);  // ahead of the kernel
      given[0] += amount;
    } else {
      counter.add_span(1, now, now + amount * 10'000);
      given[1] += amount * 10'000;
    }
  }
  counter.finish();
  const Json document = file.finished();
  std::array<std::uint64_t, 2> sums{};
  const Json* last = nullptr;
  for (const Json& event : document["traceEvents"]) {
    if (event["ph"] != "C") continue;
    if (last != nullptr) {
      const double windows = event["ts"].get<double>() - (*last)["ts"].get<double>();
      sums[0] += (*last)["args"]["a"].get<std::uint64_t>() * static_cast<std::uint64_t>(windows);
      sums[1] += (*last)["args"]["b"].get<std::uint64_t>() * static_cast<std::uint64_t>(windows);
    }
    last = &event;
  }
  CHECK(sums == given);
  REQUIRE(last != nullptr);
  CHECK((*last)["args"]["a"] == 0);
}

TEST_CASE("signals become slices and counters by the table, others are left out") {
  TraceFile file;
  SignalTrace signals(file.trace);
  const std::uint64_t us = 1'000'000;
  const auto irq = signals.declare("epochcore", "irq", 1, {});
  const auto pc = signals.declare("cpu", "pc", 32, {});
  const auto owner = signals.declare("interconnect.dram", "initiator", 8, {"idle", "cpu", "dma"});
  const auto queued = signals.declare("epochcore.dma_in", "queued", 8, {});
  const auto head = signals.declare("epochcore.ring", "head", 32, {});
  const auto tail = signals.declare("epochcore.ring", "tail", 32, {});
  const auto semaphore = signals.declare("epochcore.semaphores", "s3", 8, {});
  signals.change(irq, 0, 0);
  signals.change(irq, 3 * us, 0);  // out of order
  signals.change(irq, 1 * us, 1);
  signals.change(pc, 1 * us, 0x80000000);
  signals.change(owner, 1 * us, 2);
  signals.change(owner, 2 * us, 0);
  signals.change(owner, 2 * us, 1);  // of one time the last counts
  signals.change(queued, 0, 0);
  signals.change(queued, 1 * us, 2);
  signals.change(tail, 1 * us, 5);
  signals.change(head, 2 * us, 3);
  signals.change(semaphore, 0, 0);
  signals.advance(2 * us);
  signals.change(irq, 4 * us, 1);  // high at the end
  signals.finish(5 * us);
  const Json document = file.finished();
  CHECK(events(document, "BE") == std::vector<std::string>{"B irq 1", "E irq 3", "B irq 4",
                                                           "E irq 5", "B dma 1", "E dma 2",
                                                           "B cpu 2", "E cpu 5"});
  CHECK(events(document, "C") ==
        std::vector<std::string>{"C dma_in queue 1 {\"value\":2}",
                                 "C ring 1 {\"in device\":0,\"waiting\":5}",
                                 "C ring 2 {\"in device\":3,\"waiting\":2}"});
}

TEST_CASE("a trace file that cannot be written is refused") {
  CHECK_THROWS_AS(EventTrace("/no/such/folder/t.json", kMib), UnavailableError);
}

}  // namespace
}  // namespace epoch::test
