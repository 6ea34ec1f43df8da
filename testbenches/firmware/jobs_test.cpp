// SPDX-License-Identifier: Apache-2.0
// Jobs of several contexts on a device that takes its time: who is called back with what, whatever
// errors, cancels, deadlines and interrupts come between.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <memory>
#include <random>

#include "fake_machine.h"

extern "C" {
#include "epoch_jobs.h"
}

namespace {

constexpr std::uint32_t ring_entries = 16;
constexpr std::uint32_t bad_opcode = 0xEE;
constexpr std::uint32_t hung_opcode = EPOCH_OP_HALT;  // here: never retires
constexpr std::uint64_t far = 1'000'000'000'000;

// A job whose commands sum up their operands, in the device; the sum is its result.
struct Work {
  epoch_job job{};
  epoch_program program{};
  std::vector<epoch_descriptor> descriptors;
  std::uint32_t sum = 0;       // of the run under way
  std::uint32_t result = 0;    // of the run that was completed
  std::uint32_t expected = 0;  // alone
  unsigned called = 0;
  int fault = -1;  // the command that is bad

  Work(std::uint32_t id, std::uint32_t context, std::uint32_t length) : descriptors(length + 1) {
    for (std::uint32_t i = 0; i <= length; ++i) {
      epoch_build_control(&descriptors[i], i < length ? EPOCH_OP_NOP : EPOCH_OP_IRQ);
      descriptors[i].command.operands[0] = id + 1;
      descriptors[i].command.operands[1] = i;
      descriptors[i].command.operands[2] = length;
      expected = expected * 31 + id * 7 + i;
    }
    program = {descriptors.data(), length + 1, length + 1};
    epoch_program_tag(&program, context);
    job.program = &program;
    job.context = context;
    job.deadline_ns = far;
  }
  void spoil(std::uint32_t at, std::uint32_t opcode) {
    std::uint32_t& control = descriptors[at].command.control;
    control = (control & ~0xFFu) | opcode;
    if (opcode == bad_opcode) fault = static_cast<int>(at);
  }
};

// The device: at each look at it, it may go on by some commands, and the handler may be called.
class Rig {
 public:
  explicit Rig(std::uint32_t seed, bool polling = false) : random(seed) {
    machine.device_runs = false;
    REQUIRE(epoch_device_open(&device, 0, ring_entries, polling) == EPOCH_DEVICE_OK);
    device.caps.buffer_bytes[0] = device.caps.buffer_bytes[1] = device.caps.buffer_bytes[2] = 4096;
    epoch_jobs_open(&jobs, &device);
    for (std::uint32_t context = 0; context < 4; ++context) {
      epoch_share share;
      epoch_share_part(&share, context, 4, &device.caps);
      REQUIRE(epoch_jobs_lease(&jobs, &share));
    }
    machine.on_read = [this](std::uint32_t) { look(); };
    machine.on_time = [this] { look(); };
  }

  Work& add(std::uint32_t context, std::uint32_t length) {
    works.push_back(
        std::make_unique<Work>(static_cast<std::uint32_t>(works.size()), context, length));
    Work& work = *works.back();
    work.job.argument = this;
    work.job.callback = [](epoch_job* job, void* argument) {
      Rig& rig = *static_cast<Rig*>(argument);
      CHECK_FALSE(rig.calling_);
      rig.calling_ = true;
      for (const auto& one : rig.works)
        if (&one->job == job) ++one->called;
      if (rig.on_callback) rig.on_callback(job);
      rig.calling_ = false;
    };
    return work;
  }
  epoch_job_result submit(Work& work) { return epoch_jobs_submit(&jobs, &work.job); }
  epoch_job_result wait(Work& work) { return epoch_jobs_wait(&jobs, &work.job); }
  void idle(unsigned looks) {
    for (unsigned i = 0; i < looks; ++i) look();
  }

  FakeMachine machine;
  epoch_device device{};
  epoch_jobs jobs{};
  std::mt19937 random;
  std::vector<std::unique_ptr<Work>> works;
  std::function<void(epoch_job*)> on_callback;
  std::function<void()> on_tick;  // an interrupt that may come within the other
  bool runs = true;
  unsigned most_jobs = 0;            // of which commands lay in the ring at once
  std::vector<std::uint32_t> order;  // of contexts, as their commands ran; ~0: FENCE

