// SPDX-License-Identifier: Apache-2.0
#include "report/log_writer.h"

#include <fnmatch.h>

#include <algorithm>
#include <cstdio>

#include "config/json_text.h"
#include "config/suggest.h"
#include "errors.h"

namespace epoch {
namespace {

constexpr const char* kLevels[] = {"off", "error", "warning", "info", "debug"};

const char* level_name(LogLevel level) {
  return kLevels[static_cast<unsigned>(level)];
}

LogRule parse_rule(const std::string& text) {
  const std::string where = "--log " + one_line(text) + ": ";
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw UsageError(where + "SCOPE=LEVEL, e.g. epochcore.dma=debug");
  const std::string level = text.substr(equals + 1);
  for (unsigned i = 0; i < std::size(kLevels); ++i) {
    if (level == kLevels[i]) return {text.substr(0, equals), static_cast<LogLevel>(i)};
  }
  throw UsageError(where + "a level is error, warning, info, debug or off");
}

}  // namespace

bool LogRule::matches(const std::string& scope) const {
  if (fnmatch(pattern.c_str(), scope.c_str(), 0) == 0) return true;
  if (scope.size() <= pattern.size() || scope.compare(0, pattern.size(), pattern) != 0)
    return false;
  return scope[pattern.size()] == '.' || scope[pattern.size()] == '_';
}

std::vector<LogRule> parse_log_rules(const std::string& text) {
  std::vector<LogRule> rules;
  std::size_t from = 0;
  while (from <= text.size()) {
    const std::size_t comma = std::min(text.find(',', from), text.size());
    rules.push_back(parse_rule(text.substr(from, comma - from)));
    from = comma + 1;
  }
  return rules;
}

LogWriter::LogWriter(std::vector<LogRule> rules, Format format,
                     const std::optional<std::filesystem::path>& file)
    : rules_(std::move(rules)), format_(format) {
  if (file) file_ = std::make_unique<OutputFile>(*file);
}

LogLevel LogWriter::declare(const std::string& scope) {
  if (std::find(scopes_.begin(), scopes_.end(), scope) == scopes_.end()) scopes_.push_back(scope);
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (rule->matches(scope)) return rule->level;
  }
  return LogLevel::off;
}

void LogWriter::refuse_unknown_scopes() const {
  for (const LogRule& rule : rules_) {
    const bool known = std::any_of(scopes_.begin(), scopes_.end(),
                                   [&](const std::string& scope) { return rule.matches(scope); });
    if (known) continue;
    std::string all;
    for (const std::string& scope : scopes_) all += (all.empty() ? "" : ", ") + scope;
    const std::string near = nearest(rule.pattern, scopes_);
    throw UsageError("--log " + one_line(rule.pattern) + ": no such scope; " +
                     (near.empty() ? "" : "did you mean \"" + near + "\"? ") + "There are " + all);
  }
}

void LogWriter::log(const std::string& scope, LogLevel level, std::uint64_t time_ps,
                    const char* text) {
  pending_.push_back({time_ps, scope, level, one_line(text, 250)});
}

void LogWriter::advance(std::uint64_t now_ps) {
  const auto complete = std::stable_partition(
      pending_.begin(), pending_.end(), [&](const Line& line) { return line.time_ps < now_ps; });
  write(static_cast<std::size_t>(complete - pending_.begin()));
}

void LogWriter::flush() {
  write(pending_.size());
  if (!file_) std::fflush(stderr);
}

void LogWriter::finish() {
  flush();
  if (file_) file_->close();
}

std::string LogWriter::line_text(const Line& line) const {
  if (format_ == Format::json) {
    Json json = {{"time_ps", line.time_ps},
                 {"scope", line.scope},
                 {"level", level_name(line.level)},
                 {"text", line.text}};
    return json.dump() + "\n";
  }
  char time[40];
  std::snprintf(time, sizeof time, "[%12.3f us] ", static_cast<double>(line.time_ps) / 1e6);
  return time + line.scope + " " + level_name(line.level) + ": " + line.text + "\n";
}

void LogWriter::write(std::size_t count) {
  if (count == 0) return;
  const auto end = pending_.begin() + static_cast<std::ptrdiff_t>(count);
  std::stable_sort(pending_.begin(), end, [](const Line& a, const Line& b) {
    return a.time_ps != b.time_ps ? a.time_ps < b.time_ps : a.scope < b.scope;
  });
  if (!file_ && before_output) before_output();
  for (auto line = pending_.begin(); line != end; ++line) {
    const std::string text = line_text(*line);
    if (file_) {
      file_->write(text);
    } else {
      std::fwrite(text.data(), 1, text.size(), stderr);
    }
  }
  pending_.erase(pending_.begin(), end);
}

}  // namespace epoch
