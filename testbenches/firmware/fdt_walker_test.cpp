// SPDX-License-Identifier: Apache-2.0
#include "fdt_walker.h"

#include <libfdt.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace {

using Blob = std::vector<char>;

// The tree of a platform such as this one, by libfdt.
Blob make_tree() {
  Blob blob(8192);
  void* fdt = blob.data();
  const auto cells = [&](const char* name, std::initializer_list<std::uint32_t> values) {
    std::vector<fdt32_t> big;
    for (const std::uint32_t value : values) big.push_back(cpu_to_fdt32(value));
    REQUIRE(fdt_property(fdt, name, big.data(), static_cast<int>(4 * big.size())) == 0);
  };
  const auto node = [&](const char* name, auto body) {
    REQUIRE(fdt_begin_node(fdt, name) == 0);
    body();
    REQUIRE(fdt_end_node(fdt) == 0);
  };
  REQUIRE(fdt_create(fdt, static_cast<int>(blob.size())) == 0);
  REQUIRE(fdt_add_reservemap_entry(fdt, 0x80000000, 0x1000) == 0);
  REQUIRE(fdt_finish_reservemap(fdt) == 0);
  node("", [&] {
    cells("#address-cells", {2});
    cells("#size-cells", {2});
    node("chosen", [&] { fdt_property_string(fdt, "bootargs", "app \"two words\" --x=1"); });
    node("cpus", [&] {
      cells("#address-cells", {1});
      cells("#size-cells", {0});
      cells("timebase-frequency", {10000000});
      node("cpu@0", [&] { cells("reg", {0}); });
      node("cpu@7", [&] { cells("reg", {7}); });
    });
    node("memory@180000000", [&] {
      fdt_property_string(fdt, "device_type", "memory");
      cells("reg", {1, 0x80000000, 0, 0x20000000, 2, 0, 1, 0});
    });
    node("reserved-memory", [&] {
      cells("#address-cells", {2});
      cells("#size-cells", {2});
      fdt_property(fdt, "ranges", "", 0);
      node("digits@90000000", [&] {
        fdt_property_string(fdt, "compatible", "epochcore,data");
        fdt_property_string(fdt, "label", "digits");
        cells("reg", {0, 0x90000000, 0, 0x1234});
      });
      node("labels@91000000", [&] {
        fdt_property_string(fdt, "compatible", "epochcore,data");
        fdt_property_string(fdt, "label", "labels");
        cells("reg", {0, 0x91000000, 0, 0xCC});
      });
    });
    node("soc", [&] {
      cells("#address-cells", {1});
      cells("#size-cells", {1});
      const char compatible[] = "vendor,uart\0ns16550a";
      node("serial@10000000", [&] {
        fdt_property(fdt, "compatible", compatible, sizeof compatible);
        cells("reg", {0x10000000, 0x100});
        cells("interrupts", {1});
      });
      node("bus@0", [&] {  // no cells of its own: 2 and 1
        node("inner@1", [&] {
          fdt_property_string(fdt, "compatible", "test,inner");
          cells("reg", {1, 2, 3});
        });
      });
    });
  });
  REQUIRE(fdt_finish(fdt) == 0);
  blob.resize(fdt_totalsize(fdt));
  return blob;
}

// The blob at its exact size on the heap, so that a sanitizer sees a read past its end.
struct Copy {
  explicit Copy(const Blob& blob) : bytes(new char[blob.size()]), size(blob.size()) {
    std::copy(blob.begin(), blob.end(), bytes.get());
  }
  bool open(hal_fdt& fdt) const {
    return hal_fdt_open(&fdt, bytes.get(), static_cast<std::uint32_t>(size));
  }
  std::unique_ptr<char[]> bytes;
  std::size_t size;
};

// Everything the HAL asks of a tree; must end and stay inside whatever the blob holds.
unsigned walk_everything(const hal_fdt& fdt) {
  hal_fdt_node node{};
  unsigned nodes = 0;
  for (bool more = hal_fdt_root(&fdt, &node); more; more = hal_fdt_next(&fdt, &node)) {
    std::uint64_t address = 0;
    std::uint64_t size = 0;
    std::uint32_t value = 0;
    for (std::uint32_t i = 0; i < 4; ++i) {
      hal_fdt_reg(&fdt, &node, i, &address, &size);
      hal_fdt_cell(&fdt, &node, "interrupts", i, &value);
    }
    hal_fdt_string(&fdt, &node, "bootargs");
    hal_fdt_string(&fdt, &node, "label");
    ++nodes;
  }
  for (const char* path : {"/", "/chosen", "/cpus/cpu@7", "/soc/serial", "/reserved-memory"})
    hal_fdt_find_path(&fdt, path, &node);
  for (std::uint32_t i = 0; i < 4; ++i) hal_fdt_find_compatible(&fdt, "epochcore,data", i, &node);
  return nodes;
}

}  // namespace

