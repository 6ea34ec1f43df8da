// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <systemc>

namespace epoch {

// The level of an output that any process may change: a signal accepts one writing process only, so
// the device notes the level, and its own method drives the port one delta cycle later, at the
// kernel's time of the change.
class IrqLine {
 public:
  explicit IrqLine(const char* event_name) : changed_(event_name) {}

  bool level() const { return level_; }
  void set(bool level) {
    if (level == level_) return;
    level_ = level;
    changed_.notify(sc_core::SC_ZERO_TIME);
  }
  const sc_core::sc_event& changed() const { return changed_; }

 private:
  bool level_ = false;
  sc_core::sc_event changed_;
};

}  // namespace epoch
