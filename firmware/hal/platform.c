/* SPDX-License-Identifier: Apache-2.0 */
#include "platform.h"

#include <stddef.h>
#include <string.h>

#include "args.h"
#include "csr.h"
#include "dma.h"
#include "plic.h"
#include "simctl.h"
#include "timer.h"
#include "trap.h"
#include "uart.h"

#define MAX_BOOTARGS 1024u
#define MAX_ARGUMENTS 32
#define MAX_RANGES 32u
#define MACHINE_EXTERNAL 11u /* interrupt cause, as in interrupts-extended */

extern int main(int argc, char** argv);

static struct hal_fdt fdt;
static uint32_t hart_id;
static struct hal_range memory;
static char bootargs[MAX_BOOTARGS];
static char* arguments[MAX_ARGUMENTS + 1];

const struct hal_fdt* hal_platform_fdt(void) {
  return &fdt;
}
uint32_t hal_platform_hart(void) {
  return hart_id;
}
struct hal_range hal_platform_memory(void) {
  return memory;
}

static _Noreturn void fail(uint32_t code, const char* what) {
  hal_uart_write("hal: ");
  hal_uart_write(what);
  hal_uart_write("\n");
  hal_simctl_exit(code);
}

bool hal_platform_device(const char* compatible, uint32_t index, uintptr_t* base,
                         uint32_t* interrupt, struct hal_fdt_node* node) {
  uint64_t address;
  uint64_t size;
  if (!hal_fdt_find_compatible(&fdt, compatible, index, node)) return false;
  if (!hal_fdt_reg(&fdt, node, 0, &address, &size) || address > UINT32_MAX) return false;
  *base = (uintptr_t)address;
  if (!hal_fdt_cell(&fdt, node, "interrupts", 0, interrupt)) *interrupt = 0;
  return true;
}

bool hal_platform_blob(const char* compatible, const char* label, const uint8_t** data,
                       uint32_t* bytes) {
  struct hal_fdt_node node;
  for (uint32_t index = 0; hal_fdt_find_compatible(&fdt, compatible, index, &node); index++) {
    if (label != NULL) {
      const char* name = hal_fdt_string(&fdt, &node, "label");
      if (name == NULL || strcmp(name, label) != 0) continue;
    }
    uint64_t address;
    uint64_t size;
    if (!hal_fdt_reg(&fdt, &node, 0, &address, &size)) return false;
    if (size > UINT32_MAX) return false;
    *data = hal_machine_pointer(address, size);
    if (*data == NULL) return false;
    *bytes = (uint32_t)size;
    return true;
  }
  return false;
}

/* Position of the hart's machine external interrupt among the controller's contexts. */
static uint32_t plic_context(const struct hal_fdt_node* node) {
  uint32_t cause;
  for (uint32_t entry = 0; hal_fdt_cell(&fdt, node, "interrupts-extended", 2 * entry + 1, &cause);
       entry++) {
    if (cause == MACHINE_EXTERNAL) return entry;
  }
  return 0;
}

static void init_uart(void) {
  struct hal_fdt_node node;
  uintptr_t base;
  uint32_t interrupt;
  uint32_t shift;
  if (!hal_platform_device("ns16550a", 0, &base, &interrupt, &node)) return;
  if (!hal_fdt_cell(&fdt, &node, "reg-shift", 0, &shift)) shift = 0;
  hal_uart_init(base, shift);
}

static void init_devices(void) {
  struct hal_fdt_node node;
  uintptr_t base;
  uint32_t interrupt;
  uint32_t timebase;
  if (hal_platform_device("epochcore,simctl", 0, &base, &interrupt, &node)) hal_simctl_init(base);
  init_uart();
  if (!hal_fdt_find_path(&fdt, "/cpus", &node) ||
      !hal_fdt_cell(&fdt, &node, "timebase-frequency", 0, &timebase) || timebase == 0)
    fail(HAL_EXIT_BAD_DEVICE_TREE, "no /cpus timebase-frequency");
  if (!hal_platform_device("riscv,clint0", 0, &base, &interrupt, &node))
    fail(HAL_EXIT_BAD_DEVICE_TREE, "no clint");
  hal_timer_init(base, hart_id, timebase);
  if (!hal_platform_device("riscv,plic0", 0, &base, &interrupt, &node))
    fail(HAL_EXIT_BAD_DEVICE_TREE, "no plic");
  hal_plic_init(base, plic_context(&node));
}

