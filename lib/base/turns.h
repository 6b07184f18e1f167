/* SPDX-License-Identifier: ISC */
#ifndef BH_TURNS_H
#define BH_TURNS_H

/*
 * Programs that hand each other packets do best by taking turns.  One that is
 * woken must not push aside who woke it, which then goes on, half done, on
 * another processor and with a cold cache: SCHED_BATCH (sched(7)) sees to that.
 * But beside something that never sleeps a batch waits for the next tick of the
 * clock whenever it wakes up.  So the kernel is asked how long it was
 * (schedstat, proc(5)); if long, a program is like any other for a while.
 */

#include "base/clock.h"

#include <stdbool.h>
#include <stdint.h>

/* What schedstat says: nanoseconds waited for a processor, and how often one
 * was had. */
struct turns_count {
	uint64_t waited, runs;
};

struct turns {
	int fd;				/* schedstat; -1: we let all be */
	bool batch;
	struct turns_count since;	/* as it was */
	nsec next;			/* not to be asked before */
	nsec hold;			/* so long like any other */
};

/* Takes turns from now on, unless somebody has chosen another policy for this
 * program (chrt(1)), or the kernel does not count. */
void turns_open(struct turns *t);
/* Asks, at most ten times a second; a system call then, and no more. */
void turns_look(struct turns *t, nsec now);
/* What follows from a count: true if batch has changed. */
bool turns_judge(struct turns *t, nsec now, struct turns_count c);

#endif
