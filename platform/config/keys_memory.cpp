// SPDX-License-Identifier: Apache-2.0
#include "config/key_makers.h"

namespace epoch {
namespace {

void add_dram_controller(std::vector<Key>& keys) {
  keys.push_back(power_of_two(integer("dram.channels", EPOCH_FIELD(dram.controller.channels), 1, 16,
                                      "Channels of a real device (hbm2: pseudo channels)")));
  keys.push_back(power_of_two(
      integer("dram.ranks", EPOCH_FIELD(dram.controller.ranks), 1, 8, "Ranks of a channel")));
  keys.push_back(plain("dram.mapping", KeyType::text, EPOCH_FIELD(dram.controller.mapping),
                       "Bits of an address above the burst, the most significant field first: row, "
                       "rank, bankgroup, bank, column, channel, joined by \"-\"; \"column:2\" is a "
                       "part of two bits"));
  keys.push_back(plain("dram.bank_xor", KeyType::boolean, EPOCH_FIELD(dram.controller.bank_xor),
                       "Bank group and bank are exclusive-ored with the row's lowest bits"));
  keys.push_back(choice("dram.page_policy", EPOCH_FIELD(dram.controller.page_policy),
                        {"open", "open_adaptive", "closed", "closed_adaptive"},
                        std::vector<PagePolicy>{PagePolicy::open, PagePolicy::open_adaptive,
                                                PagePolicy::closed, PagePolicy::closed_adaptive},
                        "When a row is closed that nobody asks for; adaptive: the queues decide"));
  keys.push_back(integer("dram.starvation_cap", EPOCH_FIELD(dram.controller.starvation_cap), 0, 1e6,
                         "Younger row hits that a request lets pass in its bank; 0: none, first "
                         "come first served"));
  keys.push_back(plain("dram.unified_queue", KeyType::boolean,
                       EPOCH_FIELD(dram.controller.unified_queue),
                       "Reads and writes in one queue of read_queue bursts, served by age; else "
                       "writes wait to be drained together"));
  keys.push_back(integer("dram.read_queue", EPOCH_FIELD(dram.controller.read_queue), 1, 1024,
                         "Bursts that a channel's read queue holds"));
  keys.push_back(integer("dram.write_queue", EPOCH_FIELD(dram.controller.write_queue), 1, 1024,
                         "Bursts that a channel's write queue holds"));
  keys.push_back(integer("dram.write_high_percent", EPOCH_FIELD(dram.controller.write_high_percent),
                         0, 100, "Writes are drained above this share of their queue"));
  keys.push_back(integer("dram.write_low_percent", EPOCH_FIELD(dram.controller.write_low_percent),
                         0, 100, "and until they are below this one, or nothing is to be read"));
  keys.push_back(plain("dram.refresh", KeyType::boolean, EPOCH_FIELD(dram.controller.refresh),
                       "All-bank refreshes, one every tREFI"));
  keys.push_back(integer("dram.refresh_postponed", EPOCH_FIELD(dram.controller.refresh_postponed),
                         0, 8, "Refreshes that may be overdue while requests wait"));
}

template <typename Access>
void add_share(std::vector<Key>& keys, const std::string& who, Access share) {
  keys.push_back(integer(
      "interconnect.weight." + who,
      [share](auto& c, std::size_t) -> auto& { return share(c).weight; }, 1, 255,
      "at, weighted: grants to " + who + " out of every sum of weights"));
  keys.push_back(integer(
      "interconnect.priority." + who,
      [share](auto& c, std::size_t) -> auto& { return share(c).priority; }, 0, 255,
      "at, fixed: place of " + who + ", 0 first"));
}

// What lt has no use for.
void add_at_interconnect(std::vector<Key>& keys) {
  keys.push_back(choice(
      "interconnect.arbitration", EPOCH_FIELD(interconnect.arbitration),
      {"round_robin", "fixed", "weighted"},
      std::vector<Arbitration>{Arbitration::round_robin, Arbitration::fixed, Arbitration::weighted},
      "at: which initiator a target's request channel goes to"));
  keys.push_back(integer("interconnect.latency_cycles", EPOCH_FIELD(interconnect.latency_cycles), 0,
                         1000, "at: bus cycles of the pipeline, each way"));
  keys.push_back(integer("interconnect.outstanding_per_initiator",
                         EPOCH_FIELD(interconnect.outstanding_per_initiator), 1, 1024,
                         "at: transactions of an initiator between grant and answer"));
  keys.push_back(integer("interconnect.outstanding_per_target",
                         EPOCH_FIELD(interconnect.outstanding_per_target), 1, 1024,
                         "at: bursts at a target between grant and answer"));
  keys.push_back(power_of_two(integer("interconnect.max_burst_bytes",
                                      EPOCH_FIELD(interconnect.max_burst_bytes), 16, 4096,
                                      "at: longer transactions are split at its multiples")));
  keys.push_back(plain("interconnect.check_protocol", KeyType::boolean, EPOCH_FIELD(check_protocol),
                       "at: watches the base protocol on every hop; a violation ends the run"));
  add_share(
      keys, "cpu", [](auto& c) -> auto& { return c.shares.cpu; });
  add_share(
      keys, "dma", [](auto& c) -> auto& { return c.shares.dma; });
  add_share(
      keys, "commands", [](auto& c) -> auto& { return c.shares.commands; });
}

}  // namespace

void add_bus_keys(std::vector<Key>& keys) {
  keys.push_back(
      number("interconnect.clock_mhz", EPOCH_FIELD(interconnect.clock_mhz), 1, 10000, "Bus clock"));
  keys.push_back(
      power_of_two(integer("interconnect.width_bytes", EPOCH_FIELD(interconnect.width_bytes), 1,
                           1024, "Bytes a bus cycle")));
  add_at_interconnect(keys);
}

void add_dram_keys(std::vector<Key>& keys) {
  Key device = plain("dram.device", KeyType::file, EPOCH_FIELD(dram_device),
                     "Memory device: \"ideal\", fixed latency and bandwidth, or a device file; a "
                     "bare name is also searched in scenarios/memory");
  device.note = "\"ideal\", ddr4-3200, lpddr4-4266, lpddr5-6400, hbm2 or one of your own";
  keys.push_back(device);
  keys.push_back(
      scaled("dram.size_mib", EPOCH_FIELD(dram.size_bytes), 1 << 20, 1, 2048,
             "Size of dram; of a real device, what the memory map shows of it from its start"));
  keys.push_back(number("dram.ideal.latency_ns", EPOCH_FIELD(dram.latency_ns), 0, 1e6,
                        "Latency of an unloaded access"));
  keys.push_back(number("dram.ideal.gb_per_s", EPOCH_FIELD(dram.gb_per_s), 0.001, 1e5,
                        "Bandwidth, 1e9 bytes a second"));
  add_dram_controller(keys);
}

}  // namespace epoch
