/* SPDX-License-Identifier: ISC */
#ifndef BH_RATE_H
#define BH_RATE_H

/* So many a second, and some at once: the generic cell rate algorithm. */

#include "base/clock.h"

#include <stdbool.h>

struct rate {
	nsec gap;	/* from one to the next */
	nsec ahead;	/* how far before `due' one may come */
	nsec due;	/* when the next comes if all keep to the rate */
};

static inline bool
rate_allows(const struct rate *r, nsec now)
{
	return r->due <= now + r->ahead;
}

/* One has come. */
static inline void
rate_spend(struct rate *r, nsec now)
{
	r->due = (r->due > now ? r->due : now) + r->gap;
}

#endif
