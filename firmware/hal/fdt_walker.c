/* SPDX-License-Identifier: Apache-2.0 */
#include "fdt_walker.h"

#include <stddef.h>
#include <string.h>

/* Devicetree Specification v0.4, 5.2 "Header" and 5.4 "Structure Block". */
enum {
  MAGIC = 0,
  TOTAL_SIZE = 4,
  OFF_STRUCT = 8,
  OFF_STRINGS = 12,
  VERSION = 20,
  LAST_COMPATIBLE = 24,
  SIZE_STRINGS = 32,
  SIZE_STRUCT = 36,
  HEADER_BYTES = 40
};
enum { BEGIN_NODE = 1, END_NODE = 2, PROP = 3, NOP = 4, END = 9 };
#define FDT_MAGIC 0xD00DFEEDu
#define FDT_VERSION 17u

static uint32_t big32(const uint8_t* bytes) {
  return ((uint32_t)bytes[0] << 24) | ((uint32_t)bytes[1] << 16) | ((uint32_t)bytes[2] << 8) |
         bytes[3];
}

static uint32_t aligned(uint32_t offset) {
  return (offset + 3u) & ~3u;
}

/* The four bytes at `offset` of the structure block; false past its end. */
static bool word_at(const struct hal_fdt* fdt, uint32_t offset, uint32_t* value) {
  if (offset < fdt->structure || offset >= fdt->structure_end || fdt->structure_end - offset < 4)
    return false;
  *value = big32(fdt->blob + offset);
  return true;
}

/* The string at `offset` if it ends before `end`, else null. */
static const char* string_at(const struct hal_fdt* fdt, uint32_t offset, uint32_t end) {
  if (offset >= end) return NULL;
  if (memchr(fdt->blob + offset, 0, end - offset) == NULL) return NULL;
  return (const char*)(fdt->blob + offset);
}

static bool block_inside(uint32_t offset, uint32_t bytes, uint32_t total) {
  return offset >= HEADER_BYTES && offset <= total && bytes <= total - offset;
}

bool hal_fdt_open(struct hal_fdt* fdt, const void* blob, uint32_t max_bytes) {
  const uint8_t* bytes = blob;
  if (bytes == NULL || max_bytes < HEADER_BYTES || big32(bytes + MAGIC) != FDT_MAGIC) return false;
  const uint32_t total = big32(bytes + TOTAL_SIZE);
  if (total < HEADER_BYTES || total > max_bytes) return false;
  if (big32(bytes + VERSION) < FDT_VERSION || big32(bytes + LAST_COMPATIBLE) > FDT_VERSION)
    return false;
  const uint32_t structure = big32(bytes + OFF_STRUCT);
  const uint32_t structure_bytes = big32(bytes + SIZE_STRUCT);
  const uint32_t strings = big32(bytes + OFF_STRINGS);
  const uint32_t strings_bytes = big32(bytes + SIZE_STRINGS);
  if (!block_inside(structure, structure_bytes, total) || structure % 4 != 0) return false;
  if (!block_inside(strings, strings_bytes, total)) return false;
  fdt->blob = bytes;
  fdt->structure = structure;
  fdt->structure_end = structure + structure_bytes;
  fdt->strings = strings;
  fdt->strings_end = strings + strings_bytes;
  fdt->total_bytes = total;
  return true;
}

struct property {
  const char* name;
  const uint8_t* value;
  uint32_t length;
};

/* Decodes the PROP whose token is at `offset`; its end, or 0 if it does not fit the blob. */
static uint32_t property_at(const struct hal_fdt* fdt, uint32_t offset, struct property* property) {
  uint32_t length;
  uint32_t name;
  if (!word_at(fdt, offset + 4, &length) || !word_at(fdt, offset + 8, &name)) return 0;
  const uint32_t value = offset + 12;
  if (length > fdt->structure_end - value || name >= fdt->strings_end - fdt->strings) return 0;
  property->name = string_at(fdt, fdt->strings + name, fdt->strings_end);
  if (property->name == NULL) return 0;
  property->value = fdt->blob + value;
  property->length = length;
  return aligned(value + length);
}

/* The next PROP from `offset` on, before any child; 0 when the node has no more. */
static uint32_t next_property(const struct hal_fdt* fdt, uint32_t offset,
                              struct property* property) {
  uint32_t token;
  while (word_at(fdt, offset, &token) && (token == PROP || token == NOP)) {
    if (token == PROP) return property_at(fdt, offset, property);
    offset += 4;
  }
  return 0;
}

const uint8_t* hal_fdt_property(const struct hal_fdt* fdt, const struct hal_fdt_node* node,
                                const char* name, uint32_t* length) {
  struct property property;
  uint32_t offset = node->offset;
  while ((offset = next_property(fdt, offset, &property)) != 0) {
    if (strcmp(property.name, name) == 0) {
      *length = property.length;
      return property.value;
    }
  }
  return NULL;
}

bool hal_fdt_cell(const struct hal_fdt* fdt, const struct hal_fdt_node* node, const char* name,
                  uint32_t index, uint32_t* value) {
  uint32_t length;
  const uint8_t* bytes = hal_fdt_property(fdt, node, name, &length);
  if (bytes == NULL || index >= length / 4) return false;
  *value = big32(bytes + index * 4);
  return true;
}

