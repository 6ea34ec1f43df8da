// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "config/configuration.h"
#include "config/describe.h"
#include "config/keys.h"
#include "errors.h"
#include "platform/scratch_folder.h"

using namespace epoch;
using Catch::Matchers::Contains;
using test::message_of;
using test::ScratchFolder;

namespace {

// The refusal of a scenario file with this text.
std::string refusal(const std::string& text) {
  const ScratchFolder folder;
  const auto file = folder.write("bad.json", text);
  const std::string message = message_of<InputError>([&] { load_configuration(file, {}); });
  INFO(text);
  CHECK_THAT(message, Contains("bad.json"));
  CHECK(message.find('\n') == std::string::npos);
  CHECK(message.size() < 900);
  return message;
}

std::string set_refusal(const std::string& set) {
  return message_of<UsageError>([&] { load_configuration(std::nullopt, {set}); });
}

Configuration with(const std::vector<std::string>& sets) {
  return load_configuration(std::nullopt, sets);
}

}  // namespace

TEST_CASE("an empty scenario is the default platform") {
  const ScratchFolder folder;
  const auto file = folder.write("empty.json", "{}");
  const ScenarioConfig config = load_configuration(file, {}).values;
  CHECK(config.epochcore.pe_grid.rows == 32);
  CHECK(config.epochcore.pe_grid.cols == 32);
  CHECK(config.epochcore.pe_grid.drain_lanes == 32);
  CHECK(config.epochcore.pe_grid.multipliers == 2);
  CHECK(config.cpu.clock_mhz == 500);
  CHECK(config.cpu.quantum_ns == 10000);
  CHECK(config.dram.size_bytes == 512ull << 20);
  CHECK(config.dram.latency_ns == 60);
  CHECK(config.dram.gb_per_s == 25.6);
  CHECK(config.sram.size == 64 * 1024);
  CHECK(config.memory_map.dram == 0x80000000);
  CHECK(config.firmware.elf.empty());
}

TEST_CASE("every key can be written and comes back") {
  for (const Key& key : scenario_keys()) {
    if (key.path.find("[]") != std::string::npos) continue;
    INFO(key.path);
    ScenarioConfig config;
    const KeyValue before = key.read(config, 0);
    key.write(config, 0, before);
    CHECK(key.read(config, 0).index() == before.index());
    if (key.type == KeyType::integer && key.maximum > key.minimum) {
      const auto maximum = static_cast<std::uint64_t>(key.maximum);
      key.write(config, 0, maximum);
      CHECK(std::get<std::uint64_t>(key.read(config, 0)) == maximum);
    }
    if (key.type == KeyType::number) {
      key.write(config, 0, key.maximum);
      CHECK(std::get<double>(key.read(config, 0)) == key.maximum);
    }
    for (const std::string& choice : key.choices) {
      key.write(config, 0, choice);
      CHECK(std::get<std::string>(key.read(config, 0)) == choice);
    }
    CHECK_FALSE(key.description.empty());
    CHECK_FALSE(key.allowed().empty());
  }
}

