// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace epoch {

// A program to run to its end, with nothing on its standard input.
struct Process {
  std::filesystem::path program;
  std::vector<std::string> arguments;
  std::filesystem::path folder;  // to run in
  std::filesystem::path output;  // where standard output goes
  std::filesystem::path errors;  // and standard error
};

struct ProcessEnd {
  int status = 0;  // exit status, or the signal
  bool signalled = false;
};

// Runs processes side by side.
class ProcessPool {
 public:
  // Called when process `index` has ended, in the order of their ends.
  using Finished = std::function<void(std::size_t index, const ProcessEnd& end)>;
  // Called at least four times a second.
  using Tick = std::function<void()>;

  // Runs all of them, started in order, at most `jobs` at a time. SIGINT, SIGTERM and SIGHUP end
  // the children; the return value is then that signal, otherwise 0. Children end with this
  // process, however it ends. Throws UnavailableError if one cannot be started.
  static int run(const std::vector<Process>& processes, unsigned jobs, const Finished& finished,
                 const Tick& tick);
};

}  // namespace epoch
