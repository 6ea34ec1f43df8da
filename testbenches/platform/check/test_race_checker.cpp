// SPDX-License-Identifier: Apache-2.0
#include "check/race_checker.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <map>
#include <random>
#include <sstream>

#include "epoch_order.h"
#include "firmware/scheduled.h"
#include "platform/check/order_explorer.h"

namespace epoch::test {
namespace {

constexpr std::uint64_t kMemory = 0x80000000u;
constexpr unsigned kSlotBytes = 64;

struct Found {
  Pairs races;
  unsigned ambiguous = 0;
  std::vector<std::string> texts;
};

// Commands through a checker, as one submission.
Found check(const std::vector<Command>& commands, std::uint32_t first = 0) {
  Found found;
  RaceChecker checker;
  checker.on_race = [&](const Race& race) {
    const bool fresh =
        found.races.insert({race.first.sequence - first, race.second.sequence - first}).second;
    CHECK(fresh);  // each pair once
    CHECK(race.total > 0);
    found.texts.push_back(text_of(race));
  };
  checker.on_ambiguous = [&](const AmbiguousSignal&) { ++found.ambiguous; };
  checker.enabled(first, {});
  checker.doorbell(first + static_cast<std::uint32_t>(commands.size()));
  for (const Command& command : commands) checker.fetched(command);
  return found;
}

// ---- Small programs, one slot of 64 bytes an access ----

Command make(const ExploredCommand& explored, std::uint32_t sequence) {
  Command command;
  command.sequence = sequence;
  command.engine = static_cast<std::uint8_t>(explored.engine);
  for (std::size_t i = 0; i < explored.waits.size(); ++i)
    command.waits[i] = static_cast<std::uint8_t>(explored.waits[i]);
  for (std::size_t i = 0; i < explored.signals.size(); ++i)
    command.signals[i] = static_cast<std::uint8_t>(explored.signals[i]);
  if (explored.engine == EPOCH_ENGINE_CONTROL) {
    command.opcode = explored.fence ? EPOCH_OP_FENCE : EPOCH_OP_NOP;
    return command;
  }
  const auto access = [&](bool is_write) {
    for (const ExploredAccess& a : explored.accesses)
      if (a.is_write == is_write) return a;
    return ExploredAccess{};
  };
  const ExploredAccess read = access(false), write = access(true);
  const auto tile = [](const ExploredAccess& a) {
    return LocalTile{EPOCH_LOCAL(a.space, a.begin), 1, static_cast<std::uint32_t>(a.end - a.begin),
                     0};
  };
  if (explored.engine <= EPOCH_ENGINE_DMA_OUT) {
    const bool load = explored.engine == EPOCH_ENGINE_DMA_IN;
    DmaWork work;
    work.bus = load ? read.begin : write.begin;
    const ExploredAccess& local = load ? write : read;
    work.local = EPOCH_LOCAL(local.space, local.begin);
    work.row_bytes = static_cast<std::uint32_t>(local.end - local.begin);
    work.rows = work.planes = 1;
    command.opcode = load ? EPOCH_OP_LOAD : EPOCH_OP_STORE;
    command.work = work;
  } else if (explored.engine == EPOCH_ENGINE_PE_GRID) {
    ArrayWork work;
    work.source = tile(read);
    work.destination = tile(write);
    command.opcode = EPOCH_OP_SSM;
    command.work = work;
  } else {
    VectorWork work;
    work.source = tile(read);
    work.destination = tile(write);
    command.opcode = EPOCH_OP_MAP;
    command.work = work;
  }
  return command;
}

std::vector<Command> make(const Program& program, std::uint32_t first) {
  std::vector<Command> commands;
  for (const ExploredCommand& command : program)
    commands.push_back(make(command, first + static_cast<std::uint32_t>(commands.size())));
  return commands;
}

class Generator {
 public:
  explicit Generator(std::uint32_t seed) : random_(seed) {}
  unsigned pick(unsigned low, unsigned high) {
    return std::uniform_int_distribution<unsigned>(low, high)(random_);
  }

  ExploredAccess slot(unsigned space, bool is_write) {
    const std::uint64_t base = space == kBusSpace ? kMemory : 0;
    const std::uint64_t begin = base + kSlotBytes * pick(0, 3);
    return {space, begin, begin + kSlotBytes * pick(1, 2), is_write};
  }
  ExploredCommand command() {
    ExploredCommand made;
    made.engine = pick(0, EPOCH_ENGINES - 1);
    const unsigned read_space = made.engine == EPOCH_ENGINE_DMA_IN ? kBusSpace : pick(0, 1);
    const unsigned write_space = made.engine == EPOCH_ENGINE_DMA_OUT ? kBusSpace : pick(0, 1);
    ExploredAccess read = slot(read_space, false), write = slot(write_space, true);
    const std::uint64_t bytes = read.end - read.begin;
    write.end = write.begin + bytes;
    made.accesses = {read, write};
    return made;
  }

