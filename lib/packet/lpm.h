/* SPDX-License-Identifier: ISC */
#ifndef BH_LPM_H
#define BH_LPM_H

/*
 * Longest prefix match over both families at once.  A table is built whole
 * from a list and never changed: readers need no lock, and a new configuration
 * is a new table put in the old one's place.
 *
 * The families never meet: an address is looked up among the prefixes of its
 * own, so ::/0 (and any IPv6 prefix around ::ffff:0:0/96) holds no IPv4
 * address.
 */

#include "base/addr.h"

#include <stddef.h>
#include <stdint.h>

enum {
	LPM_NONE = 0,			/* no prefix: not a value to insert */
	LPM_VALUE_MAX = 0x3fffffff,
};

struct lpm_entry {
	struct prefix prefix;
	uint32_t value;		/* up to LPM_VALUE_MAX */
};

struct lpm;

/* Of two entries with the same prefix the later wins.  NULL and errno if there
 * is no memory.  The list stays the caller's and is not kept; it may be
 * reordered.  Starting up and reload only. */
struct lpm *lpm_new_of(struct lpm_entry *e, size_t n);
void lpm_free(struct lpm *t);

/* For a table that changes while a program runs, without an allocation: an
 * empty one with room for so many prefixes.  NULL and errno. */
struct lpm *lpm_new(size_t room);
/* What it holds from now on: in strictly ascending lpm_order, values not
 * LPM_NONE, no more than it has room for. */
void lpm_refill(struct lpm *t, const struct lpm_entry *e, size_t n);
/* The order of prefixes: negative, 0, positive; values do not count. */
int lpm_order(const struct lpm_entry *a, const struct lpm_entry *b);

uint32_t lpm_lookup(const struct lpm *t, const struct addr *a);
/* Two at a time, which takes less than one after the other. */
void lpm_lookup_two(const struct lpm *t, const struct addr *a,
    const struct addr *b, uint32_t value[2]);
/* The same, and which prefix it was; for explanations, not for speed. */
uint32_t lpm_explain(const struct lpm *t, const struct addr *a,
    struct prefix *p);
/* Bytes that the table takes. */
size_t lpm_size(const struct lpm *t);

#endif