TEST_CASE("a scenario file sets values of every type, with comments") {
  const ScratchFolder folder;
  const auto file = folder.write("full.json", R"({
    // a comment
    "$schema": "anything", "description": "text",
    "firmware": { "elf": "x.elf", "args": ["--a", "b c"], "description": "here too" },
    "cpu": { "clock_mhz": 1000, "quantum_ns": 0 }, /* another */
    "epochcore": { "pe_grid": { "rows": 64, "segment_rows": 16, "cols": 48, "fidelity": "cycle",
                                "ports": { "read_bytes": 0 } },
                   "buffers": { "activations": { "size_kib": 1024, "banks": 16 } } },
    "memory_map": { "uart": "0x1100_0000", "sram": 1073741824 },
    "data": [ { "name": "digits", "file": "d.idx", "address": "0x90000000" } ] })");
  const ScenarioConfig config = load_configuration(file, {}).values;
  CHECK(config.firmware.elf.text == "x.elf");
  CHECK(config.firmware.elf.folder == file.parent_path());
  CHECK(config.firmware.args == std::vector<std::string>{"--a", "b c"});
  CHECK(config.cpu.clock_mhz == 1000);
  CHECK(config.cpu.quantum_ns == 0);
  CHECK(config.epochcore.pe_grid.rows == 64);
  CHECK(config.epochcore.pe_grid.segment_rows == 16);
  CHECK(config.epochcore.pe_grid.drain_lanes == 48);
  CHECK(config.epochcore.fidelity == Fidelity::cycle);
  CHECK(config.epochcore.pe_grid.ports.read == 0);
  CHECK(config.epochcore.activations.size_kib == 1024);
  CHECK(config.epochcore.activations.banks == 16);
  CHECK(config.epochcore.activations.width_bytes == 64);
  CHECK(config.memory_map.uart == 0x11000000);
  CHECK(config.memory_map.sram == 0x40000000);
  REQUIRE(config.data.size() == 1);
  CHECK(config.data[0].name == "digits");
  CHECK(config.data[0].address == OptionalAddress(0x90000000));
}

TEST_CASE("what a PE is comes from the scenario") {
  const EpochCoreConfig plain = with({}).values.epochcore;
  CHECK(plain.pe_grid.state_slots == 1);
  CHECK(plain.pe_grid.slots_kind == SlotsKind::mode);
  CHECK(plain.pe_grid.segment_io == SegmentIo::tapped);
  CHECK(plain.pe_grid.hop == 1);
  CHECK(plain.pe_grid.reduce == Reduce::tree);
  CHECK(plain.pe_grid.pe_exp == ExpUnit::shared);
  CHECK_FALSE(plain.state_shadow);
  const std::string grid = "epochcore.pe_grid.";
  const EpochCoreConfig other =
      with({grid + "state_slots=7", grid + "slots_kind=batch", grid + "segment_io=chained",
            grid + "hop=3", grid + "reduce=systolic", grid + "pe_exp=dedicated",
            grid + "state_shadow=true"})
          .values.epochcore;
  CHECK(other.pe_grid.state_slots == 7);
  CHECK(other.pe_grid.slots_kind == SlotsKind::batch);
  CHECK(other.pe_grid.segment_io == SegmentIo::chained);
  CHECK(other.pe_grid.hop == 3);
  CHECK(other.pe_grid.reduce == Reduce::systolic);
  CHECK(other.pe_grid.pe_exp == ExpUnit::dedicated);
  CHECK(other.state_shadow);
  CHECK_THAT(set_refusal(grid + "slots_kind=states"),
             Contains("one of \"mode\", \"channel\", \"batch\""));
  CHECK_THAT(set_refusal(grid + "state_slots=256"), Contains("1 to 255"));
}

