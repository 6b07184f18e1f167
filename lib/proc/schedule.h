/* SPDX-License-Identifier: ISC */
#ifndef BH_SCHEDULE_H
#define BH_SCHEDULE_H

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
struct schedule_count {
	uint64_t waited, runs;
};

struct schedule {
	int fd;				/* schedstat; -1: we let all be */
	bool batch;
	struct schedule_count since;	/* as it was */
	nsec next;			/* not to be asked before */
	nsec hold;			/* so long like any other */
};

/* Takes turns from now on, unless somebody has chosen another policy for this
 * program (chrt(1)), or the kernel does not count. */
void schedule_open(struct schedule *s);
/* Asks, at most ten times a second; a system call then, and no more. */
void schedule_look(struct schedule *s, nsec now);
/* What follows from a count: true if batch has changed. */
bool schedule_judge(struct schedule *s, nsec now, struct schedule_count c);

#endif