/* Cells that a node gives its children; defaults 2 and 1 (specification 2.3.5). */
static void read_cells(const struct hal_fdt* fdt, struct hal_fdt_node* node) {
  uint32_t address;
  uint32_t size;
  if (!hal_fdt_cell(fdt, node, "#address-cells", 0, &address)) address = 2;
  if (!hal_fdt_cell(fdt, node, "#size-cells", 0, &size)) size = 1;
  node->address_cells[node->depth] = (uint8_t)(address > 255 ? 255 : address);
  node->size_cells[node->depth] = (uint8_t)(size > 255 ? 255 : size);
}

/* Enters the node whose BEGIN_NODE is at `offset`, one level below `node`. */
static bool enter(const struct hal_fdt* fdt, uint32_t offset, struct hal_fdt_node* node) {
  if (node->depth >= HAL_FDT_MAX_DEPTH) return false;
  const char* name = string_at(fdt, offset + 4, fdt->structure_end);
  if (name == NULL) return false;
  node->depth++;
  node->name = name;
  node->offset = aligned(offset + 4 + (uint32_t)strlen(name) + 1);
  read_cells(fdt, node);
  return true;
}

bool hal_fdt_root(const struct hal_fdt* fdt, struct hal_fdt_node* node) {
  uint32_t offset = fdt->structure;
  uint32_t token;
  node->depth = 0;
  node->address_cells[0] = 2;
  node->size_cells[0] = 1;
  while (word_at(fdt, offset, &token) && token == NOP) offset += 4;
  return word_at(fdt, offset, &token) && token == BEGIN_NODE && enter(fdt, offset, node);
}

bool hal_fdt_next(const struct hal_fdt* fdt, struct hal_fdt_node* node) {
  uint32_t offset = node->offset;
  uint32_t token;
  struct property property;
  while (word_at(fdt, offset, &token)) {
    switch (token) {
      case BEGIN_NODE:
        return enter(fdt, offset, node);
      case END_NODE:
        if (--node->depth == 0) return false;
        offset += 4;
        break;
      case PROP:
        offset = property_at(fdt, offset, &property);
        if (offset == 0) return false;
        break;
      case NOP:
        offset += 4;
        break;
      default:
        return false;
    }
  }
  return false;
}

/* Length of the path component at `path` if `name` is it, with or without its unit address. */
static uint32_t component_length(const char* path, const char* name) {
  uint32_t length = 0;
  while (path[length] != 0 && path[length] != '/') length++;
  if (length == 0 || strncmp(path, name, length) != 0) return 0;
  return name[length] == 0 || name[length] == '@' ? length : 0;
}

bool hal_fdt_find_path(const struct hal_fdt* fdt, const char* path, struct hal_fdt_node* node) {
  if (path[0] != '/' || !hal_fdt_root(fdt, node)) return false;
  const char* rest = path + 1;
  uint32_t matched = 1; /* depth down to which the path so far is this branch */
  while (rest[0] != 0) {
    if (!hal_fdt_next(fdt, node) || node->depth <= matched) return false;
    if (node->depth != matched + 1) continue;
    const uint32_t length = component_length(rest, node->name);
    if (length == 0) continue;
    matched++;
    rest += length;
    if (rest[0] == '/') rest++;
  }
  return true;
}

static bool list_contains(const uint8_t* list, uint32_t length, const char* text) {
  const uint32_t bytes = (uint32_t)strlen(text) + 1;
  uint32_t start = 0;
  for (uint32_t i = 0; i < length; i++) {
    if (list[i] != 0) continue;
    if (i + 1 - start == bytes && memcmp(list + start, text, bytes) == 0) return true;
    start = i + 1;
  }
  return false;
}

bool hal_fdt_find_compatible(const struct hal_fdt* fdt, const char* compatible, uint32_t index,
                             struct hal_fdt_node* node) {
  for (bool more = hal_fdt_root(fdt, node); more; more = hal_fdt_next(fdt, node)) {
    uint32_t length;
    const uint8_t* list = hal_fdt_property(fdt, node, "compatible", &length);
    if (list == NULL || !list_contains(list, length, compatible)) continue;
    if (index-- == 0) return true;
  }
  return false;
}

const char* hal_fdt_string(const struct hal_fdt* fdt, const struct hal_fdt_node* node,
                           const char* name) {
  uint32_t length;
  const uint8_t* bytes = hal_fdt_property(fdt, node, name, &length);
  if (bytes == NULL || memchr(bytes, 0, length) == NULL) return NULL;
  return (const char*)bytes;
}

/* Value of 1 or 2 cells. */
static uint64_t cells(const uint8_t* bytes, uint32_t count) {
  uint64_t value = 0;
  for (uint32_t i = 0; i < count; i++) value = (value << 32) | big32(bytes + 4 * i);
  return value;
}

bool hal_fdt_reg(const struct hal_fdt* fdt, const struct hal_fdt_node* node, uint32_t index,
                 uint64_t* address, uint64_t* size) {
  const uint32_t address_cells = node->address_cells[node->depth - 1];
  const uint32_t size_cells = node->size_cells[node->depth - 1];
  if (address_cells == 0 || address_cells > 2 || size_cells > 2) return false;
  uint32_t length;
  const uint8_t* bytes = hal_fdt_property(fdt, node, "reg", &length);
  const uint32_t entry = 4 * (address_cells + size_cells);
  if (bytes == NULL || index >= length / entry) return false;
  *address = cells(bytes + index * entry, address_cells);
  *size = cells(bytes + index * entry + 4 * address_cells, size_cells);
  return true;
}
