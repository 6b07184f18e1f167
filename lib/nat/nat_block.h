/* SPDX-License-Identifier: ISC */
#ifndef BH_NAT_BLOCK_H
#define BH_NAT_BLOCK_H

/* Blocks of ports, and the bits of their ports. */

#include "nat/nat_port.h"

/* Which of the bit maps of a block a protocol has. */
unsigned nat_port_kind(uint8_t proto);
uint64_t *nat_block_bits(const struct nat_ports *p, uint32_t b, unsigned kind);
/* A block more for the host; false: *v says why not. */
bool nat_block_lease(struct nat_ports *p, uint32_t h, uint64_t wall,
    enum verdict *v);
/* The host's no more: it rests, or is free at once if it can be nobody
 * else's. */
void nat_block_release(struct nat_ports *p, uint32_t h, uint32_t b,
    uint32_t now);

#endif
