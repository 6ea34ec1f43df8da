// SPDX-License-Identifier: Apache-2.0
#include "epochcore/csr.h"

#include <utility>

namespace epoch {

namespace {

#define EPOCH_ACCESS_RO Access::ro
#define EPOCH_ACCESS_RW Access::rw
#define EPOCH_ACCESS_W1C Access::w1c
#define EPOCH_ACCESS_CFG Access::cfg
#define EPOCH_ACCESS_LATCH Access::latch
#define EPOCH_X_BANK_FIELD(reg, field, lsb, width, description) \
  Field{#field, lsb, width, description},
#define EPOCH_X_BANK(name, offset, count, access, reset, description, fields) \
  Register{#name, offset, count, EPOCH_ACCESS_##access, reset, description, {fields}},

}  // namespace

std::vector<Register> epoch_registers() {
  return {EPOCH_REGISTERS(EPOCH_X_BANK, EPOCH_X_BANK_FIELD)};
}

Csr::Csr(const EpochCoreConfig& config, std::function<std::uint64_t()> now)
    : bank_(EPOCH_WINDOW_BYTES, epoch_registers()), now_(std::move(now)) {
  raised_at_.fill(~std::uint64_t{0});
  second_error_at_ = ~std::uint64_t{0};
  fill_caps(config);
  bank_.on_write(EPOCH_REG_IRQ_STATUS,
                 [this](unsigned, std::uint32_t bits) { clear_interrupts(bits); });
  bank_.on_write(EPOCH_REG_IRQ_ENABLE, [this](unsigned, std::uint32_t bits) {
    bank_.set(EPOCH_REG_IRQ_ENABLE, bits);
    interrupt_changed();
  });
}

void Csr::fill_caps(const EpochCoreConfig& config) {
  const Limits limits = limits_of(config);
  const ArrayConfig& array = config.pe_grid;
  bank_.set(EPOCH_REG_CAPS_ROWS, array.rows);
  bank_.set(EPOCH_REG_CAPS_COLS, array.cols);
  bank_.set(EPOCH_REG_CAPS_SEGMENT_ROWS, array.segment_rows);
  const unsigned kind = array.lima ? EPOCH_PE_LIMA : EPOCH_PE_MAC;
  bank_.set(EPOCH_REG_CAPS_PE, EPOCH_PUT(kind, CAPS_PE, KIND) |
                                   EPOCH_PUT(array.multipliers, CAPS_PE, MULTIPLIERS) |
                                   EPOCH_PUT(array.state_slots, CAPS_PE, STATE_SLOTS) |
                                   EPOCH_PUT(array.mul_latency, CAPS_PE, MUL_LATENCY) |
                                   EPOCH_PUT(array.add_latency, CAPS_PE, ADD_LATENCY) |
                                   EPOCH_PUT(array.slots_kind, CAPS_PE, SLOTS_KIND) |
                                   EPOCH_PUT(array.pe_exp, CAPS_PE, DEDICATED_EXP) |
                                   EPOCH_PUT(array.reduce, CAPS_PE, SYSTOLIC_REDUCE) |
                                   EPOCH_PUT(array.segment_io, CAPS_PE, CHAINED_SEGMENTS) |
                                   EPOCH_PUT(config.state_shadow, CAPS_PE, STATE_SHADOW));
  bank_.set(EPOCH_REG_CAPS_ARRAY, EPOCH_PUT(array.hop, CAPS_ARRAY, HOP));
  bank_.set(EPOCH_REG_CAPS_MODES, limits.modes);
  bank_.set(EPOCH_REG_CAPS_TYPES, limits.types);
  bank_.set(EPOCH_REG_CAPS_ACTIVATIONS, limits.activations);
  bank_.set(EPOCH_REG_CAPS_VECTOR_OPS, limits.vector_ops);
  bank_.set(EPOCH_REG_CAPS_LANES, EPOCH_PUT(config.vector_lanes, CAPS_LANES, VECTOR) |
                                      EPOCH_PUT(array.drain_lanes, CAPS_LANES, DRAIN));
  bank_.set(EPOCH_REG_CAPS_FIFO, EPOCH_PUT(config.fifo_depth, CAPS_FIFO, DMA_IN) |
                                     EPOCH_PUT(config.fifo_depth, CAPS_FIFO, DMA_OUT) |
                                     EPOCH_PUT(config.fifo_depth, CAPS_FIFO, PE_GRID) |
                                     EPOCH_PUT(config.fifo_depth, CAPS_FIFO, VECTOR_UNIT));
  bank_.set(EPOCH_REG_CAPS_DMA, EPOCH_PUT(config.dma_burst_bytes, CAPS_DMA, BURST_BYTES) |
                                    EPOCH_PUT(config.dma_outstanding, CAPS_DMA, OUTSTANDING));
  for (unsigned i = 0; i < EPOCH_BUFFERS; ++i) {
    const BufferConfig& buffer = config.buffer(i);
    bank_.set(EPOCH_REG_CAPS_BUFFER_BYTES + 4 * i, static_cast<std::uint32_t>(buffer.size_bytes()));
    bank_.set(EPOCH_REG_CAPS_BUFFER_PORT + 4 * i,
              EPOCH_PUT(buffer.width_bytes, CAPS_BUFFER_PORT, WIDTH_BYTES) |
                  EPOCH_PUT(buffer.banks, CAPS_BUFFER_PORT, BANKS));
  }
  bank_.set(EPOCH_REG_CAPS_ARRAY_PORT, EPOCH_PUT(array.ports.read, CAPS_ARRAY_PORT, READ) |
                                           EPOCH_PUT(array.ports.write, CAPS_ARRAY_PORT, WRITE));
  bank_.set(EPOCH_REG_CAPS_LOAD_PORT,
            EPOCH_PUT(array.ports.coefficient, CAPS_LOAD_PORT, COEFFICIENT) |
                EPOCH_PUT(array.ports.state, CAPS_LOAD_PORT, STATE));
}

void Csr::raise(std::uint32_t bits) {
  bank_.set(EPOCH_REG_IRQ_STATUS, bank_.get(EPOCH_REG_IRQ_STATUS) | bits);
  for (unsigned i = 0; i < raised_at_.size(); ++i)
    if ((bits >> i & 1u) != 0) raised_at_[i] = now_();
  interrupt_changed();
}

void Csr::clear_interrupts(std::uint32_t bits) {
  if ((bits & EPOCH_IRQ_STATUS_ERROR_MASK) != 0 && second_error_at_ == now_())
    fill_error(second_error_);
  for (unsigned i = 0; i < raised_at_.size(); ++i)
    if (raised_at_[i] == now_()) bits &= ~(1u << i);
  bank_.set(EPOCH_REG_IRQ_STATUS, bank_.get(EPOCH_REG_IRQ_STATUS) & ~bits);
  if ((bits & EPOCH_IRQ_STATUS_ERROR_MASK) != 0)
    for (std::uint32_t offset = EPOCH_REG_ERROR_CODE; offset <= EPOCH_REG_ERROR_CONTEXT;
         offset += 4)
      bank_.set(offset, 0);
  interrupt_changed();
}

void Csr::fill_error(const ErrorReport& error) {
  bank_.set(EPOCH_REG_ERROR_CODE, error.code);
  bank_.set(EPOCH_REG_ERROR_SEQ, error.sequence);
  bank_.set(EPOCH_REG_ERROR_ADDR_LO, static_cast<std::uint32_t>(error.address));
  bank_.set(EPOCH_REG_ERROR_ADDR_HI, static_cast<std::uint32_t>(error.address >> 32));
  bank_.set(EPOCH_REG_ERROR_LEN, error.length);
  bank_.set(EPOCH_REG_ERROR_CONTEXT, error.context);
}

void Csr::report(const ErrorReport& error) {
  if (!error_pending()) {
    fill_error(error);
  } else if (raised_at_[EPOCH_IRQ_STATUS_ERROR_SHIFT] != now_()) {
    second_error_ = error;
    second_error_at_ = now_();
  }
  raise(EPOCH_IRQ_STATUS_ERROR_MASK);
}

bool Csr::interrupt_line() const {
  return (bank_.get(EPOCH_REG_IRQ_STATUS) & bank_.get(EPOCH_REG_IRQ_ENABLE)) != 0;
}

bool Csr::error_pending() const {
  return (bank_.get(EPOCH_REG_IRQ_STATUS) & EPOCH_IRQ_STATUS_ERROR_MASK) != 0;
}

bool Csr::numeric_trap() const {
  return (bank_.get(EPOCH_REG_IRQ_ENABLE) & EPOCH_IRQ_ENABLE_NUMERIC_MASK) != 0;
}

}  // namespace epoch
