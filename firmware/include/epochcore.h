/* SPDX-License-Identifier: Apache-2.0
 *
 * The hardware/software contract of EpochCore: registers, commands, codes.
 *
 * The only definition of each number in it: the C constants that the driver uses, the C++ register
 * bank of the model, `epochvp regs` and the reset-value test all expand the tables below. What each
 * item means in time and order is in README.md beside this file.
 *
 * C11 and C++17; needs <stdint.h> only. Words are 32 bits, little endian.
 */
#ifndef EPOCHCORE_H
#define EPOCHCORE_H

#include <stdint.h>

#ifdef __cplusplus
#define EPOCH_STATIC_ASSERT(condition, text) static_assert(condition, text)
extern "C" {
#else
#define EPOCH_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif

#define EPOCH_VERSION_MAJOR 1
#define EPOCH_VERSION_MINOR 0
#define EPOCH_ID_VALUE 0x45504F43u /* "EPOC" */
#define EPOCH_WINDOW_BYTES 0x1000u
#define EPOCH_SEMAPHORES 16
#define EPOCH_SEMAPHORE_MAX 255
#define EPOCH_ENGINES 4

/* Register table: X(name, offset, count, access, reset, description, fields).
 * `count` words from `offset` on (arrays have count > 1). Access:
 *   RO   read only                         CFG  read only, value set by the configuration
 *   RW   read and write                    W1C  write one to clear
 *   LATCH  read only, low word of a 64-bit counter: reading it latches the word that follows
 * Fields: F(register, field, least significant bit, width, description). */
// clang-format off
#define EPOCH_REGISTERS(X, F) \
  X(ID,               0x000, 1, RO,  EPOCH_ID_VALUE, "Device identification, \"EPOC\"", ) \
  X(VERSION,          0x004, 1, RO,  0x00010000, "Contract version", \
    F(VERSION, MINOR, 0, 16, "Minor: additions only") \
    F(VERSION, MAJOR, 16, 15, "Major: a driver refuses another one")) \
  X(CAPS_VERSION,     0x040, 1, RO,  1, "Version of the CAPS block", ) \
  X(CAPS_ROWS,        0x044, 1, CFG, 0, "PE rows", ) \
  X(CAPS_COLS,        0x048, 1, CFG, 0, "PE columns", ) \
  X(CAPS_SEGMENT_ROWS,0x04C, 1, CFG, 0, "Rows between inject/extract ports", ) \
  X(CAPS_PE,          0x050, 1, CFG, 0, "Processing element", \
    F(CAPS_PE, KIND, 0, 4, "0 = plain MAC, 1 = LIMA") \
    F(CAPS_PE, MULTIPLIERS, 4, 4, "Multipliers in a PE") \
    F(CAPS_PE, STATE_SLOTS, 8, 8, "State slots in a PE") \
    F(CAPS_PE, MUL_LATENCY, 16, 4, "Multiplier latency, cycles") \
    F(CAPS_PE, ADD_LATENCY, 20, 4, "Adder latency, cycles")) \
  X(CAPS_MODES,       0x054, 1, CFG, 0, "Bit m set: array mode m is implemented (EPOCH_MODE_*)", ) \
  X(CAPS_TYPES,       0x058, 1, CFG, 0, "Bit t set: number type t is implemented (EPOCH_TYPE_*)", ) \
  X(CAPS_ACTIVATIONS, 0x05C, 1, CFG, 0, "Bit a set: drain activation a is implemented (EPOCH_ACTIVATION_*)", ) \
  X(CAPS_VECTOR_OPS,  0x060, 1, CFG, 0, "Bit n set: vector opcode 0x40 + n is implemented", ) \
  X(CAPS_LANES,       0x064, 1, CFG, 0, "Lanes", \
    F(CAPS_LANES, VECTOR, 0, 16, "Vector unit lanes") \
    F(CAPS_LANES, DRAIN, 16, 15, "Drain pipeline lanes")) \
  X(CAPS_FIFO,        0x068, 1, CFG, 0, "Depth of each engine's command FIFO", \
    F(CAPS_FIFO, DMA_IN, 0, 8, "dma_in") F(CAPS_FIFO, DMA_OUT, 8, 8, "dma_out") \
    F(CAPS_FIFO, PE_GRID, 16, 8, "pe_grid") F(CAPS_FIFO, VECTOR_UNIT, 24, 7, "vector_unit")) \
  X(CAPS_DMA,         0x06C, 1, CFG, 0, "DMA limits", \
    F(CAPS_DMA, BURST_BYTES, 0, 16, "Largest burst, bytes") \
    F(CAPS_DMA, OUTSTANDING, 16, 8, "Outstanding bursts per direction")) \
  X(CAPS_BUFFER_BYTES,0x070, 3, CFG, 0, "Size of buffer n in bytes (EPOCH_BUFFER_*)", ) \
  X(CAPS_BUFFER_PORT, 0x080, 3, CFG, 0, "Banks and bank width of buffer n", \
    F(CAPS_BUFFER_PORT, WIDTH_BYTES, 0, 16, "Bytes a bank serves in a cycle") \
    F(CAPS_BUFFER_PORT, BANKS, 16, 15, "Banks")) \
  X(CAPS_ARRAY_PORT,  0x090, 1, CFG, 0, "Array ports", \
    F(CAPS_ARRAY_PORT, READ, 0, 16, "Read port, bytes a cycle") \
    F(CAPS_ARRAY_PORT, WRITE, 16, 15, "Write port, bytes a cycle")) \
  X(CAPS_LOAD_PORT,   0x094, 1, CFG, 0, "Array load ports", \
    F(CAPS_LOAD_PORT, COEFFICIENT, 0, 16, "Coefficient port, bytes a cycle") \
    F(CAPS_LOAD_PORT, STATE, 16, 15, "State port, bytes a cycle")) \
  X(CTRL,             0x100, 1, RW,  0, "Control", \
    F(CTRL, ENABLE, 0, 1, "Fetch and execute the ring; 0 to 1 loads RING_START") \
    F(CTRL, ABORT, 1, 1, "Write 1: stop dispatch and drain; reads 1 until done") \
    F(CTRL, RESET, 2, 1, "Write 1: cancel, drain and reset; reads 1 until done")) \
  X(STATUS,           0x104, 1, RO,  0x00000004, "Status", \
    F(STATUS, ENABLED, 0, 1, "Fetching is enabled") \
    F(STATUS, BUSY, 1, 1, "A command is in flight") \
    F(STATUS, RING_EMPTY, 2, 1, "HEAD equals TAIL") \
    F(STATUS, HALTED, 3, 1, "Stopped by HALT, error or abort; enable starts again") \
    F(STATUS, ERROR, 4, 1, "ERROR_* hold the first error") \
    F(STATUS, DRAIN_FAILED, 5, 1, "The bus never answered; only a platform reset clears it")) \
  X(IRQ_STATUS,       0x108, 1, W1C, 0, "Interrupt causes, set whether enabled or not", \
    F(IRQ_STATUS, DONE, 0, 1, "IRQ, IRQ_ON_DONE or HALT retired") \
    F(IRQ_STATUS, ERROR, 1, 1, "An error stopped the device; clearing clears ERROR_*") \
    F(IRQ_STATUS, NUMERIC, 2, 1, "An array output was infinite or NaN")) \
  X(IRQ_ENABLE,       0x10C, 1, RW,  0, "Interrupt line = (IRQ_STATUS & IRQ_ENABLE) != 0", \
    F(IRQ_ENABLE, DONE, 0, 1, "done") F(IRQ_ENABLE, ERROR, 1, 1, "error") \
    F(IRQ_ENABLE, NUMERIC, 2, 1, "numeric; also turns the numeric event into an error")) \
  X(RING_BASE_LO,     0x110, 1, RW,  0, "Ring address, low word, 64-byte aligned", ) \
  X(RING_BASE_HI,     0x114, 1, RW,  0, "Ring address, high word", ) \
  X(RING_SIZE,        0x118, 1, RW,  0, "Ring entries: a power of two, 2 to 4096", ) \
  X(RING_START,       0x11C, 1, RW,  0, "Loaded into HEAD, TAIL and COMPLETED by enable", ) \
  X(RING_HEAD,        0x120, 1, RO,  0, "Free-running: descriptors copied in", ) \
  X(RING_TAIL,        0x124, 1, RW,  0, "Free-running doorbell: descriptors written", ) \
  X(COMPLETED,        0x128, 1, RO,  0, "Free-running: every command below it has retired", ) \
  X(WATCHDOG,         0x12C, 1, RW,  0, "Cycles without a retirement while work is pending; 0 = off", ) \
  X(ERROR_CODE,       0x140, 1, RO,  0, "First error (EPOCH_ERROR_*)", ) \
  X(ERROR_SEQ,        0x144, 1, RO,  0, "Ring counter of the command at fault", ) \
  X(ERROR_ADDR_LO,    0x148, 1, RO,  0, "Address at fault, low word", ) \
  X(ERROR_ADDR_HI,    0x14C, 1, RO,  0, "Address at fault, high word", ) \
  X(ERROR_LEN,        0x150, 1, RO,  0, "Bytes from ERROR_ADDR whose contents are undefined", ) \
  X(ERROR_CONTEXT,    0x154, 1, RO,  0, "Context tag of the command at fault", ) \
  X(ENGINE_STATE,     0x180, 4, RO,  0, "State of engine n (EPOCH_ENGINE_*)", \
    F(ENGINE_STATE, STATE, 0, 4, "EPOCH_STATE_*") \
    F(ENGINE_STATE, QUEUED, 8, 8, "Commands in its FIFO") \
    F(ENGINE_STATE, BLOCKED_ON, 16, 5, "1 + semaphore it waits for, 0 = none")) \
  X(SEMAPHORE,        0x1C0, 16, RO, 0, "Counting semaphore n", ) \
  X(COUNTER_CTRL,     0x200, 1, RW,  0, "Counter control", \
    F(COUNTER_CTRL, FREEZE, 0, 1, "Counters hold") \
    F(COUNTER_CTRL, CLEAR, 1, 1, "Write 1: counters become 0; reads 0")) \
  EPOCH_COUNTERS(EPOCH_COUNTER_PAIR, X)

/* Counters: C(X, name, offset of the low word, unit, description), each a pair of registers: the X
 * is handed through, so that one table makes both. Every cycle of the array clock has
 * exactly one cause, so the CAUSE_* counters add up to CYCLES. */
#define EPOCH_COUNTERS(C, X) \
  C(X, CYCLES,              0x210, "cycle", "Array clock cycles since clear") \
  C(X, FIRST_START,         0x218, "cycle", "CYCLES when the first command since clear started, plus 1") \
  C(X, LAST_RETIRE,         0x220, "cycle", "CYCLES when the last command retired, plus 1") \
  C(X, COMMANDS,            0x228, "command", "Commands retired") \
  C(X, CAUSE_USEFUL,        0x230, "cycle", "Array executing, at its schedule's own pace") \
  C(X, CAUSE_FILL_DRAIN,    0x238, "cycle", "Array executing, pipeline filling or draining") \
  C(X, CAUSE_PORT_LIMITED,  0x240, "cycle", "Array executing, held back by a buffer port") \
  C(X, CAUSE_COEFFICIENTS,  0x248, "cycle", "Exposed coefficient or state transfer") \
  C(X, CAUSE_INPUT_STARVED, 0x250, "cycle", "Blocked on a semaphore that dma_in signals") \
  C(X, CAUSE_OUTPUT_BLOCKED, 0x258, "cycle", "Blocked on a semaphore that dma_out signals") \
  C(X, CAUSE_DEPENDENCY,    0x260, "cycle", "Blocked on a semaphore of another engine") \
  C(X, CAUSE_COMMAND_WAIT,  0x268, "cycle", "FIFO empty while the ring is not") \
  C(X, CAUSE_IDLE,          0x270, "cycle", "Nothing to do") \
  C(X, PE_CYCLES,           0x278, "PE.cycle", "PEs that hold a mode or weight, summed over executing cycles") \
  C(X, DMA_READ_BYTES,      0x280, "B", "Bytes read from the bus by LOAD") \
  C(X, DMA_WRITE_BYTES,     0x288, "B", "Bytes written to the bus by STORE") \
  C(X, FETCH_BYTES,         0x290, "B", "Descriptor bytes read from the bus") \
  C(X, NUMERIC_OVERFLOW,    0x298, "value", "Array outputs that were infinite") \
  C(X, NUMERIC_NAN,         0x2A0, "value", "Array outputs that were NaN")

#define EPOCH_COUNTER_PAIR(X, name, offset, unit, description) \
  X(name##_LO, offset, 1, LATCH, 0, description ", low word", ) \
  X(name##_HI, (offset) + 4, 1, RO, 0, description ", high word, latched", )

/* Error codes: E(name, value, description). */
#define EPOCH_ERRORS(E) \
  E(NONE,               0x000, "No error") \
  E(RING_RANGE,         0x101, "RING_TAIL outside [HEAD, HEAD + size]") \
  E(RING_BUSY,          0x102, "Ring register written while enabled") \
  E(RING_CONFIG,        0x103, "RING_BASE misaligned or RING_SIZE not a power of two in 2..4096") \
  E(OPCODE,             0x110, "Unknown or unimplemented opcode") \
  E(RESERVED,           0x111, "A reserved bit or word is not zero") \
  E(ALIGNMENT,          0x112, "Address or stride not aligned for its type") \
  E(LOCAL_RANGE,        0x113, "Local address range outside its buffer") \
  E(TILE,               0x114, "Tile larger than the array") \
  E(SIZE,               0x115, "A size is zero or overflows") \
  E(OVERLAP,            0x116, "Source and destination overlap in part") \
  E(SEMAPHORE_FIELD,    0x117, "The same semaphore twice in one wait") \
  E(TYPE,               0x118, "Number type not implemented") \
  E(MODE,               0x119, "Array mode, activation or flag combination not implemented") \
  E(COEFFICIENTS,       0x11A, "Command does not match the coefficients loaded before it") \
  E(BUS_READ,           0x201, "The bus refused a LOAD burst") \
  E(BUS_WRITE,          0x202, "The bus refused a STORE burst") \
  E(BUS_FETCH,          0x203, "The bus refused a descriptor fetch") \
  E(SEMAPHORE_OVERFLOW, 0x301, "A signal found its semaphore at the maximum") \
  E(WATCHDOG,           0x501, "No retirement within WATCHDOG cycles") \
  E(NUMERIC_OVERFLOW,   0x601, "An array output was infinite and the numeric trap is enabled") \
  E(NUMERIC_NAN,        0x602, "An array output was NaN and the numeric trap is enabled")

/* Commands: O(name, opcode, engine, description). Opcode 0 is invalid, so zeroed memory is caught. */
#define EPOCH_OPCODES(O) \
  O(NOP,       0x01, CONTROL,     "Does nothing; may wait and signal") \
  O(FENCE,     0x02, CONTROL,     "Holds fetch until every engine is idle") \
  O(IRQ,       0x03, CONTROL,     "Raises done when every earlier command has retired") \
  O(HALT,      0x04, CONTROL,     "Stops fetch after itself, raises done") \
  O(LOAD,      0x10, DMA_IN,      "Bus to buffer, 3-D strided") \
  O(STORE,     0x20, DMA_OUT,     "Buffer to bus, 3-D strided") \
  O(COEFF,     0x30, PE_GRID,     "Coefficients or weights into the shadow registers") \
  O(SSM,       0x31, PE_GRID,     "Streams steps through the resident state") \
  O(GEMM,      0x32, PE_GRID,     "Streams rows through stationary weights") \
  O(STATE,     0x33, PE_GRID,     "State registers to or from a buffer") \
  O(AFFINE,    0x40, VECTOR_UNIT, "uint8 to fp32: x*scale + offset") \
  O(LAYERNORM, 0x41, VECTOR_UNIT, "Layer normalisation of each row") \
  O(POOL,      0x42, VECTOR_UNIT, "Sum of rows, optionally scaled")
// clang-format on

#define EPOCH_X_REGISTER(name, offset, count, access, reset, description, fields) \
  EPOCH_REG_##name = (offset),
#define EPOCH_X_NO_FIELD(reg, field, lsb, width, description)
#define EPOCH_X_FIELDS_ONLY(name, offset, count, access, reset, description, fields) fields
#define EPOCH_X_FIELD(reg, field, lsb, width, description) \
  EPOCH_##reg##_##field##_SHIFT = (lsb),                   \
  EPOCH_##reg##_##field##_MASK = (int)(((1u << (width)) - 1u) << (lsb)),
enum { EPOCH_REGISTERS(EPOCH_X_REGISTER, EPOCH_X_NO_FIELD) EPOCH_REG_END = 0x1000 };
enum { EPOCH_REGISTERS(EPOCH_X_FIELDS_ONLY, EPOCH_X_FIELD) EPOCH_FIELDS_END };
#define EPOCH_X_ERROR(name, value, description) EPOCH_ERROR_##name = (value),
enum { EPOCH_ERRORS(EPOCH_X_ERROR) EPOCH_ERROR_END };
#define EPOCH_X_OPCODE(name, value, engine, description) EPOCH_OP_##name = (value),
enum { EPOCH_OPCODES(EPOCH_X_OPCODE) EPOCH_OP_END };
#define EPOCH_X_COUNTER(X, name, offset, unit, description) EPOCH_COUNTER_##name = (offset),
enum { EPOCH_COUNTERS(EPOCH_X_COUNTER, ) EPOCH_COUNTER_END };

/* Value of a field in a register word, and a field's value put in place. */
#define EPOCH_GET(word, reg, field) \
  (((uint32_t)(word) & (uint32_t)EPOCH_##reg##_##field##_MASK) >> EPOCH_##reg##_##field##_SHIFT)
#define EPOCH_PUT(value, reg, field) \
  (((uint32_t)(value) << EPOCH_##reg##_##field##_SHIFT) & (uint32_t)EPOCH_##reg##_##field##_MASK)

enum {
  EPOCH_ENGINE_DMA_IN,
  EPOCH_ENGINE_DMA_OUT,
  EPOCH_ENGINE_PE_GRID,
  EPOCH_ENGINE_VECTOR_UNIT,
  EPOCH_ENGINE_CONTROL
};
enum { EPOCH_STATE_IDLE, EPOCH_STATE_BLOCKED, EPOCH_STATE_RUNNING, EPOCH_STATE_STOPPED };
enum {
  EPOCH_BUFFER_ACTIVATIONS,
  EPOCH_BUFFER_COEFFICIENTS,
  EPOCH_BUFFER_ACCUMULATORS,
  EPOCH_BUFFERS
};
enum { EPOCH_PE_MAC, EPOCH_PE_LIMA };
enum {
  EPOCH_MODE_REAL,
  EPOCH_MODE_COMPLEX,
  EPOCH_MODE_LIQUID_REAL,
  EPOCH_MODE_LIQUID_COMPLEX,
  EPOCH_MODE_DPLR,
  EPOCH_MODE_SELECTIVE,
  EPOCH_MODE_SSD,
  EPOCH_MODE_EDGE,
  EPOCH_MODE_MAC
};
enum { EPOCH_TYPE_FP32, EPOCH_TYPE_BF16, EPOCH_TYPE_BF16D, EPOCH_TYPE_INT8 };
enum { EPOCH_ACTIVATION_NONE, EPOCH_ACTIVATION_GELU, EPOCH_ACTIVATION_GLU };

/* A local address: buffer number in bits 31:30, byte offset below. */
#define EPOCH_LOCAL(buffer, offset) (((uint32_t)(buffer) << 30) | (uint32_t)(offset))
#define EPOCH_LOCAL_BUFFER(address) ((uint32_t)(address) >> 30)
#define EPOCH_LOCAL_OFFSET(address) ((uint32_t)(address)&0x3FFFFFFFu)

/* ---- Descriptors: 64 bytes, 16 words ------------------------------------------------------- */

/* control: opcode 7:0, flags 15:8, context 31:16. */
#define EPOCH_CONTROL(opcode, flags, context) \
  ((uint32_t)(opcode) | ((uint32_t)(flags) << 8) | ((uint32_t)(context) << 16))
#define EPOCH_CONTROL_OPCODE(word) ((uint32_t)(word)&0xFFu)
#define EPOCH_CONTROL_FLAGS(word) (((uint32_t)(word) >> 8) & 0xFFu)
#define EPOCH_CONTROL_CONTEXT(word) ((uint32_t)(word) >> 16)
#define EPOCH_FLAG_IRQ_ON_DONE 0x01u

/* semaphores: wait 0 in 7:0, wait 1 in 15:8, signal 0 in 23:16, signal 1 in 31:24;
 * each byte 0 = none or EPOCH_SEMAPHORE_USE(n). */
#define EPOCH_SEMAPHORE_USE(n) (0x80u | (uint32_t)(n))
#define EPOCH_SEMAPHORE_FIELD(wait0, wait1, signal0, signal1)                   \
  ((uint32_t)(wait0) | ((uint32_t)(wait1) << 8) | ((uint32_t)(signal0) << 16) | \
   ((uint32_t)(signal1) << 24))

/* Any command: NOP, FENCE, IRQ and HALT have nothing else. */
struct epoch_command {
  uint32_t control;
  uint32_t semaphores;
  uint32_t operands[14];
};

/* LOAD, STORE: for plane p and row r, row_bytes bytes between
 * bus + p*bus_plane_stride + r*bus_row_stride and local + p*local_plane_stride +
 * r*local_row_stride. Strides are signed bytes; local address and local strides are multiples of 4.
 */
struct epoch_dma_command {
  uint32_t control;
  uint32_t semaphores;
  uint32_t bus_lo;
  uint32_t bus_hi;
  uint32_t local;
  uint32_t row_bytes;
  uint32_t rows;
  uint32_t bus_row_stride;
  uint32_t local_row_stride;
  uint32_t planes;
  uint32_t bus_plane_stride;
  uint32_t local_plane_stride;
  uint32_t reserved[4];
};

/* format: mode 7:0, type 15:8, flags 31:16 (EPOCH_COEFF_*). extent: channels 15:0, modes 31:16.
 * The block at `local`: [channel][mode][words of the mode], then [channel] fp32 if EXTRA.
 * Words: real a c; complex ar ai cr ci (c folded: 2 C B); mac w (channel = column, mode = row). */
struct epoch_coeff_command {
  uint32_t control;
  uint32_t semaphores;
  uint32_t local;
  uint32_t format;
  uint32_t extent;
  uint32_t reserved[11];
};
#define EPOCH_COEFF_EXTRA 0x1u /* D (SSM) or bias (mac) follows, one word a channel */

/* SSM and GEMM. Arrays are [step][channel], a row every `stride` bytes.
 * format: mode 7:0, type 15:8, flags 31:16 (EPOCH_ARRAY_*). extent: channels 15:0, modes 31:16 (the
 * outputs and inputs of one GEMM tile), as the COEFF before it said.
 * Source rows have `channels` elements for SSM, `modes` for GEMM; destination rows have `channels`
 * (GLU: channels / 2). */
struct epoch_array_command {
  uint32_t control;
  uint32_t semaphores;
  uint32_t source;
  uint32_t destination;
  uint32_t stored;      /* COMBINE: added after D (SSM) or after GLU (GEMM residual) */
  uint32_t accumulator; /* ACC_IN: 4-byte values that y starts from */
  uint32_t format;
  uint32_t extent;
  uint32_t steps;
  uint32_t source_stride;
  uint32_t destination_stride;
  uint32_t stored_stride;
  uint32_t accumulator_stride;
  uint32_t activation;
  uint32_t reserved[2];
};
#define EPOCH_ARRAY_EXTRA 0x01u      /* D*u (SSM) or bias (GEMM) in the drain */
#define EPOCH_ARRAY_COMBINE 0x02u    /* + stored (GEMM: residual) */
#define EPOCH_ARRAY_ACC_IN 0x04u     /* y starts from the accumulator, not from +0 */
#define EPOCH_ARRAY_ACC_OUT 0x08u    /* another block follows: destination gets raw 4-byte y */
#define EPOCH_ARRAY_REVERSE 0x10u    /* SSM: steps run from T - 1 to 0 */
#define EPOCH_ARRAY_SHIFT 0x20u      /* SSM: with REVERSE and COMBINE, step t adds to t - 1 */
#define EPOCH_ARRAY_ZERO_STATE 0x40u /* SSM: start from zero state */

/* format as above; extent as COEFF. State block: [channel][mode][words]: real x; complex xr xi. */
struct epoch_state_command {
  uint32_t control;
  uint32_t semaphores;
  uint32_t local;
  uint32_t format;
  uint32_t extent;
  uint32_t reserved[11];
};
#define EPOCH_STATE_SAVE 0x1u /* flag: registers to buffer; otherwise buffer to registers */

/* AFFINE: destination[r][i] = source[r][i]*immediate0 + immediate1, source uint8, result fp32.
 * LAYERNORM: parameters = gain[length] then bias[length]; immediate0 = epsilon.
 * POOL: destination[i] = (ACC ? destination[i] : 0) + sum over r of source[r][i];
 *       SCALE: then times immediate0. Immediates are fp32 bit patterns. Strides in bytes. */
struct epoch_vector_command {
  uint32_t control;
  uint32_t semaphores;
  uint32_t source;
  uint32_t destination;
  uint32_t parameters;
  uint32_t format; /* type 15:8, flags 31:16 (EPOCH_VECTOR_*) */
  uint32_t rows;
  uint32_t length;
  uint32_t source_stride;
  uint32_t destination_stride;
  uint32_t immediate0;
  uint32_t immediate1;
  uint32_t reserved[4];
};
#define EPOCH_VECTOR_ACC 0x1u
#define EPOCH_VECTOR_SCALE 0x2u

#define EPOCH_FORMAT(mode, type, flags) \
  ((uint32_t)(mode) | ((uint32_t)(type) << 8) | ((uint32_t)(flags) << 16))
#define EPOCH_FORMAT_MODE(word) ((uint32_t)(word)&0xFFu)
#define EPOCH_FORMAT_TYPE(word) (((uint32_t)(word) >> 8) & 0xFFu)
#define EPOCH_FORMAT_FLAGS(word) ((uint32_t)(word) >> 16)
#define EPOCH_EXTENT(channels, modes) ((uint32_t)(channels) | ((uint32_t)(modes) << 16))
#define EPOCH_EXTENT_CHANNELS(word) ((uint32_t)(word)&0xFFFFu)
#define EPOCH_EXTENT_MODES(word) ((uint32_t)(word) >> 16)

EPOCH_STATIC_ASSERT(sizeof(struct epoch_command) == 64, "a descriptor is 64 bytes");
EPOCH_STATIC_ASSERT(sizeof(struct epoch_dma_command) == 64, "a descriptor is 64 bytes");
EPOCH_STATIC_ASSERT(sizeof(struct epoch_coeff_command) == 64, "a descriptor is 64 bytes");
EPOCH_STATIC_ASSERT(sizeof(struct epoch_array_command) == 64, "a descriptor is 64 bytes");
EPOCH_STATIC_ASSERT(sizeof(struct epoch_state_command) == 64, "a descriptor is 64 bytes");
EPOCH_STATIC_ASSERT(sizeof(struct epoch_vector_command) == 64, "a descriptor is 64 bytes");

#ifdef __cplusplus
}
#endif
#endif
