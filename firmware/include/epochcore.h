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
#define EPOCH_VERSION_MINOR 1
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
  X(VERSION,          0x004, 1, RO,  0x00010001, "Contract version", \
    F(VERSION, MINOR, 0, 16, "Minor: additions only") \
    F(VERSION, MAJOR, 16, 15, "Major: a driver refuses another one")) \
  X(CAPS_VERSION,     0x040, 1, RO,  2, "Version of the CAPS block", ) \
  X(CAPS_ROWS,        0x044, 1, CFG, 0, "PE rows", ) \
  X(CAPS_COLS,        0x048, 1, CFG, 0, "PE columns", ) \
  X(CAPS_SEGMENT_ROWS,0x04C, 1, CFG, 0, "Rows between inject/extract ports", ) \
  X(CAPS_PE,          0x050, 1, CFG, 0, "Processing element", \
    F(CAPS_PE, KIND, 0, 4, "0 = plain MAC, 1 = LIMA") \
    F(CAPS_PE, MULTIPLIERS, 4, 4, "Multipliers in a PE") \
    F(CAPS_PE, STATE_SLOTS, 8, 8, "State slots in a PE") \
    F(CAPS_PE, MUL_LATENCY, 16, 4, "Multiplier latency, cycles") \
    F(CAPS_PE, ADD_LATENCY, 20, 4, "Adder latency, cycles") \
    F(CAPS_PE, SLOTS_KIND, 24, 2, "What further state slots hold: 0 = modes, 1 = channels, 2 = batch") \
    F(CAPS_PE, DEDICATED_EXP, 26, 1, "Selective: exp in a unit of its own") \
    F(CAPS_PE, SYSTOLIC_REDUCE, 27, 1, "dplr: sums pass from row to row, not up a tree") \
    F(CAPS_PE, CHAINED_SEGMENTS, 28, 1, "Segments are chained, not tapped") \
    F(CAPS_PE, STATE_SHADOW, 29, 1, "STATE works on shadow registers beside the array")) \
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
  X(CAPS_ARRAY,       0x098, 1, CFG, 0, "Array, continued", \
    F(CAPS_ARRAY, HOP, 0, 4, "Cycles from PE to PE")) \
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
    F(IRQ_STATUS, NUMERIC, 2, 1, "An array output was infinite or NaN, or a state was clamped")) \
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
  C(X, NUMERIC_NAN,         0x2A0, "value", "Array outputs that were NaN") \
  C(X, NUMERIC_SATURATED,   0x2A8, "value", "Liquid state words and int8 registers that were clamped")

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
  E(STREAMS,            0x11B, "STREAMS without its SSM right behind it, or that SSM without STREAMS") \
  E(BUS_READ,           0x201, "The bus refused a LOAD burst") \
  E(BUS_WRITE,          0x202, "The bus refused a STORE burst") \
  E(BUS_FETCH,          0x203, "The bus refused a descriptor fetch") \
  E(GATHER_INDEX,       0x204, "An index of GATHER is outside its table") \
  E(SEMAPHORE_OVERFLOW, 0x301, "A signal found its semaphore at the maximum") \
  E(WATCHDOG,           0x501, "No retirement within WATCHDOG cycles") \
  E(NUMERIC_OVERFLOW,   0x601, "An array output was infinite and the numeric trap is enabled") \
  E(NUMERIC_NAN,        0x602, "An array output was NaN and the numeric trap is enabled") \
  E(NUMERIC_SATURATED,  0x603, "A state or sum was clamped and the numeric trap is enabled")

