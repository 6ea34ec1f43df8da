// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "generate/tensor_file.h"

namespace epoch {

// What to generate, in the words of the command line.
struct GenerateRequest {
  std::string family;
  std::string task;
  std::string init;     // s4d; empty = lin
  std::string variant;  // s4 family; empty = the task's first
  std::uint64_t seed = 1;
  std::optional<std::uint32_t> layers;
  std::optional<std::uint32_t> steps;
  std::optional<std::uint32_t> decode;  // mamba: tokens to decode behind the prompt
};

// A model folder before it is written.
// NOLINTNEXTLINE(bugprone-exception-escape): nlohmann json moves are noexcept.
struct GeneratedModel {
  nlohmann::ordered_json config;
  TensorFile tensors;
  std::vector<std::uint8_t> input;  // input.bin
  std::uint32_t steps = 0;          // of a document, a prompt, or rows
  std::uint32_t decode = 0;
  std::string description;
  std::uint64_t activation_bytes = 0;  // a generous fp32 estimate, for the size of dram
};

// The words that a command line may say; families in the order of the help text.
const std::vector<std::string>& generated_families();
std::vector<std::string> tasks_of(const std::string& family);
std::vector<std::string> variants_of(const std::string& family, const std::string& task);

// Throws UsageError for a word that is none of these, or an option that the family has not.
void check_request(const GenerateRequest& request);
// Checks the request, too.
GeneratedModel generate_model(const GenerateRequest& request);

}  // namespace epoch
