/* SPDX-License-Identifier: ISC */
#ifndef BH_TOUCHED_H
#define BH_TOUCHED_H

/* The peers whose counters have changed since they were last published. */

#include <stdbool.h>
#include <stdint.h>

struct touched {
	uint16_t *peer;
	unsigned n;
	bool *is;		/* by peer */
};

static inline void
touched_add(struct touched *t, uint16_t peer)
{
	if (t->is[peer])
		return;
	t->is[peer] = true;
	t->peer[t->n++] = peer;
}

#endif
