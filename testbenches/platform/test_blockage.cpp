// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "report/blockage.h"

using namespace epoch;
using Catch::Contains;
using State = CommandView::State;

namespace {

constexpr std::uint8_t none = no_semaphore;

CommandView command(std::uint32_t sequence, unsigned opcode, unsigned engine, std::uint8_t wait,
                    std::uint8_t signal, State state = State::queued) {
  CommandView view;
  view.sequence = sequence;
  view.opcode = static_cast<std::uint8_t>(opcode);
  view.engine = static_cast<std::uint8_t>(engine);
  view.waits[0] = wait;
  view.signals[0] = signal;
  view.state = state;
  return view;
}

CommandView load(std::uint32_t sequence, std::uint8_t wait, std::uint8_t signal) {
  return command(sequence, EPOCH_OP_LOAD, EPOCH_ENGINE_DMA_IN, wait, signal);
}
CommandView store(std::uint32_t sequence, std::uint8_t wait, std::uint8_t signal) {
  return command(sequence, EPOCH_OP_STORE, EPOCH_ENGINE_DMA_OUT, wait, signal);
}

}  // namespace

TEST_CASE("blockage: an empty device has nothing to do") {
  const BlockageReport report = explain_blockage({});
  CHECK(report.kind == Blockage::idle);
  CHECK(report.lines.empty());
}

TEST_CASE("blockage: a running command means work, whatever waits beside it") {
  DeviceState device;
  device.pending = {load(0, none, 1), store(1, 4, none)};
  device.pending[0].state = State::running;
  const BlockageReport report = explain_blockage(device);
  CHECK(report.kind == Blockage::working);
  REQUIRE(report.lines.size() == 2);
  CHECK(report.lines[0] == "dma_in: command 0 (LOAD) is running");
}

TEST_CASE("blockage: the signaller that is running, waiting, queued, in the ring or absent") {
  DeviceState device;
  device.pending = {store(8, 4, none), load(9, 5, none), load(10, none, 4)};
  SECTION("queued behind another") {
    const BlockageReport report = explain_blockage(device);
    REQUIRE(report.lines.size() == 2);
    CHECK(report.lines[0] ==
          "dma_in: command 9 (LOAD) waits for semaphore 5; no command in flight or in the ring "
          "signals it");
    CHECK(report.lines[1] ==
          "dma_out: command 8 (STORE) waits for semaphore 4; command 10 (LOAD) on dma_in would "
          "signal it, and is queued behind command 9 (LOAD)");
    CHECK(report.kind == Blockage::firmware);
    CHECK_THAT(report.verdict, Contains("signals semaphore 5"));
  }
  SECTION("waits itself") {
    device.pending = {store(8, 4, 5), load(9, 5, 4)};
    const BlockageReport report = explain_blockage(device);
    CHECK(report.kind == Blockage::deadlock);
    CHECK_THAT(report.verdict, Contains("wait for each other"));
    CHECK_THAT(report.lines[0],
               Contains("command 8 (STORE) on dma_out would signal it, and waits"));
  }
  SECTION("the command itself") {
    device.pending = {store(8, 4, 4)};
    const BlockageReport report = explain_blockage(device);
    CHECK(report.kind == Blockage::deadlock);
    CHECK_THAT(report.lines[0], Contains("only this command itself"));
  }
  SECTION("running") {
    device.pending = {store(8, 4, none), load(9, none, 4)};
    device.pending[1].state = State::running;
    CHECK_THAT(explain_blockage(device).lines[1],
               Contains("command 9 (LOAD) on dma_in signals it when it retires"));
  }
  SECTION("a retired command has signalled already") {
    device.pending = {store(8, 4, none), load(9, none, 4)};
    device.pending[1].state = State::retired;
    CHECK(explain_blockage(device).kind == Blockage::firmware);
  }
}

TEST_CASE("blockage: of two waits only what is missing is named") {
  DeviceState device;
  device.pending = {store(0, 4, none)};
  device.pending[0].waits[1] = 7;
  device.semaphores[4] = 1;
  const BlockageReport report = explain_blockage(device);
  REQUIRE(report.lines.size() == 1);
  CHECK_THAT(report.lines[0], Contains("waits for semaphore 7"));
}

TEST_CASE("blockage: a full FIFO keeps the signal in the ring, and firmware cannot help") {
  DeviceState device;
  device.fifo_depth = 2;
  device.pending = {load(0, 3, none), load(1, none, none)};
  device.unfetched = {load(2, none, none), store(3, none, 3)};
  const BlockageReport report = explain_blockage(device);
  CHECK(report.kind == Blockage::deadlock);
  REQUIRE(report.lines.size() == 2);
  CHECK_THAT(report.lines[0],
             Contains("command 3 (STORE) would signal it, and is still in the ring"));
  CHECK(report.lines[1] ==
        "ring: commands 2 to 3 are not fetched: the FIFO of dma_in is full (2 commands)");
}

TEST_CASE("blockage: a control command holds the fetch, so no new command can help") {
  DeviceState device;
  device.pending = {load(0, 3, none), command(1, EPOCH_OP_FENCE, EPOCH_ENGINE_CONTROL, none, none)};
  const BlockageReport report = explain_blockage(device);
  CHECK(report.kind == Blockage::deadlock);
  CHECK_THAT(report.verdict, Contains("nothing signals semaphore 3, and no further command"));
  CHECK(report.lines.back() == "control: command 1 (FENCE) waits for idle engines");
  device.unfetched = {store(2, none, 3)};
  CHECK(explain_blockage(device).lines.back() ==
        "ring: command 2 is not fetched: command 1 (FENCE) holds the fetch");
}

TEST_CASE("blockage: a ring that is not enabled waits for firmware") {
  DeviceState device;
  device.enabled = false;
  device.unfetched = {load(0, none, none)};
  const BlockageReport report = explain_blockage(device);
  CHECK(report.kind == Blockage::firmware);
  CHECK_THAT(report.verdict, Contains("not enabled"));
  CHECK(report.lines[0] == "ring: command 0 is not fetched: CTRL.enable is 0");
}

TEST_CASE("blockage: a descriptor's header is read as the decoder reads it") {
  Descriptor words{};
  words[0] = EPOCH_CONTROL(EPOCH_OP_STORE, 0, 0xBEEF);
  words[1] = EPOCH_SEMAPHORE_FIELD(EPOCH_SEMAPHORE_USE(1), 0, EPOCH_SEMAPHORE_USE(15), 0);
  const CommandView view = view_of(words, 0xFFFFFFF0);
  CHECK(view.sequence == 0xFFFFFFF0);
  CHECK(view.engine == EPOCH_ENGINE_DMA_OUT);
  CHECK(view.context == 0xBEEF);
  CHECK(view.waits == std::array<std::uint8_t, 2>{1, none});
  CHECK(view.signals == std::array<std::uint8_t, 2>{15, none});
}
