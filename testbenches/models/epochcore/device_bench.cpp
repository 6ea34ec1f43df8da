// SPDX-License-Identifier: Apache-2.0
#include "device_bench.h"

#include <catch2/catch.hpp>
#include <random>

#include "common/find_statistic.h"

namespace epoch {

namespace {

std::uint64_t window_address(std::uint32_t local) {
  return EPOCH_LOCAL_BUFFER(local) * scratchpad_window_stride + EPOCH_LOCAL_OFFSET(local);
}

}  // namespace

DeviceBench::DeviceBench(const EpochCoreConfig& config, const std::string& prefix)
    : core((prefix + "core").c_str(), config),
      cpu((prefix + "cpu").c_str()),
      window((prefix + "window").c_str()),
      memory((prefix + "memory").c_str(), 1 << 20),
      ring((prefix + "ring").c_str(), 4096 * sizeof(Descriptor)),
      irq((prefix + "irq").c_str()) {
  cpu.socket.bind(core.csr);
  window.socket.bind(core.debug);
  core.dma.bind(memory.socket);
  core.commands.bind(ring.socket);
  core.irq.bind(irq);
  memory.latency = sc_core::sc_time(50, sc_core::SC_NS);
  ring.latency = sc_core::sc_time(50, sc_core::SC_NS);
}

std::uint64_t DeviceBench::counter(std::uint32_t offset) {
  const std::uint64_t low = read(offset);
  return low | std::uint64_t{read(offset + 4)} << 32;
}

void DeviceBench::enable() {
  write(EPOCH_REG_RING_BASE_LO, 0);
  write(EPOCH_REG_RING_BASE_HI, 0);
  write(EPOCH_REG_RING_SIZE, ring_entries);
  write(EPOCH_REG_RING_START, ring_start);
  tail_ = ring_start;
  write(EPOCH_REG_CTRL, EPOCH_CTRL_ENABLE_MASK);
}

void DeviceBench::put(const Descriptor& words) {
  const std::size_t slot = tail_++ & (ring_entries - 1);
  std::memcpy(ring.memory.data() + slot * sizeof words, words.data(), sizeof words);
}

void DeviceBench::submit(const std::vector<Descriptor>& commands) {
  for (const Descriptor& command : commands) put(command);
  doorbell();
}

void DeviceBench::cycles(std::uint64_t count) {
  sc_core::wait(sc_core::sc_time::from_value(count * core.period_ps()));
}

bool DeviceBench::wait_done(double microseconds) {
  const auto rounds = static_cast<int>(microseconds * 1000 / 20);
  for (int i = 0; i < rounds; ++i) {
    if (read(EPOCH_REG_COMPLETED) == tail_) return true;
    if ((read(EPOCH_REG_STATUS) & EPOCH_STATUS_HALTED_MASK) != 0) return false;
    sc_core::wait(20, sc_core::SC_NS);
  }
  return false;
}

bool DeviceBench::wait_stopped(double microseconds) {
  const auto rounds = static_cast<int>(microseconds * 1000 / 20);
  for (int i = 0; i < rounds; ++i) {
    if ((read(EPOCH_REG_STATUS) & EPOCH_STATUS_HALTED_MASK) != 0) return true;
    sc_core::wait(20, sc_core::SC_NS);
  }
  return false;
}

void DeviceBench::execute(const std::vector<Descriptor>& commands) {
  run([&] {
    enable();
    submit(commands);
    CHECK(wait_done(10000));
    CHECK(read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_NONE);
  });
}

void DeviceBench::poke(std::uint32_t local, const void* data, std::size_t bytes) {
  CHECK(window.debug_write(window_address(local), data, static_cast<unsigned>(bytes)) == bytes);
}

void DeviceBench::peek(std::uint32_t local, void* data, std::size_t bytes) {
  CHECK(window.debug_read(window_address(local), data, static_cast<unsigned>(bytes)) == bytes);
}

void DeviceBench::poke_floats(std::uint32_t local, const std::vector<float>& values) {
  poke(local, values.data(), values.size() * sizeof(float));
}

std::vector<float> DeviceBench::peek_floats(std::uint32_t local, std::size_t count) {
  std::vector<float> values(count);
  peek(local, values.data(), count * sizeof(float));
  return values;
}

double DeviceBench::statistic(const std::string& name) const {
  Statistics all;
  core.statistics(all);
  return find_statistic(all, name);
}

std::vector<DeviceBench::Span> DeviceBench::spans(const std::string& engine) const {
  std::vector<Span> found;
  bool open = false;
  for (const auto& change : traces.changes(std::string(core.name()) + "." + engine + ".command")) {
    const std::uint64_t cycle = change.time_ps / core.period_ps();
    if (change.value != 0 && !open) found.push_back({cycle, 0});
    if (change.value == 0 && open) found.back().end = cycle;
    open = change.value != 0;
  }
  return found;
}

std::vector<std::uint64_t> DeviceBench::starts(const std::string& engine) const {
  std::vector<std::uint64_t> found;
  for (const auto& change : traces.changes(std::string(core.name()) + "." + engine + ".sequence"))
    found.push_back(change.time_ps / core.period_ps());
  return found;
}

std::vector<float> random_floats(std::size_t count, unsigned seed, float scale) {
  std::mt19937 random(seed);
  std::vector<float> values(count);
  for (float& value : values)
    value = scale * (static_cast<float>(random() % 2001) / 1000.0f - 1.0f);
  return values;
}

}  // namespace epoch
