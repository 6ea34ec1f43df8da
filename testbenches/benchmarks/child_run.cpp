// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/child_run.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace epoch::bench {

namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

[[noreturn]] void become(const std::vector<std::string>& command, int output) {
  dup2(output, STDOUT_FILENO);
  dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execv(arguments[0], arguments.data());
  _exit(127);
}

std::string read_all(int file) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t count; (count = read(file, buffer.data(), buffer.size())) > 0;)
    text.append(buffer.data(), static_cast<std::size_t>(count));
  return text;
}

}  // namespace

ChildRun run_child(const std::vector<std::string>& command) {
  std::array<int, 2> output{};
  if (pipe2(output.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  const pid_t child = fork();
  if (child == 0) become(command, output[1]);
  close(output[1]);
  ChildRun run;
  run.output = read_all(output[0]);
  close(output[0]);
  int status = 0;
  rusage usage{};
  if (child < 0 || wait4(child, &status, 0, &usage) != child || !WIFEXITED(status) ||
      WEXITSTATUS(status) != 0) {
    std::string text;
    for (const auto& word : command) text += word + " ";
    throw std::runtime_error(text + "failed (status " + std::to_string(status) + ")");
  }
  run.cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  run.peak_mib = static_cast<double>(usage.ru_maxrss) / 1024;
  return run;
}

ChildRun median_run(const std::vector<std::string>& command, unsigned count) {
  std::vector<ChildRun> runs;
  for (unsigned i = 0; i < count; ++i) runs.push_back(run_child(command));
  const auto middle = runs.begin() + count / 2;
  std::nth_element(runs.begin(), middle, runs.end(),
                   [](const ChildRun& a, const ChildRun& b) { return a.cpu_s < b.cpu_s; });
  return *middle;
}

}  // namespace epoch::bench
