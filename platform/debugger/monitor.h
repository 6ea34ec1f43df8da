// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "common/statistics.h"
#include "memory_map.h"
#include "report/access_text.h"
#include "run/flight_recorder.h"
#include "run/inspection.h"
#include "soc.h"

namespace epoch {

// Answers `monitor ...` in words, about a platform that stands still. Changes nothing.
class Monitor {
 public:
  Monitor(const Soc& soc, const Inspection& inspection, const FlightRecorder& recorder,
          const AccessText& access_text, std::function<Statistics()> statistics, std::string map)
      : soc_(soc),
        inspection_(inspection),
        recorder_(recorder),
        access_text_(access_text),
        statistics_(std::move(statistics)),
        map_(std::move(map)) {}

  std::string answer(const std::string& line) const;

 private:
  using Words = std::vector<std::string>;
  struct Command {
    const char* name;
    const char* arguments;
    const char* summary;
    std::string (Monitor::*answer)(const Words& arguments) const;
  };
  static const std::vector<Command>& commands();

  std::string help(const Words&) const;
  std::string map(const Words&) const { return map_; }
  std::string registers(const Words& arguments) const;
  std::string ring(const Words&) const;
  std::string semaphores(const Words&) const;
  std::string interrupts(const Words&) const;
  std::string command(const Words& arguments) const;
  std::string statistics(const Words& arguments) const;
  std::string time(const Words&) const;
  std::string trace(const Words& arguments) const;

  std::string ring_of(unsigned instance) const;
  std::string command_of(unsigned instance, std::uint32_t sequence) const;
  std::uint32_t peek(unsigned instance, std::uint32_t offset) const {
    return soc_.epochcores[instance]->registers().peek(offset);
  }

  const Soc& soc_;
  const Inspection& inspection_;
  const FlightRecorder& recorder_;
  const AccessText& access_text_;
  const std::function<Statistics()> statistics_;
  const std::string map_;
};

}  // namespace epoch
