// SPDX-License-Identifier: Apache-2.0
#include "soc.h"

#include <algorithm>
#include <functional>

#include "device_tree.h"
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
      [&] { interconnect = std::make_unique<Interconnect>("interconnect", config.interconnect); },
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

template <typename Processor>
void Soc::bind_processor(Processor& processor) {
  processor.bus.bind(interconnect->add_initiator("cpu", false));
  processor.software_interrupt(software_interrupt_);
  processor.timer_interrupt(timer_interrupt_);
  processor.external_interrupt(external_interrupt_);
}

void Soc::bind_bus(const ScenarioConfig& config) {
  if (cpu) bind_processor(*cpu);
  if (native_cpu) bind_processor(*native_cpu);
  for (const auto& epochcore : epochcores) {
    const std::string name = epochcore->name();
    epochcore->dma.bind(interconnect->add_initiator(name + ".dma", true));
    epochcore->commands.bind(interconnect->add_initiator(name + ".commands", true));
  }
  for (const Region& region : platform_regions(config)) {
    Interconnect::InitiatorSocket& port =
        interconnect->add_target(region.name, region.base, region.size);
    if (region.name == "boot_rom") port.bind(boot_rom->socket);
    if (region.name == "sram") port.bind(sram->socket);
    if (region.name == "dram") port.bind(dram->socket);
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

std::array<bool, 3> Soc::interrupt_inputs() const {
  return {external_interrupt_.read(), timer_interrupt_.read(), software_interrupt_.read()};
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