TEST_CASE("device tree: nodes are found by path, with and without unit address") {
  const Copy copy(make_tree());
  hal_fdt fdt{};
  REQUIRE(copy.open(fdt));
  hal_fdt_node node{};
  REQUIRE(hal_fdt_find_path(&fdt, "/", &node));
  CHECK(node.depth == 1);
  REQUIRE(hal_fdt_find_path(&fdt, "/chosen", &node));
  CHECK(std::string(hal_fdt_string(&fdt, &node, "bootargs")) == "app \"two words\" --x=1");
  REQUIRE(hal_fdt_find_path(&fdt, "/cpus/cpu@7", &node));
  CHECK(std::string(node.name) == "cpu@7");
  REQUIRE(hal_fdt_find_path(&fdt, "/soc/serial", &node));
  CHECK(std::string(node.name) == "serial@10000000");
  REQUIRE(hal_fdt_find_path(&fdt, "/soc/bus/inner", &node));
  CHECK_FALSE(hal_fdt_find_path(&fdt, "/serial", &node));
  CHECK_FALSE(hal_fdt_find_path(&fdt, "/soc/inner", &node));
  CHECK_FALSE(hal_fdt_find_path(&fdt, "/cpu", &node));
  CHECK_FALSE(hal_fdt_find_path(&fdt, "/chos", &node));
  CHECK_FALSE(hal_fdt_find_path(&fdt, "/chosen/x", &node));
  CHECK_FALSE(hal_fdt_find_path(&fdt, "chosen", &node));
}

TEST_CASE("device tree: nodes are found by compatible, in any place of the list") {
  const Copy copy(make_tree());
  hal_fdt fdt{};
  REQUIRE(copy.open(fdt));
  hal_fdt_node node{};
  CHECK(hal_fdt_find_compatible(&fdt, "ns16550a", 0, &node));
  CHECK(hal_fdt_find_compatible(&fdt, "vendor,uart", 0, &node));
  CHECK_FALSE(hal_fdt_find_compatible(&fdt, "ns16550", 0, &node));
  CHECK_FALSE(hal_fdt_find_compatible(&fdt, "ns16550a", 1, &node));
  REQUIRE(hal_fdt_find_compatible(&fdt, "epochcore,data", 1, &node));
  CHECK(std::string(hal_fdt_string(&fdt, &node, "label")) == "labels");
  CHECK_FALSE(hal_fdt_find_compatible(&fdt, "epochcore,data", 2, &node));
}