/* Commands: O(name, opcode, engine, description). Opcode 0 is invalid, so zeroed memory is caught. */
#define EPOCH_OPCODES(O) \
  O(NOP,       0x01, CONTROL,     "Does nothing; may wait and signal") \
  O(FENCE,     0x02, CONTROL,     "Holds fetch until every engine is idle") \
  O(IRQ,       0x03, CONTROL,     "Raises done when every earlier command has retired") \
  O(HALT,      0x04, CONTROL,     "Stops fetch after itself, raises done") \
  O(LOAD,      0x10, DMA_IN,      "Bus to buffer, 3-D strided") \
  O(GATHER,    0x11, DMA_IN,      "Rows of a table on the bus, by index, to a buffer") \
  O(STORE,     0x20, DMA_OUT,     "Buffer to bus, 3-D strided") \
  O(COEFF,     0x30, PE_GRID,     "Coefficients or weights into the shadow registers") \
  O(SSM,       0x31, PE_GRID,     "Streams steps through the resident state") \
  O(GEMM,      0x32, PE_GRID,     "Streams rows through stationary weights") \
  O(STATE,     0x33, PE_GRID,     "State registers to or from a buffer") \
  O(STREAMS,   0x34, PE_GRID,     "Operands of the selective or ssd SSM that follows") \
  O(AFFINE,    0x40, VECTOR_UNIT, "uint8 to numbers: x*scale + offset") \
  O(LAYERNORM, 0x41, VECTOR_UNIT, "Layer normalisation of each row") \
  O(POOL,      0x42, VECTOR_UNIT, "Sum of rows, optionally scaled") \
  O(RMSNORM,   0x43, VECTOR_UNIT, "Root-mean-square normalisation of each row") \
  O(MAP,       0x44, VECTOR_UNIT, "A function of each element, after a gain and a bias a column") \
  O(COMBINE,   0x45, VECTOR_UNIT, "Two rows element by element") \
  O(CONV1D,    0x46, VECTOR_UNIT, "Depthwise causal convolution over rows") \
  O(ARGMAX,    0x47, VECTOR_UNIT, "Index of the largest element of each row")
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
/* Number types. bf16d: poles a are stored as a - 1; for the rest it is bf16. UINT8 and UINT32 are
 * operands of single commands (AFFINE, ARGMAX, GATHER), no types of the array. */
enum { EPOCH_TYPE_FP32, EPOCH_TYPE_BF16, EPOCH_TYPE_BF16D, EPOCH_TYPE_INT8 };
enum {
  EPOCH_ACTIVATION_NONE,
  EPOCH_ACTIVATION_GELU, /* erf form */
  EPOCH_ACTIVATION_GLU,  /* GEMM: column 2c * sigmoid(column 2c + 1) */
  EPOCH_ACTIVATION_GELU_TANH,
  EPOCH_ACTIVATION_RELU,
  EPOCH_ACTIVATION_SILU,
  EPOCH_ACTIVATION_SIGMOID,
  EPOCH_ACTIVATION_TANH
};
enum { EPOCH_SLOTS_MODE, EPOCH_SLOTS_CHANNEL, EPOCH_SLOTS_BATCH };
/* Functions of the vector unit (MAP, COMBINE). */
enum {
  EPOCH_FUNCTION_IDENTITY,
  EPOCH_FUNCTION_GELU,
  EPOCH_FUNCTION_GELU_TANH,
  EPOCH_FUNCTION_RELU,
  EPOCH_FUNCTION_SILU,
  EPOCH_FUNCTION_SIGMOID,
  EPOCH_FUNCTION_TANH,
  EPOCH_FUNCTION_SOFTPLUS,
  EPOCH_FUNCTION_EXP,
  EPOCH_FUNCTIONS
};
/* What COMBINE does with its operands a and b. */
enum {
  EPOCH_COMBINE_MULTIPLY,
  EPOCH_COMBINE_ADD,
  EPOCH_COMBINE_SUBTRACT,
  EPOCH_COMBINE_MAXIMUM,
  EPOCH_COMBINES
};

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
 * GATHER: row r comes from bus + index r * bus_row_stride, the uint32 indices from `indices` in a
 * buffer, read when it starts; planes is 1, the plane strides are 0. An index of table_rows or more
 * is GATHER_INDEX, before anything is read from the bus. The indices share no byte with the rows
 * that are written. */
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
  uint32_t indices;    /* GATHER only, else 0 */
  uint32_t table_rows; /* GATHER only, else 0 */
  uint32_t reserved[2];
};

/* format: mode 7:0, type 15:8, flags 31:16 (EPOCH_COEFF_*). extent: channels 15:0, modes 31:16.
 * The block at `local`: [channel][mode][words of the mode], packed; from the next multiple of 4 on
 * [channel] fp32 scales if the type is int8; then, if EXTRA, [channel] D in the type's width (fp32
 * of type int8) or, of mac, fp32 biases.
 *
 *   mode            words, in this order            width (fp32; bf16; bf16d; int8)
 *   real            a c                             a 4;4;2;2  c 4;2;2;1
 *   complex         ar ai cr ci                     as real; c folded: 2 C B
 *   liquid real     a b c                           b as c
 *   liquid complex  ar ai br bi cr ci
 *   dplr            ar ai wr wi pr pi cr ci         w, p 4;4;4;-
 *   selective       A                               4;4;-;-
 *   ssd             none
 *   edge            ar ai (modes = 1)               as real
 *   mac             w (channel = column, mode = row)  4;2;2;1
 *
 * int8: a in Q.14; liquid, dplr, selective, ssd and edge have no int8, selective and ssd no bf16d.
 * edge has no EXTRA: it emits x'. Of a block without a byte (ssd) `local` is ignored. */
