// SPDX-License-Identifier: Apache-2.0
#include "report/mmio_trace.h"

#include <algorithm>

namespace epoch {

MmioTrace::MmioTrace(const std::filesystem::path& file, const AccessText& text)
    : file_(file), text_(text) {
  file_.write(AccessText::kAccessColumns);
  file_.write(AccessText::kCommandColumns);
}

void MmioTrace::access(const RecordedAccess& access) {
  pending_.push_back({access.time_ps, "a" + *access.initiator, text_.access(access)});
}

void MmioTrace::command(std::uint64_t time_ps, const std::string& device,
                        const CommandView& command) {
  if (command.state == CommandView::State::running) return;
  // Fetched before retired: the fetch and the engines are processes of their own.
  const auto step = static_cast<unsigned>(command.state);
  pending_.push_back({time_ps, "c" + device + std::to_string(step) + std::to_string(command.engine),
                      AccessText::command(time_ps, device, command)});
}

void MmioTrace::advance(std::uint64_t now_ps) {
  const auto complete = std::stable_partition(
      pending_.begin(), pending_.end(), [&](const Line& line) { return line.time_ps < now_ps; });
  write(static_cast<std::size_t>(complete - pending_.begin()));
}

void MmioTrace::finish() {
  write(pending_.size());
  file_.close();
}

void MmioTrace::write(std::size_t count) {
  const auto end = pending_.begin() + static_cast<std::ptrdiff_t>(count);
  std::stable_sort(pending_.begin(), end, [](const Line& a, const Line& b) {
    return a.time_ps != b.time_ps ? a.time_ps < b.time_ps : a.source < b.source;
  });
  for (auto line = pending_.begin(); line != end; ++line) file_.write(line->text + "\n");
  pending_.erase(pending_.begin(), end);
}

}  // namespace epoch
