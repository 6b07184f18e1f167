/* SPDX-License-Identifier: ISC */
#include "base/schedule.h"

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
count(const struct schedule *t, struct schedule_count *c)
{
	char s[80], *p = s;
	ssize_t n = pread(t->fd, s, sizeof(s) - 1, 0);

	if (n <= 0)
		return false;
	s[n] = '\0';
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
schedule_open(struct schedule *t)
{
	*t = (struct schedule){ .fd = -1 };
	if (sched_getscheduler(0) != SCHED_OTHER)
		return;
	t->fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	t->batch = t->fd >= 0 && count(t, &t->since) && be(true);
	if (t->batch || t->fd < 0)
		return;
	close(t->fd);
	t->fd = -1;
}

bool
schedule_judge(struct schedule *t, nsec now, struct schedule_count c)
{
	uint64_t runs = c.runs - t->since.runs;
	bool slow = (c.waited - t->since.waited) > runs * LONG;

	t->next = now + look_every;
	if (t->batch && runs < RUNS)
		return false;
	t->since = c;
	if (t->batch && !slow) {
		t->hold /= 2;
		return false;
	}
	if (t->batch) {
		t->hold = t->hold < hold_min ? hold_min :
		    t->hold < hold_max / 2 ? t->hold * 2 : hold_max;
		t->next = now + t->hold;
	}
	t->batch = !t->batch;
	return true;
}

void
schedule_look(struct schedule *t, nsec now)
{
	struct schedule_count c;

	if (t->fd >= 0 && now >= t->next && count(t, &c) &&
	    schedule_judge(t, now, c))
		be(t->batch);
}
