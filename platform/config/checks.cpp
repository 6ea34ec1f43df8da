// SPDX-License-Identifier: Apache-2.0
#include "config/checks.h"

#include <filesystem>
#include <set>

#include "config/dram_checks.h"
#include "config/key_value.h"
#include "memory_map.h"

namespace epoch {
namespace {

constexpr std::uint64_t kPage = 4096;

void check_grid(const Configuration& c) {
  const ArrayConfig& grid = c.values.epochcore.pe_grid;
  if (grid.segment_rows > grid.rows || grid.rows % grid.segment_rows != 0) {
    const std::string key = c.written("epochcore.pe_grid.segment_rows")
                                ? "epochcore.pe_grid.segment_rows"
                                : "epochcore.pe_grid.rows";
    c.refuse(key, "segment_rows " + std::to_string(grid.segment_rows) + " must divide rows " +
                      std::to_string(grid.rows));
  }
  if (!grid.lima && grid.multipliers != 1) {
    c.refuse("epochcore.pe_grid.multipliers",
             std::to_string(grid.multipliers) + ": a plain MAC (pe \"mac\") has 1");
  }
}

void check_buffer(const Configuration& c, const std::string& name, const BufferConfig& buffer) {
  const std::uint64_t row = std::uint64_t{buffer.banks} * buffer.width_bytes;
  if (row > std::uint64_t{buffer.size_kib} * 1024) {
    c.refuse("epochcore.buffers." + name + ".size_kib",
             std::to_string(buffer.size_kib) + " KiB is less than one word in each of " +
                 std::to_string(buffer.banks) + " banks of " + std::to_string(buffer.width_bytes) +
                 " bytes");
  }
}

void check_cache(const Configuration& c, const std::string& name, const CacheConfig& cache) {
  if ((cache.size_kib & (cache.size_kib - 1)) != 0) {
    c.refuse("cpu." + name + ".size_kib",
             std::to_string(cache.size_kib) + " must be a power of two, or 0 for none");
  }
}

// In at a byte that no cache holds is a bus transaction, and the tags of one cache alone would not
// say which bytes those are.
void check_at_caches(const Configuration& c) {
  const CpuConfig& cpu = c.values.cpu;
  if (c.values.transport != Transport::at) return;
  if ((cpu.icache.size_kib == 0) == (cpu.dcache.size_kib == 0)) return;
  const std::string none = cpu.icache.size_kib == 0 ? "icache" : "dcache";
  c.refuse("cpu." + none + ".size_kib",
           "0 while the other cache has a size: transport \"at\" wants both caches or none");
}

// The device tree names a reserved-memory node after each blob.
void check_data(const Configuration& c) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < c.values.data.size(); ++i) {
    const DataConfig& data = c.values.data[i];
    const std::string path = "data." + std::to_string(i);
    // Whoever wrote a part of the entry answers for what it lacks.
    const std::string name_path = path + (c.written(path + ".name") ? ".name" : ".file");
    const std::string valid = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    if (data.name.empty() || data.name.size() > 24 ||
        data.name.find_first_not_of(valid) != std::string::npos) {
      c.refuse(name_path, "\"" + one_line(data.name, 40) +
                              "\" must be 1 to 24 letters, digits, \"_\" or \"-\"");
    }
    if (!names.insert(data.name).second) {
      c.refuse(name_path, "\"" + data.name + "\" names two entries");
    }
    if (data.file.empty()) c.refuse(name_path, "\"" + data.name + "\" needs a file");
  }
}

void check_blob_address(const Configuration& c, const std::string& key,
                        const OptionalAddress& address) {
  if (address && *address % kPage != 0) {
    c.refuse(key, hex_address(*address) + " must be a multiple of 4096");
  }
}

// The key that places a region: "memory_map.epochcore" for epochcore1 too.
std::string key_of(const Region& region) {
  return "memory_map." + region.name.substr(0, region.name.find_last_not_of("0123456789") + 1);
}