/* The part of /memory that holds the program, cut to what the hart can address. */
static void find_memory(void) {
  struct hal_fdt_node node;
  const uint64_t here = hal_machine_program().begin;
  for (bool more = hal_fdt_root(&fdt, &node); more; more = hal_fdt_next(&fdt, &node)) {
    const char* type = hal_fdt_string(&fdt, &node, "device_type");
    if (type == NULL || strcmp(type, "memory") != 0) continue;
    uint64_t address;
    uint64_t size;
    for (uint32_t i = 0; hal_fdt_reg(&fdt, &node, i, &address, &size); i++) {
      if (here < address || here - address >= size) continue;
      memory.begin = address;
      memory.end = size > UINT32_MAX - address ? UINT32_MAX : address + size;
      return;
    }
  }
  fail(HAL_EXIT_BAD_DEVICE_TREE, "no /memory holds the program");
}

/* What is taken inside `memory`: the program, the device tree, the children of /reserved-memory. */
static uint32_t taken_ranges(struct hal_range* taken) {
  uint32_t count = 0;
  struct hal_fdt_node node;
  const uint64_t tree = hal_machine_address(fdt.blob);
  taken[count++] = hal_machine_program();
  taken[count++] = (struct hal_range){tree, tree + fdt.total_bytes};
  if (!hal_fdt_find_path(&fdt, "/reserved-memory", &node)) return count;
  const uint32_t depth = node.depth;
  while (hal_fdt_next(&fdt, &node) && node.depth > depth) {
    uint64_t address;
    uint64_t size;
    for (uint32_t i = 0; hal_fdt_reg(&fdt, &node, i, &address, &size); i++) {
      if (count == MAX_RANGES) fail(HAL_EXIT_BAD_DEVICE_TREE, "too many reserved-memory ranges");
      taken[count++] = (struct hal_range){address, address + size};
    }
  }
  return count;
}

/* The largest hole: it begins at the start of memory or at the end of a taken range. */
static struct hal_range largest_hole(const struct hal_range* taken, uint32_t count) {
  struct hal_range best = {0, 0};
  for (uint32_t i = 0; i <= count; i++) {
    struct hal_range hole = {i == count ? memory.begin : taken[i].end, memory.end};
    if (hole.begin < memory.begin || hole.begin >= memory.end) continue;
    for (uint32_t j = 0; j < count; j++) {
      if (taken[j].end > hole.begin && taken[j].begin < hole.end)
        hole.end = taken[j].begin > hole.begin ? taken[j].begin : hole.begin;
    }
    if (hole.end - hole.begin > best.end - best.begin) best = hole;
  }
  return best;
}

/* Size of the cache blocks that software maintains around DMA; 0 where the bus is coherent. */
static uint32_t maintained_block(void) {
  struct hal_fdt_node node;
  uint32_t bytes;
  if (hal_fdt_find_compatible(&fdt, "simple-bus", 0, &node) &&
      hal_fdt_property(&fdt, &node, "dma-coherent", &bytes) != NULL)
    return 0;
  if (!hal_fdt_find_compatible(&fdt, "riscv", 0, &node) ||
      !hal_fdt_cell(&fdt, &node, "riscv,cbom-block-size", 0, &bytes) || bytes == 0 ||
      (bytes & (bytes - 1)) != 0 || bytes > HAL_DMA_ALIGN)
    fail(HAL_EXIT_BAD_DEVICE_TREE, "DMA is not coherent, and riscv,cbom-block-size of no use");
  return bytes;
}

static void init_dma_memory(void) {
  struct hal_range taken[MAX_RANGES];
  const struct hal_range hole = largest_hole(taken, taken_ranges(taken));
  if (hole.begin == hole.end) fail(HAL_EXIT_NO_MEMORY, "no free memory");
  hal_dma_init(hole.begin, hole.end, maintained_block());
}

static int split_bootargs(void) {
  struct hal_fdt_node node;
  const char* text = NULL;
  if (hal_fdt_find_path(&fdt, "/chosen", &node)) text = hal_fdt_string(&fdt, &node, "bootargs");
  if (text == NULL) text = "";
  if (strlen(text) >= MAX_BOOTARGS) fail(HAL_EXIT_BAD_DEVICE_TREE, "bootargs too long");
  strcpy(bootargs, text);
  const int count = hal_args_split(bootargs, arguments, MAX_ARGUMENTS);
  if (count < 0) fail(HAL_EXIT_BAD_DEVICE_TREE, "bootargs cannot be split");
  return count;
}

_Noreturn void hal_start(uint32_t hart, const void* device_tree) {
  hart_id = hart;
  if (!hal_fdt_open(&fdt, device_tree, HAL_FDT_MAX_BYTES))
    hal_simctl_exit(HAL_EXIT_BAD_DEVICE_TREE); /* no device is known yet: sleeps */
  init_devices();
  find_memory();
  init_dma_memory();
  const int count = split_bootargs();
  HAL_CSR_SET(mstatus, HAL_MSTATUS_MIE);
  const int result = main(count, arguments);
  hal_simctl_exit((uint32_t)result);
}
