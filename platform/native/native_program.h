// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "cpu/native_cpu.h"
#include "hal/native/host.h"
#include "memory_map.h"

namespace epoch {

// What the program finds at reset.
struct NativeBoot {
  std::uint32_t hart = 0;
  std::uint64_t device_tree = 0;  // address
  Region program;                 // what its ELF occupies
};

// Firmware compiled for the host: a shared object, loaded afresh with all its globals and run on a
// NativeCpu.
class NativeProgram {
 public:
  // Throws InputError, naming the file, if it cannot be loaded or is no such firmware.
  explicit NativeProgram(const std::filesystem::path& file);

  // In the processor's thread; does not return.
  void run(NativeCpu& cpu, const NativeBoot& boot);

 private:
  struct Close {
    void operator()(void* library) const;
  };

  std::unique_ptr<void, Close> library_;
  hal_native_entry entry_ = nullptr;
  hal_native_host host_{};
};

}  // namespace epoch
