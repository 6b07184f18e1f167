/* SPDX-License-Identifier: ISC */
#ifndef BH_RATELIMIT_H
#define BH_RATELIMIT_H

/*
 * How many handshakes a source may ask for while we are under load: 20 a
 * second, 5 at once, for each IPv4 address and each IPv6 /64 (W4).  The table
 * has a fixed size; who finds no room in it is refused.
 */

#include "base/addr.h"
#include "base/clock.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	RATELIMIT_PER_SECOND = 20,
	RATELIMIT_BURST = 5,
	RATELIMIT_SETS = 1024,
	RATELIMIT_WAYS = 4,
};

/* Theory: the generic cell rate algorithm.  `due' is when the next handshake
 * would come if the source kept exactly to its rate; it may come early by
 * burst - 1 intervals.  An entry whose time has passed is as good as none. */
struct ratelimit_entry {
	uint64_t source;
	nsec due;
};

struct ratelimit {
	uint8_t secret[16];	/* so that nobody can aim at one set */
	struct ratelimit_entry set[RATELIMIT_SETS][RATELIMIT_WAYS];
};

void ratelimit_init(struct ratelimit *r, const uint8_t random[static 16]);
bool ratelimit_allow(struct ratelimit *r, const struct addr *source, nsec now);

#endif
