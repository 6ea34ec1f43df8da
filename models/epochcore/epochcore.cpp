// SPDX-License-Identifier: Apache-2.0
#include "epochcore/epochcore.h"

#include "common/register_target.h"
#include "common/sim_time.h"

namespace epoch {

namespace {

constexpr const char* buffer_names[EPOCH_BUFFERS] = {"activations", "coefficients", "accumulators"};

const EpochCoreConfig& checked(const EpochCoreConfig& config) {
  check_config(config);
  return config;
}

std::array<std::unique_ptr<Scratchpad>, EPOCH_BUFFERS> make_buffers(const EpochCoreConfig& config,
                                                                    std::uint64_t period_ps) {
  std::array<std::unique_ptr<Scratchpad>, EPOCH_BUFFERS> buffers;
  for (unsigned i = 0; i < EPOCH_BUFFERS; ++i)
    buffers[i] = std::make_unique<Scratchpad>(buffer_names[i], config.buffer(i), period_ps);
  return buffers;
}

}  // namespace

EpochCore::EpochCore(const sc_core::sc_module_name& module_name, const EpochCoreConfig& config)
    : sc_module(module_name),
      csr("csr"),
      debug("debug"),
      dma("dma"),
      commands("commands"),
      irq("irq"),
      config_(checked(config)),
      period_ps_(clock_period_ps(config.clock_mhz)),
      registers_(config_, [] { return now_ps(); }),
      counters_([] { return now_ps(); }, period_ps_),
      buffers_(make_buffers(config_, period_ps_)),
      dma_master_(dma),
      processor_("command_processor",
                 {config_.transport, period_ps_, config_.fifo_depth, limits_of(config_)}, commands,
                 registers_, counters_),
      dma_in_("dma_in",
              {config_.transport, EPOCH_ENGINE_DMA_IN, period_ps_, config_.dma_burst_bytes,
               config_.dma_outstanding},
              dma, dma_master_, processor_, counters_),
      dma_out_("dma_out",
               {config_.transport, EPOCH_ENGINE_DMA_OUT, period_ps_, config_.dma_burst_bytes,
                config_.dma_outstanding},
               dma, dma_master_, processor_, counters_),
      pe_grid_("pe_grid", config_, period_ps_, processor_, registers_, counters_,
               {buffers_[0].get(), buffers_[1].get(), buffers_[2].get()}),
      vector_unit_("vector_unit", config_, period_ps_, processor_) {
  SC_HAS_PROCESS(EpochCore);
  csr.register_b_transport(this, &EpochCore::csr_access);
  csr.register_transport_dbg(this, &EpochCore::csr_debug);
  debug.register_b_transport(this, &EpochCore::debug_access);
  debug.register_transport_dbg(this, &EpochCore::debug_debug);
  dma.register_nb_transport_bw(this, &EpochCore::dma_backward);
  commands.register_nb_transport_bw(this, &EpochCore::commands_backward);
  connect();
  SC_METHOD(drive_irq);
  sensitive << irq_event_;
  counters_.attach(registers_.bank());
  registers_.on_interrupt([this] { irq_event_.notify(sc_core::SC_ZERO_TIME); });
}

void EpochCore::connect() {
  for (unsigned i = 0; i < EPOCH_BUFFERS; ++i) {
    dma_in_.local.buffers[i].bind(buffers_[i]->ports[port_dma_in]);
    dma_out_.local.buffers[i].bind(buffers_[i]->ports[port_dma_out]);
    pe_grid_.local.buffers[i].bind(buffers_[i]->ports[port_pe_grid]);
    vector_unit_.local.buffers[i].bind(buffers_[i]->ports[port_vector_unit]);
  }
  processor_.bind_engines({&dma_in_, &dma_out_, &pe_grid_, &vector_unit_});
}

// A register access takes effect at the kernel's time: the initiator has synchronised before it.
void EpochCore::csr_access(tlm::tlm_generic_payload& payload, sc_core::sc_time&) {
  register_access(registers_.bank(), payload);
}

unsigned EpochCore::csr_debug(tlm::tlm_generic_payload& payload) {
  return register_debug(registers_.bank(), payload);
}

// The buffer that a window access falls into, its address made relative to the buffer; or null.
Scratchpad* EpochCore::window_buffer(tlm::tlm_generic_payload& payload) {
  const std::uint64_t number = payload.get_address() / scratchpad_window_stride;
  if (number >= EPOCH_BUFFERS) return nullptr;
  payload.set_address(payload.get_address() % scratchpad_window_stride);
  return buffers_[number].get();
}

void EpochCore::debug_access(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  const std::uint64_t address = payload.get_address();
  if (Scratchpad* buffer = window_buffer(payload))
    buffer->window_access(payload, delay);
  else
    payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
  payload.set_address(address);
}

unsigned EpochCore::debug_debug(tlm::tlm_generic_payload& payload) {
  const std::uint64_t address = payload.get_address();
  Scratchpad* buffer = window_buffer(payload);
  const unsigned moved = buffer != nullptr ? buffer->window_debug(payload) : 0;
  payload.set_address(address);
  return moved;
}

tlm::tlm_sync_enum EpochCore::dma_backward(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                           sc_core::sc_time& delay) {
  return dma_master_.nb_transport_bw(payload, phase, delay);
}

tlm::tlm_sync_enum EpochCore::commands_backward(tlm::tlm_generic_payload& payload,
                                                tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  return processor_.at_master().nb_transport_bw(payload, phase, delay);
}

void EpochCore::drive_irq() {
  const bool level = registers_.interrupt_line();
  if (log_irq_.on(LogLevel::info) && irq.read() != level)
    log_irq_.write(LogLevel::info, now_ps(), level ? "raised" : "withdrawn");
  irq.write(level);
  trace_irq_.set(now_ps(), level ? 1 : 0);
}

void EpochCore::attach_trace(TraceSink& sink) {
  const std::string scope = name();
  trace_irq_.attach(sink, scope, "irq", 1);
  processor_.attach_trace(sink, scope);
  dma_in_.attach_trace(sink, scope + ".dma_in");
  dma_out_.attach_trace(sink, scope + ".dma_out");
  irq_event_.notify(sc_core::SC_ZERO_TIME);
}

void EpochCore::attach_log(LogSink& sink) {
  const std::string scope = name();
  log_irq_.attach(sink, scope + ".irq");
  processor_.attach_log(sink, scope);
  for (Dma* engine : {&dma_in_, &dma_out_}) engine->attach_log(sink, scope);
}

void EpochCore::record_series(SeriesSet& set) {
  const std::string prefix = name();
  dma_in_.record_series(prefix + ".dma_in", set);
  dma_out_.record_series(prefix + ".dma_out", set);
  counters_.record_series(prefix, set);
}

void EpochCore::statistics(Statistics& out) const {
  const std::string prefix = name();
  counters_.statistics(prefix + ".counters", out);
  processor_.statistics(prefix, out);
  dma_in_.statistics(prefix + ".dma_in", out);
  dma_out_.statistics(prefix + ".dma_out", out);
  pe_grid_.statistics(prefix + ".pe_grid", out);
  vector_unit_.statistics(prefix + ".vector_unit", out);
  for (unsigned i = 0; i < EPOCH_BUFFERS; ++i)
    buffers_[i]->statistics(prefix + "." + buffer_names[i], out);
}

}  // namespace epoch