struct epoch_coeff_command {
  uint32_t control;
  uint32_t semaphores;
  uint32_t local;
  uint32_t format;
  uint32_t extent;
  uint32_t sequences; /* batch slots in use; 0 = 1 */
  uint32_t reserved[10];
};
#define EPOCH_COEFF_EXTRA 0x1u /* D (SSM) or bias (mac) follows, one word a channel */

/* SSM and GEMM. Arrays are [step][channel], a row every `stride` bytes.
 * format: mode 7:0, type 15:8, flags 31:16 (EPOCH_ARRAY_*). extent: channels 15:0, modes 31:16 (the
 * outputs and inputs of one GEMM tile), as the COEFF before it said; sequences likewise.
 * Source rows have `channels` elements for SSM (selective d, ssd a_k, edge 2 * channels: re and im
 * of v side by side), `modes` for GEMM; destination rows have `channels` (GLU: channels / 2; edge:
 * 2 * channels). With several sequences each has `steps` rows, one sequence below the other.
 * Elements: u, x 4;2;2;1 bytes by type; d, a_k, v, accumulators, raw sums and x' of edge always 4;
 * results and `stored` as `types` says. edge takes no flag but REVERSE and ZERO_STATE and no
 * activation; dplr, whose network sums all modes at once, neither ACC_IN nor ACC_OUT. */
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
  /* EPOCH_ARRAY_TYPES: of results (fp32, bf16, int8; ACC_OUT and edge fp32), of stored (fp32, bf16;
   * 0 unless COMBINE), sequences (0 = 1) */
  uint32_t types;
  uint32_t scale; /* fp32 bits: int8 results are v * scale, rounded and clamped; else 0 */
};
#define EPOCH_ARRAY_TYPES(output, stored, sequences) \
  ((uint32_t)(output) | ((uint32_t)(stored) << 8) | ((uint32_t)(sequences) << 16))
#define EPOCH_ARRAY_TYPES_OUTPUT(word) ((uint32_t)(word)&0xFFu)
#define EPOCH_ARRAY_TYPES_STORED(word) (((uint32_t)(word) >> 8) & 0xFFu)
#define EPOCH_ARRAY_TYPES_SEQUENCES(word) ((uint32_t)(word) >> 16)
#define EPOCH_ARRAY_EXTRA 0x01u      /* D*u (SSM) or bias (GEMM) in the drain */
#define EPOCH_ARRAY_COMBINE 0x02u    /* + stored (GEMM: residual) */
#define EPOCH_ARRAY_ACC_IN 0x04u     /* y starts from the accumulator, not from +0 */
#define EPOCH_ARRAY_ACC_OUT 0x08u    /* another block follows: destination gets raw 4-byte y */
#define EPOCH_ARRAY_REVERSE 0x10u    /* SSM: steps run from T - 1 to 0 */
#define EPOCH_ARRAY_SHIFT 0x20u      /* SSM: with REVERSE and COMBINE, step t adds to t - 1 */
#define EPOCH_ARRAY_ZERO_STATE 0x40u /* SSM: start from zero state */

/* STREAMS: what a selective or ssd SSM streams beside its source; that SSM follows at once, with
 * nothing between, and gives steps, channels and modes: with it these operands are checked. Rows of
 * `drive` have `channels` elements, of b and c `modes`; `u` is needed for D only. Elements have the
 * SSM's type. */
struct epoch_streams_command {
  uint32_t control;
  uint32_t semaphores;
  uint32_t drive; /* d*u */
  uint32_t drive_stride;
  uint32_t b; /* B_k and C_k, from the west */
  uint32_t c;
  uint32_t west_stride;
  uint32_t u;
  uint32_t u_stride;
  uint32_t reserved[7];
};

/* format, extent and sequences as COEFF said. State block: [channel][sequence][mode][words] of 4
 * bytes: x, or xr xi. */
struct epoch_state_command {
  uint32_t control;
  uint32_t semaphores;
  uint32_t local;
  uint32_t format;
  uint32_t extent;
  uint32_t sequences;
  uint32_t reserved[10];
};
#define EPOCH_STATE_SAVE 0x1u /* flag: registers to buffer; otherwise buffer to registers */

