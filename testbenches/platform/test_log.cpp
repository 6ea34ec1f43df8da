// SPDX-License-Identifier: Apache-2.0
//
// The log: which lines a rule lets through, their order and form, refusals.
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "errors.h"
#include "report/log_writer.h"
#include "scratch_folder.h"

namespace epoch::test {
namespace {

std::string contents(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

LogLevel level_of(const std::string& rules, const std::string& scope) {
  const ScratchFolder folder;
  LogWriter log(parse_log_rules(rules), LogWriter::Format::text, folder.write("l", ""));
  return log.declare(scope);
}

TEST_CASE(
    "log rules: a scope, what is below it or begins with it, wildcards, the last one counts") {
  CHECK(level_of("plic=info", "plic") == LogLevel::info);
  CHECK(level_of("plic=info", "plic2") == LogLevel::off);
  CHECK(level_of("plic=info", "clint") == LogLevel::off);
  CHECK(level_of("epochcore=debug", "epochcore.dma_in") == LogLevel::debug);
  CHECK(level_of("epochcore.dma=debug", "epochcore.dma_in") == LogLevel::debug);
  CHECK(level_of("epochcore.dma=debug", "epochcore.pe_grid") == LogLevel::off);
  CHECK(level_of("epochcore=debug", "epochcore1.dma_in") == LogLevel::off);
  CHECK(level_of("epochcore*=debug", "epochcore1.dma_in") == LogLevel::debug);
  CHECK(level_of("*.dma_?n=error", "epochcore1.dma_in") == LogLevel::error);
  CHECK(level_of("*=warning,plic=debug", "plic") == LogLevel::debug);
  CHECK(level_of("plic=debug,*=warning", "plic") == LogLevel::warning);
  CHECK(level_of("*=debug,plic=off", "plic") == LogLevel::off);
}

TEST_CASE("log rules: what is none is refused, and says what is") {
  for (const char* text : {"", "plic", "=debug", "plic=", "plic=loud", "plic=debug,", ",plic=debug",
                           "plic=DEBUG", "plic=debug=info"}) {
    CAPTURE(text);
    const std::string message = message_of<UsageError>([&] { parse_log_rules(text); });
    CHECK(message.find("--log") == 0);
    CHECK((message.find("SCOPE=LEVEL") != std::string::npos ||
           message.find("error, warning, info, debug or off") != std::string::npos));
  }
}

TEST_CASE("log rules: a scope that is unknown is refused with the nearest") {
  const ScratchFolder folder;
  LogWriter log(parse_log_rules("epochcore=info,plik=info"), LogWriter::Format::text,
                folder.write("l", ""));
  log.declare("plic");
  log.declare("epochcore.irq");
  const std::string message = message_of<UsageError>([&] { log.refuse_unknown_scopes(); });
  CHECK(message ==
        "--log plik: no such scope; did you mean \"plic\"? There are plic, epochcore.irq");
  log.declare("plik");
  log.refuse_unknown_scopes();
}

TEST_CASE(
    "a log point asks nothing of a sink that does not want it, and formats for one that does") {
  const ScratchFolder folder;
  const auto file = folder.write("l", "");
  LogWriter log(parse_log_rules("a=info"), LogWriter::Format::text, file);
  LogPoint loose, a, b;
  a.attach(log, "a");
  b.attach(log, "b");
  for (const LogLevel level :
       {LogLevel::error, LogLevel::warning, LogLevel::info, LogLevel::debug}) {
    CHECK_FALSE(loose.on(level));
    CHECK_FALSE(b.on(level));
    CHECK(a.on(level) == (level != LogLevel::debug));
  }
  a.write(LogLevel::info, 12'345'678, "%s %u", "answer", 42u);
  a.write(LogLevel::error, 1, "%s", std::string(1000, 'x').c_str());
  log.finish();
  CHECK(contents(file) == "[       0.000 us] a error: " + std::string(250, 'x') +
                              "\n[      12.346 us] a info: answer 42\n");
}

TEST_CASE("the log is sorted by time, and one time by scope, whatever the order of calls") {
  const ScratchFolder folder;
  const auto write = [&](bool reverse) {
    const auto file = folder.write("l", "");
    LogWriter log(parse_log_rules("*=debug"), LogWriter::Format::json, file);
    struct Call {
      const char* scope;
      std::uint64_t time_ps;
      const char* text;
    };
    std::vector<Call> calls{{"b", 5, "2"}, {"a", 5, "1"}, {"a", 9, "4"}, {"c", 7, "3"}};
    if (reverse) std::reverse(calls.begin(), calls.end());
    for (const Call& call : calls) log.log(call.scope, LogLevel::info, call.time_ps, call.text);
    log.advance(7);
    log.log("a", LogLevel::debug, 100, "5");
    log.finish();
    return contents(file);
  };
  const std::string text = write(false);
  CHECK(write(true) == text);
  std::istringstream lines(text);
  std::string line, order;
  while (std::getline(lines, line)) {
    const auto json = nlohmann::json::parse(line);
    CHECK(json.size() == 4);
    order += json.at("text").get<std::string>();
    if (json.at("text") == "5") {
      CHECK((json.at("time_ps") == 100 && json.at("scope") == "a" && json.at("level") == "debug"));
    }
  }
  CHECK(order == "12345");
}

TEST_CASE("a log line is one line, whatever a model says") {
  const ScratchFolder folder;
  const auto file = folder.write("l", "");
  LogWriter log(parse_log_rules("*=debug"), LogWriter::Format::text, file);
  log.log("uart", LogLevel::info, 0, "a\nb\x1b[31m\xff");
  log.finish();
  CHECK(contents(file) == "[       0.000 us] uart info: a\\x0ab\\x1b[31m\\xff\n");
}

TEST_CASE("a log file that cannot be written is refused") {
  CHECK_THROWS_AS(LogWriter({}, LogWriter::Format::text, "/no/such/folder/log"), UnavailableError);
}

}  // namespace
}  // namespace epoch::test
