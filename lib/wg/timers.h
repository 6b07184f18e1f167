/* SPDX-License-Identifier: ISC */
#ifndef BH_TIMERS_H
#define BH_TIMERS_H

/*
 * A queue of deadlines: a binary heap of nodes that live in what they time.
 * Setting one costs O(log n), asking for the first nothing.
 */

#include "base/clock.h"

#include <stddef.h>
#include <stdint.h>

struct timer {
	nsec due;
	uint32_t at;		/* place in the heap plus one; 0: not queued */
};

struct timers {
	struct timer **heap;	/* the caller's, room for all nodes */
	uint32_t n;
};

/* Queues, moves or, with due 0, removes a node. */
void timers_set(struct timers *q, struct timer *t, nsec due);

/* The node that is due first, or NULL. */
static inline struct timer *
timers_first(const struct timers *q)
{
	return q->n > 0 ? q->heap[0] : NULL;
}

#endif