void check_memory_map(const Configuration& c) {
  const std::vector<Region> regions = platform_regions(c.values);
  for (const Region& region : regions) {
    const std::string key = key_of(region);
    if (region.base % kPage != 0) {
      c.refuse(key, hex_address(region.base) + " must be a multiple of 4096");
    }
    if (region.end() > (std::uint64_t{1} << 32)) {
      c.refuse(key, range_text(region) + " reaches past the hart's 4 GiB");
    }
  }
  for (std::size_t i = 1; i < regions.size(); ++i) {  // sorted by base
    const Region& low = regions[i - 1];
    const Region& high = regions[i];
    if (high.base < low.end()) {
      const std::string low_key = key_of(low);
      const std::string high_key = key_of(high);
      const std::string instances = "epochcore.instances";
      c.refuse(
          c.written(high_key)  ? high_key
          : c.written(low_key) ? low_key
                               : instances,
          low.name + " " + range_text(low) + " overlaps " + high.name + " " + range_text(high));
    }
  }
}

// What describes the simulated hart says nothing of the host that stands in for it. Its defaults
// may be written: a dump of the configuration has them.
void check_native(const Configuration& c) {
  if (c.values.cpu_kind != CpuKind::native) return;
  const ScenarioConfig defaults;
  for (const char* prefix :
       {"cpu.timing.", "cpu.icache.", "cpu.dcache.", "cpu.misaligned", "cpu.pmp_regions"}) {
    for (const auto& [path, writer] : c.writers) {
      if (path.rfind(prefix, 0) != 0) continue;
      const Key& key = *find_key(path);
      const auto json = [&](const ScenarioConfig& from) {
        return key_value_to_json(key, key.read(from, 0));
      };
      if (json(c.values) == json(defaults)) continue;
      c.refuse(path, "says nothing where cpu.kind is \"native\": the host executes the firmware");
    }
  }
}

constexpr std::uint32_t kAtCacheKib = 32;

// Without caches each instruction of at would be bus transactions.
void derive_cache(Configuration& c, const std::string& key, std::uint32_t& size_kib) {
  if (c.values.transport != Transport::at || c.values.cpu_kind != CpuKind::rv32) return;
  if (c.written(key)) return;
  size_kib = kAtCacheKib;
  c.derived[key] = "transport";
}

// "file:PATH" with a relative path is relative to whoever wrote it, like every file name.
void anchor_file(const Configuration& c, const std::string& key, std::string& value) {
  const std::string prefix = "file:";
  const auto writer = c.writers.find(key);
  if (writer == c.writers.end() || value.rfind(prefix, 0) != 0) return;
  const std::filesystem::path file = writer->second.folder / value.substr(prefix.size());
  value = prefix + file.lexically_normal().string();
}

}  // namespace

void derive_values(Configuration& c) {
  anchor_file(c, "uart.output", c.values.uart.output);
  anchor_file(c, "uart.input", c.values.uart.input);
  load_dram_device(c);
  derive_cache(c, "cpu.icache.size_kib", c.values.cpu.icache.size_kib);
  derive_cache(c, "cpu.dcache.size_kib", c.values.cpu.dcache.size_kib);
  c.values.cpu.transport = c.values.epochcore.transport = c.values.transport;
  ArrayConfig& grid = c.values.epochcore.pe_grid;
  grid.drain_lanes = c.values.drain_lanes.value_or(grid.cols);
  if (!grid.lima && !c.written("epochcore.pe_grid.multipliers")) grid.multipliers = 1;
}

void check_configuration(const Configuration& c) {
  check_grid(c);
  check_buffer(c, "activations", c.values.epochcore.activations);
  check_buffer(c, "coefficients", c.values.epochcore.coefficients);
  check_buffer(c, "accumulators", c.values.epochcore.accumulators);
  check_native(c);
  check_dram(c);
  check_cache(c, "icache", c.values.cpu.icache);
  check_cache(c, "dcache", c.values.cpu.dcache);
  check_at_caches(c);
  check_data(c);
  check_blob_address(c, "network.address", c.values.network.address);
  for (std::size_t i = 0; i < c.values.data.size(); ++i) {
    check_blob_address(c, "data." + std::to_string(i) + ".address", c.values.data[i].address);
  }
  check_memory_map(c);
}

}  // namespace epoch