TEST_CASE("a refusal names file, key, value and what is allowed") {
  CHECK_THAT(refusal(R"({"epochcore":{"pe_grid":{"rows":0}}})"),
             Contains("epochcore.pe_grid.rows: 0 is not allowed") && Contains("1 to 1024"));
  CHECK_THAT(refusal(R"({"epochcore":{"pe_grid":{"rows":"many"}}})"),
             Contains("\"many\"") && Contains("an integer"));
  CHECK_THAT(refusal(R"({"epochcore":{"pe_grid":{"rows":1.5}}})"), Contains("1.5"));
  CHECK_THAT(refusal(R"({"epochcore":{"pe_grid":{"rows":-1}}})"), Contains("-1"));
  CHECK_THAT(refusal(R"({"epochcore":{"pe_grid":{"rows":1e300}}})"), Contains("1e+300"));
  CHECK_THAT(refusal(R"({"epochcore":{"pe_grid":{"rows":18446744073709551616}}})"),
             Contains("epochcore.pe_grid.rows"));
  CHECK_THAT(refusal(R"({"epochcore":{"buffers":{"activations":{"banks":3}}}})"),
             Contains("a power of two, 1 to 256"));
  CHECK_THAT(refusal(R"({"cpu":{"clock_mhz":0}})"), Contains("cpu.clock_mhz: 0"));
  CHECK_THAT(refusal(R"({"epochcore":{"pe_grid":{"pe":"gpu"}}})"),
             Contains("one of \"lima\", \"mac\""));
  CHECK_THAT(refusal(R"({"firmware":{"args":"--x"}})"), Contains("a list of texts"));
  CHECK_THAT(refusal(R"({"firmware":{"args":[1]}})"), Contains("firmware.args: 1 "));
  CHECK_THAT(refusal(R"({"memory_map":{"uart":"0xZZ"}})"), Contains("memory_map.uart: \"0xZZ\""));
  CHECK_THAT(refusal(R"({"memory_map":{"uart":"0x100000000"}})"), Contains("below 4 GiB"));
  CHECK_THAT(refusal(R"({"cpu":7})"), Contains("cpu: 7") && Contains("kind, clock_mhz"));
  CHECK_THAT(refusal(R"({"data":{}})"), Contains("data: must be a list"));
  CHECK_THAT(refusal(R"({"data":[7]})"), Contains("data.0: 7"));
  CHECK_THAT(refusal(R"({"firmware":{"elf":"a\u0000b"}})"), Contains("firmware.elf"));
}

TEST_CASE("a bus that cannot be is refused") {
  CHECK_THAT(refusal(R"({"transport":"tlm"})"), Contains("one of \"lt\", \"at\""));
  CHECK_THAT(refusal(R"({"interconnect":{"width_bytes":0}})"),
             Contains("interconnect.width_bytes: 0"));
  CHECK_THAT(refusal(R"({"interconnect":{"width_bytes":48}})"), Contains("a power of two"));
  CHECK_THAT(refusal(R"({"interconnect":{"arbitration":"lottery"}})"),
             Contains("one of \"round_robin\", \"fixed\", \"weighted\""));
  CHECK_THAT(refusal(R"({"interconnect":{"weight":{"dma":0}}})"),
             Contains("interconnect.weight.dma: 0"));
  CHECK_THAT(refusal(R"({"interconnect":{"weight":{"gpu":1}}})"),
             Contains("interconnect.weight.gpu: unknown key"));
  CHECK_THAT(refusal(R"({"interconnect":{"max_burst_bytes":100}})"), Contains("a power of two"));
  CHECK_THAT(refusal(R"({"interconnect":{"outstanding_per_target":0}})"),
             Contains("interconnect.outstanding_per_target: 0"));
  CHECK_THAT(refusal(R"({"transport":"at","cpu":{"dcache":{"size_kib":0}}})"),
             Contains("cpu.dcache.size_kib") && Contains("both caches or none"));
}

TEST_CASE("transport at brings caches, and the origin says so") {
  const Configuration at = load_configuration({}, {"transport=at"});
  CHECK(at.values.cpu.icache.size_kib == 32);
  CHECK(at.values.cpu.dcache.size_kib == 32);
  CHECK(at.values.epochcore.transport == Transport::at);
  CHECK_THAT(configuration_origins(at),
             Contains("cpu.dcache.size_kib = 32  # default, by transport"));
  const Configuration none =
      load_configuration({}, {"transport=at", "cpu.icache.size_kib=0", "cpu.dcache.size_kib=0"});
  CHECK(none.values.cpu.dcache.size_kib == 0);
  const Configuration lt = load_configuration({}, {});
  CHECK(lt.values.cpu.dcache.size_kib == 0);
  CHECK_THAT(configuration_origins(lt), Contains("cpu.dcache.size_kib = 0  # default\n"));
}

