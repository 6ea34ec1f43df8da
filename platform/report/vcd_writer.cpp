// SPDX-License-Identifier: Apache-2.0
#include "report/vcd_writer.h"

#include <algorithm>
#include <stdexcept>

namespace epoch {
namespace {

// Short printable identifiers, as the standard allows: '!' to '~', little endian.
std::string identifier(std::size_t number) {
  std::string id;
  do {
    id += static_cast<char>('!' + number % 94);
    number /= 94;
  } while (number != 0);
  return id;
}

std::vector<std::string> split(const std::string& dotted) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  while (from <= dotted.size()) {
    const std::size_t dot = std::min(dotted.find('.', from), dotted.size());
    if (dot > from) parts.push_back(dotted.substr(from, dot - from));
    from = dot + 1;
  }
  return parts;
}

// VCD separates tokens by white space.
std::string token(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c <= ' ' || c > '~'; }, '_');
  return text;
}

std::string binary(std::uint64_t value, unsigned width) {
  std::string digits;
  for (unsigned bit = std::min(width, 64u); bit-- > 0;) {
    const bool one = ((value >> bit) & 1) != 0;
    if (one || !digits.empty() || bit == 0) digits += one ? '1' : '0';
  }
  return digits;
}

// GTKWave shows 2^zoom time units a pixel; a wave pane is about a thousand pixels wide.
std::string zoom_to_fit(std::uint64_t end_ps) {
  int zoom = 0;
  while ((end_ps >> zoom) > 1000) ++zoom;
  std::string line = "*-" + std::to_string(zoom) + ".000000 0";
  for (char marker = 'a'; marker <= 'z'; ++marker) line += " -1";
  return line + "\n";
}

// Scopes in the order in which they first declared something, each with all its signals.
template <typename Declaration>
std::vector<Declaration> grouped_by_scope(std::vector<Declaration> signals) {
  std::map<std::string, std::size_t> rank;
  for (const Declaration& signal : signals) rank.emplace(signal.scope, rank.size());
  std::stable_sort(signals.begin(), signals.end(), [&](const Declaration& a, const Declaration& b) {
    return rank.at(a.scope) < rank.at(b.scope);
  });
  return signals;
}

}  // namespace

VcdWriter::VcdWriter(const std::filesystem::path& file) : name_(file), file_(file) {}

TraceSink::Signal VcdWriter::declare(const std::string& scope, const std::string& name,
                                     unsigned width_bits, std::vector<std::string> states) {
  Declaration signal;
  signal.scope = token(scope);
  signal.name = token(name);
  signal.width = width_bits == 0 ? 1 : width_bits;
  signal.id = identifier(signals_.size());
  for (std::string& state : states) signal.states.push_back(token(std::move(state)));
  const auto number = static_cast<Signal>(signals_.size());
  if (header_written_ || !by_name_.emplace(signal.scope + "." + signal.name, number).second) {
    throw std::invalid_argument(
        "trace signal " + signal.scope + "." + signal.name +
        (header_written_ ? " declared after the start" : " declared twice"));
  }
  signals_.push_back(std::move(signal));
  return number;
}

void VcdWriter::change(Signal signal, std::uint64_t time_ps, std::uint64_t value) {
  pending_.push_back({time_ps, signal, value});
}

void VcdWriter::advance(std::uint64_t now_ps) {
  if (!header_written_) write_header();
  const auto complete = std::stable_partition(pending_.begin(), pending_.end(),
                                              [&](const Change& c) { return c.time_ps < now_ps; });
  write_changes(static_cast<std::size_t>(complete - pending_.begin()));
}

void VcdWriter::finish(std::uint64_t end_ps) {
  if (finished_) return;
  finished_ = true;
  if (!header_written_) write_header();
  write_changes(pending_.size());
  if (end_ps > time_ps_) write_time(end_ps);
  file_.close();
}

