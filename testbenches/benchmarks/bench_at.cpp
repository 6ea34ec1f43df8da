// SPDX-License-Identifier: Apache-2.0
//
// Transport at: transactions a second of this process's CPU time, counted where initiators are
// answered, through one interconnect to an `ideal` dram. Prints `name value unit` a line. One
// elaboration a process: each figure is a child's.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <string>
#include <systemc>
#include <vector>

#include <tlm_utils/simple_initiator_socket.h>

#include "common/at_master.h"
#include "interconnect/at_interconnect.h"
#include "memory/dram.h"

using namespace epoch;

namespace {

// Keeps `outstanding` transactions under way; the next one is made where one is answered.
class Streamer : public sc_core::sc_module, private AtMaster::Client {
 public:
  tlm_utils::simple_initiator_socket<Streamer> bus;

  Streamer(const sc_core::sc_module_name& module_name, std::uint64_t base, unsigned bytes,
           std::uint64_t count, unsigned outstanding)
      : sc_module(module_name),
        bus("bus"),
        base_(base),
        bytes_(bytes),
        left_(count),
        outstanding_(outstanding),
        master_(bus),
        data_(bytes) {
    SC_HAS_PROCESS(Streamer);
    bus.register_nb_transport_bw(this, &Streamer::nb_transport_bw);
    SC_METHOD(start);
  }
  std::uint64_t answered_count() const { return master_.totals().answered; }

 private:
  void start() {
    for (unsigned i = 0; i < outstanding_; ++i) send();
  }
  void send() {
    if (left_ == 0) return;
    const std::uint64_t number = left_--;
    const auto command = number % 4 == 0 ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND;
    const std::uint64_t address = base_ + number * bytes_ % (1 << 20);
    master_.send(master_.make(*this, command, address, data_.data(), bytes_));
  }
  void answered(AtMaster::Transaction&, std::uint64_t) override { send(); }
  tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay) {
    return master_.nb_transport_bw(payload, phase, delay);
  }

  const std::uint64_t base_;
  const unsigned bytes_;
  std::uint64_t left_;
  const unsigned outstanding_;
  AtMaster master_;
  std::vector<std::uint8_t> data_;
};

struct Setup {
  unsigned masters, bytes, outstanding;
};

double transactions_per_second(const Setup& setup) {
  constexpr std::uint64_t total = 2'000'000, base = 0x8000'0000;
  AtInterconnect bus("interconnect", InterconnectConfig{});
  Dram dram("dram", DramConfig{});
  bus.add_target("dram", base, dram.size(), Transport::at).bind(dram.socket);
  std::deque<Streamer> streamers;
  for (unsigned i = 0; i < setup.masters; ++i) {
    const std::string name = "master" + std::to_string(i);
    Streamer& streamer =
        streamers.emplace_back(name.c_str(), base + (std::uint64_t{i} << 20), setup.bytes,
                               total / setup.masters, setup.outstanding);
    streamer.bus.bind(bus.add_initiator(name, Share{}));
  }
  const std::clock_t started = std::clock();
  sc_core::sc_start();
  const double seconds = static_cast<double>(std::clock() - started) / CLOCKS_PER_SEC;
  std::uint64_t answered = 0;
  for (const Streamer& streamer : streamers) answered += streamer.answered_count();
  if (answered != total || !bus.conservation().empty()) std::abort();
  return static_cast<double>(answered) / seconds;
}

double in_child(const Setup& setup) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) std::abort();
  const pid_t child = fork();
  if (child == 0) {
    const double figure = transactions_per_second(setup);
    _exit(write(ends[1], &figure, sizeof figure) == sizeof figure ? 0 : 1);
  }
  close(ends[1]);
  double figure = 0;
  const bool whole = read(ends[0], &figure, sizeof figure) == sizeof figure;
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (!whole || status != 0) std::abort();
  return figure;
}

double median(const Setup& setup) {
  std::array<double, 5> figures{};
  for (double& figure : figures) figure = in_child(setup);
  std::sort(figures.begin(), figures.end());
  return figures[2];
}

}  // namespace

int sc_main(int argc, char** argv) {
  if (argc == 4) {  // one figure, in this process: for a profiler
    const auto number = [&](int i) { return static_cast<unsigned>(std::atoi(argv[i])); };
    std::printf("%.0f transactions/s\n",
                transactions_per_second({number(1), number(2), number(3)}));
    return 0;
  }
  std::printf("at_one_master %.2f Mtransaction/s\n", median({1, 64, 8}) / 1e6);
  std::printf("at_four_masters %.2f Mtransaction/s\n", median({4, 64, 8}) / 1e6);
  std::printf("at_bursts_of_256 %.2f Mtransaction/s\n", median({1, 256, 8}) / 1e6);
  std::printf("at_one_at_a_time %.2f Mtransaction/s\n", median({1, 64, 1}) / 1e6);
  return 0;
}
