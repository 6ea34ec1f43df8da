// SPDX-License-Identifier: Apache-2.0
// Network images as the driver gets them: epoch_network_open on the bytes as they are and with the
// checksum put right, else a fuzzer would never get past it. An accepted image is scheduled; the
// program must consist of descriptors that hardware accepts and touch only the memory it was given.
#include <epoch_network.h>
#include <epoch_scheduler.h>

#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include <epoch_crc.h>
#include "epochcore/command.h"
#include "fuzz/entry.h"

using namespace epoch;
using namespace epoch::fuzz;

namespace {

__extension__ using Wide = __int128;

constexpr std::uint32_t steps = 12;
constexpr std::uint32_t most_descriptors = 4000;  // a longer program is left out
// Areas of bus memory with gaps between them; none touches another.
constexpr std::uint64_t image_at = 0x1'0000'0000;
constexpr std::uint64_t input_at = 0x2'0000'0000;
constexpr std::uint64_t output_at = 0x3'0000'0000;
constexpr std::uint64_t scratch_at = 0x4'0000'0000;
constexpr std::uint64_t carries_at = 0x5'0000'0000;

// The array that the seeds are laid out for.
EpochCoreConfig hardware() {
  EpochCoreConfig config;
  config.pe_grid.rows = 8;
  config.pe_grid.cols = 8;
  config.pe_grid.segment_rows = 4;
  config.activations = {16, 4, 16};
  config.coefficients = {8, 4, 16};
  config.accumulators = {8, 4, 16};
  return config;
}

epoch_caps caps_of(const Limits& limits) {
  epoch_caps caps{};
  caps.array = {limits.array.rows, limits.array.cols, limits.array.segment_rows, 1,
                EPOCH_SLOTS_MODE};
  caps.pe_kind = EPOCH_PE_LIMA;
  caps.multipliers = 2;
  caps.vector_lanes = 8;
  caps.drain_lanes = 8;
  caps.dma_burst_bytes = 256;
  caps.modes = limits.modes;
  caps.types = limits.types;
  caps.activations = limits.activations;
  caps.vector_ops = limits.vector_ops;
  for (unsigned i = 0; i < EPOCH_BUFFERS; ++i)
    caps.buffer_bytes[i] = static_cast<std::uint32_t>(limits.buffer_bytes[i]);
  caps.coefficient_port = 64;
  return caps;
}

struct Area {
  std::uint64_t base, size;
};

// The bytes that a transfer can reach lie in one of the areas.
void check_transfer(const DmaWork& dma, const std::vector<Area>& areas) {
  const std::uint64_t rows = dma.table_rows != 0 ? dma.table_rows : dma.rows;
  const Hull hull =
      stretch(stretch({static_cast<Wide>(dma.bus), static_cast<Wide>(dma.bus) + dma.row_bytes},
                      rows, dma.bus_row_stride),
              dma.planes, dma.bus_plane_stride);
  bool inside = false;
  for (const Area& area : areas)
    inside = inside || (hull.low >= static_cast<Wide>(area.base) &&
                        hull.high <= static_cast<Wide>(area.base) + static_cast<Wide>(area.size));
  must(inside, "transfers inside the memory that the scheduler was given");
}

void check_program(const epoch_program& program, const Limits& limits,
                   const std::vector<Area>& areas) {
  CommandDecoder decoder(limits);
  for (std::uint32_t i = 0; i < program.count; ++i) {
    Descriptor words;
    std::memcpy(words.data(), program.descriptors[i].words, sizeof words);
    Command command;
    must(decoder.decode(words, i, command).code == EPOCH_ERROR_NONE,
         "a program of descriptors that the hardware accepts");
    if (const auto* dma = std::get_if<DmaWork>(&command.work)) check_transfer(*dma, areas);
  }
}

std::uint64_t tensor_bytes(const epoch_network& network, std::uint32_t tensor) {
  const epoch_image_tensor& described = network.tensors[tensor];
  return std::uint64_t{epoch_tensor_rows(&described, steps)} * epoch_row_bytes(&described);
}

void schedule(const epoch_network& network, const epoch_caps& caps, const Limits& limits,
              epoch_schedule_kind kind, std::uint32_t flags) {
  static const auto scheduler = std::make_unique<epoch_scheduler>();
  const std::uint32_t room = epoch_plan_workspace(&network, &caps);
  std::vector<std::uint64_t> workspace(room / sizeof(std::uint64_t) + 1);
  const epoch_plan_request request{&network, &caps, steps, kind, flags, 0, nullptr};
  epoch_plan plan{};
  epoch_schedule_failure failure{};
  if (epoch_plan_make(&plan, &request, workspace.data(), room, &failure) != 0) {
    must(failure.result != EPOCH_SCHEDULE_OK, "a reason for every refusal");
    return;
  }
  const epoch_memory_speed speed{60, 64, 2};
  const epoch_estimate estimate = epoch_schedule_estimate(scheduler.get(), &plan, &speed);
  if (estimate.descriptors > most_descriptors) return;
  const std::vector<Area> areas = {
      {image_at, network.header->total_bytes},
      {input_at, network.header->documents * tensor_bytes(network, network.header->input)},
      {output_at, tensor_bytes(network, network.header->output)},
      {scratch_at, plan.scratch_bytes},
      {carries_at, epoch_schedule_carry_bytes(&plan)}};
  const epoch_places places{image_at, input_at, output_at, scratch_at, carries_at};
  std::vector<epoch_descriptor> descriptors(estimate.descriptors);
  std::vector<epoch_clock> clocks(estimate.descriptors);
  epoch_program program = {descriptors.data(), estimate.descriptors, 0};
  must(epoch_schedule(scheduler.get(), &plan, &places, &program, clocks.data(), &failure) == 0,
       "a program no longer than the estimate");
  check_program(program, limits, areas);
}

void schedule(const epoch_network& network, const epoch_caps& caps, const Limits& limits) {
  for (const auto kind :
       {EPOCH_SCHEDULE_KIND_LAYER, EPOCH_SCHEDULE_KIND_RESIDENT, EPOCH_SCHEDULE_KIND_DEPTH_FIRST})
    schedule(network, caps, limits, kind, 0);
  schedule(network, caps, limits, EPOCH_SCHEDULE_KIND_LAYER,
           EPOCH_SCHEDULE_RESUME | EPOCH_SCHEDULE_KEEP);
}

// The input at an address of the alignment that the driver asks for.
class AlignedBytes {
 public:
  AlignedBytes(const std::uint8_t* data, std::size_t size)
      : size_(static_cast<std::uint32_t>(size)),
        data_(static_cast<std::uint8_t*>(::operator new(size + 1, alignment))) {
    if (size != 0) std::memcpy(data_, data, size);
  }
  ~AlignedBytes() { ::operator delete(data_, alignment); }
  AlignedBytes(const AlignedBytes&) = delete;
  AlignedBytes& operator=(const AlignedBytes&) = delete;

  std::uint8_t* data() { return data_; }
  std::uint32_t size() const { return size_; }

 private:
  static constexpr auto alignment = std::align_val_t{EPOCH_IMAGE_ALIGN};
  std::uint32_t size_;
  std::uint8_t* data_;
};

void repair_checksum(AlignedBytes& image) {
  if (image.size() < sizeof(epoch_image_header)) return;
  auto* header = reinterpret_cast<epoch_image_header*>(image.data());
  if (header->total_bytes > image.size()) return;
  header->checksum = 0;
  header->checksum = epoch_crc32(0, image.data(), header->total_bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Limits limits = limits_of(hardware());
  static const epoch_caps caps = caps_of(limits);
  AlignedBytes image(data, size);
  epoch_network network{};
  auto result = epoch_network_open(&network, image.data(), image.size(), &caps, nullptr);
  if (result == EPOCH_NETWORK_CHECKSUM) {
    repair_checksum(image);
    result = epoch_network_open(&network, image.data(), image.size(), &caps, nullptr);
  }
  must(epoch_network_result_text(result)[0] != 0, "a text for every result");
  if (result != EPOCH_NETWORK_OK) return 0;
  ++accepted_inputs;
  schedule(network, caps, limits);
  return 0;
}
