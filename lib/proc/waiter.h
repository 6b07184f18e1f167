/* SPDX-License-Identifier: ISC */
#ifndef BH_WAITER_H
#define BH_WAITER_H

/*
 * poll(2) for who waits for the same few descriptors again and again: the
 * kernel is told of them once (epoll(7)), and looks only at those where
 * something has happened.
 */

#include "base/clock.h"
#include "proc/schedule.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

enum { WAITER_MAX = 40 };

struct waiter {
	int fd;
	uint32_t bells;			/* places of eventfds, as bits */
	int have[WAITER_MAX];		/* by place; -1: none */
	nsec looked;			/* at how many there had been */
	uint64_t packets;
	struct schedule schedule;
	nsec now;			/* when the last wait ended */
	bool late;			/* for all that has waited: see below */
	uint64_t *beat;			/* counters.h; NULL: nobody looks */
};

/* Nobody wants a packet that is older. */
#define WAITER_LATE NSEC_SEC

/* A bell is seen once each time it has been rung, and never read.  A program
 * that waits takes turns with others (proc/schedule).  -1 and errno. */
int waiter_open(struct waiter *w, uint32_t bells);
/* Waits as poll(2) does for p[0 .. n), each to be readable; revents is not 0
 * where it is, or cannot become so.  Between two descriptors of the same number
 * a place must have been -1 once. */
int waiter_wait(struct waiter *w, struct pollfd *p, unsigned n, int ms);
/* Have we been stopped since then, and for so long that what was under way is
 * late?  waiter_wait says it of all that there is to be taken now.  Costs
 * nothing as long as nobody stops us. */
bool waiter_is_late(nsec since);
/* Packets that come one by one cost a wake-up each, which takes the processor
 * from whoever sends them.  At now there have been so many in all: since this
 * was asked last, did they come faster than it is worth waking for each? */
bool waiter_is_fast(struct waiter *w, nsec now, uint64_t packets);
/* Lets some more of them gather. */
void waiter_gather(void);
/* Before it waits again: if there is no more to do they gather, when they are
 * fast; and how long it was kept waiting is looked at (proc/schedule). */
void waiter_rest(struct waiter *w, bool busy, nsec now, uint64_t packets);
/* Before a descriptor is closed that another process has, too. */
void waiter_forget(struct waiter *w, int fd);

#endif
