/* SPDX-License-Identifier: ISC */
#include "proc/waiter.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>

/* 40,000 a second are fast; so long they gather then. */
enum { FAST = 25 * 1000, GATHER = 100 * 1000 };

/* Somebody has stopped us since the last wait ended.  That a freezer or the
 * host's sleep has is seen by the clock alone. */
static volatile sig_atomic_t stopped;

static void
on_continue(int sig)
{
	(void)sig;
	stopped = 1;
}

int
waiter_open(struct waiter *w, uint32_t bells)
{
	/* or GATHER would last half as long again */
	prctl(PR_SET_TIMERSLACK, 1);
	sigaction(SIGCONT, &(struct sigaction){ .sa_handler = on_continue,
	    .sa_flags = SA_RESTART }, NULL);
	*w = (struct waiter){ .fd = epoll_create1(EPOLL_CLOEXEC),
		.bells = bells };
	for (unsigned i = 0; i < WAITER_MAX; i++)
		w->have[i] = -1;
	schedule_open(&w->schedule);
	return w->fd < 0 ? -1 : 0;
}

/* One that has been closed is out already. */
static void
leave(struct waiter *w, unsigned i)
{
	epoll_ctl(w->fd, EPOLL_CTL_DEL, w->have[i], NULL);
	w->have[i] = -1;
}

/* What cannot be waited for (another program's idea of a bell) never comes. */
static void
enter(struct waiter *w, unsigned i, int fd)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u32 = i };

	if ((w->bells >> i & 1) != 0)
		e.events |= EPOLLET;
	epoll_ctl(w->fd, EPOLL_CTL_ADD, fd, &e);
	w->have[i] = fd;
}

/* The number of one that was closed may be another's by now: first all leave,
 * then others enter. */
static void
follow(struct waiter *w, const struct pollfd *p, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (w->have[i] >= 0 && w->have[i] != p[i].fd)
			leave(w, i);
	for (unsigned i = 0; i < n; i++)
		if (p[i].fd >= 0 && w->have[i] != p[i].fd)
			enter(w, i, p[i].fd);
}

/*
 * Whether we were kept from running: between two waits, or in a wait that was
 * not to last or that something ended which is no event: only SIGCONT has a
 * handler, and after any kind of stop epoll_wait(2) fails with EINTR.
 */
static void
note_time(struct waiter *w, nsec before, bool kept)
{
	kept |= stopped != 0;
	stopped = 0;
	nsec now = clock_now();		/* keeps errno */
	w->late = w->now != 0 && (before - w->now > WAITER_LATE ||
	    (kept && now - before > WAITER_LATE));
	w->now = now;
}

bool
waiter_is_late(nsec since)
{
	return stopped != 0 && clock_now() - since > WAITER_LATE;
}

/* Keeps errno, as clock_now does. */
static void
beat(struct waiter *w)
{
	if (w->beat != NULL)
		++*w->beat;
}

int
waiter_wait(struct waiter *w, struct pollfd *p, unsigned n, int ms)
{
	struct epoll_event e[WAITER_MAX];

	assert(n <= WAITER_MAX);
	follow(w, p, n);
	for (unsigned i = 0; i < n; i++)
		p[i].revents = 0;
	nsec before = clock_now();
	beat(w);
	int r = epoll_wait(w->fd, e, WAITER_MAX, ms);
	beat(w);
	note_time(w, before, ms == 0 || (r < 0 && errno == EINTR));
	for (int i = 0; i < r; i++)
		p[e[i].data.u32].revents = POLLIN;
	return r;
}

bool
waiter_is_fast(struct waiter *w, nsec now, uint64_t packets)
{
	bool fast = (packets - w->packets) * FAST > now - w->looked;

	w->packets = packets;
	w->looked = now;
	return fast;
}

void
waiter_gather(void)
{
	static const struct timespec pause = { .tv_nsec = GATHER };

	/* a signal, too, ends it */
	clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
}

void
waiter_rest(struct waiter *w, bool busy, nsec now, uint64_t packets)
{
	if (!busy && waiter_is_fast(w, now, packets))
		waiter_gather();
	schedule_look(&w->schedule, now);
}

void
waiter_forget(struct waiter *w, int fd)
{
	for (unsigned i = 0; i < WAITER_MAX; i++)
		if (w->have[i] == fd && fd >= 0)
			leave(w, i);
}
