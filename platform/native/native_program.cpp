// SPDX-License-Identifier: Apache-2.0
#include "native/native_program.h"

#include <dlfcn.h>

#include <cstring>
#include <string>

#include "config/json_text.h"
#include "errors.h"

namespace epoch {
namespace {

NativeCpu& cpu_of(void* context) {
  return *static_cast<NativeCpu*>(context);
}

hal_native_host host_of(NativeCpu& cpu, const NativeBoot& boot) {
  hal_native_host host{};
  host.hart = boot.hart;
  host.context = &cpu;
  host.device_tree = boot.device_tree;
  host.program_begin = boot.program.base;
  host.program_end = boot.program.end();
  host.read = [](void* context, std::uint64_t address, void* data, std::uint32_t bytes) {
    return cpu_of(context).read(address, data, bytes);
  };
  host.write = [](void* context, std::uint64_t address, const void* data, std::uint32_t bytes) {
    return cpu_of(context).write(address, data, bytes);
  };
  host.interrupts = [](void* context) { return cpu_of(context).interrupts(); };
  host.sleep = [](void* context, std::uint32_t enabled) { cpu_of(context).sleep(enabled); };
  host.spin = [](void* context, std::uint64_t cycles) { cpu_of(context).spin(cycles); };
  host.pointer = [](void* context, std::uint64_t address, std::uint64_t bytes) {
    return cpu_of(context).pointer(address, bytes);
  };
  host.address = [](void* context, const void* pointer) {
    return cpu_of(context).address(pointer);
  };
  return host;
}

}  // namespace

NativeProgram::NativeProgram(const std::filesystem::path& file) {
  // An absolute path: a bare name would be looked for among the system's libraries.
  library_.reset(dlopen(std::filesystem::absolute(file).c_str(), RTLD_NOW | RTLD_LOCAL));
  if (library_ == nullptr) throw InputError(file.string(), one_line(dlerror(), 300));
  void* const entry = dlsym(library_.get(), HAL_NATIVE_ENTRY);
  const auto* version =
      static_cast<const std::uint32_t*>(dlsym(library_.get(), HAL_NATIVE_VERSION_SYMBOL));
  if (entry == nullptr || version == nullptr) {
    throw InputError(file.string(), "is no native firmware: it has no " HAL_NATIVE_ENTRY);
  }
  if (*version != HAL_NATIVE_VERSION) {
    throw InputError(file.string(), "was built with version " + std::to_string(*version) +
                                        " of firmware/hal/native/host.h, this epochvp with " +
                                        std::to_string(HAL_NATIVE_VERSION));
  }
  std::memcpy(&entry_, &entry, sizeof entry_);
}

void NativeProgram::Close::operator()(void* library) const {
  dlclose(library);
}

void NativeProgram::run(NativeCpu& cpu, const NativeBoot& boot) {
  host_ = host_of(cpu, boot);
  entry_(&host_);
}

}  // namespace epoch
