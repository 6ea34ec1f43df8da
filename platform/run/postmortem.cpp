// SPDX-License-Identifier: Apache-2.0
#include "run/postmortem.h"

#include "errors.h"
#include "files/output_file.h"

namespace epoch {
namespace {

std::string step_text(const char* name, std::uint64_t time_ps) {
  return std::string(" ") + name + "=" +
         (time_ps == RecordedCommand::kNever ? "-" : std::to_string(time_ps));
}

const char* state_name(CommandView::State state) {
  static constexpr const char* names[] = {"queued", "running", "retired", "dropped"};
  return names[static_cast<unsigned>(state)];
}

std::string commands_text(const FlightRecorder& recorder) {
  std::string text = "# the last commands fetched, and all that are still in flight; times in ps\n";
  for (const RecordedCommand& recorded : recorder.commands()) {
    const CommandView& command = recorded.command;
    text += std::to_string(command.sequence) + " " + state_name(command.state) + " " +
            epochcore_name(recorded.device) + "." + engine_name(command.engine) + " " +
            opcode_name(command.opcode) + step_text("fetched", recorded.fetched_ps) +
            step_text("started", recorded.started_ps) + step_text("ended", recorded.ended_ps) +
            AccessText::tags(command) + "\n";
  }
  return text;
}

std::string accesses_text(const std::string& title, const std::vector<RecordedAccess>& accesses,
                          const AccessText& access_text) {
  std::string text = "# " + title + "\n" + AccessText::kAccessColumns;
  for (const RecordedAccess& access : accesses) text += access_text.access(access) + "\n";
  return text;
}

std::string summary_text(const RunSummary& summary, const Inspection& platform) {
  // Some endings say in their message what EpochCore waits for.
  const std::string engines = platform.engines();
  const bool told = summary.message.find(engines) != std::string::npos;
  return "scenario: " + summary.scenario + "\nended: " + summary.reason + ", exit status " +
         std::to_string(summary.exit_status) + "\nsimulated: " + time_text(summary.simulated_ps) +
         ", " + std::to_string(summary.instructions) + " instructions\n\n" + summary.message +
         (told ? "" : "\n" + engines) +
         "\n\nsummary.txt       this\n"
         "hart.txt          pc, registers, last trap\n"
         "epochcore*.txt    every register\n"
         "commands.txt      the last commands and their states\n"
         "registers.txt     the last register accesses\n"
         "memory.txt        the last bus transactions to memory\n"
         "uart.txt          the last that the firmware printed\n";
}

}  // namespace

PostMortem make_post_mortem(const RunSummary& summary, const Inspection& platform,
                            const FlightRecorder& recorder, const AccessText& access_text,
                            const std::string& uart_tail) {
  PostMortem result{
      {{"summary.txt", summary_text(summary, platform)},
       {"hart.txt", platform.hart()},
       {"commands.txt", commands_text(recorder)},
       {"registers.txt",
        accesses_text("the last register accesses", recorder.register_accesses(), access_text)},
       {"memory.txt", accesses_text("the last transactions to memory, direct access excluded",
                                    recorder.memory_accesses(), access_text)},
       {"uart.txt", uart_tail}}};
  for (unsigned i = 0; i < platform.instances(); ++i) {
    result.files.push_back({epochcore_name(i) + ".txt", platform.epochcore_registers(i)});
  }
  return result;
}

std::string PostMortem::write(const std::filesystem::path& folder) const {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!std::filesystem::is_directory(folder, error)) {
    return folder.string() + ": cannot be made a folder";
  }
  try {
    for (const File& file : files) write_file(folder / file.name, file.text);
  } catch (const UnavailableError& problem) {
    return problem.what();
  }
  return "";
}

}  // namespace epoch
