/* SPDX-License-Identifier: ISC */
#ifndef BH_SPECIAL_H
#define BH_SPECIAL_H

/*
 * The special-purpose addresses: those of the registries of IANA (RFC 6890),
 * multicast, and where clouds keep their metadata.  There is one table of them,
 * and whatever judges packets, fills sets of nftables or checks a domain file
 * reads it.  The longest prefix that holds an address says of what kind it is.
 *
 * An address that is reachable from anywhere is ordinary, and so are the
 * documentation prefixes, which people draw plans with.  IPv4 inside IPv6
 * (::ffff:0:0/96) is not in the table: it is IPv4 here (base/addr.h).
 */

#include "base/addr.h"

#include <stddef.h>
#include <stdint.h>

enum {
	SPECIAL_MARTIAN	  = 1 << 0,	/* cannot be a sender */
	SPECIAL_MULTICAST = 1 << 1,	/* or broadcast */
	SPECIAL_LINKLOCAL = 1 << 2,
	SPECIAL_RESERVED  = 1 << 3,	/* not forwarded, for another reason */
	SPECIAL_PRIVATE	  = 1 << 4,
	SPECIAL_DUMMY	  = 1 << 5,	/* RFC 7600: a router without address */

	/* no packet is forwarded to one of these */
	SPECIAL_NEVER = SPECIAL_MULTICAST | SPECIAL_LINKLOCAL |
	    SPECIAL_RESERVED,
	SPECIAL_UNKNOWN = 0xff,		/* of special_by_byte: ask the table */
};

/* kinds is 0 for what is ordinary inside of a prefix that is not. */
struct special {
	struct prefix prefix;
	uint64_t hi, hi_mask, lo, lo_mask;	/* the same, to compare with */
	uint8_t kinds;
	const char *name, *source;
};

extern const struct special special_table[];
extern const size_t special_count;
/* Of unicast IPv4, by the first byte, where that is enough. */
extern const uint8_t special_by_byte[224];

/* The entry that holds an address, given as its two halves; NULL: none. */
const struct special *special_find(uint64_t hi, uint64_t lo);

/* Global unicast outside of what the registry has in it: most of IPv6. */
static inline bool
special_not(uint64_t hi)
{
	return hi >> 61 == 1 && hi >> 48 != 0x2002 &&
	    (hi >> 48 != 0x2001 || (hi >> 32 & 0xffff) >= 0x200);
}

/* What the first byte of an address says, if it is IPv4. */
static inline unsigned
special_glance(uint64_t hi, uint64_t lo)
{
	const unsigned byte = lo >> 24 & 0xff;

	return hi == 0 && lo >> 32 == 0xffff && byte < 224 ?
	    special_by_byte[byte] : SPECIAL_UNKNOWN;
}

/* Of which kinds an address is; 0: it is ordinary. */
static inline unsigned
special_kinds(const struct addr *a)
{
	const uint64_t hi = addr_half(a, 0), lo = addr_half(a, 1);
	const unsigned glance = special_not(hi) ? 0 : special_glance(hi, lo);

	if (glance != SPECIAL_UNKNOWN)
		return glance;
	const struct special *s = special_find(hi, lo);
	return s != NULL ? s->kinds : 0;
}

#endif
