// SPDX-License-Identifier: Apache-2.0
// A fuzz target as an ordinary test: the seeds, then deterministic mutations of them. Seeds whose
// name begins with "good" must be accepted, those that begin with "bad" refused.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "fuzz/entry.h"
#include "fuzz/mutator.h"

using namespace epoch::fuzz;

namespace {

Bytes read_bytes(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

bool accepts(const Bytes& bytes) {
  const std::uint64_t before = accepted_inputs;
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  return accepted_inputs != before;
}

int fail(const std::string& why) {
  std::fprintf(stderr, "FAILED: %s\n", why.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return fail("usage: replay CORPUS MUTATIONS [SEED] | replay FILE 0");
  const std::filesystem::path corpus = argv[1];
  if (std::filesystem::is_regular_file(corpus)) {  // a reproducer, without clang
    std::printf("%s\n", accepts(read_bytes(corpus)) ? "accepted" : "refused");
    return 0;
  }
  const auto mutations = std::strtoul(argv[2], nullptr, 10);
  const auto seed = argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 1;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(corpus)) files.push_back(entry);
  if (files.empty()) return fail("no seeds in " + corpus.string());
  std::sort(files.begin(), files.end());

  std::vector<Bytes> seeds;
  for (const auto& file : files) {
    seeds.push_back(read_bytes(file));
    const bool good = file.filename().string().rfind("good", 0) == 0;
    if (accepts(seeds.back()) != good)
      return fail(file.string() + (good ? " is refused" : " is accepted"));
  }
  std::printf("%zu seeds, %lu mutations, random seed %lu\n", seeds.size(), mutations, seed);
  std::fflush(stdout);  // stays readable if a mutation ends the process
  std::mt19937 random(static_cast<std::mt19937::result_type>(seed));
  unsigned long accepted = 0;
  for (unsigned long i = 0; i < mutations; ++i) accepted += accepts(mutate(seeds, random)) ? 1 : 0;
  std::printf("%lu accepted, %lu refused\n", accepted, mutations - accepted);
  // Mutations that are all alike would test nothing.
  if (accepted < mutations / 1000) return fail("hardly a mutation is accepted");
  if (mutations - accepted < mutations / 1000) return fail("hardly a mutation is refused");
  return 0;
}
