// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <systemc>

#include "cli/command.h"
#include "config/json_text.h"
#include "errors.h"

namespace {

using epoch::Subcommand;

constexpr Subcommand kCommands[] = {
    {"run", "run firmware on the platform", epoch::run_command},
    {"sweep", "run a scenario at many values of its keys: table, report", epoch::sweep_command},
    {"compare", "tell how two runs' statistics differ", epoch::compare_command},
    {"compile", "compile a network into an image", epoch::compile_command},
    {"generate", "write a random network of a published size", epoch::generate_command},
    {"grid", "run one command on the PE array alone", epoch::grid_command},
    {"memtest", "replay a memory trace through the DRAM controller", epoch::memtest_command},
    {"map", "print the memory map", epoch::map_command},
    {"regs", "print EpochCore's registers (text, JSON, Markdown, SVD)", epoch::regs_command},
    {"config", "print the effective configuration, or its JSON Schema", epoch::config_command},
};

std::string help_text() {
  std::string text =
      "epochvp: a SystemC/TLM virtual platform of the EpochCore accelerator\n\n"
      "usage: epochvp COMMAND [arguments]\n\n"
      "Commands (each has its own --help):\n";
  for (const Subcommand& command : kCommands) {
    text += std::string("  ") + command.name +
            std::string(10 - std::string(command.name).size(), ' ') + command.summary + "\n";
  }
  return text +
         "\nFirst steps:\n"
         "  epochvp run hello                  a program that greets over the UART\n"
         "  epochvp run smnist                 handwritten digits on the accelerator\n"
         "  epochvp config smnist              what that platform consists of\n\n" +
         epoch::kExitStatusHelp;
}

// SystemC's reports, one line each on stderr; stdout belongs to the UART.
void report(const sc_core::sc_report& what, const sc_core::sc_actions& actions) {
  if (what.get_severity() != sc_core::SC_INFO && (actions & sc_core::SC_DISPLAY) != 0) {
    std::fprintf(stderr, "epochvp: %s: %s\n", what.get_msg_type(),
                 epoch::one_line(what.get_msg(), 400).c_str());
  }
  if ((actions & sc_core::SC_THROW) != 0) throw what;
  if ((actions & sc_core::SC_ABORT) != 0) {
    std::fflush(nullptr);
    std::_Exit(epoch::kExitPlatform);
  }
}

int dispatch(const std::vector<std::string>& arguments) {
  if (arguments.empty()) throw epoch::UsageError("no command; epochvp --help shows them");
  if (arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help") {
    epoch::print(help_text());
    return 0;
  }
  if (arguments[0] == "--version") {
    epoch::print(std::string("epochvp ") + EPOCH_PROJECT_VERSION + "\n");
    return 0;
  }
  for (const Subcommand& command : kCommands) {
    if (arguments[0] == command.name) {
      return command.run({arguments.begin() + 1, arguments.end()});
    }
  }
  throw epoch::UsageError("unknown command \"" + epoch::one_line(arguments[0]) +
                          "\"; epochvp --help shows them");
}

int fail(int status, const std::string& message) {
  std::fprintf(stderr, "epochvp: %s\n", message.c_str());
  return status;
}

}  // namespace

int sc_main(int argc, char* argv[]) {
  sc_core::sc_report_handler::set_handler(report);
  try {
    return dispatch({argv + 1, argv + argc});
  } catch (const epoch::UsageError& error) {
    return fail(epoch::kExitUsage, error.what());
  } catch (const epoch::InputError& error) {
    return fail(epoch::kExitInput, error.what());
  } catch (const epoch::UnavailableError& error) {
    return fail(epoch::kExitUnavailable, error.what());
  } catch (const sc_core::sc_report& error) {
    return fail(epoch::kExitPlatform, std::string("platform error: ") + error.what());
  } catch (const std::exception& error) {
    return fail(epoch::kExitPlatform, std::string("platform error: ") + error.what());
  }
}

// libsystemc brings a main() of its own, which prints a banner unless told not to.
int main(int argc, char* argv[]) {
  setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1);
  return sc_core::sc_elab_and_sim(argc, argv);
}
