/* SPDX-License-Identifier: Apache-2.0
 *
 * Read-only walker of a flattened device tree (Devicetree Specification v0.4, chapters 2 and 5).
 * Nothing outside the blob is ever read, whatever the blob holds. Addresses are taken as they
 * stand: bus nodes with a `ranges` that translates are not supported (an empty `ranges` is
 * identity).
 */
#ifndef HAL_FDT_WALKER_H
#define HAL_FDT_WALKER_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HAL_FDT_MAX_DEPTH 16u
#define HAL_FDT_MAX_BYTES 0x100000u /* refuses larger blobs: a corrupt size is caught */

struct hal_fdt {
  const uint8_t* blob;
  uint32_t structure; /* offset and end of the structure block */
  uint32_t structure_end;
  uint32_t strings; /* offset and end of the strings block */
  uint32_t strings_end;
  uint32_t total_bytes;
};

/* A node, and the place of a walk over all nodes. */
struct hal_fdt_node {
  uint32_t offset;                              /* of the first token after the node's name */
  uint32_t depth;                               /* the root is 1 */
  const char* name;                             /* with its unit address */
  uint8_t address_cells[HAL_FDT_MAX_DEPTH + 1]; /* that the node at a depth gives its children */
  uint8_t size_cells[HAL_FDT_MAX_DEPTH + 1];
};

/* False if the blob is not a device tree this walker can read (magic, version, block bounds). */
bool hal_fdt_open(struct hal_fdt* fdt, const void* blob, uint32_t max_bytes);

/* The root, and the next node in document order; false at the end or on a malformed structure. */
bool hal_fdt_root(const struct hal_fdt* fdt, struct hal_fdt_node* node);
bool hal_fdt_next(const struct hal_fdt* fdt, struct hal_fdt_node* node);

/* By absolute path ("/soc/serial"); a unit address may be left out of a component. */
bool hal_fdt_find_path(const struct hal_fdt* fdt, const char* path, struct hal_fdt_node* node);
/* The index-th node (from 0, in document order) that lists `compatible`. */
bool hal_fdt_find_compatible(const struct hal_fdt* fdt, const char* compatible, uint32_t index,
                             struct hal_fdt_node* node);

/* A property's bytes (big endian) and their number; null if the node lacks it. */
const uint8_t* hal_fdt_property(const struct hal_fdt* fdt, const struct hal_fdt_node* node,
                                const char* name, uint32_t* length);
/* A zero-terminated property, or null. */
const char* hal_fdt_string(const struct hal_fdt* fdt, const struct hal_fdt_node* node,
                           const char* name);
/* The index-th cell of a property; false if there are fewer. */
bool hal_fdt_cell(const struct hal_fdt* fdt, const struct hal_fdt_node* node, const char* name,
                  uint32_t index, uint32_t* value);
/* The index-th (address, size) of `reg`, by the parent's #address-cells and #size-cells. */
bool hal_fdt_reg(const struct hal_fdt* fdt, const struct hal_fdt_node* node, uint32_t index,
                 uint64_t* address, uint64_t* size);

#ifdef __cplusplus
}
#endif

#endif