TEST_CASE("an unknown key suggests the nearest") {
  CHECK_THAT(refusal(R"({"epochcore":{"pe_grid":{"row":4}}})"),
             Contains("did you mean \"epochcore.pe_grid.rows\"?"));
  CHECK_THAT(refusal(R"({"rows":4})"), Contains("did you mean \"epochcore.pe_grid.rows\"?"));
  CHECK_THAT(refusal(R"({"interconect":{}})"), Contains("did you mean \"interconnect\"?"));
  CHECK_THAT(refusal(R"({"data":[{"nam":"x"}]})"), Contains("did you mean \"data[].name\"?"));
  CHECK_THAT(refusal(R"({"zzzzzzzzzzzzzzzz":1})"), Contains("allowed: firmware, network"));
  CHECK_THAT(refusal(R"({"cpu.clock_mhz":1})"), Contains("only --set writes dots"));
}

TEST_CASE("hostile JSON costs one line") {
  CHECK_THAT(refusal(""), Contains("parse error"));
  CHECK_THAT(refusal("[]"), Contains("a scenario is an object"));
  CHECK_THAT(refusal("{"), Contains("parse error at line 1"));
  CHECK_THAT(refusal("{} {}"), Contains("parse error"));
  CHECK_THAT(refusal(R"({"cpu":{}, "cpu":{}})"), Contains("written twice"));
  CHECK_THAT(refusal(R"({"cpu":{"quantum_ns":1,"quantum_ns":2}})"), Contains("quantum_ns"));
  CHECK_THAT(refusal(std::string(2'000'000, '[')), Contains("nested deeper than 32"));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += R"({"a":)";
  CHECK_THAT(refusal(objects), Contains("nested deeper than 32"));
  CHECK_THAT(refusal("{\"" + std::string(1'000'000, 'k') + "\":1}"), Contains("unknown key"));
  CHECK_THAT(refusal("{\"firmware\":{\"elf\":" + std::string(100'000, '9') + "}}"),
             Contains("number overflow"));
  CHECK_THAT(refusal("{\"cpu\":{\"kind\":\"" + std::string(100'000, 'x') + "\"}}"),
             Contains("cpu.kind"));
  CHECK_THAT(refusal("{\"a\x01\":1}"), Contains("parse error"));
  CHECK_THAT(refusal("{\"\xff\xfe\":1}"), Contains("parse error"));
  CHECK_THAT(refusal(R"({"cpu":{"clock_mhz":1e999}})"), Contains("bad.json"));
  CHECK_THAT(refusal(R"({"cpu":{"clock_mhz":NaN}})"), Contains("parse error"));
  CHECK_THAT(refusal(R"({"cpu":null})"), Contains("cpu: null"));
}

TEST_CASE("a file larger than any scenario is not read") {
  CHECK_THAT(refusal(std::string((16u << 20) + 1, ' ')), Contains("larger than 16 MiB"));
}

TEST_CASE("rules between keys") {
  CHECK_THAT(refusal(R"({"epochcore":{"pe_grid":{"segment_rows":5}}})"),
             Contains("segment_rows 5 must divide rows 32"));
  CHECK_THAT(set_refusal("epochcore.pe_grid.rows=12"), Contains("epochcore.pe_grid.rows"));
  CHECK_THAT(refusal(R"({"epochcore":{"pe_grid":{"pe":"mac","multipliers":2}}})"),
             Contains("a plain MAC"));
  CHECK(with({"epochcore.pe_grid.pe=mac"}).values.epochcore.pe_grid.multipliers == 1);
  CHECK_THAT(refusal(R"({"memory_map":{"uart":"0x0c000000"}})"),
             Contains("memory_map.uart") && Contains("0x0c000000..0x0fffffff") &&
                 Contains("0x0c000000..0x0c000007"));
  CHECK_THAT(refusal(R"({"memory_map":{"sram":"0x40000010"}})"), Contains("multiple of 4096"));
  CHECK_THAT(refusal(R"({"memory_map":{"dram":"0xf0000000"}})"), Contains("past the hart's 4 GiB"));
  CHECK_THAT(refusal(R"({"data":[{"name":"a b","file":"f"}]})"), Contains("\"a b\""));
  CHECK_THAT(refusal(R"({"data":[{"name":"a"}]})"), Contains("needs a file"));
  CHECK_THAT(refusal(R"({"data":[{"name":"a","file":"f"},{"name":"a","file":"g"}]})"),
             Contains("names two"));
  CHECK_THAT(refusal(R"({"epochcore":{"buffers":{"activations":
                     {"size_kib":1,"banks":32,"width_bytes":64}}}})"),
             Contains("32 banks of 64 bytes"));
}

TEST_CASE("extends: objects merge, lists replace, paths belong to their file") {
  const ScratchFolder folder;
  const auto base = folder.write("presets/base.json", R"({
    "firmware": { "elf": "a.elf", "args": ["1", "2", "3"] },
    "data": [ { "name": "x", "file": "x.bin" }, { "name": "y", "file": "y.bin" } ],
    "cpu": { "clock_mhz": 100, "quantum_ns": 7 } })");
  folder.write("presets/middle.json", R"({ "extends": "base.json", "cpu": { "clock_mhz": 200 } })");
  const auto top = folder.write("top.json", R"({ "extends": "presets/middle.json",
    "firmware": { "args": ["4"] }, "data": [ { "name": "z", "file": "z.bin" } ] })");
  const Configuration c = load_configuration(top, {});
  CHECK(c.values.firmware.elf.text == "a.elf");
  CHECK(c.values.firmware.elf.folder == base.parent_path());
  CHECK(c.values.firmware.args == std::vector<std::string>{"4"});
  CHECK(c.values.cpu.clock_mhz == 200);
  CHECK(c.values.cpu.quantum_ns == 7);
  REQUIRE(c.values.data.size() == 1);
  CHECK(c.values.data[0].file.folder == top.parent_path());
  CHECK(c.writers.at("cpu.quantum_ns").name == (top.parent_path() / "presets/base.json").string());
  CHECK(c.writers.count("data.1.name") == 0);
}

