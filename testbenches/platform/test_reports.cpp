// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <fstream>

#include "common/file_text.h"
#include "epochcore/csr.h"
#include "errors.h"
#include "platform/scratch_folder.h"
#include "platform/vcd_reader.h"
#include "report/json_report.h"
#include "report/register_report.h"
#include "report/vcd_writer.h"

using namespace epoch;
using Catch::Matchers::Contains;
using test::ScratchFolder;
using test::VcdReader;
using Changes = VcdReader::Changes;

namespace {}  // namespace

TEST_CASE("waveforms: scopes, widths and values read back") {
  const ScratchFolder folder;
  {
    VcdWriter vcd(folder / "a.vcd");
    const auto pc = vcd.declare("cpu", "pc", 32);
    const auto state =
        vcd.declare("epochcore.pe_grid", "state", 2, {"idle", "loading weights", "run"});
    const auto irq = vcd.declare("epochcore", "irq", 1);
    const auto wide = vcd.declare("epochcore.dma_in", "address", 64);
    vcd.change(pc, 0, 0x1000);
    vcd.change(irq, 5, 1);
    vcd.change(state, 5, 1);
    vcd.change(wide, 7, 0xFFFFFFFFFFFFFFFF);
    vcd.advance(6);
    vcd.change(state, 9, 7);
    vcd.change(pc, 9, 0);
    vcd.finish(20);
    CHECK(vcd.changes() == 6);
  }
  const VcdReader read(test::file_text(folder / "a.vcd"));
  CHECK(read.timescale == "1ps");
  CHECK(read.end_time == 20);
  CHECK(read.widths.at("cpu.pc") == 32);
  CHECK(read.widths.at("epochcore.dma_in.address") == 64);
  CHECK(read.signals.at("cpu.pc") == Changes{{0, "x"}, {0, "1000000000000"}, {9, "0"}});
  CHECK(read.signals.at("epochcore.irq") == Changes{{0, "x"}, {5, "1"}});
  CHECK(read.signals.at("epochcore.pe_grid.state") ==
        Changes{{0, "unknown"}, {5, "loading_weights"}, {9, "7"}});
  CHECK(read.signals.at("epochcore.dma_in.address").at(1).second == std::string(64, '1'));
}

TEST_CASE("waveforms: out of order, doubled and idle changes") {
  const ScratchFolder folder;
  {
    VcdWriter vcd(folder / "a.vcd");
    const auto a = vcd.declare("m", "a", 8);
    const auto b = vcd.declare("m", "b", 8);
    vcd.change(b, 30, 3);
    vcd.change(a, 10, 1);
    vcd.change(a, 10, 2);  // the last of an instant counts
    vcd.advance(20);
    vcd.change(a, 25, 2);  // no change
    vcd.change(a, 30, 4);
    vcd.finish(30);
  }
  const VcdReader read(test::file_text(folder / "a.vcd"));
  CHECK(read.signals.at("m.a") == Changes{{0, "x"}, {10, "10"}, {30, "100"}});
  CHECK(read.signals.at("m.b") == Changes{{0, "x"}, {30, "11"}});
}

TEST_CASE("waveforms: many signals keep their identities") {
  const ScratchFolder folder;
  {
    VcdWriter vcd(folder / "a.vcd");
    for (unsigned i = 0; i < 10000; ++i) {
      const auto signal = vcd.declare("m" + std::to_string(i % 7), "s" + std::to_string(i), 16);
      vcd.change(signal, i + 1, i + 1);
    }
    vcd.finish(10001);
  }
  const VcdReader read(test::file_text(folder / "a.vcd"));
  CHECK(read.signals.size() == 10000);
  for (unsigned i = 0; i < 10000; i += 93) {
    const auto& changes = read.signals.at("m" + std::to_string(i % 7) + ".s" + std::to_string(i));
    REQUIRE(changes.size() == 2);
    CHECK(changes[1].first == i + 1);
    CHECK(std::stoul(changes[1].second, nullptr, 2) == i + 1);
  }
}

