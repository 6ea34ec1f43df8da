// SPDX-License-Identifier: Apache-2.0
#include "sweep/process_pool.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/extend.hpp>
#include <boost/process/io.hpp>
#include <boost/process/start_dir.hpp>
#include <csignal>
#include <ctime>
#include <list>

#include "errors.h"

namespace epoch {

namespace bp = boost::process;

namespace {

// Blocks the signals that are waited for, as long as it lives.
class WaitedSignals {
 public:
  WaitedSignals() {
    sigemptyset(&set_);
    for (const int signal : {SIGCHLD, SIGINT, SIGTERM, SIGHUP}) sigaddset(&set_, signal);
    pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  ~WaitedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  WaitedSignals(const WaitedSignals&) = delete;
  WaitedSignals& operator=(const WaitedSignals&) = delete;

  // The signal that came within a quarter of a second, or 0.
  int wait() const {
    const timespec quarter{0, 250'000'000};
    const int signal = sigtimedwait(&set_, nullptr, &quarter);
    return signal > 0 ? signal : 0;
  }
  const sigset_t& before() const { return before_; }

 private:
  sigset_t set_{}, before_{};
};

bp::child start(const Process& process, const WaitedSignals& signals) {
  const pid_t parent = ::getpid();
  // In the child, before exec: the mask is inherited, and a parent that is killed takes it along.
  const auto prepare = [&signals, parent](auto&) {
    pthread_sigmask(SIG_SETMASK, &signals.before(), nullptr);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(kExitInterrupted);  // killed before prctl
  };
  try {
    return bp::child(process.program.string(), bp::args = process.arguments,
                     bp::start_dir = process.folder.string(), bp::std_in = bp::null,
                     bp::std_out = process.output.string(), bp::std_err = process.errors.string(),
                     bp::extend::on_exec_setup = prepare);
  } catch (const bp::process_error& error) {
    throw UnavailableError(process.program.string() + ": cannot be started: " + error.what());
  }
}

ProcessEnd end_of(const bp::child& child) {
  const int status = child.native_exit_code();  // as waitpid() gives it
  if (WIFSIGNALED(status)) return {WTERMSIG(status), true};
  return {WEXITSTATUS(status), false};
}

struct Running {
  std::size_t index;
  bp::child child;
};

void end_all(std::list<Running>& running) {
  std::error_code ignored;
  for (Running& one : running) ::kill(one.child.id(), SIGKILL);
  for (Running& one : running) one.child.wait(ignored);  // terminate() would not wait
  running.clear();
}

}  // namespace

int ProcessPool::run(const std::vector<Process>& processes, unsigned jobs, const Finished& finished,
                     const Tick& tick) {
  const WaitedSignals signals;
  std::list<Running> running;
  std::size_t next = 0;
  try {
    while (next < processes.size() || !running.empty()) {
      while (next < processes.size() && running.size() < jobs) {
        running.push_back({next, start(processes[next], signals)});
        ++next;
      }
      const int signal = signals.wait();
      if (signal != 0 && signal != SIGCHLD) {
        end_all(running);
        return signal;
      }
      for (auto at = running.begin(); at != running.end();) {
        std::error_code ignored;
        if (at->child.running(ignored)) {
          ++at;
          continue;
        }
        const std::size_t index = at->index;
        const ProcessEnd end = end_of(at->child);
        at = running.erase(at);
        finished(index, end);
      }
      tick();
    }
  } catch (...) {
    end_all(running);
    throw;
  }
  return 0;
}

}  // namespace epoch
