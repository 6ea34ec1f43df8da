// SPDX-License-Identifier: Apache-2.0
// Seeds of the target `descriptors`, for make_corpus: write_descriptor_seeds FOLDER.
#include <cstdio>
#include <cstring>
#include <string>

#include "fuzz/bent_descriptors.h"
#include "fuzz/mutator.h"

using namespace epoch;
using namespace epoch::fuzz;

namespace {

void append(Bytes& bytes, const Descriptor& words) {
  const std::size_t at = bytes.size();
  bytes.resize(at + sizeof words);
  std::memcpy(bytes.data() + at, words.data(), sizeof words);
}

bool write(const std::string& file, const Bytes& bytes) {
  std::FILE* stream = std::fopen(file.c_str(), "wb");
  if (stream == nullptr) return false;
  const bool whole = std::fwrite(bytes.data(), 1, bytes.size(), stream) == bytes.size();
  return std::fclose(stream) == 0 && whole;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  const std::string folder = argv[1];
  Bytes every = {0};  // the first byte: default hardware
  bool written = true;
  unsigned number = 0;
  for (const CorrectDescriptor& correct : correct_descriptors()) {
    std::vector<Descriptor> program = correct.before;
    program.push_back(correct.words);
    program.insert(program.end(), correct.after.begin(), correct.after.end());
    Bytes one = {static_cast<std::uint8_t>(correct.hardware)};
    for (const Descriptor& words : program) {
      append(one, words);
      if (correct.hardware == 0) append(every, words);
    }
    written = write(folder + "/good_" + std::to_string(number++), one) && written;
  }
  return written && write(folder + "/good_every", every) ? 0 : 69;
}