 private:
  std::uint32_t& reg(std::uint32_t offset) { return machine.registers[offset]; }

  void look() {
    if (looking_) return;
    looking_ = true;
    for (auto n = random() % 4; n > 0 && runs; --n) step();
    looking_ = false;
    if (machine.masked) return;
    if ((reg(EPOCH_REG_IRQ_STATUS) & reg(EPOCH_REG_IRQ_ENABLE)) != 0 && depth_ == 0 &&
        random() % 3 == 0) {
      ++depth_;
      machine.interrupt_now();
      --depth_;
    }
    if (on_tick && depth_ < 2 && random() % 50 == 0) {
      depth_ += 2;
      on_tick();
      depth_ -= 2;
    }
    machine.log.clear();
  }

  void step() {
    std::uint32_t& completed = reg(EPOCH_REG_COMPLETED);
    if (reg(EPOCH_REG_CTRL) != EPOCH_CTRL_ENABLE_MASK) return;
    if (completed == reg(EPOCH_REG_RING_TAIL)) return;
    REQUIRE(reg(EPOCH_REG_RING_TAIL) - completed <= ring_entries);
    const epoch_descriptor descriptor = at(completed);
    const std::uint32_t opcode = EPOCH_CONTROL_OPCODE(descriptor.command.control);
    if (opcode == hung_opcode) return;
    if (opcode == bad_opcode) {
      reg(EPOCH_REG_CTRL) = 0;
      machine.raise_error(EPOCH_ERROR_OPCODE, completed);
      return;
    }
    count_jobs();
    execute(descriptor);
    ++completed;
    reg(EPOCH_REG_RING_HEAD) = completed;
    if (opcode == EPOCH_OP_IRQ || EPOCH_CONTROL_FLAGS(descriptor.command.control) != 0)
      reg(EPOCH_REG_IRQ_STATUS) |= EPOCH_IRQ_STATUS_DONE_MASK;
  }

  epoch_descriptor at(std::uint32_t counter) const {
    epoch_descriptor descriptor;
    std::memcpy(&descriptor, machine.memory() + counter % ring_entries * 64, 64);
    return descriptor;
  }
  void count_jobs() {
    std::vector<std::uint32_t> seen;
    for (std::uint32_t c = reg(EPOCH_REG_COMPLETED); c != reg(EPOCH_REG_RING_TAIL); ++c) {
      const std::uint32_t id = at(c).command.operands[0];
      if (id != 0 && std::find(seen.begin(), seen.end(), id) == seen.end()) seen.push_back(id);
    }
    most_jobs = std::max(most_jobs, static_cast<unsigned>(seen.size()));
    for (const std::uint32_t id : seen)
      if (works[id - 1]->job.alone) REQUIRE(seen.size() == 1);
  }
  void execute(const epoch_descriptor& descriptor) {
    if (EPOCH_CONTROL_OPCODE(descriptor.command.control) == EPOCH_OP_FENCE) {
      order.push_back(~0u);
      return;
    }
    const std::uint32_t id = descriptor.command.operands[0] - 1;
    const std::uint32_t i = descriptor.command.operands[1];
    Work& work = *works.at(id);
    REQUIRE(EPOCH_CONTROL_CONTEXT(descriptor.command.control) == work.job.context);
    if (i == 0) work.sum = 0;
    work.sum = work.sum * 31 + id * 7 + i;
    if (i == 0) order.push_back(work.job.context);
    if (i == descriptor.command.operands[2]) work.result = work.sum;
  }

  bool looking_ = false;
  bool calling_ = false;
  int depth_ = 0;  // 1: the device's handler; 2: the tick's
};

}  // namespace

TEST_CASE("jobs: submit returns at once, the interrupt does the rest") {
  Rig rig(1);
  rig.runs = false;
  Work& longer_than_the_ring = rig.add(0, 5 * ring_entries);
  Work& other = rig.add(1, 3);
  REQUIRE(rig.submit(longer_than_the_ring) == EPOCH_JOB_PENDING);
  REQUIRE(rig.submit(other) == EPOCH_JOB_PENDING);
  CHECK(rig.submit(other) == EPOCH_JOB_REFUSED);
  CHECK(longer_than_the_ring.called == 0);
  rig.runs = true;
  rig.idle(3000);  // nobody processes
  for (const auto& work : rig.works) {
    CHECK(work->called == 1);
    CHECK(work->job.result == EPOCH_JOB_OK);
    CHECK(work->job.runs == 1);
    CHECK(work->result == work->expected);
  }
}

