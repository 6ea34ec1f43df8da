// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <map>

#include "errors.h"
#include "platform/scratch_folder.h"
#include "sweep/process_pool.h"

using namespace epoch;
using Catch::Matchers::Contains;
using test::message_of;
using test::ScratchFolder;

namespace {

Process shell(const ScratchFolder& folder, const std::string& name, const std::string& script) {
  return {
      "/bin/sh", {"-c", script}, folder / ".", folder / (name + ".out"), folder / (name + ".err")};
}

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::map<std::size_t, ProcessEnd> run(const std::vector<Process>& processes, unsigned jobs) {
  std::map<std::size_t, ProcessEnd> ends;
  const int signal = ProcessPool::run(
      processes, jobs, [&](std::size_t i, const ProcessEnd& end) { ends[i] = end; }, [] {});
  CHECK(signal == 0);
  return ends;
}

}  // namespace

TEST_CASE("each process's status, output and errors are its own") {
  const ScratchFolder folder;
  folder.write("mark", "here");
  std::vector<Process> processes;
  for (int i = 0; i < 20; ++i) {
    const std::string n = std::to_string(i);
    processes.push_back(
        shell(folder, n, "cat; cat mark; echo " + n + "; echo e" + n + " >&2; exit " + n));
  }
  processes.push_back(shell(folder, "killed", "kill -9 $$"));
  const auto ends = run(processes, 3);
  REQUIRE(ends.size() == 21);
  for (int i = 0; i < 20; ++i) {
    const std::string n = std::to_string(i);
    CHECK(ends.at(static_cast<std::size_t>(i)).status == i);
    CHECK_FALSE(ends.at(static_cast<std::size_t>(i)).signalled);
    CHECK(text_of(folder / (n + ".out")) == "here" + n + "\n");  // standard input was empty
    CHECK(text_of(folder / (n + ".err")) == "e" + n + "\n");
  }
  CHECK(ends.at(20).signalled);
  CHECK(ends.at(20).status == SIGKILL);
}

TEST_CASE("processes run side by side, and no more than asked for") {
  const ScratchFolder folder;
  std::vector<Process> processes;
  // Each of three waits for the other two: one after the other they would wait for ever.
  for (const std::string name : {"a", "b", "c"}) {
    processes.push_back(shell(folder, name,
                              "touch here." + name +
                                  "; until test -e here.a -a -e here.b -a -e here.c; do "
                                  "sleep 0.01; done"));
  }
  CHECK(run(processes, 3).size() == 3);
  processes.clear();
  for (int i = 0; i < 12; ++i) {
    const std::string n = std::to_string(i);
    processes.push_back(shell(
        folder, n, "mkdir live." + n + "; ls -d live.* | wc -l; sleep 0.02; rmdir live." + n));
  }
  run(processes, 2);
  for (int i = 0; i < 12; ++i) {
    const int alive = std::stoi(text_of(folder / (std::to_string(i) + ".out")));
    CHECK(alive >= 1);
    CHECK(alive <= 2);
  }
}

TEST_CASE("an interrupt ends the children, and nothing more is started") {
  const ScratchFolder folder;
  std::vector<Process> processes;
  for (const std::string name : {"a", "b", "c"}) {
    processes.push_back(shell(folder, name, "echo $$ >pid." + name + "; exec sleep 1000"));
  }
  for (const int signal : {SIGINT, SIGTERM}) {
    bool sent = false;
    const auto tick = [&] {
      if (sent || text_of(folder / "pid.a").empty() || text_of(folder / "pid.b").empty()) return;
      sent = true;
      ::kill(::getpid(), signal);
    };
    const int ended = ProcessPool::run(
        processes, 2, [](std::size_t, const ProcessEnd&) {}, tick);
    CHECK(ended == signal);
    for (const std::string name : {"a", "b"}) {
      CHECK(::kill(std::stoi(text_of(folder / ("pid." + name))), 0) != 0);
      std::filesystem::remove(folder / ("pid." + name));
    }
    CHECK_FALSE(std::filesystem::exists(folder / "pid.c"));
  }
}

TEST_CASE("a program that is not there is said") {
  const ScratchFolder folder;
  Process process = shell(folder, "x", "");
  process.program = folder / "nothing";
  CHECK_THAT(message_of<UnavailableError>([&] { run({process}, 1); }),
             Contains("cannot be started"));
}