TEST_CASE("extends: errors name the file that holds them, cycles are refused") {
  const ScratchFolder folder;
  folder.write("base.json", R"({ "cpu": { "clock_mhz": -1 } })");
  const auto top =
      folder.write("top.json", R"({ "extends": "base.json", "cpu": {"clock_mhz": 1} })");
  CHECK_THAT(message_of<InputError>([&] { load_configuration(top, {}); }),
             Contains("base.json: cpu"));

  folder.write("a.json", R"({ "extends": "b.json" })");
  folder.write("b.json", R"({ "extends": "./a.json" })");
  CHECK_THAT(message_of<InputError>([&] { load_configuration(folder / "a.json", {}); }),
             Contains("a cycle: a.json -> b.json -> a.json"));
  const auto lost = folder.write("lost.json", R"({ "extends": "nowhere.json" })");
  CHECK_THAT(message_of<InputError>([&] { load_configuration(lost, {}); }),
             Contains("lost.json: extends: no such file") && Contains("nowhere.json"));
  const auto odd = folder.write("odd.json", R"({ "extends": 3 })");
  CHECK_THAT(message_of<InputError>([&] { load_configuration(odd, {}); }), Contains("extends"));
}

TEST_CASE("option --set: JSON or text, list indices, left to right, after the file") {
  const ScratchFolder folder;
  const auto file = folder.write("s.json", R"({ "firmware": { "elf": "a.elf", "args": ["1", "2"] },
    "data": [ { "name": "x", "file": "x.bin" } ], "cpu": { "quantum_ns": 5 } })");
  const Configuration c = load_configuration(
      file,
      {"cpu.quantum_ns=6", "cpu.quantum_ns=8", "firmware.args.1=--n=3", "firmware.args.2=new",
       "data.0.file=other.bin", "data.1={\"name\":\"y\",\"file\":\"y.bin\"}",
       "epochcore.dma={\"burst_bytes\":64}", "network.model=123", "memory_map.sram=0x50000000"});
  CHECK(c.values.cpu.quantum_ns == 8);
  CHECK(c.values.firmware.args == std::vector<std::string>{"1", "--n=3", "new"});
  CHECK(c.values.firmware.elf.folder == file.parent_path());
  CHECK(c.values.data[0].file.text == "other.bin");
  CHECK(c.values.data[0].file.folder == std::filesystem::current_path());
  REQUIRE(c.values.data.size() == 2);
  CHECK(c.values.data[1].name == "y");
  CHECK(c.values.epochcore.dma_burst_bytes == 64);
  CHECK(c.values.epochcore.dma_outstanding == 8);
  CHECK(c.values.network.model.text == "123");
  CHECK(c.values.memory_map.sram == 0x50000000);
  CHECK(with({"firmware.args=[\"a\"]"}).values.firmware.args == std::vector<std::string>{"a"});
}

