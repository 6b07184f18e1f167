/* SPDX-License-Identifier: ISC */
#ifndef BH_RESOLVE_H
#define BH_RESOLVE_H

/*
 * When a name is asked for again, and what there is to say then.  An answer is
 * good for its TTL; when that has run out and nobody answers, its addresses
 * are stale, not gone: who uses them decides.  Pure: the time and the answers
 * are arguments.
 */

#include "base/clock.h"
#include "io/dns.h"

#include <stdbool.h>
#include <stdio.h>

enum {
	RESOLVE_TTL_MIN = 1,	/* seconds, whatever the answer says */
	RESOLVE_TTL_MAX = 3600,
	RESOLVE_WAIT_MAX = 60,	/* between questions that fail */
};

struct resolve {
	const char *name;
	struct addr addr[DNS_ADDRS_MAX];	/* the last good ones, sorted */
	size_t n;
	nsec due;		/* to be asked; 0: not now */
	unsigned wait;		/* seconds until the next try */
	bool told;		/* something was said of it */
	bool stale;		/* and the last of that was: no answer */
};

/* Takes an answer; true: there is something to say. */
bool resolve_update(struct resolve *r, const struct dns_answer *a, nsec now);
/* "NAME TTL ADDRESS...", or "NAME 0". */
void resolve_print(const struct resolve *r, const struct dns_answer *a,
    FILE *out);

#endif
