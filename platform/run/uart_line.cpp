// SPDX-License-Identifier: Apache-2.0
#include "run/uart_line.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "errors.h"
#include "files/input_file.h"

namespace epoch {
namespace {

constexpr int kWaitMs = 100;
constexpr std::uint64_t kMostInput = 256u << 20;

class DescriptorOutput : public UartOutput {
 public:
  DescriptorOutput(int descriptor, bool owned, std::string name)
      : descriptor_(descriptor), owned_(owned), name_(std::move(name)) {}
  ~DescriptorOutput() override {
    if (owned_) ::close(descriptor_);
  }
  DescriptorOutput(const DescriptorOutput&) = delete;
  DescriptorOutput& operator=(const DescriptorOutput&) = delete;

  void write(const char* bytes, std::size_t count) override {
    while (open_ && count != 0) {
      const ssize_t written = ::write(descriptor_, bytes, count);
      if (written > 0) {
        bytes += written;
        count -= static_cast<std::size_t>(written);
      } else if (errno != EINTR) {
        open_ = false;
        if (errno != EPIPE)
          problem_ = name_ + ": could not be written to its end: " + std::strerror(errno);
      }
    }
  }
  std::string problem() const override { return problem_; }

 private:
  int descriptor_;
  bool owned_;
  std::string name_, problem_;
  bool open_ = true;
};

class StandardInput : public UartInput {
 public:
  std::string read(std::size_t most) override {
    std::string bytes(most, '\0');
    if (ended_ || !ready(0)) return "";
    const ssize_t count = ::read(STDIN_FILENO, bytes.data(), most);
    if (count == 0 || (count < 0 && errno != EINTR)) ended_ = true;
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes;
  }
  Wait wait() override {
    if (ended_) return Wait::ended;
    return ready(kWaitMs) ? Wait::ready : Wait::nothing_yet;
  }

 private:
  static bool ready(int wait_ms) {
    pollfd descriptor{STDIN_FILENO, POLLIN, 0};
    return ::poll(&descriptor, 1, wait_ms) > 0;
  }
  bool ended_ = false;
};

class FileInput : public UartInput {
 public:
  explicit FileInput(std::vector<std::uint8_t> bytes) : bytes_(std::move(bytes)) {}

  std::string read(std::size_t most) override {
    const std::size_t count = std::min(most, bytes_.size() - given_);
    const auto first = bytes_.begin() + static_cast<std::ptrdiff_t>(given_);
    given_ += count;
    return {first, first + static_cast<std::ptrdiff_t>(count)};
  }
  Wait wait() override { return given_ < bytes_.size() ? Wait::ready : Wait::ended; }

 private:
  std::vector<std::uint8_t> bytes_;
  std::size_t given_ = 0;
};

std::shared_ptr<UartOutput> make_file_output(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) {
    throw UnavailableError("uart.output: " + path + ": cannot be written: " + std::strerror(errno));
  }
  return std::make_shared<DescriptorOutput>(descriptor, true, "uart.output: " + path);
}

// "file:PATH" and "tcp:PORT": what stands behind the colon.
bool has_prefix(const std::string& text, const std::string& prefix, std::string& rest) {
  if (text.rfind(prefix, 0) != 0) return false;
  rest = text.substr(prefix.size());
  return true;
}

}  // namespace

UartLine make_uart_line(const UartConfig& config) {
  UartLine line;
  std::string rest;
  if (has_prefix(config.output, "tcp:", rest)) {
    line = make_tcp_line(static_cast<unsigned>(std::stoul(rest)));
  } else if (has_prefix(config.output, "file:", rest)) {
    line.output = make_file_output(rest);
  } else {
    line.output = std::make_shared<DescriptorOutput>(STDOUT_FILENO, false, "standard output");
  }
  if (config.input == "none") line.input.reset();
  if (config.input == "stdin") line.input = std::make_shared<StandardInput>();
  if (has_prefix(config.input, "file:", rest)) {
    try {
      line.input = std::make_shared<FileInput>(read_file(rest, kMostInput));
    } catch (const InputError& error) {
      throw InputError("uart.input", error.what());
    }
  }
  return line;
}

}  // namespace epoch
