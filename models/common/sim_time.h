// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <systemc>

namespace epoch {

// Simulated time as integer picoseconds, SystemC's default resolution: no drift, cheap to add.
inline std::uint64_t to_ps(const sc_core::sc_time& time) {
  return time.value();
}
inline sc_core::sc_time from_ps(std::uint64_t ps) {
  return sc_core::sc_time::from_value(ps);
}

// Absolute time of an access that arrives `delay` after the kernel's time.
inline std::uint64_t now_ps(const sc_core::sc_time& delay = sc_core::SC_ZERO_TIME) {
  return to_ps(sc_core::sc_time_stamp()) + to_ps(delay);
}

inline std::uint64_t clock_period_ps(double mhz) {
  return static_cast<std::uint64_t>(std::llround(1e6 / mhz));
}

// The first clock edge at or after a time, as a number of periods.
inline std::uint64_t cycles_up_to(std::uint64_t ps, std::uint64_t period_ps) {
  return (ps + period_ps - 1) / period_ps;
}

inline std::uint64_t ns_to_ps(double ns) {
  return static_cast<std::uint64_t>(std::llround(ns * 1e3));
}

}  // namespace epoch