  // A program that is clean by construction: each conflict gets a semaphore of its own, or a FENCE.
  Program clean(unsigned count) {
    Program program;
    unsigned semaphore = 0;
    std::vector<std::size_t> after(count * 3, 0);
    while (program.size() < count) {
      ExploredCommand next = command();
      const std::size_t place = program.size();
      std::vector<std::size_t> needs;
      bool fence = false;
      for (std::size_t i = fence_; i < place; ++i)
        if (conflict(program[i], next)) needs.push_back(i);
      if (needs.size() > 2 || semaphore + needs.size() > EPOCH_SEMAPHORES) fence = true;
      for (const std::size_t i : needs) fence = fence || program[i].signals.size() == 2;
      if (fence) {
        ExploredCommand control;
        control.engine = EPOCH_ENGINE_CONTROL;
        control.fence = true;
        program.push_back(control);
        fence_ = program.size();
      } else {
        for (const std::size_t i : needs) {
          program[i].signals.push_back(semaphore);
          next.waits.push_back(semaphore++);
        }
      }
      program.push_back(next);
    }
    fence_ = 0;
    return program;
  }

  // Takes away one semaphore or one FENCE; false if there is none.
  bool spoil(Program& program) {
    std::vector<std::pair<std::size_t, int>> choices;  // command, semaphore or -1
    for (std::size_t i = 0; i < program.size(); ++i) {
      if (program[i].fence) choices.push_back({i, -1});
      for (const unsigned s : program[i].waits) choices.push_back({i, static_cast<int>(s)});
    }
    if (choices.empty()) return false;
    const auto [at, semaphore] = choices[pick(0, static_cast<unsigned>(choices.size()) - 1)];
    if (semaphore < 0) {
      program[at].fence = false;  // a NOP
      return true;
    }
    const auto number = static_cast<unsigned>(semaphore);
    for (ExploredCommand& command : program)
      for (auto* list : {&command.waits, &command.signals})
        list->erase(std::remove(list->begin(), list->end(), number), list->end());
    return true;
  }

  // Semaphores at random, each signalled by one engine and waited for by one.
  Program paired(unsigned count) {
    Program program;
    for (unsigned i = 0; i < count; ++i) {
      program.push_back(command());
      if (pick(0, 9) == 0) {
        program.back() = ExploredCommand{};
        program.back().engine = EPOCH_ENGINE_CONTROL;
        program.back().fence = pick(0, 1) == 0;
      }
    }
    for (unsigned tries = pick(2, 8); tries > 0; --tries) {
      const std::size_t from = pick(0, count - 1), to = pick(0, count - 1);
      const unsigned e = program[from].engine, f = program[to].engine;
      if (e >= EPOCH_ENGINES || f >= EPOCH_ENGINES || from == to) continue;
      const unsigned number = 4 * e + f;
      const auto& waits = program[to].waits;
      if (program[from].signals.size() == 2 || waits.size() == 2) continue;
      if (std::find(waits.begin(), waits.end(), number) != waits.end()) continue;
      program[from].signals.push_back(number);
      program[to].waits.push_back(number);
    }
    return program;
  }
  Program shared(unsigned count) {
    Program program = paired(count);
    for (ExploredCommand& command : program)
      for (auto* list : {&command.waits, &command.signals})
        for (unsigned& number : *list) number %= 2;
    for (ExploredCommand& command : program)
      if (command.waits.size() == 2 && command.waits[0] == command.waits[1])
        command.waits.pop_back();
    return program;
  }

