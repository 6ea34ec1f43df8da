// SPDX-License-Identifier: Apache-2.0
// Safetensors reader: accepted tensors lie inside the data, cover it, and can be read.
#include "model/safetensors.h"

#include <cmath>

#include "errors.h"
#include "fuzz/entry.h"

using namespace epoch;
using namespace epoch::fuzz;

namespace {

void read_tensor(const Safetensors& file, const std::string& name,
                 const Safetensors::Tensor& tensor) {
  try {
    const std::vector<float> values = file.floats(name, tensor.shape);
    const std::size_t width = tensor.dtype == "F32" ? 4 : 2;  // BF16, F16
    must(values.size() * width == tensor.bytes, "as many floats as the tensor has bytes for");
    for (const float value : values) must(std::isfinite(value), "no NaN and no infinity");
  } catch (const InputError& refusal) {
    must_be_one_line(refusal.what());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const Safetensors file = Safetensors::parse({data, data + size}, "fuzz.safetensors");
    std::size_t covered = 0;
    for (const auto& [name, tensor] : file.tensors()) {
      must(tensor.begin <= size && tensor.bytes <= size - tensor.begin, "tensors inside the file");
      covered += tensor.bytes;
      read_tensor(file, name, tensor);
    }
    must(covered <= size, "tensors without overlap");
    ++accepted_inputs;
  } catch (const InputError& refusal) {
    must_be_one_line(refusal.what());
  }
  return 0;
}
