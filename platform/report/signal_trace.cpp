// SPDX-License-Identifier: Apache-2.0
#include "report/signal_trace.h"

#include <fnmatch.h>

#include <algorithm>

namespace epoch {

// Signals by their path; `group` and `track` say where they go, "%" being the first part of the
// path and "&" its last scope.
struct SignalTrace::Rule {
  const char* pattern;
  Form form;
  const char* group;
  const char* track;
};

namespace {

std::string filled(const std::string& pattern, const std::string& scope) {
  std::string text;
  for (const char c : pattern) {
    if (c == '%') {
      text += scope.substr(0, scope.find('.'));
    } else if (c == '&') {
      text += scope.substr(scope.find('.') == std::string::npos ? 0 : scope.find('.') + 1);
    } else {
      text += c;
    }
  }
  return text;
}

// Of a window, exactly: 1 us has a million picoseconds.
std::string percent(std::uint64_t ps) {
  static_assert(WindowCounter<1>::kWindowPs == 1'000'000);
  return microseconds(100 * ps);
}

}  // namespace

const SignalTrace::Rule* SignalTrace::rule_for(const std::string& path) {
  static constexpr Rule rules[] = {
      {"cpu.sleeping", Form::level, "hart", "asleep"},
      {"epochcore*.pe_grid.cause", Form::busy_state, "%", "array cycles"},
      {"epochcore*.queued", Form::number, "%", "& queue"},
      {"epochcore*.bursts", Form::number, "%", "& bursts in flight"},
      {"epochcore*.ring.*", Form::ring, "%", "ring"},
      {"epochcore*.semaphores.*", Form::number, "%", ""},
      {"interconnect.*.initiator", Form::state, "memories and devices", "& port"},
      {"dram*.busy", Form::level, "memories and devices", ""},
      {"epochcore*.irq", Form::level, "interrupts", "%.irq"},
      {"uart.irq", Form::level, "interrupts", "%.irq"},
      {"clint.*_interrupt", Form::level, "interrupts", ""},
      {"plic.*", Form::level, "interrupts", ""},
  };
  for (const Rule& rule : rules) {
    if (fnmatch(rule.pattern, path.c_str(), 0) == 0) return &rule;
  }
  return nullptr;
}

TraceSink::Signal SignalTrace::declare(const std::string& scope, const std::string& name, unsigned,
                                       std::vector<std::string> states) {
  const std::string path = scope + "." + name;
  const auto number = static_cast<Signal>(signals_.size());
  Watched& signal = signals_.emplace_back();
  const Rule* const rule = rule_for(path);
  if (rule == nullptr) return number;
  signal.form = rule->form;
  signal.name = name;
  signal.states = std::move(states);
  const std::string group = filled(rule->group, scope);
  const std::string track = *rule->track != 0            ? filled(rule->track, scope)
                            : rule->form == Form::number ? "semaphore " + name
                                                         : path;
  if (rule->form == Form::ring) {
    declare_ring(signal, group);
  } else if (rule->form == Form::number) {
    signal.track = out_.counter(group, track);
  } else {
    signal.track = out_.track(group, track);
  }
  if (rule->form == Form::busy_state) {
    signal.other = utilisations_.size();
    utilisations_.emplace_back(out_, out_.counter(group, "array utilisation (%)"),
                               WindowCounter<1>::Names{"useful"}, percent);
  }
  return number;
}

void SignalTrace::declare_ring(Watched& signal, const std::string& group) {
  const EventTrace::Track track = out_.counter(group, "ring");
  const auto known = std::find_if(rings_.begin(), rings_.end(),
                                  [&](const Ring& ring) { return ring.track == track; });
  signal.other = static_cast<std::size_t>(known - rings_.begin());
  if (known == rings_.end()) rings_.push_back({track});
}

void SignalTrace::change(Signal signal, std::uint64_t time_ps, std::uint64_t value) {
  if (signals_[signal].form != Form::ignored) pending_.push_back({time_ps, signal, value});
}

void SignalTrace::advance(std::uint64_t now_ps) {
  const auto complete = std::stable_partition(pending_.begin(), pending_.end(),
                                              [&](const Change& c) { return c.time_ps < now_ps; });
  take(static_cast<std::size_t>(complete - pending_.begin()));
  for (auto& utilisation : utilisations_) utilisation.advance(now_ps);
}

// By time, then signal; of several in one instant the last counts.
void SignalTrace::take(std::size_t count) {
  const auto end = pending_.begin() + static_cast<std::ptrdiff_t>(count);
  std::stable_sort(pending_.begin(), end, [](const Change& a, const Change& b) {
    return a.time_ps != b.time_ps ? a.time_ps < b.time_ps : a.signal < b.signal;
  });
  for (auto at = pending_.begin(); at != end; ++at) {
    const auto next = at + 1;
    if (next != end && next->time_ps == at->time_ps && next->signal == at->signal) continue;
    if (at->time_ps != rings_ps_) tell_rings(rings_ps_);
    rings_ps_ = at->time_ps;
    apply(*at);
  }
  tell_rings(rings_ps_);
  pending_.erase(pending_.begin(), end);
}

void SignalTrace::apply(const Change& change) {
  Watched& signal = signals_[change.signal];
  if (signal.form == Form::ring) {
    return set_ring(rings_[signal.other], signal.name, static_cast<std::uint32_t>(change.value));
  }
  if (!signal.known) signal.since_ps = change.time_ps;
  signal.known = true;
  if (change.value == signal.value) return;  // all are 0 until told
  if (signal.form == Form::number) {
    out_.count(signal.track, change.time_ps, TraceArguments().add("value", change.value).take());
  } else {
    close(signal, change.time_ps);
  }
  signal.value = change.value;
  signal.since_ps = change.time_ps;
}

// The slice of a level that was high, or of a state other than the first, which is rest; of the
// array's causes the last one is.
void SignalTrace::close(Watched& signal, std::uint64_t end_ps) {
  if (signal.form == Form::number || signal.form == Form::ring || signal.form == Form::ignored)
    return;
  if (signal.form == Form::busy_state) {
    if (signal.value == 0) utilisations_[signal.other].add_span(0, signal.since_ps, end_ps);
    if (signal.value + 1 == signal.states.size()) return;
  } else if (signal.value == 0) {
    return;
  }
  if (end_ps == signal.since_ps) return;
  const bool named = signal.value < signal.states.size();
  out_.slice(signal.track, signal.since_ps, end_ps,
             named ? signal.states[signal.value] : signal.name);
}

void SignalTrace::set_ring(Ring& ring, const std::string& name, std::uint32_t value) {
  std::uint32_t& part = name == "head" ? ring.head : name == "tail" ? ring.tail : ring.completed;
  ring.changed = ring.changed || part != value;
  part = value;
}

void SignalTrace::tell_rings(std::uint64_t time_ps) {
  for (Ring& ring : rings_) {
    if (!ring.changed) continue;
    ring.changed = false;
    out_.count(ring.track, time_ps,
               TraceArguments()
                   .add("in device", std::uint64_t{ring.head - ring.completed})
                   .add("waiting", std::uint64_t{ring.tail - ring.head})
                   .take());
  }
}

void SignalTrace::finish(std::uint64_t end_ps) {
  take(pending_.size());
  for (Watched& signal : signals_) {
    if (end_ps > signal.since_ps) close(signal, end_ps);
  }
  for (auto& utilisation : utilisations_) utilisation.finish();
}

}  // namespace epoch
