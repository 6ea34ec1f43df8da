// SPDX-License-Identifier: Apache-2.0
#include "firmware/scheduled.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <iterator>

namespace epoch::test {
namespace {

constexpr std::uint64_t base = 0x1'8000'0000;  // above 4 GiB: bus addresses have 64 bits
constexpr std::uint64_t page = 4096;

std::uint64_t after(std::uint64_t address, std::uint64_t bytes) {
  return (address + bytes + page - 1) / page * page;
}

}  // namespace

Scheduled::Scheduled(const epoch_caps& with, const std::vector<std::uint8_t>& bytes,
                     std::uint32_t steps, epoch_schedule_kind kind, std::uint32_t flags,
                     const epoch_share* share, std::uint32_t tile_rows)
    : caps(with), plan_caps(with), image(bytes) {
  if (share != nullptr)
    std::copy(std::begin(share->bytes), std::end(share->bytes), plan_caps.buffer_bytes);
  std::uint32_t op = 0;
  const epoch_network_result opened =
      epoch_network_open(&network, image.data(), image.size(), &caps, &op);
  INFO("op " << op << ": " << epoch_network_result_text(opened));
  REQUIRE(opened == EPOCH_NETWORK_OK);
  const std::uint32_t room = epoch_plan_workspace(&network, &plan_caps);
  workspace_.resize(room / sizeof(std::uint64_t) + 1);
  const epoch_plan_request request{&network, &plan_caps, steps, kind, flags, tile_rows, share};
  status = epoch_plan_make(&plan, &request, workspace_.data(), room, &failure);
  if (status != 0) return;

  const epoch_image_tensor& input = network.tensors[network.header->input];
  const epoch_image_tensor* output = epoch_output_tensor(&network);
  input_bytes_ = std::size_t{network.header->documents} * epoch_tensor_rows(&input, steps) *
                 epoch_row_bytes(&input);
  output_bytes_ = std::size_t{epoch_tensor_rows(output, steps)} * epoch_row_bytes(output);
  places.image = base;
  places.input = after(places.image, image.size());
  places.output = after(places.input, input_bytes_);
  places.scratch = after(places.output, output_bytes_);
  places.carries = after(places.scratch, plan.scratch_bytes);
  memory_bytes_ = after(places.carries, plan.carry_bytes) - base;
  const epoch_memory_speed speed{60, 64, 2};
  estimate = epoch_schedule_estimate(scheduler.get(), &plan, &speed);
  const epoch_estimate count = epoch_schedule_estimate(scheduler.get(), &plan, nullptr);
  CHECK(count.cycles == 0);
  CHECK(count.descriptors == estimate.descriptors);
  descriptors.resize(estimate.descriptors);
  clocks_.resize(estimate.descriptors);
  program = {descriptors.data(), estimate.descriptors, 0};
  status = schedule();
}

int Scheduled::schedule() {
  return epoch_schedule(scheduler.get(), &plan, &places, &program, clocks_.data(), &failure);
}

Machine Scheduled::machine(std::uint32_t seed, const std::vector<std::uint8_t>& carried) const {
  Machine machine(caps, base, memory_bytes_, seed);
  std::memcpy(machine.memory(places.image), image.data(), image.size());
  std::memset(machine.memory(places.output), 0xFF,
              memory_bytes_ - (places.output - base));  // nothing relies on zeros
  if (plan.zero_bytes != 0) std::memset(machine.memory(places.scratch), 0, plan.zero_bytes);
  if (!carried.empty()) std::memcpy(machine.memory(places.carries), carried.data(), carried.size());
  return machine;
}

std::vector<std::uint8_t> Scheduled::run(Machine& machine,
                                         const std::vector<std::uint8_t>& input) const {
  REQUIRE(input.size() == input_bytes_);
  std::memcpy(machine.memory(places.input), input.data(), input.size());
  const bool finished = machine.run(program);
  INFO(machine.problem());
  REQUIRE(finished);
  CHECK(machine.done());
  CHECK(machine.semaphores_zero());
  const std::uint8_t* output = machine.memory(places.output);
  return {output, output + output_bytes_};
}

std::vector<std::uint8_t> Scheduled::carries(Machine& machine) const {
  const std::uint8_t* bytes = machine.memory(places.carries);
  return {bytes, bytes + plan.carry_bytes};
}

unsigned Scheduled::count_opcode(std::uint32_t opcode) const {
  unsigned count = 0;
  for (std::uint32_t at = 0; at < program.count; ++at)
    count += EPOCH_CONTROL_OPCODE(descriptors[at].command.control) == opcode;
  return count;
}

}  // namespace epoch::test
