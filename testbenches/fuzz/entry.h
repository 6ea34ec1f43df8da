// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

// The entry point of every file in targets/: libFuzzer's, and the replay's (replay.cpp).
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace epoch::fuzz {

// Inputs that the code under test has accepted so far; a target counts them, the replay reads them.
extern std::uint64_t accepted_inputs;

// Ends the process, saying what was expected, unless `holds`: a finding for libFuzzer, a failure
// for ctest.
void must(bool holds, const char* what);

// must() for the message of a refusal: one printable line, short enough to read.
void must_be_one_line(const char* message);

// Writes an input where code that reads files finds it: one file a process, in memory where the
// host has such a folder, removed at the end.
const std::filesystem::path& input_file(const std::uint8_t* data, std::size_t size);

}  // namespace epoch::fuzz