TEST_CASE("device tree: reg goes by the parent's cells") {
  const Copy copy(make_tree());
  hal_fdt fdt{};
  REQUIRE(copy.open(fdt));
  hal_fdt_node node{};
  std::uint64_t address = 0;
  std::uint64_t size = 0;
  REQUIRE(hal_fdt_find_path(&fdt, "/memory", &node));
  REQUIRE(hal_fdt_reg(&fdt, &node, 0, &address, &size));
  CHECK(address == 0x1'8000'0000);
  CHECK(size == 0x2000'0000);
  REQUIRE(hal_fdt_reg(&fdt, &node, 1, &address, &size));
  CHECK(address == 0x2'0000'0000);
  CHECK(size == 0x1'0000'0000);
  CHECK_FALSE(hal_fdt_reg(&fdt, &node, 2, &address, &size));
  REQUIRE(hal_fdt_find_path(&fdt, "/soc/serial", &node));
  REQUIRE(hal_fdt_reg(&fdt, &node, 0, &address, &size));
  CHECK(address == 0x1000'0000);
  CHECK(size == 0x100);
  REQUIRE(hal_fdt_find_path(&fdt, "/cpus/cpu@7", &node));
  REQUIRE(hal_fdt_reg(&fdt, &node, 0, &address, &size));
  CHECK(address == 7);
  CHECK(size == 0);
  REQUIRE(hal_fdt_find_path(&fdt, "/soc/bus/inner", &node));  // defaults: 2 and 1
  REQUIRE(hal_fdt_reg(&fdt, &node, 0, &address, &size));
  CHECK(address == 0x1'0000'0002);
  CHECK(size == 3);
}

TEST_CASE("device tree: cells and missing properties") {
  const Copy copy(make_tree());
  hal_fdt fdt{};
  REQUIRE(copy.open(fdt));
  hal_fdt_node node{};
  std::uint32_t value = 0;
  REQUIRE(hal_fdt_find_path(&fdt, "/cpus", &node));
  CHECK(hal_fdt_cell(&fdt, &node, "timebase-frequency", 0, &value));
  CHECK(value == 10000000);
  CHECK_FALSE(hal_fdt_cell(&fdt, &node, "timebase-frequency", 1, &value));
  CHECK_FALSE(hal_fdt_cell(&fdt, &node, "reg", 0, &value));  // its children's, not its own
  std::uint32_t length = 1;
  REQUIRE(hal_fdt_find_path(&fdt, "/reserved-memory", &node));
  CHECK(hal_fdt_property(&fdt, &node, "ranges", &length) != nullptr);
  CHECK(length == 0);
  CHECK(hal_fdt_string(&fdt, &node, "ranges") == nullptr);
}

TEST_CASE("device tree: as many nodes as libfdt sees, NOPs skipped") {
  Blob blob = make_tree();
  void* tree = blob.data();
  const int soc = fdt_path_offset(tree, "/soc/serial@10000000");
  REQUIRE(fdt_nop_property(tree, soc, "interrupts") == 0);
  REQUIRE(fdt_nop_node(tree, fdt_path_offset(tree, "/soc/bus@0")) == 0);
  int count = 0;
  for (int offset = 0; offset >= 0; offset = fdt_next_node(tree, offset, nullptr)) ++count;
  const Copy copy(blob);
  hal_fdt fdt{};
  REQUIRE(copy.open(fdt));
  CHECK(walk_everything(fdt) == static_cast<unsigned>(count));
  hal_fdt_node node{};
  std::uint32_t value = 0;
  REQUIRE(hal_fdt_find_path(&fdt, "/soc/serial", &node));
  CHECK_FALSE(hal_fdt_cell(&fdt, &node, "interrupts", 0, &value));
  CHECK_FALSE(hal_fdt_find_path(&fdt, "/soc/bus", &node));
}

TEST_CASE("device tree: every truncation is refused") {
  const Blob blob = make_tree();
  for (std::size_t bytes = 0; bytes < blob.size(); ++bytes) {
    const Copy copy(Blob(blob.begin(), blob.begin() + static_cast<std::ptrdiff_t>(bytes)));
    hal_fdt fdt{};
    CHECK_FALSE(copy.open(fdt));
  }
}

TEST_CASE("device tree: a structure block that ends early stops the walk") {
  const Blob blob = make_tree();
  const std::uint32_t whole = fdt_size_dt_struct(blob.data());
  for (std::uint32_t bytes = 0; bytes < whole; ++bytes) {
    Blob cut = blob;
    fdt_set_size_dt_struct(cut.data(), bytes);
    const Copy copy(cut);
    hal_fdt fdt{};
    if (copy.open(fdt)) CHECK(walk_everything(fdt) <= 14);
  }
}

TEST_CASE("device tree: corrupt blobs neither hang nor read outside") {
  const Blob blob = make_tree();
  unsigned opened = 0;
  for (std::uint32_t seed = 1; seed <= 3000; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    Blob corrupt = blob;
    const auto at = [&] { return random() % corrupt.size(); };
    for (unsigned changes = 1 + random() % 8; changes > 0; --changes)
      corrupt[at()] = static_cast<char>(random());
    const Copy copy(corrupt);
    hal_fdt fdt{};
    if (!copy.open(fdt)) continue;
    ++opened;
    CHECK(walk_everything(fdt) <= corrupt.size() / 4);
  }
  CHECK(opened > 1000);
}

TEST_CASE("device tree: nesting beyond the limit ends the walk") {
  Blob blob(4096);
  REQUIRE(fdt_create(blob.data(), static_cast<int>(blob.size())) == 0);
  REQUIRE(fdt_finish_reservemap(blob.data()) == 0);
  for (int i = 0; i < 40; ++i) REQUIRE(fdt_begin_node(blob.data(), i == 0 ? "" : "n") == 0);
  for (int i = 0; i < 40; ++i) REQUIRE(fdt_end_node(blob.data()) == 0);
  REQUIRE(fdt_finish(blob.data()) == 0);
  blob.resize(fdt_totalsize(blob.data()));
  const Copy copy(blob);
  hal_fdt fdt{};
  REQUIRE(copy.open(fdt));
  CHECK(walk_everything(fdt) == HAL_FDT_MAX_DEPTH);
}
