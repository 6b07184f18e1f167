/* SPDX-License-Identifier: ISC */
#ifndef BH_SEEN_H
#define BH_SEEN_H

/*
 * Where peers were last, how many of them at each place: a hash table with
 * linear probing, never more than half full.  A place is an address with a
 * port, or an address alone, with port 0.
 */

#include "base/addr.h"
#include "base/clock.h"

#include <stdbool.h>

struct seen {
	uint8_t secret[16];	/* so that nobody can aim at one place */
	uint32_t mask;		/* size - 1 */
	struct seen_entry {
		struct endpoint at;
		uint32_t n;	/* 0: free */
		nsec until;	/* it counts */
	} *entry;
};

/* Room for that many peers; false without memory.  seen_free frees it. */
bool seen_init(struct seen *s, uint16_t npeers,
    const uint8_t random[static 16]);
void seen_free(struct seen *s);
/* A peer is there now; was: where it was before, or port 0.  Either counts for
 * its port and for its address alone. */
void seen_move(struct seen *s, const struct endpoint *was,
    const struct endpoint *is, nsec until);
/* How many peers are there, or at any port of the address; none where the last
 * has come too long ago. */
uint32_t seen_at(const struct seen *s, const struct endpoint *e, nsec now);
uint32_t seen_behind(const struct seen *s, const struct addr *a, nsec now);

#endif