TEST_CASE("waveforms: a doubled name and an unwritable file are refused") {
  const ScratchFolder folder;
  VcdWriter vcd(folder / "a.vcd");
  vcd.declare("m", "a", 1);
  CHECK_THROWS_AS(vcd.declare("m", "a", 1), std::invalid_argument);
  CHECK_THROWS_AS(VcdWriter(folder / "none/a.vcd"), UnavailableError);
}

TEST_CASE("waveforms: the GTKWave save file names every signal") {
  const ScratchFolder folder;
  VcdWriter vcd(folder / "a.vcd");
  vcd.declare("cpu", "pc", 32);
  vcd.declare("epochcore.pe_grid", "state", 2, {"idle"});
  vcd.write_gtkwave_save(folder / "a.gtkw");
  CHECK_THAT(test::file_text(folder / "a.gtkw"), Contains("@22\ncpu.pc[31:0]\n") &&
                                                     Contains("@28\nepochcore.pe_grid.state\n") &&
                                                     Contains("a.vcd\""));
}

TEST_CASE("statistics: the report's parts and their values") {
  RunSummary summary;
  summary.scenario = "s";
  summary.reason = "exit";
  summary.simulated_ps = 2'000'000'000;
  summary.instructions = 1'000'000;
  summary.wall_s = 0.5;
  summary.peak_memory_bytes = 3 << 20;
  const Json report =
      statistics_report(summary,
                        {{"a.bytes", std::uint64_t{18446744073709551615u}, "B", "text"},
                         {"b.part", 0.1, "1", "more"}},
                        {{"a.read_gb_s", "GB/s", "over time", 2048, {0.5, 12}}});
  CHECK(report["statistics"][0].dump() ==
        R"({"name":"a.bytes","value":18446744073709551615,"unit":"B","description":"text"})");
  CHECK(report["statistics"][1]["value"] == 0.1);
  CHECK(report["result"]["exit_status"] == 0);
  CHECK(report["simulation"]["host"]["mips"] == 2.0);
  CHECK(
      report["series"].dump() ==
      R"([{"name":"a.read_gb_s","unit":"GB/s","description":"over time","window_ps":2048,"values":[0.5,12.0]}])");
  CHECK(summary_line(summary) ==
        "simulated 2 ms in 0.50 s, 1000000 instructions, 2.0 MIPS, real-time factor 0.004, "
        "peak memory 3 MiB");
}

TEST_CASE("times are printed in their own unit") {
  CHECK(time_text(0) == "0 ps");
  CHECK(time_text(999) == "999 ps");
  CHECK(time_text(1000) == "1 ns");
  CHECK(time_text(1'234'500'000) == "1.2345 ms");
  CHECK(time_text(2'000'000'000'000) == "2 s");
}

TEST_CASE("registers: every format names every register") {
  const std::vector<Register> table = epoch_registers();
  const Json json = Json::parse(registers_as_json(table));
  REQUIRE(json["registers"].size() == table.size());
  CHECK(json["registers"][0]["name"] == "ID");
  CHECK(json["registers"][0]["reset"] == EPOCH_ID_VALUE);
  const std::string text = registers_as_text(table);
  const std::string markdown = registers_as_markdown(table);
  const std::string svd = registers_as_svd(table, 0x20000000, EPOCH_WINDOW_BYTES, 2);
  for (const Register& reg : table) {
    INFO(reg.name);
    const std::string plain = reg.count > 1 ? reg.name + "[" : reg.name + " ";
    CHECK_THAT(text, Contains(" " + plain));
    CHECK_THAT(markdown, Contains(" " + plain));
    CHECK_THAT(svd, Contains("<name>" + reg.name + (reg.count > 1 ? "[%s]" : "") + "</name>"));
  }
  CHECK_THAT(svd, Contains("<dim>16</dim>") && Contains("<baseAddress>0x20000000</baseAddress>") &&
                      Contains("oneToClear"));
}
