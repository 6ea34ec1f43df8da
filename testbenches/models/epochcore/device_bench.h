// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <systemc>
#include <vector>

#include "common/initiator_tester.h"
#include "common/target_tester.h"
#include "common/trace_recorder.h"
#include "descriptors.h"
#include "epochcore/epochcore.h"

namespace epoch {

// An EpochCore with a test at every socket: `cpu` writes registers, `ring` holds descriptors,
// `memory` is what LOAD and STORE see, `window` reaches the buffers by debug transport.
class DeviceBench {
 public:
  // Module names begin with `prefix`, so that a test can have two devices.
  explicit DeviceBench(const EpochCoreConfig& config = EpochCoreConfig{},
                       const std::string& prefix = "");

  EpochCore core;
  InitiatorTester cpu;
  InitiatorTester window;
  TargetTester memory;
  TargetTester ring;
  sc_core::sc_signal<bool> irq;

  std::uint32_t ring_entries = 16;
  std::uint32_t ring_start = 0;

  // From a body of run(): registers.
  std::uint32_t read(std::uint32_t offset) { return cpu.read32(offset); }
  void write(std::uint32_t offset, std::uint32_t value) { cpu.write32(offset, value); }
  std::uint64_t counter(std::uint32_t offset);
  // Programs the ring and enables; puts a descriptor into the next slot; rings the doorbell.
  void enable();
  void put(const Descriptor& words);
  void doorbell() { write(EPOCH_REG_RING_TAIL, tail_); }
  void submit(const std::vector<Descriptor>& commands);
  // Waits until everything put has retired, the device has stopped, or `microseconds` have passed.
  bool wait_done(double microseconds = 100);
  bool wait_stopped(double microseconds = 100);
  void cycles(std::uint64_t count);

  // Simulates a body in the cpu's thread.
  void run(std::function<void()> body) { cpu.run(std::move(body)); }
  // run(), with the ring enabled and these commands submitted and retired.
  void execute(const std::vector<Descriptor>& commands);

  // Buffers, by local address.
  void poke(std::uint32_t local, const void* data, std::size_t bytes);
  void peek(std::uint32_t local, void* data, std::size_t bytes);
  void poke_floats(std::uint32_t local, const std::vector<float>& values);
  std::vector<float> peek_floats(std::uint32_t local, std::size_t count);

  double statistic(const std::string& name) const;

  // From start to retirement of the commands of an engine, in cycles, as its trace point shows
  // them: attach before run(). Overlapping commands are one span.
  struct Span {
    std::uint64_t start, end;
  };
  void record_traces() { core.attach_trace(traces); }
  std::vector<Span> spans(const std::string& engine) const;
  // Cycles at which a command of the engine started.
  std::vector<std::uint64_t> starts(const std::string& engine) const;
  TraceRecorder traces;

 private:
  std::uint32_t tail_ = 0;
};

// Small values of both signs, by a seed.
std::vector<float> random_floats(std::size_t count, unsigned seed, float scale = 1.0f);

}  // namespace epoch
