/* SPDX-License-Identifier: ISC */
#include "wg/timers.h"

static void
place(struct timers *q, uint32_t at, struct timer *t)
{
	q->heap[at] = t;
	t->at = at + 1;
}

static void
sift_up(struct timers *q, uint32_t at, struct timer *t)
{
	while (at > 0) {
		uint32_t parent = (at - 1) / 2;
		if (q->heap[parent]->due <= t->due)
			break;
		place(q, at, q->heap[parent]);
		at = parent;
	}
	place(q, at, t);
}

static void
sift_down(struct timers *q, uint32_t at, struct timer *t)
{
	uint32_t child;

	while ((child = 2 * at + 1) < q->n) {
		if (child + 1 < q->n &&
		    q->heap[child + 1]->due < q->heap[child]->due)
			child++;
		if (t->due <= q->heap[child]->due)
			break;
		place(q, at, q->heap[child]);
		at = child;
	}
	place(q, at, t);
}

/* Puts a node where it belongs, given a place it may take. */
static void
settle(struct timers *q, uint32_t at, struct timer *t)
{
	if (at > 0 && t->due < q->heap[(at - 1) / 2]->due)
		sift_up(q, at, t);
	else
		sift_down(q, at, t);
}

static void
leave_heap(struct timers *q, struct timer *t)
{
	uint32_t at = t->at - 1;
	struct timer *last = q->heap[--q->n];

	t->at = 0;
	if (last != t)
		settle(q, at, last);
}

void
timers_set(struct timers *q, struct timer *t, nsec due)
{
	t->due = due;
	if (t->at > 0 && due == 0)
		leave_heap(q, t);
	else if (t->at > 0)
		settle(q, t->at - 1, t);
	else if (due != 0)
		sift_up(q, q->n++, t);
}
