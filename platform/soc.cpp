// SPDX-License-Identifier: Apache-2.0
#include "soc.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "device_tree.h"
#include "interconnect/lt_interconnect.h"
#include "memory_map.h"

namespace epoch {

static_assert(kClintBytes == Clint::window_bytes && kPlicBytes == Plic::window_bytes &&
                  kUartBytes == Uart::window_bytes && kSimctlBytes == SimCtl::window_bytes &&
                  kScratchpadStride == scratchpad_window_stride,
              "the memory map and the models agree on window sizes");

namespace {

CpuConfig cpu_config(const ScenarioConfig& config) {
  CpuConfig cpu = config.cpu;
  cpu.reset_pc = static_cast<std::uint32_t>(config.memory_map.boot_rom);
  return cpu;
}

RamConfig boot_rom_config() {
  RamConfig rom;
  rom.size = kBootRomBytes;
  rom.read_only = true;
  return rom;
}

}  // namespace

Soc::Soc(const ScenarioConfig& config, Elaboration order)
    : epochcores(config.epochcore_instances),
      software_interrupt_("software_interrupt"),
      timer_interrupt_("timer_interrupt"),
      external_interrupt_("external_interrupt"),
      uart_irq_("uart_irq"),
      epochcore_irqs_("epochcore_irq", config.epochcore_instances) {
  make_modules(config, order);
  bind_bus(config);
  bind_interrupts();
}

void Soc::make_modules(const ScenarioConfig& config, Elaboration order) {
  std::vector<std::function<void()>> makers = {
      [&] {
        if (config.cpu_kind == CpuKind::native)
          native_cpu = std::make_unique<NativeCpu>("cpu", cpu_config(config));
        else
          cpu = std::make_unique<Cpu>("cpu", cpu_config(config));
      },
      [&] { make_interconnect(config); },
      [&] { boot_rom = std::make_unique<Ram>("boot_rom", boot_rom_config()); },
      [&] { sram = std::make_unique<Ram>("sram", config.sram); },
      [&] { dram = std::make_unique<Dram>("dram", config.dram); },
      [&] { clint = std::make_unique<Clint>("clint", ClintConfig{config.cpu.timebase_hz}); },
      [&] { plic = std::make_unique<Plic>("plic", kUartInterrupt + config.epochcore_instances); },
      [&] { uart = std::make_unique<Uart>("uart"); },
      [&] { simctl = std::make_unique<SimCtl>("simctl"); },
  };
  for (unsigned i = 0; i < config.epochcore_instances; ++i) {
    makers.emplace_back([&, i] {
      epochcores[i] = std::make_unique<EpochCore>(epochcore_name(i).c_str(), config.epochcore);
    });
  }
  if (order == Elaboration::reverse) std::reverse(makers.begin(), makers.end());
  for (const auto& make : makers) make();
}

void Soc::make_interconnect(const ScenarioConfig& config) {
  if (config.transport == Transport::lt) {
    interconnect = std::make_unique<LtInterconnect>("interconnect", config.interconnect);
    return;
  }
  auto at = std::make_unique<AtInterconnect>("interconnect", config.interconnect);
  at_interconnect_ = at.get();
  interconnect = std::move(at);
}

template <typename From, typename To>
void Soc::connect(bool checked, const std::string& name, From& from, To& to) {
  if (!checked) {
    from.bind(to);
    return;
  }
  std::string checker_name = "check_" + name;
  std::replace(checker_name.begin(), checker_name.end(), '.', '_');
  checkers_.push_back(std::make_unique<ProtocolChecker>(checker_name.c_str()));
  from.bind(checkers_.back()->from_initiator);
  checkers_.back()->to_target.bind(to);
}

template <typename Socket>
void Soc::add_initiator(const ScenarioConfig& config, const std::string& name, Socket& socket,
                        bool reserves, const Share& share, const AtMaster& master) {
  masters_.push_back({name, &master});
  Interconnect::TargetSocket& port = at_interconnect_ != nullptr
                                         ? at_interconnect_->add_initiator(name, share)
                                         : interconnect->add_initiator(name, reserves);
  connect(at_interconnect_ != nullptr && config.check_protocol, name, socket, port);
}

template <typename Processor>
void Soc::bind_processor(const ScenarioConfig& config, Processor& processor) {
  add_initiator(config, "cpu", processor.bus, false, config.shares.cpu, processor.at_master());
  processor.software_interrupt(software_interrupt_);
  processor.timer_interrupt(timer_interrupt_);
  processor.external_interrupt(external_interrupt_);
}

void Soc::bind_bus(const ScenarioConfig& config) {
  if (cpu) bind_processor(config, *cpu);
  if (native_cpu) bind_processor(config, *native_cpu);
  for (const auto& epochcore : epochcores) {
    const std::string name = epochcore->name();
    add_initiator(config, name + ".dma", epochcore->dma, true, config.shares.dma,
                  epochcore->dma_master());
    add_initiator(config, name + ".commands", epochcore->commands, true, config.shares.commands,
                  epochcore->command_master());
  }
  bind_targets(config);
}

void Soc::bind_targets(const ScenarioConfig& config) {
  for (const Region& region : platform_regions(config)) {
    const bool is_dram = region.name == "dram";
    Interconnect::InitiatorSocket& port = interconnect->add_target(
        region.name, region.base, region.size, is_dram ? Transport::at : Transport::lt);
    if (is_dram)
      connect(at_interconnect_ != nullptr && config.check_protocol, "dram", port, dram->socket);
    if (region.name == "boot_rom") port.bind(boot_rom->socket);
    if (region.name == "sram") port.bind(sram->socket);
    if (region.name == "clint") port.bind(clint->socket);
    if (region.name == "plic") port.bind(plic->socket);
    if (region.name == "uart") port.bind(uart->socket);
    if (region.name == "simctl") port.bind(simctl->socket);
    for (unsigned i = 0; i < epochcores.size(); ++i) {
      const std::uint64_t behind = i * kInstanceStride;
      if (region.base == config.memory_map.epochcore + behind) port.bind(epochcores[i]->csr);
      if (region.base == config.memory_map.scratchpad + behind) port.bind(epochcores[i]->debug);
    }
  }
}

void Soc::bind_interrupts() {
  clint->software_interrupt(software_interrupt_);
  clint->timer_interrupt(timer_interrupt_);
  plic->external_interrupt(external_interrupt_);
  uart->irq(uart_irq_);
  plic->sources[kUartInterrupt - 1](uart_irq_);
  for (unsigned i = 0; i < epochcores.size(); ++i) {
    epochcores[i]->irq(epochcore_irqs_[i]);
    plic->sources[kEpochCoreInterrupt + i - 1](epochcore_irqs_[i]);
  }
}

void Soc::attach_trace(TraceSink& sink) {
  if (cpu) cpu->attach_trace(sink);  // the order of the groups in a wave viewer
  if (native_cpu) native_cpu->attach_trace(sink);
  for (const auto& epochcore : epochcores) epochcore->attach_trace(sink);
  dram->attach_trace(sink);
  interconnect->attach_trace(sink);
  clint->attach_trace(sink);
  plic->attach_trace(sink);
  uart->attach_trace(sink);
}

void Soc::attach_log(LogSink& sink) {
  if (cpu) cpu->attach_log(sink);
  for (const auto& epochcore : epochcores) epochcore->attach_log(sink);
  clint->attach_log(sink);
  plic->attach_log(sink);
  uart->attach_log(sink);
  simctl->attach_log(sink);
}

void Soc::record_series(SeriesSet& set) {
  dram->record_series(set);
  interconnect->record_series(set);
  for (const auto& epochcore : epochcores) epochcore->record_series(set);
}

std::array<bool, 3> Soc::interrupt_inputs() const {
  return {external_interrupt_.read(), timer_interrupt_.read(), software_interrupt_.read()};
}

// What an initiator has sent and not been answered must be in the interconnect, or behind another
// of its own.
std::string Soc::lost(std::size_t initiator) const {
  const AtMaster& master = *masters_[initiator].at;
  const std::uint64_t unanswered = master.totals().sent - master.totals().answered;
  const std::uint64_t inside = at_interconnect_->in_flight(initiator);
  if (unanswered != inside + master.waiting())
    return masters_[initiator].name + " waits for " + std::to_string(unanswered) +
           " transactions, the interconnect has " + std::to_string(inside) + " of them and " +
           std::to_string(master.waiting()) + " are not sent";
  if (!checkers_.empty() && checkers_[initiator]->unfinished() != inside)
    return std::string(checkers_[initiator]->name()) + " has seen " +
           std::to_string(checkers_[initiator]->unfinished()) +
           " transactions that have not ended, the interconnect has " + std::to_string(inside);
  return "";
}

std::string Soc::conservation() const {
  if (at_interconnect_ == nullptr) return "";
  std::map<std::string, std::uint64_t> figures;
  for (const Statistic& statistic : statistics())
    if (const auto* count = std::get_if<std::uint64_t>(&statistic.value))
      figures[statistic.name] = *count;
  for (std::size_t i = 0; i < masters_.size(); ++i) {
    const std::string problem = lost(i);
    if (!problem.empty()) return problem;
    figures[masters_[i].name + " received.read_bytes"] = masters_[i].at->totals().read_bytes;
    figures[masters_[i].name + " received.write_bytes"] = masters_[i].at->totals().write_bytes;
  }
  std::vector<std::pair<std::string, std::string>> hops;
  for (const Master& master : masters_)
    hops.emplace_back(master.name + " received", "interconnect.initiator." + master.name);
  for (const char* memory : {"dram", "sram", "boot_rom"})
    hops.emplace_back(memory, std::string("interconnect.target.") + memory);
  for (const auto& [near, far] : hops)
    for (const char* direction : {".read_bytes", ".write_bytes"})
      if (figures.at(near + direction) != figures.at(far + direction))
        return near + direction + " is " + std::to_string(figures.at(near + direction)) + ", " +
               far + direction + " is " + std::to_string(figures.at(far + direction));
  return at_interconnect_->conservation();
}

Statistics Soc::statistics() const {
  Statistics all;
  if (cpu) cpu->statistics(all);
  if (native_cpu) native_cpu->statistics(all);
  interconnect->statistics(all);
  boot_rom->statistics(all);
  sram->statistics(all);
  dram->statistics(all);
  plic->statistics(all);
  uart->statistics(all);
  for (const auto& epochcore : epochcores) epochcore->statistics(all);
  return all;
}

}  // namespace epoch
