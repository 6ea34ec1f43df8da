// SPDX-License-Identifier: Apache-2.0
#include "peripherals/plic.h"

#include <stdexcept>
#include <string>

#include "common/register_target.h"
#include "common/sim_time.h"

namespace epoch {

namespace {

constexpr unsigned max_sources = 1023;
constexpr std::uint32_t priority_offset = 0x4, pending_offset = 0x1000, enable_offset = 0x2000,
                        threshold_offset = 0x20'0000, claim_offset = 0x20'0004;

std::vector<Register> registers(unsigned source_count) {
  if (source_count == 0 || source_count > max_sources)
    throw std::invalid_argument("plic: sources must be in 1..1023");
  const unsigned words = source_count / 32 + 1;
  return {
      {"PRIORITY",
       priority_offset,
       source_count,
       Access::rw,
       0,
       "Priority of source 1 + n, 0 = never",
       {{"PRIORITY", 0, 3, "0 to 7"}}},
      {"PENDING", pending_offset, words, Access::ro, 0, "Bit s % 32 of word s / 32: source s", {}},
      {"ENABLE", enable_offset, words, Access::rw, 0, "Context 0, bits as PENDING", {}},
      {"THRESHOLD",
       threshold_offset,
       1,
       Access::rw,
       0,
       "Context 0: interrupts above this priority",
       {{"PRIORITY", 0, 3, "0 to 7"}}},
      {"CLAIM", claim_offset, 1, Access::rw, 0, "Read claims, write completes", {}},
  };
}

}  // namespace

Plic::Plic(const sc_core::sc_module_name& module_name, unsigned source_count)
    : sc_module(module_name),
      socket("socket"),
      sources("sources", source_count),
      external_interrupt("external_interrupt"),
      bank_(window_bytes, registers(source_count)),
      state_(source_count + 1),
      irq_line_("irq_line") {
  add_registers();
  socket.register_b_transport(this, &Plic::b_transport);
  socket.register_transport_dbg(this, &Plic::transport_dbg);
  SC_HAS_PROCESS(Plic);
  SC_METHOD(sample_sources);
  for (auto& source : sources) sensitive << source;
  SC_METHOD(drive_irq);
  sensitive << irq_line_.changed();
}

void Plic::add_registers() {
  bank_.on_read(pending_offset, [this](unsigned word) { return pending_word(word); });
  bank_.on_read(enable_offset, [this](unsigned word) { return enabled_word(word); });
  bank_.on_write(enable_offset,
                 [this](unsigned word, std::uint32_t value) { write_enables(word, value); });
  bank_.on_read(claim_offset, [this](unsigned) { return std::uint32_t{best_pending()}; });
  bank_.after_read(claim_offset, [this](unsigned, std::uint32_t id) { claim(id); });
  bank_.on_write(claim_offset, [this](unsigned, std::uint32_t id) { complete(id); });
}

std::uint32_t Plic::pending_word(unsigned word) const {
  std::uint32_t bits = 0;
  for (unsigned id = 32 * word; id < 32 * (word + 1) && id < state_.size(); ++id)
    bits |= std::uint32_t{state_[id].pending} << (id % 32);
  return bits;
}

std::uint32_t Plic::enabled_word(unsigned word) const {
  std::uint32_t bits = 0;
  for (unsigned id = 32 * word; id < 32 * (word + 1) && id < state_.size(); ++id)
    bits |= std::uint32_t{state_[id].enabled} << (id % 32);
  return bits;
}

void Plic::write_enables(unsigned word, std::uint32_t value) {
  for (unsigned id = 32 * word; id < 32 * (word + 1) && id < state_.size(); ++id)
    state_[id].enabled = id != 0 && ((value >> (id % 32)) & 1u) != 0;
}

std::uint32_t Plic::priority(unsigned id) const {
  return bank_.get(priority_offset + 4 * (id - 1));
}

// The highest priority wins, the lowest id among equals. The threshold does not count here: a claim
// is served whether or not it interrupts (PLIC specification, "Interrupt Claim Process").
unsigned Plic::best_pending() const {
  unsigned best = 0;
  for (unsigned id = 1; id < state_.size(); ++id) {
    if (!state_[id].pending || !state_[id].enabled || priority(id) == 0) continue;
    if (best == 0 || priority(id) > priority(best)) best = id;
  }
  return best;
}

void Plic::claim(unsigned id) {
  if (id == 0) return;
  state_[id].pending = false;
  state_[id].in_service = true;
  ++state_[id].claims;
  if (log_.on(LogLevel::info)) log_.write(LogLevel::info, now_ps(), "source %u claimed", id);
}

// A completion of a source that is not enabled for the context is ignored ("Interrupt
// Completion").
void Plic::complete(std::uint32_t id) {
  if (id == 0 || id >= state_.size() || !state_[id].enabled) return;
  state_[id].in_service = false;
  if (log_.on(LogLevel::debug))
    log_.write(LogLevel::debug, now_ps(), "source %u completed", unsigned{id});
  if (sources[id - 1].read()) state_[id].pending = true;
}

// A gateway forwards a level once, then waits for the completion. A request that it has forwarded
// stays pending when the level falls ("Interrupt Gateways").
void Plic::sample_sources() {
  for (unsigned id = 1; id < state_.size(); ++id) {
    const bool level = sources[id - 1].read();
    state_[id].trace.set(now_ps(), level);
    if (!level || state_[id].in_service) continue;
    if (!state_[id].pending && log_.on(LogLevel::info))
      log_.write(LogLevel::info, now_ps(), "source %u raised", id);
    state_[id].pending = true;
  }
  update_irq();
}

void Plic::update_irq() {
  const unsigned best = best_pending();
  irq_line_.set(best != 0 && priority(best) > bank_.get(threshold_offset));
}

void Plic::drive_irq() {
  external_interrupt.write(irq_line_.level());
  trace_irq_.set(now_ps(), irq_line_.level());
}

void Plic::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time&) {
  register_access(bank_, payload);
  update_irq();
}

unsigned Plic::transport_dbg(tlm::tlm_generic_payload& payload) {
  return register_debug(bank_, payload);
}

void Plic::attach_trace(TraceSink& sink) {
  trace_irq_.attach(sink, name(), "external_interrupt", 1);
  trace_irq_.set(now_ps(), irq_line_.level());
  for (unsigned id = 1; id < state_.size(); ++id) {
    state_[id].trace.attach(sink, name(), "source_" + std::to_string(id), 1);
    state_[id].trace.set(now_ps(), 0);
  }
}

void Plic::statistics(Statistics& out) const {
  for (unsigned id = 1; id < state_.size(); ++id)
    out.push_back({std::string(name()) + ".source_" + std::to_string(id) + ".claims",
                   state_[id].claims, "interrupt", "Interrupts of this source claimed"});
}

}  // namespace epoch
