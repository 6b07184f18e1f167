/* SPDX-License-Identifier: ISC */
#include "gate/nat_log.h"

#include "base/die.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Complaints that say the same are said once in so many seconds. */
enum { QUIET = 10 };

static const char *
range_format(const struct nat *n, uint32_t b, char buf[static 80])
{
	uint16_t pool, first, last;
	char text[ADDR_STRLEN];

	nat_block_range(&n->ports, b, &pool, &first, &last);
	const struct addr *a = &n->cfg->pool[pool];
	bool v4 = addr_is_v4(a);
	snprintf(buf, 80, "%s%s%s:%u-%u", v4 ? "" : "[", addr_format(a, text),
	    v4 ? "" : "]", first, last);
	return buf;
}

static void
complain(const struct nat_event *e, const char *location, const char *host)
{
	static const char *const text[] = {
		[NAT_NO_PORT] = "no-port",
		[NAT_OVER_QUOTA] = "quota",
	};
	static uint64_t said[NAT_NEAR_FULL];

	if (e->wall < said[e->what] + QUIET)
		return;
	said[e->what] = e->wall;
	warnx("nat %" PRIu64 " %s %s %s", e->wall, text[e->what], location,
	    host);
}

/* Says which host has which block: one line, whole or not at all. */
__attribute__((format(printf, 3, 4))) static void
put(struct nat *n, int *journal, const char *fmt, ...)
{
	char line[512] = "bh-egress: ";
	size_t at = strlen(line);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line + at, sizeof(line) - at - 1, fmt, ap);
	va_end(ap);
	if (*journal >= 0) {
		at = strlen(line);
		line[at++] = '\n';
		if (write(*journal, line, at) == (ssize_t)at)
			return;
		n->lost += errno == EAGAIN;
		if (errno == EAGAIN)
			return;
		warnx("what keeps the log of ports has ended; it goes to "
		    "standard error");
		*journal = -1;
		line[at - 1] = '\0';
	}
	warnx("%s", line + strlen("bh-egress: "));
}

static void
put_event(struct nat *n, const struct conf *cf, const struct nat_event *e,
    int *journal)
{
	char host[ADDR_STRLEN], range[80];
	const char *location = cf->location[e->site].name;

	addr_format(&e->host, host);
	switch (e->what) {
	case NAT_TAKEN:
		if (!n->ports.block[e->block].fixed)	/* else computed */
			put(n, journal, "nat %" PRIu64 " take %s %s %s",
			    e->wall, range_format(n, e->block, range),
			    location, host);
		return;
	case NAT_FREED:
		if (!n->ports.block[e->block].fixed)
			put(n, journal, "nat %" PRIu64 " free %s %s %s since %"
			    PRIu64, e->wall, range_format(n, e->block, range),
			    location, host, e->since);
		return;
	case NAT_NO_PORT:
	case NAT_OVER_QUOTA:
		complain(e, location, host);
		return;
	case NAT_NEAR_FULL:
		warnx("nat %" PRIu64 " near-full flows=%u/%u blocks=%u/%u",
		    e->wall, n->table.used, n->table.size, n->ports.used,
		    n->ports.nblocks);
	}
}

/* Of the time of the last event that there was. */
static void
tell_lost(struct nat *n, uint64_t now)
{
	static uint64_t said;

	if (n->lost == 0 || now < said + QUIET)
		return;
	said = now;
	warnx("nat: %u lines of the log were lost", n->lost);
	n->lost = 0;
}

void
nat_log(struct nat *n, const struct conf *cf, int *journal)
{
	struct nat_event e = { .wall = 0 };

	while (nat_news(n, &e))
		put_event(n, cf, &e, journal);
	if (e.wall != 0)
		tell_lost(n, e.wall);
}

static void
put_epoch(struct nat *n, const struct conf *cf, uint64_t wall, int *journal)
{
	const struct nat_config *cfg = n->cfg;
	char text[ADDR_STRLEN];

	put(n, journal, "nat %" PRIu64 " epoch block=%u addresses=%u", wall,
	    cfg->block, cfg->fixed.n);
	for (uint32_t i = 0; i < cfg->fixed.n; i++)
		put(n, journal, "nat %" PRIu64 " pool %u %s", wall, i,
		    addr_format(&cfg->pool[cfg->fixed.first + i], text));
	for (size_t i = 0; i < cfg->nspans; i++)
		put(n, journal, "nat %" PRIu64 " hosts %u %u %s %s", wall,
		    cfg->span[i].number, cfg->span[i].count,
		    addr_format(&cfg->span[i].first, text),
		    cf->location[cfg->span[i].site].name);
}

void
nat_log_start(struct nat *n, const struct conf *cf, uint64_t wall,
    int *journal)
{
	if (n->ports.used == 0 && *journal >= 0)
		put(n, journal, "nat %" PRIu64 " begin", wall);
	if (n->cfg->nspans > 0)
		put_epoch(n, cf, wall, journal);
}
