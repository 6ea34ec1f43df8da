// SPDX-License-Identifier: Apache-2.0
#include "report/machine_trace.h"

#include <algorithm>

#include "config/key_value.h"
#include "memory_map.h"

namespace epoch {
namespace {

constexpr const char* kBus = "bus masters";
constexpr const char* kNotShown =
    "loads, stores and fetches that the hart makes by direct memory access (cpu.direct_bytes)";

}  // namespace

MachineTrace::MachineTrace(const std::filesystem::path& file, std::uint64_t limit_bytes, Soc& soc,
                           const ElfFile& elf, const DeviceRegisters& registers)
    : out_(file, limit_bytes), registers_(registers), signals_(out_) {
  if (soc.cpu) {
    functions_ = std::make_unique<FunctionTrace>(out_, elf, soc.cpu->hart(), soc.cpu->period_ps());
    soc.cpu->observe_instructions(*functions_);
  }
  const auto devices = static_cast<unsigned>(soc.epochcores.size());
  for (unsigned i = 0; i < devices; ++i) {
    EpochCore& core = *soc.epochcores[i];
    commands_.emplace_back(out_, core.name(), core.period_ps(), i, devices);
    core.observe_ring(commands_.back());
  }
  // In this order, whoever comes first.
  master("cpu");
  for (const auto& core : soc.epochcores) {
    master(std::string(core->name()) + ".dma");
    master(std::string(core->name()) + ".commands");
  }
}

MachineTrace::Master& MachineTrace::master(const std::string& name) {
  const auto known = masters_.find(name);
  if (known != masters_.end()) return known->second;
  const EventTrace::Track track = out_.track(kBus, name);
  const EventTrace::Track counter = out_.counter(kBus, name + " (bytes a us)");
  return masters_.emplace(name, Master{track, {out_, counter, {"read", "write"}}}).first->second;
}

void MachineTrace::access(const BusAccess& access) {
  Master& by = master(access.initiator);
  const std::uint64_t offset = access.range != nullptr ? access.address - access.range->base : 0;
  std::string name = access.is_write ? "write " : "read ";
  if (access.range == nullptr) {
    name += "unmapped";
  } else if (registers_.has(access.range->name)) {
    name += registers_.name(access.range->name, offset);
  } else {
    name += access.range->name;
  }
  TraceArguments arguments;
  arguments.add("address", hex_address(access.address)).add("bytes", std::uint64_t{access.length});
  if (!access.ok) arguments.add("response", "error");
  out_.slice(by.track, access.begin_ps, access.end_ps, std::move(name), arguments.take());
  if (access.ok) by.bandwidth.add(access.is_write ? 1 : 0, access.end_ps, access.length);
}

void MachineTrace::advance(std::uint64_t now_ps) {
  signals_.advance(now_ps);
  for (auto& [name, by] : masters_) by.bandwidth.advance(now_ps);
}

void MachineTrace::finish(std::uint64_t end_ps, Json about) {
  for (CommandTrace& commands : commands_) commands.finish(end_ps);
  if (functions_ != nullptr) functions_->finish(end_ps);
  signals_.finish(end_ps);
  for (auto& [name, by] : masters_) by.bandwidth.finish();
  about["not_shown"] = kNotShown;
  out_.finish(std::move(about));
}

}  // namespace epoch
