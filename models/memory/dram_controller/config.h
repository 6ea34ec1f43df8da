// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace epoch {

// When a bank's row is closed without another row being asked for. "Adaptive" looks at the queues.
enum class PagePolicy {
  open,             // only refresh closes it
  open_adaptive,    // no request waits for this row, but one for another row of the bank does
  closed,           // after every access
  closed_adaptive,  // no request waits for this row
};

// The controller of one memory; queues are of each channel and count bursts.
struct DramControllerConfig {
  unsigned channels = 1;  // powers of two
  unsigned ranks = 1;
  std::string mapping = "row-rank-bank-column-bankgroup-channel";
  bool bank_xor = false;
  PagePolicy page_policy = PagePolicy::open;
  unsigned starvation_cap = 16;  // younger row hits that a request lets pass in its bank
  bool unified_queue = false;    // reads and writes in one queue of read_queue bursts, by age alone
  unsigned read_queue = 32, write_queue = 32;
  unsigned write_high_percent = 80;  // writes are drained above this share of their queue ...
  unsigned write_low_percent = 20;   // ... until it is below this one, or nothing is left to read
  bool refresh = true;
  unsigned refresh_postponed = 0;  // refreshes that may be overdue while requests wait
};

}  // namespace epoch