// Submitted by the tick, within the handler and while others are at work on the queue: no word of
// it is lost, though nobody looks again.
TEST_CASE("jobs: interrupts alone carry on what interrupts submit") {
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    Rig rig(seed);
    for (std::uint32_t n = 0; n < 12; ++n)
      rig.add(n % 3, 1 + static_cast<std::uint32_t>(rig.random() % (2 * ring_entries)));
    std::size_t submitted = 0;
    rig.on_tick = [&] {
      if (submitted < rig.works.size()) rig.submit(*rig.works[submitted++]);
    };
    rig.idle(8000);
    for (const auto& work : rig.works) {
      CHECK(work->job.result == EPOCH_JOB_OK);
      CHECK(work->called == 1);
      CHECK(work->result == work->expected);
    }
  }
}

TEST_CASE("jobs: shares overlap in the ring, a share's own jobs have a fence between them") {
  Rig rig(2);
  rig.runs = false;
  for (const std::uint32_t context : {0u, 1u, 0u, 0u, 2u}) rig.submit(rig.add(context, 1));
  rig.runs = true;
  for (const auto& work : rig.works) CHECK(rig.wait(*work) == EPOCH_JOB_OK);
  CHECK(rig.order == std::vector<std::uint32_t>{0, 1, ~0u, 0, ~0u, 0, 2});
  CHECK(rig.most_jobs == 5);
}

TEST_CASE("jobs: refused are a context without a share, too many, and all on a lost device") {
  Rig rig(3);
  rig.runs = false;
  CHECK(rig.submit(rig.add(9, 2)) == EPOCH_JOB_REFUSED);
  for (unsigned i = 0; i < EPOCH_JOBS; ++i)
    CHECK(rig.submit(rig.add(i % 4, 2)) == EPOCH_JOB_PENDING);
  CHECK(rig.submit(rig.add(0, 2)) == EPOCH_JOB_REFUSED);
  rig.machine.reset_reads = ~0u;  // never done
  epoch_jobs_cancel(&rig.jobs, &rig.works[1]->job);
  CHECK(rig.wait(*rig.works[2]) == EPOCH_JOB_DEVICE);
  for (unsigned i = 1; i <= EPOCH_JOBS; ++i) CHECK(rig.works[i]->called == 1);
  CHECK(rig.works.front()->called == 0);
  CHECK(rig.submit(rig.add(0, 2)) == EPOCH_JOB_REFUSED);
}

TEST_CASE("jobs: leases do not overlap") {
  Rig rig(4);
  epoch_share share;
  epoch_share_part(&share, 1, 4, &rig.device.caps);
  CHECK(epoch_jobs_lease(&rig.jobs, &share));  // the same again
  share.context = 5;
  CHECK_FALSE(epoch_jobs_lease(&rig.jobs, &share));
  for (std::uint32_t& bytes : share.bytes) bytes = 0;
  CHECK_FALSE(epoch_jobs_lease(&rig.jobs, &share));  // the semaphores are another's
  share.semaphores = 0;
  CHECK(epoch_jobs_lease(&rig.jobs, &share));
  share.context = 6;
  share.begin[0] = 4096;
  share.bytes[0] = 64;
  CHECK_FALSE(epoch_jobs_lease(&rig.jobs, &share));  // behind the buffer
  share = {0x10000, 0, {}, {}};
  CHECK_FALSE(epoch_jobs_lease(&rig.jobs, &share));
}

TEST_CASE("jobs: an error ends its job, and names the command") {
  Rig rig(5);
  rig.runs = false;
  Work& before = rig.add(0, 4);
  Work& bad = rig.add(1, 4);
  Work& after = rig.add(2, 4);
  bad.spoil(2, bad_opcode);
  for (const auto& work : rig.works) rig.submit(*work);
  rig.runs = true;
  CHECK(rig.wait(after) == EPOCH_JOB_OK);
  CHECK(before.result == before.expected);
  CHECK(before.job.runs == 1);
  CHECK(after.result == after.expected);
  CHECK(after.job.runs == 2);
  CHECK(bad.job.result == EPOCH_JOB_FAULT);
  CHECK(bad.job.command == 2);
  CHECK(bad.job.error.code == EPOCH_ERROR_OPCODE);
  CHECK(rig.jobs.recoveries == 1);
}

