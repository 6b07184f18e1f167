/* SPDX-License-Identifier: ISC */
#ifndef BH_NAT_ID_H
#define BH_NAT_ID_H

/*
 * Identifications of IPv4 packets that may be fragmented.  Hosts that share an
 * address must not use one twice towards one destination (RFC 6864 5.3), and
 * nobody may count others' packets by his own (RFC 7739 3).
 *
 * So there is a counter for all packets of a source, destination and protocol,
 * which some others share, and what leaves is the counter's value put through a
 * permutation that is a secret of the three: 65536 packets have 65536 different
 * ones, and from those of one's own nothing follows about any other.  For the
 * next 65536 it is another one, so that nobody ever has seen all of it before.
 */

#include "base/addr.h"

#include <stdint.h>

enum { NAT_ID_COUNTERS = 1024 };

struct nat_ids {
	uint8_t key[16];	/* of SipHash */
	uint32_t next[NAT_ID_COUNTERS];
};

void nat_ids_init(struct nat_ids *ids, const uint8_t key[16], uint16_t first);
/* For a packet between these, both IPv4. */
uint16_t nat_id_next(struct nat_ids *ids, const struct addr *src,
    const struct addr *dst, uint8_t proto);

#endif
