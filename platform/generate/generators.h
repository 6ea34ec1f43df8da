// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "generate/generated_model.h"

namespace epoch {

// One generator a group of families; the request's words are checked already (generated_model.cpp).

GeneratedModel generate_s4(const GenerateRequest& request);
std::vector<std::string> s4_tasks(const std::string& family);
std::vector<std::string> s4_variants(const std::string& family, const std::string& task);

GeneratedModel generate_mamba(const GenerateRequest& request);
GeneratedModel generate_dense(const GenerateRequest& request);

// Uniform in +-1/sqrt(inputs): PyTorch's default for Linear and Conv, weight and bias alike.
void add_linear(TensorFile& tensors, std::uint64_t seed, const std::string& name,
                std::uint64_t outputs, std::uint64_t inputs, bool bias = true);

// Bytes of a random walk, each lane its own: neighbours are alike, as pixels and samples are.
std::vector<std::uint8_t> walking_bytes(std::uint64_t seed, std::size_t steps, std::size_t width);
// Little-endian token ids below `vocabulary`.
std::vector<std::uint8_t> token_bytes(std::uint64_t seed, std::size_t count,
                                      std::uint32_t vocabulary);

}  // namespace epoch
