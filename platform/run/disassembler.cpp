// SPDX-License-Identifier: Apache-2.0
#include "run/disassembler.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace epoch {
namespace {

constexpr const char* kTools[] = {"riscv64-unknown-elf-objdump", "riscv32-unknown-elf-objdump",
                                  "riscv64-linux-gnu-objdump"};

class Descriptor {  // an open file, closed at the end
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }
  void close() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }

 private:
  int number_;
};

std::string read_all(int file) {
  std::string text;
  char part[4096];
  while (true) {
    const ssize_t count = ::read(file, part, sizeof part);
    if (count > 0) text.append(part, static_cast<std::size_t>(count));
    if (count == 0 || (count < 0 && errno != EINTR)) return text;
  }
}

// What a program says on its standard output; false if it cannot be started or fails.
bool run(std::vector<std::string> arguments, std::string& output) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  Descriptor from(ends[0]), to(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, to.number(), STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_t child = 0;
  const int failed = posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  to.close();
  if (failed != 0) return false;
  output = read_all(from.number());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// The instruction of objdump's last line, "80000002:\t0000      \tunimp", with single spaces.
std::string instruction_of(const std::string& listing) {
  const std::size_t end = listing.find_last_not_of("\n \t");
  if (end == std::string::npos) return "";
  const std::size_t start = listing.rfind('\n', end) + 1;
  const std::string line = listing.substr(start, end + 1 - start);
  const std::size_t bytes = line.find('\t');
  const std::size_t text = bytes == std::string::npos ? bytes : line.find('\t', bytes + 1);
  if (text == std::string::npos) return "";
  std::string instruction = line.substr(text + 1);
  for (char& c : instruction) c = c == '\t' ? ' ' : c;
  return instruction;
}

}  // namespace

std::string disassemble(std::uint32_t pc, const std::vector<std::uint8_t>& bytes) {
  // The bytes as they are in memory, which the ELF need not hold any more. objdump reads files
  // only: the child finds this one under its own number.
  const Descriptor code(::memfd_create("instruction", 0));
  const ssize_t written = ::write(code.number(), bytes.data(), bytes.size());
  if (written != static_cast<ssize_t>(bytes.size())) return "no disassembly: no memory file";
  const std::string file = "/proc/self/fd/" + std::to_string(code.number());
  char base[32];
  std::snprintf(base, sizeof base, "--adjust-vma=0x%x", pc);
  for (const char* tool : kTools) {
    std::string listing;
    // -z: zeros too, which objdump otherwise skips.
    if (!run({tool, "-D", "-z", "-b", "binary", "-m", "riscv:rv32", base, file}, listing)) continue;
    std::string instruction = instruction_of(listing);
    if (!instruction.empty()) return instruction;
  }
  return std::string("no disassembly: no ") + kTools[0] + " on PATH";
}

}  // namespace epoch