TEST_CASE("option --set: a bad key is a usage error") {
  CHECK_THAT(set_refusal("nonsense"), Contains("KEY=VALUE"));
  CHECK_THAT(set_refusal("=1"), Contains("KEY=VALUE"));
  CHECK_THAT(set_refusal("epochcore.pe_grid.row=1"), Contains("did you mean"));
  CHECK_THAT(set_refusal("epochcore.pe_grid.rows=0"), Contains("1 to 1024"));
  CHECK_THAT(set_refusal("epochcore.pe_grid.rows="), Contains("epochcore.pe_grid.rows"));
  CHECK_THAT(set_refusal("data.5.file=x"), Contains("elements 0 to 0"));
  CHECK_THAT(set_refusal("data.x.file=x"), Contains("elements 0 to 0"));
  CHECK_THAT(set_refusal("data.0.0.0=x"), Contains("data.0.0.0"));
  CHECK_THAT(set_refusal("data[].file=x"), Contains("unknown key"));
  CHECK_THAT(set_refusal("data.0.file=x"), Contains("must be 1 to 24"));
  CHECK_THAT(set_refusal("firmware.args.9=x"), Contains("elements 0 to 0"));
  CHECK_THAT(set_refusal("cpu=1"), Contains("cpu: 1"));
  CHECK_THAT(set_refusal("extends=x"), Contains("unknown key"));
}

TEST_CASE("the effective configuration is a scenario that gives itself") {
  const ScratchFolder folder;
  const Configuration first =
      with({"epochcore.pe_grid.rows=64", "network.address=0x88000000", "firmware.args=[\"a b\"]",
            "data.0={\"name\":\"d\",\"file\":\"d.bin\"}", "epochcore.pe_grid.drain_lanes=7"});
  const std::string dump = effective_configuration(first).dump(2);
  const Configuration second = load_configuration(folder.write("dump.json", dump), {});
  CHECK(effective_configuration(second).dump(2) == dump);
  CHECK(second.values.epochcore.pe_grid.drain_lanes == 7);
  CHECK(second.values.network.address == OptionalAddress(0x88000000));
}

TEST_CASE("origins name the writer of every value") {
  const ScratchFolder folder;
  const auto file = folder.write("s.json", R"({ "cpu": { "quantum_ns": 5 } })");
  const std::string text =
      configuration_origins(load_configuration(file, {"epochcore.pe_grid.rows=8"}));
  CHECK_THAT(text, Contains("cpu.quantum_ns = 5  # " + file.string() + "\n"));
  CHECK_THAT(text, Contains("epochcore.pe_grid.rows = 8  # --set epochcore.pe_grid.rows=8\n"));
  CHECK_THAT(text, Contains("epochcore.pe_grid.cols = 32  # default\n"));
}
