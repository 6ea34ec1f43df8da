// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "epoch_scheduler.h"
#include "firmware/machine.h"
#include "firmware/random_image.h"

namespace epoch::test {

// A network, its plan and program, and the memory around it.
class Scheduled {
 public:
  Scheduled(const epoch_caps& caps, const std::vector<std::uint8_t>& image, std::uint32_t steps,
            epoch_schedule_kind kind, std::uint32_t flags = 0, const epoch_share* share = nullptr,
            std::uint32_t tile_rows = 0);

  bool ok() const { return status == 0; }
  // Memory for everything, the image in it; `carries` are those of another run, or zeros.
  Machine machine(std::uint32_t seed, const std::vector<std::uint8_t>& carries = {}) const;
  // The output of one run; REQUIREs that no rule was broken.
  std::vector<std::uint8_t> run(Machine& machine, const std::vector<std::uint8_t>& input) const;
  std::vector<std::uint8_t> carries(Machine& machine) const;
  // Makes the program again, into the room that `program` says.
  int schedule();

  unsigned count_opcode(std::uint32_t opcode) const;
  const epoch_phase* begin() const { return plan.phases; }
  const epoch_phase* end() const { return plan.phases + plan.phase_count; }
  const epoch_local* locals(const epoch_phase& phase) const {
    return plan.locals + phase.first_local;
  }

  epoch_caps caps;       // of the device,
  epoch_caps plan_caps;  // and with a share's buffers
  AlignedImage image;
  epoch_network network{};
  epoch_plan plan{};
  epoch_places places{};
  epoch_estimate estimate{};
  epoch_program program{};
  epoch_schedule_failure failure{};
  std::vector<epoch_descriptor> descriptors;
  std::unique_ptr<epoch_scheduler> scheduler = std::make_unique<epoch_scheduler>();
  int status = 0;

 private:
  std::vector<std::uint64_t> workspace_;
  std::vector<epoch_clock> clocks_;
  std::size_t output_bytes_ = 0, memory_bytes_ = 0, input_bytes_ = 0;
};

}  // namespace epoch::test
