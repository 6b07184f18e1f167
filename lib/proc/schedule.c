/* SPDX-License-Identifier: ISC */
#include "proc/schedule.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

/* Of few runs a mean says nothing.  Among ourselves we wait for up to 0.4 ms,
 * half a tick is 2 ms at 250 Hz, and no turn is shorter than 0.7 ms. */
enum { RUNS = 16, LONG = 800 * 1000 };

static const nsec look_every = NSEC_SEC / 10;
static const nsec hold_min = 10 * NSEC_SEC, hold_max = 640 * NSEC_SEC;

/* False: the kernel has not said. */
static bool
count(const struct schedule *s, struct schedule_count *c)
{
	char buf[80], *p = buf;
	ssize_t n = pread(s->fd, buf, sizeof(buf) - 1, 0);

	if (n <= 0)
		return false;
	buf[n] = '\0';
	strtoull(p, &p, 10);
	c->waited = strtoull(p, &p, 10);
	c->runs = strtoull(p, &p, 10);
	return c->runs > 0;
}

static bool
be(bool batch)
{
	static const struct sched_param none;

	return sched_setscheduler(0, batch ? SCHED_BATCH : SCHED_OTHER,
	    &none) == 0;
}

void
schedule_open(struct schedule *s)
{
	*s = (struct schedule){ .fd = -1 };
	if (sched_getscheduler(0) != SCHED_OTHER)
		return;
	s->fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	s->batch = s->fd >= 0 && count(s, &s->since) && be(true);
	if (s->batch || s->fd < 0)
		return;
	close(s->fd);
	s->fd = -1;
}

bool
schedule_judge(struct schedule *s, nsec now, struct schedule_count c)
{
	uint64_t runs = c.runs - s->since.runs;
	bool slow = (c.waited - s->since.waited) > runs * LONG;

	s->next = now + look_every;
	if (s->batch && runs < RUNS)
		return false;
	s->since = c;
	if (s->batch && !slow) {
		s->hold /= 2;
		return false;
	}
	if (s->batch) {
		s->hold = s->hold < hold_min ? hold_min :
		    s->hold < hold_max / 2 ? s->hold * 2 : hold_max;
		s->next = now + s->hold;
	}
	s->batch = !s->batch;
	return true;
}

void
schedule_look(struct schedule *s, nsec now)
{
	struct schedule_count c;

	if (s->fd >= 0 && now >= s->next && count(s, &c) &&
	    schedule_judge(s, now, c))
		be(s->batch);
}