// Sorts the first `count` pending changes by time, then signal; of several in one instant the last
// counts, and what changes nothing is dropped.
void VcdWriter::write_changes(std::size_t count) {
  const auto end = pending_.begin() + static_cast<std::ptrdiff_t>(count);
  std::stable_sort(pending_.begin(), end, [](const Change& a, const Change& b) {
    return a.time_ps != b.time_ps ? a.time_ps < b.time_ps : a.signal < b.signal;
  });
  for (auto at = pending_.begin(); at != end; ++at) {
    const auto next = at + 1;
    if (next != end && next->time_ps == at->time_ps && next->signal == at->signal) continue;
    Declaration& signal = signals_[at->signal];
    if (signal.known && signal.value == at->value) continue;
    signal.known = true;
    signal.value = at->value;
    if (!time_written_ || at->time_ps > time_ps_) write_time(at->time_ps);
    write_value(signal);
    ++written_;
  }
  pending_.erase(pending_.begin(), end);
}

void VcdWriter::write_header() {
  header_written_ = true;
  file_.write("$version EpochCore VP $end\n$timescale 1 ps $end\n");
  write_scopes();
  file_.write("$enddefinitions $end\n#0\n$dumpvars\n");
  time_written_ = true;
  for (const Declaration& signal : signals_) {
    if (!signal.states.empty()) {
      file_.write("sunknown " + signal.id + "\n");
    } else {
      file_.write((signal.width == 1 ? "x" : "bx ") + signal.id + "\n");
    }
  }
  file_.write("$end\n");
}

// Signals in the order of their scopes; scopes opened and closed as the path changes.
void VcdWriter::write_scopes() {
  std::vector<const Declaration*> order;
  for (const Declaration& signal : signals_) order.push_back(&signal);
  std::stable_sort(order.begin(), order.end(), [](const Declaration* a, const Declaration* b) {
    return split(a->scope) < split(b->scope);
  });
  std::vector<std::string> open;
  const auto enter = [&](const std::vector<std::string>& scope) {
    std::size_t common = 0;
    while (common < open.size() && common < scope.size() && open[common] == scope[common]) ++common;
    for (; open.size() > common; open.pop_back()) file_.write("$upscope $end\n");
    for (; open.size() < scope.size(); open.push_back(scope[open.size()])) {
      file_.write("$scope module " + scope[open.size()] + " $end\n");
    }
  };
  for (const Declaration* signal : order) {
    enter(split(signal->scope));
    const std::string width = std::to_string(signal->width);
    if (!signal->states.empty()) {
      file_.write("$var string 1 " + signal->id + " " + signal->name + " $end\n");
    } else {
      file_.write("$var wire " + width + " " + signal->id + " " + signal->name +
                  (signal->width > 1 ? " [" + std::to_string(signal->width - 1) + ":0]" : "") +
                  " $end\n");
    }
  }
  enter({});
}

void VcdWriter::write_time(std::uint64_t time_ps) {
  time_ps_ = time_ps;
  time_written_ = true;
  file_.write("#" + std::to_string(time_ps) + "\n");
}

void VcdWriter::write_value(const Declaration& signal) {
  if (!signal.states.empty()) {
    const bool named = signal.value < signal.states.size();
    file_.write("s" + (named ? signal.states[signal.value] : std::to_string(signal.value)) + " " +
                signal.id + "\n");
  } else if (signal.width == 1) {
    file_.write(((signal.value & 1) != 0 ? "1" : "0") + signal.id + "\n");
  } else {
    file_.write("b" + binary(signal.value, signal.width) + " " + signal.id + "\n");
  }
}

void VcdWriter::write_gtkwave_save(const std::filesystem::path& file) const {
  // GTKWave finds the waveforms by these two even after both files have moved together.
  const auto quoted = [](const std::filesystem::path& path) {
    return "\"" + std::filesystem::absolute(path).lexically_normal().string() + "\"\n";
  };
  std::string text = "[dumpfile] " + quoted(name_) + "[savefile] " + quoted(file) +
                     "[timestart] 0\n[size] 1600 1000\n" + zoom_to_fit(time_ps_);
  std::string scope;
  for (const Declaration& signal : grouped_by_scope(signals_)) {
    if (signal.scope != scope) text += "@200\n-" + signal.scope + "\n";
    scope = signal.scope;
    // GTKWave trace flags: 0x02 hexadecimal, 0x08 binary, 0x20 right justified.
    const bool wide = signal.width > 1 && signal.states.empty();
    text += (wide ? "@22\n" : "@28\n") + signal.scope + "." + signal.name +
            (wide ? "[" + std::to_string(signal.width - 1) + ":0]" : "") + "\n";
  }
  write_file(file, text);
}

}  // namespace epoch
