// SPDX-License-Identifier: Apache-2.0
#include "run/backtrace.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "config/json_text.h"
#include "run/unwinder.h"

namespace epoch {
namespace {

constexpr unsigned kMostFrames = 64;
constexpr unsigned kCpuSeconds = 10;
constexpr std::size_t kMostText = 64u << 10;
constexpr const char* kIndent = "\n  ";

std::string frame_start(unsigned number, std::uint32_t pc) {
  char text[40];
  std::snprintf(text, sizeof text, "%s#%-2u 0x%08x ", kIndent, number, pc);
  return text;
}

std::string function_name(const ElfFile& elf, std::uint32_t address) {
  const std::string symbol = elf.symbolize(address);
  return symbol.empty() ? "an address without a symbol" : symbol.substr(0, symbol.rfind('+'));
}

// One frame of the stack: a line for each function inlined there, and for the one they are in.
std::string frame_text(const Unwinder& at, DebugInfo& info, const ElfFile& elf, unsigned& number) {
  std::string text;
  const std::vector<DebugInfo::Place> places = info.places(at.executing());
  for (std::size_t i = 0; i < places.size(); ++i) {
    const DebugInfo::Place& place = places[i];
    text += frame_start(number++, at.pc());
    text +=
        place.function.empty() ? function_name(elf, at.executing()) : one_line(place.function, 200);
    if (i + 1 < places.size()) text += ", inlined";
    if (place.file.empty()) continue;
    text += " (" + one_line(place.file, 400) + ":" + std::to_string(place.line) + ")";
  }
  if (places.empty()) {
    text += frame_start(number++, at.pc()) + function_name(elf, at.executing());
  }
  return text;
}

std::string backtrace_here(const std::vector<std::uint8_t>& elf_bytes, const ElfFile& elf,
                           const StoppedHart& hart) {
  DebugInfo info(elf_bytes);
  Unwinder at(info, hart);
  std::string text;
  unsigned number = 0;
  while (true) {
    const bool innermost = text.empty();
    text += frame_text(at, info, elf, number);
    const std::uint32_t executing = at.executing();
    const Unwinder::Step step = at.step();
    if (step == Unwinder::Step::outermost) return text;
    if (step == Unwinder::Step::lost) {
      text += kIndent + std::string("the backtrace stops: ") + function_name(elf, executing) + " " +
              at.why();
      if (!innermost) return text;
      char ra[60];
      std::snprintf(ra, sizeof ra, "; its caller may be what ra holds, 0x%08x in ", hart.x[1]);
      return text + ra + function_name(elf, hart.x[1] - 1);
    }
    if (number >= kMostFrames) return text + kIndent + "... and further callers";
  }
}

// In the child: nobody waits for it long, and it leaves nothing.
[[noreturn]] void answer(const std::function<std::string()>& make, unsigned cpu_seconds, int to) {
  const rlimit time{cpu_seconds, cpu_seconds}, none{0, 0};
  setrlimit(RLIMIT_CPU, &time);
  setrlimit(RLIMIT_CORE, &none);
#if !defined(__SANITIZE_ADDRESS__)  // which reserves terabytes of addresses
  const rlim_t bytes = rlim_t{4} << 30;
  const rlimit memory{bytes, bytes};
  setrlimit(RLIMIT_AS, &memory);
#endif
  std::string text;
  try {
    text = make();
  } catch (...) {
    _exit(1);
  }
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count = ::write(to, text.data() + done, text.size() - done);
    if (count < 0 && errno != EINTR) _exit(1);
    if (count > 0) done += static_cast<std::size_t>(count);
  }
  _exit(0);
}

std::string read_answer(int from) {
  std::string text;
  char part[4096];
  while (text.size() <= kMostText) {
    const ssize_t count = ::read(from, part, sizeof part);
    if (count > 0) text.append(part, static_cast<std::size_t>(count));
    if (count == 0 || (count < 0 && errno != EINTR)) break;
  }
  return text;
}

}  // namespace

std::string made_in_child(const std::function<std::string()>& make, unsigned cpu_seconds,
                          const std::string& otherwise) {
  int ends[2];
  if (::pipe(ends) != 0) return otherwise + ": no pipe";
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    answer(make, cpu_seconds, ends[1]);
  }
  ::close(ends[1]);
  const std::string text = child > 0 ? read_answer(ends[0]) : "";
  ::close(ends[0]);
  if (child < 0) return otherwise + ": no process";
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) {
    return otherwise + ": the reader was ended by signal " + std::to_string(WTERMSIG(status));
  }
  if (status != 0 || text.size() > kMostText) return otherwise + ": the reader failed";
  return text;
}

std::string backtrace(const std::vector<std::uint8_t>& elf_bytes, const ElfFile& elf,
                      const StoppedHart& hart) {
  return made_in_child([&] { return backtrace_here(elf_bytes, elf, hart); }, kCpuSeconds,
                       std::string(kIndent) + "no backtrace");
}

}  // namespace epoch
