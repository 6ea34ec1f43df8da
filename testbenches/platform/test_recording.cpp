// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "epochcore/csr.h"
#include "errors.h"
#include "platform/scratch_folder.h"
#include "report/mmio_trace.h"
#include "run/disassembler.h"
#include "run/flight_recorder.h"

using namespace epoch;
using State = CommandView::State;
using test::ScratchFolder;

namespace {

const RegisterBank& epochcore_bank() {
  static const RegisterBank bank(EPOCH_WINDOW_BYTES, epoch_registers());
  return bank;
}

const AddressRange& window() {
  static const AddressRange range{"epochcore", 0x20000000, EPOCH_WINDOW_BYTES};
  return range;
}

DeviceRegisters devices() {
  DeviceRegisters registers;
  registers.add("epochcore", epochcore_bank());
  registers.add("uart");
  return registers;
}

RecordedAccess access(std::uint64_t time_ps, const std::string& initiator, std::uint64_t offset,
                      std::uint32_t value, bool is_write = true) {
  static const std::string names[] = {"cpu", "other"};
  const auto* data = reinterpret_cast<const std::uint8_t*>(&value);
  return {{time_ps, names[initiator == "cpu" ? 0 : 1], &window(), window().base + offset, data, 4,
           is_write, true, time_ps, time_ps},
          0};
}

CommandView command(std::uint32_t sequence, State state) {
  CommandView view;
  view.sequence = sequence;
  view.opcode = EPOCH_OP_LOAD;
  view.engine = EPOCH_ENGINE_DMA_IN;
  view.state = state;
  return view;
}

std::string contents(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("registers are named with their index and their fields") {
  const DeviceRegisters registers = devices();
  CHECK(registers.name("epochcore", EPOCH_REG_CTRL) == "epochcore.CTRL");
  CHECK(registers.name("epochcore", EPOCH_REG_SEMAPHORE + 12) == "epochcore.SEMAPHORE[3]");
  CHECK(registers.name("epochcore", 0xFFC) == "epochcore+0xffc");  // reserved
  CHECK(registers.name("epochcore", 0x101) == "epochcore+0x101");  // misaligned
  CHECK(registers.name("epochcore", 0x10000) == "epochcore+0x10000");
  CHECK(registers.name("uart", 5) == "uart+0x5");
  CHECK(registers.fields("epochcore", EPOCH_REG_VERSION, 0x00010002) == " MINOR=2 MAJOR=1");
  CHECK(registers.fields("epochcore", EPOCH_REG_COMPLETED, 1) == "");
  CHECK(registers.fields("uart", 0, 1) == "");
}

TEST_CASE("the trace is sorted by time, and one time by source, whatever the order of calls") {
  const ScratchFolder folder;
  const ElfFile elf;
  const DeviceRegisters registers = devices();
  const AccessText text(elf, registers);
  {
    MmioTrace trace(folder / "a", text);
    trace.command(200, "epochcore", command(1, State::retired));
    trace.command(200, "epochcore", command(2, State::queued));
    trace.command(200, "epochcore", command(1, State::running));  // not in this trace
    trace.access(access(200, "other", EPOCH_REG_WATCHDOG, 7));
    trace.access(access(200, "cpu", EPOCH_REG_WATCHDOG, 5));
    trace.access(access(200, "cpu", EPOCH_REG_WATCHDOG, 6));  // keeps its place behind 5
    trace.access(access(100, "cpu", EPOCH_REG_IRQ_STATUS, 1, false));
    trace.advance(200);  // what is at 200 may still get company
    trace.access(access(150, "cpu", EPOCH_REG_WATCHDOG, 4));
    trace.finish();
  }
  const std::string header = std::string(AccessText::kAccessColumns) + AccessText::kCommandColumns;
  CHECK(contents(folder / "a") ==
        header +
            "100 cpu - - read epochcore.IRQ_STATUS 0x00000001 DONE=1 ERROR=0 NUMERIC=0\n"
            "150 cpu - - write epochcore.WATCHDOG 0x00000004\n"
            "200 cpu - - write epochcore.WATCHDOG 0x00000005\n"
            "200 cpu - - write epochcore.WATCHDOG 0x00000006\n"
            "200 other - - write epochcore.WATCHDOG 0x00000007\n"
            "200 command fetched epochcore.dma_in LOAD sequence=2 context=0x0000\n"
            "200 command retired epochcore.dma_in LOAD sequence=1 context=0x0000\n");
  CHECK_THROWS_AS(MmioTrace(folder / "none/a", text), UnavailableError);
}

TEST_CASE("the recorder keeps the last accesses, oldest first") {
  FlightRecorder recorder;
  CHECK(recorder.register_accesses().empty());
  const std::size_t kept = FlightRecorder::kRegisterAccesses;
  for (std::uint32_t i = 0; i < 3; ++i) recorder.register_access(access(i, "cpu", 0, i));
  CHECK(recorder.register_accesses().size() == 3);
  for (std::uint32_t i = 3; i < 1000; ++i) recorder.register_access(access(i, "cpu", 0, i));
  const std::vector<RecordedAccess> last = recorder.register_accesses();
  REQUIRE(last.size() == kept);
  for (std::size_t i = 0; i < kept; ++i) CHECK(last[i].value == 1000 - kept + i);
  CHECK(recorder.memory_accesses().empty());
}

TEST_CASE("the recorder keeps every command in flight, and the last that are over") {
  FlightRecorder recorder;
  const auto kept = static_cast<std::uint32_t>(FlightRecorder::kCommands);
  recorder.command(1, 0, command(0, State::queued));
  for (std::uint32_t i = 1; i <= 2 * kept; ++i) {
    recorder.command(10 * i, 0, command(i, State::queued));
    recorder.command(10 * i + 1, 0, command(i, State::running));
    recorder.command(10 * i + 2, 0, command(i, State::retired));
  }
  // The oldest is still in flight: nothing behind it is forgotten.
  CHECK(recorder.commands().size() == 2 * kept + 1);
  CHECK(recorder.commands().front().command.state == State::queued);
  CHECK(recorder.commands().front().started_ps == RecordedCommand::kNever);
  recorder.command(5000, 0, command(0, State::dropped));
  CHECK(recorder.commands().front().started_ps == RecordedCommand::kNever);
  CHECK(recorder.commands().front().ended_ps == 5000);
  recorder.command(6000, 0, command(2 * kept + 1, State::queued));
  CHECK(recorder.commands().size() == kept);
  // A control command retires without having run.
  recorder.command(6001, 0, command(2 * kept + 1, State::retired));
  CHECK(recorder.commands().back().started_ps == 6001);
  CHECK(recorder.commands().back().ended_ps == 6001);
}

TEST_CASE("a reset ring's sequences mean the newest commands") {
  FlightRecorder recorder;
  recorder.command(1, 0, command(0, State::queued));
  recorder.command(2, 0, command(0, State::dropped));
  recorder.command(3, 0, command(0, State::queued));
  recorder.command(4, 0, command(0, State::retired));
  recorder.command(5, 1, command(0, State::dropped));  // another device's: unknown here
  REQUIRE(recorder.commands().size() == 2);
  CHECK(recorder.commands()[0].command.state == State::dropped);
  CHECK(recorder.commands()[1].command.state == State::retired);
}

TEST_CASE("an instruction's length follows from its first halfword") {
  CHECK(instruction_bytes(0x0000) == 2);
  CHECK(instruction_bytes(0xA001) == 2);
  CHECK(instruction_bytes(0xA302) == 2);
  CHECK(instruction_bytes(0xA303) == 4);
}