 private:
  bool conflict(const ExploredCommand& a, const ExploredCommand& b) const {
    for (const ExploredAccess& x : a.accesses)
      for (const ExploredAccess& y : b.accesses)
        if (x.space == y.space && x.begin < y.end && y.begin < x.end && (x.is_write || y.is_write))
          return true;
    return false;
  }
  std::mt19937 random_;
  std::size_t fence_ = 0;
};

std::string text(const Program& program) {
  std::ostringstream out;
  for (std::size_t i = 0; i < program.size(); ++i) {
    const ExploredCommand& c = program[i];
    out << i << " " << engine_name(c.engine) << (c.fence ? " FENCE" : "");
    for (const unsigned s : c.waits) out << " wait " << s;
    for (const unsigned s : c.signals) out << " signal " << s;
    for (const ExploredAccess& a : c.accesses)
      out << (a.is_write ? " writes " : " reads ") << range_text(a.space, {a.begin, a.end});
    out << "\n";
  }
  return out.str();
}

TEST_CASE("clean programs with semaphores of their own are silent, spoilt ones are named") {
  unsigned clean = 0, bad = 0;
  for (std::uint32_t seed = 1; seed <= 400; ++seed) {
    Generator generator(seed);
    Program program = generator.clean(generator.pick(4, 10));
    INFO("seed " << seed << "\n" << text(program));
    const Explored explored = explore(program);
    REQUIRE((explored.races.empty() && explored.ends && !explored.may_stop));
    const Found found = check(make(program, 0xFFFFFFF8u), 0xFFFFFFF8u);
    REQUIRE(found.races.empty());
    REQUIRE(found.ambiguous == 0);
    ++clean;
    if (!generator.spoil(program)) continue;
    const Explored spoilt = explore(program);
    INFO("spoilt\n" << text(program));
    REQUIRE(check(make(program, 0xFFFFFFF8u), 0xFFFFFFF8u).races == spoilt.races);
    bad += spoilt.races.empty() ? 0 : 1;
  }
  WARN(clean << " clean programs silent, " << bad << " racy ones found, seeds 1 to 400");
  CHECK(clean >= 200);
  CHECK(bad >= 100);
}

TEST_CASE("any program of paired semaphores: exactly the races that some execution shows") {
  unsigned racy = 0, clean = 0;
  for (std::uint32_t seed = 1; seed <= 600; ++seed) {
    Generator generator(seed + 10000);
    const Program program = generator.paired(generator.pick(3, 8));
    INFO("seed " << seed << "\n" << text(program));
    const Explored explored = explore(program);
    if (explored.may_stop && explored.ends) continue;
    if (explored.may_stop) {  // what never starts races with nobody; both agree on that too
      REQUIRE(check(make(program, 5), 5).races == explored.races);
      continue;
    }
    REQUIRE(check(make(program, 5), 5).races == explored.races);
    ++(explored.races.empty() ? clean : racy);
  }
  WARN(racy << " racy, " << clean << " clean, seeds 10001 to 10600");
  CHECK(racy >= 100);
  CHECK(clean >= 20);
}

TEST_CASE("semaphores that several engines share hide no race") {
  unsigned racy = 0, exact = 0, told = 0;
  for (std::uint32_t seed = 1; seed <= 600; ++seed) {
    Generator generator(seed + 20000);
    const Program program = generator.shared(generator.pick(3, 8));
    INFO("seed " << seed << "\n" << text(program));
    const Explored explored = explore(program);
    if (explored.may_stop) continue;
    const Found found = check(make(program, 0));
    if (found.ambiguous != 0) {
      ++told;
      continue;
    }
    REQUIRE(std::includes(found.races.begin(), found.races.end(), explored.races.begin(),
                          explored.races.end()));
    racy += explored.races.empty() ? 0 : 1;
    exact += found.races == explored.races ? 1 : 0;
  }
  WARN(racy << " racy, " << exact << " exact, " << told << " with an ambiguous signal");
  CHECK(racy >= 50);
}

// ---- The driver's own programs ----

std::vector<Command> decode_all(const Limits& limits, const epoch_descriptor* descriptors,
                                std::uint32_t count) {
  CommandDecoder decoder(limits);
  std::vector<Command> commands;
  for (std::uint32_t i = 0; i < count; ++i) {
    Descriptor words;
    std::memcpy(words.data(), descriptors[i].words, sizeof words);
    Command command;
    REQUIRE(decoder.decode(words, i, command).code == EPOCH_ERROR_NONE);
    commands.push_back(command);
  }
  return commands;
}

// Order by transitive closure over start (2i) and end (2i + 1) of every command; semaphores have
// one signaller and one waiter, so the k-th wait follows the k-th signal.
class Closure {
 public:
  explicit Closure(const std::vector<Command>& commands)
      : count_(2 * commands.size()), after_(count_, std::vector<bool>(count_)) {
    std::array<std::vector<std::size_t>, EPOCH_SEMAPHORES> signals, waits;
    for (std::size_t i = 0; i < commands.size(); ++i) {
      edge(2 * i, 2 * i + 1);
      for (std::size_t j = 0; j < i; ++j) {
        const bool fence = commands[i].opcode == EPOCH_OP_FENCE;
        if (commands[j].engine == EPOCH_ENGINE_CONTROL) edge(2 * j + 1, 2 * i);
        if (fence) edge(2 * j + 1, 2 * i);
        if (commands[j].engine != commands[i].engine) continue;
        edge(2 * j, 2 * i);
        edge(2 * j + 1, 2 * i + 1);
      }
      for (const std::uint8_t s : commands[i].signals)
        if (s != no_semaphore) signals[s].push_back(i);
      for (const std::uint8_t s : commands[i].waits)
        if (s != no_semaphore) waits[s].push_back(i);
    }
    for (unsigned s = 0; s < EPOCH_SEMAPHORES; ++s)
      for (std::size_t k = 0; k < waits[s].size(); ++k)
        edge(2 * signals[s].at(k) + 1, 2 * waits[s][k]);
    for (std::size_t k = 0; k < count_; ++k)
      for (std::size_t i = 0; i < count_; ++i)
        if (after_[i][k])
          for (std::size_t j = 0; j < count_; ++j)
            if (after_[k][j]) after_[i][j] = true;
  }
  Pairs races(const std::vector<Command>& commands) const {
    Pairs pairs;
    std::vector<std::vector<CommandAccess>> accesses;
    for (const Command& command : commands) accesses.push_back(accesses_of(command));
    for (std::size_t i = 0; i < commands.size(); ++i)
      for (std::size_t j = i + 1; j < commands.size(); ++j)
        for (const CommandAccess& a : accesses[i])
          for (const CommandAccess& b : accesses[j]) {
            if (a.space != b.space || (!a.is_write && !b.is_write)) continue;
            if (shared_bytes(a.ranges, b.ranges).bytes == 0) continue;
            if (!follows(i, a, j, b) && !follows(j, b, i, a)) pairs.insert({i, j});
          }
    return pairs;
  }