// clang-format off
/* Vector commands compute in fp32. x is the source, whose elements have type 15:8 of `format`
 * (fp32 or bf16); results y have the destination type (fp32, bf16 or int8); `parameters` are fp32,
 * rows of `length`. r: row, i: column of `length`; f: the function in mode 3:0; op: mode 7:4.
 *
 *   AFFINE     y[r][i] = x[r][i]*immediate0 + immediate1; x uint8 (type 0), y not int8
 *   LAYERNORM  y = ((x - mean)*(1/sqrt(variance + immediate0)))*gain + bias; parameters gain, bias
 *   POOL       y[i] = (ACC ? y[i] : 0) + sum over r of x[r][i]; SCALE: then times immediate0;
 *              y fp32
 *   RMSNORM    y = (x*(1/sqrt(mean of x*x + immediate0)))*gain; parameters gain
 *   MAP        y[r][i] = f(x[r][i / count]*gain[i] + bias[i]), GAIN and BIAS as flags say; source
 *              rows have length / count elements; parameters gain, then bias
 *   COMBINE    y[r][i] = x[r][i] op f(second[r][i / count]*gain[i]), GAIN as flags say; rows of
 *              `second` have length / count elements of its own type (fp32 or bf16)
 *   CONV1D     y[r][i] = f(bias[i] + sum over k of w[k][i]*x[r - count + 1 + k][i]), oldest first.
 *              Rows before the first are in `second`: count - 1 packed rows of the source's type,
 *              oldest first, replaced at the end by the last count - 1 rows seen. ZERO: they are
 *              taken as zeros. They share no byte with any other operand. parameters
 *              w[count][length], then bias if BIAS
 *   ARGMAX     y[r] = the first i with the largest x[r][i], NaN never; y uint32 (destination
 *              type 0)
 *
 * int8 results are the value times immediate1, rounded to nearest even and clamped to [-127, 127],
 * NaN 0. second and second_stride are 0 unless the command is COMBINE or CONV1D. */
// clang-format on
struct epoch_vector_command {
  uint32_t control;
  uint32_t semaphores;
  uint32_t source;
  uint32_t destination;
  uint32_t parameters;
  uint32_t format; /* function and op 7:0, type 15:8, flags 31:16 (EPOCH_VECTOR_*) */
  uint32_t rows;
  uint32_t length;
  uint32_t source_stride;
  uint32_t destination_stride;
  uint32_t immediate0; /* fp32 bits */
  uint32_t immediate1; /* fp32 bits */
  uint32_t second;     /* COMBINE's other operand, CONV1D's history */
  uint32_t second_stride;
  uint32_t types; /* EPOCH_VECTOR_TYPES */
  uint32_t reserved[1];
};
#define EPOCH_VECTOR_ACC 0x1u
#define EPOCH_VECTOR_SCALE 0x2u
#define EPOCH_VECTOR_GAIN 0x4u
#define EPOCH_VECTOR_BIAS 0x8u
#define EPOCH_VECTOR_ZERO 0x10u
#define EPOCH_VECTOR_MODE(op, function) (((uint32_t)(op) << 4) | (uint32_t)(function))
#define EPOCH_VECTOR_MODE_FUNCTION(mode) ((uint32_t)(mode)&0xFu)
#define EPOCH_VECTOR_MODE_OP(mode) ((uint32_t)(mode) >> 4)
/* types of the destination and of COMBINE's second operand; count 0 = 1 */
#define EPOCH_VECTOR_TYPES(destination, second, count) \
  ((uint32_t)(destination) | ((uint32_t)(second) << 8) | ((uint32_t)(count) << 16))
#define EPOCH_VECTOR_TYPES_DESTINATION(word) ((uint32_t)(word)&0xFFu)
#define EPOCH_VECTOR_TYPES_SECOND(word) (((uint32_t)(word) >> 8) & 0xFFu)
#define EPOCH_VECTOR_TYPES_COUNT(word) ((uint32_t)(word) >> 16)

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
EPOCH_STATIC_ASSERT(sizeof(struct epoch_streams_command) == 64, "a descriptor is 64 bytes");
EPOCH_STATIC_ASSERT(sizeof(struct epoch_state_command) == 64, "a descriptor is 64 bytes");
EPOCH_STATIC_ASSERT(sizeof(struct epoch_vector_command) == 64, "a descriptor is 64 bytes");

#ifdef __cplusplus
}
#endif
#endif