TEST_CASE("jobs: a queued one is dropped, a running one stopped, the others run again") {
  Rig rig(6);
  rig.runs = false;
  Work& running = rig.add(0, 10);
  Work& other = rig.add(1, 2 * ring_entries);
  Work& queued = rig.add(2, 4);
  running.spoil(9, hung_opcode);
  for (const auto& work : rig.works) rig.submit(*work);
  epoch_jobs_cancel(&rig.jobs, &queued.job);
  CHECK(queued.job.result == EPOCH_JOB_CANCELLED);
  CHECK(queued.job.runs == 0);
  CHECK(rig.jobs.recoveries == 0);
  rig.runs = true;
  epoch_jobs_cancel(&rig.jobs, &running.job);
  CHECK(running.job.result == EPOCH_JOB_PENDING);
  CHECK(rig.wait(running) == EPOCH_JOB_CANCELLED);
  CHECK(rig.wait(other) == EPOCH_JOB_OK);
  CHECK(other.result == other.expected);
  CHECK(other.job.runs == 2);
}

// Any mix, with a tick that submits and cancels, in the device's handler too: each job ends once,
// as it must, and what ends well has the sum that it has alone.
TEST_CASE("jobs: each ends once, and errors of others change no result") {
  unsigned again = 0, faults = 0, late = 0, cancelled = 0, good = 0;
  for (std::uint32_t seed = 1; seed <= 400; ++seed) {
    CAPTURE(seed);
    Rig rig(seed, seed % 4 == 0);
    std::mt19937& random = rig.random;
    for (int n = 0; n < 24; ++n) {
      Work& work = rig.add(static_cast<std::uint32_t>(random() % 4),
                           1 + static_cast<std::uint32_t>(random() % 40));
      work.job.alone = random() % 8 == 0;
      const auto at = static_cast<std::uint32_t>(random() % work.descriptors.size());
      const auto kind = random() % 10;
      if (kind == 0) work.spoil(at, bad_opcode);
      if (kind == 1) work.spoil(at, hung_opcode);
      if (kind == 1) work.job.deadline_ns = 200'000 + random() % 200'000;
    }
    std::size_t submitted = 0;
    std::vector<bool> maybe_cancelled(rig.works.size());
    const auto submit = [&] {
      if (submitted == rig.works.size()) return;
      Work& work = *rig.works[submitted++];
      if (rig.submit(work) == EPOCH_JOB_REFUSED) --submitted;
    };
    const auto act = [&] {
      if (random() % 4 != 0) return submit();
      if (submitted == 0) return;
      const std::size_t which = random() % submitted;
      maybe_cancelled[which] = true;
      epoch_jobs_cancel(&rig.jobs, &rig.works[which]->job);
    };
    rig.on_tick = act;
    rig.on_callback = [&](epoch_job*) {
      if (random() % 2 == 0) submit();
    };
    while (submitted < rig.works.size()) {
      rig.idle(static_cast<unsigned>(random() % 20));
      epoch_jobs_process(&rig.jobs);
    }
    rig.on_tick = nullptr;
    for (const auto& work : rig.works) rig.wait(*work);
    CHECK(rig.jobs.count == 0);
    for (std::size_t i = 0; i < rig.works.size(); ++i) {
      const Work& work = *rig.works[i];
      CAPTURE(i, work.job.runs);
      CHECK(work.called == 1);
      switch (work.job.result) {
        case EPOCH_JOB_OK:
          CHECK(work.result == work.expected);
          CHECK(work.fault < 0);
          again += work.job.runs > 1;
          ++good;
          break;
        case EPOCH_JOB_FAULT:
          CHECK(work.job.command == static_cast<std::uint32_t>(work.fault));
          ++faults;
          break;
        case EPOCH_JOB_LATE:
          CHECK(work.job.deadline_ns != far);
          ++late;
          break;
        case EPOCH_JOB_CANCELLED:
          CHECK(maybe_cancelled[i]);
          ++cancelled;
          break;
        default:
          FAIL(epoch_job_result_text(work.job.result));
      }
      if (work.job.alone) CHECK(work.job.runs <= 1);
    }
  }
  CHECK(good > 4000);
  CHECK(again > 500);
  CHECK(faults > 200);
  CHECK(late > 100);
  CHECK(cancelled > 200);
}
