// SPDX-License-Identifier: Apache-2.0
//
// Times the command line as a whole process: CPU seconds (user + system) of the child, medians of
// five runs. Prints `name value unit` a line.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

// CPU seconds of one run; its output is thrown away. Ends the benchmark if the run fails.
double cpu_seconds(const std::vector<std::string>& command) {
  const pid_t child = fork();
  if (child == 0) {
    const int null = open("/dev/null", O_WRONLY);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    std::vector<char*> arguments;
    for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  int status = 0;
  rusage usage{};
  if (child < 0 || wait4(child, &status, 0, &usage) != child || !WIFEXITED(status) ||
      WEXITSTATUS(status) != 0) {
    std::fprintf(stderr, "bench_platform: '%s' failed (status %d)\n", command[0].c_str(), status);
    std::exit(1);
  }
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double median_of_five(const std::vector<std::string>& command) {
  std::vector<double> times;
  for (int run = 0; run < 5; ++run) times.push_back(cpu_seconds(command));
  std::nth_element(times.begin(), times.begin() + 2, times.end());
  return times[2];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: bench_platform EPOCHVP SCENARIO_FOLDER\n");
    return 64;
  }
  const std::string epochvp = argv[1];
  const std::string scenarios = argv[2];
  const auto digits = [&](const std::string& count, const std::string& fidelity) {
    return median_of_five({epochvp, "run", scenarios + "/smnist.json", "--set",
                           "epochcore.pe_grid.fidelity=" + fidelity, "--", "--digits=" + count});
  };

  const double start_up = median_of_five({epochvp, "run", scenarios + "/hello.json"});
  std::printf("start_up %.3f s\n", start_up);
  std::printf("digits_fast %.1f digits/s\n", 200 / digits("200", "fast"));
  std::printf("digits_cycle %.1f digits/s\n", 20 / digits("20", "cycle"));
  return 0;
}
