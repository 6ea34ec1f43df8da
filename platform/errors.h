// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

namespace epoch {

// Exit statuses of epochvp; 0..63 are the firmware's own.
enum ExitStatus : int {
  kExitFirmwareMax = 63,
  kExitUsage = 64,
  kExitInput = 65,
  kExitUnavailable = 69,
  kExitPlatform = 70,
  kExitTrap = 71,
  kExitDeadlock = 72,
  kExitLimit = 75,
  kExitFindings = 76,
  kExitInterrupted = 130,
};

// An input file is wrong (exit 65). `where` names the file, and the key or offset inside it.
struct InputError : std::runtime_error {
  InputError(const std::string& where, const std::string& what)
      : std::runtime_error(where + ": " + what) {}
};

// The command line is wrong (exit 64).
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Something outside the program is missing or forbidden (exit 69).
struct UnavailableError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace epoch