 private:
  void edge(std::size_t from, std::size_t to) { after_[from][to] = true; }
  bool follows(std::size_t i, const CommandAccess& a, std::size_t j, const CommandAccess& b) const {
    const std::size_t done = 2 * i + (a.moment == Moment::start ? 0 : 1);
    return after_[done][2 * j + (b.moment == Moment::end ? 1 : 0)];
  }
  std::size_t count_;
  std::vector<std::vector<bool>> after_;
};

// Takes the k-th wait and the k-th signal of a semaphore out, or turns a FENCE into a NOP.
bool spoil(std::vector<Command>& commands, std::mt19937& random) {
  std::vector<std::pair<std::size_t, std::size_t>> waits;
  std::vector<std::size_t> fences;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    if (commands[i].opcode == EPOCH_OP_FENCE) fences.push_back(i);
    for (std::size_t w = 0; w < 2; ++w)
      if (commands[i].waits[w] != no_semaphore) waits.push_back({i, w});
  }
  const std::size_t choices = waits.size() + fences.size();
  if (choices == 0) return false;
  const std::size_t choice = random() % choices;
  if (choice >= waits.size()) {
    commands[fences[choice - waits.size()]].opcode = EPOCH_OP_NOP;
    return true;
  }
  const auto [at, slot] = waits[choice];
  const std::uint8_t number = commands[at].waits[slot];
  std::size_t k = 0;
  for (std::size_t i = 0; i < at; ++i)
    for (const std::uint8_t wait : commands[i].waits) k += wait == number ? 1 : 0;
  commands[at].waits[slot] = no_semaphore;
  for (Command& command : commands)
    for (std::uint8_t& signal : command.signals)
      if (signal == number && k-- == 0) {
        signal = no_semaphore;
        return true;
      }
  return true;
}

TEST_CASE("programs of the driver's scheduler are silent, spoilt ones are named") {
  constexpr epoch_schedule_kind kinds[] = {EPOCH_SCHEDULE_KIND_LAYER, EPOCH_SCHEDULE_KIND_RESIDENT,
                                           EPOCH_SCHEDULE_KIND_DEPTH_FIRST};
  unsigned clean = 0, racy = 0, harmless = 0, commands = 0;
  for (std::uint32_t seed = 1; seed <= 150; ++seed) {
    std::mt19937 random(seed);
    const epoch_array_shape array = random_array(random);
    const std::vector<std::uint8_t> image = random_image(random, array);
    const auto pick = [&](unsigned low, unsigned high) {
      return std::uniform_int_distribution<unsigned>(low, high)(random);
    };
    const bool roomy = seed % 3 == 0;
    const epoch_caps caps =
        roomy ? sample_caps(array, 1 << 20, 1 << 20, 1 << 20)
              : sample_caps(array, 64u << pick(3, 10), 64u << pick(3, 9), 64u << pick(2, 9));
    for (const epoch_schedule_kind kind : kinds) {
      const Scheduled scheduled(caps, image, pick(1, 40), kind);
      if (!scheduled.ok()) continue;
      INFO("seed " << seed << ", schedule " << kind);
      std::vector<Command> program =
          decode_all(limits_of_caps(caps), scheduled.program.descriptors, scheduled.program.count);
      const Found found = check(program);
      if (!found.texts.empty()) FAIL(found.texts.front());
      REQUIRE(found.ambiguous == 0);
      ++clean;
      commands += static_cast<unsigned>(program.size());
      if (program.size() > 150) continue;
      if (!spoil(program, random)) continue;
      const Pairs races = Closure(program).races(program);
      REQUIRE(check(program).races == races);
      ++(races.empty() ? harmless : racy);
    }
  }
  WARN(clean << " programs of " << commands << " commands silent; spoilt: " << racy << " racy, "
             << harmless << " not, seeds 1 to 150");
  CHECK(clean >= 200);
  CHECK(racy >= 50);
}

// ---- Order that lies outside of a program ----

Command load(std::uint32_t sequence, std::uint32_t local) {
  ExploredCommand made;
  made.engine = EPOCH_ENGINE_DMA_IN;
  made.accesses = {{kBusSpace, kMemory, kMemory + 64, false}, {0, local, local + 64, true}};
  return make(made, sequence);
}
Command map(std::uint32_t sequence, std::uint32_t from, std::uint32_t to) {
  ExploredCommand made;
  made.engine = EPOCH_ENGINE_VECTOR_UNIT;
  made.accesses = {{0, from, from + 64, false}, {0, to, to + 64, true}};
  return make(made, sequence);
}

TEST_CASE("what the hart saw complete before it submitted is in order") {
  for (const std::uint32_t first : {0u, 0xFFFFFFFFu}) {
    for (const bool observed : {false, true}) {
      RaceChecker checker;
      unsigned races = 0;
      checker.on_race = [&](const Race& race) {
        ++races;
        CHECK(race.first.sequence == first);
        CHECK(race.second.sequence == first + 1);
      };
      checker.enabled(first, {});
      checker.doorbell(first + 1);
      checker.fetched(load(first, 0));
      if (observed) checker.observed(first + 1);
      checker.doorbell(first + 2);
      checker.fetched(map(first + 1, 0, 128));
      CHECK(races == (observed ? 0 : 1));
    }
  }
}

TEST_CASE("an observation after the doorbell comes too late") {
  RaceChecker checker;
  unsigned races = 0;
  checker.on_race = [&](const Race&) { ++races; };
  checker.enabled(0, {});
  checker.doorbell(2);
  checker.fetched(load(0, 0));
  checker.observed(1);
  checker.fetched(map(1, 0, 128));
  CHECK(races == 1);
}

TEST_CASE("a restart orders everything, and forgets semaphores but for what they hold") {
  RaceChecker checker;
  unsigned races = 0;
  checker.on_race = [&](const Race&) { ++races; };
  checker.enabled(0, {});
  checker.doorbell(1);
  checker.fetched(load(0, 0));
  RaceChecker::Semaphores left{};
  left[2] = 1;
  checker.enabled(1, left);
  checker.doorbell(4);
  checker.fetched(map(1, 0, 128));  // races with nothing of before
  CHECK(races == 0);
  Command next = load(2, 0);
  next.waits[0] = 2;  // takes what was left, which orders nothing
  checker.fetched(next);
  CHECK(races == 1);  // MAP may still have to read what the LOAD writes
}

TEST_CASE("a signal that may come too early from elsewhere is told") {
  // 0 LOAD signals 1; 1 MAP waits for it; 2 SSM, unordered, signals 1 as well.
  std::vector<Command> program{load(0, 0), map(1, 0, 128)};
  program[0].signals[0] = 1;
  program[1].waits[0] = 1;
  ExploredCommand other;
  other.engine = EPOCH_ENGINE_PE_GRID;
  other.accesses = {{1, 0, 64, false}, {1, 64, 128, true}};
  other.signals = {1};
  program.push_back(make(other, 2));
  const Found found = check(program);
  CHECK(found.races.empty());
  CHECK(found.ambiguous == 1);
}

TEST_CASE("words of a finding") {
  std::vector<Command> program{load(0, 0), map(1, 0, 128)};
  program[1].context = 9;
  const Found found = check(program);
  REQUIRE(found.texts.size() == 1);
  CHECK(found.texts[0] ==
        "command 0 LOAD on dma_in writes activations 0x00000000..0x0000003f, command 1 MAP "
        "(context 9) on vector_unit reads it, and nothing orders them; fix: 1 waits for a "
        "semaphore that 0 signals, or a FENCE between them");
}

}  // namespace
}  // namespace epoch::test
